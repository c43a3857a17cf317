"""A trained network that was changed: which of its weights go on, and what is said of those that do not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

import builder
from builder import api, recipe
from builder.export.weights import take
from builder.graph import Project, apply
from builder.graph.document import freeze
from builder.graph.warm import in_words
from builder.train import carried as carry
from builder.train.carried import state_of
from builder.train.checkpoint import LAST, Position, save_checkpoint
from builder.warm import carried
from builder.weights import place
from tests.compile.test_source import drawn
from tests.export.trained import printed, run, told

PLAIN = drawn(("conv1", "Conv2d", {"out_channels": 4}), ("bn1", "BatchNorm2d", {}), ("relu1", "ReLU", {}), ("conv2", "Conv2d", {"out_channels": 4}), ("relu2", "ReLU", {}),
              ("flatten", "Flatten", {}), ("fc", "Linear", {"out_features": 10}),
              wires="image>conv1 conv1>bn1 bn1>relu1 relu1>conv2 conv2>relu2 relu2>flatten flatten>fc fc>output", name="Plain")


@pytest.fixture
def trained(tmp_path):
    """Makes a checkpoint of a project whose every number is its own."""

    def make(project: Project):
        torch.manual_seed(99)
        network = builder.module(project)
        with torch.no_grad():
            for value in network.state_dict().values():
                value.copy_(torch.randn(value.shape) if value.is_floating_point() else torch.tensor(7))
        file = tmp_path / LAST
        save_checkpoint(file, network, torch.optim.SGD(network.parameters(), lr=0.1), Position())
        return file, network.state_dict()

    return make


def edited(project: Project, *edits: dict[str, object]) -> Project:
    for edit in edits:
        project = apply(project, edit)
    return project


def survives(project: Project, before: Project, file) -> dict[str, tuple[str, str, str]]:
    """State, why and former name of every brick; what is said of it holds of the network's numbers."""
    warm, found = api.warm(project, before, file, "the run")
    rows = found.bricks
    assert rows == api.surviving(project, before, file).bricks
    network = builder.module(warm).state_dict()
    kept = load_file(place(warm.weights["sha256"]))
    assert all(network[name].equal(value) for name, value in kept.items())
    fresh = builder.module(project).state_dict()
    assert all(network[name].equal(fresh[name]) for name in network if name not in kept)
    assert sum(row.kept for row in rows) == sum(value.numel() for value in kept.values())
    return {row.brick: (row.state, row.why, row.was) for row in rows}


def test_an_unchanged_network_goes_on_with_every_weight(trained):
    file, state = trained(PLAIN)
    assert {one[0] for one in survives(PLAIN, PLAIN, file).values()} == {"kept"}
    network = builder.module(api.warm(PLAIN, PLAIN, file, "x")[0]).state_dict()
    assert all(network[name].equal(value) for name, value in state.items()) and network["bn1.num_batches_tracked"] == 7


def test_a_renamed_brick_keeps_what_it_learned_and_a_wider_one_and_the_next_start_fresh_with_the_reason(trained):
    file, _ = trained(PLAIN)
    changed = edited(PLAIN, {"op": "rename", "id": "conv1", "to": "stem"}, {"op": "set", "id": "conv2", "params": {"out_channels": 6}})
    assert survives(changed, PLAIN, file) == {
        "stem": ("kept", "", "conv1"), "bn1": ("kept", "", ""), "conv2": ("new", "weight is 6×4×3×3 and was 4×4×3×3; bias is 6 and was 4", ""),
        "fc": ("partly", "weight is 10×3456 and was 10×2304", "")}
    assert in_words(api.surviving(changed, PLAIN, file).bricks).endswith("2 of 4 bricks with weights as a whole")


def test_a_brick_put_in_between_is_new_and_the_others_stay_and_one_taken_out_is_left_behind(trained):
    file, _ = trained(PLAIN)
    more = edited(PLAIN, {"op": "insert", "node": {"id": "conv3", "kind": "Conv2d", "params": {"out_channels": 4, "padding": 1}}, "edge": {"source": "relu1", "target": "conv2"}},
                  {"op": "remove", "ids": ["bn1"], "rejoin": True})
    assert survives(more, PLAIN, file) == {"conv1": ("kept", "", ""), "conv3": ("new", "the run had no such brick", ""), "conv2": ("kept", "", ""),
                                           "fc": ("kept", "", ""), "bn1": ("gone", "the drawing has it no more", "")}


