"""Fixes: edits proposed for a problem, offered only when the layer's own rules say that they mend it."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from builder.catalogue import LAYERS, Param, Shape

from ..analysis import Analysis, Placed, infer
from ..bricks import arity, fresh_id
from ..document import Edge, FrozenDict, Node
from ..problems import Fix, batch
from .words import one, pair, resolved, said

SEPARATED = r"\s*[x×*,;]\s*|\s+"  # between the numbers of a pair
MOST_NUMBERS = 5
USUAL_SHORTCUT = 2  # layers that a shortcut passes
BESIDE = 260  # pixels from one column to the next
NEAR = 2  # bricks that are offered for a missing wire
MOST_TRIED = 64  # kernels that are tried one after the other
MOST_COUNTED = 512  # parts, heads or factors that are tried


def _legal(placed: Placed, params: dict[str, object]) -> bool:
    return not infer(placed.node.kind, placed.inputs, FrozenDict({**placed.node.params, **params})).problems


def set_params(placed: Placed, label: str, sure: bool = False, **params: object) -> Iterator[Fix]:
    """The fix that sets parameters, when the brick is legal with them."""
    frozen = {name: tuple(value) if isinstance(value, list) else value for name, value in params.items()}
    if placed.inputs is not None and _legal(placed, frozen):
        yield batch(label, {"op": "set", "id": placed.node.id, "params": params}, sure=sure)


def between(analysis: Analysis, edge: Edge) -> list[float] | None:
    """The middle of a wire, for a brick that is put on it."""
    source, target = analysis.network.node(edge.source), analysis.network.node(edge.target)
    if source.at is None or target.at is None:
        return None
    return [(source.at[0] + target.at[0]) / 2, (source.at[1] + target.at[1]) / 2]


def insert(analysis: Analysis, edge: Edge, kind: str, label: str, sure: bool = False, **params: object) -> Fix:
    """The fix that puts a new brick on a wire."""
    node = {"id": fresh_id(analysis.network, kind), "kind": kind, "params": params, "at": between(analysis, edge)}
    return batch(label, {"op": "insert", "node": {name: value for name, value in node.items() if value not in (None, {})}, "edge": edge.to_json()},
                 sure=sure)


def inserts(analysis: Analysis, kind: str, edges: Sequence[Edge], label: str, sure: bool = False) -> Fix:
    """The fix that puts a new brick of one kind on each of several wires."""
    stem, taken = LAYERS[kind].stem or kind.lower(), {node.id for node in analysis.network.nodes}
    free = (name for i in itertools.count(1) if (name := f"{stem}{i}") not in taken)
    edits = []
    for edge, name in zip(edges, free, strict=False):
        at = between(analysis, edge)
        edits.append({"op": "insert", "node": {"id": name, "kind": kind, **({"at": at} if at else {})}, "edge": edge.to_json()})
    return batch(label, *edits, sure=sure)


def muted_above(analysis: Analysis, placed: Placed, upper: str, *wanted: str) -> str | None:
    """The muted brick of one of the kinds or categories that stands between `upper` and a brick; None where there is none."""
    edges = analysis.network.into(placed.node.id)
    while len(edges) == 1 and edges[0].source != upper:
        found = analysis.placed[edges[0].source]
        if found.layer is None or found.inputs is None:
            return None
        if found.node.muted and {found.node.kind, found.layer.category} & set(wanted) and "Softmax" not in found.node.kind:
            return found.node.id
        edges = analysis.network.into(found.node.id)
    return None


def unmute(names: Sequence[str], *others: Fix, sure: bool = False) -> Fix:
    """The fix that takes muted bricks in again, with what else is needed."""
    label = f"Take {' and '.join(names)} in again"
    more = [part for fix in others for part in parts(fix)]
    return batch(", ".join([label, *(fix.label[0].lower() + fix.label[1:] for fix in others)]), {"op": "mute", "ids": list(names), "value": False}, *more, sure=sure)


def parts(fix: Fix) -> Sequence[Mapping[str, object]]:
    """The edits that a fix is made of."""
    return fix.edit["edits"] if fix.edit.get("op") == "batch" else [fix.edit]


def moved(analysis: Analysis, placed: Placed, behind: str, sure: bool = False) -> Iterator[Fix]:
    """Take a brick out of its place and put it right behind `behind`, which stands two bricks above it or right below it."""
    network, node = analysis.network, placed.node
    feeding, following = network.into(node.id), network.out_of(behind)
    if len(feeding) != 1 or len(following) != 1 or len(network.out_of(node.id)) != 1:
        return
    # Up: the brick that fed it comes below it; down: the brick that it is put behind comes above it.
    other = network.node(behind if network.into(behind) and network.into(behind)[0].source == node.id else feeding[0].source)
    record = {**node.to_json(), **({"at": list(other.at)} if other.at else {})}
    swap = [{"op": "move", "at": {other.id: list(node.at)}}] if node.at and other.at else []
    yield batch(f"Move {node.id} behind {behind}", {"op": "remove", "ids": [node.id], "rejoin": True},
                {"op": "insert", "edge": following[0].to_json(), "node": record}, *swap, sure=sure)


def cut(analysis: Analysis, source: str, target: str, sure: bool = False) -> Fix:
    """Cut the wire between two bricks, all of them where one value enters a brick twice."""
    variadic, edits = arity(analysis.network.node(target).kind)[1] is None, []
    for place, edge in reversed(list(enumerate(analysis.network.into(target)))):
        if edge.source == source:
            # The first cut numbers the inputs of a variadic brick anew; from the last to the first, the others keep their place.
            edits.append({"op": "disconnect", **Edge(source, target, place if variadic and edits else edge.port).to_json()})
    return batch(f"Cut the wire from {source} to {target}", *edits, sure=sure)


def flatten_before(analysis: Analysis, placed: Placed, sure: bool = True) -> Iterator[Fix]:
    """Insert Flatten on the wire into a brick that wants rows of features."""
    edge = analysis.network.into(placed.node.id)[0]
    flat = (placed.inputs[0][0], math.prod(placed.inputs[0][1:]))
    if not infer(placed.node.kind, (flat,), placed.node.params).problems:
        if resting := muted_above(analysis, placed, "", "Flatten"):
            yield unmute([resting], sure=sure)
            return
        yield insert(analysis, edge, "Flatten", f"Insert Flatten before {placed.node.id}", sure=sure)


def window(placed: Placed, suits: Callable[[dict[str, object]], bool]) -> Iterator[Fix]:
    """Room for a window: padding where little is missing, else a kernel that fits; one with which the bricks below fit too (`suits`) before others."""
    values = resolved(placed)
    height, width = placed.inputs[0][2:4]
    kernel, dilation = pair(values["kernel_size"]), pair(values.get("dilation", 1))
    reach = [d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True)]
    padding = [max(0, math.ceil((r - size) / 2)) for r, size in zip(reach, (height, width), strict=True)]
    padded = list(_with(placed, "padding", padding))
    # A window that reaches far over the edge was not meant: the usual one first, then the largest that fits.
    usual = placed.layer.param("kernel_size").default
    fit = [min(k, max(1, (size - 1) // d + 1)) for k, d, size in zip(kernel, dilation, (height, width), strict=True)]
    largest = next((size for size in range(max(fit), max(0, max(fit) - MOST_TRIED), -1) if suits({"kernel_size": tuple(min(side, size) for side in fit)})), None)
    chosen = [min(side, largest or side) for side in fit]
    smaller = [*(_with(placed, "kernel_size", [usual, usual]) if isinstance(usual, int) and max(kernel) > usual else ()), *_with(placed, "kernel_size", chosen)]
    yield from {fix.label: fix for fix in ([*smaller, *padded] if max(padding) > 2 else [*padded, *smaller])}.values()


def _with(placed: Placed, name: str, value: list[int]) -> Iterator[Fix]:
    """The fix that sets a parameter of two axes."""
    yield from set_params(placed, f"Set {name} of {placed.node.id} to {said(one(value))}", **{name: one(value)})


def groups(placed: Placed, field: str) -> Iterator[Fix]:
    """The largest allowed number of groups below the one asked for."""
    asked = placed.layer.values(placed.node.params)[field]
    channels = placed.inputs[0][1] if len(placed.inputs[0]) > 1 else 1
    of_channels = field in ("groups", "num_groups")
    for count in range(min(asked, channels if of_channels else MOST_COUNTED), 0, -1):
        if (not of_channels or channels % count == 0) and _legal(placed, {field: count}):
            yield from set_params(placed, f"Set {field} of {placed.node.id} to {count}", sure=field == "num_groups", **{field: count})
            break
    # A depthwise convolution gives a whole number of channels for each of its input channels.
    if field == "groups" and channels % asked == 0 and placed.layer.param("out_channels"):
        wide = placed.layer.values(placed.node.params)["out_channels"]
        whole = max(1, round(wide / asked)) * asked
        yield from set_params(placed, f"Set out_channels of {placed.node.id} to {whole}", out_channels=whole)


def reset(placed: Placed, field: str, sure: bool = False) -> Iterator[Fix]:
    """For a value that is not allowed: the number that a text holds, else back to the default."""
    param, name = placed.layer.param(field), placed.node.id
    if param is None:
        yield batch(f"Remove {field} from {name}", {"op": "set", "id": name, "params": {field: None}}, sure=True)
        return
    meant = _meant(param, placed.node.params.get(field))
    if meant is not None and _helps(placed, field, meant):
        written = list(meant) if isinstance(meant, tuple) else meant
        yield batch(f"Set {field} of {name} to {_shown(meant)}", {"op": "set", "id": name, "params": {field: written}}, sure=sure)
    if param.check(param.normal(param.default)) is None and _helps(placed, field):
        shown = "the window's" if param.default is None else _shown(param.default)
        yield batch(f"Set {field} of {name} back to {shown}", {"op": "set", "id": name, "params": {field: None}}, sure=sure and meant is None)


def _shown(value: object) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else said(value)


def _meant(param: Param, value: object) -> object:
    """The number that a text or a number with a point stands for, or the two of "3x5" and "3, 5", when the parameter allows it."""
    if param.type not in ("int", "float", "ints") or not isinstance(value, str | float) or param.check(param.normal(value)) is None:
        return None
    text = str(value).strip()
    parts = [text.replace(",", ".")] if param.type == "float" else re.split(SEPARATED, text.strip("()[] "))
    numbers = [_number(part, param.type) for part in parts[:MOST_NUMBERS]]
    if None in numbers:
        return None
    meant = param.normal(numbers if len(numbers) > 1 or param.type == "ints" else numbers[0])
    return meant if param.check(meant) is None else None


def _number(text: str, of: str) -> int | float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    if not math.isfinite(number) or (of != "float" and not number.is_integer()) or abs(number) > 2**53:
        return None
    return number if of == "float" else int(number)


def _helps(placed: Placed, field: str, value: object = None) -> bool:
    """Does `value`, or the default, mend what is said of `field`? Of two parameters at odds with each other the other one may be to blame."""
    if placed.inputs is None:
        return True
    params = FrozenDict({name: old for name, old in placed.node.params.items() if name != field} | ({} if value is None else {field: value}))
    return all(problem.field != field for problem in infer(placed.node.kind, placed.inputs, params).problems)


def unflatten(analysis: Analysis, placed: Placed) -> Iterator[Fix]:
    """Take away the Flatten in front of a brick that wants an image; bricks in between that take any shape do not mind."""
    flatten = flatten_above(analysis, placed)
    if flatten and not infer(placed.node.kind, flatten.inputs, placed.node.params).problems:
        yield batch(f"Remove {flatten.node.id}", {"op": "remove", "ids": [flatten.node.id], "rejoin": True})


def flatten_above(analysis: Analysis, placed: Placed) -> Placed | None:
    """The Flatten that a brick reads, directly or through bricks that keep any shape; None where there is none."""
    for _ in range(60):
        edges = analysis.network.into(placed.node.id)
        placed = analysis.placed.get(edges[0].source) if len(edges) == 1 else None
        if placed is None or placed.layer is None or not placed.inputs:
            return None
        if placed.node.kind == "Flatten":
            return placed
        if placed.layer.pattern != "... -> ..." or placed.layer.inputs != (1, 1):
            return None
    return None


def swap(analysis: Analysis, placed: Placed, kind: str, sure: bool = False) -> Iterator[Fix]:
    """Another kind of brick in the same place, when that one fits."""
    params = FrozenDict({name: value for name, value in placed.node.params.items() if LAYERS[kind].param(name)})
    if not infer(kind, placed.inputs, params).problems:
        yield batch(f"Replace {placed.node.id} by {kind}", {"op": "replace", "id": placed.node.id, "kind": kind}, sure=sure)


def nearest(analysis: Analysis, placed: Placed, port: int) -> Iterator[Fix]:
    """Connect a missing input to the outputs that fit, bricks that lead nowhere first, then the nearest."""
    network, node = analysis.network, placed.node
    # Of a merge one value twice is legal and hardly ever meant.
    wired = {edge.source for edge in network.into(node.id)}
    leads = {edge.source for edge in network.edges}
    position = {other.id: i for i, other in enumerate(network.nodes)}

    def rank(other: Node) -> tuple:
        distance = math.dist(other.at, node.at) if other.at and node.at else abs(position[other.id] - position[node.id])
        return (other.id in leads, distance)

    able = [n for n in network.nodes if n.id not in (node.id, *wired) and analysis.shape(n.id) and analysis.placed[n.id].layer.outputs]
    loose = [n.id for n in able if n.id not in leads]
    fitting = (other for other in sorted(able, key=rank) if fits(analysis, placed, port, other.id))
    near = list(itertools.islice(fitting, 1 if placed.layer.inputs[1] is None else NEAR))
    if near and near[0].id not in loose:
        if placed.node.kind == "Add" and wired:
            yield from _shortcut(analysis, placed, port, next(iter(wired)))
            return
        elif placed.layer.inputs[1] is not None:
            # A value that several bricks read already is where branches begin: the missing one may be one of them.
            near = [*[other for other in able if len(network.out_of(other.id)) > 1 and fits(analysis, placed, port, other.id)][-1:], *near]
    for other in near[:1] if near and near[0].id in loose else dict.fromkeys(near):
        # One loose end above and one below: there is nothing to choose.
        sure = loose == [other.id] and [p.node.id for p in analysis.placed.values() if p.missing] == [node.id]
        yield batch(f"Connect {other.id} to {node.id}", {"op": "connect", "source": other.id, "target": node.id, "port": port},
                    sure=sure and len(placed.missing) == 1)


def onto_wires(analysis: Analysis, placed: Placed) -> Iterator[Fix]:
    """Put a brick that has no wires onto one of the nearest that it fits on."""
    network, node = analysis.network, placed.node
    if placed.layer.inputs != (1, 1) or placed.layer.leaving(placed.node.params) != 1:
        return
    position = {other.id: i for i, other in enumerate(network.nodes)}

    def far(edge: Edge) -> float:
        ends = [network.node(edge.source), network.node(edge.target)]
        if node.at and all(end.at for end in ends):
            return math.dist(node.at, [(a + b) / 2 for a, b in zip(ends[0].at, ends[1].at, strict=True)])
        return abs(sum(position[end.id] for end in ends) / 2 - position[node.id])

    def suits(edge: Edge) -> bool:
        have, target = analysis.shape(edge.source), analysis.placed[edge.target]
        gives = infer(node.kind, (have,), node.params).shape if have and not edge.output and target.layer else None
        return gives is not None and (gives == have or (target.layer.inputs == (1, 1) and infer(target.node.kind, (gives,), target.node.params).shape is not None))

    for edge in itertools.islice(filter(suits, sorted(network.edges, key=far)), NEAR):
        yield batch(f"Put {node.id} between {edge.source} and {edge.target}", {"op": "disconnect", **edge.to_json()},
                    {"op": "connect", "source": edge.source, "target": node.id}, {"op": "connect", "source": node.id, "target": edge.target, "port": edge.port})


def _shortcut(analysis: Analysis, placed: Placed, port: int, name: str) -> Iterator[Fix]:
    """The other input of an Add: what comes before two layers, as in He et al. 2015 (arXiv:1512.03385, figure 2), projected where it does not fit."""
    found, layers, edges = [], 0, (Edge(name, ""),)
    while len(edges) == 1 and len(found) < MOST_TRIED:
        brick = analysis.placed[edges[0].source]
        if brick.layer is None or brick.shape is None:
            break
        begins = brick.layer.category in ("Activation", "Merge", "Pooling", "Input and output")
        found += [(abs(layers - USUAL_SHORTCUT), not begins, len(found), brick)] if layers else []
        layers += brick.layer.category in ("Convolution", "Linear")
        edges = analysis.network.into(brick.node.id)
    for *_, brick in sorted(found, key=lambda row: row[:3])[:1]:
        source, have, goal = brick.node.id, brick.shape, analysis.shape(name)
        # What would only fit by being repeated along an axis is projected too.
        if have != goal and len(have) == len(goal) == 4 and all(h % g == 0 for h, g in zip(have[2:], goal[2:], strict=True)):
            yield _projected(analysis, placed, port, brick, goal)
        elif fits(analysis, placed, port, source):
            yield batch(f"Connect {source} to {placed.node.id}", {"op": "connect", "source": source, "target": placed.node.id, "port": port})


def _projected(analysis: Analysis, placed: Placed, port: int, brick: Placed, goal: Shape) -> Fix:
    """A shortcut from `brick` through a 1×1 convolution that gives it the shape `goal`."""
    source, new = brick.node.id, fresh_id(analysis.network, "Conv2d")
    stride = one([h // g for h, g in zip(brick.shape[2:], goal[2:], strict=True)])
    params = {"out_channels": goal[1], "kernel_size": 1, "bias": False, **({} if stride == 1 else {"stride": stride})}
    place = {"at": [placed.node.at[0] + BESIDE, (brick.node.at[1] + placed.node.at[1]) / 2]} if brick.node.at and placed.node.at else {}
    return batch(f"Connect {source} to {placed.node.id} through a 1×1 Conv2d", {"op": "add", "node": {"id": new, "kind": "Conv2d", "params": params, **place}},
                 {"op": "connect", "source": source, "target": new}, {"op": "connect", "source": new, "target": placed.node.id, "port": port})


def fits(analysis: Analysis, placed: Placed, port: int, source: str) -> bool:
    """Would a missing input take what `source` gives? No circle comes of it: what follows a brick with a missing input has no shape."""
    if not analysis.placed[source].layer.outputs:
        return False
    by_port = {edge.port: analysis.shape(edge.source) for edge in analysis.network.into(placed.node.id)} | {port: analysis.shape(source)}
    shapes = tuple(by_port[port] for port in sorted(by_port))
    if None in shapes or len(shapes) < placed.layer.inputs[0]:
        return None not in shapes
    return not analysis.infer(placed.node.kind, shapes, placed.node.params).problems


def classes(analysis: Analysis, output: Placed, count: int, hidden: Placed | None) -> Iterator[Fix]:
    """Make the answer one score a class: set the last layer's width, or add the layer that is missing, behind the hidden layer that `hidden` ends."""
    shape = output.inputs[0]
    edge = analysis.network.into(output.node.id)[0]
    below = analysis.network.out_of(hidden.node.id) if hidden else ()
    edge = below[0] if len(below) == 1 else edge
    if len(shape) == 2:
        if hidden:
            yield insert(analysis, edge, "Linear", f"Insert a Linear with {count} outputs after {hidden.node.id}", sure=True, out_features=count)
        if last := _last_wide(analysis, edge.source):
            yield batch(f"Set out_features of {last} to {count}", {"op": "set", "id": last, "params": {"out_features": count}},
                        sure=not hidden and len(analysis.network.out_of(last)) == 1)
        elif not hidden:
            yield insert(analysis, edge, "Linear", f"Insert a Linear with {count} outputs before {output.node.id}", sure=True, out_features=count)
    elif math.prod(shape[1:]) == count:
        yield insert(analysis, edge, "Flatten", f"Insert Flatten before {output.node.id}", sure=True)
    else:
        if flat := _flatten_of_few(analysis, edge.source):
            yield batch(f"Set start_dim of {flat.node.id} to 1, end_dim to -1",
                        {"op": "set", "id": flat.node.id, "params": {"start_dim": None, "end_dim": None}})
        yield _flatten_linear(analysis, edge, count, sure=hidden is not None)


