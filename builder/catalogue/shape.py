"""Layers that give the same numbers other axes: reshaped, in another order, repeated, or lined up along a new one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

from .combining import Made, Values, axis, combining, listed, made, once, own_axes, own_axis, product, refuse, replaced
from .params import Bool, Choice, Int, Ints
from .reach import Moves, dropped, elementwise, everything, inserted, kept, mixed, moved, picked, regrouped, scattered, swapped
from .reach import permuted as in_order
from .sizes import BATCH, Shape, carries_batch, show, size_text
from .spec import Layer, register

TENSOR = "https://docs.pytorch.org/docs/stable/generated/torch.Tensor."
TORCH = "https://docs.pytorch.org/docs/stable/generated/torch."
NN = "https://docs.pytorch.org/docs/stable/generated/torch.nn."
AXES = Ints("dims", (-1,), "the axes", min=None, most=8)


def arranged(kind: str, summary: str, call, combine, *params, stem: str = "", source: str = "", inputs: tuple[int, int | None] = (1, 1), reads: str = "any",
             keys: tuple[str, ...] | None = None, pattern: str = "... -> ...", **more) -> Layer:
    """Declare a layer that only rearranges."""
    return register(Layer(kind=kind, stem=stem or kind.lower(), category="Shape", summary=summary, call=call, combine=combining(combine), params=params,
                          source=source or f"{TENSOR}{kind.lower()}.html", pattern=pattern, inputs=inputs, reads=reads,
                          keys=tuple(param.name for param in params[:2]) if keys is None else keys, **more))


# ---- Fewer axes ----

def flattened(values: Values, x: Shape) -> Made:
    """Flatten: the axes start_dim to end_dim become one."""
    start, end, rank = values["start_dim"], values["end_dim"], len(x)
    for name, dim in (("start_dim", start), ("end_dim", end)):
        if not -rank <= dim < rank:
            refuse(f"{name} {dim}: there is no such axis in an input of {rank} axes", f"needs {-rank} <= {name} < {rank}, here {dim}", field=name)
    first, last = start % rank, end % rank
    if first == 0 and carries_batch(x[:1]):
        refuse(f"start_dim {start} is the batch; samples must not be joined", "needs start_dim >= 1", field="start_dim")
    if first > last:
        refuse(f"start_dim {start} comes after end_dim {end} in {show(x)}", f"needs {first} <= {last}", field="start_dim")
    joined = x[first:last + 1]
    return made((*x[:first], math.prod(joined), *x[last + 1:]), product(joined))


register(Layer(
    kind="Flatten", stem="flatten", category="Shape", module="torch.nn.Flatten", reads="any",
    summary="Lays all axes but the batch out in one row, so that a Linear layer can read them.",
    source=NN + "Flatten.html", pattern="N C H W -> N (C H W)", combine=combining(flattened), window=regrouped, keeps="", view=True,
    params=(Int("start_dim", 1, "first axis that is joined", min=None), Int("end_dim", -1, "last axis that is joined", min=None)),
))


# ---- Reshape ----

def filled(sizes: Sequence[int], total: int, field: str) -> tuple[int, ...]:
    """The sizes with the one that is -1 worked out, so that all together hold `total` numbers."""
    free = sizes.count(-1)
    if free > 1 or any(size < -1 or size == 0 for size in sizes):
        refuse(f"{field} may have one -1 and otherwise numbers from 1 up; received {listed(sizes, ' × ')}", "-1 stands for what is left over", "value", field)
    known = math.prod(size for size in sizes if size != -1)
    if free and total % known or not free and total != known:
        refuse(f"{size_text(total)} numbers do not fill {' × '.join('?' if size == -1 else size_text(size) for size in sizes)}",
               f"{size_text(total)} is no multiple of {size_text(known)}" if free else f"{product([size for size in sizes if size != -1])}, not {size_text(total)}",
               "spatial", field)
    return tuple(total // known if size == -1 else size for size in sizes)


def reshaped(values: Values, x: Shape) -> Made:
    """Reshape: the first axis stays, or -1 stands for the axis that carries the batch."""
    sizes = values["shape"]
    if values["keep_batch"]:
        if not x:
            refuse("a single number has no first axis to keep", "with keep_batch off, shape is everything", "rank", "keep_batch")
        rest = filled(sizes, math.prod(x[1:]), "shape")
        return made((x[0], *rest), f"{product(x[1:])} numbers a sample: {show(x)} → {show((x[0], *rest))}")
    total = math.prod(x)
    if carries_batch((total,)) and -1 not in sizes:
        refuse("shape has no -1 for the axis that grows with the batch", f"the input is {show(x)}: {size_text(total)} numbers", "value", "shape")
    shape = filled(sizes, total, "shape")
    return made(shape, f"{size_text(total)} numbers: {show(x)} → {show(shape)}")


def _reshape(values: Values) -> str:
    if not values["keep_batch"]:
        return "{0}.reshape({shape:*})"
    return "{0}.reshape({0}.shape[0], {shape:*})" if -1 in values["shape"] else "{0}.reshape(-1, {shape:*})"


arranged("Reshape", "Lays the same numbers out in other axes, in their order; the first axis stays, unless keep_batch is off.", _reshape, reshaped,
         Ints("shape", (-1,), "sizes of the axes after the first; one of them may be -1: what is left over", min=-1, most=8),
         Bool("keep_batch", True, "keep the first axis; off: shape is all axes, and -1 the one that grows with the batch"), keys=("shape",), pattern="N ... -> N shape", window=regrouped, keeps="", view=True, moves=True)


def unflattened(values: Values, x: Shape) -> Made:
    """Unflatten: one axis becomes several."""
    at = axis(x, values["dim"])
    sizes = values["sizes"]
    if carries_batch(x[at:at + 1]) and -1 not in sizes:
        refuse("sizes has no -1 for what grows with the batch", f"axis {values['dim']} of {show(x)}", "value", "sizes")
    parts = filled(sizes, x[at], "sizes")
    return made(replaced(x, at, *parts), f"{size_text(x[at])} = {' * '.join(map(size_text, parts))}: {show(x)} → {show(replaced(x, at, *parts))}")


arranged("Unflatten", "Takes one axis apart into several.", "{0}.unflatten({dim}, {sizes})", unflattened,
         Int("dim", 1, "the axis that is taken apart", min=None), Ints("sizes", (2, -1), "sizes of its parts; one may be -1", min=-1, most=8),
         source=f"{NN}Unflatten.html", window=regrouped, keeps="", view=True, moves=True)


# ---- Order and number of axes ----

def permuted(values: Values, x: Shape) -> Made:
    """Permute: all axes in a new order."""
    dims = values["dims"]
    if len(dims) != len(x):
        refuse(f"dims names {len(dims)} axes, the input has {len(x)}: {show(x)}", "every axis stands there once, the batch (0) too", "rank", "dims")
    at = tuple(axis(x, dim, "dims") for dim in dims)
    once(at, dims)
    shape = tuple(x[i] for i in at)
    return made(shape, f"{show(x)} → {show(shape)}")


def transposed(values: Values, x: Shape) -> Made:
    """Transpose: two axes change places."""
    one, other = axis(x, values["dim0"], "dim0"), axis(x, values["dim1"], "dim1")
    order = list(range(len(x)))
    order[one], order[other] = other, one
    shape = tuple(x[i] for i in order)
    return made(shape, f"{show(x)} → {show(shape)}")


def squeezed(values: Values, x: Shape) -> Made:
    """Squeeze: an axis of size 1 goes."""
    at = axis(x, values["dim"])
    if x[at] != 1:
        refuse(f"axis {values['dim']} has {listed([x[at]])} entries; only an axis of size 1 can go", f"the input is {show(x)}", field="dim")
    return made(replaced(x, at), f"{show(x)} → {show(replaced(x, at))}")


def unsqueezed(values: Values, x: Shape) -> Made:
    """Unsqueeze: a new axis of size 1."""
    at = axis(x, values["dim"], ends=1)
    shape = (*x[:at], 1, *x[at:])
    return made(shape, f"{show(x)} → {show(shape)}")


arranged("Permute", "Puts the axes in another order.", "{0}.permute({dims:*})", permuted,
         Ints("dims", (0, 2, 3, 1), "all axes in their new order, counted from 0, the batch", min=None, most=8), window=in_order("dims"), keeps="", view=True, moves=True)
arranged("Transpose", "Lets two axes change places.", "{0}.transpose({dim0}, {dim1})", transposed,
         Int("dim0", 1, "one axis", min=None), Int("dim1", 2, "the other axis", min=None), window=swapped("dim0", "dim1"), keeps="", view=True, moves=True)
arranged("Squeeze", "Leaves out an axis of size 1.", "{0}.squeeze({dim})", squeezed, Int("dim", -1, "the axis; it must have size 1", min=None), example=((BATCH, 28, 1),), window=dropped, keeps="", view=True)
arranged("Unsqueeze", "Puts in a new axis of size 1.", "{0}.unsqueeze({dim})", unsqueezed, Int("dim", 1, "where the new axis stands", min=None),
         window=inserted("dim"), keeps="", view=True)


def stacked(values: Values, *inputs: Shape) -> Made:
    """Stack: equal shapes along a new axis."""
    if len(set(inputs)) > 1:
        refuse(f"needs inputs of one shape; received {listed([show(shape) for shape in inputs], ' and ')}", "Concat joins along an axis that they have", "spatial")
    at = axis(inputs[0], values["dim"], ends=1)
    shape = (*inputs[0][:at], len(inputs), *inputs[0][at:])
    return made(shape, f"{len(inputs)} of {show(inputs[0])} → {show(shape)}")


register(Layer(
    kind="Stack", category="Merge", call="torch.stack([{args}], dim={dim})", inputs=(2, None), combine=combining(stacked), reads="any", window=inserted("dim"), keeps="",
    summary="Lines its inputs up along a new axis.", source=f"{TORCH}stack.html", pattern="..., ... -> ...", keys=("dim",),
    params=(Int("dim", 1, "where the new axis stands", min=None),),
))


# ---- The same numbers elsewhere, or again ----

def rolled(values: Values, x: Shape) -> Made:
    """Roll: a shift for every axis in `dims`."""
    own_axes(x, values["dims"])
    if len(values["shifts"]) != len(values["dims"]):
        refuse(f"{len(values['shifts'])} shifts for {len(values['dims'])} axes", "needs one shift an axis", "value", "shifts")
    return made(x)


def flipped(values: Values, x: Shape) -> Made:
    """Flip: the axes in `dims` backwards."""
    own_axes(x, values["dims"])
    return made(x)


arranged("Roll", "Shifts the numbers along axes; what leaves at one end comes in at the other.", "{0}.roll({shifts}, {dims})", rolled,
         Ints("shifts", (1,), "by how many places, for each axis", min=None, most=8), Ints("dims", (-1,), "the axes that are shifted along", min=None, most=8),
         source=f"{TORCH}roll.html", window=mixed("dims"), keeps="")
arranged("Flip", "Turns axes around: the last comes first.", "{0}.flip({dims})", flipped, Ints("dims", (-1,), "the axes that are turned around", min=None, most=8),
         source=f"{TORCH}flip.html", window=mixed("dims"), keeps="")


def expanded(values: Values, x: Shape) -> Made:
    """Expand: axes of size 1 are repeated without being copied; new axes may come first."""
    sizes = values["sizes"]
    new = len(sizes) - len(x)
    if new < 0:
        refuse(f"sizes names {len(sizes)} axes, the input has {len(x)}: {show(x)}", "needs a size for every axis", "rank", "sizes")
    if any(size < 1 for size in sizes[:new]) or any(size < 1 and size != -1 for size in sizes[new:]):
        refuse("-1 keeps an axis as it is; a new axis needs its size", f"the first {new} of {listed(sizes, ' × ')} are new", "value", "sizes")
    for at, (have, size) in enumerate(zip(x, sizes[new:], strict=True)):
        if size not in (-1, have) and have != 1:
            refuse(f"axis {at} is {size_text(have)} long and cannot become {size}", "only an axis of size 1 is repeated", "spatial", "sizes")
    shape = (*sizes[:new], *(have if size == -1 else size for have, size in zip(x, sizes[new:], strict=True)))
    return made(shape, f"{show(x)} → {show(shape)}")


arranged("Expand", "Repeats axes of size 1 without copying; -1 keeps an axis as it is.", "{0}.expand({sizes:*})", expanded,
         Ints("sizes", (-1, 2), "the size of every axis; -1 as it is", min=-1, most=8), example=((BATCH, 1),), window=elementwise, keeps="", view=True)


def batched(values: Values, value: Shape, like: Shape) -> Made:
    """ExpandBatch: one value for every sample of `like`."""
    if not value or value[0] != 1:
        refuse(f"its first axis is repeated, so it must have size 1; received {show(value)}", "Unsqueeze puts an axis of size 1 in front", "spatial")
    if not like:
        refuse("the second input is a single number: it says nothing of a batch", f"received {show(like)}", "rank")
    shape = (like[0], *value[1:])
    return made(shape, f"{show(value)} for every sample of {show(like)} → {show(shape)}", rest=(-1,) * (len(value) - 1))


def given_to_all(inputs: Sequence[Shape], output: Shape, values: Values, which: int = 0) -> list[Moves]:
    """ExpandBatch: the one value is read by every sample; of the second input only its size counts."""
    return [*elementwise(inputs[:1], output, values), *(tuple(picked(0) if i else kept(0) for i in range(len(shape))) for shape in inputs[1:2])]


register(Layer(
    kind="ExpandBatch", stem="expand", category="Shape", inputs=(2, 2), combine=combining(batched), window=given_to_all, keeps="", view=True, input_names=("value", "like"), reads="any any",
    # The sizes that stay are as many as the value has axes: read off its shape.
    inferred={"rest": "rest"}, call=lambda values: "{0}.expand({1}.shape[0], {rest:*})",
    summary="Gives every sample of a batch the same value, as the class token of a transformer.",
    source=f"Dosovitskiy et al. 2021, arXiv:2010.11929, section 3.1; {TENSOR}expand.html", pattern="1 ..., N ... -> N ...", example=((1, 16, 28), (BATCH, 10)),
))


def repeated(values: Values, x: Shape) -> Made:
    """Repeat: copies along every axis; new axes may come first."""
    sizes = values["sizes"]
    new = len(sizes) - len(x)
    if new < 0:
        refuse(f"sizes names {len(sizes)} axes, the input has {len(x)}: {show(x)}", "needs a count for every axis", "rank", "sizes")
    padded = (*(1,) * new, *x)
    if any(carries_batch((have,)) and count != 1 for have, count in zip(padded, sizes, strict=True)):
        refuse("the batch itself cannot be repeated", f"{show(x)} by {listed(sizes, ' × ')}", "value", "sizes")
    shape = tuple(have * count for have, count in zip(padded, sizes, strict=True))
    return made(shape, f"{show(x)} → {show(shape)}")


def interleaved(values: Values, x: Shape) -> Made:
    """RepeatInterleave: every entry several times in a row."""
    at = own_axis(x, values["dim"], does="the batch itself cannot be repeated")
    return made(replaced(x, at, x[at] * values["repeats"]), f"{x[at]} * {values['repeats']} = {x[at] * values['repeats']}")


def stretched(inputs: Sequence[Shape], output: Shape, values: Values, which: int = 0) -> list[Moves]:
    """RepeatInterleave: some output positions in a row read one of the input."""
    times = values["repeats"]
    return [tuple(moved(i, Fraction(1, times), Fraction(1 - times, times), 0) if i == values["dim"] % len(output) else kept(i) for i in range(len(output)))]


arranged("Repeat", "Lays copies of the whole side by side along every axis.", "{0}.repeat({sizes:*})", repeated,
         Ints("sizes", (1, 2), "how many copies along each axis", most=8, max=65536), keeps="", window=everything)
arranged("RepeatInterleave", "Repeats every entry of one axis several times in a row.", "{0}.repeat_interleave({repeats}, dim={dim})", interleaved,
         Int("repeats", 2, "how often each entry stands there", max=65536), Int("dim", 1, "the axis", min=None), stem="repeat",
         source=f"{TORCH}repeat_interleave.html", window=stretched, keeps="")


def cast(values: Values, x: Shape) -> Made:
    """Cast: the same shape."""
    return made(x)


arranged("Cast", "Makes real numbers of whole ones, or the other way round.", lambda values: f"{{0}}.to(torch.{values['dtype']})", cast,
         Choice("dtype", "float32", ("float32", "int64", "bool"), "float32 are real numbers, int64 whole ones, bool true or false"),
         source=f"{TENSOR}to.html", gives="dtype", window=elementwise, keeps="")


def triangular(values: Values, x: Shape) -> Made:
    """Tril and Triu: matrices in the last two axes."""
    if len(x) < 2:
        refuse(f"needs a matrix in the last two axes; received {show(x)}", code="rank")
    return made(x)


for _kind, _part, _other in (("Tril", "below", "above"), ("Triu", "above", "below")):
    arranged(_kind, f"Keeps what is on and {_part} the diagonal of every matrix, sets what is {_other} to 0.", f"{{0}}.{_kind.lower()}({{diagonal}})", triangular,
             Int("diagonal", 0, "which diagonal: 0 the main one, 1 the one above it", min=None), source=f"{TORCH}{_kind.lower()}.html", pattern="... I J -> ... I J", window=elementwise, keeps="")


def shuffled(values: Values, x: Shape) -> Made:
    """ChannelShuffle: channels of all groups in turn."""
    if len(x) < 3:
        refuse(f"ChannelShuffle expects at least 3 axes (N C ...), received {len(x)}: {show(x)}", code="rank")
    if x[1] % values["groups"] or x[1] % BATCH == 0:
        refuse(f"{size_text(x[1])} channels do not split into {values['groups']} groups", f"needs C % groups == 0, here {x[1] % values['groups']}", "groups", "groups")
    return made(x, f"{x[1]} = {values['groups']} * {x[1] // values['groups']} channels, one of each group in turn")


def dealt(inputs: Sequence[Shape], output: Shape, values: Values, which: int = 0) -> list[Moves]:
    """ChannelShuffle: the channels in another order."""
    return [tuple(scattered(1) if i == 1 else kept(i) for i in range(len(output)))]


register(Layer(
    kind="ChannelShuffle", stem="shuffle", category="Shape", module="torch.nn.ChannelShuffle", combine=combining(shuffled), reads="any", window=dealt, keeps="", keys=("groups",),
    summary="Mixes the channels of all groups, so that the next grouped convolution sees every group.",
    source=f"Zhang et al. 2018, arXiv:1707.01083; {NN}ChannelShuffle.html", pattern="N C ... -> N C ...",
    params=(Int("groups", 2, "groups that the channels are split into"),),
))

register(Layer(
    kind="Identity", category="Shape", module="torch.nn.Identity", reads="any", keeps="", view=True, pattern="... -> ...",
    summary="Passes everything on unchanged: a place that may be filled later.", source=f"{NN}Identity.html",
))
register(Layer(
    kind="Detach", category="Shape", call="{0}.detach()", reads="any", keeps="", view=True, pattern="... -> ...",
    summary="Passes everything on, and no gradient back: what comes before it does not learn from what comes after.", source=f"{TENSOR}detach.html",
))