def test_bricks_that_were_put_into_a_block_taken_out_again_or_repeated_are_recognised(trained):
    blocked = edited(PLAIN, {"op": "make_block", "ids": ["conv1", "bn1", "relu1"], "name": "Stage"})
    [instance] = [node.id for node in blocked.network.nodes if node.kind == "Stage"]
    file, _ = trained(PLAIN)
    into = survives(blocked, PLAIN, file)
    assert into[f"{instance}.conv1"] == ("kept", "", "conv1") and into[f"{instance}.bn1"] == ("kept", "", "bn1") and into["fc"][0] == "kept"
    file, _ = trained(blocked)
    out = survives(edited(blocked, {"op": "unpack", "id": instance}), blocked, file)
    assert {one[0] for one in out.values()} == {"kept"} and len(out) == 4


def test_of_copies_in_a_row_the_first_is_what_stood_there_before(trained):
    same = {"kernel_size": 3, "padding": 1, "out_channels": 4}
    base = drawn(("conv1", "Conv2d", same), ("conv2", "Conv2d", same), ("relu2", "ReLU", {}), ("flatten", "Flatten", {}), ("fc", "Linear", {"out_features": 10}),
                 wires="image>conv1 conv1>conv2 conv2>relu2 relu2>flatten flatten>fc fc>output", name="Rows")
    once = edited(base, {"op": "make_block", "ids": ["conv2", "relu2"], "name": "Unit"})
    [instance] = [node.id for node in once.network.nodes if node.kind == "Unit"]
    twice = edited(once, {"op": "set", "id": instance, "params": {"repeat": 2}})
    file, _ = trained(once)
    grown = survives(twice, once, file)
    assert grown[f"{instance}.0.conv2"][0] == "kept" and grown[f"{instance}.1.conv2"][:2] == ("new", "the run had no such brick")
    file, _ = trained(twice)
    shrunk = survives(once, twice, file)
    assert shrunk[f"{instance}.conv2"][0] == "kept" and shrunk[f"{instance}.1.conv2"][0] == "gone"


def test_a_run_of_which_nothing_fits_is_refused(trained):
    tiny = drawn(("pool", "MaxPool2d", {"kernel_size": 7}), ("flatten", "Flatten", {}), ("only", "Linear", {"out_features": 10, "bias": False}),
                 wires="image>pool pool>flatten flatten>only only>output", name="Tiny")
    file, _ = trained(tiny)
    with pytest.raises(ValueError, match="nothing of the run fits Plain"):
        api.warm(PLAIN, tiny, file, "the run")
    assert in_words(api.surviving(PLAIN, tiny, file).bricks) == "Nothing of the run fits this network: every weight starts fresh"


def test_a_network_that_goes_on_begins_where_the_run_ended(trained, tmp_path):
    project = builder.with_settings(PLAIN, {"training.epochs": 2, "training.batch_size": 256})
    list(builder.train(project, device="cpu", folder=tmp_path))
    network = builder.module(project)
    take(network, tmp_path / LAST)
    warm, _ = api.warm(edited(project, {"op": "rename", "id": "fc", "to": "scores"}), project, tmp_path / LAST, "the run")
    state = builder.module(warm).state_dict()
    assert all(state[name.replace("fc.", "scores.")].equal(value) for name, value in network.state_dict().items())


OPTIMIZERS = {"SGD": {"lr": 0.01, "momentum": 0.9}, "Adagrad": {}, "RMSprop": {"momentum": 0.5}, "Adam": {}, "AdamW": {}}
KEYS = {"SGD": {"momentum_buffer"}, "Adagrad": {"sum", "step"}, "RMSprop": {"square_avg", "momentum_buffer", "step"}, "Adam": {"exp_avg", "exp_avg_sq", "step"},
        "AdamW": {"exp_avg", "exp_avg_sq", "step"}}
