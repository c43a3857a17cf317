"""All of a drawing that can run, also while the rest of it has errors: one text whose result is every brick's value."""

from __future__ import annotations

from dataclasses import dataclass

from builder.catalogue import Shape
from builder.graph import Report

from .source import CLASS, _assigned, _made, plain
from .trace import Step, _step


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
    """Everything of a checked drawing that has a shape; layers are made in the order of `source`, so that a seed gives them the same weights."""
    placed = {name: brick for name, brick in report.analysis.placed.items() if brick.shape is not None}
    entries = {name: brick.shape for name, brick in placed.items() if brick.node.kind == "Input"}
    ends = {name: brick for name, brick in placed.items() if brick.node.kind == "Output"}
    steps = [_step(report, brick) for name, brick in placed.items() if name not in entries and name not in ends]
    costs = [brick.cost for brick in placed.values()]
    text = _text(name, list(entries), steps, {name: report.analysis.network.into(name)[0].source for name in ends}, report.analysis.used)
    return Partial(text, entries, {name: brick.shape for name, brick in placed.items()}, sum(params for params, _ in costs),
                   sum(macs for _, macs in costs), sum(_values(brick.shape) for brick in placed.values()))


def _values(shape: Shape) -> int:
    count = 1
    for size in shape[1:]:
        count *= size
    return count


def _text(name: str, entries: list[str], steps: list[Step], ends: dict[str, str], used: frozenset[str]) -> str:
    layers = [step for step in steps if step.layer.module]
    made = [_made(f"        self.{step.name} = ", step) for step in sorted(layers, key=lambda step: step.name not in used)]
    lines = [_assigned(step.name, step, list(step.inputs)) for step in steps]
    lines += [f"        {end} = {source}" for end, source in ends.items()]
    table = [f"            {ascii(value)}: {value}," for value in (*entries, *(step.name for step in steps), *ends)]
    return "\n".join([f'"""{plain(name)}: every value."""', "", "import torch", "from torch import nn", "", "", f"class {CLASS}(nn.Module):",
                      "    def __init__(self):", "        super().__init__()", *made, "", f"    def forward({', '.join(['self', *entries])}):", *lines,
                      "        return {", *table, "        }", ""])
