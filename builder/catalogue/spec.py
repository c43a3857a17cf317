"""What a catalogue entry is: one frozen record from which form, validation, shape, formula, constructor and reference page follow.

Standard library only. A shape is a tuple of ints; a size that is a multiple of BATCH grows with the batch, N.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar

from .compiled import Costed, Shaped, factory
from .expressions import CatalogueError, axes, evaluate, names, substituted, written
from .params import Int, Param, form
from .reach import Moves, Reach, Window, elementwise, everything, named, places
from .sizes import BATCH, Shape, carries_batch, show, size_text


@dataclass(frozen=True)
class Rule:
    """A relation that must hold between sizes and parameters; `says` is what the user reads when it does not."""

    holds: str
    says: str
    code: str = ""
    field: str = ""


@dataclass(frozen=True)
class Problem:
    """One reason a layer cannot be built: what is wrong, and the rule with the numbers in it. `code` names the kind of mistake."""

    says: str
    because: str = ""
    code: str = ""
    field: str = ""

    def __str__(self) -> str:
        return f"{self.says} ({self.because})" if self.because else self.says


@dataclass(frozen=True)
class Inference:
    """What follows from the input shapes: the shape of the first output (None when there are problems), the worked formula, every number
    known, and the shapes of the outputs after the first."""

    shape: Shape | None
    problems: tuple[Problem, ...] = ()
    steps: tuple[str, ...] = ()
    env: Mapping[str, object] = field(default_factory=dict)
    others: tuple[Shape, ...] = ()

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """The shapes of all outputs; empty when there are problems."""
        return () if self.shape is None else (self.shape, *self.others)


class Fitting(Inference):
    """An inference without problems whose worked formula and numbers are found when they are asked for: of most bricks nobody does."""

    def __init__(self, shape: Shape, layer: Layer, inputs: Sequence[Shape], given: Mapping[str, object]):
        self.__dict__.update(shape=shape, problems=(), others=(), _asked=(layer, inputs, given))

    @functools.cached_property
    def _told(self) -> Inference:
        layer, inputs, given = self._asked
        return layer.infer(inputs, given)

    @property
    def steps(self) -> tuple[str, ...]:
        """The worked formula."""
        return self._told.steps

    @functools.cached_property
    def env(self) -> Mapping[str, object]:
        """Every number known."""
        layer, inputs, given = self._asked
        return self._told.env if layer.combine or "_told" in self.__dict__ else layer.numbers(inputs[0], given)

    def __eq__(self, other: object) -> bool:
        return self._told == (other._told if isinstance(other, Fitting) else other)

    __hash__ = Inference.__hash__


def bind(side: str, shape: Shape, sizes: dict[str, object]) -> str | None:
    """Bind the axis names of `side` to the sizes of `shape`; the reason why not, when the shape does not fit."""
    tokens = axes(side)
    if "..." in tokens:
        head = tokens.index("...")
        tail = len(tokens) - head - 1
        if len(shape) < head + tail:
            return f"expects at least {head + tail} axes ({side}), received {len(shape)}: {show(shape)}"
        sizes["rest"] = shape[head:len(shape) - tail]
        tokens, shape = tokens[:head] + tokens[head + 1:], shape[:head] + shape[len(shape) - tail:]
    elif len(tokens) != len(shape):
        return f"expects {len(tokens)} axes ({side}), received {len(shape)}: {show(shape)}"
    sizes |= dict(zip(tokens, shape, strict=True))
    return None


def output_shape(side: str, env: Mapping[str, object]) -> Shape:
    """The shape that the right side of a pattern names."""
    out: list[int] = []
    for token in axes(side):
        if token == "...":
            out += env["rest"]
        elif token.startswith("("):
            out.append(math.prod(math.prod(size) if isinstance(size := env[name], tuple) else size for name in token[1:-1].split()))
        else:
            out.append(env[token])
    return tuple(out)


# A layer whose shape no pattern says: (input shapes, parameter values) -> (shape, problems, worked steps, numbers for the other formulas).
# A layer of several outputs gives a tuple of shapes.
Combine = Callable[[Sequence[Shape], Mapping[str, object]], tuple[Shape | tuple[Shape, ...] | None, list[Problem], list[str], dict[str, object]]]
# A piece of source with {places}, or what makes it from the parameters.
Template = str | Callable[[Mapping[str, object]], str]


@dataclass(frozen=True)
class Layer:
    """One palette entry.

    `pattern` names the axes before and after; `inferred` reads constructor arguments off the incoming shape; `length` is the formula of
    one spatial axis, in which L is that axis's length; `weights` and `macs` count learned numbers and multiply-adds of one sample.
    `module` is a torch class to construct, `operator` or `call` the expression of a layer without one; `state` (a parameter) and `buffer`
    are what a brick keeps without a class. In the templates {args} are all inputs, {0} the first, {self} what was constructed, {name} a
    parameter, and {name:*} a tuple without its brackets. `unpack` says how the names of several outputs stand before the equals sign;
    `outputs_by` is the parameter that says how many outputs there are; a layer that `moves` gives axes other places. `reads` and `gives` are kinds of numbers: "float", "int", "any";
    "same" gives what comes in. `scope` says where the layer is at home: "network", "block" (the ends of the one and of the other), or ""
    for both. `block` is "own" or "catalogue" for a layer that is itself a network of bricks and can be opened. `builds` makes the
    constructor's arguments of the parameters where they are not the same; `fixed` are arguments that nobody chooses, as they stand in the
    source; `starts` are lines that give the first weights. `example` are shapes of inputs with which it can be shown, where not
    every image does. Of an activation, `span` is the range of what it gives, and `keeps_positive` says that it changes nothing above 0.
    """

    kind: str
    category: str
    summary: str
    source: str
    pattern: str
    stem: str = ""
    module: str = ""
    operator: str = ""
    call: Template = ""
    state: Template = ""
    buffer: Template = ""
    unpack: str = ""
    inferred: Mapping[str, str] = field(default_factory=dict)
    params: tuple[Param, ...] = ()
    keys: tuple[str, ...] = ()
    spatial: tuple[str, ...] = ()
    length: str = ""
    rules: tuple[Rule, ...] = ()
    combine: Combine | None = None
    inputs: tuple[int, int | None] = (1, 1)
    outputs: int = 1
    outputs_by: str = ""
    moves: bool = False
    builds: Callable[[Mapping[str, object]], Mapping[str, object]] | None = None
    fixed: Mapping[str, str] = field(default_factory=dict)
    starts: Template = ""
    reads: str = "float"
    gives: str = "same"
    weights: str = "0"
    macs: str = "0"
    window: Window | Reach | None = None
    keeps: str = "inputs"
    extra: str = "0"
    view: bool = False
    words: str = ""
    scope: str = ""
    input_names: tuple[str, ...] = ()
    output_names: tuple[str, ...] = ()
    block: str = ""
    example: tuple[Shape, ...] = ()
    span: tuple[float, float] | None = None
    keeps_positive: bool = False

    def param(self, name: str) -> Param | None:
        """The parameter called `name`, or None."""
        return next((param for param in self.params if param.name == name), None)

    def unknown(self, given: Mapping[str, object]) -> list[str]:
        """Names in `given` that this layer has no parameter for."""
        return sorted(set(given) - {param.name for param in self.params})

    def values(self, given: Mapping[str, object]) -> dict[str, object]:
        """Every parameter's value: the given one in its normal form, else the default."""
        return {param.name: param.normal(given.get(param.name, param.default)) for param in self.params}

    def leaving(self, given: Mapping[str, object]) -> int:
        """How many outputs a brick with these parameters has; at least one while the parameter that says it is wrong."""
        if not self.outputs_by:
            return self.outputs
        param = self.param(self.outputs_by)
        value = param.normal(given.get(param.name, param.default))
        value = param.default if param.check(value) else value
        return len(value) if isinstance(value, tuple) else value

    def infer(self, inputs: Sequence[Shape], given: Mapping[str, object]) -> Inference:
        """Output shape, all problems and the worked formula for these input shapes and parameters."""
        values = self.values(given)
        problems = [Problem(said, code="value", field=param.name) for param in self.params if (said := param.check(values[param.name]))]
        problems += [Problem(f"{self.kind} has no parameter {name!r:.60}", code="unknown", field=name) for name in self.unknown(given)]
        if problems:
            return Inference(None, tuple(problems))
        return self._combined(inputs, values) if self.combine else self._patterned(inputs[0] if inputs else (), values)

    @functools.cached_property
    def _factory(self) -> Callable[..., tuple[Shaped, Costed]] | None:
        return factory(self)

    def compiled(self, given: Mapping[str, object]) -> tuple[Shaped, Costed] | None:
        """Functions of the inputs' shapes for these parameters, see `compiled`; None where only `infer` can tell."""
        values = self.values(given)
        if self._factory is None or self.unknown(given) or any(param.check(values[param.name]) for param in self.params):
            return None
        try:
            return self._factory(**self._whole(values))
        except (ArithmeticError, TypeError):
            return None  # part of an alternative that these parameters rule out: worked out here, left alone by `infer`

    def _combined(self, inputs: Sequence[Shape], values: dict[str, object]) -> Inference:
        shape, problems, steps, sizes = self.combine(inputs, values)
        known = {**self._whole(values), **sizes}
        if problems or shape is None:
            return Inference(None, tuple(problems), tuple(steps), known)
        first, *others = shape if shape and isinstance(shape[0], tuple) else (shape,)
        return Inference(first, (), tuple(steps), {"N": _lead(inputs), **known}, tuple(others))

    def _patterned(self, shape: Shape, values: dict[str, object]) -> Inference:
        sizes: dict[str, object] = {"rank": len(shape)}
        left, right = (side.strip() for side in self.pattern.split("->"))
        if reason := bind(left, shape, sizes):
            return Inference(None, (Problem(f"{self.kind} {reason}", code="rank"),), env={**values, "rank": len(shape)})
        whole = {**self._whole(values), **sizes}
        # A layer's own size cannot follow the size of the batch: it is built before there is one.
        if grown := [name for name, size in sizes.items() if name not in ("N", "rank", "rest") and carries_batch((size,))]:
            said = f"axis {axes(left).index(grown[0])} ({grown[0]}) grows with the batch; samples must not be mixed"
            return Inference(None, (Problem(said, f"received {show(shape)}", "dim"),), env=whole)
        problems = self._broken(sizes, values, whole)
        steps: list[str] = []
        if not problems:
            problems, steps = self._lengths(sizes, values, whole)
        if problems:
            return Inference(None, tuple(problems), env=whole)
        return Inference(output_shape(right, whole), (), tuple(steps), whole)

    def whole(self, given: Mapping[str, object]) -> dict[str, object]:
        """Parameters as the formulas of the whole layer read them: what may have several axes has a value for each."""
        return self._whole(self.values(given))

    def numbers(self, shape: Shape, given: Mapping[str, object]) -> dict[str, object]:
        """What the formulas of a layer with a pattern read when `shape`, which fits, comes in: sizes, parameters, and lengths of the output."""
        sizes: dict[str, object] = {"rank": len(shape)}
        values = self.values(given)
        bind(self.pattern.split("->")[0].strip(), shape, sizes)
        whole = {**self._whole(values), **sizes}
        for axis, env in self._per_axis(sizes, values) if self.length else ():
            whole[f"{axis}_out"] = evaluate(self.length, env)
        return whole

    def resolved(self, values: Mapping[str, object]) -> dict[str, object]:
        """`values` with None replaced by the parameter that stands for it."""
        stands = self._stands
        return {name: values[stands[name]] if value is None and name in stands else value for name, value in values.items()}

    @functools.cached_property
    def _paired(self) -> Mapping[str, int]:
        """Parameters that may have one value a spatial axis, and how many axes that are."""
        return {param.name: param.axes for param in self.params if getattr(param, "axes", 1) > 1}

    @functools.cached_property
    def _stands(self) -> Mapping[str, str]:
        """What stands for a parameter that is left empty: another parameter."""
        return {param.name: param.otherwise for param in self.params if isinstance(param, Int) and param.otherwise}

    def _whole(self, values: Mapping[str, object]) -> dict[str, object]:
        """Values for formulas of the whole layer: an Int of several axes has a value for each."""
        several = self._paired
        return {name: (value,) * several[name] if name in several and isinstance(value, int) else value
                for name, value in self.resolved(values).items()}

    def _per_axis(self, sizes: Mapping[str, object], values: Mapping[str, object]) -> list[tuple[str, dict[str, object]]]:
        """One environment a spatial axis: pairs reduced to that axis's component, L bound to its length."""
        whole, paired = self._whole(values), self._paired
        return [(axis, {**{name: value[i] if name in paired else value for name, value in whole.items()}, **sizes, "L": sizes[axis]})
                for i, axis in enumerate(self.spatial)]

    def _broken(self, sizes: Mapping[str, object], values: Mapping[str, object], whole: Mapping[str, object]) -> list[Problem]:
        problems: list[Problem] = []
        for rule in self.rules:
            per_axis = self.spatial and names(rule.holds) & {*self._paired, "L"}
            places = self._per_axis(sizes, values) if per_axis else [("", whole)]
            problems += _once(rule, [(axis, env) for axis, env in places if not evaluate(rule.holds, env)])
        return problems

    def _lengths(self, sizes: Mapping[str, object], values: Mapping[str, object],
                 whole: dict[str, object]) -> tuple[list[Problem], list[str]]:
        """The formula of every spatial axis; puts H_out and the like into `whole`."""
        problems, steps = [], []
        for axis, env in self._per_axis(sizes, values) if self.length else []:
            out = evaluate(self.length, env)
            line = f"{axis}_out = {written(self.length, env, {'L': axis})} = {substituted(self.length, env)} = {out}"
            whole[f"{axis}_out"] = out
            steps.append(line)
            if out < 1:
                problems.append(Problem(f"the output would be {out} long along {axis}", line, code="window", field="kernel_size"))
        return problems, steps

    def arguments(self, inference: Inference, given: Mapping[str, object]) -> dict[str, object]:
        """Keyword arguments of the torch constructor; the ones read off the input shape come first."""
        values = self.values(given)
        return {**{argument: inference.env[name] for argument, name in self.inferred.items()}, **(self.builds(values) if self.builds else values)}

    def cost(self, inference: Inference) -> tuple[int, int]:
        """Learned numbers, and multiply-adds of one sample: the formula counts those of one entry of the first axis."""
        env, macs = inference.env, int(evaluate(self.macs, inference.env))
        if macs:
            macs *= env.get("N", BATCH)
            macs //= BATCH if macs % BATCH == 0 else 1
        return int(evaluate(self.weights, env)), macs

    def reach(self, inputs: Sequence[Shape], output: Shape, inference: Inference, given: Mapping[str, object], which: int = 0) -> Sequence[Moves]:
        """Which positions of each input one position of the `which`-th output reads, of that shape; see `reach`."""
        if isinstance(self.window, Window):
            sizes = dict(zip(axes(self.pattern.split("->")[0]), inputs[0], strict=False))
            at = places(self.pattern, output, self.spatial)
            windows = {axis: self.window.along(at[axis], env) for axis, env in self._per_axis(sizes, self.values(given))}
            return [named(self.pattern, inputs[0], output, windows)]
        if self.window:
            return self.window(inputs, output, {**inference.env, **self.resolved(self.values(given))}, which)
        if self.combine or self.length:
            return everything(inputs, output, {})
        return elementwise(inputs, output, {}) if self.pattern == "... -> ..." else [named(self.pattern, inputs[0], output)]

    def kept(self, inference: Inference, inputs: int, outputs: int) -> int:
        """Bytes of one sample that are kept for the backward pass beside the inputs and the output, which hold so many numbers."""
        return int(evaluate(self.extra, {**inference.env, "inputs": inputs, "outputs": outputs}))

    def explain(self, inference: Inference) -> str:
        """One sentence with the numbers of this brick; the summary where they are not known."""
        if not self.words or inference.shape is None:
            return self.summary
        sentence = self.words.format(**{name: _shown(value) for name, value in inference.env.items()})
        return sentence[:1].upper() + sentence[1:]

    def key(self, given: Mapping[str, object]) -> str:
        """The parameters that a person reads first, short: "10, 5×5"."""
        values = self.values(given)
        legal = not any(param.check(values[param.name]) for param in self.params)
        shown = self._whole(values) if legal else given
        return ", ".join(_shown(shown[name])[:40] for name in self.keys if shown.get(name) is not None)

    def to_json(self) -> dict[str, object]:
        """The entry for the canvas: everything that a palette, a form and a tooltip need."""
        return {"kind": self.kind, "category": self.category, "summary": self.summary, "stem": self.stem or self.kind.lower(),
                "inputs": list(self.inputs), "outputs": self.outputs if not self.outputs_by else self.leaving({}),
                "source": self.source, "pattern": self.pattern, "length": self.length, "params": [form(param) for param in self.params], "keys": list(self.keys),
                **{name: list(value) if isinstance(value, tuple) else value for name in ("scope", "input_names", "output_names", "block", "outputs_by")
                   if (value := getattr(self, name))}}

    def verify(self) -> None:
        """Raise CatalogueError when a formula or rule reads a name that nothing provides."""
        if self.outputs_by and self.param(self.outputs_by) is None:
            raise CatalogueError(f"{self.kind}: there is no parameter {self.outputs_by!r} to count the outputs")
        if self.combine:
            return
        left, right = (side.strip() for side in self.pattern.split("->"))
        sizes = {name for token in axes(left) for name in token.strip("()").split()} | {"rank", "rest"}
        known = sizes | {param.name for param in self.params} | {f"{axis}_out" for axis in self.spatial}
        wanted = {"weights": self.weights, "macs": self.macs, **{f"rule {rule.holds!r}": rule.holds for rule in self.rules}}
        for where, formula in {**wanted, "length": self.length or "0"}.items():
            if missing := names(formula) - known - ({"L"} if where not in ("weights", "macs") else set()):
                raise CatalogueError(f"{self.kind}: {where} reads {sorted(missing)}; known names: {sorted(known)}")
        if missing := {name for token in axes(right) for name in token.strip("()").split()} - known - {"..."}:
            raise CatalogueError(f"{self.kind}: the output pattern reads {sorted(missing)}")


