"""What a composite is: a catalogue entry whose body wires other entries together. Shape, cost, source and drawing follow from the body.

A body is traced on shapes, so it may look at them: a shortcut is projected where the shape changes, and nowhere else.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ..expressions import CatalogueError
from ..params import Int, Param, form
from ..sizes import show
from ..spec import LAYERS, Problem, Registry, Shape

# One block may stand for this many copies in a row; the layers inside count towards the limits of the whole drawing.
REPEAT = Int("repeat", 1, "copies in a row, each with weights of its own", max=1000)
# The code of a problem of a brick inside, but for a wrong number of axes: what mends that brick is not within the user's reach.
INSIDE = "inside"
BLOCK_CATEGORIES = ("Convolution blocks", "Residual blocks", "Inception blocks", "U-Net blocks", "Segmentation blocks", "Detection blocks",
                    "Image-to-image blocks", "Generative blocks", "Transformer blocks", "Geometry blocks", "Fourier blocks")

# (name of the step or input that gives the value, which of its outputs)
Source = tuple[str, int]


@dataclass(frozen=True)
class Value:
    """A tensor that does not exist yet: where it comes from, and its shape."""

    source: Source
    shape: Shape

    @property
    def channels(self) -> int:
        """The length of the axis after the batch."""
        return self.shape[1]


@dataclass(frozen=True)
class TracedStep:
    """One brick of a traced body: its name, what it is, the parameters that the body sets, what its inputs read, and whose weights it uses."""

    name: str
    kind: str
    params: Mapping[str, object]
    inputs: tuple[Source, ...]
    of: str | None = None


@dataclass(frozen=True)
class Traced:
    """A body for certain input shapes: its bricks in the order they run, the names of its inputs and outputs, and what leaves it.

    With problems, `steps` ends at the brick that cannot be built, and `outputs` and `shapes` are empty.
    """

    steps: tuple[TracedStep, ...]
    inputs: tuple[str, ...]
    output_names: tuple[str, ...]
    outputs: tuple[Source, ...] = ()
    shapes: tuple[Shape, ...] = ()
    problems: tuple[Problem, ...] = ()


class _Refused(Exception):
    """A brick inside cannot be built."""

    def __init__(self, problems: Sequence[Problem]):
        super().__init__(str(problems[0]))
        self.problems = tuple(problems)


class Body:
    """What a body wires with: `g.Kind(value, ..., param=...)` adds a brick and gives its output, a tuple where there are several.

    Bricks are named after their kind's stem and counted (conv1, conv2), or as `name=` says; `of=` names the brick whose weights it uses.
    """

    def __init__(self, taken: Sequence[str] = ()):
        self.steps: list[TracedStep] = []
        self._taken = set(taken)
        self._counts: dict[str, int] = {}

    def __getattr__(self, kind: str) -> Callable[..., Value]:
        entry = LAYERS.get(kind) or COMPOSITES.get(kind)
        if entry is None:
            raise CatalogueError(f"there is no brick called {kind!r} to wire")
        return functools.partial(self._add, entry)

    def _add(self, entry, *values: Value, name: str | None = None, of: str | None = None, **params: object):
        name = self._named(entry.stem or entry.kind.lower(), name)
        if of is not None:
            params = next(step.params for step in self.steps if step.name == of)
        self.steps.append(TracedStep(name, entry.kind, params, tuple(value.source for value in values), of))
        shapes, problems = _shapes(entry, [value.shape for value in values], params)
        if problems:
            raise _Refused([Problem(f"{name}: {problem.says}", problem.because, problem.code if problem.code == "rank" else INSIDE)
                            for problem in problems])
        made = tuple(Value((name, output), shape) for output, shape in enumerate(shapes))
        return made[0] if len(made) == 1 else made

    def require(self, holds: bool, says: str, code: str = "value") -> None:
        """Refuse to go on, in a person's words, unless a relation holds that no brick inside would state as plainly."""
        if not holds:
            raise _Refused([Problem(says, code=code)])

    def _named(self, stem: str, name: str | None) -> str:
        if name is None:
            self._counts[stem] = self._counts.get(stem, 0) + 1
            name = f"{stem}{self._counts[stem]}"
        if name in self._taken:
            raise CatalogueError(f"two bricks of one body are called {name!r}")
        self._taken.add(name)
        return name


def _shapes(entry, shapes: Sequence[Shape], params: Mapping[str, object]) -> tuple[tuple[Shape, ...], tuple[Problem, ...]]:
    if isinstance(entry, Composite):
        traced = entry.trace(shapes, params)
        return traced.shapes, traced.problems
    found = entry.compiled(params) if entry.inputs[0] <= len(shapes) <= (entry.inputs[1] or len(shapes)) else None
    shape = found[0](*shapes) if found and shapes else None
    if shape is not None:
        return (shape,), ()
    inference = entry.infer(shapes, params)
    return inference.shapes, inference.problems


