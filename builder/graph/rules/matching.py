"""Fixes for a merge whose inputs do not agree: the branch that differs from the others is brought to what they have.

Of two branches either may be meant, so both are tried; what is offered always makes that branch fit.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from builder.catalogue import Shape

from ..analysis import Analysis, Placed, analyse, infer
from ..bricks import replaced
from ..document import Edge, FrozenDict
from ..problems import Fix, batch
from . import fixes
from .reshape import branch, column, replayed
from .words import has_window, listed, one, pair, resolved, said

USUAL_STRIDE = 2
MOST_NAMED = 6  # different inputs that a sentence names
IMAGE = 4  # axes of N×C×H×W
HALVED = (2, 4, 8, 16, 32)
MOST_REPLAYED = 200  # bricks of a drawing that is worked out again for samples of another size
OFFERED = 8  # the ones that leave least are shown
# What is tried for one parameter of one brick. Kernels are left alone: they are what the brick is for.
TRIED = {"stride": range(1, 5), "padding": range(7), "output_padding": range(4)}

Values = Mapping[str, object]


@dataclass(frozen=True)
class Side:
    """One input of a merge: its wire, what it brings, and what it should bring (None stands for any size of an axis)."""

    edge: Edge
    shape: Shape
    goal: tuple[int | None, ...]

    def suits(self, shape: Shape | None) -> bool:
        """Is this shape what the others want?"""
        return shape is not None and len(shape) == len(self.goal) and all(g in (None, s) for s, g in zip(shape, self.goal, strict=True))


def merge(analysis: Analysis, placed: Placed) -> Iterator[Fix]:
    """Edits that make the inputs of a merge agree, the smallest first."""
    sides = list(_sides(analysis, placed))

    def tuned(which: slice) -> list[Fix]:
        return sorted((fix for side in sides for fix in _tuned(analysis, side, which)), key=_leaps)

    found = [*_other_axis(placed), *(fix for side in sides for fix in _unflattened(analysis, placed, side)),
             *(fix for side in sides for fix in (*_tuned(analysis, side, SIZES), *_source(analysis, side)))]
    if not found and _axis(placed) is None:
        found = tuned(STRIDES)
    elif not found:
        found = tuned(STRIDED)
        found += ([] if found else [fix for side in sides for fix in _upstream(analysis, placed, side)]) or tuned(UNSTRIDED)
    found += [] if found else tuned(PADDED)
    found += [fix for side in sides for fix in _brought(analysis, placed, side, bool(found))]
    if not found or len(placed.inputs) > 2:
        found += _other_kind(placed)
    found += _evened(analysis, placed)
    yield from list({fix.label: fix for fix in found}.values())[:OFFERED]


def compared(analysis: Analysis, placed: Placed) -> str:
    """What differs, by the names of the bricks: "conv2 has 128 channels and 14×14 pixels; proj has 64 channels and 28×28 pixels"."""
    names, ranks = [edge.source for edge in analysis.network.into(placed.node.id)], {len(shape) for shape in placed.inputs}
    if len(ranks) > 1:
        said_of = [f"{len(shape)} axes" for shape in placed.inputs]
    elif ranks == {4}:
        free, columns = _axis(placed), list(zip(*placed.inputs, strict=True))
        wide, large = (any(len(set(columns[axis])) > 1 for axis in some if axis != free) for some in ((1,), (2, 3)))
        said_of = [" and ".join([*([f"{shape[1]} channels"] if wide else []), *([f"{said(shape[2:])} pixels"] if large else [])]) for shape in placed.inputs]
    elif ranks == {2}:
        said_of = [f"{shape[1]} features" for shape in placed.inputs]
    else:
        return ""
    alike: dict[str, list[str]] = {}
    for name, what in zip(names, said_of, strict=True):
        alike.setdefault(what, []).append(name)
    rows = [f"{listed(of)} ha{'ve' if len(of) > 1 else 's'} {what}" for what, of in alike.items()]
    return "; ".join(rows if len(rows) <= MOST_NAMED else [*rows[:MOST_NAMED - 1], f"{len(rows) - MOST_NAMED + 1} others"])


def _leaps(fix: Fix) -> bool:
    """Does the fix set a stride that people hardly use?"""
    stride = fix.edit["params"].get("stride", 1)
    return max(stride if isinstance(stride, list) else [stride]) > USUAL_STRIDE


def _axis(placed: Placed) -> int | None:
    """The axis along which sizes may differ, None where none may."""
    dim = placed.layer.values(placed.node.params).get("dim")
    # Stack has an axis of its own there; along the others its inputs are as those of Add.
    return dim % len(placed.inputs[0]) if isinstance(dim, int) and placed.inputs[0] and placed.node.kind != "Stack" else None


def _sides(analysis: Analysis, placed: Placed) -> Iterator[Side]:
    """The inputs that differ from what most have; of two, both."""
    axis, edges = _axis(placed), analysis.network.into(placed.node.id)

    def form(shape: Shape) -> tuple[int | None, ...]:
        return tuple(None if i == axis else size for i, size in enumerate(shape))

    forms = [form(shape) for shape in placed.inputs]
    (most, count), *_ = Counter(forms).most_common(1)
    sides = [Side(edge, shape, most if count > 1 else next(other for other in forms if other != mine))
             for edge, shape, mine in zip(edges, placed.inputs, forms, strict=True) if mine != most or (count == 1 and len(set(forms)) > 1)]
    widths = Counter(brick.shape[1] for side in sides for brick in branch(analysis, side.edge) if brick.layer.category in ("Convolution", "Linear") and brick.shape)
    # The branch whose goal more layers have already is looked at first; then the one of fewest bricks, which is the shortcut.
    yield from sorted(sides, key=lambda side: (-widths[side.goal[1]] if len(side.goal) > 1 else 0, len(branch(analysis, side.edge))))


def _unflattened(analysis: Analysis, placed: Placed, side: Side) -> Iterator[Fix]:
    """Take a Flatten out of the branch, when that is what makes it differ."""
    bricks = branch(analysis, side.edge)
    for brick in reversed(bricks):
        if brick.node.kind == "Flatten" and side.suits(replayed(bricks, {brick.node.id: None})):
            yield batch(f"Remove {brick.node.id}", {"op": "remove", "ids": [brick.node.id], "rejoin": True})
            return


SIZES, STRIDES, STRIDED, UNSTRIDED, PADDED = slice(0, 2), slice(2, 4), slice(2, 3), slice(3, 4), slice(4, 5)


def _tuned(analysis: Analysis, side: Side, which: slice) -> Iterator[Fix]:
    """One parameter of one brick of the branch: of padding that keeps the size, widths, strides that are not 1 and that are, and other padding, some."""
    bricks = branch(analysis, side.edge)
    near = [brick for brick in reversed(bricks) if not brick.node.muted]
    groups = (_each(near, _keeping), _each(near, lambda brick: _widths(brick, side.goal)),
              _each([brick for brick in near if _strided(brick)], lambda brick: _tries(brick, "stride")),
              # What a branch shrinks, its first window shrinks (He et al. 2015, arXiv:1512.03385, section 3.3).
              _each([brick for brick in reversed(near) if not _strided(brick)], lambda brick: _tries(brick, "stride")),
              _each(near, lambda brick: (*_tries(brick, "padding"), *_tries(brick, "output_padding"))))
    for group in groups[which]:
        fix = next((_changed(brick, params) for brick, params in group if side.suits(_with(bricks, brick, params))), None)
        if fix is not None:
            yield fix
            return


def _source(analysis: Analysis, side: Side) -> Iterator[Fix]:
    """The width of the layer that a shortcut without bricks of its own begins at."""
    have, goal = side.shape, side.goal
    differs = len(have) == len(goal) and have[1] != goal[1] is not None and all(g in (None, h) for h, g in zip(have[2:], goal[2:], strict=True))
    if branch(analysis, side.edge) or not differs:
        return
    row = [*column(analysis, side.edge.source), analysis.placed[side.edge.source]]
    for place in range(len(row) - 1, -1, -1):
        for params in _widths(row[place], goal) if row[place].layer and row[place].inputs else ():
            if side.suits(_with(row[place:], row[place], params)):
                yield _changed(row[place], params)
                return


def _upstream(analysis: Analysis, placed: Placed, side: Side) -> Iterator[Fix]:
    """What a way down and up again lacks: windows that keep the size, pooling by two, or pooling at all where the skip connection leaves."""
    have, goal = side.shape, side.goal
    if {len(have), len(goal)} != {IMAGE} or None in goal[2:]:
        return
    others = [edge.source for edge in analysis.network.into(placed.node.id) if edge.source != side.edge.source]
    mine, theirs = leads_to(analysis, side.edge.source), {name for other in others for name in leads_to(analysis, other)}
    bricks = [brick for name, brick in analysis.placed.items() if name in mine - theirs and brick.layer and brick.inputs and not brick.node.muted]
    narrow = [(brick, params) for brick in bricks if brick.layer.category == "Convolution" and not _strided(brick) for params in _keeping(brick)]
    if narrow and have[2] < goal[2]:
        names = [brick.node.id for brick, _ in narrow]
        yield batch(f"Set padding of {listed(names)} to keep the size", *({"op": "set", "id": brick.node.id, "params": dict(params)} for brick, params in narrow)) \
            if len(narrow) > 1 else _changed(*narrow[0])
    for brick in bricks:
        if brick.layer.category == "Pooling" and "kernel_size" in resolved(brick) and pair(resolved(brick)["kernel_size"]) != (2, 2):
            yield batch(f"Set kernel_size of {brick.node.id} to 2", {"op": "set", "id": brick.node.id, "params": {"kernel_size": 2, "stride": None}})
    if have[2] == 2 * goal[2]:
        for edge in analysis.network.edges:
            if edge.source in others and edge.target in mine:
                yield fixes.insert(analysis, edge, "MaxPool2d", f"Insert MaxPool2d after {edge.source}")


def _evened(analysis: Analysis, placed: Placed) -> Iterator[Fix]:
    """Samples of the next size that halves without a rest as often as the way down halves it, where such a rest is what parts the sizes."""
    entries = [brick for brick in map(analysis.placed.get, leads_to(analysis, placed.node.id)) if brick.node.kind == "Input"]
    if len(entries) != 1 or len(entries[0].shape or ()) != IMAGE or len(analysis.placed) > MOST_REPLAYED:
        return
    node, (channels, *sides) = entries[0].node, entries[0].shape[1:]
    for step in HALVED:
        even = [-(-side // step) * step for side in sides]
        params = FrozenDict({**node.params, "shape": (channels, *even)})
        if even != sides and all(brick.shape for brick in analyse(replaced(analysis.network, replace(node, params=params)), analysis.kinds, before=analysis).placed.values()):
            yield batch(f"Set shape of {node.id} to {said([channels, *even])}", {"op": "set", "id": node.id, "params": {"shape": [channels, *even]}})
            return


def leads_to(analysis: Analysis, name: str) -> set[str]:
    """Every brick that leads to one, and itself."""
    seen, waiting = set(), [name]
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += [edge.source for edge in analysis.network.into(name)]
    return seen


def _each(bricks: Sequence[Placed], values: Callable[[Placed], Iterable[Values]]) -> Iterator[tuple[Placed, Values]]:
    yield from ((brick, params) for brick in bricks for params in values(brick))


def _with(bricks: Sequence[Placed], brick: Placed, params: Values) -> Shape | None:
    frozen = {name: tuple(value) if isinstance(value, list) else value for name, value in params.items()}
    return replayed(bricks[bricks.index(brick):], {brick.node.id: frozen})


def _changed(brick: Placed, params: Values) -> Fix:
    values = [f"{said(value)}" for value in params.values()]
    first, *others = [f"{name} {{}}to {value}" for name, value in zip(params, values, strict=True)]
    label = ", ".join([first.format(f"of {brick.node.id} "), *(other.format("") for other in others)])
    return batch(f"Set {label}", {"op": "set", "id": brick.node.id, "params": dict(params)})


def _keeping(brick: Placed) -> Iterator[Values]:
    """The padding with which a window keeps the size of an image, or makes it as many times as large as its stride says."""
    values = resolved(brick)
    if not has_window(brick) or "padding" not in values:
        return
    kernel, dilation = pair(values["kernel_size"]), pair(values.get("dilation", 1))
    if brick.node.kind != "ConvTranspose2d":
        keep = [(d * (k - 1)) // 2 for k, d in zip(kernel, dilation, strict=True)]
        if pair(values["padding"]) != tuple(keep):
            yield {"padding": one(keep)}
        return
    over = [d * (k - 1) + 1 - s for k, d, s in zip(kernel, dilation, pair(values["stride"]), strict=True)]
    padding = [max(0, -(-more // 2)) for more in over]
    rest = [2 * p - more for p, more in zip(padding, over, strict=True)]
    params = {"padding": one(padding), "output_padding": one(rest)}
    yield {name: value for name, value in params.items() if pair(tuple(value) if isinstance(value, list) else value) != pair(values[name])}


def _strided(brick: Placed) -> bool:
    return max(pair(resolved(brick).get("stride", 1))) > 1


def _widths(brick: Placed, goal: Sequence[int | None]) -> Iterator[Values]:
    """The width that the others have, for a layer that has one."""
    wide = {"Convolution": ("out_channels", 1), "Linear": ("out_features", -1)}.get(brick.layer.category)
    if wide and goal[wide[1]] is not None and resolved(brick).get(wide[0]) != goal[wide[1]]:
        yield {wide[0]: goal[wide[1]]}


def _tries(brick: Placed, name: str) -> Iterator[Values]:
    """Other values of a parameter, small ones first."""
    values = resolved(brick)
    if name in values:
        # More padding than half the window would add rows of nothing.
        most = max(pair(values["kernel_size"])) // 2 if name == "padding" and "kernel_size" in values else max(TRIED[name])
        yield from ({name: value} for value in TRIED[name] if value != values[name] and value <= most)


def _brought(analysis: Analysis, placed: Placed, side: Side, sized: bool) -> Iterator[Fix]:
    """A brick on the wire: a projection (He et al. 2015, arXiv:1512.03385, section 3.3, option B), or a change of size, not upwards where a parameter makes it too (`sized`)."""
    have, goal = side.shape, tuple(size if want is None else want for size, want in zip(side.shape, side.goal, strict=False))
    if len(have) != len(side.goal):
        # Rows of features beside an image: the image can become one too.
        if len(side.goal) == 2 and side.goal[1] in (None, math.prod(have[1:])):
            yield fixes.insert(analysis, side.edge, "Flatten", f"Insert Flatten after {side.edge.source}")
        return
    if len(have) == 2:
        yield fixes.insert(analysis, side.edge, "Linear", f"Project {side.edge.source} to {goal[1]} features with a Linear", out_features=goal[1])
    elif len(have) == 4:
        yield from _projected(analysis, side, have, goal)
        yield from _resized(analysis, placed, side, have, goal, sized)


def _projected(analysis: Analysis, side: Side, have: Shape, goal: Shape) -> Iterator[Fix]:
    strides = [max(1, round(h / g)) for h, g in zip(have[2:], goal[2:], strict=True)]
    params = {"out_channels": goal[1], "kernel_size": 1, "bias": False, **({"stride": one(strides)} if strides != [1, 1] else {})}
    if side.suits(_given("Conv2d", have, params)):
        size = f", stride {said(params['stride'])}" if "stride" in params else ""
        yield fixes.insert(analysis, side.edge, "Conv2d", f"Project {side.edge.source} to {goal[1]} channels with a 1×1 Conv2d{size}", **params)


def _given(kind: str, shape: Shape, params: dict[str, object]) -> Shape | None:
    frozen = FrozenDict({name: tuple(value) if isinstance(value, list) else value for name, value in params.items()})
    return infer(kind, (shape,), frozen).shape


def _resized(analysis: Analysis, placed: Placed, side: Side, have: Shape, goal: Shape, sized: bool) -> Iterator[Fix]:
    """Another size on the wire: a ConvTranspose2d to a multiple of it, adaptive pooling to a smaller one."""
    if goal[1] != have[1]:
        return
    factor = max(have[2], goal[2]) // max(1, min(have[2], goal[2]))
    grid, turn = list(goal[2:]), f"{said(have[2:])} becomes {said(goal[2:])}"
    if not sized and goal[2] > have[2] and [factor * size for size in have[2:]] == grid:
        others = [shape[1] for shape in placed.inputs if shape[2:] == goal[2:]]
        wide = others[0] if side.goal[1] is None and others else goal[1]
        yield fixes.insert(analysis, side.edge, "ConvTranspose2d", f"Insert ConvTranspose2d after {side.edge.source}: {turn}",
                           out_channels=wide, kernel_size=factor, stride=factor)
        return
    if all(g <= h for g, h in zip(grid, have[2:], strict=True)):
        yield fixes.insert(analysis, side.edge, "AdaptiveAvgPool2d", f"Resize {side.edge.source} to {grid[0]}×{grid[1]}", output_size=one(grid))


def _other_axis(placed: Placed) -> Iterator[Fix]:
    """The default axis, where the inputs agree along all others."""
    params = FrozenDict({name: value for name, value in placed.node.params.items() if name != "dim"})
    if "dim" in placed.node.params and not infer(placed.node.kind, placed.inputs, params).problems:
        yield batch(f"Set dim of {placed.node.id} back to {placed.layer.param('dim').default}",
                    {"op": "set", "id": placed.node.id, "params": {"dim": None}})


def _other_kind(placed: Placed) -> Iterator[Fix]:
    """Side by side instead of number by number, where the channels alone differ."""
    if placed.node.kind != "Concat" and not infer("Concat", placed.inputs, FrozenDict()).problems:
        yield batch(f"Replace {placed.node.id} by Concat", {"op": "replace", "id": placed.node.id, "kind": "Concat"})
