"""Arithmetic on every number: of one value, of two values, and sums of products."""

from __future__ import annotations

import math
import re

from .combining import Made, Values, broadcast_shape, combining, listed, made, no_crossing, refuse, work
from .params import Choice, Float, Text
from .reach import elementwise, everything
from .sizes import BATCH, Shape, carries_batch, show
from .spec import Layer, Template, register

TORCH = "https://docs.pytorch.org/docs/stable/generated/torch."
BROADCASTING = "https://docs.pytorch.org/docs/stable/notes/broadcasting.html"
EACH = "... -> ..."


# ---- Two values, number by number ----

def paired(values: Values, a: Shape, b: Shape) -> Made:
    """Two inputs by torch's broadcasting."""
    shape = broadcast_shape(a, b)
    no_crossing(shape, (a, b))
    return made(shape, f"{show(a)} and {show(b)} → {show(shape)}")


def of_two(kind: str, summary: str, stem: str, operator: str = "", call: Template = "", gives: str = "same", params: tuple = (), keeps: str = "inputs",
           names: tuple[str, str] = ("a", "b"), keys: tuple[str, ...] = ()) -> Layer:
    """Declare a layer of two values, number by number."""
    return register(Layer(kind=kind, stem=stem, category="Arithmetic", operator=operator, call=call, inputs=(2, 2), combine=combining(paired), window=elementwise, keeps=keeps, summary=summary,
                          source=BROADCASTING, pattern="..., ... -> ...", reads="any", gives=gives, params=params, keys=keys, input_names=names))


of_two("Subtract", "The first value minus the second, number by number.", "sub", operator="-", keeps="")
of_two("Divide", "The first value divided by the second, number by number.", "div", operator="/", gives="float")
of_two("Maximum", "The larger of two values, number by number.", "maximum", call="torch.maximum({args})")
of_two("Minimum", "The smaller of two values, number by number.", "minimum", call="torch.minimum({args})")
SIGNS = ("==", "!=", "<", "<=", ">", ">=")
of_two("Compare", "Whether the first value is equal to, above or below the second, number by number: a mask of true and false.", "compare",
       call=lambda values: f"{{0}} {values['is']} {{1}}", gives="int", keeps="", keys=("is",), params=(Choice("is", "==", SIGNS, "the comparison"),))


# ---- One value, number by number ----

def of_one(kind: str, summary: str, call: Template, *params, stem: str = "", keys: tuple[str, ...] = (), reads: str = "any", gives: str = "same", rules=None,
           keeps: str = "inputs") -> Layer:
    """Declare a layer that does the same to every number."""
    return register(Layer(kind=kind, stem=stem or kind.lower(), category="Arithmetic", call=call, summary=summary, source=f"{TORCH}{_page(kind)}.html",
                          pattern=EACH, params=params, keys=keys, reads=reads, gives=gives, combine=rules and combining(rules), window=elementwise, keeps=keeps))


def _page(kind: str) -> str:
    """The page of torch's documentation that has the function behind a kind."""
    return {"Scale": "mul", "AddScalar": "add", "Power": "pow"}.get(kind, kind.lower())


def bounded(values: Values, x: Shape) -> Made:
    """Clamp: needs a bound, and the lower one below the upper."""
    if values["min"] is None and values["max"] is None:
        refuse("it has no bound to cut off at", "needs min, max or both", "value", "min")
    return made(x)


def _plus(values: Values) -> str:
    return "{0} - " + ascii(-values["value"]) if values["value"] < 0 else "{0} + {value}"


def _clamp(values: Values) -> str:
    given = [f"{name}={{{name}}}" for name in ("min", "max") if values[name] is not None]
    return f"{{0}}.clamp({', '.join(given)})"


of_one("Scale", "Multiplies every number by the same factor.", "{0} * {factor}", Float("factor", 2.0, "what every number is multiplied by"), keys=("factor",), gives="float", keeps="")
of_one("AddScalar", "Adds the same number to every number.", _plus, Float("value", 1.0, "what is added"), keys=("value",), gives="float", keeps="")
of_one("Power", "Raises every number to a power.", "{0} ** {exponent}", Float("exponent", 2.0, "the power; 0.5 is the square root"), stem="power",
       keys=("exponent",), reads="float")
