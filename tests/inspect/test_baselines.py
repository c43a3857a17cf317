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


def test_numbers_are_told_by_regressors_and_judged_by_r2(tmp_path):
    x = torch.linspace(-1, 1, 60)[:, None] * torch.tensor([[1.0, -2.0]])
    data = Tensors("line", x[::2], x[::2] @ torch.tensor([[3.0], [1.0]]) + 1, x[1::2], x[1::2] @ torch.tensor([[3.0], [1.0]]) + 1, (), (0.0, 0.0), (1.0, 1.0),
                   task="regression", targets=("y",))
    found = {one.name: one for one in baselines.scores(data, kept=tmp_path)}
    assert list(found) == ["linear", "tree-regression", "forest-regression"] and {one.figure for one in found.values()} == {"r2"}
    assert found["linear"].accuracy == pytest.approx(1) and 0.9 < found["tree-regression"].accuracy < 1
    both = replace(data, train_y=data.train_y.expand(-1, 2), test_y=data.test_y.expand(-1, 2), targets=("y", "again"))
    assert next(iter(baselines.scores(both))).accuracy == pytest.approx(1)


def test_of_masks_the_most_frequent_class_is_told_and_pixels_of_no_class_do_not_count():
    masks = torch.tensor([0, 0, 0, 1, 255, 255], dtype=torch.uint8).reshape(1, 2, 3)
    data = Tensors("masks", torch.zeros(1, 1, 2, 3, dtype=torch.uint8), masks, torch.zeros(1, 1, 2, 3, dtype=torch.uint8), 1 - masks.clamp(max=1), ("a", "b"), (0.5,), (0.5,),
                   task="segmentation")
    [found] = baselines.scores(data)
    assert (found.name, found.train_samples, found.test_samples) == ("frequent", 4, 6) and found.accuracy == 0.5
