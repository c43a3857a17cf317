"""Fully connected layers."""

import math

from .combining import Made, Values, combining, made, refuse, work
from .formulas import DOCS
from .params import Bool, Int
from .reach import everything
from .sizes import BATCH, Shape, carries_batch, show
from .spec import Layer, Rule, register
from .starts import DOC, RULES, start, started


def _started(values: Values) -> str:
    """Lines that give the first weights, where they are not the project's own."""
    if values["init"] != "identity":
        return started(values)
    rows = math.isqrt(values["out_features"])
    return f"nn.init.zeros_({{self}}.weight)\n{{self}}.bias.data.copy_(torch.eye({rows}, {values['out_features'] // rows}).flatten())"


register(Layer(
    kind="Linear", stem="fc", category="Linear", module="torch.nn.Linear",
    summary="Every output is a learned weighted sum of all inputs along the last axis.",
    words="each of {out_features} outputs is a weighted sum of {in_features} inputs.",
    source=DOCS + "Linear.html",
    pattern="N ... in_features -> N ... out_features",
    inferred={"in_features": "in_features"},
    params=(Int("out_features", 64, "numbers produced"), Bool("bias", True, "learn one offset per output"),
            *start("identity", doc=f"{DOC}; identity: 0 with the identity as bias, a transform that changes nothing")),
    keys=("out_features",), starts=_started,
    rules=(Rule("init != 'identity' or bias", "the identity stands in the bias, and there is none", "value", "bias"),
           Rule("init != 'identity' or out_features // isqrt(out_features) - isqrt(out_features) <= 1 and out_features % isqrt(out_features) == 0",
                "{out_features} numbers are no identity: it has n·n or n·(n + 1) of them, as the 6 of an affine map", "value", "out_features"), *RULES),
    weights="in_features * out_features + (out_features if bias else 0)",
    macs="prod(rest) * in_features * out_features",
))


def borrowed(values: Values, x: Shape, weight: Shape, bias: Shape | None = None) -> Made:
    """LinearWith: weights that another brick gives."""
    if not x or len(weight) != 2 or weight[1] != x[-1]:
        refuse(f"needs weights out×in for the {show(x[-1:])} inputs along the last axis; received {show(x)} and {show(weight)}", "in is the last axis of both", "channels")
    if carries_batch(weight) or carries_batch(x[-1:]):
        refuse("weights cannot depend on the batch", f"received {show(weight)}")
    if bias is not None and bias != weight[:1]:
        refuse(f"needs one offset an output: {show(weight[:1])}, received {show(bias)}", code="channels")
    total = weight[0]
    for size in x:
        total *= size
    return made((*x[:-1], weight[0]), f"each of {weight[0]} outputs is a weighted sum of {weight[1]} inputs", **work(total))


register(Layer(
    kind="LinearWith", stem="fc", category="Linear", inputs=(2, 3), call="F.linear({args})", combine=combining(borrowed), window=everything, input_names=("x", "weight", "bias"), macs="total",
    summary="A linear layer with weights that come in: a table of words used again at the end, say.",
    source="Press & Wolf 2017, arXiv:1608.05859; https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.linear.html", pattern="... in, out in -> ... out", example=((BATCH, 64), (10, 64)),
))


def looked_up(values: Values, ids: Shape, weight: Shape) -> Made:
    """EmbeddingWith: rows of a table that another brick gives."""
    if len(weight) != 2 or carries_batch(weight):
        refuse(f"needs a table rows×numbers; received {show(weight)}", code="rank")
    return made((*ids, weight[1]), f"one of {weight[0]} rows of {weight[1]} numbers for each of {show(ids)}")


register(Layer(
    kind="EmbeddingWith", stem="embedding", category="Sequence", inputs=(2, 2), call="F.embedding({args})", combine=combining(looked_up), window=everything, input_names=("ids", "weight"),
    reads="int float", gives="float", summary="Looks whole numbers up in a table that comes in.", pattern="..., rows numbers -> ... numbers", example=((BATCH, 16), (10, 8)),
    source="https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.embedding.html",
))
