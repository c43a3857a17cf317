"""Steps to readable Python: the only compiler. module.py runs this text, so what is trained is what is downloaded.

Names are checked identifiers (graph.document.id_problem) and values pass through `ascii`, so no document can put code into it.
"""

from __future__ import annotations

import itertools
import re
import textwrap
from collections.abc import Callable, Mapping

from builder.catalogue import Template, size_text
from builder.graph import Project

from .share import MODULES, REQUIRED, Made, Shared, is_row, shared_classes, signature, typed
from .trace import Step, Trace, Value, trace

LONGEST = 100  # characters of a line before its comment
SENTENCE = 120  # characters of a docstring that stays on one line
COMMENTS = 88  # the column after which comments are not aligned: one long line would carry all others' away
LIKE_NUMBERS = ("l", "O", "I")  # as variables: pycodestyle E741

# What a constructor's argument is in the text: its name when the class takes it, else None.
Names = Callable[[str], str | None]


def plain(text: str) -> str:
    """A user's text for a docstring: one line without quotes, backslashes or anything unprintable."""
    return "".join(c for c in text if c.isprintable() and c not in "\"\\").strip() or "Untitled"


def shape_comment(*shapes: tuple[int, ...]) -> str:
    """Shapes for a comment: "N 10 24 24, N 10"."""
    return ", ".join(" ".join(map(size_text, shape)) or "1" for shape in shapes)


class Written:
    """A value as it stands in a template: {name} as Python writes it, {name:*} a tuple without its brackets, {name:raw} a bare word."""

    def __init__(self, value: object):
        self.value = value

    def __format__(self, how: str) -> str:
        if how == "*":
            return ", ".join(map(ascii, self.value if isinstance(self.value, tuple) else (self.value,)))
        if how == "raw":
            if not isinstance(self.value, str) or not self.value.isidentifier():
                raise ValueError(f"{self.value!r:.60} is no word of the source")
            return self.value
        return ascii(self.value)


def template(text: Template, step: Step) -> str:
    """A layer's template for one step: what depends on the parameters is made from them."""
    return text(step.arguments) if callable(text) else text


def filled(text: str, step: Step, *values: str) -> str:
    """A template with a step's parameters and values in its places."""
    return text.format(*values, **{**{name: Written(value) for name, value in step.arguments.items()}, "self": f"self.{step.owner}"})


def _layer_arguments(step: Step, names: Names) -> list[str]:
    """What the torch class is given: required arguments first, two of them by position, nothing that torch would choose anyway."""
    required, rest = [], []
    for name, default in signature(step.layer.module).items():
        if name not in step.arguments:
            continue
        value, text = step.arguments[name], names(name)
        if default is REQUIRED:
            text = text or ascii(value)
            required.append(text if len(required) < 2 else f"{name}={text}")
        elif text or typed(value) != typed(default):
            rest.append(f"{name}={text or ascii(value)}")
    return [*required, *rest, *(f"{name}={text}" for name, text in step.layer.fixed.items())]


def _block_arguments(made: Made, names: Names) -> list[str]:
    """What a block's class is given: the first argument and sizes by position, the others by name, no value that it takes anyway."""
    parts: list[str] = []
    by_position = True
    for (name, default), value in zip(made.shared.arguments.items(), made.values, strict=True):
        text = names(name)
        by_position = by_position and len(parts) < 2 and default is REQUIRED and (not parts or name.endswith(("channels", "features")))
        if text or default is REQUIRED or typed(value) != typed(default):
            text = text or ascii(value)
            parts.append(text if by_position else f"{name}={text}")
    return parts


def _spread(before: str, items: list[str], after: str, separator: str = ", ") -> str:
    """`before`, the items and `after` on one line; when that is too long, the items on lines of their own between the brackets."""
    line = f"{before}{separator.join(items)}{after}"
    if len(line) <= LONGEST or not items:
        return line
    indent = " " * (len(before) - len(before.lstrip()))
    rows = [f"{indent}    {items[0]}"]
    for item in items[1:]:
        longer = f"{rows[-1]}{separator}{item}"
        rows[-1:] = [longer] if len(longer) <= LONGEST else [f"{rows[-1]}{separator.rstrip()}", f"{indent}    {item}"]
    return "\n".join([before, *rows, f"{indent}{after}"])


