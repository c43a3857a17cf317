"""Edits and undo: what each does, and that no sequence of them breaks a project."""

from __future__ import annotations

import re
from functools import reduce
from random import Random

import pytest
from hypothesis import settings as profile
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from builder.catalogue import LAYERS
from builder.gallery import ENTRIES
from builder.graph import DocumentError, EditError, History, Project, apply, check, dumps, from_json, loads, to_json
from builder.graph.document import MAX_EDGES, MAX_NODES
from builder.graph.edits import label
from tests.graph.drawings import ODD, messy_project, some_params

MNIST = ENTRIES["mnist-cnn"].project


def drawn(nodes: str, *wires: str) -> Project:
    """A project from "id:Kind id:Kind" and wires "source>target" or "source>target.port"."""
    edges = []
    for wire in wires:
        source, _, rest = wire.partition(">")
        target, _, port = rest.partition(".")
        edges.append({"source": source, "target": target, "port": int(port or 0)})
    listed = [dict(zip(("id", "kind"), node.split(":"), strict=True)) for node in nodes.split()]
    return from_json(
        {"type": "brickwork/project", "version": 1, "name": "Drawn", "networks": {"network": {"nodes": listed, "edges": edges}}}
    )


def wires(project: Project) -> list[str]:
    return sorted(f"{edge.source}>{edge.target}.{edge.port}" for edge in project.network.edges)


CHAIN = drawn("image:Input a:ReLU b:Tanh out:Output", "image>a", "a>b", "b>out")
MERGE = drawn(
    "image:Input a:ReLU b:Tanh c:SiLU sum:Add out:Output", "image>a", "image>b", "image>c", "a>sum.0", "b>sum.1", "c>sum.2", "sum>out"
)


def test_a_brick_is_added_with_its_parameters_and_place_and_a_name_of_its_kind_when_it_has_none():
    project = apply(CHAIN, {"op": "add", "node": {"kind": "Conv2d", "params": {"kernel_size": [3, 5]}, "at": [1, 2.5]}})
    node = project.network.nodes[-1]
    assert (node.id, node.kind, node.params, node.at) == ("conv1", "Conv2d", {"kernel_size": (3, 5)}, (1.0, 2.5))
    assert apply(project, {"op": "add", "node": {"kind": "Conv2d"}}).network.nodes[-1].id == "conv2"


def test_a_brick_put_on_a_wire_stands_between_the_two_and_takes_the_same_input():
    project = apply(MERGE, {"op": "insert", "node": {"id": "new", "kind": "Sigmoid"}, "edge": {"source": "b", "target": "sum", "port": 1}})
    assert wires(project) == sorted({*wires(MERGE)} - {"b>sum.1"} | {"b>new.0", "new>sum.1"})


def test_a_brick_without_inputs_or_outputs_cannot_be_put_on_a_wire():
    for kind in ("Input", "Output"):
        with pytest.raises(EditError, match=kind):
            apply(CHAIN, {"op": "insert", "node": {"kind": kind}, "edge": {"source": "a", "target": "b"}})


def test_removing_with_rejoin_wires_the_neighbours_and_without_it_cuts():
    assert wires(apply(CHAIN, {"op": "remove", "ids": ["a"], "rejoin": True})) == ["b>out.0", "image>b.0"]
    assert wires(apply(CHAIN, {"op": "remove", "ids": ["a", "b"], "rejoin": True})) == ["image>out.0"]
    assert wires(apply(CHAIN, {"op": "remove", "ids": ["b", "a"]})) == []
    assert wires(apply(CHAIN, {"op": "remove", "ids": ["image"], "rejoin": True})) == ["a>b.0", "b>out.0"]


def test_removing_a_merge_with_rejoin_goes_on_from_its_first_input():
    assert wires(apply(MERGE, {"op": "remove", "ids": ["sum"], "rejoin": True})) == ["a>out.0", "image>a.0", "image>b.0", "image>c.0"]


def test_inputs_of_a_merge_close_up_when_a_branch_goes():
    assert wires(apply(MERGE, {"op": "remove", "ids": ["b"]})) == ["a>sum.0", "c>sum.1", "image>a.0", "image>c.0", "sum>out.0"]
    assert {"b>sum.0", "c>sum.1"} < {*wires(apply(MERGE, {"op": "disconnect", "source": "a", "target": "sum"}))}
    assert {"a>sum.0", "image>sum.1", "c>sum.2"} < {*wires(apply(MERGE, {"op": "remove", "ids": ["b"], "rejoin": True}))}


