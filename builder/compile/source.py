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
LONGEST = 100  # characters of a line before its comment
COMMENTS = 88  # the column after which comments are not aligned: one long line would carry all others' away


@functools.cache
def signature(module: str) -> dict[str, object]:
    """Argument names of a torch class with their defaults (inspect.Parameter.empty where there is none)."""
    return {name: parameter.default for name, parameter in inspect.signature(resolve(module)).parameters.items()}


def arguments(step: Step) -> list[str]:
    """What the torch class is given: required arguments first, two of them by position, nothing that torch would choose anyway."""
    required, rest = [], []
    for name, default in signature(step.layer.module).items():
        if name not in step.arguments:
            continue
        value = step.arguments[name]
        if default is inspect.Parameter.empty:
            required.append(ascii(value) if len(required) < 2 else f"{name}={ascii(value)}")
        elif value != default or type(value) is not type(default):
            rest.append(f"{name}={ascii(value)}")
    return required + rest


def _spread(before: str, items: list[str], after: str, separator: str = ", ") -> str:
    """`before`, the items and `after` on one line; when that is too long, the items on lines of their own between the brackets."""
    line = f"{before}{separator.join(items)}{after}"
    if len(line) <= LONGEST:
        return line
    indent = " " * (len(before) - len(before.lstrip()))
    rows = [f"{indent}    {items[0]}"]
    for item in items[1:]:
        longer = f"{rows[-1]}{separator}{item}"
        rows[-1:] = [longer] if len(longer) <= LONGEST else [f"{rows[-1]}{separator.rstrip()}", f"{indent}    {item}"]
    return "\n".join([before, *rows, f"{indent}{after}"])


def _made(before: str, step: Step, after: str = "") -> str:
    """`before`, then the constructor of a layer."""
    return _spread(f"{before}{step.layer.module.replace('torch.nn.', 'nn.')}(", arguments(step), f"){after}")


def plain(text: str) -> str:
    """A user's text for a docstring: one line without quotes, backslashes or anything unprintable."""
    return "".join(c for c in text if c.isprintable() and c not in "\"\\").strip() or "Untitled"


def shape_comment(shape: tuple[int, ...]) -> str:
    """A shape for a comment: "N 10 24 24"."""
    return " ".join(["N", *map(str, shape[1:])])


def _aligned(lines: list[tuple[str, str]]) -> list[str]:
    """Code with its comments, which stand in one column except after long lines."""
    ends = [len(code.rpartition("\n")[2]) for code, _ in lines]
    width = max((end for end in ends if end <= COMMENTS), default=0)
    return [f"{code}{' ' * (width - end)}  # {comment}" for (code, comment), end in zip(lines, ends, strict=True)]


def _summary(name: str, flow: Trace) -> str:
    return f"{plain(name)}: {shape_comment(flow.entry_shape)} -> {shape_comment(flow.result_shape)}, {flow.params:,} parameters."


def _chain(name: str, flow: Trace) -> str:
    layers = _aligned([(_made(f"            {step.name}=", step, ","), shape_comment(step.shape)) for step in flow.steps])
    head = ["from collections import OrderedDict", "", "from torch import nn", "", "", f"class {CLASS}(nn.Sequential):"]
    return "\n".join([*head, f'    """{_summary(name, flow)}"""', "",
                      "    def __init__(self):", "        super().__init__(OrderedDict(", *layers, "        ))", ""])


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


def _assigned(variable: str, step: Step, values: list[str]) -> str:
    """The line of `forward` that gives `variable` the result of a step on `values`."""
    before = f"        {variable} = "
    if step.layer.operator:
        separator = f" {step.layer.operator} "
        line = before + separator.join(values)
        return line if len(line) <= LONGEST else _spread(f"{before}(", values, ")", separator)
    if step.layer.call:
        opened, _, closed = step.layer.call.partition("{args}")
        return _spread(before + opened, values, closed.format(**{name: ascii(value) for name, value in step.arguments.items()}))
    return _spread(f"{before}self.{step.name}(", values, ")")


def _branches(name: str, flow: Trace) -> str:
    variables = _variables(flow)
    made = [_made(f"        self.{step.name} = ", step) for step in flow.steps if step.layer.module]
    lines = [(_assigned(variables[step.name], step, [variables[source] for source in step.inputs]), shape_comment(step.shape))
             for step in flow.steps]
    uses_torch = any(step.layer.call.startswith("torch.") for step in flow.steps)
    head = [*(["import torch"] if uses_torch else []), "from torch import nn", "", "", f"class {CLASS}(nn.Module):"]
    return "\n".join([*head, f'    """{_summary(name, flow)}"""', "",
                      "    def __init__(self):", "        super().__init__()", *made, "",
                      f"    def forward(self, {variables[flow.entry]}):", *_aligned(lines), f"        return {variables[flow.result]}", ""])


def source(project: Project) -> str:
    """The project's network as one Python file that needs torch alone; raises BuildError when the drawing has errors."""
    flow = trace(project)
    body = _chain(project.name, flow) if flow.is_chain and flow.steps else _branches(project.name, flow)
    return f'"""{plain(project.name)}, drawn in Brickwork."""\n\n{body}'