def _constructed(shared: Shared, i: int, before: str, after: str = "") -> str:
    """`before`, then the constructor of the `i`-th step's layer or block."""
    step = shared.body.steps[i]
    if kept := step.layer.state or step.layer.buffer:
        return f"{before}{filled(template(kept, step), step)}{after}"
    if not step.runs:
        given = _layer_arguments(step, lambda name: shared.lifted.get((i, 0, name)))
        return _spread(f"{before}{step.layer.module.replace('torch.nn.', 'nn.')}(", given, f"){after}")
    row = shared.made[0][i]
    arguments = [_block_arguments(made, lambda name, number=number: shared.lifted.get((i, number, name)))
                 for number, made in enumerate(row)]
    if not is_row(row):
        return _spread(f"{before}{row[0].shared.name}(", arguments[0], f"){after}")
    copies = []
    for number, (made, given) in enumerate(zip(row, arguments, strict=True)):
        call = f"{made.shared.name}({', '.join(given)})"
        copies.append(f"*({call} for _ in range({_count(made, shared.lifted.get((i, number, None)))}))" if made.is_loop else call)
    return _spread(f"{before}nn.Sequential(", copies, f"){after}")


def _count(made: Made, name: str | None) -> str:
    """How many copies a loop makes, in the text."""
    return str(made.count) if name is None else f"{name} - {made.after}" if made.after else name


def _aligned(lines: list[tuple[str, str]]) -> list[str]:
    """Code with its comments, which stand in one column except after long lines."""
    ends = [len(code.rpartition("\n")[2]) for code, _ in lines]
    width = max((end for end in ends if end <= COMMENTS), default=0)
    return [f"{code}{' ' * (width - end)}  # {comment}" if comment else code for (code, comment), end in zip(lines, ends, strict=True)]


def _sizes(body: Trace) -> str:
    return f"{shape_comment(*body.entry_shapes)} -> {shape_comment(*body.result_shapes)}, {body.params:,} parameters"


def _documented(shared: Shared, name: str) -> list[str]:
    """The docstring of a class, in lines: what a block says of itself; the network's name; shapes where they are always the same."""
    body = shared.body
    if body.kind and body.summary:
        text = plain(body.summary)
        lines = [text] if len(text) <= SENTENCE else textwrap.wrap(text, LONGEST - 10)
    elif body.kind and not shared.alike:
        count = len(body.steps)
        lines = [f"{body.kind}: {count} brick{'' if count == 1 else 's'}."]
    else:
        lines = [f"{body.kind or plain(name)}: {_sizes(body)}."]
    return [f'    """{lines[0]}"""'] if len(lines) == 1 else [f'    """{lines[0]}', *(f"    {line}" for line in lines[1:]), '    """']


def _initialised(shared: Shared) -> str:
    """The head of a class's constructor."""
    arguments = (name if default is REQUIRED else f"{name}={ascii(default)}" for name, default in shared.arguments.items())
    return _spread("    def __init__(", ["self", *arguments], "):")


def _chain(shared: Shared) -> list[str]:
    steps = shared.body.steps
    layers = [(_constructed(shared, i, f"            {step.name}=", ","), shape_comment(*step.shapes) if shared.alike else "")
              for i, step in enumerate(steps)]
    return [_initialised(shared), "        super().__init__(OrderedDict(", *_aligned(layers), "        ))", *_started(shared), *_frozen(shared)]


def _readers(body: Trace) -> dict[Value, list[int]]:
    """Which steps read a value; what is returned is read after the last."""
    readers: dict[Value, list[int]] = {}
    for i, step in enumerate(body.steps):
        text = template(step.layer.call, step)
        for port, value in enumerate(step.inputs):
            # A template may take of an input nothing but its shape, which is known.
            if not text or "{args}" in text or f"{{{port}" in text:
                readers.setdefault(value, []).append(i)
    for value in body.results:
        readers.setdefault(value, []).append(len(body.steps))
    return readers


