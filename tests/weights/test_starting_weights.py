"""Starting weights: kept by their sha256, read as data, fitted by name and shape or in the order of torchvision's twin, trained from."""

from __future__ import annotations

import urllib.error
from pathlib import Path

import pytest
import torch
import torchvision.models as zoo
from safetensors.torch import save_file

import builder
from builder import api
from builder.gallery import ENTRIES
from builder.graph import DocumentError, apply, dumps, loads
from builder.train.checkpoint import BEST, LAST, read_weights
from builder.train.control import STOP, Control
from builder.train.events import EpochEnded
from builder.weights import WeightsError, fetch, keep, place, section
from builder.weights.fit import assigned, shapes_of
from builder.weights.store import read
from builder.weights.twin import hold_against, made, names
from tests.export.trained import printed, run, told

MLP = {"nodes": [{"id": "image", "kind": "Input"}, {"id": "flatten", "kind": "Flatten"}, {"id": "fc1", "kind": "Linear", "params": {"out_features": 16}},
                 {"id": "relu1", "kind": "ReLU"}, {"id": "fc2", "kind": "Linear", "params": {"out_features": 10}}, {"id": "output", "kind": "Output"}],
       "edges": [{"source": a, "target": b} for a, b in zip(("image", "flatten", "fc1", "relu1", "fc2"), ("flatten", "fc1", "relu1", "fc2", "output"), strict=True)]}


def mlp(**training: object) -> builder.Project:
    """Two layers on the built-in digits."""
    return api.from_json({"type": "brickwork/project", "version": 1, "name": "MLP", "networks": {"network": MLP}, "blocks": {}, "task": {"kind": "classification"},
                          "data": {"source": "digits"}, "training": {"epochs": 1, "batch_size": 400, **training}})


@pytest.fixture
def kept(tmp_path: Path) -> dict[str, str]:
    """The section of weights of the two-layer network that are not those its seed gives."""
    state = api.module(mlp(seed=7)).state_dict()
    save_file(state, tmp_path / "mlp.safetensors")
    return section(keep(tmp_path / "mlp.safetensors"), "mlp.safetensors")


def starting(project: builder.Project, weights: dict[str, str]) -> builder.Project:
    return apply(project, {"op": "weights", "value": weights})


def test_a_network_starts_from_the_weights_that_its_project_names(kept):
    project = starting(mlp(seed=1), kept)
    assert loads(dumps(project)) == project and project.weights == kept
    fresh, told, theirs = (api.module(one).state_dict() for one in (mlp(seed=1), project, mlp(seed=7)))
    assert all(torch.equal(told[name], theirs[name]) for name in theirs) and not torch.equal(fresh["fc1.weight"], theirs["fc1.weight"])
    assert apply(project, {"op": "weights", "value": None}) == mlp(seed=1)


def test_what_does_not_fit_starts_as_the_seed_says_and_is_named(kept):
    project = apply(starting(mlp(seed=1), kept), {"op": "set", "id": "fc2", "params": {"bias": False}})
    found = api.fitting(project)
    assert (found.taken, found.of, found.missing) == (3, 3, ()) and found.says == "all 3 tensors fit" and found.spare == ("fc2.bias",)
    project = apply(project, {"op": "set", "id": "fc1", "params": {"out_features": 8}})
    found = api.fitting(project)
    assert (found.taken, found.of) == (0, 3) and found.says == "0 of 3 tensors fit; fc1.weight, fc1.bias, fc2.weight start fresh"
    project = apply(project, {"op": "set", "id": "fc1", "params": {"out_features": 16, "bias": False}})
    project = apply(project, {"op": "remove", "ids": ["fc2"], "rejoin": True})
    project = apply(project, {"op": "insert", "node": {"id": "scores", "kind": "Linear", "params": {"out_features": 10, "bias": False}},
                              "edge": {"source": "relu1", "target": "output"}})
    found = api.fitting(project)
    assert found.missing == ("scores.weight",) and found.says == "1 of 2 tensors fit; scores.weight starts fresh"
    fresh = api.module(apply(project, {"op": "weights", "value": None})).state_dict()
    told = api.module(project).state_dict()
    assert torch.equal(told["scores.weight"], fresh["scores.weight"]) and not torch.equal(told["fc1.weight"], fresh["fc1.weight"])


@pytest.mark.parametrize("sha256", ["../../secret", "0" * 63, "A" * 64, "0" * 64 + "/x", "", None, 7])
def test_weights_are_named_by_a_sha256_and_nothing_else(sha256):
    with pytest.raises(WeightsError, match="64 hexadecimal digits"):
        place(sha256)
    with pytest.raises(DocumentError, match="64 hexadecimal digits"):
        starting(mlp(), {"sha256": sha256, "title": "x"})


