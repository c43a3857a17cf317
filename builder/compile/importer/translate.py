"""From a recording to bricks: every operation is looked up in the table, every number that grows with the batch is found."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
from torch.utils._pytree import tree_flatten, tree_unflatten

from builder.catalogue import BATCH, LAYERS

from . import arithmetic, functional, shaping
from .pen import Brick, Pen, Wire, merged
from .record import Call, ImportRefused, Op, Value
from .table import OPS
from .whole import Whole

# Imported for what they say in the table.
FAMILIES = (arithmetic, functional, shaping)


@dataclass(eq=False)
class Flat:
    """A model in bricks, before they are put into blocks: what enters, and what leaves it under which name."""

    root: Call
    inputs: list[Wire]
    bricks: list[Brick]
    results: list[tuple[str, Wire]]


class Translator:
    """Turns two recordings of one model, with `sizes` samples, into bricks."""

    def __init__(self, recordings: tuple[Call, Call], sizes: tuple[int, int], leaves: Mapping[str, Whole], shared: frozenset[str], frozen: frozenset[str]):
        self.one, self.two = recordings
        self.sizes, self.leaves = sizes, leaves
        self.pen = Pen(self.one, shared, frozen)
        self.wires = self.pen.wires

    def flat(self) -> Flat:
        """All operations, in the order they ran."""
        inputs = [self.leaf(a, b) for a, b in zip(*(tree_flatten((call.args, call.kwargs))[0] for call in (self.one, self.two)), strict=True)
                  if isinstance(a, Value)]
        ones, twos = list(self.one.ops()), list(self.two.ops())
        for one, two in zip(ones, twos, strict=False):
            if (one.name, one.path, one.call.path) != (two.name, two.path, two.call.path):
                raise ImportRefused(f"what happens in {one.where} depends on the number of samples: {one.name} for {self.sizes[0]}, {two.name} for {self.sizes[1]}")
            self.translate(one, two)
        if len(ones) != len(twos):
            raise ImportRefused(f"how much happens depends on the number of samples: {len(ones)} operations for {self.sizes[0]}, {len(twos)} for {self.sizes[1]}")
        pairs = zip(named_results(self.one.result), named_results(self.two.result), strict=True)
        self.pen.call, self.pen.op, self.pen.path = self.one, "the result", ""
        return Flat(self.one, inputs, self.pen.bricks, [(name, self.leaf(a, b)) for (name, a), (_, b) in pairs])

    def leaf(self, a: object, b: object) -> object:
        """A number, or the wire of a Value, that stands in both recordings."""
        if not isinstance(a, Value):
            if isinstance(a, slice):
                return slice(*(self.leaf(x, y) for x, y in zip((a.start, a.stop, a.step), (b.start, b.stop, b.step), strict=True)))
            return merged(a, b, self.sizes)
        if id(a) not in self.wires:
            self.wires[id(a)] = self._entering(a, b)
        return self.wires[id(a)]

    def _entering(self, a: Value, b: Value) -> Wire:
        if a.kind == "made":
            raise self.pen.refuse("it reads what no brick gives")
        if a.kind == "constant":
            return self._constant(a, b)
        shape = tuple(merged(one, two, self.sizes) for one, two in zip(a.shape, b.shape, strict=True))
        return Wire(shape, a.dtype, a.kind, a.name)

    def _constant(self, a: Value, b: Value) -> Wire:
        """Numbers that are the same for any batch, or the same row for every sample."""
        x, y = a.constant, b.constant
        if x.shape == y.shape:
            if not torch.equal(x, y) and not torch.allclose(x, y, equal_nan=True, rtol=0, atol=0):
                raise self.pen.refuse("it reads a constant that depends on the number of samples")
            return Wire(a.shape, a.dtype, "constant", a.name, x)
        if x.ndim == y.ndim == 1 and all(torch.equal(one, torch.arange(len(one))) for one in (x, y)):
            return Wire((BATCH,), a.dtype, "constant", "arange", x)
        grows = merged(a.shape[0], b.shape[0], self.sizes) if x.ndim and x.shape[1:] == y.shape[1:] else 0
        if not grows or grows % BATCH or not torch.equal(x, x[:1].expand_as(x)) or not torch.equal(x[:1], y[:1]):
            raise self.pen.refuse("it reads a constant that depends on the number of samples")
        return Wire((grows, *x.shape[1:]), a.dtype, "constant", "", x[:1].clone(), grows=grows // BATCH)

    def tree(self, a: object, b: object) -> object:
        """Arguments of both recordings as one."""
        ones, spec = tree_flatten(a)
        twos, _ = tree_flatten(b)
        if len(ones) != len(twos):
            raise self.pen.refuse("its arguments depend on the number of samples")
        try:
            return tree_unflatten([self.leaf(x, y) for x, y in zip(ones, twos, strict=True)], spec)
        except ValueError as error:
            if isinstance(error, ImportRefused):
                raise
            raise self.pen.refuse(str(error)) from None

    def translate(self, one: Op, two: Op) -> None:
        """One operation as bricks; its result is known from then on."""
        pen = self.pen
        pen.call, pen.op, pen.path, pen.at = one.call, one.name, one.path, one
        args, kwargs = self.tree(one.args, two.args), self.tree(dict(one.kwargs), dict(two.kwargs))
        if one.module is not None:
            made = self.module(self.leaves[one.path], one, args, kwargs)
        elif one.name not in OPS:
            raise pen.refuse("there is no brick for it")
        else:
            made = self.call(OPS[one.name], args, kwargs)
        wires = tree_flatten(made)[0]
        values = [value for value in tree_flatten(one.result)[0] if isinstance(value, Value)]
        twins = [value for value in tree_flatten(two.result)[0] if isinstance(value, Value)]
        for value, twin, wire in zip(values, twins, wires, strict=False):
            shape = tuple(merged(x, y, self.sizes) for x, y in zip(value.shape, twin.shape, strict=True))
            if shape != wire.shape and {shape, wire.shape} != {(), (1,)} and not wire.grows:
                raise pen.refuse(f"the brick would give {wire.shape}, the model {shape}")
            self.wires[id(value)] = wire

    def call(self, says, args: tuple, kwargs: Mapping) -> object:
        """What the table says; arguments that it does not know have no brick."""
        kwargs = {name: value for name, value in kwargs.items() if name not in ("inplace", "out", "memory_format", "device", "layout", "pin_memory", "non_blocking")}
        if any(isinstance(wire, Wire) and not wire.dtype.is_floating_point and wire.dtype not in (torch.int64, torch.bool) and wire.kind == "made"
               for wire in args):
            raise self.pen.refuse("its numbers are of a type that no brick has")
        aliases = {"input": 1, "self": 1, "tensor": 1, "tensors": 1}
        if not args and (first := next((name for name in aliases if name in kwargs), None)):
            args = (kwargs.pop(first),)
        try:
            inspect.signature(says).bind(self.pen, *args, **kwargs)
        except TypeError as error:
            raise self.pen.refuse(f"its arguments have no brick ({error})") from None
        return says(self.pen, *args, **kwargs)

    def module(self, whole: Whole, one: Op, args: tuple, kwargs: Mapping) -> object:
        """A module that is one brick."""
        pen = self.pen
        if not whole.kind:
            return args[0] if args else next(iter(kwargs.values()))
        if whole.kind == "MultiheadAttention":
            return self._attention(whole, one, args, kwargs)
        given = [*args, *kwargs.values()]
        wires = [wire for wire in given if wire is not None]
        fewest, most = LAYERS[whole.kind].inputs
        if not all(isinstance(wire, Wire) for wire in wires) or not fewest <= len(wires) <= (most or len(wires)):
            raise pen.refuse(f"{len(wires)} arguments are given to it; its brick takes {fewest}")
        weights = {key: f"{one.path}.{key}" if one.path else key for key in whole.keys}
        return pen.lay(whole.kind, *wires, weights=weights, **whole.params)

    def _attention(self, whole: Whole, one: Op, args: tuple, kwargs: Mapping) -> object:
        names = ("query", "key", "value", "key_padding_mask", "need_weights", "attn_mask", "average_attn_weights", "is_causal")
        given = {**dict(zip(names, args, strict=False)), **kwargs}
        if given.get("key_padding_mask") is not None:
            raise self.pen.refuse("a mask of padding has no brick")
        mask, causal = given.get("attn_mask"), False
        if mask is not None:
            length = mask.shape[-1]
            if mask.constant is None or not torch.equal(mask.constant.bool() if mask.dtype == torch.bool else mask.constant == -torch.inf,
                                                        torch.ones(length, length).triu(1).bool()):
                raise self.pen.refuse("only a causal mask has a brick")
            causal = True
        weights = {key: f"{one.path}.{key}" if one.path else key for key in whole.keys}
        made = self.pen.lay("MultiheadAttention", *(given[name] for name in names[:3]), weights=weights, **whole.params, **({"is_causal": True} if causal else {}))
        made.brick.random = bool(whole.params.get("dropout"))
        return made


def identifier(text: str, otherwise: str) -> str:
    """A key of a model's results as a name."""
    name = re.sub(r"\W+", "_", text, flags=re.ASCII).strip("_")
    return name if name and not name[0].isdigit() else f"{otherwise}_{name}".strip("_")


