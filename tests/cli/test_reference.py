"""`reference`: the list, and a page for every kind."""

from __future__ import annotations

import pytest

from builder.graph.reference import kinds


def test_the_list_has_every_kind_with_its_category(brickwork):
    rows = brickwork("reference", "--json").json
    assert [row["kind"] for row in rows] == list(kinds()) and "Conv2d" in brickwork("reference").out


@pytest.mark.parametrize("kind", kinds())
def test_every_kind_has_a_page_as_text_and_as_data(brickwork, kind):
    answer, record = brickwork("reference", kind), brickwork("reference", kind, "--json").json
    assert answer.status == 0 and answer.out.startswith(f"{kind} (") and record["kind"] == kind
    assert all(row["parameter"] in answer.out for row in record["parameters"]) and all(rule in answer.out for rule in record["rules"])
    assert (record["example"] is None) == (kind in ("Input", "Output", "BlockInput", "BlockOutput"))


def test_the_worked_example_has_the_numbers(brickwork):
    out = brickwork("reference", "conv2d").out
    assert "gives N×32×26×26: 320 parameters" in out and "= (28 + 2 * 0 - 1 * (3 - 1) - 1) // 1 + 1" in out


def test_an_unknown_layer_is_one_line_with_a_guess(brickwork):
    answer = brickwork("reference", "Conv3")
    assert answer.status == 2 and answer.err.count("\n") == 1 and "did you mean Conv3d, Conv2d" in answer.err
