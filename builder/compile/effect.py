"""What a brick does to a real sample: computed by the very text that its drawing compiles to. torch is imported when it is asked for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from builder.catalogue import carries_batch
from builder.graph import Project
from builder.graph.reference import BRANCH, BRICK, Example

from .source import source

if TYPE_CHECKING:
    import torch

SHOWN = 8  # channels of a picture
CURVE = 6.0  # an activation is drawn from -CURVE to CURVE
POINTS = 241
USUAL = (1, 28, 28)  # of an Input that nothing was said of
WORDS = 8  # whole numbers are below this: rows of a table, entries of an axis
ELEMENTWISE = "... -> ..."
SIDES = (7, 9, 12, 16, 24)  # the smallest image on which a window is shown
Picture = list[list[float]]


@dataclass(frozen=True)
class Effect:
    """Before and after. `before` and `after` are pictures (H W), a row of numbers being one of height 1; `weights` a learned matrix.

    `curve` is x, y and the slope, for what treats every number alike; `reads` are the input cells that each output cell depends on.
    """

    before: tuple[Picture, ...] = ()
    after: tuple[Picture, ...] = ()
    weights: Picture | None = None
    curve: tuple[list[float], list[float], list[float]] | None = None
    reads: Reads | None = None


@dataclass(frozen=True)
class Reads:
    """Which input cells (of a `side` by `side` image) each output cell depends on: `cells[row][column]` lists (row, column)."""

    side: int
    cells: list[list[list[tuple[int, int]]]]


def effect(example: Example, sample: Sequence[Sequence[float]], side: Project | None = None) -> Effect:
    """What the example's brick makes of a picture of 28 by 28 numbers; `side` is the same brick on a small image, for its window.

    Weights are the ones that training would start from, drawn from seed 0; bricks that learn or drop behave as they do while training.
    """
    import torch

    from .module import load

    torch.manual_seed(0)
    network = load(source(example.project))
    given = [fitted(sample, node.params.get("shape", USUAL), node.params.get("dtype") == "int64") for node in example.project.network.nodes if node.kind == "Input"]
    alone = not example.placed.layer.inputs[1] and example.placed.layer.inputs[1] is not None
    with torch.no_grad():
        before = [] if alone else [*given, *([network.get_submodule(BRANCH)(given[0])] if example.project.network.node(BRANCH) else [])]
        left = network(*given)
    # Of several outputs the first is shown, for a value that comes from nowhere the value itself.
    after = left[0] if isinstance(left, tuple) else left
    weights = [tensor for name, tensor in network.named_parameters() if name.startswith(f"{BRICK}.") and tensor.ndim == 2 and tensor.is_floating_point()]
    return Effect(tuple(picture for one in before for picture in pictures(one)), tuple(pictures(after, carries_batch(example.placed.shape[:1]))),
                  weights[0].detach().tolist() if weights else None,
                  curve(network) if example.placed.layer.pattern == ELEMENTWISE and len(given) == 1 and example.placed.layer.reads != "int" else None,
                  reads(load(source(side)), side) if side else None)


def fitted(sample: Sequence[Sequence[float]], shape: Sequence[int], whole: bool = False) -> torch.Tensor:
    """A batch of two of this shape, made of the picture: channels are the picture moved and paled, rows its middle rows; or whole numbers."""
    import torch

    picture = torch.tensor(sample, dtype=torch.float32)
    count = math.prod(shape)
    if whole:
        first = (torch.arange(count) * 3 % WORDS).reshape(tuple(shape))
    elif len(shape) == 1:
        row = picture.flatten()
        start = max(0, (len(row) - shape[0]) // 2)
        first = row[start:start + shape[0]] if shape[0] > 28 else torch.linspace(-2, 2, shape[0]) + 2 * picture[14, :shape[0]]
    elif len(shape) == 3 and min(shape[1:]) > 1:
        channels, height, width = shape
        small = torch.nn.functional.adaptive_avg_pool2d(picture[None, None], (height, width))[0, 0]
        first = torch.stack([small.roll((c, c), (0, 1)) * (1 - 0.04 * c) for c in range(channels)])
    elif len(shape) == 2 and shape != (2, 3):
        first = torch.nn.functional.adaptive_avg_pool2d(picture[None, None], tuple(shape))[0, 0]
    else:
        # A map for an affine grid is near the one that changes nothing; anything else is the picture as often as it goes in.
        first = torch.eye(2, 3) if len(shape) == 2 else picture.flatten().repeat(1 + count // picture.numel())[:count].reshape(tuple(shape))
    return torch.stack([first, first.flip(-1) if first.ndim else first])


def pictures(batch: torch.Tensor, carries: bool = True) -> list[Picture]:
    """The first sample (or, of what carries no batch, the whole) as pictures: its first channels, or one row."""
    first = (batch[0] if carries else batch).detach().float()
    usual = first[first.isfinite()]
    least, most = (float(usual.min()), float(usual.max())) if len(usual) else (0.0, 0.0)
    first = first.nan_to_num(nan=0.0, posinf=most, neginf=least)
    if first.ndim > 3:
        first = first.flatten(0, first.ndim - 3)
    if first.ndim == 3:
        return [channel.tolist() for channel in first[:SHOWN]]
    return [first.reshape(1, -1).tolist()] if first.ndim < 2 else [first.tolist()]


def curve(network: torch.nn.Module) -> tuple[list[float], list[float], list[float]] | None:
    """x, y and slope when the network does the same to every number on its own; None otherwise."""
    import torch

    x = torch.linspace(-CURVE, CURVE, POINTS)[None]
    if any(True for _ in network.parameters()):
        return None
    try:
        with torch.no_grad():
            alone, turned, again = network(x), network(x.flip(1)).flip(1), network(torch.cat([x, x + 1], 1))[:, :POINTS]
    except (RuntimeError, ValueError, IndexError):
        return None
    if not all(alone.shape == other.shape and torch.allclose(alone, other, atol=1e-5) for other in (turned, again)) or not alone.is_floating_point():
        return None
    x = x.detach().clone().requires_grad_()
    y = network(x)
    (slope,) = torch.autograd.grad(y.sum(), x) if y.requires_grad else (torch.zeros_like(x),)
    return x.flatten().tolist(), y.flatten().tolist(), slope.flatten().tolist()


def reads(network: torch.nn.Module, project: Project) -> Reads:
    """Found out by touching every input cell in turn and looking which output cells change."""
    import torch

    network.eval()
    side = project.network.node("image").params["shape"][1]
    torch.manual_seed(0)
    still = torch.rand(1, 1, side, side)
    touched = still + 1000 * torch.eye(side * side).reshape(side * side, 1, side, side)
    with torch.no_grad():
        changed = (network(touched) != network(still)).any(1)  # side*side H_out W_out
    rows, columns = changed.shape[1:]
    cells = [[[divmod(i, side) for i in changed[:, r, c].nonzero().flatten().tolist()] for c in range(columns)] for r in range(rows)]
    return Reads(side, cells)
