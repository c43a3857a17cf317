"""Layers that make training harder so that the network generalises better; in evaluation they do nothing."""

from .formulas import DOCS, SHOWN, SPATIAL
from .params import Choice, Float
from .spec import Layer, register

P = Float("p", 0.5, "share set to zero while training", min=0.0, max=1.0)

register(Layer(
    kind="Dropout", stem="dropout", category="Regularisation", module="torch.nn.Dropout",
    summary="While training, sets a random share of the values to zero and scales the rest by 1/(1-p).",
    source="Srivastava et al. 2014, jmlr.org/papers/v15/srivastava14a.html; " + DOCS + "Dropout.html",
    pattern="... -> ...", params=(P,), keys=("p",), keeps="", extra="4 * outputs",  # what the values were multiplied by
))

for _dims, _what in ((2, "pixels"), (1, "entries"), (3, "voxels")):
    _axes = " ".join(SPATIAL[_dims])
    register(Layer(
        kind=f"Dropout{_dims}d", stem="dropout", category="Regularisation", module=f"torch.nn.Dropout{_dims}d",
        summary=f"While training, sets whole channels to zero: neighbouring {_what} are too alike for single ones to matter.",
        source=f"Tompson et al. 2015, arXiv:1411.4280; {DOCS}Dropout{_dims}d.html",
        pattern=f"N C {_axes} -> N C {_axes}", params=(P,), keys=("p",), keeps="", example=SHOWN[_dims],
    ))

register(Layer(
    kind="AlphaDropout", stem="dropout", category="Regularisation", module="torch.nn.AlphaDropout",
    summary="A dropout that keeps mean and spread of what SELU gives.", source=f"Klambauer et al. 2017, arXiv:1706.02515; {DOCS}AlphaDropout.html",
    pattern="... -> ...", params=(P,), keys=("p",), keeps="", extra="4 * outputs",  # what the values were multiplied by
))
register(Layer(
    kind="StochasticDepth", stem="drop", category="Regularisation", module="torchvision.ops.StochasticDepth",
    summary="While training, sets whole samples of a residual branch to zero, so that the shortcut alone goes on.",
    source="Huang et al. 2016, arXiv:1603.09382; https://docs.pytorch.org/vision/stable/generated/torchvision.ops.stochastic_depth.html",
    pattern="N ... -> N ...", keys=("p",), keeps="",
    params=(Float("p", 0.1, "share of the samples that are dropped while training", min=0.0, max=1.0),
            Choice("mode", "row", ("row", "batch"), "row: each sample by itself; batch: all of them or none")),
))
