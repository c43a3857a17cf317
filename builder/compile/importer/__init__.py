"""Any nn.Module to a drawing: one forward pass is recorded, said in bricks, put into blocks, and held against the model before it is given."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import nn

from builder.catalogue import carries_batch
from builder.compile.module import load
from builder.compile.source import written
from builder.compile.trace import BuildError, trace
from builder.graph import Project

from .emit import Emitter
from .record import Call, ImportRefused, Op, record, values_in, without_numbers
from .translate import Translator, named_results
from .tree import Levels, shared
from .verify import verify, weights_of
from .whole import Whole, whole

__all__ = ["ImportRefused", "Imported", "import_module"]

SIZES = (2, 3)  # samples of the two recordings


@dataclass(frozen=True, eq=False)
class Imported:
    """A model as a drawing: `weights` are its tensors under the network's keys, `mapping` says which of the model's own keys each comes from
    (None for a constant), `difference` is the largest one found between the outputs of both, relative to the largest output, `source` the
    network's text, `title` what its weights are called."""

    project: Project
    weights: Mapping[str, torch.Tensor]
    mapping: Mapping[str, str | None]
    difference: float
    source: str = field(repr=False, default="")
    title: str = ""


def import_module(module: nn.Module, example: torch.Tensor | Sequence[torch.Tensor], name: str = "") -> Imported:
    """The drawing of a module, checked against it on inputs of the shape (N ...) of `example`, one tensor an argument of its forward.

    The module itself is not changed. Raises ImportRefused, naming the operation and where it stands, when it cannot be said in bricks.
    """
    examples = [example] if isinstance(example, torch.Tensor) else list(example)
    if not examples or any(not isinstance(one, torch.Tensor) or not one.ndim or not len(one) for one in examples):
        raise ImportRefused("the example must be a tensor of one sample or more, or one for each argument of forward")
    _fit_for_bricks(module)
    with _undisturbed(module):
        training, evaluation = _recorded(module, examples)
        levels, root, outputs = _drawn(module, training, evaluation)
        emitter = Emitter(root, levels.numbers)
        inputs = _input_names(module, examples)
        project, names = emitter.project(name or type(module).__name__, inputs, [(one, when) for one, when, _ in outputs])
        try:
            network_trace = trace(project)
        except BuildError as error:
            raise ImportRefused(f"the drawing of {project.name} has errors: {error}") from None
        text = written(network_trace, project.name)
        with torch.device("meta"):  # its own weights are not wanted, so none are drawn
            network = load(text)
        sources = {key: emitter.source(key, names) for key in network.state_dict()}
        state = _state(module)
        weights = weights_of(state, network, sources)
        network.load_state_dict(weights, assign=True)
        worst = verify(module, network, examples, {one: (inside or None) for one, _, inside in outputs})
    mapping = {key: source if isinstance(source, str) else None for key, source in sources.items()}
    return Imported(project, weights, mapping, worst, text)


def _fit_for_bricks(module: nn.Module) -> None:
    """Refuse what no drawing can hold, whatever its forward does."""
    if not isinstance(module, nn.Module):
        raise ImportRefused(f"{type(module).__name__} is no torch.nn.Module")
    for name, parameter in module.named_parameters():
        if nn.parameter.is_lazy(parameter):
            raise ImportRefused(f"{name} has no shape yet: run the module once before it is imported")
        if parameter.device.type != "cpu" or parameter.dtype != torch.float32:
            raise ImportRefused(f"{name} is {str(parameter.dtype).removeprefix('torch.')} on {parameter.device}; a drawing's weights are float32 on the CPU: "
                                "module.float().cpu() makes them so")


@contextlib.contextmanager
def _undisturbed(module: nn.Module) -> Iterator[None]:
    """The mode of every module is as before afterwards."""
    modes = [(one, one.training) for one in module.modules()]
    try:
        yield
    finally:
        for one, training in modes:
            one.training = training


def _state(module: nn.Module) -> dict[str, torch.Tensor]:
    """Every tensor of a model by its name, those too that it does not save."""
    return {**dict(module.named_buffers(remove_duplicate=False)), **dict(module.named_parameters(remove_duplicate=False)), **module.state_dict()}


