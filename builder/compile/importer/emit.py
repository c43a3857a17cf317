"""Levels to a project: one definition for all blocks that are wired alike, with parameters for what differs; names from the model's own."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from builder.catalogue import LAYERS
from builder.graph import Edge, FrozenDict, Network, Node, Project
from builder.graph.document import MAX_BLOCKS, MAX_PROMOTED, Block, Promoted, block_name_problem, freeze, id_problem
from builder.graph.kinds import INPUT, OUTPUT

from .pen import Brick, Wire
from .record import ImportRefused
from .tree import CONTAINERS, Body, Numbers, Use, typed, values

Source = object  # the name of one of the model's tensors, or a constant


@dataclass(eq=False)
class Definition:
    """One block of the project: the bodies that it stands for, the names of the bricks inside, and its parameters with their values a body."""

    bodies: list[Body]
    name: str = ""
    names: list[str] = field(default_factory=list)
    inputs: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    promoted: dict[str, list[tuple[int, str]]] = field(default_factory=dict)

    @property
    def body(self) -> Body:
        """The first; the others differ from it in values alone."""
        return self.bodies[0]


class Emitter:
    """Makes the project of a model's levels."""

    def __init__(self, root: Body, numbers: Numbers):
        self.root, self.numbers = root, numbers
        self.definitions: dict[object, Definition] = {}
        self.of: dict[int, Definition] = {}
        self._collect(root)
        for definition in self.definitions.values():
            self._name_inside(definition)
            self._promote(definition)
        self._name_all()
        if len(self.definitions) > MAX_BLOCKS:
            raise ImportRefused(f"the model has {len(self.definitions)} different modules; a project may have {MAX_BLOCKS} blocks")

    # ---- Definitions, inner ones first ----

    def _collect(self, body: Body) -> None:
        for item in body.items:
            for inner in item.bodies if isinstance(item, Use) else ():
                self._collect(inner)
                definition = self.definitions.setdefault(self.numbers.wiring(inner), Definition([]))
                definition.bodies.append(inner)
                self.of[id(inner)] = definition

    def values(self, item: Brick | Use) -> dict[str, object]:
        """All that can be set on a brick or on an instance of a block."""
        if isinstance(item, Brick):
            return values(item)
        definition, body = self.of[id(item.bodies[0])], item.bodies[0]
        inside = {name: self.values(body.items[places[0][0]])[places[0][1]] for name, places in definition.promoted.items()}
        return {**inside, **values(item)}

    def _promote(self, definition: Definition) -> None:
        """Give a name to every value that differs between the bodies; places that always agree share one."""
        unique = list({self.numbers.exact(body): body for body in definition.bodies}.values())
        if len(unique) == 1:
            return
        columns: dict[tuple, list[tuple[int, str]]] = {}
        for i, item in enumerate(definition.body.items):
            if self.numbers.owner(definition.body, item) is not None:
                continue
            tables = [self.values(body.items[i]) for body in unique]
            for name in tables[0]:
                column = tuple(typed(table[name]) for table in tables)
                if len(set(column)) > 1:
                    columns.setdefault(column, []).append((i, name))
        if len(columns) > MAX_PROMOTED:
            raise ImportRefused(f"instances of {type(definition.body.call.module).__name__} differ in {len(columns)} values; a block may have {MAX_PROMOTED} parameters")
        self._name_promoted(definition, columns)

    def _name_promoted(self, definition: Definition, columns: Mapping[tuple, list[tuple[int, str]]]) -> None:
        wanted: dict[str, int] = {}
        for places in columns.values():
            wanted[places[0][1]] = wanted.get(places[0][1], 0) + 1
        for places in columns.values():
            i, name = places[0]
            own = f"{definition.names[i]}_{name}"[-60:].lstrip("_0123456789")
            choices = [*([name] if wanted[name] == 1 and name != "repeat" else []), own, *(f"{own[-56:]}_{n}" for n in range(2, 200))]
            definition.promoted[next(one for one in choices if one not in definition.promoted and not id_problem(one))] = places

    # ---- Names ----

    def _name_all(self) -> None:
        taken: set[str] = set()
        groups: dict[str, list[Definition]] = {}
        for definition in self.definitions.values():
            groups.setdefault(class_name(definition.body), []).append(definition)
        taken |= groups.keys()
        for name, group in groups.items():
            plain, *others = sorted(group, key=lambda one: len(one.body.items))
            plain.name = name
            for other in others:
                plainly = {_bare(part) for part in plain.names}
                more = [part for part in map(_bare, other.names) if part and part not in plainly]
                choices = [*(f"{name}With{camel(part)}" for part in more[:1] if len(name) + len(part) < 50), *(f"{name}{n}" for n in range(2, 1000))]
                other.name = next(one for one in choices if one not in taken and not block_name_problem(one))
                taken.add(other.name)

    def _name_inside(self, definition: Definition) -> None:
        body = definition.body
        taken: set[str] = set()
        arguments = argument_names(body)
        definition.inputs = [_free(arguments.get(id(wire), "x" if i == 0 else f"x{i + 1}"), taken) for i, wire in enumerate(body.inputs)]
        definition.outputs = [_free("out" if len(body.outputs) == 1 else f"out{i + 1}", taken) for i in range(len(body.outputs))]
        definition.names = names_of(body, taken)

    # ---- The document ----

    def project(self, name: str, inputs: list[str], outputs: list[tuple[str, str]]) -> tuple[Project, list[str]]:
        """The project, and the names of the bricks at its top level; `outputs` are names and when they are given."""
        taken: set[str] = set()
        inputs = [_free(one, taken) for one in inputs]
        outputs = [(_free(one, taken), when) for one, when in outputs]
        names = names_of(self.root, taken)
        entering = [Node(one, "Input", self._input(wire)) for one, wire in zip(inputs, self.root.inputs, strict=True)]
        leaving = [Node(one, "Output", FrozenDict({"when": when}) if when != "always" else FrozenDict()) for one, when in outputs]
        network = self._network(self.root, names, entering, leaving)
        blocks = FrozenDict({one.name: self._block(one) for one in self.definitions.values()})
        return Project(name, FrozenDict({"network": network}), blocks, task=FrozenDict({"kind": "none"})), names

    def _input(self, wire: Wire) -> FrozenDict:
        kind = {} if wire.dtype.is_floating_point else {"dtype": "int64"}
        return freeze({"shape": wire.shape[1:], **kind})

    def _block(self, definition: Definition) -> Block:
        body = definition.body
        entering = [Node(one, INPUT) for one in definition.inputs]
        leaving = [Node(one, OUTPUT) for one in definition.outputs]
        params = tuple(Promoted(name, tuple((definition.names[i], inner) for i, inner in places)) for name, places in definition.promoted.items())
        return Block(self._network(body, definition.names, entering, leaving), params)

    def _network(self, body: Body, names: list[str], entering: list[Node], leaving: list[Node]) -> Network:
        known = {id(wire): (node.id, 0) for node, wire in zip(entering, body.inputs, strict=True)}
        nodes, edges = [], []
        for name, item in zip(names, body.items, strict=True):
            nodes.append(self._node(body, names, name, item))
            edges += [Edge(known[id(wire)][0], name, port, known[id(wire)][1]) for port, wire in enumerate(item.inputs)]
            known |= {id(wire): (name, output) for output, wire in enumerate(item.outputs)}
        edges += [Edge(known[id(wire)][0], node.id, 0, known[id(wire)][1]) for node, wire in zip(leaving, body.outputs, strict=True)]
        return Network((*entering, *nodes, *leaving), tuple(edges))

    def _node(self, body: Body, names: list[str], name: str, item: Brick | Use) -> Node:
        owner = self.numbers.owner(body, item)
        of = {} if owner is None else {"of": names[owner]}
        if isinstance(item, Brick):
            return Node(name, item.kind, item.params if owner is None else FrozenDict(), frozen=item.frozen and owner is None, **of)
        definition = self.of[id(item.bodies[0])]
        if owner is not None:
            if self.numbers.exact(item.bodies[0]) != self.numbers.exact(body.items[owner].bodies[0]):
                raise ImportRefused(f"{item.call.path} is called several times and does something else each time; its weights cannot be shared between two blocks")
            return Node(name, definition.name, **of)
        first = self.of[id(item.bodies[0])].body
        usual = {one: self.values(first.items[places[0][0]])[places[0][1]] for one, places in definition.promoted.items()}
        given = {one: value for one, value in self.values(item).items() if typed(value) != typed(usual.get(one, 1))}
        return Node(name, definition.name, freeze(given))

    # ---- The way back to the model's tensors ----

    def source(self, key: str, names: list[str]) -> Source:
        """Which of the model's tensors fills a key of the network's state_dict."""
        parts = key.split(".")
        body = self.root
        while True:
            item = body.items[names.index(parts[0])]
            parts = parts[1:]
            if isinstance(item, Brick):
                return item.weights[".".join(parts)]
            copy = int(parts[0]) if parts[0].isdigit() else 0
            parts = parts[1:] if parts[0].isdigit() else parts
            body = item.bodies[copy]
            names = self.of[id(body)].names