@dataclass(frozen=True)
class Composite:
    """A palette entry made of other entries. `body` wires them on shapes; `example` is a set of input shapes that it can be shown with."""

    kind: str
    category: str
    summary: str
    source: str
    params: tuple[Param, ...]
    body: Callable
    input_names: tuple[str, ...]
    output_names: tuple[str, ...]
    example: tuple[Shape, ...]
    stem: str = ""
    keys: tuple[str, ...] = ()

    @property
    def inputs(self) -> tuple[int, int]:
        """Fewest and most inputs, as of a layer."""
        return len(self.input_names), len(self.input_names)

    @property
    def outputs(self) -> int:
        """How many values leave it."""
        return len(self.output_names)

    def param(self, name: str) -> Param | None:
        """The parameter called `name`, or None."""
        return next((param for param in self.params if param.name == name), None)

    def unknown(self, given: Mapping[str, object]) -> list[str]:
        """Names in `given` that this composite has no parameter for."""
        return sorted(set(given) - {param.name for param in self.params})

    def values(self, given: Mapping[str, object]) -> dict[str, object]:
        """Every parameter's value: the given one in its normal form, else the default."""
        return {param.name: param.normal(given.get(param.name, param.default)) for param in self.params}

    def check(self, given: Mapping[str, object]) -> list[Problem]:
        """All reasons why `given` is not allowed, whatever the inputs."""
        values = self.values(given)
        problems = [Problem(said, code="value", field=param.name) for param in self.params if (said := param.check(values[param.name]))]
        return problems + [Problem(f"{self.kind} has no parameter {name!r:.60}", code="unknown", field=name) for name in self.unknown(given)]

    def trace(self, inputs: Sequence[Shape], given: Mapping[str, object]) -> Traced:
        """The bricks of one copy for these input shapes and parameters; never raises for what a user can set."""
        if problems := self.check(given):
            return Traced((), self.input_names, self.output_names, problems=tuple(problems))
        if len(inputs) != len(self.input_names):
            says = f"{self.kind} reads {', '.join(self.input_names)}: {len(self.input_names)} inputs, here {len(inputs)}"
            wrong = Problem(says, code="unconnected")
            return Traced((), self.input_names, self.output_names, problems=(wrong,))
        # Bodies look at the channels of what enters them.
        for name, shape in zip(self.input_names, inputs, strict=True):
            if len(shape) >= 2:
                continue
            says = f"{self.kind} expects at least 2 axes (N C) of {name}, received {len(shape)}: {show(shape)}"
            return Traced((), self.input_names, self.output_names, problems=(Problem(says, code="rank"),))
        values = self.values(given)
        values.pop(REPEAT.name, None)
        return _traced(self.kind, tuple(inputs), tuple(values.items()))

    def key(self, given: Mapping[str, object]) -> str:
        """The parameters that a person reads first, short: "64, 2"."""
        values = self.values(given)
        return ", ".join(str(values[name])[:40] for name in self.keys if values[name] is not None)

    def to_json(self) -> dict[str, object]:
        """The entry for the canvas, in the form of a layer's, with the names of its inputs and outputs."""
        return {"kind": self.kind, "category": self.category, "summary": self.summary, "stem": self.stem or self.kind.lower(),
                "inputs": list(self.inputs), "outputs": self.outputs, "source": self.source, "pattern": "", "length": "",
                "params": [form(param) for param in self.params], "keys": list(self.keys),
                "block": "catalogue", "input_names": list(self.input_names), "output_names": list(self.output_names)}


COMPOSITES: Registry[Composite] = Registry("composite")


# The arguments are checked values: of one parameter they all have one type, so that equal ones mean the same.
@functools.lru_cache(maxsize=4096)
def _traced(kind: str, shapes: tuple[Shape, ...], values: tuple[tuple[str, object], ...]) -> Traced:
    composite = COMPOSITES[kind]
    names = composite.input_names, composite.output_names
    body = Body((*names[0], *names[1]))
    values_in = (Value((name, 0), shape) for name, shape in zip(composite.input_names, shapes, strict=True))
    try:
        returned = composite.body(body, *values_in, **dict(values))
    except _Refused as refused:
        return Traced(tuple(body.steps), *names, problems=refused.problems)
    left = returned if isinstance(returned, tuple) else (returned,)
    if len(left) != composite.outputs:
        raise CatalogueError(f"{kind} declares {composite.outputs} outputs and returns {len(left)}")
    return Traced(tuple(body.steps), *names, tuple(value.source for value in left), tuple(value.shape for value in left))


def block(*, category: str, source: str, example: tuple[Shape, ...], params: tuple[Param, ...] = (), outputs: tuple[str, ...] = ("output",),
          stem: str = "", keys: tuple[str, ...] = ()) -> Callable[[Callable], Composite]:
    """Register the decorated body: its name is the kind, its docstring the summary, its arguments the inputs and then the parameters.

    One input and one output can be repeated, so such a composite takes `repeat` as well.
    """

    def declare(body: Callable) -> Composite:
        names = list(inspect.signature(body).parameters)[1:]
        inputs, rest = tuple(names[:len(names) - len(params)]), names[len(names) - len(params):]
        if rest != [param.name for param in params] or not inputs:
            raise CatalogueError(f"{body.__name__} takes {', '.join(names)}; it should take its inputs and then its parameters in their order")
        if body.__name__ in LAYERS or category not in BLOCK_CATEGORIES or set(keys) - set(rest):
            raise CatalogueError(f"{body.__name__}: the kind is a layer's, {category!r} is not a category of blocks, or a key is no parameter")
        if both := set(inputs) & set(outputs):
            raise CatalogueError(f"{body.__name__}: an input and an output are called {min(both)!r}")
        repeated = (REPEAT,) if len(inputs) == len(outputs) == 1 else ()
        return COMPOSITES.register(Composite(body.__name__, category, inspect.getdoc(body), source, (*params, *repeated), body,
                                             inputs, outputs, example, stem, keys or tuple(rest[:1])))

    return declare