def named_results(result: object) -> list[tuple[str, object]]:
    """The tensors that a model gives, under the names of their keys or fields; ValueError for what is no tensor."""
    return list(_named(result, ""))


def _named(result: object, name: str) -> Iterator[tuple[str, object]]:
    if isinstance(result, Value | torch.Tensor):
        yield name or "output", result
    elif isinstance(result, Mapping):
        for key, part in result.items():
            yield from _named(part, identifier(f"{name}_{key}" if name else str(key), "output"))
    elif isinstance(result, list | tuple):
        fields = getattr(result, "_fields", None) or [str(i + 1) for i in range(len(result))]
        for key, part in zip(fields, result, strict=True):
            yield from _named(part, identifier(f"{name or ('' if hasattr(result, '_fields') else 'output')}_{key}", "output"))
    elif result is not None:
        raise ImportRefused(f"the model gives {type(result).__name__} beside tensors; a network has tensors only")


def users(root: Call) -> dict[str, list[Op]]:
    """Which operations read each parameter, by the parameter's name; a whole module reads its own."""
    found: dict[str, list[Op]] = {}
    for op in root.ops():
        names = {value.name for value in tree_flatten((op.args, dict(op.kwargs)))[0] if isinstance(value, Value) and value.kind == "parameter"}
        if op.module is not None:
            names |= set(op.names)
        for name in names:
            found.setdefault(name, []).append(op)
    return found
