"""Edits of blocks: make one of chosen bricks, take one apart, unlink an instance, promote a parameter."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from .analysis import Analysis, analyse, opened
from .bricks import Edit, EditError, fresh_id, need, sharers, within_limits
from .document import (
    MAX_BLOCKS,
    MAX_NODES,
    MAX_PROMOTED,
    Block,
    Edge,
    FrozenDict,
    Network,
    Node,
    Project,
    Promoted,
    block_from_json,
    block_name_problem,
    id_problem,
    nesting,
    order,
)
from .kinds import INPUT, OUTPUT, REPEAT, Kinds, kinds_of, stem
from .origin import unpacked

# Canvas pixels from one brick to the next: of a row that runs to the right, of a column that runs down; and from one such row or column to the next.
STRIDE, APART = (368, 84), (128, 280)
WIDTH = 240  # of a brick
MOST_COPIES = 1000  # bricks that taking a repeated block apart may make


def _scope(project: Project, edit: Edit) -> tuple[str | None, Network]:
    name = edit.get("in")
    if name is not None and (not isinstance(name, str) or name not in project.blocks):
        raise EditError(f"there is no block called {name!r:.60} in this project")
    return name, project.scope(name)


def _with(project: Project, scope: str | None, network: Network) -> Project:
    network = within_limits(network)
    if scope is None:
        return project.with_network(network)
    return changed_inside(project, scope, network, {})


def _block(project: Project, name: object) -> Block:
    if not isinstance(name, str) or name not in project.blocks:
        raise EditError(f"there is no block called {name!r:.60} in this project")
    return project.blocks[name]


def networks(project: Project) -> Iterator[tuple[str | None, Network]]:
    """Every network that is drawn: the project's first (None), then the inside of every block by name."""
    yield None, project.network
    yield from ((name, block.network) for name, block in project.blocks.items())


def uses(project: Project, block: str) -> int:
    """How many bricks are instances of `block`."""
    every = [network for name, network in networks(project) if name] + list(project.networks.values())
    return sum(node.kind == block for network in every for node in network.nodes)


def everywhere(project: Project, change: Callable[[Network], Network]) -> Project:
    """The project with every network changed: of the project and inside its blocks."""
    return replace(project, networks=FrozenDict({name: change(network) for name, network in project.networks.items()}),
                   blocks=FrozenDict({name: replace(block, network=change(block.network)) for name, block in project.blocks.items()}))


# What follows from an edit inside a block ----------------------------------------------------------------------------------------------


def changed_inside(project: Project, name: str, after: Network, edit: Edit) -> Project:
    """The project with `after` inside the block called `name`: promoted parameters and the wires of all instances follow."""
    block = project.blocks[name]
    renamed = {edit["id"]: edit["to"]} if edit.get("op") == "rename" else {}
    if edit.get("op") == "set":
        after = _together(block, after, edit)
    params = _kept_targets(block, after, renamed)
    changed = project.with_block(name, replace(block, network=after, params=params))
    gone = {promoted.name for promoted in block.params} - {promoted.name for promoted in params}
    if gone:
        changed = everywhere(changed, lambda network: _without_params(network, name, gone))
    return _rewired(changed, name, block, renamed)


def _together(block: Block, after: Network, edit: Edit) -> Network:
    """Parameters that were promoted as one change as one."""
    node = after.node(edit["id"])
    for promoted in block.params:
        for brick, inner in promoted.of:
            if brick != node.id or inner not in edit["params"]:
                continue
            for other, param in promoted.of:
                after = _set(after, other, param, node.params.get(inner))
    return after


def _set(network: Network, brick: str, param: str, value: object) -> Network:
    node = network.node(brick)
    kept = {name: old for name, old in node.params.items() if name != param}
    changed = replace(node, params=FrozenDict(kept if value is None else {**node.params, param: value}))
    return replace(network, nodes=tuple(changed if other is node else other for other in network.nodes))


def _kept_targets(block: Block, after: Network, renamed: Mapping[str, str]) -> tuple[Promoted, ...]:
    kept = []
    for promoted in block.params:
        of = tuple((renamed.get(brick, brick), inner) for brick, inner in promoted.of)
        of = tuple(target for target in of if (node := after.node(target[0])) and _same_kind(block, node, renamed))
        if of:
            kept.append(replace(promoted, of=of) if of != promoted.of else promoted)
    return tuple(kept)


