"""`baselines`."""

from __future__ import annotations

import json


def test_a_line_a_method(brickwork):
    told = brickwork("baselines", "mnist-cnn").out.splitlines()
    again = [json.loads(line) for line in brickwork("baselines", "mnist-cnn", "--json").out.splitlines()]
    assert [row["title"] for row in again] == ["Logistic regression", "Decision tree", "Random forest"]
    assert all(line.startswith(row["title"]) and f"{100 * row['accuracy']:.2f} % of 360 test samples; fitted on 1,437 in" in line
               for row, line in zip(again, told, strict=True))


def test_what_cannot_be_measured_is_said_in_a_line(brickwork):
    for arguments, says in ((("resnet18",), "is drawn only"), (("mnist-cnn", "--data", "x"), "no data set"), (("mnist-cnn", "--data", "mnist"), "is not on this machine")):
        answer = brickwork("baselines", *arguments)
        assert answer.status in (1, 2) and says in answer.err and answer.err.count("\n") == 1