def test_a_file_that_was_changed_or_is_not_there_is_not_read(kept):
    file = place(kept["sha256"])
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    with pytest.raises(WeightsError, match="have changed on the disk"):
        read(kept)
    file.unlink()
    with pytest.raises(WeightsError, match="are not on this machine"):
        api.module(starting(mlp(), kept))
    shown = api.preview(starting(mlp(), kept))
    assert "not on this machine" in shown["sample"]["says"] and shown["weights"] is None and shown["bricks"]["output"]


def test_the_preview_shows_the_starting_weights(kept):
    shown, theirs = (api.preview(one) for one in (starting(mlp(seed=1), kept), mlp(seed=7)))
    assert shown["weights"] == {"taken": 4, "of": 4} and shown["bricks"] == theirs["bricks"]


class Hostile:
    """Unpickled without care it writes a file."""

    def __init__(self, target: Path):
        self.target = target

    def __reduce__(self):
        return Path.touch, (self.target,)


@pytest.mark.parametrize("make", [lambda touched: {"weight": Hostile(touched)}, lambda touched: torch.nn.Linear(2, 2), lambda touched: [torch.zeros(2)],
                                  lambda touched: {}, lambda touched: {"state_dict": {"x" * 600: torch.zeros(1)}}])
def test_a_file_is_read_as_tensors_by_name_and_nothing_in_it_is_run(make, tmp_path):
    torch.save(make(tmp_path / "touched"), tmp_path / "weights.pth")
    with pytest.raises(WeightsError, match="weights.pth"):
        fetch.read(tmp_path / "weights.pth")
    assert not (tmp_path / "touched").exists()


@pytest.mark.parametrize("content", [b"", b"hello", b"\xff" * 64, b"\x04\0\0\0\0\0\0\0null" + b"\0" * 9])
def test_what_is_no_safetensors_file_is_refused(content, tmp_path):
    file = tmp_path / "weights.safetensors"
    file.write_bytes(content)
    for take in (fetch.read, keep):
        with pytest.raises(WeightsError, match="safetensors file"):
            take(file)


def test_wrapped_and_prefixed_names_are_read(tmp_path):
    state = {"module.fc.weight": torch.ones(2, 2), "epoch": 3}
    torch.save({"model": {"state_dict": state}, "optimizer": {}}, tmp_path / "weights.pth")
    tensors, title = fetch.read(tmp_path / "weights.pth")
    assert list(tensors) == ["fc.weight"] and title == "weights.pth"


def test_torchvisions_weights_without_a_network_or_of_an_unknown_name_are_refused_in_words(monkeypatch, tmp_path):
    def unreachable(*args, **kwargs):
        raise urllib.error.URLError("no route to host")

    monkeypatch.setattr(torch.hub, "load_state_dict_from_url", unreachable)
    for source, words in (("torchvision:resnet18", "no route to host.*--from FILE"), ("torchvision:resnet18/IMAGENET9", "there are IMAGENET1K_V1"),
                          ("torchvision:lenet", "no model 'lenet'")):
        with pytest.raises(WeightsError, match=words):
            fetch.torchvision(source)
    monkeypatch.setattr(torch.hub, "load_state_dict_from_url", lambda url, *args, **kwargs: {"fc.weight": torch.ones(1)})
    assert fetch.torchvision("torchvision:resnet18/IMAGENET1K_V1") == ({"fc.weight": torch.ones(1)}, "torchvision resnet18 IMAGENET1K_V1")


def test_tensors_are_taken_by_name_else_in_their_order_else_refused_with_the_place():
    own = {"a": (2, 3), "b": (3,)}
    assert assigned(own, {"b": (3,), "a": (2, 3)}) == {"a": "a", "b": "b"}
    assert assigned(own, {"x": (2, 3), "y": (3,)}, ordered=True) == {"a": "x", "b": "y"}
    with pytest.raises(WeightsError, match="of another network"):
        assigned(own, {"x": (2, 3), "y": (3,)})
    with pytest.raises(WeightsError, match=r"at b \[3\] and y \[4\]"):
        assigned(own, {"x": (2, 3), "y": (4,)}, ordered=True)
    assert assigned(own, {"a": (2, 3), "b": (9,)}) == {"a": "a"}


