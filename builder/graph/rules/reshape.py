"""Fixes that are found by working the shapes of a column of bricks out again: smaller strides, padding, matching branches, earlier pooling."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from builder.catalogue import Shape

from ..analysis import Analysis, Placed, infer
from ..document import Edge, FrozenDict
from ..problems import Fix, batch
from . import fixes
from .words import listed, one, pair, resolved, said

MOST_ABOVE = 60  # bricks that are looked through upwards
OFFERED = 3


def column(analysis: Analysis, name: str, alone: bool = False) -> list[Placed]:
    """The bricks of one input above `name`, the topmost first; with `alone`, up to the first whose result something else reads too."""
    bricks: list[Placed] = []
    while len(bricks) < MOST_ABOVE:
        edges = analysis.network.into(name)
        upper = analysis.placed.get(edges[0].source) if len(edges) == 1 else None
        if upper is None or upper.layer is None or upper.layer.inputs != (1, 1) or not upper.inputs:
            break
        if alone and len(analysis.network.out_of(upper.node.id)) > 1:
            break
        bricks.append(upper)
        name = upper.node.id
    return bricks[::-1]


def onward(analysis: Analysis, name: str) -> list[Placed]:
    """The bricks of one input below `name`, as long as each result has one reader."""
    bricks: list[Placed] = []
    while len(bricks) < MOST_ABOVE:
        edges = analysis.network.out_of(name)
        lower = analysis.placed.get(edges[0].target) if len(edges) == 1 else None
        if lower is None or lower.layer is None or lower.layer.inputs != (1, 1) or not lower.layer.outputs or lower.node.id == name:
            break
        bricks.append(lower)
        name = lower.node.id
    return bricks


def runs_on(analysis: Analysis, placed: Placed, params: Mapping[str, object], shape: Shape | None = None) -> bool:
    """Would a brick with these parameters be legal, on its input or on another one, and all bricks of one input below it too?"""
    shape = infer(placed.node.kind, (shape or placed.inputs[0],), FrozenDict({**placed.node.params, **params})).shape
    for brick in onward(analysis, placed.node.id):
        if shape is None:
            return False
        if not brick.node.muted:
            shape = infer(brick.node.kind, (shape,), brick.node.params).shape
    return shape is not None


def spent(analysis: Analysis, placed: Placed) -> Iterator[Fix]:
    """Take pooling of a single pixel away, with the pooling below it that has no more to do."""
    if placed.layer.category != "Pooling" or max(placed.inputs[0][2:]) > 1:
        return
    gone, shape = [placed.node.id], placed.inputs[0]
    for brick in onward(analysis, placed.node.id):
        after = shape if brick.node.muted else infer(brick.node.kind, (shape,), brick.node.params).shape
        if after is None and brick.layer.category == "Pooling":
            gone.append(brick.node.id)
        elif after is None:
            break
        shape = after or shape
    yield batch(f"Remove {' and '.join(gone) if len(gone) < 4 else f'{len(gone)} bricks of pooling'}", {"op": "remove", "ids": gone, "rejoin": True})


def replayed(bricks: Sequence[Placed], changes: Mapping[str, Mapping[str, object] | None]) -> Shape | None:
    """What a column gives with other parameters for some of its bricks, None as parameters for a brick that is taken away."""
    shape: Shape | None = bricks[0].inputs[0]
    for brick in bricks:
        change = None if brick.node.muted else changes.get(brick.node.id, {})
        if change is not None and shape is not None:
            shape = infer(brick.node.kind, (shape,), FrozenDict({**brick.node.params, **change})).shape
    return shape


def strided(analysis: Analysis, placed: Placed) -> list[tuple[Placed, tuple[int, int]]]:
    """Bricks above that shrink the image by a stride, with it, the topmost first."""
    found = [(brick, pair(resolved(brick).get("stride", 1))) for brick in column(analysis, placed.node.id) if brick.node.kind != "ConvTranspose2d" and not brick.node.muted]
    return [(brick, stride) for brick, stride in found if max(stride) > 1]


def eaten(analysis: Analysis, placed: Placed) -> str:
    """Which strides left so few pixels: "stride 4 in conv1 and 4 in conv2 leave 1×1 here"; empty when none did."""
    found = strided(analysis, placed)
    if not found:
        return ""
    parts = [f"{said(one(stride))} in {brick.node.id}" for brick, stride in found]
    return f"stride {listed(parts)} leave{'s' if len(parts) == 1 else ''} {said(placed.inputs[0][2:])} here"


def strides(analysis: Analysis, placed: Placed, enough: Callable[[Sequence[int]], bool] = lambda size: True) -> Iterator[Fix]:
    """Smaller strides above, the largest first, or pooling taken away, that leave an image on which `placed` is legal and `enough`."""
    bricks = column(analysis, placed.node.id)
    names = [brick.node.id for brick in bricks]

    def fit(changes: Mapping[str, Mapping[str, object] | None]) -> bool:
        first = min(names.index(name) for name in changes)
        shape = replayed(bricks[first:], changes)
        return shape is not None and len(shape) == 4 and enough(shape[2:]) and not infer(placed.node.kind, (shape,), placed.node.params).problems

    def whole(changes: Mapping[str, Mapping[str, object] | None]) -> bool:
        return fit(changes) and runs_on(analysis, placed, {}, replayed(bricks[min(names.index(name) for name in changes):], changes))

    offered = 0
    culprits = sorted(strided(analysis, placed), key=lambda pair: -max(pair[1]))
    for brick, stride in culprits:
        # A stride with which the bricks below fit too, before one that only moves the mistake further down.
        fix = _slower(brick, stride, whole) or _slower(brick, stride, fit)
        if fix is not None and offered < OFFERED:
            offered += 1
            yield fix
    convolutions = [brick for brick, _ in culprits if brick.layer.category == "Convolution"]
    if not offered and len(convolutions) > 1 and fit({brick.node.id: {"stride": 1} for brick in convolutions}):
        yield batch(f"Set stride to 1 in {', '.join(brick.node.id for brick in convolutions)}",
                    *({"op": "set", "id": brick.node.id, "params": {"stride": 1}} for brick in convolutions))


def _slower(brick: Placed, stride: tuple[int, int], fit: Callable[[Mapping[str, Mapping[str, object] | None]], bool]) -> Fix | None:
    name = brick.node.id
    if brick.layer.category == "Pooling":
        return batch(f"Remove {name}", {"op": "remove", "ids": [name], "rejoin": True}) if fit({name: None}) else None
    for smaller in range(min(max(stride) - 1, 16), 0, -1):
        value = one([min(s, smaller) for s in stride])
        if fit({name: {"stride": tuple(value) if isinstance(value, list) else value}}):
            return batch(f"Set stride of {name} to {said(value)}", {"op": "set", "id": name, "params": {"stride": value}})
    return None


def branch(analysis: Analysis, edge: Edge) -> list[Placed]:
    """The bricks of a branch that nothing else reads, the topmost first."""
    last = analysis.placed[edge.source]
    if last.layer is None or last.layer.inputs != (1, 1) or not last.inputs or len(analysis.network.out_of(edge.source)) > 1:
        return []
    return [*column(analysis, edge.source, alone=True), last]


def flatten_later(analysis: Analysis, placed: Placed) -> Iterator[Fix]:
    """Move the Flatten in front of a brick that wants an image down to the first Linear below it, or to the Output."""
    flatten = fixes.flatten_above(analysis, placed)
    if flatten is None or len(analysis.network.out_of(flatten.node.id)) != 1:
        return
    if infer(placed.node.kind, flatten.inputs, placed.node.params).problems:
        return
    name, seen = placed.node.id, 0
    while seen < MOST_ABOVE:
        following = analysis.network.out_of(name)
        if len(following) != 1:
            return
        lower = analysis.placed[following[0].target]
        if lower.node.kind in ("Flatten", "Output") or lower.layer is None or lower.layer.inputs != (1, 1):
            return
        if lower.layer.category == "Linear":
            node = {"id": flatten.node.id, "kind": "Flatten", "at": fixes.between(analysis, following[0])}
            yield batch(f"Move {flatten.node.id} down to {lower.node.id}", {"op": "remove", "ids": [flatten.node.id], "rejoin": True},
                        {"op": "insert", "edge": following[0].to_json(), "node": {k: v for k, v in node.items() if v is not None}}, sure=True)
            return
        name, seen = lower.node.id, seen + 1


def earlier(analysis: Analysis, placed: Placed) -> Iterator[Fix]:
    """Move a brick that wants an image, with what follows it up to the next layer, in front of the Flatten above."""
    column_above = column(analysis, placed.node.id)
    flatten = next((brick for brick in reversed(column_above) if brick.node.kind == "Flatten"), None)
    if placed.layer.category not in ("Convolution", "Pooling") or flatten is None or not any(brick.layer.category == "Linear" for brick in column_above):
        return
    row = [placed]
    for brick in onward(analysis, placed.node.id):
        if brick.layer.category in ("Linear", "Shape"):
            break
        row.append(brick)
    edge, shape = analysis.network.into(flatten.node.id)[0], flatten.inputs[0]
    for brick in row:
        shape = infer(brick.node.kind, (shape,), brick.node.params).shape if shape else None
    if shape is None or len(shape) < 3:
        return
    names = [brick.node.id for brick in row]
    edits: list[dict[str, object]] = [{"op": "remove", "ids": names, "rejoin": True}]
    for brick in row:
        edits.append({"op": "insert", "edge": edge.to_json(), "node": {name: value for name, value in brick.node.to_json().items() if name != "at"}})
        edge = Edge(brick.node.id, edge.target, edge.port)
    yield batch(f"Move {listed(names)} before {flatten.node.id}", *edits, sure=True)


def pooled(analysis: Analysis, flatten: Placed, linear: Placed, light: int) -> Iterator[Fix]:
    """Pool an image before it is flattened for a heavy Linear; the label says what that leaves of its parameters, `light` is few enough."""
    edge, shape, width = analysis.network.into(flatten.node.id)[0], flatten.inputs[0], linear.shape[-1]
    bias = width if resolved(linear).get("bias") else 0
    have = linear.cost[0]

    def left(height: int, wide: int) -> int:
        return shape[1] * height * wide * width + bias

    sizes = [side for side in (7, 4, 2, 1) if 2 * side < min(shape[2:])]
    small = next((side for side in sizes if left(side, side) < light), 1)
    if min(shape[2:]) > small:
        yield fixes.insert(analysis, edge, "AdaptiveAvgPool2d", f"Insert AdaptiveAvgPool2d to {small}×{small} before {flatten.node.id}: "
                           f"{left(small, small):,} parameters instead of {have:,}", output_size=small)
    if min(shape[2:]) >= 4:
        half = [size // 2 for size in shape[2:]]
        yield fixes.insert(analysis, edge, "MaxPool2d", f"Insert MaxPool2d before {flatten.node.id}: {left(*half):,} parameters instead of {have:,}",
                           kernel_size=2)
