"""One forward pass written down: which modules call which, what happens between them, and where every tensor comes from.

The pass runs on torch's meta device (shapes, no numbers), so that it costs milliseconds; what depends on neither inputs nor parameters (masks,
index tables, grids) is worked out for real on the way, in place and with control flow, and stands in the record as a constant.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import torch
from torch import nn
from torch.overrides import TorchFunctionMode, resolve_name
from torch.utils._pytree import tree_flatten, tree_map

from builder.catalogue import BATCH, show


class ImportRefused(ValueError):
    """A model cannot be said in bricks; the message names the operation and the module that it stands in."""


@dataclass(eq=False)
class Value:
    """A tensor of the record: an input or a parameter by its `name`, a `constant` with its numbers, or what an operation gives."""

    shape: tuple[int, ...]
    dtype: torch.dtype
    kind: str = "made"  # input, parameter, constant, made
    name: str = ""
    constant: torch.Tensor | None = None


@dataclass(eq=False)
class Op:
    """A function called on tensors, or a module that is one brick; tensors among `args`, `kwargs` and `result` stand as Values."""

    name: str
    args: tuple
    kwargs: Mapping[str, object]
    result: object
    call: Call
    module: nn.Module | None = None
    path: str = ""
    names: tuple[str, ...] = ()  # of a module's own parameters

    @property
    def where(self) -> str:
        """The module whose forward this stands in, for messages."""
        return self.call.path or "the network itself"


@dataclass(eq=False)
class Call:
    """One call of a module: what happened inside, in order."""

    module: nn.Module
    path: str
    parent: Call | None = None
    args: tuple = ()
    kwargs: Mapping[str, object] = field(default_factory=dict)
    result: object = None
    items: list[Op | Call] = field(default_factory=list)

    def ops(self) -> Iterator[Op]:
        """Every operation inside, in the order they ran."""
        for item in self.items:
            if isinstance(item, Op):
                yield item
            else:
                yield from item.ops()

    def above(self) -> list[Call]:
        """This call and those around it, outermost first."""
        return [*(self.parent.above() if self.parent else []), self]


# What makes a tensor whose numbers depend on nothing but sizes.
FRESH = frozenset({"new_zeros", "new_ones", "new_full", "new_tensor", "zeros_like", "ones_like", "full_like"})
RANDOM = frozenset({"rand", "randn", "randint", "randperm", "normal", "bernoulli", "multinomial", "rand_like", "randn_like", "randint_like",
                    "poisson"})
IN_PLACE = frozenset({"__setitem__", "__iadd__", "__isub__", "__imul__", "__itruediv__", "__ipow__", "__iand__", "__ior__"})
META, CPU = torch.device("meta"), torch.device("cpu")


def op_name(function: Callable) -> str:
    """The last part of a torch function's name; of a property what it is called ("T")."""
    parts = (resolve_name(function) or getattr(function, "__name__", str(function))).split(".")
    # Windows along an axis (Tensor.unfold) and windows as columns (F.unfold) are two things of one name.
    if parts[-1] == "unfold":
        return "windows" if "Tensor" in parts else "columns"
    return parts[-2] if parts[-1] == "__get__" and len(parts) > 1 else parts[-1]


def tensors_in(tree: object) -> list[torch.Tensor]:
    """The tensors in nested arguments."""
    return [leaf for leaf in tree_flatten(tree)[0] if isinstance(leaf, torch.Tensor)]


def values_in(tree: object) -> list[Value]:
    """The Values in nested arguments."""
    return [leaf for leaf in tree_flatten(tree)[0] if isinstance(leaf, Value)]


