"""Two canvases on one project: which later edits would destroy earlier ones, and which would not."""

from __future__ import annotations

import pytest

from builder.gallery import ENTRIES
from builder.graph import History
from builder.graph.conflicts import Log, changes

FIRST = ENTRIES["mnist-cnn"].project


def kernel(size: int, brick: str = "conv1") -> dict:
    return {"op": "set", "id": brick, "params": {"kernel_size": size}}


def move(brick: str, x: float) -> dict:
    return {"op": "move", "at": {brick: [x, 4]}}


def remove(*ids: str, rejoin: bool = False) -> dict:
    return {"op": "remove", "ids": list(ids), "rejoin": rejoin}


class Table:
    """A history that several canvases edit; `seen` is the revision that a canvas last looked at."""

    def __init__(self) -> None:
        self.history, self.log = History(FIRST), Log()

    def do(self, client: str, *edits: dict) -> int:
        for edit in edits:
            after = self.history.apply(edit)
            self.log.note(client, edit["op"], self.history, after)
            self.history = after
        return self.history.revision

    def asks(self, client: str, seen: int, edit: dict) -> str | None:
        found = self.log.conflict(client, seen, edit, self.history, self.history.apply(edit))
        return found.says if found else None


@pytest.mark.parametrize(
    "theirs, mine, says",
    [
        (kernel(3), kernel(7), "Another tab set kernel_size of conv1 to 3 while you set it to 7."),
        (move("conv1", 400), move("conv1", 8), "Another tab moved conv1 while you moved it too."),
        (kernel(3), remove("conv1"), "Another tab set kernel_size of conv1 to 3 while you removed conv1."),
        (kernel(3), {"op": "replace", "id": "conv1", "kind": "ReLU"}, "Another tab set kernel_size of conv1 to 3"),
        ({"op": "set", "id": "conv1", "params": {"kernel_size": None}}, kernel(7), "to its default while you set it to 7."),
        ({"op": "name", "value": "Ours"}, {"op": "name", "value": "Mine"}, "Another tab called the project Ours while you called it Mine."),
        ({"op": "settings", "path": "training.epochs", "value": 3}, {"op": "settings", "path": "training.epochs", "value": 4},
         "Another tab set training.epochs to 3 while you set it to 4."),
        ({"op": "connect", "source": "conv1", "target": "relu1"}, {"op": "connect", "source": "image", "target": "relu1"},
         "Another tab connected conv1 to input 1 of relu1 while you connected image to it."),
        ({"op": "batch", "edits": [kernel(3), move("conv1", 400)]}, {"op": "batch", "edits": [move("conv2", 8), kernel(9)]}, "kernel_size of conv1 to 3"),
    ],
)
def test_a_later_edit_of_the_same_field_on_an_old_revision_is_a_question(theirs, mine, says):
    table = Table()
    seen = table.do("a", {"op": "rename", "id": "relu3", "to": "last"})
    table.do("b", theirs)
    assert says in table.asks("a", seen, mine)
    assert table.asks("a", table.history.revision, mine) is None, "whoever has seen it may change it"
    assert table.asks("b", seen, mine) is None, "nobody is in their own way"


@pytest.mark.parametrize(
    "theirs, mine",
    [
        (kernel(3), kernel(3)),
        (kernel(3), kernel(3, "conv2")),
        (kernel(3), move("conv1", 8)),
        (kernel(3), {"op": "set", "id": "conv1", "params": {"padding": 2}}),
        (kernel(3), {"op": "rename", "id": "conv1", "to": "first"}),
        (move("conv1", 400), remove("conv1")),
        (move("conv1", 400), move("conv2", 8)),
        ({"op": "insert", "node": {"id": "new", "kind": "ReLU"}, "edge": {"source": "fc1", "target": "relu3"}}, remove("conv1", rejoin=True)),
        ({"op": "settings", "path": "training.epochs", "value": 3}, {"op": "settings", "path": "training.batch_size", "value": 4}),
        ({"op": "batch", "edits": [kernel(3), kernel(5)]}, kernel(7)),
    ],
)
def test_edits_that_do_not_touch_each_other_pass(theirs, mine):
    table = Table()
    table.do("b", theirs)
    assert table.asks("a", 0, mine) is None


def test_what_was_set_and_set_back_is_nobodys_loss():
    table = Table()
    table.do("b", kernel(3), kernel(5))
    assert table.asks("a", 0, kernel(7)) is None


def test_the_other_pages_of_the_app_are_nobodys_rival():
    table = Table()
    table.do("", kernel(3))
    assert table.asks("a", 0, kernel(7)) is None and table.asks("a", 0, {"op": "undo"}) is None


def test_undo_of_an_entry_that_another_tab_made_unseen_is_a_question_and_of_an_own_one_is_not():
    table = Table()
    seen = table.do("a", kernel(3))
    table.do("b", kernel(7, "conv2"))
    assert "“Set kernel_size of conv2”, was made in another tab" in table.asks("a", seen, {"op": "undo"})
    assert table.asks("b", 0, {"op": "undo"}) is None
    assert table.log.undone_by_other("a", {"op": "undo"}, table.history) == "Set kernel_size of conv2"
    table.do("b", {"op": "undo"})
    assert table.log.undone_by_other("a", {"op": "undo"}, table.history) is None
    assert table.log.undone_by_other("a", {"op": "redo"}, table.history) == "Set kernel_size of conv2"


def test_an_entry_of_several_edits_has_one_author_and_none_when_it_leads_back():
    table = Table()
    typed = [{**kernel(size), "run": "a"} for size in (1, 12, 5)]
    seen = table.do("b", move("conv1", 400))
    table.do("a", *typed[:2])
    assert "“Set kernel_size of conv1”" in table.asks("b", seen, {"op": "undo"})
    table.do("a", typed[2])
    assert len(table.history.past) == 1
    assert "“Move conv1”" in table.asks("a", 0, {"op": "undo"}) and table.asks("b", seen, {"op": "undo"}) is None


def test_undo_in_another_tab_counts_as_a_change_like_any_other():
    table = Table()
    seen = table.do("a", kernel(3))
    table.do("b", {"op": "undo"})
    assert "set kernel_size of conv1 to 5 while you set it to 7" in table.asks("a", seen, kernel(7))


def test_a_log_joins_a_history_that_was_there_before():
    table = Table()
    table.do("a", kernel(3), kernel(4))
    table.log = Log()
    assert table.log.undone_by_other("b", {"op": "undo", "steps": 9}, table.history) is None
    table.do("b", {"op": "undo"}, {"op": "redo"}, kernel(6))
    assert table.log.undone_by_other("a", {"op": "undo"}, table.history) == "Set kernel_size of conv1"


@pytest.mark.parametrize("revision", [None, "3", True, 10**30, -5, 2.5, []])
def test_any_revision_that_a_canvas_may_send_is_answered(revision):
    table = Table()
    table.do("b", kernel(3))
    table.log.conflict("a", revision, kernel(7), table.history, table.history.apply(kernel(7)))


def test_the_choice_travels_with_the_edit_that_makes_it():
    table = Table()
    table.do("b", kernel(3))
    found = table.log.conflict("a", 0, kernel(7), table.history, table.history.apply(kernel(7)))
    assert found.to_json() == {"says": found.says, "theirs": "Keep theirs", "yours": "Use yours", "edit": kernel(7)}


def test_equal_projects_differ_nowhere():
    assert not changes(FIRST, FIRST)
