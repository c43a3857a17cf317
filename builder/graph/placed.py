"""One brick of a drawing with what its wires bring, and the inside of a block."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from builder.catalogue import LAYERS, Inference, Layer, Shape, per_sample

from .document import Node
from .plan import functions, values

if TYPE_CHECKING:
    from .analysis import Analysis

FLOAT = 4  # bytes of a number: weights and what flows between bricks are float32


@dataclass(frozen=True)
class Body:
    """The inside of a block for given input shapes: (analysis, how many copies in a row have just these shapes), and what leaves it."""

    runs: tuple[tuple[Analysis, int], ...]
    outputs: tuple[Shape | None, ...]
    cost: tuple[int, int]
    bricks: int
    trained: int = 0


@dataclass(frozen=True)
class Placed:
    """One brick with what its wires bring: `inputs` is None while an input is missing or has no shape; `body` is the inside of a block."""

    node: Node
    layer: Layer | None
    inputs: tuple[Shape, ...] | None
    missing: tuple[int, ...]
    inference: Inference | None
    body: Body | None = None

    @property
    def shape(self) -> Shape | None:
        """The (first) output shape, None when it is not known."""
        return self.inference.shape if self.inference else None

    def gives(self, output: int = 0) -> Shape | None:
        """The shape of the `output`-th output, None when it is not known."""
        if self.body is not None:
            return self.body.outputs[output] if output < len(self.body.outputs) else None
        shapes = self.inference.shapes if self.inference else ()
        return shapes[output] if output < len(shapes) else None

    @property
    def shapes(self) -> tuple[Shape | None, ...]:
        """The shapes of all outputs; of an end, what passes it."""
        if self.body is not None:
            return self.body.outputs
        return self.inference.shapes if self.inference else ()

    @property
    def values(self) -> Mapping[str, object]:
        """Parameters of a layer of the catalogue as its formulas read them: what may have two axes is a pair."""
        return values(self.node.kind, self.node.params)

    @property
    def bytes(self) -> int:
        """Bytes of the outputs for one sample; 0 where no shape is known, and of what leaves the drawing."""
        if self.layer is None or not self.layer.outputs:
            return 0
        size = 2 * FLOAT if self.node.params.get("dtype") == "int64" else FLOAT
        return sum(size * per_sample(shape) for shape in self.shapes if shape is not None)

    @functools.cached_property
    def largest(self) -> int:
        """How many numbers its largest output holds for one sample; 0 where no shape is known."""
        return max(map(per_sample, filter(None, self.shapes)), default=0)

    @functools.cached_property
    def cost(self) -> tuple[int, int]:
        """Learned numbers and multiply-adds of one sample; zero while the shape is not known. Weights that are shared count for their owner."""
        if self.body is not None:
            params, macs = self.body.cost
        elif self.node.muted or self.shape is None or self.node.kind not in LAYERS:
            return (0, 0)
        else:
            found = functions(self.node.kind, self.node.params)
            params, macs = found[1](*self.inputs[:self.layer.inputs[1]]) if found and self.inputs else self.layer.cost(self.inference)
        return (0 if self.node.of else params), macs

    @property
    def trained(self) -> int:
        """Learned numbers that training changes: none of a frozen brick, nor of what is frozen inside a block."""
        if self.node.frozen or self.node.of:
            return 0
        return self.cost[0] if self.body is None else self.body.trained