def test_a_wire_replaces_what_was_in_that_input_and_past_the_end_of_a_merge_it_is_one_more():
    assert {"image>b.0", "b>out.0"} < {*wires(apply(CHAIN, {"op": "connect", "source": "image", "target": "b", "port": 0}))}
    assert "a>b.0" not in wires(apply(CHAIN, {"op": "connect", "source": "image", "target": "b"}))
    assert "image>sum.3" in wires(apply(MERGE, {"op": "connect", "source": "image", "target": "sum", "port": 17}))
    assert {"image>sum.1", "a>sum.0", "c>sum.2"} < {*wires(apply(MERGE, {"op": "connect", "source": "image", "target": "sum", "port": 1}))}


def test_a_wire_into_the_gap_that_a_file_left_in_a_merge_takes_that_place():
    project = drawn("image:Input a:ReLU sum:Add out:Output", "image>a", "image>sum.2", "a>sum.5", "sum>out")
    assert not [problem for problem in check(project).problems if problem.node == "sum"]
    assert {"a>sum.0", "image>sum.1", "a>sum.2"} < {*wires(apply(project, {"op": "connect", "source": "a", "target": "sum", "port": 0}))}


def test_wires_that_would_run_in_a_circle_or_past_an_end_are_refused():
    for source, target, port in (("b", "a", 0), ("a", "a", 0), ("out", "a", 0), ("a", "image", 0), ("a", "out", 1), ("image", "b", 3)):
        with pytest.raises(EditError):
            apply(CHAIN, {"op": "connect", "source": source, "target": target, "port": port})


def test_setting_a_parameter_keeps_the_others_and_null_goes_back_to_the_default():
    project = apply(MNIST, {"op": "set", "id": "conv1", "params": {"stride": 2, "kernel_size": [3, 3]}})
    assert project.network.node("conv1").params == {"out_channels": 10, "kernel_size": (3, 3), "stride": 2}
    project = apply(project, {"op": "set", "id": "conv1", "params": {"stride": None, "kernel_size": None}})
    assert project.network.node("conv1").params == {"out_channels": 10}


@pytest.mark.parametrize("value", [0, -1, "3", True, 2.0, [1, 2, 3], [], {}, 10**9, "", [True, 1]], ids=repr)
def test_a_value_that_is_not_allowed_is_refused_by_the_parameters_name(value):
    with pytest.raises(EditError, match="kernel_size"):
        apply(MNIST, {"op": "set", "id": "conv1", "params": {"kernel_size": value}})


def test_a_parameter_that_the_layer_does_not_have_is_refused_and_one_in_a_file_can_be_removed():
    with pytest.raises(EditError, match="'colour'"):
        apply(MNIST, {"op": "set", "id": "conv1", "params": {"colour": 1}})
    project = apply(CHAIN, {"op": "add", "node": {"id": "odd", "kind": "ReLU", "params": {"colour": 1}}})
    assert apply(project, {"op": "set", "id": "odd", "params": {"colour": None}}).network.node("odd").params == {}


def test_replacing_keeps_the_wires_and_the_parameters_that_both_kinds_have():
    project = apply(MNIST, {"op": "replace", "id": "pool1", "kind": "AvgPool2d"})
    assert project.network.node("pool1").params == {"kernel_size": 2} and project.network.edges == MNIST.network.edges
    assert apply(MNIST, {"op": "replace", "id": "pool1", "kind": "ReLU"}).network.node("pool1").params == {}
    for kind in ("Input", "Output", "BlockInput", "Nothing", None, []):
        with pytest.raises(EditError):
            apply(MNIST, {"op": "replace", "id": "pool1", "kind": kind})


def test_renaming_takes_the_wires_along_and_refuses_names_in_use_or_taken():
    assert wires(apply(CHAIN, {"op": "rename", "id": "a", "to": "zed"})) == ["b>out.0", "image>zed.0", "zed>b.0"]
    assert apply(CHAIN, {"op": "rename", "id": "a", "to": "a"}) == CHAIN
    for name in ("b", "forward", "a-b", "", None, 3, "_a", "if"):
        with pytest.raises(EditError):
            apply(CHAIN, {"op": "rename", "id": "a", "to": name})