def _flatten_linear(analysis: Analysis, edge: Edge, count: int, sure: bool) -> Fix:
    flat, linear = fresh_id(analysis.network, "Flatten"), fresh_id(analysis.network, "Linear")
    return batch(f"Insert Flatten and a Linear with {count} outputs before {edge.target}",
                 {"op": "insert", "edge": edge.to_json(), "node": {"id": flat, "kind": "Flatten"}},
                 {"op": "insert", "edge": Edge(flat, edge.target, edge.port).to_json(),
                  "node": {"id": linear, "kind": "Linear", "params": {"out_features": count}}}, sure=sure)


def _flatten_of_few(analysis: Analysis, name: str) -> Placed | None:
    """A Flatten above that leaves some axes standing."""
    for _ in range(20):
        placed = analysis.placed[name]
        if placed.node.kind == "Flatten" and placed.shape and len(placed.shape) > 2:
            return placed
        edges = analysis.network.into(name)
        if placed.layer is None or placed.layer.inputs != (1, 1) or not edges:
            return None
        name = edges[0].source
    return None


def _last_wide(analysis: Analysis, name: str) -> str | None:
    """The last Linear before `name`, looking through bricks that keep the shape."""
    while True:
        placed = analysis.placed[name]
        if placed.node.kind == "Linear":
            return name
        if placed.layer is None or placed.layer.inputs != (1, 1) or placed.layer.pattern != "... -> ...":
            return None
        name = analysis.network.into(name)[0].source


def for_rank(analysis: Analysis, placed: Placed) -> Iterator[Fix]:
    """A brick that meets the wrong number of axes: its sibling, no Flatten before it, or a Flatten before it."""
    family = placed.node.kind[:-2]
    for kind in (f"{family}1d", f"{family}2d", f"{family}3d", family) if placed.node.kind[-2:] in ("1d", "2d", "3d") else ():
        if kind in LAYERS and kind != placed.node.kind:
            yield from swap(analysis, placed, kind, sure=placed.layer.category in ("Normalisation", "Regularisation"))
    yield from unflatten(analysis, placed)
    if len(placed.inputs[0]) > 2:
        yield from flatten_before(analysis, placed)
    else:
        yield batch(f"Remove {placed.node.id}", {"op": "remove", "ids": [placed.node.id], "rejoin": True})