def _same_kind(block: Block, node: Node, renamed: Mapping[str, str]) -> bool:
    """Is this the brick that was there before? One of another kind has other parameters."""
    before = next((old for old, new in renamed.items() if new == node.id), node.id)
    known = block.network.node(before)
    return known is not None and known.kind == node.kind


def _without_params(network: Network, kind: str, names: set[str]) -> Network:
    if not any(node.kind == kind and names & node.params.keys() for node in network.nodes):
        return network
    return replace(network, nodes=tuple(
        replace(node, params=FrozenDict({name: value for name, value in node.params.items() if name not in names}))
        if node.kind == kind else node for node in network.nodes))


def _rewired(project: Project, name: str, before: Block, renamed: Mapping[str, str]) -> Project:
    """Wires of all instances, numbered anew after an input or output went."""
    now = project.blocks[name]
    tables = []
    for kind in (INPUT, OUTPUT):
        names = now.ports(kind)
        table = {i: names.index(port) if port in names else None
                 for i, old in enumerate(before.ports(kind)) for port in (renamed.get(old, old),)}
        tables.append(table)
    if all(old == new for table in tables for old, new in table.items()):
        return project
    return everywhere(project, lambda network: _renumbered(network, name, *tables))


def _renumbered(network: Network, kind: str, ports: Mapping[int, int | None], outputs: Mapping[int, int | None]) -> Network:
    edges: list[Edge] = []
    for edge in network.edges:
        target, source = network.node(edge.target), network.node(edge.source)
        port = ports.get(edge.port, edge.port) if target.kind == kind else edge.port
        output = outputs.get(edge.output, edge.output) if source.kind == kind else edge.output
        if port is not None and output is not None:
            edges.append(replace(edge, port=port, output=output))
    return replace(network, edges=tuple(edges))


# Making -------------------------------------------------------------------------------------------------------------------------------


def fresh_block(project: Project, base: str = "Block") -> str:
    """A free name for a block: `base` itself unless it is "Block", else with the smallest number that is free."""
    kinds = kinds_of(project.blocks)
    if base != "Block" and base not in kinds:
        return base
    return next(f"{base}{i}" for i in range(1 if base == "Block" else 2, len(project.blocks) + 3) if f"{base}{i}" not in kinds)


def _new_name(project: Project, name: object, base: str = "Block") -> str:
    if name in (None, ""):
        return fresh_block(project, base)
    if said := block_name_problem(name):
        raise EditError(said)
    if name in project.blocks:
        raise EditError(f"there is already a block called {name!r}")
    if name in kinds_of(project.blocks):
        raise EditError(f"{name!r} is a layer of the catalogue; choose another name")
    return name


@dataclass(frozen=True)
class Cut:
    """Where wires cross the edge of a selection: what enters it (source, output) and what leaves it, each once, in order."""

    inner: tuple[Edge, ...]
    entering: tuple[tuple[str, int], ...]
    leaving: tuple[tuple[str, int], ...]


def _cut(network: Network, chosen: Sequence[Node]) -> Cut:
    inside = {node.id for node in chosen}
    entering: dict[tuple[str, int], None] = {}
    leaving: dict[tuple[str, int], None] = {}
    for node in chosen:
        entering |= dict.fromkeys((edge.source, edge.output) for edge in network.into(node.id) if edge.source not in inside)
    for node in chosen:
        outside = sorted((edge for edge in network.out_of(node.id) if edge.target not in inside), key=lambda edge: edge.output)
        leaving |= dict.fromkeys((edge.source, edge.output) for edge in outside)
    inner = tuple(edge for edge in network.edges if edge.source in inside and edge.target in inside)
    return Cut(inner, tuple(entering), tuple(leaving))


def _loose(network: Network, chosen: Sequence[Node], kinds: Kinds) -> tuple[list[tuple[str, int]], list[tuple[str, int]]]:
    """Inputs (brick, port) of chosen bricks that no wire reaches, and outputs (brick, output) that no wire leaves."""
    inputs, outputs = [], []
    for node in chosen:
        layer = kinds.get(node.kind)
        least = layer.inputs[0] if layer else 0
        wired = {edge.port for edge in network.into(node.id)}
        inputs += [(node.id, port) for port in range(least) if port not in wired]
        outputs += [(node.id, 0)] if layer and layer.outputs and not network.out_of(node.id) else []
    return inputs, outputs


