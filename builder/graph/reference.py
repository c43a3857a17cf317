"""What the reference says of a kind of brick, in words and numbers, from its declaration alone."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass

from builder.catalogue import BATCH, CATEGORIES, COMPOSITES, LAYERS, Layer, Param, Shape, carries_batch
from builder.catalogue.expressions import written
from builder.catalogue.params import LARGEST

from .analysis import Placed
from .check import check
from .document import Edge, FrozenDict, Network, Node, Project, freeze
from .kinds import declared

# Samples on which an example is worked out: the first that the layer accepts.
SAMPLES: tuple[Shape, ...] = ((1, 28, 28), (16, 28, 28), (320,), (16, 7, 7))
ROW: Shape = (10,)
# A brick of several inputs gets the image, and a copy that another brick has changed but not resized.
OTHER = ("MaxPool2d", FrozenDict({"kernel_size": 5, "stride": 1, "padding": 2}))
NO_TASK = FrozenDict({"kind": "none"})
BRICK, BRANCH = "brick", "branch"


@functools.cache
def kinds() -> dict[str, Layer]:
    """Every kind that has a page: layers and composites, by category; the ends of blocks belong to no page of their own."""
    known = {**dict(LAYERS.items()), **{kind: declared(composite) for kind, composite in COMPOSITES.items()}}
    order = {category: i for i, category in enumerate(dict.fromkeys([*CATEGORIES, *(layer.category for layer in known.values())]))}
    return dict(sorted(known.items(), key=lambda item: order[item[1].category]))


def matches(layer: Layer, wanted: str) -> bool:
    """Does the search text stand in the layer's name, category or summary?"""
    return all(word in f"{layer.kind} {layer.category} {layer.summary}".lower() for word in wanted.lower().split())


def allowed(param: Param) -> str:
    """What a parameter may be, in few words."""
    low, high = getattr(param, "min", None), getattr(param, "max", None)
    match param.type:
        case "choice":
            return ", ".join(param.choices)
        case "bool":
            return "true or false"
        case "text":
            return param.wanted
    words = {"int": "whole number", "float": "number", "ints": "whole numbers"}[param.type]
    if getattr(param, "axes", 1) > 1:
        words = f"whole number, or {'height and width' if param.axes == 2 else 'depth, height and width'}"
    bounds = "" if low is None else f"at least {low:g}" if high is None or high >= LARGEST else f"{low:g} to {high:,g}"
    return ", ".join(part for part in (words, bounds, "may be empty" if getattr(param, "optional", False) else "") if part)


def rows(layer: Layer) -> list[dict[str, str]]:
    """The parameter table."""
    return [{"parameter": param.name, "default": _default(param.default), "allowed": allowed(param), "meaning": param.doc}
            for param in layer.params]


def _default(value: object) -> str:
    return "empty" if value is None else "×".join(map(str, value)) if isinstance(value, tuple) else str(value)


def formula(layer: Layer) -> str:
    """The length formula in names, as it is with the layer's defaults."""
    return written(layer.length, {**layer.resolved(layer.values({})), "L": SAMPLES[0][1]})


def line_by_line(step: str) -> str:
    """A worked formula with a line for its names, one for its numbers and one for the result."""
    name, *parts = step.split(" = ")
    return f"{name} = " + f"\n{' ' * len(name)} = ".join(parts) if len(parts) > 1 else step


@dataclass(frozen=True)
class Example:
    """A kind on a sample: the project around it, the brick placed, and (when no sample fits) what keeps it from fitting."""

    project: Project
    placed: Placed
    troubles: tuple[str, ...] = ()


def example(kind: str, given: Mapping[str, object] = FrozenDict(), sizes: tuple[Shape, ...] = SAMPLES) -> Example | None:
    """The kind with these parameters on the first sample that it accepts, else on the one that it comes nearest to; None for the ends."""
    layer = kinds()[kind]
    if layer.scope:
        return None
    declared_ = COMPOSITES[kind].example if kind in COMPOSITES else layer.example
    if layer.inputs[1] == 0:
        shapes: list[tuple[Shape, ...]] = [()]
    elif declared_ and (kind in COMPOSITES or sizes is SAMPLES):
        shapes = [tuple(declared_)]
    else:
        shapes = [((BATCH, *size),) for size in _order(layer, sizes)]
    tried = [_tried(layer, given, shape) for shape in shapes]
    return next((one for one in tried if not one.troubles), tried[0])


def _order(layer: Layer, sizes: tuple[Shape, ...]) -> tuple[Shape, ...]:
    """What works along one axis is shown on a row of numbers, what treats channels apart on several of them."""
    if layer.param("dim") and layer.inputs == (1, 1):
        return (ROW, *sizes)
    if layer.pattern.split().count("C") > 1 and not layer.spatial:
        return tuple(sorted(sizes, key=lambda size: size[0] != sizes[1][0]))
    return sizes


def _tried(layer: Layer, given: Mapping[str, object], shapes: tuple[Shape, ...]) -> Example:
    brick = Node(BRICK, layer.kind, freeze(dict(given)))
    entries = [_entry("image" if i == 0 else f"image{i + 1}", shape, layer.reads.split(), i) for i, shape in enumerate(shapes)]
    feeds = [entry.id for entry in entries]
    branches = [Node(BRANCH, *OTHER)] if len(feeds) < layer.inputs[0] else []
    edges = [Edge(feed, BRANCH) for feed in feeds[:len(branches)]] + [Edge(source, BRICK, port) for port, source in enumerate([*feeds, *(b.id for b in branches)])]
    leaving = layer.leaving(brick.params)
    edges += [Edge(BRICK, "output" if not i else f"output{i + 1}", 0, i) for i in range(leaving)]
    ends = [Node("output" if not i else f"output{i + 1}", "Output") for i in range(leaving)]
    # A value that comes from nowhere is shown beside a sample, which it has nothing to do with.
    alone = [] if entries else [Node("image", "Input"), Node("sample", "Output")]
    edges += [Edge("image", "sample")] if alone else []
    project = Project(layer.kind, FrozenDict({"network": Network((*entries, *branches, brick, *ends, *alone), tuple(edges))}), task=NO_TASK)
    report = check(project)
    return Example(project, report.analysis.placed[BRICK], tuple(str(problem) for problem in report.errors if problem.node in (BRICK, BRANCH)))


def _entry(name: str, shape: Shape, reads: list[str], port: int) -> Node:
    """What an example's brick is given: samples, whole numbers where it reads such, or weights where there is no batch."""
    if not carries_batch(shape):
        return Node(name, "Parameter", FrozenDict({"shape": shape, "init": "normal", "std": 1.0}))
    whole = {"dtype": "int64"} if reads[min(port, len(reads) - 1)] == "int" else {}
    return Node(name, "Input", FrozenDict({"shape": shape[1:], **whole}))


def key(kind: str, given: Mapping[str, object]) -> str:
    """What tells one example from another, for a cache."""
    return json.dumps([kind, dict(given)], sort_keys=True)