def test_choosing_data_takes_its_recipe_along_only_while_the_settings_are_a_recommended_one():
    mnist = apply(MNIST, {"op": "choose_data", "source": "mnist"})
    assert mnist.data["source"] == "mnist" and mnist.training == MNIST.recipes["mnist"] != MNIST.training
    assert apply(mnist, {"op": "choose_data", "source": "digits"}) == MNIST
    own = apply(MNIST, {"op": "settings", "path": "training.epochs", "value": 4})
    moved = apply(own, {"op": "choose_data", "source": "mnist"})
    assert moved.training == own.training and moved.data["source"] == "mnist"
    assert apply(MNIST, {"op": "choose_data", "source": "cifar10"}).training == MNIST.training
    with pytest.raises(EditError, match="digits, mnist"):
        apply(MNIST, {"op": "choose_data", "source": "imagenet"})


def test_another_optimiser_starts_with_its_own_defaults():
    project = apply(MNIST, {"op": "choose_optimizer", "kind": "Adam"})
    assert project.training["optimizer"] == {"kind": "Adam"} and project.training["epochs"] == MNIST.training["epochs"]


def test_a_batch_is_one_entry_under_its_label_and_nothing_of_it_stays_when_a_part_does_not_fit():
    parts = [{"op": "add", "node": {"id": "new", "kind": "ReLU"}}, {"op": "connect", "source": "a", "target": "new"}]
    history = History(CHAIN).apply({"op": "batch", "label": "Two things", "edits": parts})
    assert history.names() == {"undo": ["Two things"], "redo": []} and history.undo().project is CHAIN
    before = History(CHAIN)
    with pytest.raises(EditError):
        before.apply({"op": "batch", "edits": [*parts, {"op": "remove", "ids": ["nobody"]}]})
    assert before.project is CHAIN