def _made(network: Network, chosen: Sequence[Node], kinds: Kinds) -> tuple[Network, Cut]:
    """The inside of a new block, and where it was cut out."""
    cut = _cut(network, chosen)
    inputs, outputs = _loose(network, chosen, kinds)
    tops = [node.at for node in chosen if node.at]
    along = _along(network, {node.id for node in chosen})
    first = (min(at[0] for at in tops), min(at[1] for at in tops)) if tops else (0.0, 0.0)
    last = max((at[along] for at in tops), default=0.0)
    inside = Network(tuple(chosen))
    ends, edges = [], list(cut.inner)
    feeds = [[(edge.target, edge.port) for node in chosen for edge in network.into(node.id) if (edge.source, edge.output) == given]
             for given in cut.entering]
    for i, feed in enumerate([*feeds, *([one] for one in inputs)]):
        end = Node(fresh_id(Network((*inside.nodes, *ends)), INPUT), INPUT, at=_end(first, along, first[along] - STRIDE[along], i))
        ends.append(end)
        edges += [Edge(end.id, brick, port) for brick, port in feed]
    exits = []
    for i, (brick, output) in enumerate(cut.leaving or outputs):
        end = Node(fresh_id(Network((*inside.nodes, *ends, *exits)), OUTPUT), OUTPUT, at=_end(first, along, last + STRIDE[along], i))
        exits.append(end)
        edges.append(Edge(brick, end.id, 0, output))
    return Network((*ends, *chosen, *exits), tuple(edges)), cut


def _end(corner: tuple[float, float], along: int, place: float, i: int) -> tuple[float, float]:
    """Where the i-th end of a block stands: at `place` on the way of its wires, the next one beside it."""
    across = corner[1 - along] + i * APART[along]
    return (place, across) if along == 0 else (across, place)


def _along(network: Network, names: set[str] | None = None) -> int:
    """0 where most wires (those at the bricks `names`) run to the right, else 1: they run down."""
    at = {node.id: node.at for node in network.nodes if node.at}
    right = down = 0
    for edge in network.edges:
        if edge.source in at and edge.target in at and (names is None or names & {edge.source, edge.target}):
            dx, dy = (there - here for here, there in zip(at[edge.source], at[edge.target], strict=True))
            aside = dx >= WIDTH and abs(dy) < dx
            right, down = right + aside, down + (not aside and dy > 0)
    return 0 if right > 2 * down else 1


def _make_block(project: Project, edit: Edit) -> Project:
    """A block of chosen bricks, and one instance in their place."""
    scope, network = _scope(project, edit)
    ids = edit.get("ids")
    wanted = {need(network, name).id for name in ids} if isinstance(ids, list | tuple) else set()
    chosen = [node for node in network.nodes if node.id in wanted]
    if not chosen:
        raise EditError("choose the bricks that the block should hold")
    kinds = kinds_of(project.blocks)
    if ends := [node.id for node in chosen if (layer := kinds.get(node.kind)) and (layer.inputs[1] == 0 or layer.outputs == 0)]:
        raise EditError(f"{', '.join(ends)} cannot go into a block: it is where the network begins or ends")
    if apart := next((node for node in network.nodes if node.of and network.node(node.of) and (node.id in wanted) != (node.of in wanted)), None):
        raise EditError(f"{apart.id} uses the weights of {apart.of}: choose both, or give {apart.id} weights of its own")
    if len(project.blocks) >= MAX_BLOCKS:
        raise EditError(f"a project may have {MAX_BLOCKS} blocks; this one is full")
    name = _new_name(project, edit.get("name"))
    inside, cut = _made(network, chosen, kinds)
    # In the starting weights the bricks have the names that they had outside.
    instance = Node(_instance_id(network, wanted, edit.get("node"), name), name, at=next((node.at for node in chosen if node.at), None),
                    was="" if project.weights else None)
    nodes = tuple(instance if node is chosen[0] else node for node in network.nodes if node is chosen[0] or node.id not in wanted)
    outer = [edge for edge in network.edges if edge.source not in wanted and edge.target not in wanted]
    outer += [Edge(source, instance.id, port, output) for port, (source, output) in enumerate(cut.entering)]
    outer += [Edge(instance.id, edge.target, edge.port, cut.leaving.index((edge.source, edge.output)))
              for edge in network.edges if edge.source in wanted and edge.target not in wanted]
    after = Network(nodes, tuple(outer))
    _refuse_circle(network, after, instance.id, wanted)
    project = project.with_block(name, Block(inside))
    nesting(project.blocks)
    return _with(project, scope, after)


