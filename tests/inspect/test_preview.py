"""What a record says of a value, with tensors small enough to work out by hand."""

from __future__ import annotations

import json

import pytest
import torch

from builder.inspect.contact import contact_sheet
from builder.inspect.preview import MOST_BARS, probabilities, records


def record(value: torch.Tensor, **more) -> dict:
    made = records({"x": value[None]}, more.get("pictures", {}), more.get("answers", {}))["x"]
    json.dumps(made, allow_nan=False)
    return made


def test_maps_say_how_many_of_how_many_and_their_numbers():
    made = record(torch.arange(12 * 4.0).reshape(12, 2, 2))
    assert (made["kind"], made["count"], made["of"], made["across"], made["down"]) == ("maps", 9, 12, 3, 3)
    assert (made["min"], made["mean"], made["max"], made["shape"]) == (0.0, 23.5, 47.0, [12, 2, 2])
    assert made["zeros"] == pytest.approx(1 / 48, abs=1e-4) and not made["dead"]


@pytest.mark.parametrize(("shape", "kind", "of"), [((), "bars", 1), ((5,), "bars", 5), ((7, 3), "maps", 1), ((2, 3, 4, 4), "maps", 2), ((1, 1, 1), "bars", 1), ((64, 1, 1), "bars", 64)])
def test_every_number_of_axes_has_a_picture(shape, kind, of):
    made = record(torch.rand(shape))
    assert (made["kind"], made["of"], made["shape"]) == (kind, of, list(shape))


def test_of_a_long_vector_the_furthest_from_zero_of_every_neighbourhood_is_shown():
    value = torch.zeros(640)
    value[13], value[14] = 0.5, -2.0
    made = record(value)
    assert len(made["values"]) == MOST_BARS and made["values"][1] == -2.0 and made["of"] == 640


def test_dead_broken_and_constant_values_are_said_in_words():
    dead = record(torch.zeros(3, 2, 2))
    assert dead["dead"] and "All 12 values are 0" in dead["says"]
    broken = record(torch.tensor([float("nan"), float("inf"), 1.0]))
    assert broken["broken"] and broken["says"] == "2 of 3 values are not finite: 1 NaN, 1 infinite."
    assert (broken["min"], broken["max"], broken["values"]) == (1.0, 1.0, [None, None, 1.0])
    nothing = record(torch.full((2, 2, 2), float("nan")))
    assert (nothing["min"], nothing["broken"], nothing["dead"]) == (None, True, False)
    assert record(torch.full((4,), 0.25))["says"] == "All 4 values are 0.25."
    half = torch.rand(4, 2, 2)
    half[1] = half[2] = 0
    assert record(half)["says"] == "2 of 4 maps are all 0."


def test_whole_numbers_and_double_precision_are_fine():
    assert record(torch.tensor([1, 2, 3]))["max"] == 3.0
    assert record(torch.rand(2, 2, 2, dtype=torch.float64))["kind"] == "maps"


def test_scores_name_the_answer_and_the_true_class():
    made = record(torch.tensor([1.0, 3.0, 2.0]), answers={"x": (("cat", "dog", "hen"), 2)})
    assert [(row["label"], row["answer"], row["truth"]) for row in made["rows"]] == [("cat", False, False), ("dog", True, False), ("hen", False, True)]
    assert sum(row["share"] for row in made["rows"]) == pytest.approx(1, abs=1e-3)


def test_of_many_classes_the_likely_ones_and_the_true_one_are_kept():
    made = record(torch.arange(100.0), answers={"x": ([str(i) for i in range(100)], 3)})
    assert [row["label"] for row in made["rows"]] == ["3", *(str(i) for i in range(91, 100))]


@pytest.mark.parametrize("scores", [torch.tensor([0.1, 0.2, 0.7]), torch.tensor([0.1, 0.2, 0.7]).log(), torch.tensor([0.1, 0.2, 0.7]).log() + 5])
def test_probabilities_log_probabilities_and_logits_mean_the_same(scores):
    assert torch.allclose(probabilities(scores), torch.tensor([0.1, 0.2, 0.7]), atol=1e-5)


def test_the_sample_is_shown_with_its_own_pixels_and_the_numbers_that_enter():
    made = record(torch.tensor([[[-1.0, 1.0]]]), pictures={"x": torch.tensor([[[0, 255]]], dtype=torch.uint8)})
    assert (made["kind"], made["min"], made["max"]) == ("image", -1.0, 1.0)


def test_a_contact_sheet_shows_every_kind():
    values = {"picture": torch.rand(1, 1, 4, 4), "maps": torch.rand(1, 3, 4, 4), "bars": torch.randn(1, 5), "broken": torch.full((1, 3), float("nan")),
              "scores": torch.randn(1, 3), "a_name_that_is_far_too_long_for_the_tile_it_stands_over": torch.zeros(1, 2)}
    made = records(values, {"picture": torch.zeros(1, 4, 4, dtype=torch.uint8)}, {"scores": (("a", "b", "c"), None)})
    assert contact_sheet(made).startswith(b"\x89PNG") and contact_sheet({}).startswith(b"\x89PNG")
