"""Random drawings, each in three forms: the module that the app trains, the exported file read as any other, and ONNX. All three answer alike.

BRICKWORK_DRAWINGS=N tries so many drawings instead of a few.
"""

from __future__ import annotations

import importlib.util
import os
from random import Random

import pytest
import torch

from builder import api
from builder.compile.trace import trace
from builder.export import ExportError
from builder.export.onnx import Entry, onnx
from builder.graph import Project, check
from tests.compile.random_blocks import random_project
from tests.graph.drawings import legal_project

COUNT = int(os.environ.get("BRICKWORK_DRAWINGS", "4"))
MOST = 60  # bricks
# What draws random numbers in evaluation too.
CHANCE = {"Noise"}
# What torch's exporter has no words for: the export says so and writes nothing.
UNSAID = {"RReLU": "rrelu"}
# Where the last bit of what enters decides: beside a step, or by what is divided, the two runtimes part, and the export refuses.
JUMPS = {"Floor", "Ceil", "Round", "Sign", "Step", "Divide", "Reciprocal", "Rsqrt", "Log"}


def drawing(seed: int) -> Project:
    """A drawing of up to 60 bricks, every second one with blocks."""
    random = Random(seed)
    while True:
        project = legal_project(random, random.choice((5, 15, 30, MOST))) if seed % 2 else random_project(random, random.choice((4, 10, 30)))
        # A value put into a block can be wrong for a brick beside its way, which the block's outputs do not show.
        if not check(project).errors:
            return project


def inside(analysis) -> set[str]:
    """The kinds of all bricks, those inside blocks too."""
    return {kind for placed in analysis.placed.values()
            for kind in ({placed.node.kind} | ({one for inner, _ in placed.body.runs for one in inside(inner)} if placed.body else set()))}


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(COUNT))
def test_the_module_the_exported_file_and_onnx_answer_alike(seed, tmp_path):
    project = drawing(seed)
    report, flow = check(project), trace(project)
    whole = {node.id for node in project.network.nodes if node.kind == "Input" and node.params.get("dtype") == "int64"}
    module = api.module(project).eval()
    (tmp_path / "network.py").write_text(api.source(project), encoding="utf-8")
    spec = importlib.util.spec_from_file_location(f"network_{seed}", tmp_path / "network.py")
    exported = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(exported)
    twin = exported.Network().eval()
    twin.load_state_dict(module.state_dict())
    entries = [Entry(name, shape[1:], name in whole) for name, shape in zip(flow.entries, flow.entry_shapes, strict=True)]
    given = [torch.randint(2, (2, *entry.shape)) if entry.whole else torch.randn(2, *entry.shape) for entry in entries]
    with torch.no_grad():
        torch.manual_seed(1)
        first = module(*given)
        torch.manual_seed(1)
        second = twin(*given)
    for one, other in zip(*(each if isinstance(each, tuple) else (each,) for each in (first, second)), strict=True):
        assert torch.equal(torch.nan_to_num(one), torch.nan_to_num(other))
    try:
        onnx(module, entries, [f"out{i}" for i in range(len(flow.results))])
    except ExportError as error:
        # Said in words, and nothing is written.
        kinds = inside(report.analysis)
        assert "random numbers" in str(error) and kinds & CHANCE or "differs from the module's" in str(error) and kinds & JUMPS or any(kind in kinds and word in str(error) for kind, word in UNSAID.items()), str(error)