def camel(name: str) -> str:
    """layer_norm1 as LayerNorm1."""
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def _bare(name: str) -> str:
    """downsample_0 as downsample."""
    return re.sub(r"_?\d+", "", name).strip("_")


def class_name(body: Body) -> str:
    """What a block is called: its class; a container after what holds it."""
    module = body.call.module
    name = type(module).__name__.strip("_")
    if type(module) in CONTAINERS:
        words = [part for part in body.call.path.split(".") if not part.isdigit()]
        name = camel(re.sub(r"\d+$", "", words[-1])) if words else name
    name = re.sub(r"\W", "", name, flags=re.ASCII)[:50]
    name = name[:1].upper() + name[1:] or "Block"
    if name in LAYERS or name in ("Network", "OrderedDict") or block_name_problem(name):
        name += "Block"
    return name if not block_name_problem(name) else "Block"


def argument_names(body: Body) -> dict[int, str]:
    """What the model calls the values that enter a level, by the id of their wires."""
    try:
        names = list(inspect.signature(body.call.module.forward).parameters)
    except (TypeError, ValueError):
        return {}
    by_value = {id(value): name for name, value in [*zip(names, body.call.args, strict=False), *body.call.kwargs.items()]}
    return {id(wire): by_value[key] for key, wire in body.argument_wires.items() if key in by_value and not id_problem(by_value[key])}