def _lead(inputs: Sequence[Shape]) -> int:
    """The first axis of what comes in, that carries the batch where any does."""
    return next((shape[0] for shape in inputs if carries_batch(shape[:1])), inputs[0][0] if inputs and inputs[0] else BATCH)


def _shown(value: object) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, tuple):
        return "×".join(map(_shown, value))
    return size_text(value) if type(value) is int else str(value)


def _broken_rule(rule: Rule, axis: str, env: Mapping[str, object]) -> Problem:
    because = f"needs {written(rule.holds, env, {'L': axis, 'rank': 'axes'})}, here {substituted(rule.holds, env)}"
    return Problem(rule.says.format(**{name: _shown(value) for name, value in env.items()}), because, rule.code, rule.field)


def _once(rule: Rule, broken: list[tuple[str, Mapping[str, object]]]) -> list[Problem]:
    """One problem for every different reason: a square window on a square image is said once, for both axes."""
    axes_of: dict[str, list[str]] = {}
    first: dict[str, Problem] = {}
    for axis, env in broken:
        problem = _broken_rule(rule, axis, env)
        axes_of.setdefault(problem.says, []).append(axis)
        first.setdefault(problem.says, problem)
    along = "L" in names(rule.holds)
    return [replace(problem, says=f"{says} along {' and '.join(axes_of[says])}") if along and axes_of[says][0] else problem
            for says, problem in first.items()]