# A brick with another name, and one that is wider.
CHANGES = ({"op": "rename", "id": "conv1", "to": "stem"}, {"op": "set", "id": "conv2", "params": {"out_channels": 6}})


def short(kind: str, project: Project = PLAIN) -> Project:
    return builder.with_settings(project, {"training.optimizer": {"kind": kind, **OPTIMIZERS[kind]}, "training.epochs": 1, "training.batch_size": 500})


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> dict[str, Path]:
    """A checkpoint of a short run with each optimiser."""
    found = {}
    for kind in OPTIMIZERS:
        folder = tmp_path_factory.mktemp(kind)
        assert list(builder.train(short(kind), device="cpu", folder=folder))[-1].reason == "completed"
        found[kind] = folder / LAST
    return found


@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_what_the_optimiser_kept_of_a_weight_goes_on_with_it_and_begins_at_nothing_for_a_new_one(kind, runs):
    project = short(kind)
    changed = edited(project, *CHANGES)
    warm, found = api.warm(changed, project, runs[kind], "the run")
    assert found.optimizer == f"{kind} goes on with what it kept of 5 of the 8 tensors that are trained; of the others it starts anew." and warm.weights["optimizer"] == kind
    state = state_of(runs[kind], list(dict(builder.module(project).named_parameters())))
    kept = {name: value for name, value in state.items() if value.any()}
    assert {name.rpartition("/")[2] for name in kept} >= KEYS[kind]
    network = builder.module(warm)
    optimizer, named = recipe.optimizer(warm)(list(network.parameters())), dict(network.named_parameters())
    carry.give(optimizer, named, carry.kept(recipe.optimizer(warm)), carried(warm, named))
    for name, weights in named.items():
        whole = not name.startswith("conv2") and name != "fc.weight"
        assert set(optimizer.state[weights]) == KEYS[kind]
        for key, value in optimizer.state[weights].items():
            assert value.equal(state[f"optimizer/{name.replace('stem', 'conv1')}/{key}"] if whole else torch.zeros_like(value))


def test_another_optimiser_or_one_that_keeps_nothing_starts_anew_and_says_so(runs):
    other = api.surviving(short("Adam"), short("SGD"), runs["SGD"])
    assert other.optimizer == "The optimiser starts anew: it is Adam now, and was SGD." and not other.state
    warm, found = api.warm(builder.with_settings(short("SGD"), {"training.optimizer": {"kind": "SGD", "lr": 0.1}}), short("SGD"), runs["SGD"], "the run")
    assert found.optimizer == "The optimiser starts anew: SGD had kept nothing of the weights, or nothing that fits." and "optimizer" not in warm.weights
    all_of_it, _ = api.warm(short("SGD"), short("SGD"), runs["SGD"], "the run")
    assert carried(all_of_it, ["fc.weight"]) and not carried(builder.with_settings(all_of_it, {"training.optimizer": "Adam"}), ["fc.weight"])
    assert builder.from_json(builder.to_json(all_of_it)) == all_of_it
    # A brick that is renamed afterwards is still known.
    assert list(carried(edited(all_of_it, {"op": "rename", "id": "fc", "to": "end"}), ["end.weight"])) == ["optimizer/end.weight/momentum_buffer"]


@pytest.mark.slow
def test_the_script_of_a_run_that_goes_on_with_its_optimiser_prints_the_runs_losses(runs, tmp_path):
    made, files = [], []
    for kind in ("SGD", "Adagrad", "AdamW"):
        warm, _ = api.warm(edited(short(kind), *CHANGES), short(kind), runs[kind], "the run")
        made.append(warm)
        (tmp_path / f"{kind}.safetensors").write_bytes(api.export(made[-1], "weights").content)
        files.append(tmp_path / f"{kind}.py")
        files[-1].write_text(api.export(made[-1], "script").content.decode().replace("weights.safetensors", f"{kind}.safetensors"))
    fresh = [replace(one, weights=freeze({name: one.weights[name] for name in ("sha256", "title")})) for one in made]
    wanted = [told(one) for one in made]
    assert [printed(out) for out in run(files, tmp_path)] == wanted and all(one != told(other) for one, other in zip(wanted, fresh, strict=True))
