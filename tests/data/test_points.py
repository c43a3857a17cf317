"""Generated points: the same bits everywhere, parted by their curves and not by a line."""

from __future__ import annotations

import hashlib
import math
from dataclasses import replace

import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from builder.catalogue import DATASETS, described
from builder.data import load, samples_per_class
from builder.data.points import POINTS, moons, scattered, spirals
from builder.gallery import ENTRIES
from builder.graph import apply, check, dataset_of
from builder.graph.document import freeze


@pytest.mark.parametrize("name", POINTS)
def test_points_are_what_the_catalogue_says_and_every_class_has_its_share(name):
    tensors, dataset = load(name, []), DATASETS[name]
    assert tensors.shape == dataset.shape == (2,) and tensors.train_x.dtype == torch.float32 and dataset.dtype == "float32"
    assert (len(tensors.train_x), len(tensors.test_x)) == (dataset.train, dataset.test)
    assert samples_per_class(tensors.train_y, 2) == samples_per_class(tensors.test_y, 2) == [500, 500]
    assert dataset.bytes == sum(part.numel() * part.element_size() for part in (tensors.train_x, tensors.test_x))


@pytest.mark.parametrize(("name", "digest"), [("moons", "a46a972c2b3f8f6f"), ("spirals", "9d741de85acc56c4")])
def test_points_are_the_same_bits_on_every_machine(name, digest):
    tensors = load(name, [])
    assert hashlib.sha256(torch.cat([tensors.train_x, tensors.test_x]).numpy().tobytes()).hexdigest()[:16] == digest
    assert torch.equal(tensors.train_x * 65536, (tensors.train_x * 65536).round())


@pytest.mark.parametrize(("curve", "noise"), [(moons, 0.15), (spirals, 0.1)])
def test_points_lie_around_their_curve_as_far_as_the_noise_says(curve, noise):
    near, exact = torch.tensor(scattered(curve, 4000, noise), dtype=torch.float64), torch.tensor(scattered(curve, 4000, 0), dtype=torch.float64)
    offsets = near - exact
    assert offsets.mean(0).abs().max() < 3 * noise / math.sqrt(4000) and offsets.std(0).tolist() == pytest.approx([noise, noise], rel=0.05)


def test_the_places_are_on_half_circles_and_on_arms_that_mirror_each_other():
    for share in (0.0, 0.3, 0.8, 1.0):
        assert math.hypot(*moons(share, 0)) == pytest.approx(1) and math.hypot(moons(share, 1)[0] - 1, moons(share, 1)[1] - 0.5) == pytest.approx(1)
        assert spirals(share, 1) == pytest.approx([-place for place in spirals(share, 0)])
        assert math.hypot(*spirals(share, 0)) == pytest.approx(0.2 + 1.8 * share)


@pytest.mark.parametrize(("name", "line", "near"), [("moons", (0.8, 0.95), 0.97), ("spirals", (0.4, 0.7), 0.98)])
def test_a_line_does_not_part_them_and_their_neighbours_do(name, line, near):
    tensors = load(name, [])
    train, test = (tensors.train_x.numpy(), tensors.train_y.numpy()), (tensors.test_x.numpy(), tensors.test_y.numpy())
    assert line[0] < LogisticRegression().fit(*train).score(*test) < line[1]
    assert KNeighborsClassifier(5).fit(*train).score(*test) > near


@pytest.mark.parametrize("name", ["moons", "spirals", "curve"])
def test_a_project_says_how_many_samples_are_made_and_how_noisy_they_are(name):
    usual, more = load(name, []), load(described({"source": name, "samples": 301, "noise": 0.0}), [])
    assert (len(more.train_x), len(more.test_x)) == (150, 151) and described({"source": name, "samples": 301}).train == 150
    assert torch.equal(load(described({"source": name}), []).train_x, usual.train_x)
    if name == "moons":
        # Without noise every point lies on its half circle.
        centre = torch.tensor([[0.0, 0.0], [1.0, 0.5]])[more.train_y]
        assert torch.allclose((more.train_x - centre).norm(dim=1), torch.ones(150), atol=1e-4)
    if name == "curve":
        assert torch.allclose(more.train_y, (2 * more.train_x).sin() + more.train_x / 4, atol=1e-4)


@pytest.mark.parametrize("name", [name for name, dataset in DATASETS.items() if dataset.noise is not None])
def test_what_is_told_of_data_that_are_made_has_the_numbers_that_were_asked_for(name):
    usual, more = described({"source": name}), described({"source": name, "samples": 3210, "noise": 0.5})
    assert usual == DATASETS[name] and usual.summary.startswith(f"{usual.train + usual.test:,} ") and more.summary.startswith("3,210 ")
    assert ("spread by 0.5" in more.summary) == ("spread by" in usual.summary) and usual.summary[6:].partition("spread")[0] == more.summary[6:].partition("spread")[0]


def test_what_is_said_wrongly_of_a_data_set_is_a_problem_with_a_fix_and_changes_nothing():
    for data, field in (({"source": "moons", "noise": -1.0}, "noise"), ({"source": "moons", "samples": 3}, "samples"), ({"source": "flowers102", "side": 3}, "side"),
                        ({"source": "digits", "noise": 0.1}, "noise"), ({"source": "moons", "side": 32}, "side"), ({"source": "digits", "validation": 1.5}, "validation")):
        project = replace(ENTRIES["points-mlp"].project, data=freeze(data))
        problem = next(problem for problem in check(project).errors if problem.field == f"data.{field}")
        assert dataset_of(project) == DATASETS[data["source"]]
        if problem.fixes:
            assert not [one for one in check(apply(project, problem.fixes[0].edit)).errors if one.field == f"data.{field}"]
