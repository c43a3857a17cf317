"""Brickwork from Python."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from types import ModuleType

import pytest
import torch

import builder
from builder import api
from builder.graph import FrozenDict, Project, dumps
from builder.graph.check import WHOLE
from builder.train.events import EpochEnded, RunEnded, RunStarted


@pytest.fixture
def mnist() -> Project:
    return builder.gallery("mnist-cnn")


def test_the_package_offers_everything_that_it_names(mnist):
    for name in builder.__all__:
        assert callable(getattr(builder, name))
    assert builder.check(mnist).params == 21_840 and "class Network" in builder.source(mnist)
    assert builder.from_json(builder.to_json(mnist)) == mnist
    with pytest.raises(AttributeError, match="'nothing'"):
        builder.nothing  # noqa: B018


@pytest.mark.parametrize(
    "first",
    [
        "import builder",
        "import builder.train",
        "import builder.train.loop",
        "from builder.train.events import RunEnded",
        "import builder.gallery.first",
        "import builder.api",
        "from builder import api, train, gallery",
    ],
)
def test_train_and_gallery_are_packages_and_functions_whoever_imports_them_first(first):
    text = f"""{first}
import builder, types
from builder.train.events import RunEnded
assert callable(builder.train) and isinstance(builder.train, types.ModuleType) and builder.train.events.RunEnded is RunEnded
assert builder.gallery("mnist-cnn").name == "MNIST CNN" and "mnist-cnn" in builder.gallery.ENTRIES and len(builder.gallery()) >= 4
from builder import train
assert iter(train(builder.gallery("mnist-cnn")))
import importlib, builder.train as again
assert again is builder.train and importlib.import_module("builder.train") is again
"""
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_importing_brickwork_and_checking_a_project_does_not_import_torch():
    text = "import sys, builder; builder.check(builder.gallery('mnist-cnn')); assert 'torch' not in sys.modules and 'streamlit' not in sys.modules"
    subprocess.run([sys.executable, "-c", text], check=True)


def test_gallery_lists_all_entries_and_refuses_an_unknown_name_with_the_known_ones():
    assert [entry.name for entry in builder.gallery()][:4] == ["mnist-cnn", "fashion-mlp", "lenet-cifar", "bootcamp-cnn"]
    with pytest.raises(api.LoadError, match=r"'no-such-net'.*mnist-cnn"):
        builder.gallery("no-such-net")
    assert isinstance(builder.gallery, ModuleType)


def test_load_reads_gallery_names_and_files(tmp_path, mnist):
    path = tmp_path / "p.json"
    path.write_text(dumps(mnist), encoding="utf-8")
    assert builder.load("mnist-cnn") == builder.load(path) == builder.load(str(path)) == mnist
    path.write_bytes(b"\xef\xbb\xbf" + dumps(mnist).encode())
    assert builder.load(path) == mnist


@pytest.mark.parametrize(
    "content", [b"", b"{", b"\xff\xfe\x00", b"[1]", b'{"type": "brickwork/project", "version": 99}', b"x" * 10_000_001]
)
def test_a_file_that_is_no_project_is_a_load_error_of_one_line_that_names_it(tmp_path, content):
    path = tmp_path / "broken.json"
    path.write_bytes(content)
    with pytest.raises(api.LoadError, match=r"broken\.json") as caught:
        builder.load(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["", "nobody", "no/such/file.json", "x" * 5000, "a\x00b", "/", "."])
def test_what_is_not_there_is_a_load_error(name):
    with pytest.raises(api.LoadError):
        builder.load(name)


def test_settings_are_applied_with_the_data_set_first_and_its_recipe_under_what_is_set(mnist):
    project = api.with_settings(mnist, {"training.epochs": "3", "data.source": "mnist", "training.lr": "0.5"})
    assert project.data["source"] == "mnist" and project.training["batch_size"] == 100
    assert project.training["epochs"] == 3 and project.training["optimizer"] == {"kind": "SGD", "lr": 0.5}
    project = api.with_settings(
        mnist, {"training.lr": 0.01, "training.optimizer": "Adam", "training.initializer": "Orthogonal", "training.loss": "MultiMarginLoss"}
    )
    assert project.training["optimizer"] == {"kind": "Adam", "lr": 0.01} and project.training["loss"] == {"kind": "MultiMarginLoss"}
    assert api.with_settings(mnist, {}) == mnist


@pytest.mark.parametrize(
    "settings, part",
    [
        ({"training.epochs": "0"}, "at least 1"),
        ({"training.epochs": "many"}, "whole number"),
        ({"training.epoch": 3}, "'epoch'"),
        ({"training.lr": "-1"}, "at least 0"),
        ({"training.optimizer": "Lion"}, "Lion"),
        ({"data.source": "imagenet"}, "imagenet"),
        ({"data.sorce": "mnist"}, "'sorce'"),
        ({"task.knd": "x"}, "'knd'"),
        ({"task.kind": "dreaming"}, "dreaming"),
        ({"epochs": 3}, "'epochs'"),
        ({"networks.network": {}}, "networks"),
        ({"training.lr": "NaN"}, "number"),
        ({"training.loss": "Hinge"}, "Hinge"),
        ({"training." + "a." * 99: 1}, "setting"),
        ({"training.epochs": "[" * 9999}, "whole number"),
        ({"": 1}, "''"),
    ],
)
def test_a_setting_that_does_not_fit_is_a_value_error_that_names_it(mnist, settings, part):
    with pytest.raises(ValueError) as caught:
        api.with_settings(mnist, settings)
    assert part in str(caught.value) and "\n" not in str(caught.value)


def test_module_and_source_refuse_a_drawing_with_errors(mnist):
    wrong = api.from_json(api.to_json(mnist) | {"data": {"source": "cifar10"}})
    for build in (builder.module, builder.source, lambda project: next(iter(builder.train(project)))):
        with pytest.raises(api.BuildError, match="image"):
            build(wrong)


def test_a_module_is_the_same_for_the_same_seed_and_another_for_another(mnist):
    first, again, other = (builder.module(project) for project in (mnist, mnist, api.with_settings(mnist, {"training.seed": 5})))
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), again.parameters(), strict=True))
    assert not torch.equal(first.conv1.weight, other.conv1.weight)


def test_the_initialiser_fills_the_weights(mnist):
    network = builder.module(api.with_settings(mnist, {"training.initializer": "Orthogonal"}))
    product = network.fc2.weight @ network.fc2.weight.T
    assert torch.allclose(product, torch.eye(10), atol=1e-5)
    small = builder.module(api.with_settings(mnist, {"training.initializer": json.dumps({"kind": "Normal", "std": 1e-6})}))
    assert 0 < small.fc1.weight.abs().max() < 1e-4


def test_an_epoch_on_digits_ends_completed_with_a_loss_that_fell(mnist, tmp_path):
    project = api.with_settings(mnist, {"training.epochs": 1})
    events = list(builder.train(project, device="cpu", folder=tmp_path / "run"))
    assert (
        isinstance(events[-1], RunEnded) and events[-1].reason == "completed" and sum(isinstance(event, RunEnded) for event in events) == 1
    )
    assert [event.epoch for event in events if isinstance(event, EpochEnded)] == [1] and any((tmp_path / "run").iterdir())


def test_training_on_data_that_is_not_here_says_so(mnist):
    from builder.data import DataError

    with pytest.raises(DataError) as caught:
        next(iter(builder.train(api.with_settings(mnist, {"data.source": "mnist"}))))
    assert "MNIST" in str(caught.value)


def test_a_project_without_settings_trains_with_the_defaults_that_the_form_shows():
    bare = replace(builder.gallery("mnist-cnn"), training=FrozenDict())
    started = next(event for event in builder.train(bare) if isinstance(event, RunStarted))
    assert (started.epochs, started.batch_size, started.seed) == tuple(WHOLE[name].default for name in ("epochs", "batch_size", "seed"))