def variables(body: Trace) -> dict[Value, str]:
    """Names of values: x for what only the next line reads, the brick's own name for what is kept, _ for what nobody reads."""
    readers = _readers(body)
    names = {*body.entries, *(step.name for step in body.steps), *MODULES}
    brief = [_is_brief(step, i, readers) for i, step in enumerate(body.steps)]
    main = _main(body, readers, names, brief.index(True) if True in brief else len(brief))
    # The network's one input is as free to be called x as any value; a block's inputs keep their names.
    entry = readers.get((body.entries[0], 0)) if len(body.entries) == 1 and not body.kind else None
    named = {(name, 0): main if entry and set(entry) == {0} else _free(name, names) for name in body.entries}
    for step, short in zip(body.steps, brief, strict=True):
        several = len(step.shapes) > 1
        for output in range(len(step.shapes)):
            value = (step.name, output)
            name = f"{step.name}_{_port(step, output)}" if several else _free(step.name, names)
            while several and name in names:
                name += "_"
            named[value] = f"self.{step.owner}" if is_kept(step) else "_" if value not in readers else main if short else name
            names.add(name)
    return named


def _free(name: str, names: set[str]) -> str:
    """A brick's name as a variable: one of a module's name would hide it, and one that looks like a number is what linters mind."""
    if name not in MODULES + LIKE_NUMBERS:
        return name
    return next(other for count in itertools.count(1) if (other := name + count * "_") not in names)


def _port(step: Step, output: int) -> str:
    return step.layer.output_names[output] if output < len(step.layer.output_names) else str(output + 1)


def is_kept(step: Step) -> bool:
    """Is its value just what the network keeps, a parameter or a buffer?"""
    return bool(step.layer.state or step.layer.buffer) and not step.layer.call


def _is_brief(step: Step, i: int, readers: dict[Value, list[int]]) -> bool:
    """Is just one value of a step read, and that only by the next line?"""
    read = [set(readers[value]) for output in range(len(step.shapes)) if (value := (step.name, output)) in readers]
    return read == [{i + 1}]


def _main(body: Trace, readers: dict[Value, list[int]], names: set[str], first: int) -> str:
    """The name for passing values: x, unless something else of that name is still read when the first of them is made."""
    is_free = "x" not in names or ("x" in body.entries and max(readers.get(("x", 0), [-1])) <= first)
    return "x" if is_free else next(name for name in ("h", "value", *(f"x{i}" for i in range(len(names) + 1))) if name not in names)


def _assigned(variable: str, step: Step, values: list[str]) -> str:
    """The line of `forward` that gives `variable` the result of a step on `values`."""
    before = f"        {variable} = "
    if step.layer.operator:
        separator = f" {step.layer.operator} "
        line = before + separator.join(values)
        return line if len(line) <= LONGEST else _spread(f"{before}(", values, ")", separator)
    text = template(step.layer.call, step) or "{self}({args})"
    if "{args}" not in text:
        return before + filled(text, step, *values)
    opened, _, closed = text.partition("{args}")
    return _spread(before + filled(opened, step, *values), values, filled(closed, step, *values))


def constructors(shared: Shared) -> list[str]:
    """A line for everything that a class keeps, then what of it is not trained."""
    lines = []
    for i, step in enumerate(shared.body.steps):
        if step.makes and step.layer.buffer:
            lines.append(_constructed(shared, i, f"        self.register_buffer({ascii(step.name)}, ", ")"))
        elif step.makes:
            lines.append(_constructed(shared, i, f"        self.{step.name} = "))
    return lines + _started(shared) + _frozen(shared)


def _started(shared: Shared) -> list[str]:
    """First weights that are not torch's own."""
    texts = [filled(template(step.layer.starts, step), step) for step in shared.body.steps if step.makes and step.layer.starts]
    return [f"        {line}" for text in texts for line in text.splitlines()]