def _instance_id(network: Network, gone: set[str], wanted: object, name: str) -> str:
    taken = {node.id for node in network.nodes} - gone
    if wanted is not None:
        if said := id_problem(wanted):
            raise EditError(said)
        if wanted in taken:
            raise EditError(f"there is already a brick called {wanted!r}")
        return wanted
    return next(f"{stem(name)}{i}" for i in range(1, len(taken) + 2) if f"{stem(name)}{i}" not in taken)


def _refuse_circle(network: Network, after: Network, instance: str, chosen: set[str]) -> None:
    """A way that leaves the selection and comes back would lead from the block into itself."""
    _, cycle = order(after)
    if cycle and instance in cycle and not order(network)[1]:
        between = [name for name in cycle if name != instance and name not in chosen]
        raise EditError(f"{', '.join(dict.fromkeys(between))} {'lies' if len(set(between)) == 1 else 'lie'} between the chosen bricks: "
                        "choose what is in between too")


# Taking apart ---------------------------------------------------------------------------------------------------------------------------


def _analysis(project: Project, scope: str | None) -> Analysis:
    """The drawing of a scope with the shapes that reach it: a block's are those of its first instance."""
    kinds = kinds_of(project.blocks)
    top = analyse(project.network, kinds)
    if scope is None:
        return top
    path = _way(top, scope)
    return opened(top, path)[1] if path else analyse(project.blocks[scope].network, kinds)


def _way(analysis: Analysis, block: str, seen: frozenset[str] = frozenset()) -> tuple[str, ...]:
    """Instances to open, outermost first, to get inside `block`; empty when nothing leads there."""
    for name, placed in analysis.placed.items():
        if placed.node.kind == block:
            return (name,)
        if placed.body is not None and placed.node.kind not in seen:
            seen = seen | {placed.node.kind}
            if way := _way(placed.body.runs[0][0], block, seen):
                return (name, *way)
    return ()


def _instance(project: Project, edit: Edit) -> tuple[str | None, Network, Node, list[Network]]:
    """The block instance that an edit names, and the inside of each of its copies."""
    scope, network = _scope(project, edit)
    node, kinds = need(network, edit.get("id")), kinds_of(project.blocks)
    if not kinds.is_block(node.kind):
        raise EditError(f"{node.id!r} is no block: it is one {node.kind}")
    repeat = node.params.get(REPEAT.name, 1)
    if REPEAT.check(repeat):
        raise EditError(f"{REPEAT.check(repeat)}; mend that first")
    if node.kind in project.blocks:
        return scope, network, node, [kinds.network(node.kind, (), node.params)[0]] * repeat
    body = _analysis(project, scope).placed[node.id].body
    if body is None:
        raise EditError(f"what is inside {node.id!r} depends on what enters it: connect it first")
    return scope, network, node, [inner.network for inner, count in body.runs for _ in range(count)]


def _unpack(project: Project, edit: Edit) -> Project:
    """The bricks inside an instance in its place, each copy after the one before."""
    scope, network, node, copies = _instance(project, edit)
    if node.of:
        raise EditError(f"{node.id!r} uses the weights of {node.of!r}: give it weights of its own first, then it can be taken apart")
    if others := sharers(network, node.id):
        raise EditError(f"{', '.join(others[:4])} {'uses' if len(others) == 1 else 'use'} the weights of {node.id!r}: give "
                        f"{'it' if len(others) == 1 else 'them'} weights of {'its' if len(others) == 1 else 'their'} own first")
    if sum(len(inner.nodes) for inner in copies) > min(MOST_COPIES, MAX_NODES):
        raise EditError(f"taking {node.id!r} apart would make more than {MOST_COPIES:,} bricks")
    taken = {other.id for other in network.nodes} - {node.id}
    nodes: list[Node] = []
    edges = [edge for edge in network.edges if node.id not in (edge.source, edge.target)]
    entering = {edge.port: (edge.source, edge.output) for edge in network.into(node.id)}
    along = _along(copies[0]) if copies else 1
    start = node.at[along] if node.at else 0.0
    for i, inner in enumerate(copies):
        placed, wires, leaving = _copied(inner, entering, taken)
        if project.weights:
            inside = [one.id for one in inner.nodes if one.kind not in (INPUT, OUTPUT)]
            placed = unpacked(node, i if len(copies) > 1 else None, inside, placed)
        placed, size = _moved(placed, node.at, along, start)
        start, entering = start + size, {port: value for port, value in enumerate(leaving) if value}
        nodes, edges = [*nodes, *placed], [*edges, *wires]
    edges += [Edge(entering[edge.output][0], edge.target, edge.port, entering[edge.output][1])
              for edge in network.out_of(node.id) if edge.output in entering]
    others = _room(network, node, along, start)
    at = [other.id for other in network.nodes].index(node.id)
    after = Network((*others[:at], *nodes, *others[at + 1:]), tuple(edges))
    if node.muted:
        after = replace(after, nodes=tuple(replace(n, muted=True) if n in nodes else n for n in after.nodes))
    if node.frozen:
        made = {n.id for n in nodes}
        after = replace(after, nodes=tuple(replace(n, frozen=True) if n.id in made and n.of is None else n for n in after.nodes))
    return _with(project, scope, after)


