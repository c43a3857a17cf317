"""ONNX: what onnxruntime makes of the file is what the module makes, for any batch, or there is no file and a reason."""

from __future__ import annotations

from random import Random

import pytest
import torch
from onnxruntime import InferenceSession
from torch import nn

import builder
from builder.export import ExportError
from builder.export import onnx as exporter
from builder.export.onnx import Entry, onnx
from builder.graph import from_json
from tests.export.trained import NETWORKS
from tests.graph.drawings import legal_project


def two_towers():
    """Two inputs, three outputs, one of them an input's own flat form."""
    nodes = [("left", "Input", {"shape": [1, 12, 12]}), ("right", "Input", {"shape": [4]}), ("conv", "Conv2d", {"out_channels": 3}), ("flat", "Flatten", {}),
             ("fc1", "Linear", {"out_features": 5}), ("fc2", "Linear", {"out_features": 5}), ("sum", "Add", {}), ("both", "Concat", {}),
             ("added", "Output", {}), ("joined", "Output", {}), ("plain", "Output", {})]
    wires = ["left>conv", "conv>flat", "flat>fc1", "right>fc2", "fc1>sum", "fc2>sum.1", "fc1>both", "fc2>both.1", "sum>added", "both>joined", "fc2>plain"]
    edges = [{"source": wire.split(">")[0], "target": (end := wire.split(">")[1].partition("."))[0], "port": int(end[2] or 0)} for wire in wires]
    network = {"nodes": [{"id": name, "kind": kind, "params": params} for name, kind, params in nodes], "edges": edges}
    return from_json({"type": "brickwork/project", "version": 1, "name": "Towers", "networks": {"network": network}, "task": {"kind": "none"}})


DRAWINGS = {**{name: NETWORKS[name] for name in ("normalised", "blocks", "gate", "log_scores")}, "two_towers": two_towers(), "lenet-cifar": builder.gallery("lenet-cifar")}


@pytest.mark.parametrize("name", DRAWINGS)
def test_the_file_answers_as_the_module_for_any_batch_and_says_how_nearly(name):
    project = DRAWINGS[name]
    made = builder.export(project, "onnx")
    assert made.says.startswith("largest difference between onnxruntime's answers and the module's: ") and made.says.endswith("(batches of 1 and 3)")
    session = InferenceSession(made.content)
    network = builder.module(project).eval()
    ends = {kind: [node.id for node in project.network.nodes if node.kind == kind] for kind in ("Input", "Output")}
    assert [one.name for one in session.get_inputs()] == ends["Input"] and [one.name for one in session.get_outputs()] == ends["Output"]
    for batch in (1, 7):
        given = [torch.randn(batch, *one.shape[1:]) for one in session.get_inputs()]
        wanted = network(*given)
        found = session.run(None, {one.name: value.numpy() for one, value in zip(session.get_inputs(), given, strict=True)})
        for one, other in zip(wanted if isinstance(wanted, tuple) else (wanted,), found, strict=True):
            assert torch.allclose(one, torch.from_numpy(other), rtol=1e-4, atol=1e-5)


def test_random_drawings_give_files_that_answer_as_their_modules_or_one_of_two_reasons():
    """Some layers draw random numbers whenever they run, and for some torch's exporter has no words."""
    made, refused = 0, []
    for project in (legal_project(Random(seed), most=60) for seed in range(8)):
        if not builder.check(project).errors:
            try:
                made += builder.export(project, "onnx").says.startswith("largest difference")
            except ExportError as error:
                refused.append(str(error))
    assert all(said.startswith(("torch cannot export this network as ONNX: ", "the network answers the same input differently")) for said in refused), refused
    assert made > len(refused)


@pytest.mark.parametrize("layer", [nn.RReLU(), nn.AdaptiveMaxPool2d((3, 5)), nn.AdaptiveMaxPool2d(1), nn.AdaptiveMaxPool2d((None, 2))], ids=str)
def test_layers_that_the_exporter_has_no_words_for_are_written_with_others(layer):
    onnx(nn.Sequential(nn.Conv2d(1, 2, 3), layer), [Entry("x", (1, 10, 9))], ["y"])


class Fixed(nn.Module):
    """Works for batches of two only, and says so nowhere."""

    def forward(self, x):
        return x + torch.ones(2, 4)


class Chance(nn.Module):
    """Never answers the same."""

    def forward(self, x):
        return x + torch.randn_like(x)


class Stubborn(nn.Module):
    """Looks at its numbers, which no export can."""

    def forward(self, x):
        return x if x.sum().item() > 0 else -x


@pytest.mark.parametrize(("network", "reason"), [(Fixed(), "onnxruntime cannot run what torch exported, with a batch of 1: "), (Chance(), "answers the same input differently"),
                                                 (Stubborn(), "torch cannot export this network as ONNX: ")], ids=["Fixed", "Chance", "Stubborn"])
def test_what_cannot_be_right_is_refused_with_the_reason(network, reason):
    with pytest.raises(ExportError, match=reason) as refused:
        onnx(network, [Entry("x", (4,))], ["y"])
    assert "\n" not in str(refused.value)


def test_answers_that_differ_are_refused_with_both_numbers(monkeypatch):
    apart = exporter._apart
    monkeypatch.setattr(exporter, "_refuse_chance", lambda *_: None)
    monkeypatch.setattr(exporter, "_apart", lambda one, other: apart(one, other + 0.5))
    with pytest.raises(ExportError, match=r"with a batch of 1, output 1 of the ONNX file differs from the module's by 0\.5, where the largest value is .*; 0\.\d+ are allowed"):
        builder.export(NETWORKS["log_scores"], "onnx")


def test_whole_numbers_go_in_as_places_in_the_smallest_table():
    network = nn.Sequential(nn.Embedding(11, 6), nn.Flatten(), nn.Linear(18, 2))
    made = onnx(network, [Entry("words", (3,), whole=True)], ["scores"])
    assert InferenceSession(made.content).get_inputs()[0].type == "tensor(int64)"


@pytest.mark.parametrize(("one", "other", "wanted"), [([1.0, 2.0], [1.0, 2.5], 0.5), ([float("nan")], [float("nan")], 0.0), ([float("nan")], [1.0], float("inf")),
                                                      ([float("inf")], [float("inf")], 0.0), ([float("inf")], [1.0], float("inf")), ([], [], 0.0)])
def test_numbers_that_are_none_are_only_equal_to_each_other(one, other, wanted):
    assert exporter._apart(torch.tensor(one), torch.tensor(other)) == wanted


def test_a_missing_package_is_named_with_what_installs_it(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(ExportError, match="onnxruntime is not installed: pip install onnx onnxscript onnxruntime"):
        builder.export(NETWORKS["log_scores"], "onnx")


def test_a_network_too_large_for_one_file_is_refused_before_anything_is_exported(monkeypatch):
    monkeypatch.setattr(exporter, "MOST_BYTES", 1000)
    with pytest.raises(ExportError, match="one ONNX file holds up to"):
        builder.export(NETWORKS["log_scores"], "onnx")