NONSENSE = [
    {},
    {"op": None},
    {"op": []},
    {"op": {}},
    {"op": "explode"},
    {"op": "add"},
    {"op": "add", "node": None},
    {"op": "add", "node": {"kind": []}},
    {"op": "add", "node": {"kind": "ReLU", "id": "forward"}},
    {"op": "add", "node": {"kind": "ReLU", "params": 3}},
    {"op": "add", "node": {"kind": "ReLU", "at": 3}},
    {"op": "remove"},
    {"op": "remove", "ids": 5},
    {"op": "remove", "ids": "a"},
    {"op": "remove", "ids": [[]]},
    {"op": "remove", "ids": {"a": 1}},
    {"op": "remove", "ids": True},
    {"op": "connect"},
    {"op": "connect", "source": "a", "target": "out", "port": "0"},
    {"op": "disconnect", "source": [], "target": {}},
    {"op": "set"},
    {"op": "set", "id": "a"},
    {"op": "set", "id": "a", "params": {"": 1}},
    {"op": "set", "id": [], "params": {}},
    {"op": "insert"},
    {"op": "insert", "edge": {}, "node": {}},
    {"op": "rename"},
    {"op": "move"},
    {"op": "move", "at": {"a": "x"}},
    {"op": "move", "at": {"a": [1e300, 0]}},
    {"op": "move", "at": {"a": [10**400, 0]}},
    {"op": "move", "at": {"nobody": [0, 0]}},
    {"op": "settings"},
    {"op": "settings", "path": "training"},
    {"op": "settings", "path": [], "value": 1},
    {"op": "settings", "path": "name.x", "value": 1},
    {"op": "settings", "path": "training.a", "value": None},
    {"op": "settings", "path": "training" + ".a" * 5_000, "value": 1},
    {"op": "settings", "path": "training.a.b", "value": [[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]},
    {"op": "settings", "path": "training.a", "value": float("inf")},
    {"op": "settings", "path": "training.a", "value": {3: 1}},
    {"op": "choose_data"},
    {"op": "choose_data", "source": ["digits"]},
    {"op": "choose_optimizer", "kind": {}},
    {"op": "name"},
    {"op": "name", "value": " "},
    {"op": "name", "value": "\ud800"},
    {"op": "name", "value": "x" * 81},
    {"op": "batch"},
    {"op": "batch", "edits": 5},
    {"op": "batch", "edits": "ab"},
    {"op": "batch", "edits": [5]},
    {"op": "batch", "edits": [{"op": "undo"}]},
    None,
    3,
    "add",
    [],
]


@pytest.mark.parametrize("edit", NONSENSE, ids=lambda edit: repr(edit)[:60])
def test_nonsense_is_refused_in_one_sentence(edit):
    with pytest.raises(EditError) as caught:
        apply(CHAIN, edit)
    assert str(caught.value) and "\n" not in str(caught.value) and len(str(caught.value)) < 300


@pytest.mark.parametrize("seed", range(60))
def test_bricks_and_wires_added_in_a_batch_are_those_added_one_by_one(seed):
    rng = Random(seed)
    project = messy_project(rng) if seed % 2 else MNIST
    names = [node.id for node in project.network.nodes]
    edits: list[dict[str, object]] = []
    for i in range(rng.randrange(2, 14)):
        if rng.random() < 0.4:
            names.append(f"new{i}")
            edits.append({"op": "add", "node": {"id": f"new{i}", "kind": rng.choice(["Add", "Concat", "ReLU", "Conv2d", "Output"]), "at": [i, 0]}})
        else:
            edits.append({"op": "connect", "source": rng.choice(names), "target": rng.choice(names), "port": rng.randrange(3)})
    fit, one_by_one = [], project
    for edit in edits:
        try:
            one_by_one = apply(one_by_one, edit)
            fit.append(edit)
        except EditError as error:
            with pytest.raises(EditError, match=re.escape(str(error))):
                apply(project, {"op": "batch", "edits": [*fit, edit]})
    assert to_json(apply(project, {"op": "batch", "edits": fit})) == to_json(one_by_one)
    assert fit or seed


def test_bricks_added_to_a_block_in_a_batch_are_there_in_every_instance():
    inside = {"nodes": [{"id": "x", "kind": "BlockInput"}, {"id": "out", "kind": "BlockOutput"}], "edges": [{"source": "x", "target": "out"}]}
    project = apply(apply(MNIST, {"op": "define", "name": "Own", "block": inside}), {"op": "add", "node": {"id": "own1", "kind": "Own"}})
    parts = [{"op": "add", "node": {"id": "y", "kind": "BlockInput"}}, {"op": "add", "node": {"id": "add1", "kind": "Add"}},
             {"op": "connect", "source": "x", "target": "add1", "port": 0}, {"op": "connect", "source": "y", "target": "add1", "port": 1},
             {"op": "connect", "source": "add1", "target": "out", "port": 0}]
    together = apply(project, {"op": "batch", "in": "Own", "edits": parts})
    assert to_json(together) == to_json(reduce(apply, [{**part, "in": "Own"} for part in parts], project))
    assert together.blocks["Own"].ports("BlockInput") == ("x", "y")
    with pytest.raises(EditError, match="cannot hold itself"):
        apply(project, {"op": "batch", "in": "Own", "edits": [{"op": "add", "node": {"id": "again", "kind": "Own"}}, parts[1]]})


def test_a_batch_nested_without_end_is_refused():
    edit: dict = {"op": "move", "at": {}}
    for _ in range(100_000):
        edit = {"op": "batch", "edits": [edit]}
    with pytest.raises(EditError, match="too deep"):
        apply(CHAIN, edit)


def test_no_edit_makes_a_network_larger_than_a_file_may_be():
    ids = [f"r{i}" for i in range(MAX_NODES)]
    full = drawn(" ".join(f"{name}:ReLU" for name in ids))
    with pytest.raises(EditError, match=f"{MAX_NODES:,}"):
        apply(full, {"op": "add", "node": {"kind": "ReLU"}})
    tangled = drawn("a:ReLU sum:Add", *(f"a>sum.{port}" for port in range(MAX_EDGES)))
    with pytest.raises(EditError, match=f"{MAX_EDGES:,}"):
        apply(
            tangled,
            {"op": "batch", "edits": [{"op": "add", "node": {"id": "b", "kind": "ReLU"}}, {"op": "connect", "source": "a", "target": "b"}]},
        )


def test_an_edit_that_changes_nothing_is_no_entry_and_keeps_redo():
    history = History(MNIST).apply({"op": "rename", "id": "conv1", "to": "first"}).undo()
    same = history.apply({"op": "set", "id": "conv1", "params": {"out_channels": 10}})
    assert same is history and same.names() == {"undo": [], "redo": ["Rename conv1 to first"]}
    assert history.apply({"op": "set", "id": "conv1", "params": {"out_channels": 11}}).names()["redo"] == []


def test_a_number_typed_digit_by_digit_is_one_entry_and_none_when_it_is_taken_back():
    def typed(history, value, run="a"):
        return history.apply({"op": "set", "id": "conv1", "params": {"out_channels": value}, "run": run})

    history = typed(typed(typed(History(MNIST), 1), 12), 128)
    assert history.names()["undo"] == ["Set out_channels of conv1"] and history.undo().project == MNIST
    assert history.project.network.node("conv1").params["out_channels"] == 128
    assert len(typed(history, 64, "b").past) == 2 and len(typed(history.apply({"op": "rename", "id": "conv2", "to": "c"}), 64).past) == 3
    back = typed(history, 10)
    assert back.past == () and back.project == MNIST and back.revision == 4
    assert typed(back, 20).names()["undo"] == ["Set out_channels of conv1"]
    assert len(typed(history.undo(), 64).past) == 1, "an undone run does not go on"


def test_undo_at_the_beginning_and_redo_at_the_end_change_nothing():
    history = History(MNIST)
    assert history.undo() is history and history.redo() is history and history.apply({"op": "undo"}) is history


@pytest.mark.parametrize(
    "edit, name",
    [
        ({"op": "add", "node": {"kind": "ReLU"}}, "Add ReLU"),
        ({"op": "remove", "ids": ["a"]}, "Remove a"),
        ({"op": "remove", "ids": ["a", "b"]}, "Remove 2 bricks"),
        ({"op": "set", "id": "a", "params": {}}, "Set  of a"),
        ({"op": "move", "at": {"a": [1, 2]}}, "Move a"),
        ({"op": "name", "value": "N"}, "Rename project"),
        ({"op": "move", "at": {"a": [1, 2]}, "label": "Tidy up"}, "Tidy up"),
        ({"op": "choose_data", "source": "mnist"}, "Use mnist"),
    ],
)
def test_every_entry_has_a_name_for_the_menu(edit, name):
    history = History(CHAIN).apply(edit)
    assert history is not None and label(edit) == name and history.names()["undo"] in ([name], [])


class Editing(RuleBasedStateMachine):
    """Edits at random, sensible and not, through the history that the app uses."""

    def __init__(self):
        super().__init__()
        self.first = messy_project(Random(0), 5)
        self.history = History(self.first)

    def names(self) -> list[str]:
        return [node.id for node in self.history.project.network.nodes] or ["image"]

    def edit(self, edit: object) -> None:
        before, text = self.history, dumps(self.history.project)
        try:
            self.history = self.history.apply(edit)
        except EditError as error:
            assert str(error) and "\n" not in str(error)
            assert self.history is before
        assert dumps(before.project) == text
        assert 0 <= self.history.revision - before.revision <= 1

    @rule(random=st.randoms(use_true_random=False), kind=st.sampled_from([*LAYERS, "Mystery"]))
    def add(self, random, kind):
        params = dict(some_params(random, kind, 0.1)) if kind in LAYERS else {}
        self.edit(
            {
                "op": "add",
                "node": {
                    "id": random.choice([None, "x", "h", "train", f"b{random.randrange(99)}"]),
                    "kind": kind,
                    "params": params,
                    "at": random.choice([None, [random.randrange(400), 0.5]]),
                },
            }
        )

    @rule(random=st.randoms(use_true_random=False))
    def connect(self, random):
        self.edit(
            {
                "op": "connect",
                "source": random.choice(self.names()),
                "target": random.choice(self.names()),
                "port": random.choice([0, 0, 1, 2, 9, -1, "1"]),
            }
        )

    @rule(random=st.randoms(use_true_random=False), op=st.sampled_from(["disconnect", "insert"]))
    @precondition(lambda self: self.history.project.network.edges)
    def on_a_wire(self, random, op):
        edge = random.choice(self.history.project.network.edges).to_json()
        self.edit(
            {"op": "disconnect", **edge}
            if op == "disconnect"
            else {"op": "insert", "edge": edge, "node": {"kind": random.choice([*LAYERS])}}
        )

    @rule(random=st.randoms(use_true_random=False), rejoin=st.booleans())
    def remove(self, random, rejoin):
        self.edit({"op": "remove", "ids": random.choices(self.names(), k=random.choice((1, 1, 2, 3))), "rejoin": rejoin})

    @rule(random=st.randoms(use_true_random=False))
    def set(self, random):
        node = random.choice(self.history.project.network.nodes or [None])
        if node and node.kind in LAYERS:
            self.edit(
                {"op": "set", "id": node.id, "params": dict(some_params(random, node.kind, 0.2)) | random.choice([{}, {"padding": None}])}
            )

    @rule(random=st.randoms(use_true_random=False))
    def rename(self, random):
        self.edit(
            {"op": "rename", "id": random.choice(self.names()), "to": random.choice(["x", "h", "value", "class", "b1", *self.names()])}
        )

    @rule(random=st.randoms(use_true_random=False), kind=st.sampled_from([*LAYERS, "Mystery"]))
    def replace(self, random, kind):
        self.edit({"op": "replace", "id": random.choice(self.names()), "kind": kind})

    @rule(random=st.randoms(use_true_random=False))
    def move(self, random):
        self.edit({"op": "move", "at": {name: [random.randrange(900), random.random()] for name in random.choices(self.names(), k=2)}})

    @rule(random=st.randoms(use_true_random=False))
    def settings(self, random):
        path = random.choice(
            [
                "training.epochs",
                "training.optimizer",
                "training.optimizer.lr",
                "training.epochs.x",
                "data.source",
                "task.kind",
                "nothing",
                "training",
            ]
        )
        self.edit({"op": "settings", "path": path, "value": random.choice([1, 5, 0.1, "digits", {"kind": "Adam"}, *ODD])})
        self.edit(
            {
                "op": random.choice(["choose_data", "choose_optimizer", "name"]),
                "source": random.choice(["mnist", "digits", 3]),
                "kind": random.choice(["SGD", "Adam", []]),
                "value": random.choice(["A", " b ", "", "![x](http://evil)", 3]),
            }
        )

    @rule(random=st.randoms(use_true_random=False))
    def fix(self, random):
        fixes = [fix for problem in check(self.history.project).problems for fix in problem.fixes]
        if fixes:
            self.edit(random.choice(fixes).edit)

    @rule(edit=st.sampled_from([edit for edit in NONSENSE if isinstance(edit, dict)]))
    def nonsense(self, edit):
        self.edit(edit)

    @rule()
    def undo(self):
        self.edit({"op": "undo"})

    @rule()
    def redo(self):
        self.edit({"op": "redo"})

    @invariant()
    def the_project_is_well_formed(self):
        project = self.history.project
        assert loads(dumps(project)) == project and to_json(from_json(to_json(project))) == to_json(project)

    @invariant()
    def the_inputs_of_a_merge_have_no_gaps(self):
        network = self.history.project.network
        for node in network.nodes:
            if node.kind in ("Add", "Concat", "Multiply") and self.first.network.node(node.id) is None:
                assert [edge.port for edge in network.into(node.id)] == list(range(len(network.into(node.id))))

    def teardown(self):
        last, history = dumps(self.history.project), self.history
        while history.past:
            history = history.undo()
        assert dumps(history.project) == dumps(self.first)
        while history.future:
            history = history.redo()
        forward = history
        assert len(forward.past) == len(self.history.past) + len(self.history.future)
        while len(forward.past) > len(self.history.past):
            forward = forward.undo()
        assert dumps(forward.project) == last


Editing.TestCase.settings = profile(max_examples=60, stateful_step_count=30)
TestAnySequenceOfEditsKeepsTheProjectWellFormedAndUndoesToTheFirstByte = Editing.TestCase


def test_an_edit_error_is_a_document_error_and_a_value_error():
    assert issubclass(EditError, DocumentError) and issubclass(DocumentError, ValueError)
