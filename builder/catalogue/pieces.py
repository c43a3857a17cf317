"""Layers that take a part of a value: a slice, one entry, several parts of an axis, the middle of an image."""

from __future__ import annotations

from .combining import Made, Values, combining, listed, made, own_axis, refuse, replaced
from .params import Int, Ints
from .reach import centred, cut, everything
from .reach import selected as one_of
from .sizes import BATCH, Shape, show
from .spec import Layer, register

TORCH = "https://docs.pytorch.org/docs/stable/generated/torch."
INDEXING = "https://docs.pytorch.org/docs/stable/tensor_view.html"


def indexed(dim: int, text: str) -> str:
    """The indexing of one axis as a template: "{0}[:, 2:5]", "{0}[..., 2:5, :]" for an axis counted from the end."""
    parts = [":"] * dim + [text] if dim >= 0 else ["...", text] + [":"] * (-dim - 1)
    return f"{{0}}[{', '.join(parts)}]"


def sliced(values: Values, x: Shape) -> Made:
    """Slice: every `step`-th entry from `start` up to, not including, `stop`."""
    at = own_axis(x, values["dim"], does="samples must not be left out")
    taken = range(x[at])[values["start"]:values["stop"]:values["step"]]
    if not taken:
        refuse(f"nothing is left of {x[at]} entries from {values['start']} to {'the end' if values['stop'] is None else values['stop']}", f"the input is {show(x)}",
               "value", "start")
    return made(replaced(x, at, len(taken)), f"{len(taken)} of {x[at]} entries: {show(x)} → {show(replaced(x, at, len(taken)))}")


def _slice(values: Values) -> str:
    start, stop, step = values["start"], values["stop"], values["step"]
    text = f"{start or ''}:{'' if stop is None else stop}{f':{step}' if step > 1 else ''}"
    return indexed(values["dim"], text)


register(Layer(
    kind="Slice", category="Shape", call=_slice, combine=combining(sliced), window=cut("start", "step"), keeps="", view=True, reads="any", pattern="... -> ...", keys=("dim", "start", "stop"),
    summary="Takes a run of entries out of one axis, as Python's slices do.", source=INDEXING,
    params=(Int("dim", 1, "the axis", min=None), Int("start", 0, "the first entry; negative counts from the end", min=None),
            Int("stop", None, "the first entry that is left out; empty = to the end", min=None, optional=True),
            Int("step", 1, "1 takes every entry, 2 every second")),
))


def selected(values: Values, x: Shape) -> Made:
    """Select: one entry of an axis, which goes."""
    at = own_axis(x, values["dim"], does="samples must not be left out")
    index = values["index"]
    if not -x[at] <= index < x[at]:
        refuse(f"there is no entry {index} among {x[at]}", f"needs {-x[at]} <= index < {x[at]}; the input is {show(x)}", "value", "index")
    return made(replaced(x, at), f"entry {index} of {x[at]}: {show(x)} → {show(replaced(x, at))}")


register(Layer(
    kind="Select", category="Shape", call=lambda values: indexed(values["dim"], str(values["index"])), combine=combining(selected), window=one_of("dim", "index"), keeps="", view=True, reads="any",
    pattern="... -> ...", keys=("dim", "index"), summary="Takes one entry of an axis, as an index in Python; the axis goes.", source=INDEXING,
    params=(Int("dim", 1, "the axis", min=None), Int("index", 0, "the entry; -1 is the last", min=None)),
))