def test_a_ready_made_network_takes_the_weights_of_its_twin_and_keeps_them_as_a_backbone(tmp_path):
    torch.manual_seed(3)
    theirs = zoo.resnet18().eval()
    torch.save(theirs.state_dict(), tmp_path / "r18.pth")
    project, found = api.start_from(ENTRIES["resnet18"].project, str(tmp_path / "r18.pth"))
    assert (found.taken, found.of) == (122, 122) and project.weights["title"] == "r18.pth"
    x = torch.randn(2, 3, 64, 64)
    ours = api.module(project).eval()
    with torch.inference_mode():
        assert torch.allclose(ours(x), theirs(x), atol=1e-5)
    used = apply(project, {"op": "backbone", "source": "cifar10", "freeze": True})
    report, found = api.check(used), api.fitting(used)
    assert not report.errors and report.trainable == 512 * 10 + 10 and used.data["source"] == "cifar10" and used.task["kind"] == "classification"
    assert (found.taken, found.missing) == (120, ("fc.weight", "fc.bias"))
    # One weight that is not theirs, and the comparison says so.
    with torch.no_grad():
        ours.get_parameter("conv1.weight").add_(1)
    with pytest.raises(WeightsError, match="does not answer as torchvision's resnet18"):
        hold_against(ours, theirs.state_dict(), "resnet18", (3, 64, 64))


@pytest.mark.parametrize("name", ["vgg16", "resnet50", "googlenet", "vit-b16", "fcn-resnet50"])
def test_every_tensor_of_torchvisions_model_has_one_place_in_ours(name):
    project = ENTRIES[name].project
    form = made(api.twin(project), aux=name.startswith("fcn"))
    own, theirs = (shapes_of(network.state_dict()) for network in (api._unfilled(project), form))
    found = names(own, theirs, api.twin(project))
    assert list(found) == list(own) and sorted(found.values()) == sorted(theirs) and all(theirs[given] == own[key] for key, given in found.items())
    assert names(own, dict(list(theirs.items())[1:]), api.twin(project)) is None


def test_weights_of_another_network_are_refused_with_the_numbers(tmp_path):
    torch.save({"0.weight": torch.zeros(4, 4)}, tmp_path / "other.pth")
    with pytest.raises(WeightsError, match="none of its 1 tensors has the name and the shape of one of the 4"):
        api.start_from(mlp(), str(tmp_path / "other.pth"))


def test_a_run_changes_what_is_not_frozen_and_goes_on_to_the_last_bit(kept, tmp_path):
    project = starting(mlp(epochs=3, optimizer={"kind": "Adam", "lr": 0.01, "weight_decay": 0.01}), kept)
    project = apply(project, {"op": "freeze", "ids": ["fc1"], "value": True})
    whole, part = tmp_path / "whole", tmp_path / "part"
    losses = [event.loss for event in api.train(project, "cpu", folder=whole) if isinstance(event, EpochEnded)]
    theirs, learned = read(kept), read_weights(whole / LAST)
    assert torch.equal(learned["fc1.weight"], theirs["fc1.weight"]) and not torch.equal(learned["fc2.weight"], theirs["fc2.weight"])
    control = Control()
    for event in api.train(project, "cpu", control, part):
        if isinstance(event, EpochEnded):
            control.ask(STOP)
    assert event.reason == "stopped"
    # The file that it started from may be gone by the time that it goes on.
    place(kept["sha256"]).unlink()
    again = [event.loss for event in api.train(project, "cpu", folder=part, resume=True) if isinstance(event, EpochEnded)]
    assert 0 < len(again) < 3 and losses[-len(again):] == again
    assert all(torch.equal(value, read_weights(part / LAST)[name]) for name, value in learned.items()) and (whole / BEST).exists()


def test_a_network_with_nothing_to_train_is_refused_in_words():
    project = apply(mlp(), {"op": "freeze", "ids": ["fc1", "fc2"], "value": True})
    [problem] = api.check(project).errors
    assert problem.code == "nothing to learn" and "all its weights are frozen" in problem.says and api.check(project).trainable == 0
    assert all(not api.check(apply(project, fix.edit)).errors for fix in problem.fixes) and len(problem.fixes) == 2
    with pytest.raises(builder.api.BuildError, match="all its weights are frozen"):
        list(api.train(project, "cpu"))


def test_an_exported_script_starts_from_the_same_weights(kept, tmp_path):
    project = starting(mlp(), kept)
    (tmp_path / "weights.safetensors").write_bytes(api.export(project, "weights").content)
    (tmp_path / "training.py").write_bytes(api.export(project, "script").content)
    [out] = run([tmp_path / "training.py"], tmp_path)
    assert printed(out) == told(project) != told(mlp())
    assert b"weights.safetensors" in api.export(project, "notebook").content
