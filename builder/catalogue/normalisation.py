"""Normalisation: subtract a mean, divide by a standard deviation; the layers differ in what the mean is taken over."""

from collections.abc import Mapping, Sequence

from .formulas import DOCS
from .params import Bool, Float, Int
from .reach import elementwise
from .sizes import Shape
from .spec import Layer, Problem, Rule, register

EPS = Float("eps", 1e-5, "added to the variance, against division by zero", min=1e-12)
BATCH_PARAMS = (EPS, Float("momentum", 0.1, "share of the newest batch in the running mean and variance", min=0.0, max=1.0),
                Bool("affine", True, "learn a scale and an offset per channel"),
                Bool("track_running_stats", True, "keep running statistics for evaluation"))

register(Layer(
    kind="BatchNorm1d", stem="bn", category="Normalisation", module="torch.nn.BatchNorm1d",
    summary="Normalises every feature over the batch, then scales and shifts it by learned numbers.",
    source="Ioffe & Szegedy 2015, arXiv:1502.03167; " + DOCS + "BatchNorm1d.html",
    pattern="N C ... -> N C ...", inferred={"num_features": "C"}, params=BATCH_PARAMS,
    rules=(Rule("rank <= 3", "BatchNorm1d takes N×C or N×C×L, this input has {rank} axes; images take BatchNorm2d", "rank"),),
    weights="2*C if affine else 0",
))

register(Layer(
    kind="BatchNorm2d", stem="bn", category="Normalisation", module="torch.nn.BatchNorm2d",
    summary="Normalises every channel over batch and pixels, then scales and shifts it by learned numbers.",
    words="each of the {C} channels gets mean 0 and variance 1 over the batch and its {H}×{W} pixels.",
    source="Ioffe & Szegedy 2015, arXiv:1502.03167; " + DOCS + "BatchNorm2d.html",
    pattern="N C H W -> N C H W", inferred={"num_features": "C"}, params=BATCH_PARAMS,
    weights="2*C if affine else 0",
))

register(Layer(
    kind="GroupNorm", stem="gn", category="Normalisation", module="torch.nn.GroupNorm",
    summary="Normalises groups of channels of each sample on its own: independent of the batch size.",
    source="Wu & He 2018, arXiv:1803.08494; " + DOCS + "GroupNorm.html",
    pattern="N C ... -> N C ...", inferred={"num_channels": "C"},
    params=(Int("num_groups", 8, "groups that the channels are split into"), EPS,
            Bool("affine", True, "learn a scale and an offset per channel")),
    keys=("num_groups",),
    rules=(Rule("C % num_groups == 0", "{C} channels do not split into {num_groups} groups", "groups", "num_groups"),),
    weights="2*C if affine else 0",
))

register(Layer(
    kind="InstanceNorm2d", stem="norm", category="Normalisation", module="torch.nn.InstanceNorm2d",
    summary="Normalises every channel of each sample over its pixels; used where contrast should not matter, as in style transfer.",
    source="Ulyanov et al. 2016, arXiv:1607.08022; " + DOCS + "InstanceNorm2d.html",
    pattern="N C H W -> N C H W", inferred={"num_features": "C"},
    params=(EPS, Float("momentum", 0.1, "share of the newest batch in the running statistics", min=0.0, max=1.0),
            Bool("affine", False, "learn a scale and an offset per channel"),
            Bool("track_running_stats", False, "keep running statistics for evaluation")),
    rules=(Rule("H * W > 1", "one pixel per channel has no spread to normalise ({H}×{W})", "spatial"),),
    weights="2*C if affine else 0",
))


def trailing(inputs: Sequence[Shape], values: Mapping[str, object]):
    """LayerNorm: same shape out; normalized_shape is the last `axes` axes."""
    shape, count = inputs[0], values["axes"]
    problems = [] if count < len(shape) else [
        Problem(f"normalises the last {count} axes, but the input has {len(shape) - 1} besides the batch",
                f"needs axes < rank, here {count} < {len(shape)}", "dim", "axes")]
    normalized = shape[len(shape) - count:]
    return shape, problems, [f"normalized_shape = {tuple(normalized)}"], {"normalized_shape": normalized, "rank": len(shape)}


register(Layer(
    kind="LayerNorm", stem="ln", category="Normalisation", module="torch.nn.LayerNorm",
    summary="Normalises each sample over its last axes, then scales and shifts every position by learned numbers.",
    source="Ba et al. 2016, arXiv:1607.06450; " + DOCS + "LayerNorm.html",
    pattern="N ... -> N ...", inferred={"normalized_shape": "normalized_shape"}, combine=trailing, window=elementwise,
    params=(Int("axes", 1, "how many of the last axes are normalised together", max=8), EPS,
            Bool("elementwise_affine", True, "learn a scale per position"), Bool("bias", True, "learn an offset per position too")),
    keys=("axes",),
    weights="prod(normalized_shape) * ((2 if bias else 1) if elementwise_affine else 0)",
))
