"""`import`: models by name, models of the user's own, and what is said when they cannot be had."""

from __future__ import annotations

import json

import pytest
import torch
import torchvision
from safetensors.torch import load_file

from builder import api
from builder.cli import importing
from builder.graph import loads

MINE = '''
import torch
from torch import nn

class Reader(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed, self.out = nn.Embedding(20, 8), nn.Linear(8, 4)

    def forward(self, ids):
        return self.out(self.embed(ids).mean(1))

class Odd(nn.Module):
    def forward(self, x):
        return torch.linalg.svd(x).S

class Broken(nn.Module):
    def __init__(self):
        raise RuntimeError("no such thing")

number = 3
'''


def test_a_model_by_name_is_written_with_its_names_and_its_weights(brickwork, tmp_path):
    out, tensors = tmp_path / "net.json", tmp_path / "net.safetensors"
    done = brickwork("import", "torchvision:squeezenet1_1", "--input", "3x64x64", "-o", str(out), "--weights-to", str(tensors), "--json")
    assert done.status == 0 and done.json["params"] == 1_235_496 and done.json["difference"] == 0
    project = loads(out.read_bytes())
    assert project.weights["title"] == "squeezenet1_1, random weights" and project.network.nodes[0].params["shape"] == (3, 64, 64)
    names = json.loads((tmp_path / "net.mapping.json").read_text())["keys"]
    state, network = load_file(tensors), api.module(project).state_dict()
    assert set(names) == set(state) == set(network) and all(torch.equal(state[key], network[key]) for key in state)
    torch.manual_seed(0)
    assert set(names.values()) == set(torchvision.models.squeezenet1_1().state_dict())


def test_weights_come_from_a_file(brickwork, tmp_path):
    model = torchvision.models.squeezenet1_1()
    torch.save(model.state_dict(), tmp_path / "own.pth")
    out = tmp_path / "net.json"
    assert brickwork("import", "torchvision:squeezenet1_1", "--input", "3x64x64", "--weights", str(tmp_path / "own.pth"), "-o", str(out)).status == 0
    project = loads(out.read_bytes())
    network = api.module(project).eval()
    image = torch.randn(2, 3, 64, 64)
    assert project.weights["title"] == "own.pth" and torch.equal(network(image), model.eval()(image))
    wrong = brickwork("import", "torchvision:resnet18", "--weights", str(tmp_path / "own.pth"), "-o", str(tmp_path / "other.json"))
    assert wrong.status == 1 and "the weights are not those of resnet18" in wrong.err and not (tmp_path / "other.json").exists()


def test_a_class_of_the_user_s_own_file(brickwork, tmp_path):
    file, out = tmp_path / "mine.py", tmp_path / "net.json"
    file.write_text(MINE)
    done = brickwork("import", f"{file}:Reader", "--input", "6:int64", "-o", str(out))
    assert done.status == 0 and "196 parameters" in done.out and "equal to the last bit" in done.err
    assert brickwork("check", str(out)).status == 0


@pytest.mark.parametrize(("source", "options", "status", "says"), [
    ("mine.py:Odd", ("--input", "6x6"), 1, "svd in Odd cannot be said in bricks"),
    ("mine.py:Broken", (), 1, "RuntimeError: no such thing"),
    ("mine.py:Nothing", (), 1, "has no Nothing"),
    ("mine.py:number", (), 1, "no torch.nn.Module"),
    ("other.py:Reader", (), 2, "no such file"),
    ("torchvision:resnet19", (), 1, "there are resnet1"),
    ("torchvision:fasterrcnn_resnet50_fpn", (), 1, "classification and segmentation models can be imported"),
    ("torchvision:resnet18", ("--weights", "IMAGENET"), 1, "there are IMAGENET1K_V1"),
    ("torchvision:squeezenet1_1", ("--weights", "DEFAULT"), 1, "cannot be fetched"),
    ("torchvision:resnet18", ("--weights", "gone.pth"), 1, "gone.pth"),
    ("timm:resnet0", (), 1, "timm"),
    ("resnet18", (), 1, "torchvision:NAME or timm:NAME"),
    ("torchvision:resnet18", ("--input", "3x0x9"), 2, "a shape is written as 3x224x224"),
    ("torchvision:resnet18", ("--input", "3x7x7x7x7"), 1, "fails on inputs of N×3×7×7×7×7"),
])
def test_what_cannot_be_imported_is_said_in_one_line_and_nothing_is_written(brickwork, tmp_path, monkeypatch, source, options, status, says):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(MINE)
    done = brickwork("import", source, "-o", "net.json", *options)
    assert done.status == status and says in done.err and done.err.startswith("brickwork: ") and len(done.err.splitlines()) <= 2
    assert not (tmp_path / "net.json").exists()


def test_the_help_says_that_a_file_is_run(brickwork):
    assert importing.OWN_CODE in " ".join(brickwork("import", "--help").out.split())
