"""Bricks while they are drawn: wires with shapes in which BATCH stands for the batch, and the pen that lays one brick after another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch

from builder.catalogue import BATCH, LAYERS, Shape, carries_batch
from builder.graph.analysis import infer
from builder.graph.document import FrozenDict, freeze

from .record import Call, ImportRefused, values_in


@dataclass(eq=False)
class Wire:
    """A value of the drawing: what leaves a brick, an input, or a parameter or constant that no brick holds yet.

    A constant that `grows` has one row, and as many of them as the batch has samples.
    """

    shape: Shape
    dtype: torch.dtype
    kind: str = "made"  # input, parameter, constant, made
    name: str = ""
    constant: torch.Tensor | None = None
    brick: Brick | None = None
    output: int = 0
    grows: int = 0

    @property
    def number(self) -> float | int | bool | None:
        """The value of a constant that is one number."""
        return self.constant.item() if self.kind == "constant" and self.constant.numel() == 1 and not self.grows else None


@dataclass(eq=False)
class Brick:
    """One brick: `weights` says which of the model's tensors (by name) or which constants fill the brick's own keys."""

    kind: str
    params: FrozenDict
    inputs: list[Wire]
    call: Call
    path: str = ""
    stem: str = ""
    weights: Mapping[str, str | torch.Tensor] = field(default_factory=dict)
    outputs: tuple[Wire, ...] = ()
    op: object = None
    frozen: bool = False
    random: bool = False


RANDOM = frozenset({"Noise", "Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "AlphaDropout", "FeatureAlphaDropout", "StochasticDepth", "RReLU"})
# Bricks whose inputs are stretched to fit, so that one row stands for all of a batch.
STRETCHING = frozenset({"Add", "Multiply", "Subtract", "Divide", "Maximum", "Minimum", "Compare", "Where", "MaskedFill", "MatMul",
                        "ScaledDotProductAttention"})


class Pen:
    """Lays bricks. `call` is where the model is, `op` what is being translated, for messages."""

    def __init__(self, root: Call, shared: frozenset[str], frozen: frozenset[str]):
        self.bricks: list[Brick] = []
        self.root = self.call = root
        self.op = self.path = ""
        self.at: object = None
        self.shared = shared
        self.frozen = frozen
        self.wires: dict[int, Wire] = {}  # by the id of a recorded Value
        self._rows: dict[int, dict[int, Wire]] = {}

    def refuse(self, why: str) -> ImportRefused:
        """The refusal of the operation at hand."""
        place = self.path or self.call.path
        inside = f"in {place} ({type(self.call.module).__name__})" if place else f"in {type(self.root.module).__name__}"
        return ImportRefused(f"{self.op} {inside} cannot be said in bricks: {why}")

    def lay(self, kind: str, *inputs: Wire, weights: Mapping[str, str | torch.Tensor] | None = None, stem: str = "", **params: object):
        """A brick on these wires: its output, or a tuple of them."""
        layer = LAYERS.get(kind)
        if layer is None:
            raise self.refuse(f"there is no brick called {kind}")
        given = [self._whole(wire, kind, inputs) for wire in inputs]
        if any(0 in wire.shape for wire in given):
            raise self.refuse("a tensor without a single number enters it")
        values = {name: layer.param(name).normal(value) for name, value in freeze(params).items() if layer.param(name)}
        if any(map(_grows, values.values())):
            raise self.refuse("it reckons with the number of samples")
        if missing := sorted(set(params) - set(values)):
            raise self.refuse(f"{kind} has no parameter {missing[0]!r}")
        kept = FrozenDict({name: value for name, value in values.items()
                           if not _same(value, layer.param(name).normal(layer.param(name).default))})
        inference = infer(kind, tuple(wire.shape for wire in given), kept)
        if inference.problems:
            raise self.refuse(f"the brick {kind} does not fit: {inference.problems[0]}")
        weights = weights or {}
        names = [name for name in weights.values() if isinstance(name, str)]
        frozen = bool(names) and all(name in self.frozen for name in names)
        brick = Brick(kind, kept, given, self.call, self.path, stem, weights, op=self.at, frozen=frozen, random=kind in RANDOM)
        dtype = {"float": torch.float32, "int": torch.int64}.get(layer.gives) or (given[0].dtype if given else torch.float32)
        brick.outputs = tuple(Wire(shape, dtype, brick=brick, output=i) for i, shape in enumerate(inference.shapes))
        self.bricks.append(brick)
        for wire in brick.outputs:
            self.sees(wire)
        return brick.outputs[0] if len(brick.outputs) == 1 else brick.outputs

    def _whole(self, wire: Wire, kind: str, inputs: tuple[Wire, ...]) -> Wire:
        """A constant that grows as the batch does, where the brick does not stretch it by itself."""
        if not isinstance(wire, Wire):
            raise self.refuse(f"{kind} needs a tensor where {wire!r:.40} is given")
        if not wire.grows and wire.kind == "constant" and carries_batch(wire.shape):
            raise self.refuse("it reads a constant that depends on the number of samples")
        if not wire.grows or kind in STRETCHING and any(carries_batch(other.shape) for other in inputs if other is not wire and other.kind == "made"):
            return Wire((1, *wire.shape[1:]), wire.dtype, "constant", constant=wire.constant) if wire.grows else wire
        one = Wire((1, *wire.shape[1:]), wire.dtype, "constant", constant=wire.constant)
        return self.lay("ExpandBatch", one, self.like(wire.grows * BATCH))

    def sees(self, wire: Wire) -> None:
        """Note a wire of this call whose first axis can lend its length to others."""
        if wire.shape and carries_batch(wire.shape[:1]):
            self._rows.setdefault(id(self.call), {})[wire.shape[0]] = wire

    def like(self, rows: int) -> Wire:
        """A wire with so many rows, as near as possible."""
        for call in reversed(self.call.above()):
            if rows in self._rows.get(id(call), {}):
                return self._rows[id(call)][rows]
            for wire in self.given(call):
                if wire.shape[:1] == (rows,):
                    return wire
        raise self.refuse("it needs as many rows as the batch has, and nothing around has them")

    def given(self, call: Call | None = None) -> list[Wire]:
        """What entered a call, the one at hand without another."""
        call = call or self.call
        return [self.wires[id(value)] for value in values_in((call.args, dict(call.kwargs))) if id(value) in self.wires]

    def constant(self, value: object, dtype: torch.dtype = torch.float32) -> Wire:
        """A constant wire of numbers."""
        if _grows(value):
            raise self.refuse("it reckons with the number of samples")
        tensor = torch.as_tensor(value, dtype=dtype)
        return Wire(tuple(tensor.shape), tensor.dtype, "constant", constant=tensor)

    def own(self, wire: object) -> bool:
        """Is this a parameter that one operation alone reads, so that a layer can hold it?"""
        return isinstance(wire, Wire) and wire.kind == "parameter" and wire.name not in self.shared


def _grows(value: object) -> bool:
    """Does a number stand for one that grows with the batch?"""
    if isinstance(value, tuple | list):
        return any(map(_grows, value))
    return isinstance(value, int | float) and not isinstance(value, bool) and carries_batch((value,))


def _same(one: object, other: object) -> bool:
    return type(one) is type(other) and one == other


def merged(a: object, b: object, sizes: tuple[int, int]) -> object:
    """A number that stands in both recordings, with BATCH in the place of the batch; raises ValueError when it follows no rule."""
    if isinstance(a, bool) or isinstance(b, bool) or not isinstance(a, int) or not isinstance(b, int):
        if isinstance(a, float) and isinstance(b, float) and a != b and not (a != a and b != b):
            raise ValueError(f"the number {a:g} depends on the number of samples")
        return a
    if a == b:
        return a
    if a % sizes[0] == 0 and b % sizes[1] == 0 and a // sizes[0] == b // sizes[1]:
        return a // sizes[0] * BATCH
    raise ValueError(f"the number {a} depends on the number of samples in a way that no brick has (it is {b} for {sizes[1]})")
