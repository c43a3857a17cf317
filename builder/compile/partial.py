"""All of a drawing that can run, also while the rest of it has errors: one text that returns every brick's value."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, replace

from builder.catalogue import Shape, per_sample
from builder.graph.analysis import Analysis, Placed

from .source import written
from .trace import ENDS, ENTRIES, Step, Trace, Tracer, Value, origin, used_by


@dataclass(frozen=True)
class Partial:
    """A text as `source` writes it (empty when no layer has anything to work on), whose `forward` takes a tensor an entry and returns `results`.

    `entries` are the Inputs with their shapes (N ...), `values` says which result or entry is a brick's value; `params`, `macs` and `size` are
    what it takes in learned numbers, multiply-adds and kept values of one sample.
    """

    text: str
    entries: Mapping[str, Shape]
    results: tuple[Value, ...]
    values: Mapping[str, Value]
    params: int
    macs: int
    size: int


def partial(analysis: Analysis, name: str = "") -> Partial:
    """Everything in a drawing, or in an opened block, that has a shape.

    What leads to an output is made in the order of `source`, and before everything else, so that a seed gives it the same weights.
    """
    alive = {name: placed for name, placed in analysis.placed.items()
             if placed.shape is not None and None not in placed.shapes}
    entries = {node.id: alive[node.id].shape for node in analysis.network.nodes if node.id in alive and node.kind in ENTRIES}
    values = {name: _value(analysis, placed) for name, placed in alive.items()}
    used = used_by(analysis, [values[name] for name, placed in alive.items() if placed.node.kind in ENDS])
    working = [name for name, value in values.items() if value == (name, 0) and name not in entries]
    tracer = Tracer(analysis.kinds)
    steps = [_step(tracer, analysis, alive[name], alive) for name in sorted(working, key=lambda name: name not in used)]
    results = tuple((step.name, output) for step in steps for output in range(len(step.shapes)))
    shapes = tuple(shape for step in steps for shape in step.shapes)
    costs = [alive[name].cost for name in working]
    params, macs = sum(cost[0] for cost in costs), sum(cost[1] for cost in costs)
    whole = Trace(tuple(entries), tuple(entries.values()), tuple(steps), results, shapes, params)
    return Partial(written(whole, name) if steps else "", entries, results, values, params, macs,
                   sum(map(per_sample, (*entries.values(), *shapes))))


def _value(analysis: Analysis, placed: Placed) -> Value:
    """A brick's (first) value; of an Output and of one that is muted it is what comes in."""
    passes = placed.node.muted or placed.node.kind in ENDS
    return origin(analysis, placed.node.id, 0) if passes and analysis.network.into(placed.node.id) else (placed.node.id, 0)


def _step(tracer: Tracer, analysis: Analysis, placed: Placed, alive: Container[str]) -> Step:
    """A wire that ends where the brick has no place for it is left out."""
    step = tracer.step(analysis, placed, alive)
    return replace(step, inputs=step.inputs[:placed.layer.inputs[1]])


def entering(analysis: Analysis, name: str) -> dict[int, Value]:
    """What enters a brick, by port."""
    return {edge.port: origin(analysis, name, place) for place, edge in enumerate(analysis.network.into(name))}