def _copied(inner: Network, entering: Mapping[int, tuple[str, int]],
            taken: set[str]) -> tuple[list[Node], list[Edge], list[tuple[str, int] | None]]:
    """Bricks and wires of one copy under free names, and what leaves it; `entering` is what its inputs read."""
    ends = [node.id for node in inner.nodes if node.kind == INPUT]
    names: dict[str, str] = {}
    for node in inner.nodes:
        if node.kind not in (INPUT, OUTPUT):
            names[node.id] = _free(node.id, taken)
            taken.add(names[node.id])

    def source(edge: Edge) -> tuple[str, int] | None:
        if edge.source in ends:
            return entering.get(ends.index(edge.source))
        return (names[edge.source], edge.output) if edge.source in names else None

    wires = [Edge(source(edge)[0], names[edge.target], edge.port, source(edge)[1])
             for edge in inner.edges if edge.target in names and source(edge)]
    leaving = [next((source(edge) for edge in inner.into(node.id)), None) for node in inner.nodes if node.kind == OUTPUT]
    return [replace(node, id=names[node.id], of=names.get(node.of)) for node in inner.nodes if node.id in names], wires, leaving


def _free(name: str, taken: set[str]) -> str:
    """`name` itself, else its letters with the smallest free number."""
    if name not in taken:
        return name
    base = name.rstrip("0123456789") or name
    return next(f"{base}{i}" for i in range(1, len(taken) + 2) if f"{base}{i}" not in taken)


def _moved(nodes: list[Node], at: tuple[float, float] | None, along: int, start: float) -> tuple[list[Node], float]:
    """A copy with its first brick at `start` on the way of its wires, and how long it is; without places where it has none."""
    tops = [node.at for node in nodes if node.at]
    if at is None or not tops or len(tops) < len(nodes):
        return [replace(node, at=None) for node in nodes], 0.0
    first = (min(place[0] for place in tops), min(place[1] for place in tops))
    size = max(place[along] for place in tops) - first[along] + STRIDE[along]
    goal = (start, at[1]) if along == 0 else (at[0], start)
    return [replace(node, at=(node.at[0] - first[0] + goal[0], node.at[1] - first[1] + goal[1])) for node in nodes], size


def _room(network: Network, node: Node, along: int, end: float) -> tuple[Node, ...]:
    """The other bricks, those behind the instance on the way of its wires moved on so that what it held fits."""
    shift = end - node.at[along] - STRIDE[along] if node.at else 0.0
    if shift <= 0:
        return network.nodes
    by = (shift, 0.0) if along == 0 else (0.0, shift)
    return tuple(replace(other, at=(other.at[0] + by[0], other.at[1] + by[1])) if other.at and other.at[along] > node.at[along] else other
                 for other in network.nodes)


def _unlink(project: Project, edit: Edit) -> Project:
    """A block of its own for one instance, and those that share its weights: a copy of what it shows."""
    scope, network, node, copies = _instance(project, edit)
    owner = network.node(node.of) if node.of else None
    if owner is not None and owner.kind == node.kind:
        return _unlink(project, {**edit, "id": owner.id})
    name = _new_name(project, edit.get("name"), node.kind)
    if len(project.blocks) >= MAX_BLOCKS:
        raise EditError(f"a project may have {MAX_BLOCKS} blocks; this one is full")
    if node.kind in project.blocks:
        block, params = project.blocks[node.kind], node.params
    else:
        summary = kinds_of(project.blocks).get(node.kind).summary
        block = Block(copies[0], summary=" ".join(summary.split())[:200])
        params = FrozenDict({key: value for key, value in node.params.items() if key == REPEAT.name})
    project = project.with_block(name, block)
    return _with(project, scope, replace(network, nodes=tuple(
        replace(other, kind=name, params=params) if node.id in (other.id, other.of) else other for other in network.nodes)))


