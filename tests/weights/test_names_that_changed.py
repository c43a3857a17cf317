"""Starting weights stay with their bricks when these are renamed, put into blocks and taken out again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from builder import api
from builder.gallery import ENTRIES
from builder.graph import DocumentError, Project, apply, dumps, loads
from builder.graph.origin import origin, renamed
from builder.weights import keep, section


def weighted(project: Project, folder: Path) -> Project:
    """A ready-made drawing that starts from weights that its seed does not give."""
    other = api.module(apply(project, {"op": "settings", "path": "training.seed", "value": 77}))
    save_file(other.state_dict(), folder / "weights.safetensors")
    project = apply(project, {"op": "settings", "path": "training.seed", "value": 5})
    return apply(project, {"op": "weights", "value": section(keep(folder / "weights.safetensors"), "weights")})


def edited(project: Project, *edits: dict[str, object]) -> Project:
    for edit in edits:
        project = apply(project, edit)
    return project


def numbers(project: Project) -> list[bytes]:
    """All tensors as they are before training, whatever they are called, in one order."""
    return sorted(value.numpy().tobytes() for value in api.module(project).state_dict().values())


LENET = ENTRIES["lenet-cifar"].project
MIDDLE = ["conv1", "relu1", "pool1", "conv2", "relu2", "pool2"]
BLOCK = {"op": "make_block", "ids": MIDDLE, "name": "Features", "node": "features"}
STORIES = {
    "renamed": ({"op": "rename", "id": "conv1", "to": "first"},),
    "names exchanged": ({"op": "rename", "id": "conv1", "to": "x"}, {"op": "rename", "id": "conv2", "to": "conv1"}, {"op": "rename", "id": "x", "to": "conv2"}),
    "made a block": (BLOCK,),
    "a block, renamed inside and outside": (BLOCK, {"op": "rename", "in": "Features", "id": "conv2", "to": "second"}, {"op": "rename", "id": "features", "to": "trunk"}),
    "a block and back": (BLOCK, {"op": "unpack", "id": "features"}),
    "renamed, a block, renamed, and back": (
        {"op": "rename", "id": "conv2", "to": "wide"}, {**BLOCK, "ids": [name.replace("conv2", "wide") for name in MIDDLE]},
        {"op": "rename", "in": "Features", "id": "wide", "to": "wider"}, {"op": "unpack", "id": "features"}, {"op": "rename", "id": "wider", "to": "widest"}),
    "a block in a block": (BLOCK, {"op": "make_block", "in": "Features", "ids": ["conv1", "relu1"], "name": "Start", "node": "start"}),
}


@pytest.mark.parametrize("story", STORIES)
def test_every_number_stays_with_its_brick(story, tmp_path):
    project = weighted(LENET, tmp_path)
    after = edited(project, *STORIES[story])
    assert after != project and loads(dumps(after)) == after
    found = api.fitting(after)
    assert (found.taken, found.of, found.spare) == (10, 10, ()) and numbers(after) == numbers(project)
    x = torch.rand(2, 3, 32, 32)
    assert torch.equal(api.module(after).eval()(x), api.module(project).eval()(x))


def test_renaming_back_leaves_the_document_as_it_was(tmp_path):
    project = weighted(LENET, tmp_path)
    away = apply(project, {"op": "rename", "id": "conv1", "to": "first"})
    assert away.network.node("first").was == "conv1" and apply(away, {"op": "rename", "id": "first", "to": "conv1"}) == project
    without = apply(LENET, {"op": "rename", "id": "conv1", "to": "first"})
    assert without.network.node("first").was is None


def test_blocks_that_repeat_are_taken_apart_with_their_numbers(tmp_path):
    project = weighted(ENTRIES["resnet20-cifar"].project, tmp_path)
    repeated = next(node.id for node in project.network.nodes if node.params.get("repeat", 1) > 1)
    after = apply(project, {"op": "unpack", "id": repeated})
    assert {node.was for node in after.network.nodes if node.was} and api.fitting(after).taken == api.fitting(project).of
    assert numbers(after) == numbers(project)


def test_a_new_brick_of_an_old_name_has_no_part_in_what_belongs_to_another(tmp_path):
    project = edited(weighted(LENET, tmp_path), {"op": "rename", "id": "fc2", "to": "hidden"},
                     {"op": "add", "node": {"id": "fc2", "kind": "Linear", "params": {"out_features": 84}}},
                     {"op": "connect", "source": "hidden", "target": "fc2"})
    project = apply(project, {"op": "remove", "ids": ["fc2"]})
    assert api.fitting(project).taken == 10
    own = {"hidden.weight": 1, "fc2.weight": 2}
    assert renamed(apply(project, {"op": "add", "node": {"id": "fc2", "kind": "Linear"}}), own, {"fc2.weight": "theirs"}) == {"hidden.weight": "theirs"}


def test_who_inherits_shared_weights_knows_where_they_stand(tmp_path):
    project = weighted(ENTRIES["siamese"].project, tmp_path)
    sharer = next((node for node in project.network.nodes if node.of), None)
    project = edited(project, {"op": "rename", "id": sharer.of, "to": "lender"}, {"op": "remove", "ids": ["lender"]})
    assert project.network.node(sharer.id).of is None and origin(project, f"{sharer.id}.conv1.weight") == f"{sharer.of}.conv1.weight"


def test_other_weights_have_the_names_of_today(tmp_path):
    project = apply(weighted(LENET, tmp_path), {"op": "rename", "id": "conv1", "to": "first"})
    assert all(node.was is None for node in apply(project, {"op": "weights", "value": None}).network.nodes)


def test_the_first_copy_of_a_block_that_was_made_of_bricks_keeps_their_numbers(tmp_path):
    plain = edited(LENET, *({"op": "set", "id": name, "params": {"out_channels": 6, "padding": 2}} for name in ("conv1", "conv2")))
    project = edited(weighted(plain, tmp_path), {"op": "make_block", "ids": ["conv2", "relu2"], "name": "More", "node": "more"},
                     {"op": "set", "id": "more", "params": {"repeat": 3}})
    assert api.fitting(project).missing == ("more.1.conv2.weight", "more.1.conv2.bias", "more.2.conv2.weight", "more.2.conv2.bias")


@pytest.mark.parametrize("was", ["../x", "a b", 7, ["a"], "é", "a" * 700])
def test_a_name_in_a_file_is_letters_and_dots(was):
    with pytest.raises(DocumentError, match=r"was must be a name in a file of weights"):
        loads(dumps(LENET).replace('"id": "conv1"', f'"id": "conv1", "was": {json.dumps(was)}', 1))
