"""Fixes: edits proposed for a problem, offered only when the layer's own rules say that they mend it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence

from builder.catalogue import LAYERS, Param

from ..analysis import Analysis, Placed, infer
from ..bricks import arity, fresh_id
from ..document import Edge, FrozenDict, Node
from ..problems import Fix, batch


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


def moved(analysis: Analysis, placed: Placed, behind: str) -> Iterator[Fix]:
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
                {"op": "insert", "edge": following[0].to_json(), "node": record}, *swap)


def cut(analysis: Analysis, source: str, target: str, sure: bool = False) -> Fix:
    """Cut the wire between two bricks, all of them where one value enters a brick twice."""
    variadic, edits = arity(analysis.network.node(target).kind)[1] is None, []
    for place, edge in reversed(list(enumerate(analysis.network.into(target)))):
        if edge.source == source:
            # The first cut numbers the inputs of a variadic brick anew; from the last to the first, the others keep their place.
            edits.append({"op": "disconnect", **Edge(source, target, place if variadic and edits else edge.port).to_json()})
    return batch(f"Cut the wire from {source} to {target}", *edits, sure=sure)


def flatten_before(analysis: Analysis, placed: Placed) -> Iterator[Fix]:
    """Insert Flatten on the wire into a brick that wants rows of features."""
    edge = analysis.network.into(placed.node.id)[0]
    flat = (placed.inputs[0][0], math.prod(placed.inputs[0][1:]))
    if not infer(placed.node.kind, (flat,), placed.node.params).problems:
        yield insert(analysis, edge, "Flatten", f"Insert Flatten before {placed.node.id}", sure=True)


def _pair(value: object) -> tuple[int, int]:
    return value if isinstance(value, tuple) else (value, value)


def window(placed: Placed) -> Iterator[Fix]:
    """Room for a window: padding where little is missing, else a kernel that fits; pooling of a single pixel can only go."""
    node, values = placed.node, placed.layer.resolved(placed.layer.values(placed.node.params))
    height, width = placed.inputs[0][2:4]
    if placed.layer.category == "Pooling" and height == width == 1:
        yield batch(f"Remove {node.id}", {"op": "remove", "ids": [node.id], "rejoin": True})
        return
    kernel, dilation = _pair(values["kernel_size"]), _pair(values.get("dilation", 1))
    reach = [d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True)]
    padding = [max(0, math.ceil((r - size) / 2)) for r, size in zip(reach, (height, width), strict=True)]
    padded = list(_with(placed, "padding", padding))
    # A window that reaches far over the edge was not meant: the usual one first, then the largest that fits.
    usual = placed.layer.param("kernel_size").default
    fit = [min(k, max(1, (size - 1) // d + 1)) for k, d, size in zip(kernel, dilation, (height, width), strict=True)]
    smaller = [*(_with(placed, "kernel_size", [usual, usual]) if isinstance(usual, int) and max(kernel) > usual else ()), *_with(placed, "kernel_size", fit)]
    yield from {fix.label: fix for fix in ([*smaller, *padded] if max(padding) > 2 else [*padded, *smaller])}.values()


def _with(placed: Placed, name: str, value: list[int]) -> Iterator[Fix]:
    """The fix that sets a parameter of two axes."""
    same = value[0] == value[1]
    yield from set_params(placed, f"Set {name} of {placed.node.id} to {value[0] if same else f'{value[0]}×{value[1]}'}", **{name: value[0] if same else value})


def groups(placed: Placed, field: str) -> Iterator[Fix]:
    """The largest allowed number of groups below the one asked for."""
    asked = placed.layer.values(placed.node.params)[field]
    channels = placed.inputs[0][1]
    for count in range(min(asked, channels), 0, -1):
        if channels % count == 0 and _legal(placed, {field: count}):
            yield from set_params(placed, f"Set {field} of {placed.node.id} to {count}", sure=field == "num_groups", **{field: count})
            break
    # A depthwise convolution gives a whole number of channels for each of its input channels.
    if field == "groups" and channels % asked == 0:
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
        yield batch(f"Set {field} of {name} to {meant}", {"op": "set", "id": name, "params": {field: meant}}, sure=sure)
    if param.check(param.normal(param.default)) is None and _helps(placed, field):
        shown = "the window's" if param.default is None else _shown(param.default)
        yield batch(f"Set {field} of {name} back to {shown}", {"op": "set", "id": name, "params": {field: None}}, sure=sure and meant is None)


def _shown(value: object) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else "×".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _meant(param: Param, value: object) -> int | float | None:
    """The number that a text or a number with a point stands for, when the parameter allows it."""
    if param.type not in ("int", "float") or not isinstance(value, str | float) or param.check(param.normal(value)) is None:
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    if not math.isfinite(number) or (param.type == "int" and not number.is_integer()) or abs(number) > 2**53:
        return None
    meant = int(number) if param.type == "int" else number
    return meant if param.check(param.normal(meant)) is None else None


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
    """Connect a missing input to the nearest output that fits, bricks that lead nowhere first."""
    network, node = analysis.network, placed.node
    # Of a merge one value twice is legal and hardly ever meant.
    wired = {edge.source for edge in network.into(node.id)}
    leads = {edge.source for edge in network.edges}
    position = {other.id: i for i, other in enumerate(network.nodes)}

    def rank(other: Node) -> tuple:
        distance = math.dist(other.at, node.at) if other.at and node.at else abs(position[other.id] - position[node.id])
        return (other.id in leads, distance)

    able = [n for n in network.nodes if n.id not in (node.id, *wired) and analysis.shape(n.id) and analysis.placed[n.id].layer.outputs]
    for other in sorted(able, key=rank):
        if fits(analysis, placed, port, other.id):
            # One loose end above and one below: there is nothing to choose.
            sure = [n.id for n in able if n.id not in leads] == [other.id] and [p.node.id for p in analysis.placed.values() if p.missing] == [node.id]
            yield batch(f"Connect {other.id} to {node.id}", {"op": "connect", "source": other.id, "target": node.id, "port": port},
                        sure=sure and len(placed.missing) == 1)
            return


def fits(analysis: Analysis, placed: Placed, port: int, source: str) -> bool:
    """Would a missing input take what `source` gives? No circle comes of it: what follows a brick with a missing input has no shape."""
    if not analysis.placed[source].layer.outputs:
        return False
    by_port = {edge.port: analysis.shape(edge.source) for edge in analysis.network.into(placed.node.id)} | {port: analysis.shape(source)}
    shapes = tuple(by_port[port] for port in sorted(by_port))
    if None in shapes or len(shapes) < placed.layer.inputs[0]:
        return None not in shapes
    return not analysis.infer(placed.node.kind, shapes, placed.node.params).problems


def classes(analysis: Analysis, output: Placed, count: int) -> Iterator[Fix]:
    """Make the answer one score a class: set the last layer's width, or add the layer that is missing."""
    shape = output.inputs[0]
    edge = analysis.network.into(output.node.id)[0]
    if len(shape) == 2:
        if last := _last_wide(analysis, edge.source):
            yield batch(f"Set out_features of {last} to {count}", {"op": "set", "id": last, "params": {"out_features": count}},
                        sure=len(analysis.network.out_of(last)) == 1)
        else:
            yield insert(analysis, edge, "Linear", f"Insert a Linear with {count} outputs before {output.node.id}", sure=True, out_features=count)
    elif math.prod(shape[1:]) == count:
        yield insert(analysis, edge, "Flatten", f"Insert Flatten before {output.node.id}", sure=True)
    else:
        if flat := _flatten_of_few(analysis, edge.source):
            yield batch(f"Set start_dim of {flat.node.id} to 1, end_dim to -1",
                        {"op": "set", "id": flat.node.id, "params": {"start_dim": None, "end_dim": None}})
        yield _flatten_linear(analysis, edge, count)


