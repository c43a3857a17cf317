"""Receptive fields, against torch: what a number of the output depends on is what was said, no less and, where windows slide, no more."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from random import Random

import pytest
import torch
from hypothesis import given, settings

from builder.catalogue import LAYERS
from builder.gallery import ENTRIES
from builder.graph import Edge, FrozenDict, Network, Node, Project, check
from builder.graph.document import freeze
from builder.graph.fields import Field, Seen, Track, seen, starts, steps, text
from builder.graph.reference import NO_TASK, example, kinds
from tests.compile.reading import dependence, range_of, touched
from tests.graph.drawings import legal_project, randoms

# Small enough to be tried position by position, and not square; layers take the first that they accept.
SIZES = ((16, 13, 11), (12,), (8, 10), (16, 12, 12), (4, 6, 6, 5), (1, 16, 16))


def outputs_of(project: Project) -> list[str]:
    return [node.id for node in project.network.nodes if node.kind == "Output"]


def compared(project: Project, seen_: Seen, shapes: dict[str, tuple[int, ...]]) -> int:
    """Compare what is said of every output along every axis with what torch does; the number of tracks that were compared."""
    types = {node.id: torch.int64 if node.params.get("dtype") == "int64" else torch.float64 for node in project.network.nodes if node.kind == "Input"}
    count = 0
    axes = [(name, axis) for name, shape in shapes.items() for axis in range(1, len(shape) + 1)]
    for axis in axes:
        if any(seen_.of[end][0].get(axis) is not None for end in outputs_of(project)):
            for end, depends in zip(outputs_of(project), dependence(project, shapes, axis, types), strict=True):
                track = seen_.of[end][0].get(axis)
                if track is not None:
                    count += 1
                    one(f"{project.name} {end} {axis}", touched(depends, track), track)
    return count


# What these choose by is not read as a number: spoiling it changes no number for sure. In a random drawing a value may be cut off for good.
LESS = ("MaskedFill", "Where", "random")


def one(what: str, found: torch.Tensor, track: Track) -> None:
    """Everything that is read was said to be; some position inside reads as much as was said."""
    length, sizes = len(found), []
    for position, column in enumerate(found.T):
        read = column.nonzero().flatten().tolist()
        low, high = range_of(track, position, length)
        if not track.scattered:
            assert all(low <= place < high for place in read), f"{what}: {position} reads {read}, said was {low} to {high - 1}"
        sizes.append(max(read) - min(read) + 1 if read else 0)
    size = track.slide.size
    if not what.startswith(LESS) and not track.scattered and len(track.on) == 1 and 2 * size <= length:
        assert max(sizes) == size, f"{what}: reads {max(sizes)} at most, said was {size}"


TRIED = [kind for kind, layer in kinds().items()
         if layer.inputs[1] != 0 and layer.outputs and not layer.block and layer.category != "Normalisation"
         # Random numbers differ by themselves, and what a mask hides is not read.
         and kind not in ("Noise", "MaskedFill", "Where")]


@pytest.mark.parametrize("kind", TRIED)
def test_what_a_brick_reads_is_what_torch_reads(kind: str):
    tried = {"kernel_size": 3, "stride": 2, "padding": 1, "dilation": 1}
    layer = kinds()[kind]
    params = FrozenDict({name: value for name, value in tried.items() if layer.param(name) and layer.param(name).type in ("int", "ints")})
    found = next(one for one in (example(kind, params, SIZES), example(kind, FrozenDict(), SIZES), example(kind)) if one and not one.troubles)
    shapes = {node.id: tuple(node.params["shape"]) for node in found.project.network.nodes if node.kind == "Input"}
    compared(found.project, seen(check(found.project).analysis), shapes)


def drawn(shape: tuple[int, ...], *bricks: tuple[str, dict[str, object]]) -> Project:
    """A column of bricks called a, b, c ... between an Input and an Output."""
    nodes = [Node("image", "Input", freeze({"shape": shape})), *(Node(chr(ord("a") + i), kind, freeze(params)) for i, (kind, params) in enumerate(bricks)),
             Node("output", "Output")]
    edges = tuple(Edge(above.id, below.id) for above, below in pairwise(nodes))
    return Project("chain", FrozenDict({"network": Network(tuple(nodes), edges)}), task=NO_TASK)


def fields_of(project: Project, name: str) -> tuple[Field, ...] | None:
    return seen(check(project).analysis).fields(name)


CHAINS = {
    "windows in a row": [("Conv2d", {"kernel_size": 3, "padding": 1}), ("MaxPool2d", {"kernel_size": 2}), ("Conv2d", {"kernel_size": [3, 2], "dilation": 2})],
    "strides": [("Conv2d", {"kernel_size": 3, "stride": [2, 1]}), ("AvgPool2d", {"kernel_size": 3, "stride": 2, "padding": 1})],
    "down and up": [("Conv2d", {"kernel_size": 4, "stride": 2, "padding": 1}), ("ConvTranspose2d", {"kernel_size": 4, "stride": 2, "padding": 1}),
                    ("Conv2d", {"kernel_size": 3})],
    "up without overlap": [("ConvTranspose2d", {"kernel_size": 2, "stride": 2}), ("Conv2d", {"kernel_size": 4}), ("MaxPool2d", {})],
    "up with gaps": [("ConvTranspose2d", {"kernel_size": 3, "stride": 3, "dilation": 3}), ("Conv2d", {"kernel_size": 3})],
    "cells": [("Conv2d", {"kernel_size": 3}), ("AdaptiveAvgPool2d", {"output_size": [5, 3]})],
    "blocks": [("BasicBlock", {"out_channels": 4, "stride": 2, "repeat": 2}), ("DoubleConv", {"out_channels": 4})],
    "a block of several branches": [("InvertedResidual", {"out_channels": 2}), ("InceptionModule", dict.fromkeys(
        ("ch1x1", "ch3x3red", "ch3x3", "ch5x5red", "ch5x5", "pool_proj"), 2))],
}


@pytest.mark.parametrize("name", CHAINS)
def test_what_windows_read_one_behind_the_other_is_what_torch_reads(name: str):
    project = drawn((2, 23, 21), *CHAINS[name])
    assert not check(project).errors
    assert compared(project, seen(check(project).analysis), {"image": (2, 23, 21)}) == 2


@settings(max_examples=12, deadline=None)
@given(randoms)
def test_in_random_drawings_nothing_is_read_that_was_not_said(random: Random):
    network = legal_project(random).network
    # Before it is flattened, and without the statistics that are not counted.
    last = network.into("scores")[0].source
    last = network.into(last)[0].source if last == "rows" else last
    # Mirrored and wrapped pixels come from elsewhere; what is said is where the window lies.
    nodes = tuple(replace(node, kind="ReLU", params=FrozenDict()) if LAYERS[node.kind].category == "Normalisation" else
                  replace(node, params=FrozenDict({name: value for name, value in node.params.items() if name != "padding_mode"}))
                  for node in network.nodes if node.id not in ("rows", "scores"))
    edges = tuple(edge for edge in network.edges if not {edge.source, edge.target} & {"rows", "scores"})
    project = Project("random", FrozenDict({"network": Network(nodes, (*edges, Edge(last, "output")))}), task=NO_TASK)
    report = check(project)
    assert not report.errors
    compared(project, seen(report.analysis), {node.id: tuple(node.params["shape"]) for node in nodes if node.kind == "Input"})


# AlexNet and VGG16: Araujo et al. 2019, table 1. The ResNets: the same recurrence, with torchvision's stride in the middle window.
KNOWN = {"alexnet": ("pool5", 195), "vgg16": ("stage5", 212), "resnet18": ("layer4", 435), "resnet34": ("layer4", 899), "resnet50": ("layer4", 427),
         "resnet101": ("layer4", 971), "resnet152": ("layer4", 1451)}


@pytest.mark.parametrize("name", KNOWN)
def test_the_receptive_fields_of_known_networks(name: str):
    brick, size = KNOWN[name]
    fields = fields_of(ENTRIES[name].project, brick)
    assert [one.size for one in fields] == [size, size] and [one.jump for one in fields] == [32, 32]


def test_three_windows_of_3_read_what_one_of_7_reads():
    project = drawn((3, 32, 32), *[("Conv2d", {"kernel_size": 3, "padding": 1})] * 3)
    assert fields_of(project, "c") == (Field("H", 7, Fraction(1), -3), Field("W", 7, Fraction(1), -3))
    assert text(fields_of(project, "c")) == "7×7" and steps(fields_of(project, "c")) == "1×1" and starts(fields_of(project, "c")) == "-3, -3"


def test_a_linear_layer_reads_the_whole_image_and_a_row_of_numbers_has_no_field():
    assert text(fields_of(drawn((1, 8, 8), ("Flatten", {}), ("Linear", {})), "b")) == "whole image"
    assert text(fields_of(drawn((1, 8, 8), ("Flatten", {}), ("Linear", {})), "a")) == "1×1"
    assert fields_of(drawn((8,), ("Linear", {})), "a") is None and text(None) == "–"


def test_a_field_along_one_axis_can_be_whole_and_along_the_other_not():
    project = drawn((1, 8, 8), ("Linear", {}), ("Conv2d", {"kernel_size": 3}))
    assert text(fields_of(project, "a")) == "1×all" and text(fields_of(project, "b")) == "3×all"


def test_the_larger_branch_counts():
    nodes = (Node("image", "Input", freeze({"shape": (2, 16, 16)})), Node("a", "Conv2d", freeze({"out_channels": 2, "kernel_size": 3, "padding": 1})),
             Node("b", "Conv2d", freeze({"out_channels": 2, "kernel_size": 5, "padding": 2})), Node("add", "Add"), Node("output", "Output"))
    edges = (Edge("image", "a"), Edge("image", "b"), Edge("a", "add"), Edge("b", "add", 1), Edge("add", "output"))
    project = Project("branches", FrozenDict({"network": Network(nodes, edges)}), task=NO_TASK)
    assert text(fields_of(project, "add")) == "5×5" and starts(fields_of(project, "add")) == "-2, -2"


def test_every_layer_with_a_window_or_a_shape_of_its_own_says_what_it_reads():
    silent = [kind for kind, layer in LAYERS.items() if layer.window is None and (layer.length or layer.combine) and layer.inputs[1] != 0]
    assert not silent, f"without `window` these are taken to read everything; say everything where that is so: {silent}"


def test_a_brick_that_cannot_be_built_and_what_follows_it_have_no_field():
    project = drawn((1, 4, 4), ("Conv2d", {"kernel_size": 9}), ("ReLU", {}))
    assert fields_of(project, "a") is None and fields_of(project, "b") is None and text(fields_of(project, "image")) == "1×1"
