"""A checked drawing as a flat list of steps in the order they run. No torch."""

from __future__ import annotations

from dataclasses import dataclass

from builder.catalogue import Layer, Shape
from builder.graph import Project, Report, check
from builder.graph.analysis import Placed


class BuildError(ValueError):
    """The drawing cannot be built; the message names the bricks, the rules and the numbers."""


@dataclass(frozen=True)
class Step:
    """One line of the network: `name` holds the result of `layer` on the values called `inputs`."""

    name: str
    layer: Layer
    inputs: tuple[str, ...]
    shape: Shape
    arguments: dict[str, object]


@dataclass(frozen=True)
class Trace:
    """The steps from the Input to the Output; `result` is the value that the network returns."""

    entry: str
    entry_shape: Shape
    steps: tuple[Step, ...]
    result: str
    result_shape: Shape
    params: int

    @property
    def is_chain(self) -> bool:
        """Does every step read just the step before it?"""
        before = (self.entry, *(step.name for step in self.steps))
        return all(step.inputs == (name,) for step, name in zip(self.steps, before, strict=False)) and self.result == before[-1]


def _step(report: Report, placed: Placed) -> Step:
    sources = tuple(edge.source for edge in report.analysis.network.into(placed.node.id))
    return Step(placed.node.id, placed.layer, sources, placed.shape, placed.layer.arguments(placed.inference, placed.node.params))


def trace(project: Project, report: Report | None = None) -> Trace:
    """The steps of a project's network; raises BuildError when the drawing has errors."""
    report = report or check(project)
    if report.errors:
        more = f"; and {len(report.errors) - 5} more" if len(report.errors) > 5 else ""
        raise BuildError("; ".join(map(str, report.errors[:5])) + more)
    analysis = report.analysis
    used = [placed for name, placed in analysis.placed.items() if name in analysis.used]
    entry = next(placed for placed in used if placed.node.kind == "Input")
    end = next(placed for placed in used if placed.node.kind == "Output")
    steps = tuple(_step(report, placed) for placed in used if placed.node.kind not in ("Input", "Output"))
    return Trace(entry.node.id, entry.shape, steps, analysis.network.into(end.node.id)[0].source, end.shape, report.params)
