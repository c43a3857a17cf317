"""The small pictures of networks: what they show, and that nothing can break them or get into them."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from builder.compile.outline import MOST, outline
from builder.compile.thumbnail import HEIGHT, WIDTH, thumbnail
from builder.gallery import ENTRIES
from builder.graph import Edge, FrozenDict, Network, Node, Project, check
from builder.graph.document import freeze

SVG = "{http://www.w3.org/2000/svg}"


def chain(*bricks: tuple[str, dict], shape=(3, 32, 32)) -> Project:
    rows = [("Input", {"shape": shape}), *bricks, ("Output", {})]
    nodes = tuple(Node(f"brick{i}", kind, freeze(params)) for i, (kind, params) in enumerate(rows))
    edges = tuple(Edge(f"brick{i}", f"brick{i + 1}") for i in range(len(rows) - 1))
    return Project("Chain", FrozenDict({"network": Network(nodes, edges)}))


def fronts(project: Project) -> list[tuple[float, float]]:
    """Width and height of the front of every box, from left to right."""
    found = re.findall(r'd="M([\d.]+) ([\d.]+)H([\d.]+)V([\d.]+)H\1z"', thumbnail(project))
    return [(float(right) - float(left), float(down) - float(up)) for left, up, right, down in found]


@pytest.mark.parametrize("name", list(ENTRIES))
def test_every_network_of_the_gallery_has_a_small_picture_without_words_that_stays_inside_its_frame(name):
    for theme in ("light", "dark"):
        text = thumbnail(ENTRIES[name].project, theme)
        tree = ElementTree.fromstring(text)
        assert {one.tag for one in tree.iter()} <= {f"{SVG}svg", f"{SVG}g", f"{SVG}path"} and not "".join(tree.itertext()).strip()
        assert len(text) < 12_000 and text == thumbnail(ENTRIES[name].project, theme)
        boxes = [float(x) for front in re.findall(r'd="M([\d.]+) [\d.]+H([\d.]+)V', text) for x in front]
        assert boxes and 0 <= min(boxes) and max(boxes) <= WIDTH
        heights = [float(y) for one in re.findall(r'd="M[\d.]+ ([\d.]+)H[\d.]+V([\d.]+)H', text) for y in one]
        assert 0 <= min(heights) and max(heights) <= HEIGHT
        arcs = re.findall(r"M[\d.]+ ([\d.]+)C[\d.]+ (-?[\d.]+) [\d.]+ (-?[\d.]+) [\d.]+ ([\d.]+)", text)
        assert all(sum(weight * float(y) for weight, y in zip((1, 3, 3, 1), arc, strict=True)) / 8 >= 0 for arc in arcs)
    assert thumbnail(ENTRIES[name].project) != thumbnail(ENTRIES[name].project, "dark")


def test_a_smaller_image_is_lower_and_more_channels_are_wider():
    (_, image), (narrow, first), (wide, second), (_, pooled) = fronts(chain(
        ("Conv2d", {"out_channels": 8, "kernel_size": 3, "padding": 1}), ("Conv2d", {"out_channels": 64, "kernel_size": 3, "padding": 1}),
        ("MaxPool2d", {"kernel_size": 4})))
    assert image == first == second > pooled and wide > narrow


def test_more_features_are_higher():
    heights = [height for _, height in fronts(chain(("Linear", {"out_features": 512}), ("Linear", {"out_features": 10}), shape=(16,)))]
    assert heights[1] > heights[0] > heights[2]


def test_a_skip_is_an_arc_and_the_unet_has_four():
    assert not re.findall(r"C", thumbnail(ENTRIES["lenet-cifar"].project))
    assert len(re.findall(r"M[\d.]+ [\d.]+C", thumbnail(ENTRIES["unet"].project))) == 4


def test_blocks_are_opened_as_far_as_there_is_room_and_copies_are_counted_out():
    few = outline(check(chain(("BasicBlock", {"out_channels": 16}), shape=(16, 8, 8))).analysis)
    assert [unit.category for unit in few.units].count("Convolution") == 2
    many = outline(check(chain(("BasicBlock", {"out_channels": 16, "repeat": 50}), shape=(16, 8, 8))).analysis)
    assert [unit.copies for unit in many.units] == [1, 50] and many.units[1].category == "Convolution"


def test_a_drawing_of_a_thousand_bricks_is_still_a_small_picture():
    project = chain(*[("Conv2d", {"out_channels": 4, "kernel_size": 1})] * 1000)
    assert len(outline(check(project).analysis).units) <= 2 * MOST and len(thumbnail(project)) < 20_000
    loose = Project("Loose", FrozenDict({"network": Network(tuple(Node(f"n{i}", "Input", freeze({"shape": (3,)})) for i in range(500)))}))
    assert len(thumbnail(loose)) < 20_000


@pytest.mark.parametrize("network", [
    Network(), Network((Node("output", "Output"),)), Network((Node("x", "Nonsense"), Node("y", "<script>")), (Edge("x", "y"),)),
    Network((Node("a", "ReLU"), Node("b", "ReLU")), (Edge("a", "b"), Edge("b", "a"))),
    Network((Node("a", "ReLU", muted=True), Node("output", "Output")), (Edge("a", "output"),)),
    Network((Node("image", "Input", freeze({"shape": (10**30, 1, 10**30)})), Node("conv", "Conv2d", freeze({"kernel_size": -1}))), (Edge("image", "conv"),)),
], ids=["nothing", "an output", "unknown kinds", "a loop", "muted", "numbers too large"])
def test_whatever_is_wrong_in_a_drawing_there_is_a_picture_and_no_text_of_a_user_in_it(network):
    text = thumbnail(Project("<b>&\"'", FrozenDict({"network": network})))
    assert ElementTree.fromstring(text).tag == f"{SVG}svg" and "script" not in text and "<b>" not in text and not re.search(r'd="[^"]*[a-uw-y]{2}|[\d.]e[+-]', text)
