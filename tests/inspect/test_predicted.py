"""What a network sees in pictures of any size, told in their own pixels: against networks that are known to see it."""

from __future__ import annotations

import io

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from builder.catalogue.datasets import Dataset
from builder.data import DataError
from builder.data.own.detections import moved
from builder.inspect.predicted import NO_CLASS, Network, over
from builder.tasks.task import TaskError
from builder.train.device import choose_device

SIDE = 32


class Says(nn.Module):
    """Gives this, whatever it is shown."""

    def __init__(self, given: torch.Tensor):
        super().__init__()
        self.given = given

    def forward(self, x):
        return self.given


class Light(nn.Module):
    """Says 1 of light pixels and 0 of dark ones."""

    def forward(self, x):
        return torch.cat([-x, x], 1)


def network(model: nn.Module, task: str, names=("a", "b"), **more) -> Network:
    about = {"targets": tuple(names), "classes": ()} if task == "regression" else {"classes": tuple(names)}
    return Network(model, Dataset("digits", "Some", (1, SIDE, SIDE), train=1, test=1, megabytes=0, summary="", source="", task=task, **about), (0.5,), (0.5,), choose_device("cpu"), **more)


def file(pixels: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(stream, "PNG")
    return stream.getvalue()


def grid(box: tuple[float, ...], kind: int, classes: int, cells: int = 4) -> torch.Tensor:
    """What a detector says that tells this one box, as shares of the sides."""
    given = torch.full((1, 5 + classes, cells, cells), -20.0)
    (x, y), (wide, high) = ((box[0] + box[2]) / 2 * cells, (box[1] + box[3]) / 2 * cells), (cells * (box[2] - box[0]), cells * (box[3] - box[1]))
    row, column = int(y), int(x)
    given[0, :4, row, column] = torch.tensor([x - column, y - row, np.log(wide), np.log(high)])
    given[0, [4, 5 + kind], row, column] = 20.0
    return given


@pytest.mark.parametrize("fit", ["crop", "pad", "stretch"])
@pytest.mark.parametrize("size", [(200, 120), (90, 260), (32, 32), (64, 64), (7, 5)])
def test_a_box_is_told_where_it_is_in_the_picture_itself(fit: str, size: tuple[int, int]):
    width, height = size
    sides = (0.45 * width, 0.42 * height, 0.6 * width, 0.57 * height)
    seen, drawn = network(Says(grid(moved(sides, (height, width), SIDE, fit), 1, 3)), "detection", "abc", fit=fit).sees(file(np.zeros((height, width))))
    assert [(box["class"], round(box["score"], 3)) for box in seen["boxes"]] == [("b", 1.0)] and (seen["width"], seen["height"]) == size
    assert [seen["boxes"][0][side] for side in ("left", "top", "right", "bottom")] == pytest.approx(sides, abs=0.01)
    assert np.asarray(drawn).any()  # its edges, on black


def test_boxes_end_with_the_picture_and_those_of_low_scores_are_told_when_asked_for():
    eye = network(Says(grid((-0.5, 0.2, 0.9, 1.7), 0, 2)), "detection", least=0.9)
    [box] = eye.sees(file(np.zeros((40, 80))))[0]["boxes"]
    assert (box["left"], box["top"], box["right"], box["bottom"]) == pytest.approx((20, 8, 56, 40))
    given = grid((0.1, 0.2, 0.3, 0.4), 0, 2)
    given[:, 4] -= 20  # even chances
    assert [len(network(Says(given), "detection", least=least).sees(file(np.zeros((40, 80))))[0]["boxes"]) for least in (0.4, 0.6)] == [1, 0]


@pytest.mark.parametrize(("fit", "size"), [("crop", (96, 64)), ("pad", (96, 64)), ("stretch", (96, 64)), ("pad", (32, 96))])
def test_a_mask_lies_on_its_picture_and_what_was_not_shown_is_of_no_class(fit: str, size: tuple[int, int]):
    width, height = size
    pixels = np.zeros((height, width))
    pixels[height // 2:, :] = 255
    content = file(pixels)
    seen, mask = network(Light(), "segmentation", fit=fit).sees(content)
    numbers, cut = np.asarray(mask), (width - height) // 2 if fit == "crop" else 0
    assert mask.size == size and (numbers[:, :cut] == NO_CLASS).all() and (cut == 0 or (numbers[:, -cut:] == NO_CLASS).all())
    inside = numbers[:, cut:width - cut]
    assert (inside != (pixels[:, cut:width - cut] > 0)).mean() < 0.05
    assert {one["class"]: one["share"] for one in seen["classes"]} == pytest.approx({"a": 0.5, "b": 0.5}, abs=0.05)
    assert over(content, mask).size == size


def test_scores_become_probabilities_as_their_loss_means_them_and_the_surest_come_first():
    content, scores = file(np.zeros((9, 12))), torch.tensor([[0.5, 2.0, -1.0]])

    def told(form: str, given: torch.Tensor, names: str = "abc") -> list[tuple[str, float]]:
        return [(one["class"], pytest.approx(one["score" if form == "one-hot" else "share"], abs=1e-6)) for one in network(Says(given), "classification", names, form=form).sees(content)[0]["classes"]]

    shares = scores.softmax(1)[0].tolist()
    assert told("classes", scores) == [("b", shares[1]), ("a", shares[0]), ("c", shares[2])] == told("classes", scores.log_softmax(1))
    assert told("logits", scores)[0] == ("b", torch.tensor(2.0).sigmoid().item()) and told("one-hot", scores)[0] == ("b", 2.0)
    assert told("logits", torch.tensor([[-1.0]]), "ab") == [("a", 1 - torch.tensor(-1.0).sigmoid().item()), ("b", torch.tensor(-1.0).sigmoid().item())]
    assert network(Says(torch.tensor([[1.5, -2.0]])), "regression").sees(content)[0]["targets"] == [{"target": "a", "value": 1.5}, {"target": "b", "value": -2.0}]


def test_a_negative_is_shown_with_black_around_it():
    white = file(np.full((16, 32), 255))
    seen = network(Light(), "segmentation", fit="pad", inverted=True).sees(white)[0]
    assert [one["class"] for one in seen["classes"]] == ["a"]
    assert network(Light(), "segmentation", fit="crop").sees(white)[0]["classes"] == [{"class": "b", "share": 1.0}]


def test_what_is_no_picture_and_what_is_no_answer_are_refused_in_words():
    with pytest.raises(DataError, match="it is no picture"):
        network(Light(), "segmentation").sees(b"no picture")
    with pytest.raises(TaskError, match="gives N×3"):
        network(Says(torch.zeros(1, 3)), "classification").sees(file(np.zeros((4, 4))))
