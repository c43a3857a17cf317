"""A network of blocks and the same one taken apart into bricks: equally many parameters and, with equal weights, equal answers."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import settings as profile

from builder.catalogue import with_batch
from builder.compile.module import load
from builder.compile.source import source
from builder.compile.trace import trace
from builder.graph import Project, apply, check
from tests.compile.block_drawings import BLOCK_DRAWINGS
from tests.compile.random_blocks import is_all_read, random_project
from tests.graph.drawings import randoms

ENDS = ("BlockInput", "BlockOutput")


def unpacked(project: Project) -> tuple[Project, dict[str, str]]:
    """The project without blocks, and for every brick the path that its module had inside them."""
    paths = {node.id: node.id for node in project.network.nodes}
    while True:
        placed = check(project).analysis.placed
        at = next((i for i, node in enumerate(project.network.nodes) if placed[node.id].layer.block), None)
        if at is None:
            return project, paths
        node = project.network.nodes[at]
        # A muted block has no inside that runs: it goes as a whole, and its wires are joined.
        if placed[node.id].body is None:
            project = apply(project, {"op": "remove", "ids": [node.id], "rejoin": True})
            continue
        copies = [inner.network for inner, count in placed[node.id].body.runs for _ in range(count)]
        project = apply(project, {"op": "unpack", "id": node.id})
        prefixes = [f"{paths[node.id]}.{i}" for i in range(len(copies))] if len(copies) > 1 else [paths[node.id]]
        before = [f"{prefix}.{brick.id}" for prefix, inner in zip(prefixes, copies, strict=True) for brick in inner.nodes if brick.kind not in ENDS]
        paths |= dict(zip((brick.id for brick in project.network.nodes[at:at + len(before)]), before, strict=True))


def same_apart(project: Project) -> None:
    apart, paths = unpacked(project)
    before, after = check(project), check(apart)
    assert not after.errors and after.params <= before.params and after.macs <= before.macs
    assert (after.params, after.macs) == (before.params, before.macs) or not is_all_read(trace(project))
    torch.manual_seed(0)
    whole, parts = load(source(project)).eval(), load(source(apart)).eval()
    weights = whole.state_dict()
    # A brick that is a parameter itself has no name behind its own.
    parts.load_state_dict({key: weights[f"{paths[brick]}{dot}{name}"] for key in parts.state_dict() for brick, dot, name in [key.partition(".")]})
    assert len(parts.state_dict()) == len(weights) or not is_all_read(trace(project))
    entries = dict(zip(trace(project).entries, (torch.randn(with_batch(shape, 2)) for shape in trace(project).entry_shapes), strict=True))
    answers = []
    for network, drawing in ((whole, project), (parts, apart)):
        torch.manual_seed(1)
        answers.append(network(*(entries[name] for name in trace(drawing).entries)))
    for one, other in zip(*([a] if isinstance(a, torch.Tensor) else a for a in answers), strict=True):
        # The logarithm of a negative number is none, here and there.
        assert torch.equal(torch.nan_to_num(one), torch.nan_to_num(other)) and torch.equal(one.isnan(), other.isnan())


@pytest.mark.parametrize("name", [name for name in BLOCK_DRAWINGS if name != "block_muted"])
def test_a_drawing_with_blocks_is_the_same_network_taken_apart(name):
    same_apart(BLOCK_DRAWINGS[name])


@given(randoms)
@profile(max_examples=60, deadline=None)
def test_any_legal_drawing_with_blocks_is_the_same_network_taken_apart(random):
    project = random_project(random)
    if not check(project).errors:
        same_apart(project)