def _frozen(shared: Shared) -> list[str]:
    return [f"        self.{step.name}.requires_grad_(False)" for step in shared.body.steps if step.frozen and step.makes and not step.layer.buffer]


def calls(shared: Shared, variables: Mapping[Value, str]) -> list[str]:
    """The lines of `forward` that work the values out; what only training needs stands under an if."""
    lines: list[tuple[str, str]] = []
    late, under = shared.body.in_training_only, False
    for step in shared.body.steps:
        if is_kept(step):
            continue
        if step.name in late and not under:
            lines.append(("        if self.training:", ""))
        under = step.name in late
        names = [variables[step.name, output] for output in range(len(step.shapes))]
        given = step.layer.unpack.format(*names) if step.layer.unpack else ", ".join(names)
        line = _assigned(given, step, [variables[value] for value in step.inputs])
        lines.append((textwrap.indent(line, "    ") if under else line, shape_comment(*step.shapes) if shared.alike else ""))
    return _aligned(lines)


def _returned(body: Trace, names: Mapping[Value, str]) -> list[str]:
    """The last lines of `forward`."""
    always = [value for i, value in enumerate(body.results) if i not in body.late]
    last = f"        return {', '.join(names[value] for value in always)}"
    if not body.late:
        return [last]
    # The last lines may stand under the if already.
    under = any(step.name in body.in_training_only for step in [step for step in body.steps if not is_kept(step)][-1:])
    return [*([] if under else ["        if self.training:"]), f"            return {', '.join(names[value] for value in body.results)}", last]


def _branches(shared: Shared) -> list[str]:
    body, names = shared.body, variables(shared.body)
    arguments = ", ".join(["self", *(names[name, 0] for name in body.entries)])
    return [_initialised(shared), "        super().__init__()", *constructors(shared), "",
            f"    def forward({arguments}):", *calls(shared, names), *_returned(body, names)]


def class_text(shared: Shared, name: str) -> str:
    """One class; `name` is the project's, for the docstring of the network."""
    base, lines = ("nn.Sequential", _chain(shared)) if shared.body.is_chain else ("nn.Module", _branches(shared))
    return "\n".join([f"class {shared.name}({base}):", *_documented(shared, name), "", *lines, ""])


def imports(classes: list[Shared]) -> str:
    """The imports that the classes need, and the empty lines after them."""
    mentioned = " ".join(_mentions(step) for shared in classes for step in shared.body.steps)
    used = {name for name in MODULES if re.search(rf"(?<![\w.]){name}\.", mentioned)}
    standard = [*(["import math"] if "math" in used else []),
                *(["from collections import OrderedDict"] if any(shared.body.is_chain for shared in classes) else [])]
    others = [*(["import torch"] if "torch" in used else []), *(["import torchvision"] if "torchvision" in used else []), "from torch import nn",
              *(["from torch.nn import functional as F"] if "F" in used else [])]
    return "\n".join([*standard, *([""] if standard else []), *others, "", "", ""])


def _mentions(step: Step) -> str:
    """All of a step's text that can name a module."""
    kept = template(step.layer.state or step.layer.buffer, step) if step.makes else ""
    built = " ".join([step.layer.module.replace("torch.nn.", "nn."), *step.layer.fixed.values()]) if step.makes else ""
    started = template(step.layer.starts, step) if step.makes else ""
    return " ".join([template(step.layer.call, step), kept, built, started])


def source(project: Project) -> str:
    """The project's network as one Python file that needs torch alone; raises BuildError when the drawing has errors."""
    return written(trace(project), project.name)


def written(network: Trace, name: str) -> str:
    """The text of a trace: a class for every kind of block in it, and one for itself."""
    classes = shared_classes(network)
    head = f'"""{plain(name)}, drawn in Brickwork."""\n\n{imports(classes)}'
    return head + "\n\n".join(class_text(shared, name) for shared in classes)