class Recorder(TorchFunctionMode):
    """Writes down what runs under it. `whole` are the modules that are one brick."""

    def __init__(self, model: nn.Module, whole: Container[nn.Module]):
        super().__init__()
        self.model, self.whole = model, whole
        self.known: dict[int, Value] = {}
        self.buffers: dict[int, tuple[str, int]] = {}
        self.kept: list[torch.Tensor] = []  # so that no id comes twice
        self.sharing: dict[int, list[torch.Tensor]] = {}  # tensors by the memory that they look at
        self.slices: dict[int, tuple[torch.Tensor, int, int, int]] = {}  # a view: (of what, axis, start, stop)
        self.stale: dict[int, str] = {}
        self.quiet = 0
        self._constants: dict[tuple[int, int], Value] = {}
        self._given: tuple[tuple, Mapping] = (), {}
        self.root = self.at = Call(model, "")
        self.entered = False
        self._name_state()

    def _name_state(self) -> None:
        for module in self.model.modules():
            if module in self.whole:
                if isinstance(module, nn.modules.batchnorm._BatchNorm):
                    # Its shape is known, and torch takes long to find it without numbers: a third of the whole recording.
                    module.forward = torch.empty_like
                for name, buffer in module._buffers.items():
                    module._buffers[name] = None if buffer is None else buffer.to(META)
        for name, parameter in self.model.named_parameters():
            self._know(parameter, Value(tuple(parameter.shape), parameter.dtype, "parameter", name))
        for name, buffer in self.model.named_buffers():
            self.kept.append(buffer)
            self.buffers[id(buffer)] = name, buffer._version

    def _know(self, tensor: torch.Tensor, value: Value) -> Value:
        self.kept.append(tensor)
        self.known[id(tensor)] = value
        self.stale.pop(id(tensor), None)
        self.sharing.setdefault(tensor.untyped_storage()._cdata, []).append(tensor)
        return value

    # From tensors to the record.

    def _constant(self, tensor: torch.Tensor) -> Value:
        name, version = self.buffers.get(id(tensor), ("", 0))
        unchanged = name and tensor._version == version
        key = (id(tensor), tensor._version)
        if key not in self._constants:
            self.kept.append(tensor)
            self._constants[key] = Value(tuple(tensor.shape), tensor.dtype, "constant", name if unchanged else "", tensor.detach().clone())
        return self._constants[key]

    def _value(self, leaf: object) -> object:
        if not isinstance(leaf, torch.Tensor):
            return leaf
        if leaf.device != META:
            return self._constant(leaf)
        if id(leaf) in self.stale:
            raise ImportRefused(f"{self.stale[id(leaf)]} writes into memory that is read under another name later, in {self.at.path or 'the network'}")
        if id(leaf) not in self.known:
            raise ImportRefused(f"a tensor appears from nowhere in {self.at.path or 'the network'}: it is no input, parameter, buffer or result")
        return self.known[id(leaf)]

    def values(self, tree: object) -> object:
        """`tree` with Values in the place of its tensors."""
        return tree_map(self._value, tree)

    # What a module's hooks and the mode call.

    def enter(self, module: nn.Module, path: str, args: tuple, kwargs: Mapping) -> tuple[tuple, Mapping] | None:
        """A module is called: a new level, or silence inside one that is whole."""
        with torch._C.DisableTorchFunction():
            return self._enter(module, path, args, kwargs)

    def _enter(self, module: nn.Module, path: str, args: tuple, kwargs: Mapping) -> tuple[tuple, Mapping] | None:
        if self.quiet:
            self.quiet += 1
            return None
        if module is self.model and not self.entered:
            self.entered = True
            self.root.args, self.root.kwargs = self.values(args), self.values(kwargs)
            return None
        if module in self.whole:
            self.quiet = 1
            self._given = self.values(args), self.values(kwargs)
            return tree_map(_to_meta, args), tree_map(_to_meta, dict(kwargs))
        call = Call(module, path, self.at, self.values(args), self.values(kwargs))
        self.at.items.append(call)
        self.at = call
        return None

    def leave(self, module: nn.Module, path: str, args: tuple, result: object) -> None:
        """A module has its result."""
        with torch._C.DisableTorchFunction():
            self._leave(module, path, args, result)

    def _leave(self, module: nn.Module, path: str, args: tuple, result: object) -> None:
        if self.quiet > 1:
            self.quiet -= 1
            return
        if self.quiet == 1:
            self.quiet = 0
            given, named = self._given
            changed = [leaf for leaf in tensors_in(result) if any(leaf is one for one in tensors_in(args))]
            for leaf in changed if getattr(module, "inplace", False) else ():
                self._written(leaf, type(module).__name__)
            self._add(type(module).__name__, given, named, result, module, path)
            return
        self.at.result = self.values(result)
        if self.at is not self.root:
            self.at = self.at.parent

    def _add(self, name: str, args: tuple, kwargs: Mapping, result: object, module: nn.Module | None = None, path: str = "") -> None:
        made = tree_map(lambda leaf: self._know(leaf, Value(tuple(leaf.shape), leaf.dtype)) if isinstance(leaf, torch.Tensor) else leaf, result)
        names = tuple(self.known[id(p)].name for p in module.parameters()) if module is not None else ()
        self.at.items.append(Op(name, args, kwargs, made, self.at, module, path, names))

    def __torch_function__(self, function, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if self.quiet:
            return function(*args, **kwargs)
        name = op_name(function)
        given = tensors_in((args, kwargs))
        random = name in RANDOM
        if name in FRESH or not (random or any(tensor.device == META for tensor in given)):
            return self._for_real(name, function, args, kwargs)
        return self._traced(name, function, args, kwargs)

    def _for_real(self, name: str, function: Callable, args: tuple, kwargs: Mapping) -> object:
        if name.endswith("_") and name[:-1] in ("bernoulli", "normal", "uniform", "exponential", "random"):
            raise ImportRefused(f"{name} draws random numbers in {self.at.path or 'the network'}; only layers that drop or add noise can do that")
        args, kwargs = tree_map(_to_cpu, args), tree_map(_to_cpu, dict(kwargs))
        return function(*args, **kwargs)

    def _traced(self, name: str, function: Callable, args: tuple, kwargs: Mapping) -> object:
        before = self.values(args), self.values(kwargs)
        try:
            result = function(*tree_map(_to_meta, args), **tree_map(_to_meta, dict(kwargs)))
        except ImportRefused:
            raise
        except (RuntimeError, NotImplementedError, TypeError, ValueError) as error:
            said = " ".join(str(error).split())[:200]
            raise ImportRefused(f"{name} in {self.at.path or 'the network'} cannot be followed without numbers ({said})") from None
        if name == "__setitem__":
            self._written(args[0], name)
            self._add(name, *before, args[0])
            self._through_views(args[0])
            return result
        if not tensors_in(result):
            return result
        target = args[0] if args and isinstance(args[0], torch.Tensor) else None
        if target is not None and result is target:
            if not (name in IN_PLACE or name.endswith("_") and not name.endswith("__") or kwargs.get("inplace") or _relu_in_place(name, args)):
                return result  # contiguous(), to(): nothing happened
            self._written(target, name)
        if name == "__getitem__" and target is not None:
            self._note_slice(args[0], args[1], result)
        self._add(name, *before, result)
        if target is not None and result is target:
            self._through_views(target)
        return result

    # Writing in place: the tensor has a new value, and so has everything that looks at the same memory.

    def _written(self, tensor: torch.Tensor, name: str) -> None:
        if tensor.device != META:
            raise ImportRefused(f"{name} writes what depends on the input into a constant, in {self.at.path or 'the network'}")
        for other in self.sharing.get(tensor.untyped_storage()._cdata, ()):
            if other is not tensor:
                self.stale[id(other)] = name

    def _note_slice(self, base: torch.Tensor, index: object, view: torch.Tensor) -> None:
        index = index if isinstance(index, tuple) else (index,)
        cut = [i for i, part in enumerate(index) if part != slice(None)] if all(isinstance(part, slice) for part in index) else []
        if len(cut) == 1 and index[cut[0]].step in (None, 1):
            start, stop, _ = index[cut[0]].indices(base.shape[cut[0]])
            self.slices[id(view)] = base, cut[0], start, stop

    def _through_views(self, tensor: torch.Tensor) -> None:
        """The tensor that a written slice was cut from gets its new numbers."""
        if id(tensor) in self.slices and id(self.slices[id(tensor)][0]) in self.known:
            base, axis, start, stop = self.slices[id(tensor)]
            index = (slice(None),) * axis + (slice(start, stop),)
            self.at.items.append(Op("__setitem__", (self.known[id(base)], index, self.known[id(tensor)]), {},
                                    self._know(base, Value(tuple(base.shape), base.dtype)), self.at))
            self._through_views(base)


def _relu_in_place(name: str, args: tuple) -> bool:
    """F.relu and the like with `inplace` given by position."""
    return name in ("relu", "relu6", "silu", "elu", "leaky_relu", "hardswish", "hardsigmoid", "mish", "selu", "celu") and True in args[1:]


def _to_meta(leaf: object) -> object:
    if isinstance(leaf, torch.Tensor):
        return leaf if leaf.device == META else leaf.to(META)
    return META if isinstance(leaf, torch.device) else leaf


def _to_cpu(leaf: object) -> object:
    if isinstance(leaf, torch.Tensor) and leaf.device == META:
        return torch.empty(leaf.shape, dtype=leaf.dtype)
    return CPU if isinstance(leaf, torch.device) else leaf


def without_numbers(model: nn.Module) -> nn.Module:
    """A copy of a model whose parameters have shapes and no numbers; buffers keep theirs."""
    memo: dict[int, object] = {id(p): nn.Parameter(torch.empty_like(p, device=META), p.requires_grad) for p in model.parameters()}
    try:
        copied = copy.deepcopy(model, memo)
    except (RuntimeError, TypeError, AttributeError) as error:
        raise ImportRefused(f"{type(model).__name__} cannot be copied: {error}") from None
    return copied


def record(model: nn.Module, inputs: Iterable[torch.Tensor], whole: Container[nn.Module]) -> Call:
    """What `model`, a copy without numbers, does with inputs of these shapes; the modules in `whole` are not looked into."""
    recorder = Recorder(model, whole)
    given = []
    for i, tensor in enumerate(inputs):
        entering = torch.empty(tensor.shape, dtype=tensor.dtype, device=META)
        recorder._know(entering, Value(tuple(tensor.shape), tensor.dtype, "input", str(i)))
        given.append(entering)
    handles = []
    for path, module in model.named_modules():
        handles.append(module.register_forward_pre_hook(
            lambda m, args, kwargs, path=path: recorder.enter(m, path, args, kwargs), with_kwargs=True, prepend=True))
        handles.append(module.register_forward_hook(
            lambda m, args, kwargs, result, path=path: recorder.leave(m, path, args, result), with_kwargs=True))
    try:
        with torch.no_grad(), recorder:
            result = model(*given)
    except ImportRefused:
        raise
    except Exception as error:  # noqa: BLE001 - the model's own code may raise anything
        shapes = " and ".join(show((BATCH, *tensor.shape[1:])) for tensor in given)
        said = " ".join(str(error).split())[:300]
        raise ImportRefused(f"the model fails on inputs of {shapes} in {recorder.at.path or 'the network'}: {type(error).__name__}: {said}") from None
    finally:
        for handle in handles:
            handle.remove()
    if recorder.root.result is None:
        recorder.root.result = recorder.values(result)
    return recorder.root
