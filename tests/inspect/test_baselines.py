"""Classical classifiers on a data set: what they reach, and that they are not fitted twice."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from builder import api, paths
from builder.compile.trace import BuildError
from builder.data.records import DataError, Tensors
from builder.gallery import ENTRIES
from builder.graph import apply
from builder.inspect import baselines


@pytest.fixture(scope="module")
def halves() -> Tensors:
    """Two classes of small pictures, told apart by which half is bright."""
    x = torch.randint(0, 40, (240, 1, 4, 4), generator=torch.Generator().manual_seed(1), dtype=torch.uint8)
    y = torch.arange(240) % 2
    x[y == 1, :, :, :2] += 200
    x[y == 0, :, :, 2:] += 200
    return Tensors("halves", x[:160], y[:160], x[160:], y[160:], ("left", "right"), (0.5,), (0.5,))


def test_each_is_fitted_on_the_training_part_and_scored_on_the_test_part(halves, tmp_path):
    found = list(baselines.scores(halves, kept=tmp_path))
    assert [one.name for one in found] == ["logistic", "tree", "forest"]
    assert all(one.accuracy == 1 and (one.train_samples, one.test_samples) == (160, 80) and one.seconds > 0 for one in found)
    wrong = replace(halves, test_y=1 - halves.test_y)
    assert all(one.accuracy == 0 for one in baselines.scores(wrong))


def test_what_was_fitted_on_these_samples_is_not_fitted_again(halves, tmp_path, monkeypatch):
    first = list(baselines.scores(halves, kept=tmp_path))
    monkeypatch.setattr(baselines, "_fitted", lambda one, *rest: replace(first[0], name=one.name, accuracy=0.25))
    assert list(baselines.scores(halves, kept=tmp_path)) == first
    other = replace(halves, train_x=halves.train_x.flip(3))
    assert [one.accuracy for one in baselines.scores(other, kept=tmp_path)] == [one.accuracy for one in baselines.scores(halves, kept=tmp_path, again=True)] == [0.25] * 3
    for file in tmp_path.iterdir():
        file.write_text('{"logistic": 7}')
    assert [one.accuracy for one in baselines.scores(halves, kept=tmp_path)] == [0.25] * 3


def test_the_digits_have_the_known_order_of_the_three():
    found = {one.name: one.accuracy for one in api.baselines(ENTRIES["mnist-cnn"].project)}
    assert found["tree"] < found["logistic"] < found["forest"] and found["tree"] > 0.75 and found["forest"] > 0.95
    assert len(list((paths.home() / "baselines").iterdir())) == 1


def test_a_drawing_without_a_task_and_missing_data_are_refused_in_words():
    with pytest.raises(BuildError, match="is drawn only"):
        api.baselines(ENTRIES["resnet18"].project)
    with pytest.raises(DataError, match="is not on this machine"):
        api.baselines(apply(ENTRIES["mnist-cnn"].project, {"op": "choose_data", "source": "mnist"}))
