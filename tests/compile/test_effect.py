"""Pictures of what bricks do: computed, so what they show must be what torch does."""

from __future__ import annotations

import pytest
import torch

from builder.compile.effect import CURVE, POINTS, effect
from builder.graph.reference import example, kinds

DIGIT = [[(r * c % 29) / 28 for c in range(28)] for r in range(28)]
LAYERS = [kind for kind, layer in kinds().items() if not layer.block and layer.outputs and not layer.scope]


def done(kind: str, given: dict | None = None, side: int | None = None):
    window = example(kind, given or {}, ((1, side, side),)).project if side else None
    return effect(example(kind, given or {}), DIGIT, window)


@pytest.mark.parametrize("kind", LAYERS)
def test_every_layer_has_a_before_and_an_after_and_the_same_ones_every_time(kind):
    once, again = done(kind), done(kind)
    assert bool(once.before) == (kinds()[kind].inputs[1] != 0) and once.after and once == again


@pytest.mark.parametrize("kind", ["ReLU", "Sigmoid", "Tanh", "SiLU", "ELU", "Softplus"])
def test_an_activation_is_a_curve_with_its_slope(kind):
    x, y, slope = done(kind).curve
    given = torch.linspace(-CURVE, CURVE, POINTS)
    assert torch.allclose(torch.tensor(y), getattr(torch.nn, kind)()(given)) and len(x) == len(slope) == POINTS
    middle = (torch.tensor(y)[2:] - torch.tensor(y)[:-2]) / (given[2:] - given[:-2])
    assert torch.allclose(middle, torch.tensor(slope)[1:-1], atol=0.6) and not torch.allclose(given, torch.tensor(slope))


@pytest.mark.parametrize("kind", ["Softmax", "Dropout", "BatchNorm2d", "LayerNorm", "MaxPool2d", "Linear", "Flatten", "Add"])
def test_what_does_not_treat_every_number_alike_has_no_curve(kind):
    assert done(kind).curve is None


def test_a_window_reads_just_the_cells_of_its_formula():
    reads = done("Conv2d", {"kernel_size": 3, "stride": 2, "padding": 1, "dilation": 2}, 9).reads
    assert reads.side == 9 and len(reads.cells) == (9 + 2 - 2 * 2 - 1) // 2 + 1
    rows = [2 * 1 + 2 * tap - 1 for tap in range(3)]
    assert reads.cells[1][1] == [(r, c) for r in rows for c in rows]
    assert reads.cells[0][0] == [(r, c) for r in (1, 3) for c in (1, 3)], "what the padding holds is no cell of the image"
    assert done("MaxPool2d", {"kernel_size": 2}, 7).reads.cells[0][0] == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert len(done("AdaptiveAvgPool2d", {}, 7).reads.cells[0][0]) == 49


def test_a_linear_layer_has_its_matrix_and_dropout_blanks_while_training():
    assert [len(done("Linear").weights), len(done("Linear").weights[0])] == [64, 320]
    blanked = done("Dropout", {"p": 0.5})
    assert sum(map(sum, blanked.after[0])) != sum(map(sum, blanked.before[0]))
