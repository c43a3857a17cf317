"""`gallery`, `check` and `export`."""

from __future__ import annotations

import ast
import json

import pytest

from builder import api
from builder.export import KINDS
from builder.gallery import ENTRIES
from builder.graph import apply, check, dumps, loads


def test_the_gallery_lists_every_project_with_what_it_takes_and_how_large_it_is(brickwork):
    rows = brickwork("gallery", "--json").json
    assert [row["name"] for row in rows] == list(ENTRIES)
    first = {"name": "mnist-cnn", "title": "MNIST CNN", "deck": "CUHK", "task": "classification", "input_shape": [1, 28, 28], "inputs": [[1, 28, 28]],
             "outputs": [[10]], "parameters": 21840, "trains": True, "waits": ""}
    assert rows[0] | first == rows[0] and all(row["summary"] and row["look"] and row["paper"] and row["trains"] == (not row["waits"]) for row in rows)
    plain = brickwork("gallery").out.splitlines()
    assert len(plain) in (2 + len(ENTRIES), 4 + len(ENTRIES)) and "1×28×28" in plain[2] and "21,840" in plain[2]


def test_the_gallery_is_searched_filtered_and_sorted(brickwork):
    def names(*options):
        return [row["name"] for row in brickwork("gallery", "--json", *options).json]

    assert names("--deck", "ecnu", "--task", "Segmentation") == [name for name, one in ENTRIES.items() if "ECNU" in one.decks and one.task == "segmentation"]
    assert names("--search", "LENET cifar")[0] == "lenet-cifar" and names("--trains") == [name for name, one in ENTRIES.items() if one.trains]
    assert set(names("--search", "maxpool2d lecun")) >= {"lenet-cifar"}
    counts = [[ENTRIES[name].parameters for name in names("--sort", order)] for order in ("smallest", "largest")]
    assert counts[0] == sorted(one.parameters for one in ENTRIES.values()) == counts[1][::-1]
    nothing = brickwork("gallery", "--search", "no such thing")
    assert nothing.status == 0 and not nothing.out and "No network fits" in nothing.err and names("--search", "no such thing") == []
    wrong = brickwork("gallery", "--task", "<b>")
    assert wrong.status == 2 and "there are classification, segmentation" in wrong.err


@pytest.mark.parametrize("name", list(ENTRIES))
def test_every_gallery_project_checks_without_an_error_and_has_the_published_parameters(brickwork, name):
    answer = brickwork("check", name, "--json")
    assert answer.status == 0 and answer.json["params"] == ENTRIES[name].parameters
    assert answer.json["bytes"] == 4 * answer.json["params"] and answer.json["macs"] == sum(row["macs"] for row in answer.json["layers"])


def test_a_layer_row_has_the_shape_as_numbers_and_as_text(brickwork):
    rows = {row["id"]: row for row in brickwork("check", "mnist-cnn", "--json").json["layers"]}
    axes = [{"axis": axis, "size": 5, "jump": 1.0, "start": 0} for axis in "HW"]
    assert rows["conv1"] == {"id": "conv1", "kind": "Conv2d", "output_shape": ["N", 10, 24, 24], "output": "N×10×24×24", "params": 260, "trainable": 260, "macs": 144000,
                             "activation_bytes": 4 * 10 * 24 * 24, "receptive_field": axes, "field": "5×5", "jump": "1×1", "start": "0, 0"}
    assert list(rows)[list(rows).index("flatten") - 1] == "relu2" and rows["relu2"]["output"] == "N×20×4×4"


def test_a_project_with_errors_has_status_1_and_its_problems_name_brick_rule_and_fix(brickwork, bad):
    answer = brickwork("check", bad, "--json")
    problem = next(problem for problem in answer.json["problems"] if problem["node"] == "conv2")
    assert answer.status == 1 and problem["severity"] == "error" and "5 - 1" in problem["because"]
    assert problem["fixes"] and all(fix["label"] for fix in problem["fixes"])
    plain = brickwork("check", bad)
    assert plain.status == 1 and plain.err == ""
    assert f"error [window]: conv2: {problem['says']}" in plain.out and f"fix: {problem['fixes'][0]['label']}" in plain.out