@dataclass(frozen=True, eq=False)
class _Recording:
    """One mode's recordings, with the modules that are one brick and what is read from several places."""

    calls: tuple[Call, ...]
    leaves: Mapping[str, Whole]
    raw: frozenset[str]
    again: Mapping[int, Call | Op]


def _recorded(module: nn.Module, examples: list[torch.Tensor]) -> tuple[_Recording, Call]:
    """Training at two sizes, evaluation at one."""
    training = _record(module, examples, True, SIZES)
    return training, _record(module, examples, False, SIZES[:1]).calls[0]


def _record(module: nn.Module, examples: list[torch.Tensor], training: bool, sizes: tuple[int, ...]) -> _Recording:
    looked_into: set[str] = set()
    while True:
        # A fresh copy each time: some models keep what they have worked out.
        model = without_numbers(module).train(training)
        leaves = {path: found for path, one in model.named_modules() if path not in looked_into and (found := whole(one)) is not None}
        modules = {one for path, one in model.named_modules() if path in leaves}
        calls = tuple(record(model, [one[:1].expand(size, *one.shape[1:]) for one in examples], modules) for size in sizes)
        raw, again = shared(calls[0])
        # A layer whose weights others read as well takes them by wire.
        lent = {op.path for op in calls[0].ops() if op.module is not None and raw.intersection(op.names)}
        if not lent - looked_into:
            return _Recording(calls, leaves, raw, again)
        looked_into |= lent


def _drawn(module: nn.Module, training: _Recording, evaluation: Call) -> tuple:
    """The levels, the outermost of them, and what leaves it: (name, when, its name in evaluation)."""
    frozen = frozenset(name for name, parameter in module.named_parameters() if not parameter.requires_grad)
    translator = Translator(training.calls[:2], SIZES, training.leaves, training.raw, frozen)
    flat = translator.flat()
    if not flat.inputs or any(not carries_batch(wire.shape[:1]) for wire in flat.inputs):
        raise ImportRefused("the first axis of every input must be the batch")
    always = _also_in_evaluation(training.calls[0], evaluation)
    known = dict(flat.results)
    outputs = [*((name, "always", twin) for name, twin in always.items()), *((name, "training", "") for name in known if name not in always)]
    flat.results = [(name, known[name]) for name, _, _ in outputs]
    if any(0 in wire.shape for _, wire in flat.results):
        raise ImportRefused("an output of the model is a tensor without a single number, which no brick gives")
    levels = Levels(flat, training.again)
    return levels, levels.network(translator.wires), outputs


def _also_in_evaluation(training: Call, evaluation: Call) -> dict[str, str]:
    """Names of the results that evaluation gives too, in its order, with its names for them; found by what made them where those differ."""
    ours, theirs = (dict(named_results(call.result)) for call in (training, evaluation))
    if ours.keys() == theirs.keys():
        return {name: name for name in theirs}
    ops = iter(training.ops())
    made: dict[int, object] = {}
    for op in evaluation.ops():
        twin = next((one for one in ops if (one.name, one.path, one.call.path) == (op.name, op.path, op.call.path)), None)
        if twin is None:
            raise ImportRefused(f"{op.name} in {op.where} happens in evaluation only, and what evaluation gives is not what training gives")
        made |= {id(mine): his for mine, his in zip(values_in(op.result), values_in(twin.result), strict=False)}
    names = {id(value): name for name, value in ours.items()}
    found = {names.get(id(made.get(id(value)))): name for name, value in theirs.items()}
    if None in found or len(found) < len(theirs):
        raise ImportRefused("evaluation gives a result that training does not give; a drawing has outputs that are always there, or in training only")
    return found


def _input_names(module: nn.Module, examples: list[torch.Tensor]) -> list[str]:
    """What forward calls its arguments; an image where it only says x."""
    names = list(inspect.signature(module.forward).parameters)
    plain = {"x", "input", "inputs", "args", "X"}
    return [("image" if example.ndim == 4 and example.shape[1] in (1, 3, 4) else "x") if i >= len(names) or names[i] in plain else names[i]
            for i, example in enumerate(examples)]
