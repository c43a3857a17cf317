"""Layers that make training harder so that the network generalises better; in evaluation they do nothing."""

from .formulas import DOCS
from .params import Float
from .spec import Layer, register

P = Float("p", 0.5, "share set to zero while training", min=0.0, max=1.0)

register(Layer(
    kind="Dropout", stem="dropout", category="Regularisation", module="torch.nn.Dropout",
    summary="While training, sets a random share of the values to zero and scales the rest by 1/(1-p).",
    source="Srivastava et al. 2014, jmlr.org/papers/v15/srivastava14a.html; " + DOCS + "Dropout.html",
    pattern="... -> ...", params=(P,), keys=("p",), keeps="", extra="4 * outputs",  # what the values were multiplied by
))

register(Layer(
    kind="Dropout2d", stem="dropout", category="Regularisation", module="torch.nn.Dropout2d",
    summary="While training, sets whole channels to zero: neighbouring pixels are too alike for single ones to matter.",
    source="Tompson et al. 2015, arXiv:1411.4280; " + DOCS + "Dropout2d.html",
    pattern="N C H W -> N C H W", params=(P,), keys=("p",), keeps="",
))