def _rename_block(project: Project, edit: Edit) -> Project:
    old, new = edit.get("block"), edit.get("to")
    _block(project, old)
    if new == old:
        return project
    new = _new_name(project, new or "")
    blocks = FrozenDict({new if name == old else name: block for name, block in project.blocks.items()})
    return everywhere(replace(project, blocks=blocks), lambda network: replace(network, nodes=tuple(
        replace(node, kind=new) if node.kind == old else node for node in network.nodes)))


def _delete_block(project: Project, edit: Edit) -> Project:
    name = edit.get("block")
    _block(project, name)
    if count := uses(project, name):
        raise EditError(f"{name} is used {'once' if count == 1 else f'{count} times'}: remove those bricks first, or unpack them")
    return replace(project, blocks=FrozenDict({other: block for other, block in project.blocks.items() if other != name}))


def _define(project: Project, edit: Edit) -> Project:
    """A block from a definition as it stands in a file; the same again is no change."""
    name = edit.get("name")
    block = block_from_json(edit.get("block"), "block")
    if isinstance(name, str) and project.blocks.get(name) == block:
        return project
    if not name:
        raise EditError("a block needs a name")
    if len(project.blocks) >= MAX_BLOCKS:
        raise EditError(f"a project may have {MAX_BLOCKS} blocks; this one is full")
    project = project.with_block(_new_name(project, name), block)
    if sum(len(each.network.nodes) for each in project.blocks.values()) > MAX_NODES:
        raise EditError(f"the blocks of a project may have {MAX_NODES:,} bricks")
    nesting(project.blocks)
    return project


# Parameters -------------------------------------------------------------------------------------------------------------------------------


def _promote(project: Project, edit: Edit) -> Project:
    """Make a parameter of a brick inside a block a parameter of the block, under a new name or together with others of that name."""
    name, block = edit.get("block"), _block(project, edit.get("block"))
    node, inner = need(block.network, edit.get("node")), edit.get("param")
    kinds = kinds_of(project.blocks)
    layer = kinds.get(node.kind)
    param = layer.param(inner) if layer and isinstance(inner, str) else None
    if param is None:
        raise EditError(f"{node.kind} has no parameter {inner!r:.60}")
    called = edit.get("name") or inner
    if said := id_problem(called) or (f"{called!r} is how many copies there are; choose another name" if called == REPEAT.name else None):
        raise EditError(said)
    target = (node.id, inner)
    others = tuple(kept for promoted in block.params if (kept := _without(promoted, target)) is not None)
    joined = next((promoted for promoted in others if promoted.name == called), None)
    if joined is None:
        if len(others) >= MAX_PROMOTED:
            raise EditError(f"a block may have {MAX_PROMOTED} parameters")
        return project.with_block(name, replace(block, params=(*others, Promoted(called, (target,)))))
    first = kinds.get(name).param(called)
    if first is not None and type(first) is not type(param):
        raise EditError(f"{called} is of another kind than {inner} of {node.id}; choose another name")
    params = tuple(replace(promoted, of=(*promoted.of, target)) if promoted is joined else promoted for promoted in others)
    brick, theirs = joined.of[0]
    network = _set(block.network, node.id, inner, block.network.node(brick).params.get(theirs))
    return project.with_block(name, replace(block, network=network, params=params))


def _without(promoted: Promoted, target: tuple[str, str]) -> Promoted | None:
    of = tuple(other for other in promoted.of if other != target)
    return promoted if of == promoted.of else replace(promoted, of=of) if of else None


def _demote(project: Project, edit: Edit) -> Project:
    """A promoted parameter is the brick's own again; instances get back the value that stands inside."""
    name, block, called = edit.get("block"), _block(project, edit.get("block")), edit.get("name")
    if called not in [promoted.name for promoted in block.params]:
        raise EditError(f"{name} has no parameter {called!r:.60}")
    kept = tuple(promoted for promoted in block.params if promoted.name != called)
    project = project.with_block(name, replace(block, params=kept))
    return everywhere(project, lambda network: _without_params(network, name, {called}))


BLOCK_OPS: Mapping[str, Callable[[Project, Edit], Project]] = {
    "make_block": _make_block, "unpack": _unpack, "unlink": _unlink, "rename_block": _rename_block, "delete_block": _delete_block,
    "promote": _promote, "demote": _demote, "define": _define}
