"""All of a drawing that can run, also while the rest of it has errors: one text whose result is every brick's value."""

from __future__ import annotations

from dataclasses import dataclass

from builder.catalogue import Shape
from builder.graph import Report

from .share import CLASS, shared_classes
from .source import calls, class_text, constructors, imports, plain, variables
from .trace import Trace, Value, everything


@dataclass(frozen=True)
class Partial:
    """A text as `source` writes it, whose `forward` takes a tensor an entry and returns a table of values by the bricks' names.

    `entries` are the Inputs with their shapes (N ...), `values` all bricks that have a value, `params`, `macs` and `size` what they cost in
    learned numbers, multiply-adds and values of one sample.
    """

    text: str
    entries: dict[str, Shape]
    values: dict[str, Shape]
    params: int
    macs: int
    size: int


def partial(report: Report, name: str = "") -> Partial:
    """Everything of a checked drawing that can run; layers are made in the order of `source`, so that a seed gives them the same weights."""
    flow, values = everything(report)
    placed = report.analysis.placed
    shapes = {brick: placed[brick].shape for brick in values}
    return Partial(_text(name, flow, values, report.analysis.used), dict(zip(flow.entries, flow.entry_shapes, strict=True)), shapes, flow.params,
                   sum(placed[brick].cost[1] for brick in values), sum(_values(shape) for shape in shapes.values()))


def _values(shape: Shape) -> int:
    count = 1
    for size in shape[1:]:
        count *= size
    return count


def _text(name: str, flow: Trace, values: dict[str, Value], used: frozenset[str]) -> str:
    *blocks, whole = shared_classes(flow)
    names = variables(flow)
    made = constructors(whole)
    first = {step.name for step in flow.steps if step.name in used}
    made = [*(line for line in made if _attribute(line) in first), *(line for line in made if _attribute(line) not in first)]
    table = [f"            {ascii(brick)}: {names[value]}," for brick, value in values.items()]
    forward = ", ".join(["self", *(names[entry, 0] for entry in flow.entries)])
    network = [f"class {CLASS}(nn.Module):", "    def __init__(self):", "        super().__init__()", *made, "",
               f"    def forward({forward}):", *calls(whole, names), "        return {", *table, "        }", ""]
    head = f'"""{plain(name)}: every value."""\n\n{imports([*blocks, whole])}'
    return head + "\n\n".join([*(class_text(block, "") for block in blocks), "\n".join(network)])


def _attribute(line: str) -> str:
    return line.strip().removeprefix("self.").partition(" ")[0]
