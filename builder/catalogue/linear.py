"""Fully connected layers."""

from .formulas import DOCS
from .params import Bool, Int
from .spec import Layer, register

register(Layer(
    kind="Linear", stem="fc", category="Linear", module="torch.nn.Linear",
    summary="Every output is a learned weighted sum of all inputs along the last axis.",
    words="each of {out_features} outputs is a weighted sum of {in_features} inputs.",
    source=DOCS + "Linear.html",
    pattern="N ... in_features -> N ... out_features",
    inferred={"in_features": "in_features"},
    params=(Int("out_features", 64, "numbers produced"), Bool("bias", True, "learn one offset per output")),
    keys=("out_features",),
    weights="in_features * out_features + (out_features if bias else 0)",
    macs="prod(rest) * in_features * out_features",
))
