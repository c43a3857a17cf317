"""What the shape functions of layers share: refusing with a reason, finding an axis, broadcasting, and counting the work of one sample."""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NoReturn

from .sizes import BATCH, Shape, carries_batch, show, size_text
from .spec import Combine, Problem

Values = Mapping[str, object]
MOST = 6  # inputs that a sentence names


class Refusal(Exception):
    """The inputs and parameters do not fit each other."""

    def __init__(self, problem: Problem):
        super().__init__(str(problem))
        self.problem = problem


@dataclass(frozen=True)
class Made:
    """What a shape function gives: a shape (or a tuple of them), the worked steps, and numbers for the layer's formulas."""

    shape: Shape | tuple[Shape, ...]
    steps: tuple[str, ...] = ()
    sizes: Mapping[str, object] = field(default_factory=dict)


def made(shape: Shape | tuple[Shape, ...], *steps: str, **sizes: object) -> Made:
    """A result with its worked steps."""
    return Made(shape, steps, sizes)


def refuse(says: str, because: str = "", code: str = "dim", field: str = "") -> NoReturn:
    """Say why the layer cannot be built; raises Refusal."""
    raise Refusal(Problem(says, because, code, field))


def combining(work: Callable[..., Made]) -> Combine:
    """`work(values, first input, second input, ...)` as a layer's `combine`; wires that the layer has no place for are left out."""
    places = list(inspect.signature(work).parameters.values())[1:]
    most = None if any(place.kind is place.VAR_POSITIONAL for place in places) else len(places)

    @functools.wraps(work)
    def combined(inputs: Sequence[Shape], values: Values):
        try:
            done = work(values, *inputs[:most])
        except Refusal as refusal:
            return None, [refusal.problem], [], {}
        return done.shape, [], list(done.steps), {"rank": len(inputs[0]) if inputs else 0, **done.sizes}

    return combined


def axis(shape: Shape, dim: int, name: str = "dim", ends: int = 0) -> int:
    """The axis that `dim` names, counted from 0; refuses one that there is not. `ends` = 1 allows the place behind the last."""
    rank = len(shape) + ends
    if not -rank <= dim < rank:
        refuse(f"there is no axis {dim} in an input of {len(shape)} axes", f"needs {-rank} <= {name} < {rank}, here {name} = {dim}; the input is {show(shape)}",
               field=name)
    return dim % rank


def own_axis(shape: Shape, dim: int, name: str = "dim", does: str = "samples must not be mixed") -> int:
    """The axis that `dim` names; refuses the batch as well."""
    at = axis(shape, dim, name)
    if carries_batch(shape[at:at + 1]):
        refuse(f"axis {dim} is the batch; {does}", f"the input is {show(shape)}", field=name)
    return at


def own_axes(shape: Shape, dims: Sequence[int], name: str = "dims") -> tuple[int, ...]:
    """The axes that `dims` names, each once and none of them the batch."""
    found = tuple(own_axis(shape, dim, name) for dim in dims)
    once(found, dims, name)
    return found


def once(found: Sequence[int], dims: Sequence[int], name: str = "dims") -> None:
    """Refuse an axis that is named twice."""
    if len(set(found)) < len(found):
        refuse(f"an axis is named twice in {name}: {listed(dims)}", "every axis may stand there once", field=name)


def listed(values: Sequence[object], joint: str = ", ") -> str:
    """Values in a row, the first ones when there are many."""
    parts = [size_text(value) if type(value) is int else str(value) for value in values]
    return joint.join(parts if len(parts) <= MOST else [*parts[:MOST - 1], f"{len(parts) - MOST + 1} more"])


def product(sizes: Sequence[int]) -> str:
    """The product of sizes, worked out: "4 * 5 = 20"."""
    return f"{' * '.join(map(size_text, sizes)) or '1'} = {size_text(math.prod(sizes))}"


def replaced(shape: Shape, at: int, *sizes: int) -> Shape:
    """The shape with other sizes in the place of one axis; with none, without it."""
    return (*shape[:at], *sizes, *shape[at + 1:])


def broadcast_shape(*shapes: Shape) -> Shape:
    """The shape that tensors of these shapes have together: aligned from the right, 1 fits everything."""
    rank = max(map(len, shapes))
    out = []
    for at, column in enumerate(zip(*((1,) * (rank - len(shape)) + shape for shape in shapes), strict=True)):
        sizes = sorted(set(column) - {1})
        if len(sizes) > 1:
            refuse(f"needs equal shapes, or 1 where they differ; received {listed(list(map(show, shapes)), ' and ')}", f"axis {at} has {listed(column, ' and ')}",
                   "channels" if at == 1 else "spatial")
        out.append(sizes[0] if sizes else 1)
    return tuple(out)


def no_crossing(shape: Shape, inputs: Sequence[Shape]) -> None:
    """Refuse a result in which axes that were not aligned make every sample meet every other."""
    batches = [sum(carries_batch((size,)) for size in one) for one in (shape, *inputs)]
    if batches[0] > max(batches[1:]) and len({len(one) for one in inputs}) > 1:
        refuse(f"needs inputs with equally many axes; received {listed(list(map(show, inputs)), ' and ')}",
               f"the result would be {show(shape)}: every sample with every other", "rank")


def of_one_sample(total: int) -> int:
    """A count that grows with the batch, for one sample."""
    while total and total % BATCH == 0:
        total //= BATCH
    return total


def work(total: int) -> dict[str, object]:
    """The sizes of a layer whose `macs` is "total": multiply-adds of all that comes in."""
    return {"N": 1, "total": of_one_sample(total)}


def same(values: Values, x: Shape) -> Made:
    """Layers that keep the shape whatever it is."""
    return made(x)


def along(values: Values, x: Shape) -> Made:
    """Layers that keep the shape and work along one axis, not the batch."""
    own_axis(x, values["dim"])
    return made(x)
