"""Normalisation: subtract a mean, divide by a standard deviation; the layers differ in what the mean is taken over."""

from .combining import Made, Values, combining, made, own_axis, refuse
from .formulas import DOCS, SHOWN, SPATIAL
from .params import Bool, Float, Int
from .reach import elementwise, mixed
from .sizes import Shape, carries_batch, show
from .spec import Layer, Rule, register

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

for _dims, _what in ((2, "pixels"), (3, "voxels")):
    _axes = SPATIAL[_dims]
    register(Layer(
        kind=f"BatchNorm{_dims}d", stem="bn", category="Normalisation", module=f"torch.nn.BatchNorm{_dims}d",
        summary=f"Normalises every channel over batch and {_what}, then scales and shifts it by learned numbers.",
        words=f"each of the {{C}} channels gets mean 0 and variance 1 over the batch and its {'×'.join(f'{{{axis}}}' for axis in _axes)} {_what}.",
        source=f"Ioffe & Szegedy 2015, arXiv:1502.03167; {DOCS}BatchNorm{_dims}d.html",
        pattern=f"N C {' '.join(_axes)} -> N C {' '.join(_axes)}", inferred={"num_features": "C"}, params=BATCH_PARAMS,
        example=SHOWN[_dims], weights="2*C if affine else 0",
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

for _dims, _what in ((2, "pixels"), (1, "entries"), (3, "voxels")):
    _axes = SPATIAL[_dims]
    register(Layer(
        kind=f"InstanceNorm{_dims}d", stem="norm", category="Normalisation", module=f"torch.nn.InstanceNorm{_dims}d",
        summary=f"Normalises every channel of each sample over its {_what}; used where contrast should not matter, as in style transfer.",
        source=f"Ulyanov et al. 2016, arXiv:1607.08022; {DOCS}InstanceNorm{_dims}d.html",
        pattern=f"N C {' '.join(_axes)} -> N C {' '.join(_axes)}", inferred={"num_features": "C"},
        params=(EPS, Float("momentum", 0.1, "share of the newest batch in the running statistics", min=0.0, max=1.0),
                Bool("affine", False, "learn a scale and an offset per channel"),
                Bool("track_running_stats", False, "keep running statistics for evaluation")),
        rules=(Rule(f"{' * '.join(_axes)} > 1", f"one value per channel has no spread to normalise ({'×'.join(f'{{{axis}}}' for axis in _axes)})", "spatial"),),
        example=SHOWN[_dims], weights="2*C if affine else 0",
    ))

register(Layer(
    kind="LocalResponseNorm", extra="12 * outputs", stem="lrn", category="Normalisation", module="torch.nn.LocalResponseNorm",
    summary="Divides every value by what its neighbours in the next channels have: strong channels quieten weak ones.",
    words="each of the {C} channels is divided by a sum over {size} channels around it.", pattern="N C ... -> N C ...",
    source=f"Krizhevsky et al. 2012, doi.org/10.1145/3065386, section 3.3; {DOCS}LocalResponseNorm.html", keys=("size",),
    params=(Int("size", 5, "channels that are summed over", max=4096), Float("alpha", 1e-4, "how strongly neighbours count"),
            Float("beta", 0.75, "the power of the sum"), Float("k", 1.0, "added to the sum, against division by zero")),
    rules=(Rule("rank >= 3", "LocalResponseNorm takes N×C×…, at least 3 axes; this input has {rank}", "rank"),),
))


def directed(values: Values, x: Shape) -> Made:
    """L2Normalize: the same shape."""
    at = own_axis(x, values["dim"])
    return made(x, f"every {x[at]} numbers get length 1")


register(Layer(
    kind="L2Normalize", stem="l2", category="Normalisation", combine=combining(directed), window=mixed("dim"), pattern="N ... -> N ...", keys=("dim",),
    call=lambda values: "F.normalize({0}, dim={dim}" + (")" if values["eps"] == 1e-12 else ", eps={eps})"),
    summary="Gives the numbers along an axis length 1, so that a product of two compares directions alone.",
    source="Radford et al. 2021, arXiv:2103.00020, figure 3; https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.normalize.html",
    params=(Int("dim", -1, "the axis; 1 is channels, -1 the last", min=None), Float("eps", 1e-12, "smallest length that is divided by", min=1e-30)),
))


def trailing(values: Values, x: Shape) -> Made:
    """LayerNorm and RMSNorm: same shape out; normalized_shape is the last `axes` axes."""
    count = values["axes"]
    if count > len(x) or count == len(x) and carries_batch(x):
        refuse(f"normalises the last {count} axes, but the input has {len(x) - carries_batch(x[:1])} besides the batch",
               f"needs axes < rank, here {count} < {len(x)}", "dim", "axes")
    normalized = x[len(x) - count:]
    if carries_batch(normalized):
        refuse("the batch is among the axes that are normalised; samples must not be mixed", f"the last {count} of {show(x)}", "dim", "axes")
    return made(x, f"normalized_shape = {normalized}", normalized_shape=normalized)


register(Layer(
    kind="LayerNorm", stem="ln", category="Normalisation", module="torch.nn.LayerNorm",
    summary="Normalises each sample over its last axes, then scales and shifts every position by learned numbers.",
    source="Ba et al. 2016, arXiv:1607.06450; " + DOCS + "LayerNorm.html",
    pattern="N ... -> N ...", inferred={"normalized_shape": "normalized_shape"}, combine=combining(trailing), window=elementwise,
    params=(Int("axes", 1, "how many of the last axes are normalised together", max=8), EPS,
            Bool("elementwise_affine", True, "learn a scale per position"), Bool("bias", True, "learn an offset per position too")),
    keys=("axes",),
    weights="prod(normalized_shape) * ((2 if bias else 1) if elementwise_affine else 0)",
))

register(Layer(
    kind="RMSNorm", extra="4 * outputs", stem="rms", category="Normalisation", module="torch.nn.RMSNorm",
    summary="Divides each sample by the root of its mean square over its last axes; nothing is subtracted.",
    source="Zhang & Sennrich 2019, arXiv:1910.07467; " + DOCS + "RMSNorm.html",
    pattern="N ... -> N ...", inferred={"normalized_shape": "normalized_shape"}, combine=combining(trailing), window=elementwise,
    params=(Int("axes", 1, "how many of the last axes are normalised together", max=8),
            Float("eps", None, "added to the mean square; empty = the smallest step between numbers", min=1e-30, optional=True),
            Bool("elementwise_affine", True, "learn a scale per position")),
    keys=("axes",), weights="prod(normalized_shape) if elementwise_affine else 0",
))
