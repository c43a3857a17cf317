"""Files: what is written is what is read, nothing changes in place, and anything else is refused in one sentence."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import settings as profile
from hypothesis import strategies as st
from torch import nn

from builder.gallery import ENTRIES
from builder.graph import DocumentError, FrozenDict, Network, Node, Project, check, dumps, from_json, loads, order, to_json
from builder.graph import document as rules
from builder.graph.datasets import validation_share
from builder.graph.document import MAX_BYTES, MAX_EDGES, MAX_NODES, TAKEN, freeze, id_problem, network_from_json
from builder.graph.migrations import VERSION
from tests.graph.drawings import legal_project, messy_project, messy_record, randoms

FILES = Path(__file__).parent / "files"
IMAGE, RELU, OUT = {"id": "image", "kind": "Input"}, {"id": "relu", "kind": "ReLU"}, {"id": "out", "kind": "Output"}


def record(nodes: object = (IMAGE, RELU, OUT), edges: object = (), **more: object) -> dict:
    return {"type": "brickwork/project", "version": 1, "name": "Small", "networks": {"network": {"nodes": nodes, "edges": edges}}} | more


def refusal(given: object) -> str:
    """What reading `given` says; it must be a DocumentError of one line."""
    with pytest.raises(DocumentError) as caught:
        loads(given if isinstance(given, str | bytes) else json.dumps(given))
    said = str(caught.value)
    assert said and "\n" not in said and len(said) < 600
    return said


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=lambda entry: entry.name)
def test_a_gallery_project_that_is_saved_and_read_is_equal_and_saves_to_the_same_bytes(entry):
    text = dumps(entry.project)
    assert loads(text) == entry.project and dumps(loads(text)) == text and dumps(loads(text.encode())) == text


@given(randoms)
@profile(max_examples=150)
def test_any_drawing_saves_to_the_same_bytes_again_and_again(random):
    project = messy_project(random)
    assert from_json(to_json(project)) == project
    assert dumps(loads(dumps(project))) == dumps(project)


def test_a_file_of_version_1_has_no_validation_part_as_it_had_none_and_a_new_project_has_one():
    project = loads((FILES / "version1.json").read_bytes())
    assert project.data == {"source": "digits", "validation": 0} and validation_share(project) == 0
    assert validation_share(Project()) == 0.1


@pytest.mark.parametrize("version", range(1, VERSION + 1))
def test_a_file_of_every_version_loads_for_ever(version):
    text = (FILES / f"version{version}.json").read_bytes()
    project = loads(text)
    assert project.name == "Skip connection" and [node.id for node in project.network.nodes] == [
        "image",
        "conv1",
        "relu1",
        "add1",
        "gap1",
        "flatten",
        "fc",
        "output",
    ]
    assert project.network.node("conv1").params == {"out_channels": 1, "kernel_size": (3, 3), "padding": 1}
    assert project.network.node("conv1").at == (-40.5, 92.0) and project.network.node("gap1").at is None
    assert [edge.source for edge in project.network.into("add1")] == ["relu1", "image"]
    assert project.training["optimizer"] == {"kind": "Adam", "lr": 0.002} and project.recipes["digits"]["epochs"] == 3
    report = check(project)
    assert not report.errors and report.params == 30
    assert loads(dumps(project)) == project


def test_documents_cannot_be_changed_in_place():
    project = ENTRIES["mnist-cnn"].project
    for target, name in (
        (project, "name"),
        (project.network, "nodes"),
        (project.network.nodes[0], "id"),
        (project.network.edges[0], "port"),
    ):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(target, name, "changed")
    for table in (project.networks, project.training, project.network.nodes[1].params, project.training["optimizer"]):
        for change in (
            lambda t: t.__setitem__("a", 1),
            lambda t: t.update(a=1),
            lambda t: t.pop("a"),
            lambda t: t.clear(),
            lambda t: t.setdefault("a", 1),
            lambda t: t.popitem(),
            lambda t: t.__delitem__("a"),
            lambda t: t.__ior__({"a": 1}),
        ):
            with pytest.raises(TypeError):
                change(table)


def test_what_was_read_does_not_follow_changes_of_the_record_it_was_read_from():
    source = record([IMAGE, {"id": "conv", "kind": "Conv2d", "params": {"kernel_size": [3, 3]}}], training={"optimizer": {"kind": "SGD"}})
    project = from_json(source)
    source["networks"]["network"]["nodes"][1]["params"]["kernel_size"][0] = 99
    source["training"]["optimizer"]["kind"] = "None"
    assert project.network.node("conv").params["kernel_size"] == (3, 3) and project.training["optimizer"]["kind"] == "SGD"


def test_equal_documents_hash_equally_whatever_the_order_of_their_tables():
    first, second = freeze({"a": 1, "b": (2, {"c": 3})}), freeze({"b": [2, {"c": 3}], "a": 1})
    assert first == second and hash(first) == hash(second)


@pytest.mark.parametrize(
    "text", ["", "null", "[]", "3", '"text"', "{", "{}", "nan", "\x00", '{"type": "brickwork/project"', "<svg/>", "true"]
)
def test_what_is_not_a_project_is_refused(text):
    refusal(text)
    refusal(text.encode())


@pytest.mark.parametrize("data", [b"\xff\xfe", b"\x80abc", b"PK\x03\x04", b"\x89PNG\r\n\x1a\n", bytes(range(256))])
def test_bytes_that_are_not_text_are_refused(data):
    refusal(data)


def test_a_file_of_another_program_is_refused_by_its_type():
    assert "'brickwork/project'" in refusal({"type": "excalidraw", "version": 2}) and "'excalidraw'" in refusal(
        {"type": "excalidraw", "version": 2}
    )


def test_a_newer_version_is_refused_by_its_number_and_says_what_to_do():
    said = refusal(record() | {"version": VERSION + 1})
    assert "newer" in said and f"format {VERSION + 1}" in said and "update" in said
    assert "newer" in refusal(record() | {"version": 10**30})


@pytest.mark.parametrize("version", [0, -1, 1.0, "1", None, True, [1], {}])
def test_a_version_that_is_no_version_is_refused(version):
    assert "version" in refusal(record() | {"version": version})


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999"])
@pytest.mark.parametrize(
    "place",
    [
        '"training": {{"seed": {}}}',
        '"networks": {{"network": {{"nodes": [{{"id": "a", "kind": "ReLU", "at": [0, {}]}}]}}}}',
        '"networks": {{"network": {{"nodes": [{{"id": "a", "kind": "ReLU", "params": {{"p": [{}]}}}}]}}}}',
    ],
)
def test_numbers_that_are_not_finite_are_refused_everywhere(number, place):
    start = json.dumps(record())[:-1]
    refusal(f"{start}, {place.format(number)}}}")


def test_a_place_that_is_too_large_for_a_float_is_refused():
    assert ".at" in refusal(record([RELU | {"at": [10**400, 0]}])) and ".at" in refusal(record([RELU | {"at": [0, -(10**8)]}]))


@pytest.mark.parametrize("depth", [21, 500, 5_000, 100_000])
def test_deep_nesting_is_refused(depth):
    refusal(json.dumps(record())[:-1] + ', "training": ' + '{"a":' * depth + "1" + "}" * depth + "}")
    refusal("[" * depth)
    refusal(json.dumps(record())[:-1] + ', "about": {"a": ' + "[" * depth + "]" * depth + "}}")


def test_a_file_that_is_too_large_is_refused_before_it_is_read():
    assert "MB" in refusal("[" + " " * MAX_BYTES)


def test_too_many_bricks_wires_and_networks_are_refused_with_the_limit():
    assert f"{MAX_NODES:,}" in refusal(record([{"id": f"r{i}", "kind": "ReLU"} for i in range(MAX_NODES + 1)]))
    assert f"{MAX_EDGES:,}" in refusal(record(edges=[{"source": "relu", "target": "out", "port": i} for i in range(MAX_EDGES + 1)]))
    assert "16" in refusal(record() | {"networks": {f"n{i}": {} for i in range(17)}})
    assert "1 to 16" in refusal(record() | {"networks": {}})


def test_two_bricks_of_one_name_are_refused_by_that_name():
    assert "'relu'" in refusal(record([IMAGE, RELU, RELU]))


@pytest.mark.parametrize(
    "name",
    [
        "forward",
        "train",
        "training",
        "eval",
        "self",
        "nn",
        "torch",
        "class",
        "lambda",
        "None",
        "match",
        "_",
        "_x",
        "__init__",
        "a b",
        "a.b",
        "1a",
        "",
        "é",
        "ａ",
        "a\n",
        "a;b",
        "x" * 61,
        5,
        None,
        True,
        [],
        {},
        ["a"],
        "to",
        "parameters",
        "append",
    ],
)
def test_names_that_are_taken_or_no_identifiers_are_refused_for_bricks_and_networks(name):
    refusal(record([{"id": name, "kind": "ReLU"}]))
    if isinstance(name, str):
        refusal(record() | {"networks": {name: {}}})


def test_every_attribute_of_a_torch_network_is_a_taken_name():
    public = {name for network in (nn.Module(), nn.Sequential()) for name in dir(network) if not name.startswith("_")}
    assert public <= TAKEN and all(id_problem(name) for name in public)


def test_a_wire_to_nowhere_and_two_wires_in_one_input_are_refused():
    assert "'gone'" in refusal(record(edges=[{"source": "gone", "target": "relu"}]))
    assert "'gone'" in refusal(record(edges=[{"source": "image", "target": "gone"}]))
    assert "two wires" in refusal(record(edges=[{"source": "image", "target": "relu"}, {"source": "relu", "target": "relu"}]))


WRONG = [None, True, 3, -1, 2.5, "text", "", [], [1], {}, {"a": 1}, [[]], [None], 10**40, "\ud800"]


@pytest.mark.parametrize(
    "path",
    [
        ("networks",),
        ("networks", "network"),
        ("networks", "network", "nodes"),
        ("networks", "network", "edges"),
        ("networks", "network", "nodes", 0),
        ("networks", "network", "nodes", 0, "id"),
        ("networks", "network", "nodes", 0, "kind"),
        ("networks", "network", "nodes", 0, "params"),
        ("networks", "network", "nodes", 0, "at"),
        ("networks", "network", "edges", 0),
        ("networks", "network", "edges", 0, "source"),
        ("networks", "network", "edges", 0, "target"),
        ("networks", "network", "edges", 0, "port"),
        ("name",),
        ("task",),
        ("data",),
        ("training",),
        ("blocks",),
        ("recipes",),
        ("about",),
        ("recipes", "digits"),
        ("data", "source"),
        ("task", "kind"),
        ("training", "optimizer"),
        ("training", "epochs"),
    ],
)
@pytest.mark.parametrize("value", WRONG, ids=repr)
def test_a_value_of_the_wrong_type_anywhere_is_refused_or_becomes_a_problem(path, value):
    changed = json.loads(
        json.dumps(
            record(
                edges=[{"source": "image", "target": "relu"}, {"source": "relu", "target": "out"}],
                task={"kind": "classification"},
                data={"source": "digits"},
                training={"epochs": 1, "optimizer": {"kind": "SGD"}},
                blocks={},
                recipes={"digits": {}},
                about={},
            )
        )
    )
    place = changed
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    try:
        project = loads(json.dumps(changed))
    except DocumentError:
        return
    check(project).to_json()
    assert loads(dumps(project).encode("utf-8")) == project


def test_half_a_character_is_refused_wherever_a_text_may_stand():
    half = "\ud83d"
    for place in (
        record() | {"name": half},
        record([IMAGE | {"kind": half}]),
        record([IMAGE | {"params": {"shape": half}}]),
        record([IMAGE | {"params": {half: 1}}]),
        record() | {"training": {"loss": {"kind": half}}},
        record() | {"about": {half: []}},
    ):
        refusal(place)


def test_a_recipe_that_is_no_table_is_refused():
    assert "recipes.mnist" in refusal(record() | {"recipes": {"mnist": 7}})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=20,
)


@given(JSON)
@profile(max_examples=150)
def test_any_json_is_a_project_or_a_document_error(value):
    for candidate in (
        value,
        record() | {"networks": {"network": value}},
        record(nodes=value),
        record(edges=value),
        record() | {"training": value, "data": value},
    ):
        try:
            project = loads(json.dumps(candidate))
        except DocumentError:
            continue
        check(project).to_json()
        dumps(project).encode("utf-8")


@given(st.binary(max_size=200) | st.text(max_size=200))
@profile(max_examples=150)
def test_any_bytes_and_any_text_are_a_document_error(data):
    refusal(data)


def mutated(random: Random, value: object) -> object:
    """The JSON `value` with one thing in it replaced, removed or doubled."""
    if isinstance(value, dict) and value and random.random() < 0.9:
        name = random.choice(list(value))
        action = random.random()
        if action < 0.15:
            return {key: item for key, item in value.items() if key != name}
        return value | {name: mutated(random, value[name])}
    if isinstance(value, list) and value and random.random() < 0.9:
        at, action = random.randrange(len(value)), random.random()
        if action < 0.2:
            return [*value, value[at]]
        return [*value[:at], *([] if action < 0.4 else [mutated(random, value[at])]), *value[at + 1 :]]
    return random.choice([None, True, -1, 0, 10**30, 1.5, "", "x", "forward", [], [1, 2], {}, {"kind": "ReLU"}])


@given(randoms)
@profile(max_examples=300)
def test_a_valid_document_with_one_or_two_things_changed_is_a_project_or_a_document_error(random):
    value = json.loads(dumps(legal_project(random, 6)))
    for _ in range(random.choice((1, 1, 2))):
        value = mutated(random, value)
    try:
        project = loads(json.dumps(value))
    except DocumentError:
        return
    check(project).to_json()
    assert loads(dumps(project)) == project


def test_an_unknown_kind_is_kept_with_its_parameters_and_reported():
    mystery = {"id": "odd", "kind": "Hyperbolic9", "params": {"curve": [1, {"deep": None}]}, "at": [1, 2]}
    project = from_json(record([IMAGE, mystery, OUT], [{"source": "image", "target": "odd"}, {"source": "odd", "target": "out"}]))
    assert to_json(project)["networks"]["network"]["nodes"][1] == mystery
    (problem,) = [problem for problem in check(project).problems if problem.node == "odd"]
    assert problem.severity == "error" and "'Hyperbolic9'" in problem.says and problem.fixes[0].label == "Remove odd"


@given(randoms)
@profile(max_examples=150)
def test_bricks_are_ordered_after_what_feeds_them_and_ties_keep_the_drawn_order(random):
    network = legal_project(random).network
    nodes, cycle = order(network)
    place = {node.id: i for i, node in enumerate(nodes)}
    assert not cycle and len(nodes) == len(network.nodes) and all(place[edge.source] < place[edge.target] for edge in network.edges)
    drawn = {node.id: i for i, node in enumerate(network.nodes)}
    for before, after in zip(nodes, nodes[1:], strict=False):
        assert drawn[before.id] < drawn[after.id] or before.id in {edge.source for edge in network.into(after.id)}


@given(randoms)
@profile(max_examples=150)
def test_a_cycle_that_is_named_is_one(random):
    network = network_from_json(messy_record(random, 6)["networks"]["network"])
    nodes, cycle = order(network)
    assert bool(cycle) == (len(nodes) < len(network.nodes))
    wires = {(edge.source, edge.target) for edge in network.edges}
    assert all(pair in wires for pair in zip(cycle, cycle[1:], strict=False)) and cycle[:1] == cycle[-1:]


def test_tables_of_a_project_have_no_shared_defaults_that_could_be_changed():
    assert isinstance(Project().networks, FrozenDict) and Project() == Project() and Project().network == Network()
    assert Node("a", "ReLU").params is rules.EMPTY and isinstance(rules.EMPTY, FrozenDict)