def names_of(body: Body, taken: set[str]) -> list[str]:
    """A name for every brick of a level: the model's own below the level, else what it is; those of one name are counted."""
    wanted = [_wanted(body, item) for item in body.items]
    counts = {name: wanted.count(name) for name in wanted}
    names, seen = [], {}
    for name in wanted:
        if counts[name] > 1:
            seen[name] = seen.get(name, 0) + 1
            name = f"{name}_{seen[name]}" if name[-1:].isdigit() else f"{name}{seen[name]}"
        names.append(_free(name, taken))
    return names


def _wanted(body: Body, item: Brick | Use) -> str:
    scope = body.call.path
    if isinstance(item, Use):
        path, stem = item.call.path, snake(class_name(item.bodies[0]))
        if len(item.bodies) > 1:
            path, last = path.rpartition(".")[0], item.bodies[-1].call.path
            siblings = [name for name, _ in item.call.parent.module.named_children()] if item.call.parent is not None else []
            if path == scope or not path.startswith(scope):
                return stem
            if [path + "." + one for one in siblings[:1]] != [item.call.path] or last != f"{path}.{siblings[-1]}":
                path += ".rest" if last == f"{path}.{siblings[-1]}" else ".row"
    else:
        layer = LAYERS[item.kind]
        stem = layer.stem or item.kind.lower()
        path = item.path or f"{item.call.path}.{stem}".strip(".")
    rest = path[len(scope):] if path.startswith(scope) else path
    parts = [part for part in rest.split(".") if part]
    while parts and parts[0].isdigit():
        parts.pop(0)
    return identifier("_".join(parts)) or stem


def identifier(name: str) -> str:
    """A path as a brick's name, its last 60 characters."""
    name = re.sub(r"\W", "_", name, flags=re.ASCII).strip("_")
    return name[-50:].lstrip("_0123456789")


def snake(name: str) -> str:
    """BasicBlock as basic_block."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _free(name: str, taken: set[str]) -> str:
    """`name`, or the next that is free and allowed."""
    def choices() -> Iterator[str]:
        yield name
        yield from (f"{name}_{n}" if name[-1:].isdigit() else f"{name}{n}" for n in range(1 if id_problem(name) else 2, 10_000))
    found = next(one for one in choices() if one not in taken and not id_problem(one))
    taken.add(found)
    return found


