"""Whatever shapes enter a kind of brick, it says what leaves it or why it cannot be: nothing is raised."""

from __future__ import annotations

import itertools
from random import Random

import pytest

from builder.catalogue import BATCH, COMPOSITES, LAYERS, Shape
from builder.graph.analysis import infer
from builder.graph.document import FrozenDict

SHAPES: tuple[Shape, ...] = ((), (5,), (BATCH,), (BATCH, 7), (4, 3), (BATCH, 4, 8), (BATCH, 3, 9, 8), (BATCH, 8, 1, 1), (64 * BATCH, 49, 96),
                             (BATCH, 2, 4, 4, 4), (BATCH, 1, 2, 3, 4, 5))
MOST = 200


@pytest.mark.parametrize("kind", [*(kind for kind, layer in LAYERS.items() if layer.scope != "block"), *COMPOSITES])
def test_every_rank_is_answered(kind):
    low, high = (LAYERS.get(kind) or COMPOSITES[kind]).inputs
    for count in {low, low + (high is None)}:
        every = list(itertools.product(SHAPES, repeat=count)) if count <= 2 else [tuple(Random(seed).choices(SHAPES, k=count)) for seed in range(MOST)]
        for shapes in every:
            found = infer(kind, shapes, FrozenDict())
            assert (found.shape is not None) != bool(found.problems) or LAYERS.get(kind) and not LAYERS[kind].outputs, shapes
            assert all(problem.says for problem in found.problems)
