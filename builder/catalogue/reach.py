"""Which positions of its inputs a layer reads for one position of its output: what receptive fields are made of.

Declared where the layer is, as `Layer.window`. Along one axis a plain window slides: output position o reads the input positions
stride*o - padding to stride*o - padding + dilation*(kernel_size - 1). Put one behind the other this gives the recurrences of Araujo et
al. 2019, "Computing Receptive Fields of Convolutional Neural Networks", distill.pub/2019/computing-receptive-fields. Layers that enlarge
do not slide evenly: what they read repeats after some positions, which is kept as a table, so that nothing is rounded.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from types import MappingProxyType

Shape = tuple[int, ...]


# The longest table that is kept; nothing that people draw comes near it.
MOST_PERIOD = 4096
# The first and the last position that is read; None where an output position reads nothing, as between the windows of a transposed convolution.
Range = tuple[int, int] | None


@dataclass(frozen=True)
class Slide:
    """What the positions along an output axis read along an input axis: position o reads table[o % q] moved by shift*(o // q), q its length."""

    shift: int
    table: tuple[Range, ...]

    def at(self, position: int) -> Range:
        """What one output position reads."""
        turn, place = divmod(position, len(self.table))
        found = self.table[place]
        return None if found is None else (found[0] + self.shift * turn, found[1] + self.shift * turn)

    @property
    def jump(self) -> Fraction:
        """How far apart the reads of neighbouring output positions are, on average."""
        return Fraction(self.shift, len(self.table))

    @property
    def size(self) -> int:
        """The most positions that one reads, holes between them counted."""
        return max((last - first + 1 for first, last in filter(None, self.table)), default=0)

    def after(self, inner: Slide) -> Slide:
        """What the output of a layer reads that reads, as `inner` says, what reads as this says."""
        period = len(inner.table) * (len(self.table) // math.gcd(inner.shift, len(self.table)))
        table = tuple(self._over(inner.at(position)) for position in range(min(period, MOST_PERIOD)))
        return Slide(int(self.jump * inner.jump * len(table)), table)

    def _over(self, positions: Range) -> Range:
        if positions is None:
            return None
        ends = (self._first(range(positions[0], positions[1] + 1)), self._first(range(positions[1], positions[0] - 1, -1)))
        return None if None in ends else (min(ends[0][0], ends[1][0]), max(ends[0][1], ends[1][1]))

    def _first(self, positions: range) -> Range:
        return next((found for position in positions if (found := self.at(position)) is not None), None)

    def beside(self, other: Slide, length: int) -> Slide:
        """What is read by either, for an output axis of this length."""
        same = self.jump == other.jump
        period = min(math.lcm(len(self.table), len(other.table)), MOST_PERIOD) if same else length
        table = tuple(_hull(self.at(position), other.at(position)) for position in range(period))
        return Slide(math.floor(max(self.jump, other.jump) * period), table)


def _hull(one: Range, other: Range) -> Range:
    if one is None or other is None:
        return one or other
    return min(one[0], other[0]), max(one[1], other[1])


@dataclass(frozen=True)
class Along:
    """Where the positions of an input axis go: to the output axes `to`. Without a `slide` they are all there, in another order."""

    to: frozenset[int]
    slide: Slide | None = Slide(1, ((0, 0),))

    @property
    def stays(self) -> bool:
        """Does an output position read at most one input position?"""
        return self.slide is None or self.slide.size <= 1


# One entry an axis of an input: where it goes, or None where every output position reads all of it.
Moves = tuple[Along | None, ...]
# (input shapes, output shape, parameter values, which output) -> one Moves an input.
Reach = Callable[[Sequence[Shape], Shape, Mapping[str, object], int], Sequence[Moves]]


def kept(axis: int) -> Along:
    """The axis stays as it is, at this place."""
    return Along(frozenset((axis,)))


def scattered(*axes: int) -> Along:
    """The positions are all there, spread over these axes."""
    return Along(frozenset(axes), None)


def picked(place: int) -> Along:
    """One position is read, whatever the output position."""
    return Along(frozenset(), Slide(0, ((place, place),)))


def moved(axis: int, scale: Fraction | int, first: Fraction | int, last: Fraction | int) -> Along:
    """Output position o reads the whole positions from scale*o + first to scale*o + last."""
    scale = Fraction(scale)
    ends = [(math.ceil(scale * place + first), math.floor(scale * place + last)) for place in range(scale.denominator)]
    return Along(frozenset((axis,)), Slide(scale.numerator, tuple(end if end[0] <= end[1] else None for end in ends)))


@dataclass(frozen=True)
class Window:
    """A sliding window along every spatial axis: parameter names, or numbers. `spread`: the input's positions are spread instead, as by a
    transposed convolution."""

    kernel_size: str | int = "kernel_size"
    stride: str | int = "stride"
    padding: str | int = "padding"
    dilation: str | int = "dilation"
    spread: bool = False

    def along(self, axis: int, env: Mapping[str, object]) -> Along:
        """The window on the output axis `axis`, with the values of one spatial axis."""
        size, stride, padding, dilation = (env[value] if isinstance(value, str) else value
                                           for value in (self.kernel_size, self.stride, self.padding, self.dilation))
        span = dilation * (size - 1)
        if isinstance(padding, str):  # torch's "same" pads the smaller half on the left, its "valid" nothing
            padding = span // 2 if padding == "same" else 0
        if not self.spread:
            return moved(axis, stride, -padding, span - padding)
        # Tap t of input position i adds to output position i*stride - padding + t*dilation.
        read = [[(place + padding - tap * dilation) // stride for tap in range(size) if (place + padding - tap * dilation) % stride == 0]
                for place in range(stride)]
        return Along(frozenset((axis,)), Slide(1, tuple((min(one), max(one)) if one else None for one in read)))


def elementwise(inputs: Sequence[Shape], output: Shape, values: Mapping[str, object], which: int = 0) -> list[Moves]:
    """Every output number reads the numbers at its own place; axes are aligned from the right, those of length 1 are read by all."""
    return [tuple(kept(i + len(output) - len(shape)) if length == output[i + len(output) - len(shape)] else picked(0)
                  for i, length in enumerate(shape)) for shape in inputs]


def everything(inputs: Sequence[Shape], output: Shape, values: Mapping[str, object], which: int = 0) -> list[Moves]:
    """Every output number reads everything, of its own sample."""
    return [(kept(0), *(None for _ in shape[1:])) for shape in inputs]


def nothing(inputs: Sequence[Shape], output: Shape, values: Mapping[str, object], which: int = 0) -> list[Moves]:
    """Only the sizes of the inputs count, not what they hold."""
    return []


def mixed(*names: str) -> Reach:
    """Elementwise but for the axes that these parameters name, along which everything is read."""

    def reach(inputs: Sequence[Shape], output: Shape, values: Mapping[str, object], which: int) -> list[Moves]:
        axes = _axes(values, names, len(output))
        return [tuple(None if i + len(output) - len(shape) in axes else along for i, along in enumerate(moves))
                for shape, moves in zip(inputs, elementwise(inputs, output, values), strict=True)]

    return reach


def reduced(*names: str, keep: str = "keepdim") -> Reach:
    """The axes that these parameters name are read whole and go; they stay, one long, with `keep`. An empty one means all but the batch."""

    def reach(inputs: Sequence[Shape], output: Shape, values: Mapping[str, object], which: int) -> list[Moves]:
        rank = len(inputs[0])
        gone = _axes(values, names, rank) or set(range(1, rank))
        places = range(rank) if values.get(keep) else [i - sum(axis < i for axis in gone) for i in range(rank)]
        return [tuple(None if i in gone else kept(places[i]) for i in range(rank))]

    return reach


def regrouped(inputs: Sequence[Shape], output: Shape, values: Mapping[str, object], which: int = 0) -> list[Moves]:
    """Flatten, Reshape, Unflatten: an axis that is neither joined nor split stays, the others' positions are spread over what they became."""
    return [_regrouped(shape, output) for shape in inputs]


def _regrouped(shape: Shape, output: Shape) -> Moves:
    ends = [list(accumulate(sizes, lambda product, size: product * size, initial=1)) for sizes in (shape, output)]
    moves: list[Along | None] = []
    for axis, size in enumerate(shape):
        before, after = ends[0][axis], ends[0][axis + 1]
        touched = [i for i in range(len(output)) if ends[1][i] < after and ends[1][i + 1] > before]
        exact = next((i for i in touched if (ends[1][i], ends[1][i + 1]) == (before, after)), None)
        moves.append(picked(0) if size == 1 else kept(exact) if exact is not None else scattered(*touched))
    return tuple(moves)


def permuted(name: str) -> Reach:
    """The axes in another order, which the parameter `name` lists: the batch first, or without it."""

    def reach(inputs: Sequence[Shape], output: Shape, values: Mapping[str, object], which: int) -> list[Moves]:
        rank = len(inputs[0])
        dims = [dim % rank for dim in values[name]]
        dims = dims if len(dims) == rank else [0, *dims]
        return [tuple(kept(dims.index(i)) for i in range(rank))]

    return reach


def swapped(one: str, other: str) -> Reach:
    """Two axes in each other's place."""

    def reach(inputs: Sequence[Shape], output: Shape, values: Mapping[str, object], which: int) -> list[Moves]:
        rank = len(inputs[0])
        a, b = values[one] % rank, values[other] % rank
        return [tuple(kept({a: b, b: a}.get(i, i)) for i in range(rank))]

    return reach


def inserted(name: str) -> Reach:
    """A new axis at the place that the parameter `name` says; also several inputs side by side along it."""

    def reach(inputs: Sequence[Shape], output: Shape, values: Mapping[str, object], which: int) -> list[Moves]:
        place = values[name] % len(output)
        return [tuple(kept(i + (i >= place)) for i in range(len(shape))) for shape in inputs]

    return reach


def cut(start: str | Callable[[Mapping[str, object], Shape, int], int], step: str = "", dim: str = "dim") -> Reach:
    """A part of an axis: from `start`, a parameter or worked out from (values, shape, which output), every `step`-th position."""

    def reach(inputs: Sequence[Shape], output: Shape, values: Mapping[str, object], which: int) -> list[Moves]:
        shape = inputs[0]
        axis = values[dim] % len(shape)
        begin = values[start] if isinstance(start, str) else start(values, shape, which)
        begin = min(max(0, begin + shape[axis] if begin < 0 else begin), shape[axis])
        stride = (values.get(step) or 1) if step else 1
        return [tuple(moved(i, stride, begin, begin) if i == axis else kept(i) for i in range(len(shape)))]

    return reach


def selected(dim: str, index: str) -> Reach:
    """One position of an axis, which goes."""

    def reach(inputs: Sequence[Shape], output: Shape, values: Mapping[str, object], which: int) -> list[Moves]:
        shape = inputs[0]
        axis = values[dim] % len(shape)
        return [tuple(picked(values[index] % shape[axis]) if i == axis else kept(i - (i > axis)) for i in range(len(shape)))]

    return reach


def dropped(inputs: Sequence[Shape], output: Shape, values: Mapping[str, object], which: int = 0) -> list[Moves]:
    """Squeeze: the axis `dim` of length 1 goes."""
    shape = inputs[0]
    axis = values["dim"] % len(shape)
    return [tuple(picked(0) if i == axis else kept(i - (i > axis)) for i in range(len(shape)))]


def joined(name: str) -> Reach:
    """Concat: the inputs side by side along the axis `name`; output position o of that axis reads o minus what came before."""

    def reach(inputs: Sequence[Shape], output: Shape, values: Mapping[str, object], which: int) -> list[Moves]:
        axis = values[name] % len(output)
        before = list(accumulate((shape[axis] for shape in inputs), initial=0))
        return [tuple(moved(i, 1, -start, -start) if i == axis else kept(i) for i in range(len(shape)))
                for shape, start in zip(inputs, before, strict=False)]

    return reach


def resized(interpolated: str = "mode") -> Reach:
    """The last axes stretched or shrunk to the output's length; a mode that interpolates reads the neighbours too. Only the first input is
    read at the place; of a second one, only its size counts."""

    def reach(inputs: Sequence[Shape], output: Shape, values: Mapping[str, object], which: int) -> list[Moves]:
        mode = values.get(interpolated, "nearest")
        moves = [kept(i) if i < 2 else _stretched(i, inputs[0][i], output[i], mode, bool(values.get("align_corners"))) for i in range(len(output))]
        return [tuple(moves), *(tuple(picked(0) if i else kept(0) for i in range(len(shape))) for shape in inputs[1:])]

    return reach


def _stretched(axis: int, length: int, out: int, mode: str, aligned: bool) -> Along:
    if length == out:
        return kept(axis)
    # The whole positions that are read lie on a grid of 1/out, or of half that where pixels' centres are meant.
    if mode.startswith("nearest") or mode == "area":
        ratio = Fraction(length, out)
        return moved(axis, ratio, -1 + Fraction(1, out), 0 if mode != "area" or ratio < 1 else ratio - Fraction(1, out))
    reach = 2 if mode == "bicubic" else 1
    if aligned:
        ratio = Fraction(length - 1, max(out - 1, 1))
        edge = reach - Fraction(1, max(out - 1, 1))
        return moved(axis, ratio, -edge, edge)
    ratio, edge = Fraction(length, out), reach - Fraction(1, 2 * out)
    centre = ratio / 2 - Fraction(1, 2)
    return moved(axis, ratio, centre - edge, centre + edge)


def adaptive(inputs: Sequence[Shape], output: Shape, values: Mapping[str, object], which: int = 0) -> list[Moves]:
    """Adaptive pooling: cell o of m covers floor(o*L/m) to ceil((o + 1)*L/m) - 1."""
    return [(kept(0), kept(1), *(_cells(i, length, output[i]) for i, length in enumerate(inputs[0]) if i > 1))]


def _cells(axis: int, length: int, cells: int) -> Along | None:
    if cells == 1:
        return None
    ratio = Fraction(length, cells)
    rest = Fraction(0) if ratio.denominator == 1 else 1 - Fraction(1, cells)
    return moved(axis, ratio, -rest, ratio - 1 + rest)


def padded(name: str) -> Reach:
    """F.pad's numbers, two an axis from the last one backwards: the positions move by what is added before them."""

    def reach(inputs: Sequence[Shape], output: Shape, values: Mapping[str, object], which: int) -> list[Moves]:
        shape, given = inputs[0], values[name]
        given = (given,) * 2 * (len(shape) - 2) if isinstance(given, int) else given
        before = {len(shape) - 1 - i: given[2 * i] for i in range(len(given) // 2)}
        return [tuple(moved(i, 1, -before.get(i, 0), -before.get(i, 0)) for i in range(len(shape)))]

    return reach


def centred(inputs: Sequence[Shape], output: Shape, values: Mapping[str, object], which: int = 0) -> list[Moves]:
    """The middle of the first input, as large as the output; of the second one, only its size counts."""
    start = [(length - kept_) // 2 for length, kept_ in zip(inputs[0], output, strict=True)]
    return [tuple(kept(i) if i < 2 else moved(i, 1, start[i], start[i]) for i in range(len(output))),
            *(tuple(picked(0) if i else kept(0) for i in range(len(shape))) for shape in inputs[1:])]


def shuffled(factor: str, up: bool) -> Reach:
    """PixelShuffle: each pixel becomes factor×factor pixels, taken from its channels; or backwards."""

    def reach(inputs: Sequence[Shape], output: Shape, values: Mapping[str, object], which: int) -> list[Moves]:
        r = values[factor]
        along = [moved(i, Fraction(1, r), Fraction(1 - r, r), 0) if up else moved(i, r, 0, r - 1) for i in (2, 3)]
        return [(kept(0), None, *along)]

    return reach


def named(pattern: str, shape: Shape, output: Shape, windows: Mapping[str, Along] = MappingProxyType({})) -> Moves:
    """What a pattern says: an axis of one name on both sides stays, one inside a product is spread, one that the output lacks is read whole.

    `windows` are the axes, by name, along which a window slides.
    """
    left, right = (_tokens(side, rank) for side, rank in zip(pattern.split("->"), (len(shape), len(output)), strict=True))
    moves: list[Along | None] = []
    for token in left:
        whole = next((i for i, other in enumerate(right) if other == token), None)
        part = next((i for i, other in enumerate(right) if other.startswith("(") and token in other[1:-1].split()), None)
        moves.append(windows[token] if token in windows else kept(whole) if whole is not None else scattered(part) if part is not None else None)
    return tuple(moves)


def places(pattern: str, output: Shape, names: Iterable[str]) -> dict[str, int]:
    """Where the axes that come of these stand in the output: of H, where H_out is, or H itself."""
    right = _tokens(pattern.split("->")[1], len(output))
    return {name: right.index(f"{name}_out") if f"{name}_out" in right else right.index(name) for name in names}


def _tokens(side: str, rank: int) -> list[str]:
    """The axis names of a pattern's side; "..." stands for as many axes as there are, named by their number from the left."""
    tokens = re.findall(r"\([^)]*\)|\S+", side)
    if "..." in tokens:
        at = tokens.index("...")
        tokens[at:at + 1] = [f"...{i}" for i in range(rank - len(tokens) + 1)]
    return tokens


def _axes(values: Mapping[str, object], names: Iterable[str], rank: int) -> set[int]:
    given = [values[name] for name in names if values.get(name) is not None]
    return {axis % rank for value in given for axis in (value if isinstance(value, tuple) else (value,))}