def test_the_plain_table_is_aligned_and_has_totals(brickwork):
    lines = brickwork("check", "mnist-cnn").out.splitlines()
    head, rule, *rows = lines[1:15]
    starts = [head.index(word) for word in ("LAYER", "KIND", "OUTPUT")]
    assert all(row[start - 1: start + 1].strip() and row[start - 1] in " " for row in rows for start in starts[1:])
    assert {len(row) for row in rows} == {len(rule)}
    assert "21,840 parameters (87.4 kB in float32), 480,500 multiply-adds per sample" in lines and lines[-1] == "No problems."


def test_exported_python_is_the_source_that_trains(brickwork, tmp_path):
    source = brickwork("export", "mnist-cnn", "--to", "python").out
    assert source == api.source(api.gallery("mnist-cnn")) and ast.parse(source)
    answer = brickwork("export", "mnist-cnn", "--to", "python", "-o", tmp_path / "network.py")
    assert (tmp_path / "network.py").read_text() == source and answer.out == "" and "lines" in answer.err


def test_exported_json_opens_as_the_same_project(brickwork, tmp_path):
    file = tmp_path / "lenet.json"
    brickwork("export", "lenet-cifar", "--to", "json", "-o", file)
    assert api.load(file) == api.gallery("lenet-cifar")
    assert brickwork("check", file, "--json").json == brickwork("check", "lenet-cifar", "--json").json


@pytest.mark.parametrize("kind", [name for name, kind in KINDS.items() if not kind.binary])
def test_every_kind_is_one_json_document_when_asked(brickwork, kind):
    answer = brickwork("export", "mnist-cnn", "--to", kind, "--json")
    assert answer.json["kind"] == kind and answer.json["file"] is None
    assert answer.json["text"] == brickwork("export", "mnist-cnn", "--to", kind).out


def test_a_network_with_errors_is_not_exported_as_python_but_as_json(brickwork, bad):
    answer = brickwork("export", bad, "--to", "python")
    assert answer.status == 1 and answer.out == "" and answer.err.count("\n") == 1 and "1 more (see `check`)" in answer.err
    assert json.loads(brickwork("export", bad, "--to", "json").out)["name"] == "MNIST CNN"


def test_check_fix_mends_what_is_sure_and_writes_the_project_where_it_is_told(brickwork, tmp_path):
    project = ENTRIES["mnist-cnn"].project
    for name in ("flatten", "relu3"):
        project = apply(project, {"op": "remove", "ids": [name], "rejoin": True})
    before, after = tmp_path / "before.json", tmp_path / "after.json"
    before.write_text(dumps(project))
    told = brickwork("check", before, "--fix", "-o", after)
    assert told.status == 0 and "fixed: Insert Flatten before fc1" in told.err and "2 problems fixed" in told.err
    assert before.read_text() == dumps(project) and not check(loads(after.read_text())).problems
    assert brickwork("check", before, "--fix", "--json").json["fixed"] == ["Insert Flatten before fc1", "Insert ReLU after fc1"]
    assert not check(loads(before.read_text())).problems
    assert "Nothing to fix" in brickwork("check", before, "--fix").err


def test_a_ready_made_project_is_not_written_over_and_nothing_is_written_unasked(brickwork, tmp_path):
    assert brickwork("check", "mnist-cnn", "--fix").status == 2
    assert brickwork("check", "mnist-cnn", "-o", tmp_path / "copy.json").status == 2 and not (tmp_path / "copy.json").exists()
    written = brickwork("check", "mnist-cnn", "--fix", "-o", "-")
    assert loads(written.out) == ENTRIES["mnist-cnn"].project
