"""Differences of JSON values, and what a browser session is told."""

from __future__ import annotations

import copy
import json

from hypothesis import given
from hypothesis import settings as profile
from hypothesis import strategies as st

from builder.ui import delta

scalars = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from([0.0, 1.0, 0.5]) | st.sampled_from(["", "a", "b"])
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.sampled_from("abcd"), inner, max_size=4), max_leaves=20)


def patched(before: object, change: dict[str, object] | None) -> object:
    """What `delta.ts` does, in Python: the reference that both are held against."""
    if change is None:
        return before
    if "is" in change:
        return change["is"]
    if "of" in change:
        return [item for piece in change["of"] for item in (piece["new"] if isinstance(piece, dict) else before[piece[0]:sum(piece)])]
    out = {name: value for name, value in before.items() if name not in change.get("out", ())}
    return {**out, **{name: patched(before.get(name), inner) for name, inner in change["in"].items()}}


@given(values, values)
@profile(max_examples=300)
def test_a_difference_put_onto_the_old_value_gives_the_new_one(before, after):
    change = delta.difference(before, after)
    assert delta.same(patched(before, json.loads(json.dumps(change))), after) and (change is None) == delta.same(before, after)


@given(st.lists(st.sampled_from("abc"), max_size=12), st.lists(st.sampled_from("abc"), max_size=12))
def test_lists_with_repeated_items_come_out_right(before, after):
    assert patched(before, delta.difference(before, after)) == after


def test_one_brick_of_many_that_changed_is_all_that_is_sent():
    nodes = [{"id": f"n{i}"} for i in range(1000)]
    after = [*nodes[:500], {"id": "n500", "kind": "ReLU"}, *nodes[501:]]
    change = delta.difference({"nodes": nodes}, {"nodes": after})
    assert change == {"in": {"nodes": {"of": [[0, 500], {"new": [{"id": "n500", "kind": "ReLU"}]}, [501, 499]]}}}
    names = [f"edit {i}" for i in range(200)]
    assert delta.difference(names, [*names[1:], "new"]) == {"of": [[1, 199], {"new": ["new"]}]}


def test_one_and_true_and_one_point_nought_are_three_values():
    assert delta.difference([1], [True]) == {"of": [{"new": [True]}]} and delta.difference(1, 1.0) == {"is": 1.0}


def test_a_session_gets_the_whole_first_and_then_the_difference_from_what_it_says_it_has():
    told: dict[str, object] = {}
    first = delta.tell(told, {"a": 1, "b": [1, 2]}, None)
    assert first["full"] == {"a": 1, "b": [1, 2]}
    second = delta.tell(told, {"a": 2, "b": [1, 2]}, first["stamp"])
    assert (second["base"], second["change"]) == (first["stamp"], {"in": {"a": {"is": 2}}})
    third = delta.tell(told, {"a": 2, "b": [2]}, first["stamp"])
    assert patched(first["full"], third["change"]) == {"a": 2, "b": [2]}


def test_the_same_question_gets_the_same_answer_and_another_stamp_means_another_value():
    told: dict[str, object] = {}
    first = delta.tell(told, {"a": 1}, None)
    assert delta.tell(told, {"a": 1}, None) == first
    stamps = {delta.tell(told, {"a": i}, None)["stamp"] for i in range(50)}
    assert len(stamps) == 50 and len(told) == delta.KEPT


def test_a_stamp_that_is_not_remembered_or_no_stamp_at_all_gets_the_whole():
    told: dict[str, object] = {}
    first = delta.tell(told, {"a": 1}, None)["stamp"]
    for i in range(delta.KEPT):
        delta.tell(told, {"a": i + 2}, None)
    for unknown in (first, "other", 7, None, ["x"]):
        assert "full" in delta.tell(told, {"a": 0}, unknown)


@given(st.lists(st.tuples(values, st.integers(0, 30)), min_size=1, max_size=30))
def test_whatever_is_lost_on_the_way_what_arrives_makes_the_value(turns):
    """A browser that keeps what it was told, misses some of it, and says the newest that it has."""
    told: dict[str, object] = {}
    holds: dict[str, object] = {}
    for value, lost in turns:
        message = delta.tell(told, copy.deepcopy(value), next(reversed(holds), None))
        if lost % 3 == 0:
            continue
        arrived = message["full"] if "full" in message else patched(holds[message["base"]], message["change"])
        assert delta.same(arrived, value)
        holds.pop(message["stamp"], None)
        holds[message["stamp"]] = arrived
