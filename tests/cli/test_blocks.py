"""Projects with blocks on the command line: rows, totals, source, training and resuming."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file

from builder import api
from builder.graph import FrozenDict, dumps
from builder.runs import Store
from builder.train.events import RunEnded
from tests.compile.block_drawings import BLOCK_DRAWINGS, END, IMAGE, RESIDUAL, TAIL, project, row
from tests.train.small import Stopping


@pytest.fixture
def saved(tmp_path):
    """Writes a project to a file."""
    def write(drawing, name="project.json"):
        path = tmp_path / name
        path.write_text(dumps(drawing), encoding="utf-8")
        return path

    return write


def leaves(rows: list[dict]) -> list[dict]:
    return [leaf for one in rows for leaf in (leaves(one["rows"]) if "rows" in one else [one])]


@pytest.mark.parametrize("name", BLOCK_DRAWINGS)
def test_rows_add_up_to_the_totals_and_their_ids_are_paths_in_the_state_dict(brickwork, saved, name):
    answer = brickwork("check", saved(BLOCK_DRAWINGS[name]), "--json")
    rows = [one for one in answer.json["layers"] if one["id"] != "fine" or name != "block_muted"]
    assert answer.status == 0
    for total in ("params", "macs"):
        assert sum(one[total] for one in rows) == answer.json[total] == sum(leaf[total] * leaf.get("copies", 1) for leaf in leaves(rows))
    network = api.module(BLOCK_DRAWINGS[name])
    assert sum(parameter.numel() for parameter in network.parameters()) == answer.json["params"]
    for leaf in leaves(rows):
        if leaf["params"]:
            assert sum(parameter.numel() for parameter in network.get_submodule(leaf["id"]).parameters()) == leaf["params"]


def test_the_table_shows_what_is_inside_blocks_when_asked(brickwork, saved):
    path = saved(BLOCK_DRAWINGS["block_nested"])
    short, long = brickwork("check", path).out, brickwork("check", path, "--blocks").out
    assert "stage2" in short and "stage2.units" not in short
    lines = long.splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith("  stage2.units "))
    assert "Unit" in lines[first] and "N×24×28×28" in lines[first]
    assert lines[first + 1].startswith("    stage2.units.0.conv") and "2,592" in lines[first + 1]
    assert lines[first + 4].startswith("    stage2.units.1.conv") and "Conv2d ×4" in lines[first + 4]
    assert long.count("47,782 parameters") == 1


def test_several_outputs_of_a_block_stand_in_its_row(brickwork, saved):
    rows = brickwork("check", saved(BLOCK_DRAWINGS["block_ports"]), "--json").json["layers"]
    assert next(one["output"] for one in rows if one["id"] == "split") == "N×1×14×14, N×4×28×28"


def test_the_source_of_a_project_with_blocks_is_exported(brickwork, saved, tmp_path):
    path = saved(BLOCK_DRAWINGS["block_residual"])
    assert brickwork("export", path, "--to", "python", "-o", tmp_path / "network.py").status == 0
    assert (tmp_path / "network.py").read_text(encoding="utf-8") == api.source(BLOCK_DRAWINGS["block_residual"])


SMALL = replace(project("Blocks", [IMAGE, ("shrink", "ConvNormAct", {"out_channels": 4, "stride": 4}), ("residual", "Residual", {"channels": 4, "repeat": 2}), *END],
                        row("image", "shrink", "residual", *TAIL), {"Residual": RESIDUAL}),
                training=FrozenDict({"epochs": 1, "batch_size": 512}))


def test_a_project_with_blocks_is_trained_and_its_run_holds_its_source(brickwork, saved, tmp_path):
    answer = brickwork("train", saved(SMALL), "--set", "training.epochs=1", "--device", "cpu")
    assert answer.status == 0, answer.err
    with Store() as store:
        run = store.find("last")
        assert run.state == "completed" and store.source(run.id) == api.source(SMALL)
        assert api.from_json(store.project(run.id)).blocks == SMALL.blocks
    assert brickwork("runs", "export", run.id, "-o", tmp_path / "out").status == 0
    assert "class Residual(nn.Module):" in (tmp_path / "out" / "network.py").read_text(encoding="utf-8")


def test_a_stopped_training_with_blocks_goes_on_where_it_was(tmp_path):
    drawing = replace(SMALL, training=FrozenDict({**SMALL.training, "epochs": 2}))

    def ended(folder, **more):
        return [event for event in api.train(drawing, "cpu", folder=folder, **more) if isinstance(event, RunEnded)][-1]

    whole = ended(tmp_path / "whole")
    asked = iter([False, False])
    assert ended(tmp_path / "parts", control=Stopping(lambda: next(asked, True))).reason == "stopped"
    resumed = ended(tmp_path / "parts", resume=True)
    assert (whole.reason, whole.step) == (resumed.reason, resumed.step) == ("completed", whole.step)
    one, other = (load_file(max((tmp_path / part).rglob("*.safetensors"), key=lambda path: path.stat().st_mtime_ns)) for part in ("whole", "parts"))
    assert one.keys() == other.keys() and any("residual.1.conv1" in key for key in one)
    assert all(torch.equal(one[key], other[key]) for key in one)


def test_a_project_that_is_drawn_only_is_refused_with_what_to_do(brickwork, saved):
    answer = brickwork("train", saved(BLOCK_DRAWINGS["block_unet"]))
    assert answer.status == 1 and "choose a data set whose samples fit its Input" in answer.err and answer.err.count("\n") == 1
    with Store() as store:
        assert store.list() == []
    with pytest.raises(api.BuildError, match="drawn only"):
        next(api.train(BLOCK_DRAWINGS["block_unet"]))
    # Its network is still there to be used.
    assert api.module(BLOCK_DRAWINGS["block_unet"])(torch.zeros(1, 3, 60, 52)).shape == (1, 2, 60, 52)
