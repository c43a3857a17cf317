"""Every ready-made network: its published count and shapes, no problem said of it, and a line of text for each of its facts."""

from __future__ import annotations

import subprocess
import sys

import pytest

from builder import api
from builder.catalogue import BATCH
from builder.gallery import DECKS, ENTRIES, TASKS
from builder.graph import check


@pytest.mark.parametrize("name", ENTRIES)
def test_a_network_has_its_published_count_and_shapes_and_no_problem(name):
    entry = ENTRIES[name]
    report = check(entry.project)
    assert not report.problems and report.params == entry.parameters
    placed = report.analysis.placed
    for kind, declared in (("Input", entry.inputs), ("Output", entry.outputs)):
        shapes = [placed[node.id].shape[1:] for node in entry.project.network.nodes if node.kind == kind]
        assert shapes == [tuple(BATCH if size == "N" else size for size in shape) for shape in declared]
    assert compile(api.source(entry.project), name, "exec")


@pytest.mark.parametrize("name", ENTRIES)
def test_a_network_says_where_it_comes_from_and_can_be_read_at_a_glance(name):
    entry = ENTRIES[name]
    assert entry.decks and set(entry.decks) <= set(DECKS) and entry.task in TASKS
    assert all(text and text == text.strip() for text in (entry.title, entry.family, entry.paper, entry.summary, entry.look, entry.data))
    assert entry.trains == bool(entry.recipes) and entry.trains != bool(entry.waits)
    nodes = entry.project.network.nodes
    assert len(nodes) <= 48 and len({node.at for node in nodes}) == len(nodes)
    below = {node.id: node.at[1] for node in nodes}
    assert all(below[edge.source] < below[edge.target] for edge in entry.project.network.edges)


def test_listing_the_gallery_draws_nothing():
    code = "from builder.gallery import ENTRIES; assert list(ENTRIES) and not any('project' in vars(entry) for entry in ENTRIES.values())"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