def _flatten_linear(analysis: Analysis, edge: Edge, count: int) -> Fix:
    flat, linear = fresh_id(analysis.network, "Flatten"), fresh_id(analysis.network, "Linear")
    return batch(f"Insert Flatten and a Linear with {count} outputs before {edge.target}",
                 {"op": "insert", "edge": edge.to_json(), "node": {"id": flat, "kind": "Flatten"}},
                 {"op": "insert", "edge": Edge(flat, edge.target, edge.port).to_json(),
                  "node": {"id": linear, "kind": "Linear", "params": {"out_features": count}}})


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


FITTING: dict[str, Sequence[str]] = {"BatchNorm1d": ("BatchNorm2d",), "BatchNorm2d": ("BatchNorm1d",), "Dropout2d": ("Dropout",)}


def for_rank(analysis: Analysis, placed: Placed) -> Iterator[Fix]:
    """A brick that meets the wrong number of axes: its sibling, no Flatten before it, or a Flatten before it."""
    for kind in FITTING.get(placed.node.kind, ()):
        yield from swap(analysis, placed, kind, sure=True)
    yield from unflatten(analysis, placed)
    if len(placed.inputs[0]) > 2:
        yield from flatten_before(analysis, placed)
    else:
        yield batch(f"Remove {placed.node.id}", {"op": "remove", "ids": [placed.node.id], "rejoin": True})
