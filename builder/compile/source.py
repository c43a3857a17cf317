"""Steps to readable Python: the only compiler. module.py runs this text, so what is trained is what is downloaded.

Names are checked identifiers (graph.document.id_problem) and values pass through `ascii`, so no document can put code into it.
"""

from __future__ import annotations

import functools
import inspect

from builder.graph import Project

from .resolve import resolve
from .trace import Step, Trace, trace

CLASS = "Network"


@functools.cache
def signature(module: str) -> dict[str, object]:
    """Argument names of a torch class with their defaults (inspect.Parameter.empty where there is none)."""
    return {name: parameter.default for name, parameter in inspect.signature(resolve(module)).parameters.items()}


def constructor(step: Step) -> str:
    """The line that makes a layer: required arguments first, two of them by position, nothing that torch would choose anyway."""
    required, rest = [], []
    for name, default in signature(step.layer.module).items():
        if name not in step.arguments:
            continue
        value = step.arguments[name]
        if default is inspect.Parameter.empty:
            required.append(ascii(value) if len(required) < 2 else f"{name}={ascii(value)}")
        elif value != default or type(value) is not type(default):
            rest.append(f"{name}={ascii(value)}")
    return f"{step.layer.module.replace('torch.nn.', 'nn.')}({', '.join(required + rest)})"


def plain(text: str) -> str:
    """A user's text for a docstring: one line without quotes, backslashes or anything unprintable."""
    return "".join(c for c in text if c.isprintable() and c not in "\"\\").strip() or "Untitled"


def shape_comment(shape: tuple[int, ...]) -> str:
    return " ".join(["N", *map(str, shape[1:])])


def _aligned(lines: list[tuple[str, str]]) -> list[str]:
    """Code and comment pairs, the comments in one column."""
    width = max((len(code) for code, comment in lines if comment), default=0)
    return [f"{code:{width}}  # {comment}" if comment else code for code, comment in lines]


def _summary(name: str, flow: Trace) -> str:
    return f"{plain(name)}: {shape_comment(flow.entry_shape)} -> {shape_comment(flow.result_shape)}, {flow.params:,} parameters."


def _chain(name: str, flow: Trace) -> str:
    layers = _aligned([(f"            {step.name}={constructor(step)},", shape_comment(step.shape)) for step in flow.steps])
    return "\n".join(["from collections import OrderedDict", "", "from torch import nn", "", "", f"class {CLASS}(nn.Sequential):",
                      f'    """{_summary(name, flow)}"""', "", "    def __init__(self):", "        super().__init__(OrderedDict(", *layers, "        ))", ""])


def _variables(flow: Trace) -> dict[str, str]:
    """Names of values: x for what only the next line reads, the brick's own name for what is kept."""
    names = {flow.entry, *(step.name for step in flow.steps)}
    main = next(name for name in ("x", "h", "value", *(f"x{i}" for i in range(len(names) + 1))) if name not in names)
    readers: dict[str, list[int]] = {name: [] for name in names}
    for i, step in enumerate(flow.steps):
        for source in step.inputs:
            readers[source].append(i)
    readers[flow.result].append(len(flow.steps))
    order = (flow.entry, *(step.name for step in flow.steps))
    return {name: main if readers[name] and set(readers[name]) == {i} else name for i, name in enumerate(order)}


def _expression(step: Step, args: list[str]) -> str:
    if step.layer.operator:
        return f" {step.layer.operator} ".join(args)
    if step.layer.call:
        return step.layer.call.format(args=", ".join(args), **{name: ascii(value) for name, value in step.arguments.items()})
    return f"self.{step.name}({', '.join(args)})"


def _branches(name: str, flow: Trace) -> str:
    variables = _variables(flow)
    made = [f"        self.{step.name} = {constructor(step)}" for step in flow.steps if step.layer.module]
    lines = [(f"        {variables[step.name]} = {_expression(step, [variables[source] for source in step.inputs])}", shape_comment(step.shape))
             for step in flow.steps]
    imports = ["import torch", "from torch import nn"] if any(step.layer.call.startswith("torch.") for step in flow.steps) else ["from torch import nn"]
    return "\n".join([*imports, "", "", f"class {CLASS}(nn.Module):", f'    """{_summary(name, flow)}"""', "", "    def __init__(self):",
                      "        super().__init__()", *made, "", f"    def forward(self, {variables[flow.entry]}):", *_aligned(lines),
                      f"        return {variables[flow.result]}", ""])


def source(project: Project) -> str:
    """The project's network as one Python file that needs torch alone; raises BuildError when the drawing has errors."""
    flow = trace(project)
    body = _chain(project.name, flow) if flow.is_chain and flow.steps else _branches(project.name, flow)
    return f'"""{plain(project.name)}, drawn in Brickwork."""\n\n{body}'
