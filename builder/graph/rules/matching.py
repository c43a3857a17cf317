"""Fixes for a merge whose inputs do not agree: the branch that differs from the others is brought to what they have.

Of two branches either may be meant, so both are tried; what is offered always makes that branch fit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from builder.catalogue import Shape

from ..analysis import Analysis, Placed, infer
from ..document import Edge, FrozenDict
from ..problems import Fix, batch
from . import fixes
from .reshape import branch, one, pair, replayed, said

OFFERED = 4
# What is tried for one parameter of one brick. Kernels are left alone: they are what the brick is for.
TRIED = {"stride": range(1, 5), "padding": range(7), "output_padding": range(4)}


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
    offered: dict[str, Fix] = {}
    sides = list(_sides(analysis, placed))
    for found in (_other_axis(placed), *(_unflattened(analysis, placed, side) for side in sides), *(_tuned(analysis, placed, side) for side in sides),
                  *(_brought(analysis, placed, side) for side in sides), _other_kind(placed)):
        for fix in found:
            offered.setdefault(fix.label, fix)
    yield from list(offered.values())[:OFFERED]


def _axis(placed: Placed) -> int | None:
    """The axis along which sizes may differ, None where none may."""
    dim = placed.layer.values(placed.node.params).get("dim")
    return dim % len(placed.inputs[0]) if isinstance(dim, int) else None


def _sides(analysis: Analysis, placed: Placed) -> Iterator[Side]:
    """The inputs that differ from what most have; of two, both."""
    axis, edges = _axis(placed), analysis.network.into(placed.node.id)

    def form(shape: Shape) -> tuple[int | None, ...]:
        return tuple(None if i == axis else size for i, size in enumerate(shape))

    forms = [form(shape) for shape in placed.inputs]
    (most, count), *_ = Counter(forms).most_common(1)
    order = list(analysis.placed)
    # The branch that skips most is the shortcut: it is looked at first.
    for edge, shape, mine in sorted(zip(edges, placed.inputs, forms, strict=True), key=lambda item: order.index(item[0].source)):
        goals = [most] if count > 1 else list(dict.fromkeys(other for other in forms if other != mine))[:1]
        for goal in goals:
            if mine != goal:
                yield Side(edge, shape, goal)


def _unflattened(analysis: Analysis, placed: Placed, side: Side) -> Iterator[Fix]:
    """Take a Flatten out of the branch, when that is what makes it differ."""
    bricks = branch(analysis, side.edge)
    for brick in reversed(bricks):
        if brick.node.kind == "Flatten" and side.suits(replayed(bricks, {brick.node.id: None})):
            yield batch(f"Remove {brick.node.id}", {"op": "remove", "ids": [brick.node.id], "rejoin": True})
            return


def _tuned(analysis: Analysis, placed: Placed, side: Side) -> Iterator[Fix]:
    """One parameter of one brick of the branch, the nearest to the merge first: what keeps the size in any of them before anything else."""
    bricks = branch(analysis, side.edge)
    for values in (_keeping, lambda brick: _others(brick, side.goal)):
        for place in range(len(bricks) - 1, -1, -1):
            brick = bricks[place]
            for name, value in () if brick.node.muted else values(brick):
                frozen = tuple(value) if isinstance(value, list) else value
                if side.suits(replayed(bricks[place:], {brick.node.id: {name: frozen}})):
                    yield batch(f"Set {name} of {brick.node.id} to {said(value)}", {"op": "set", "id": brick.node.id, "params": {name: value}})
                    return


def _resolved(brick: Placed) -> dict[str, object]:
    return brick.layer.resolved(brick.layer.values(brick.node.params))


def _keeping(brick: Placed) -> Iterator[tuple[str, object]]:
    """The padding with which a window keeps the size of an image."""
    values = _resolved(brick)
    if "kernel_size" in values and "padding" in values and brick.node.kind != "ConvTranspose2d":
        keep = [(d * (k - 1)) // 2 for k, d in zip(pair(values["kernel_size"]), pair(values.get("dilation", 1)), strict=True)]
        if pair(values["padding"]) != tuple(keep):
            yield "padding", one(keep)


def _others(brick: Placed, goal: Sequence[int | None]) -> Iterator[tuple[str, object]]:
    """Parameters of a brick with other values, those first that people mean most often."""
    values = _resolved(brick)
    wide = {"Convolution": ("out_channels", 1), "Linear": ("out_features", -1)}.get(brick.layer.category)
    if wide and goal[wide[1]] is not None and values.get(wide[0]) != goal[wide[1]]:
        yield wide[0], goal[wide[1]]
    for name, tried in TRIED.items():
        if name in values:
            # More padding than half the window would add rows of nothing.
            most = max(pair(values["kernel_size"])) // 2 if name == "padding" and "kernel_size" in values else max(tried)
            yield from ((name, value) for value in tried if value != values[name] and value <= most)


def _brought(analysis: Analysis, placed: Placed, side: Side) -> Iterator[Fix]:
    """A brick on the wire: a projection (He et al. 2015, arXiv:1512.03385, section 3.3, option B), or a change of size."""
    have, goal = side.shape, tuple(size if want is None else want for size, want in zip(side.shape, side.goal, strict=False))
    if len(have) != len(side.goal):
        return
    if len(have) == 2:
        fix = fixes.insert(analysis, side.edge, "Linear", f"Project {side.edge.source} to {goal[1]} features with a Linear", out_features=goal[1])
        yield fix
    elif len(have) == 4:
        yield from _projected(analysis, side, have, goal)


def _projected(analysis: Analysis, side: Side, have: Shape, goal: Shape) -> Iterator[Fix]:
    strides = [max(1, round(h / g)) for h, g in zip(have[2:], goal[2:], strict=True)]
    params = {"out_channels": goal[1], "kernel_size": 1, "bias": False, **({"stride": one(strides)} if strides != [1, 1] else {})}
    frozen = FrozenDict({name: tuple(value) if isinstance(value, list) else value for name, value in params.items()})
    if side.suits(infer("Conv2d", (have,), frozen).shape):
        size = f", stride {said(params['stride'])}" if "stride" in params else ""
        yield fixes.insert(analysis, side.edge, "Conv2d", f"Project {side.edge.source} to {goal[1]} channels with a 1×1 Conv2d{size}", **params)
    elif goal[1] == have[1]:
        grid = list(goal[2:])
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