of_one("Square", "Every number times itself.", "{0} ** 2")
of_one("Exp", "e to the power of every number.", "torch.exp({0})", reads="float", keeps="output")
of_one("Log", "The natural logarithm of every number; of 0 it is minus infinity, of negative numbers nothing.", "torch.log({0})", reads="float")
of_one("Sqrt", "The square root of every number; of negative numbers there is none.", "torch.sqrt({0})", reads="float", keeps="output")
of_one("Rsqrt", "1 divided by the square root of every number.", "torch.rsqrt({0})", reads="float", keeps="output")
of_one("Abs", "Every number without its sign.", "torch.abs({0})")
of_one("Neg", "Every number with the other sign.", "-{0}", keeps="")
of_one("Reciprocal", "1 divided by every number.", "1 / {0}", reads="float", keeps="output")
of_one("Sin", "The sine of every number, in radians.", "torch.sin({0})", reads="float")
of_one("Cos", "The cosine of every number, in radians.", "torch.cos({0})", reads="float")
of_one("Clamp", "Cuts off what is below the smallest or above the largest value that is allowed.", _clamp,
       Float("min", 0.0, "nothing below this; empty = no bound", optional=True), Float("max", 1.0, "nothing above this; empty = no bound", optional=True),
       keys=("min", "max"), gives="float", rules=bounded)
of_one("Round", "The nearest whole number, as a real number; a half goes to the even neighbour.", "torch.round({0})", keeps="")
of_one("Floor", "The whole number below or equal, as a real number.", "torch.floor({0})", keeps="")
of_one("Sign", "-1, 0 or 1: the sign of every number.", "torch.sign({0})", keeps="")


# ---- Choosing by a mask ----

def masked(values: Values, x: Shape, mask: Shape) -> Made:
    """MaskedFill: the mask is repeated to fit."""
    shape = broadcast_shape(x, mask)
    return made(shape, f"{show(x)} with a mask of {show(mask)} → {show(shape)}")


register(Layer(
    kind="MaskedFill", stem="masked", category="Arithmetic", inputs=(2, 2), combine=combining(masked), window=elementwise, input_names=("x", "mask"), reads="float any",
    call=lambda values: "{0}.masked_fill({1}.bool(), " + ("{value})" if values["fill"] == "value" else "float(\"-inf\"))"),
    summary="Puts one value wherever the mask is true: minus infinity before a softmax lets nothing pass there.",
    source="https://docs.pytorch.org/docs/stable/generated/torch.Tensor.masked_fill_.html", pattern="..., ... -> ...",
    params=(Choice("fill", "-inf", ("-inf", "value"), "minus infinity, or the value below"), Float("value", 0.0, "what is put there with fill = value")),
    keys=("fill",),
))


def chosen(values: Values, condition: Shape, a: Shape, b: Shape) -> Made:
    """Where: three values by broadcasting."""
    shape = broadcast_shape(condition, a, b)
    return made(shape, f"{show(condition)}, {show(a)} and {show(b)} → {show(shape)}")


register(Layer(
    kind="Where", category="Arithmetic", inputs=(3, 3), combine=combining(chosen), window=elementwise, input_names=("condition", "a", "b"), reads="any any any",
    call="torch.where({0}.bool(), {1}, {2})", summary="The second value where the condition is true, the third where it is not.",
    source=f"{TORCH}where.html", pattern="..., ..., ... -> ...", example=((BATCH, 1, 28, 28),) * 3,
))


# ---- Sums of products ----

def multiplied(values: Values, a: Shape, b: Shape) -> Made:
    """MatMul: rows of the first times columns of the second; the axes before them are broadcast."""
    if not a or not b:
        refuse("a single number is no matrix", f"received {show(a)} and {show(b)}", "rank")
    left, right = (1, *a) if len(a) == 1 else a, (*b, 1) if len(b) == 1 else b
    inner, rows, columns = left[-1], left[-2], right[-1]
    if inner != right[-2]:
        refuse(f"the rows of the first are {listed([inner])} long, the columns of the second {listed([right[-2]])}: their products cannot be summed",
               f"needs the last axis of {show(a)} to be the one before the last of {show(b)}" if len(b) > 1 else f"needs {show(a)} to end in {show(b)}", "channels")
    if carries_batch((inner,)):
        refuse("it would sum over the batch; samples must not be mixed", f"{show(a)} times {show(b)}")
    batch = broadcast_shape(left[:-2], right[:-2]) if left[:-2] or right[:-2] else ()
    shape = (*batch, *(() if len(a) == 1 else (rows,)), *(() if len(b) == 1 else (columns,)))
    return made(shape, f"{show(a)} times {show(b)} = {show(shape)}: every number is a sum of {inner} products", **work(math.prod(batch) * rows * columns * inner))


register(Layer(
    kind="MatMul", stem="matmul", category="Arithmetic", operator="@", inputs=(2, 2), combine=combining(multiplied), window=everything, input_names=("a", "b"),
    summary="The matrix product: every row of the first value times every column of the second; for several matrices, each with its partner.",
    source=f"{TORCH}matmul.html", pattern="... I K, ... K J -> ... I J", example=((BATCH, 1, 28, 28), (28, 12)), macs="total",
))