@dataclass(frozen=True)
class Record:
    """A choice that is not a brick (a loss, an optimiser, a schedule, an initialiser): what it is, what it takes and which torch object it names.

    `state` is how many numbers an optimiser keeps for every weight, `fused` whether torch can bring these and the weights up to date in one pass,
    `formula` what a schedule makes of the learning rate; what the torch object is not given is in `ours`.
    """

    kind: str
    summary: str
    source: str
    module: str = ""
    params: tuple[Param, ...] = ()
    rules: tuple[Rule, ...] = ()
    packed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    state: str = "0"
    formula: str = ""
    ours: tuple[str, ...] = ()
    fused: bool = False

    def arguments(self, given: Mapping[str, object]) -> dict[str, object]:
        """Keyword arguments of the torch object; `packed` parameters go into one tuple."""
        values = self.values(given)
        inside = {name for parts in self.packed.values() for name in parts} | set(self.ours)
        return {**{name: value for name, value in values.items() if name not in inside},
                **{name: tuple(values[part] for part in parts) for name, parts in self.packed.items()}}

    def values(self, given: Mapping[str, object]) -> dict[str, object]:
        """Every parameter's value: the given one, else the default."""
        return {param.name: param.normal(given.get(param.name, param.default)) for param in self.params}

    def numbers(self, given: Mapping[str, object]) -> int:
        """How many numbers an optimiser with these parameters keeps for every weight; those of a record that has them wrong count as default."""
        values = self.values(given)
        legal = all(not param.check(values[param.name]) for param in self.params)
        return int(evaluate(self.state, values if legal else self.values({})))

    def check(self, given: Mapping[str, object]) -> list[Problem]:
        """All reasons why `given` is not allowed."""
        values = self.values(given)
        problems = [Problem(said, code="value", field=param.name) for param in self.params if (said := param.check(values[param.name]))]
        problems += [Problem(f"{self.kind} has no parameter {name!r:.60}; it has {', '.join(values)}", code="unknown", field=name)
                     for name in sorted(set(given) - set(values))]
        return problems or [_broken_rule(rule, "", values) for rule in self.rules if not evaluate(rule.holds, values)]