def chunked(values: Values, x: Shape) -> Made:
    """Chunk: parts of equal size; the last may be smaller."""
    at = own_axis(x, values["dim"], does="samples must not be dealt out")
    count, length = values["chunks"], -(-x[at] // values["chunks"])
    sizes = [min(length, x[at] - start) for start in range(0, x[at], length)]
    if len(sizes) != count:
        refuse(f"{x[at]} entries do not make {count} parts: in parts of {length} they make {len(sizes)}", f"{x[at]} / {count} rounded up is {length}", "groups", "chunks")
    return made(tuple(replaced(x, at, size) for size in sizes), f"{x[at]} = {listed(sizes, ' + ')}")


def _chunk_start(values: Values, x: Shape, which: int) -> int:
    return which * -(-x[values["dim"] % len(x)] // values["chunks"])


register(Layer(
    kind="Chunk", category="Shape", call="{0}.chunk({chunks}, dim={dim})", combine=combining(chunked), window=cut(_chunk_start), keeps="", view=True, outputs_by="chunks", reads="any", pattern="... -> ..., ...",
    summary="Cuts one axis into parts of equal size.", source=f"{TORCH}chunk.html", keys=("chunks", "dim"),
    params=(Int("chunks", 2, "how many parts", min=2, max=64), Int("dim", 1, "the axis that is cut", min=None)),
))


def parted(values: Values, x: Shape) -> Made:
    """Split: parts of the sizes that are given."""
    at = own_axis(x, values["dim"], does="samples must not be dealt out")
    if sum(values["sizes"]) != x[at]:
        refuse(f"the parts have {sum(values['sizes'])} entries together, the axis has {x[at]}", f"{listed(values['sizes'], ' + ')} = {sum(values['sizes'])}; the input is {show(x)}",
               "value", "sizes")
    return made(tuple(replaced(x, at, size) for size in values["sizes"]), f"{x[at]} = {listed(values['sizes'], ' + ')}")


def _split_start(values: Values, x: Shape, which: int) -> int:
    return sum(values["sizes"][:which])


register(Layer(
    kind="Split", category="Shape", call="{0}.split({sizes}, dim={dim})", combine=combining(parted), window=cut(_split_start), keeps="", view=True, outputs_by="sizes", reads="any", pattern="... -> ..., ...",
    summary="Cuts one axis into parts of given sizes.", source=f"{TORCH}split.html", keys=("sizes", "dim"),
    params=(Ints("sizes", (8, 8), "entries of each part; together as many as the axis has", fewest=2, most=64), Int("dim", 1, "the axis that is cut", min=None)),
))


def gathered(values: Values, x: Shape, index: Shape) -> Made:
    """Gather: the shape of the index."""
    if len(x) != len(index):
        refuse(f"needs inputs with equally many axes; received {show(x)} and {show(index)}", "every number of the index picks one of the first input", "rank")
    at = own_axis(x, values["dim"])
    for i, (have, want) in enumerate(zip(x, index, strict=True)):
        if i != at and want > have:
            refuse(f"the index is {show(index)}: more than the {show(x)} that it picks from along axis {i}", f"needs {want} <= {have}", "spatial")
    return made(index, f"one of {x[at]} entries for every number of {show(index)}")


register(Layer(
    kind="Gather", category="Shape", inputs=(2, 2), call="{0}.gather({dim}, {1})", combine=combining(gathered), window=everything, input_names=("x", "index"), reads="any int",
    summary="Picks entries along one axis by their positions.", source=f"{TORCH}gather.html", pattern="..., ... -> ...", keys=("dim",), example=((BATCH, 28), (BATCH, 12)),
    params=(Int("dim", 1, "the axis that is picked from", min=None),),
))


def cropped(values: Values, x: Shape, like: Shape) -> Made:
    """CropAs: the middle of the image, as large as the second input."""
    if len(x) != 4 or len(like) != 4:
        refuse(f"CropAs expects 4 axes (N C H W) of both, received {show(x)} and {show(like)}", code="rank")
    if any(want > have for have, want in zip(x[2:], like[2:], strict=True)):
        refuse(f"{show(x[2:])} pixels cannot be cropped to {show(like[2:])}", "the second input must not be larger than the first", "spatial")
    top, left = ((have - want) // 2 for have, want in zip(x[2:], like[2:], strict=True))
    steps = [f"{name}: {have} - {want} pixels go, {edge} of them before the first that stays"
             for name, have, want, edge in zip("HW", x[2:], like[2:], (top, left), strict=True)]
    return made((*x[:2], *like[2:]), *steps, top=top, bottom=top + like[2], left=left, right=left + like[3])


register(Layer(
    kind="CropAs", stem="crop", category="Resampling", inputs=(2, 2), call="{0}[:, :, {top}:{bottom}, {left}:{right}]", combine=combining(cropped), window=centred, keeps="", view=True,
    inferred={name: name for name in ("top", "bottom", "left", "right")}, input_names=("x", "like"), reads="any any",
    summary="Keeps the middle of the first image, as large as the second: the skip connections of a U-Net without padding.",
    source="Ronneberger et al. 2015, arXiv:1505.04597, figure 1", pattern="N C H W, N D h w -> N C h w", example=((BATCH, 1, 28, 28), (BATCH, 1, 16, 16)),
))