EQUATION = re.compile(r"[A-Za-z]*(,[A-Za-z]*)*->[A-Za-z]*")


def summed(values: Values, *inputs: Shape) -> Made:
    """Einsum: letters name axes; those that the right side leaves out are summed over."""
    left, right = values["equation"].replace(" ", "").split("->")
    terms = left.split(",")
    if len(terms) != len(inputs):
        refuse(f"the equation names {len(terms)} input{'s' if len(terms) > 1 else ''}, {len(inputs)} {'are' if len(inputs) > 1 else 'is'} connected",
               values["equation"], "wires", "equation")
    sizes: dict[str, int] = {}
    for term, shape in zip(terms, inputs, strict=True):
        if len(term) != len(shape):
            refuse(f"{term or 'nothing'} names {len(term)} axes, its input has {len(shape)}: {show(shape)}", values["equation"], "rank", "equation")
        for letter, size in zip(term, shape, strict=True):
            known = sizes.get(letter, 1)
            if 1 not in (known, size) and known != size:
                refuse(f"the axis {letter} is {listed([known])} long in one input and {listed([size])} in another", values["equation"], "spatial", "equation")
            sizes[letter] = max(known, size)
    if unknown := [letter for letter in right if letter not in sizes]:
        refuse(f"the result names an axis {unknown[0]} that no input has", values["equation"], "value", "equation")
    if len(set(right)) < len(right):
        refuse("the result names an axis twice", values["equation"], "value", "equation")
    if mixed := [letter for letter, size in sizes.items() if letter not in right and carries_batch((size,))]:
        refuse(f"it would sum over {mixed[0]}, the batch; samples must not be mixed", values["equation"], "dim", "equation")
    shape = tuple(sizes[letter] for letter in right)
    gone = [letter for letter in sizes if letter not in right]
    return made(shape, f"{' and '.join(map(show, inputs))} → {show(shape)}" + (f", summed over {', '.join(gone)}" if gone else ""),
                **work(math.prod(sizes.values())))


register(Layer(
    kind="Einsum", category="Arithmetic", call="torch.einsum({equation}, {args})", inputs=(1, None), combine=combining(summed), window=everything,
    summary="Sums of products along named axes: what the right side of the equation leaves out is summed over.",
    source=f"{TORCH}einsum.html", pattern="..., ... -> ...", macs="total", keys=("equation",), example=((BATCH, 12, 28), (BATCH, 28, 16)),
    params=(Text("equation", "nij,njk->nik", "a letter an axis, inputs by commas, -> and the axes of the result", EQUATION, "letters, commas and one ->"),),
))


def slid(values: Values, x: Shape, z: Shape) -> Made:
    """CrossCorrelate: the second value slides over the first, sample by sample."""
    for shape, what in ((x, "the image"), (z, "the window")):
        if len(shape) != 4:
            refuse(f"CrossCorrelate expects 4 axes (N C H W) of {what}, received {len(shape)}: {show(shape)}", code="rank")
    if x[:2] != z[:2]:
        refuse(f"both need the same samples and channels; received {show(x)} and {show(z)}", f"{show(x[:2])} and {show(z[:2])}", "channels")
    out = tuple(size - window + 1 for size, window in zip(x[2:], z[2:], strict=True))
    if min(out) < 1:
        refuse(f"the window ({show(z[2:])}) is larger than the image ({show(x[2:])})", "needs height and width of the second input to fit into the first", "spatial")
    steps = [f"{name}_out = {size} - {window} + 1 = {size - window + 1}" for name, size, window in zip("HW", x[2:], z[2:], strict=True)]
    return made((x[0], 1, *out), *steps, **work(x[0] * math.prod(out) * math.prod(z[1:])))


register(Layer(
    kind="CrossCorrelate", stem="response", category="Arithmetic", inputs=(2, 2), combine=combining(slid), window=everything, input_names=("x", "z"), macs="total",
    extra="4*total // N",
    # Every window of x as a column: torch's grouped convolution would do, but its groups cannot be as many as the samples of any batch in ONNX.
    call="({1}.flatten(1).unsqueeze(1) @ F.unfold({0}, {1}.shape[2:])).unflatten(2, ({0}.shape[2] - {1}.shape[2] + 1, -1))",
    summary="Slides each sample's second value over its first, as a window: where they look alike, the response is high.",
    source="Bertinetto et al. 2016, arXiv:1606.09549, section 2.2", pattern="N C H W, N C h w -> N 1 H_out W_out", example=((BATCH, 1, 28, 28), (BATCH, 1, 7, 7)),
))