Entry = TypeVar("Entry")


class Registry(Generic[Entry]):
    """Entries by kind, in the order of declaration; a second entry of one kind is an error, never a replacement."""

    def __init__(self, what: str):
        self.what, self._entries = what, {}

    def register(self, entry: Entry, name: str | None = None) -> Entry:
        """Add `entry`; raises CatalogueError when its kind is taken or a formula in it cannot be evaluated."""
        kind = name or entry.kind
        if kind in self._entries:
            raise CatalogueError(f"{self.what} {kind!r} is declared twice")
        if isinstance(entry, Layer):
            entry.verify()
        self._entries[kind] = entry
        return entry

    def __getitem__(self, kind: str) -> Entry:
        if kind not in self._entries:
            raise CatalogueError(f"there is no {self.what} called {kind!r}; there are {', '.join(self._entries)}")
        return self._entries[kind]

    def get(self, kind: object) -> Entry | None:
        """The entry called `kind`, or None."""
        return self._entries.get(kind) if isinstance(kind, str) else None

    def __contains__(self, kind: object) -> bool:
        return isinstance(kind, str) and kind in self._entries

    def __iter__(self):
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def values(self):
        """All entries, in the order of declaration."""
        return self._entries.values()

    def items(self):
        """All (kind, entry) pairs, in the order of declaration."""
        return self._entries.items()


LAYERS: Registry[Layer] = Registry("layer")
LOSSES: Registry[Record] = Registry("loss")
OPTIMIZERS: Registry[Record] = Registry("optimiser")
INITIALIZERS: Registry[Record] = Registry("initialiser")
SCHEDULES: Registry[Record] = Registry("schedule")
CLIPPINGS: Registry[Record] = Registry("gradient clipping")
STOPPINGS: Registry[Record] = Registry("early stopping")
AVERAGES: Registry[Record] = Registry("average of weights")

CATEGORIES = ("Input and output", "Convolution", "Pooling", "Linear", "Activation", "Regularisation", "Normalisation", "Attention", "Sequence", "Shape",
              "Resampling", "Merge", "Arithmetic", "Reduction", "Fourier", "Values", "Blocks")


def register(layer: Layer) -> Layer:
    """Add a layer to the catalogue."""
    if layer.category not in CATEGORIES:
        raise CatalogueError(f"{layer.kind}: {layer.category!r} is not a category; there are {', '.join(CATEGORIES)}")
    return LAYERS.register(layer)
