"""The document: a frozen project of networks, data, task and training. Reading checks form, never legality; `check` does that."""

from __future__ import annotations

import heapq
import json
import keyword
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from .memo import by_identity
from .migrations import TYPE, VERSION, DocumentError, migrated

# Limits on what a file may hold, checked before anything is built from it.
MAX_BYTES = 10_000_000
MAX_NODES = 5_000
MAX_EDGES = 20_000
MAX_TEXT = 200
MAX_DEPTH = 20
MAX_BITS = 1024
MAX_BLOCKS = 200
MAX_PROMOTED = 100
MAX_NESTING = 8
MAX_SILENT = 50

SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
PLACE = re.compile(r"[A-Za-z0-9_.]{0,600}", re.ASCII)  # a name in a file of weights


class FrozenDict(dict):
    """A dict that cannot be changed, so that documents can be shared and compared; equal contents hash equally.

    Equal as a file is: 1, 1.0 and true are three different values here, because only one of them is a number of channels.
    """

    def _refuse(self, *_args: object, **_kwargs: object) -> None:
        raise TypeError("a document is not changed in place; make a new one")

    __setitem__ = __delitem__ = __ior__ = update = pop = popitem = clear = setdefault = _refuse

    __slots__ = ("_kept", "_hash")

    @property
    def _exact(self) -> tuple[object, ...]:
        """Contents with their types, in order; kept, for parameters are looked up by after every edit."""
        try:
            return self._kept
        except AttributeError:
            self._kept = tuple((name, _typed(value)) for name, value in sorted(self.items(), key=lambda item: item[0]))
            return self._kept

    def __hash__(self) -> int:
        try:
            return self._hash
        except AttributeError:
            self._hash = hash(self._exact)
            return self._hash

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if type(other) is FrozenDict:
            return self._exact == other._exact
        if not isinstance(other, dict):
            return NotImplemented
        return len(self) == len(other) and all(name in other and _alike(value, other[name]) for name, value in self.items())

    def __ne__(self, other: object) -> bool:
        return not self == other


def _alike(one: object, other: object) -> bool:
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(_alike, one, other))
    return one == other and (type(one) is type(other) or isinstance(one, dict))


def _typed(value: object) -> object:
    """A value that equals another one only when that is written alike."""
    if isinstance(value, tuple):
        return (tuple, *map(_typed, value))
    return value if isinstance(value, dict) else (type(value), value)


EMPTY = FrozenDict()
CLASSIFICATION = FrozenDict({"kind": "classification"})
BUILT_IN = FrozenDict({"source": "digits"})


def freeze(value: object, depth: int = 0) -> object:
    """JSON with lists as tuples and dicts frozen; raises DocumentError for what JSON cannot hold or what nests too deep."""
    if depth > MAX_DEPTH:
        raise DocumentError(f"the document nests more than {MAX_DEPTH} levels deep")
    if isinstance(value, Mapping):
        if not all(isinstance(name, str) for name in value):
            raise DocumentError("names in a document must be text")
        return FrozenDict({_writable(name): freeze(item, depth + 1) for name, item in value.items()})
    if isinstance(value, list | tuple):
        return tuple(freeze(item, depth + 1) for item in value)
    if isinstance(value, float) and not math.isfinite(value):
        raise DocumentError(f"{value} is not a number that a document can hold")
    if isinstance(value, int) and value.bit_length() > MAX_BITS:
        raise DocumentError(f"a whole number of {value.bit_length():,} bits is more than a document can hold; {MAX_BITS:,} are allowed")
    if isinstance(value, str):
        return _writable(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    raise DocumentError(f"a document holds numbers, texts, lists and tables, not {type(value).__name__}")


def _writable(text: str) -> str:
    """`text`, when it can be written to a file: JSON can name halves of characters that UTF-8 cannot."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise DocumentError(f"{text!r:.60} holds half a character, which no file can hold") from None
    return text


def thaw(value: object) -> object:
    """The plain JSON value of a frozen one."""
    if isinstance(value, Mapping):
        return {name: thaw(item) for name, item in value.items()}
    return [thaw(item) for item in value] if isinstance(value, tuple) else value


# Attributes of nn.Module: a brick of that name would replace a method of the network.
TAKEN = frozenset({
    "add_module", "apply", "bfloat16", "buffers", "call_super_init", "children", "compile", "cpu", "cuda", "double", "dump_patches",
    "eval", "extra_repr", "float", "forward", "get_buffer", "get_extra_state", "get_parameter", "get_submodule", "half", "insert",
    "append", "extend", "pop", "ipu", "load_state_dict", "modules", "mtia", "named_buffers", "named_children", "named_modules",
    "named_parameters", "parameters", "register_backward_hook", "register_buffer", "register_forward_hook", "register_forward_pre_hook",
    "register_full_backward_hook", "register_full_backward_pre_hook", "register_load_state_dict_post_hook",
    "register_load_state_dict_pre_hook", "register_module", "register_parameter", "register_state_dict_post_hook",
    "register_state_dict_pre_hook", "requires_grad_", "set_extra_state", "set_submodule", "share_memory", "state_dict", "to", "to_empty",
    "train", "training", "type", "xpu", "zero_grad", "T_destination", "self", "torch", "nn",
})


def id_problem(name: object) -> str | None:
    """Why `name` cannot be a brick's name, or None: it becomes an attribute in the source and a key in the state_dict."""
    if not isinstance(name, str) or not name.isidentifier() or not name.isascii():
        return f"{name!r:.60} cannot be a name: use letters, digits and _, starting with a letter"
    if len(name) > 60:
        return f"the name {name[:20]}... is {len(name)} characters long; 60 are allowed"
    if keyword.iskeyword(name) or keyword.issoftkeyword(name) or name.startswith("_"):
        return f"{name!r} means something else in Python; choose another name"
    if name in TAKEN:
        return f"{name!r} is already the name of something in every torch network; choose another"
    return None


@dataclass(frozen=True)
class Node:
    """One brick: its name, what it is, the parameters that were set, and where it stands on the canvas (None = wherever it fits).

    A `muted` brick is bypassed: what enters it first leaves it unchanged. `silent` holds the codes of advice that is not wanted here. `of`
    names the brick of the same drawing whose weights (and parameters) it uses; the weights of a `frozen` brick are not trained. `was` is the
    name that the brick has in the file of starting weights where that is another one; see graph.origin.
    """

    id: str
    kind: str
    params: FrozenDict = EMPTY
    at: tuple[float, float] | None = None
    muted: bool = False
    silent: tuple[str, ...] = ()
    of: str | None = None
    frozen: bool = False
    was: str | None = None

    def to_json(self) -> dict[str, object]:
        """The node as it stands in a file."""
        record: dict[str, object] = {"id": self.id, "kind": self.kind}
        if self.params:
            record["params"] = thaw(self.params)
        if self.at is not None:
            record["at"] = [int(c) if float(c).is_integer() else c for c in self.at]
        if self.muted:
            record["muted"] = True
        if self.silent:
            record["silent"] = list(self.silent)
        if self.of is not None:
            record["of"] = self.of
        if self.frozen:
            record["frozen"] = True
        if self.was is not None:
            record["was"] = self.was
        return record


@dataclass(frozen=True)
class Edge:
    """A wire from the `output`-th output of `source` to the `port`-th input of `target`."""

    source: str
    target: str
    port: int = 0
    output: int = 0

    def to_json(self) -> dict[str, object]:
        """The edge as it stands in a file."""
        return {"source": self.source, "target": self.target, **({"port": self.port} if self.port else {}),
                **({"output": self.output} if self.output else {})}


@dataclass(frozen=True)
class Network:
    """Bricks and wires; look-ups are worked out once."""

    nodes: tuple[Node, ...] = ()
    edges: tuple[Edge, ...] = ()
    _by_id: Mapping[str, Node] = field(default=None, init=False, repr=False, compare=False)
    _into: Mapping[str, tuple[Edge, ...]] = field(default=None, init=False, repr=False, compare=False)
    _out: Mapping[str, tuple[Edge, ...]] = field(default=None, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        into, out = _ends(self.edges)
        object.__setattr__(self, "_by_id", {node.id: node for node in self.nodes})
        object.__setattr__(self, "_into", into)
        object.__setattr__(self, "_out", out)

    def node(self, name: str) -> Node | None:
        """The brick called `name`, or None."""
        return self._by_id.get(name)

    def into(self, name: str) -> tuple[Edge, ...]:
        """Wires that end at `name`, by port."""
        return self._into.get(name, ())

    def out_of(self, name: str) -> tuple[Edge, ...]:
        """Wires that start at `name`."""
        return self._out.get(name, ())

    def to_json(self) -> dict[str, object]:
        """The network as it stands in a file."""
        return {"nodes": [node.to_json() for node in self.nodes], "edges": [edge.to_json() for edge in self.edges]}


@by_identity(64)
def _ends(edges: tuple[Edge, ...]) -> tuple[Mapping[str, tuple[Edge, ...]], Mapping[str, tuple[Edge, ...]]]:
    """Wires by the brick that they end at (by port) and by the brick that they start from; an edit of bricks leaves the wires alone."""
    into: dict[str, list[Edge]] = {}
    out: dict[str, list[Edge]] = {}
    for edge in edges:
        into.setdefault(edge.target, []).append(edge)
        out.setdefault(edge.source, []).append(edge)
    return ({name: tuple(sorted(edges, key=lambda e: e.port)) for name, edges in into.items()},
            {name: tuple(edges) for name, edges in out.items()})


def order(network: Network) -> tuple[list[Node], list[str]]:
    """Bricks in the order they run (ties as drawn), and one cycle as a list of names when there is one (else empty)."""
    waiting = {node.id: len({e.source for e in network.into(node.id) if network.node(e.source)}) for node in network.nodes}
    followers: dict[str, list[str]] = {node.id: [] for node in network.nodes}
    for source, target in dict.fromkeys((e.source, e.target) for e in network.edges):
        if source in followers and target in followers:
            followers[source].append(target)
    position = {node.id: i for i, node in enumerate(network.nodes)}
    ready = [position[node.id] for node in network.nodes if not waiting[node.id]]
    done: list[Node] = []
    while ready:
        done.append(network.nodes[heapq.heappop(ready)])
        for follower in followers[done[-1].id]:
            waiting[follower] -= 1
            if not waiting[follower]:
                heapq.heappush(ready, position[follower])
    return done, _cycle(network, {name for name, count in waiting.items() if count}) if len(done) < len(network.nodes) else []


def _cycle(network: Network, stuck: set[str]) -> list[str]:
    """Walk backwards among the bricks that wait for each other until one comes round again."""
    name, seen = min(stuck), {}
    while name not in seen:
        seen[name] = len(seen)
        name = next(edge.source for edge in network.into(name) if edge.source in stuck)
    loop = list(seen)[seen[name]:]
    return [*reversed(loop), loop[-1]]


@dataclass(frozen=True)
class Promoted:
    """A parameter of a block: its name, and the parameters (brick, name) inside that take its value."""

    name: str
    of: tuple[tuple[str, str], ...]

    def to_json(self) -> dict[str, object]:
        """The promoted parameter as it stands in a file."""
        return {"name": self.name, "of": [list(target) for target in self.of]}


@dataclass(frozen=True)
class Block:
    """A network that is used as one brick. Its inputs and outputs are its bricks of kind BlockInput and BlockOutput, in their order."""

    network: Network = field(default_factory=Network)
    params: tuple[Promoted, ...] = ()
    summary: str = ""

    def ports(self, kind: str) -> tuple[str, ...]:
        """Names of the inputs (kind BlockInput) or the outputs (kind BlockOutput)."""
        return tuple(node.id for node in self.network.nodes if node.kind == kind)

    def to_json(self) -> dict[str, object]:
        """The block as it stands in a file."""
        return {**self.network.to_json(), **({"params": [promoted.to_json() for promoted in self.params]} if self.params else {}),
                **({"summary": self.summary} if self.summary else {})}


@dataclass(frozen=True)
class Project:
    """Everything that one file holds. `blocks` are the project's own kinds of brick; `recipes` are recommended training settings by
    data source; `weights` names the weights that the network starts from."""

    name: str = "Untitled"
    networks: Mapping[str, Network] = field(default_factory=lambda: FrozenDict({"network": Network()}))
    blocks: Mapping[str, Block] = EMPTY
    task: FrozenDict = CLASSIFICATION
    data: FrozenDict = BUILT_IN
    training: FrozenDict = EMPTY
    recipes: FrozenDict = EMPTY
    about: FrozenDict = EMPTY
    weights: FrozenDict = EMPTY

    @property
    def network(self) -> Network:
        """The first network."""
        return next(iter(self.networks.values()))

    def with_network(self, network: Network) -> Project:
        """The project with its first network replaced."""
        first = next(iter(self.networks))
        return replace(self, networks=FrozenDict({**self.networks, first: network}))


    def with_block(self, name: str, block: Block) -> Project:
        """The project with the block called `name` added or replaced."""
        return replace(self, blocks=FrozenDict({**self.blocks, name: block}))

    def scope(self, name: str | None) -> Network:
        """The network inside the block called `name`; the first network for None. Raises DocumentError when there is no such block."""
        if name is None:
            return self.network
        if name not in self.blocks:
            raise DocumentError(f"there is no block called {name!r:.60} in this project")
        return self.blocks[name].network


SECTIONS = ("task", "data", "training", "recipes", "about", "weights")


def to_json(project: Project) -> dict[str, object]:
    """The project as a JSON document; the same project always gives the same bytes."""
    record = {"type": TYPE, "version": VERSION, "name": project.name,
              "networks": {name: network.to_json() for name, network in project.networks.items()},
              "blocks": {name: block.to_json() for name, block in project.blocks.items()}}
    for section in SECTIONS:
        if section in ("task", "data", "training") or getattr(project, section):
            record[section] = thaw(getattr(project, section))
    return record


def dumps(project: Project) -> str:
    """The project as text, two spaces of indent, a newline at the end."""
    # Put together from the texts of bricks and wires: an edit leaves most of them as they were.
    rest = to_json(replace(project, networks=EMPTY, blocks=EMPTY))
    parts = {name: _text_of(value, 1) for name, value in rest.items()}
    parts["networks"] = _table_text({name: _network_text(network) for name, network in project.networks.items()}, 1)
    parts["blocks"] = _table_text({name: _block_text(block) for name, block in project.blocks.items()}, 1)
    return _table_text(parts, 0) + "\n"


def _text_of(value: object, depth: int) -> str:
    """A value as it stands `depth` levels deep in a file. No JSON text has a line break inside."""
    return json.dumps(value, indent=2, ensure_ascii=False).replace("\n", "\n" + "  " * depth)


@by_identity(20_000)
def _node_text(node: Node | Edge) -> str:
    return _text_of(node.to_json(), 4)


@by_identity(256)
def _block_text(block: Block) -> str:
    return _text_of(block.to_json(), 2)


def _list_text(items: Iterable[str], depth: int) -> str:
    lines = f",\n{'  ' * (depth + 1)}".join(items)
    return f"[\n{'  ' * (depth + 1)}{lines}\n{'  ' * depth}]" if lines else "[]"


def _table_text(entries: Mapping[str, str], depth: int) -> str:
    lines = f",\n{'  ' * (depth + 1)}".join(f"{json.dumps(name, ensure_ascii=False)}: {text}" for name, text in entries.items())
    return f"{{\n{'  ' * (depth + 1)}{lines}\n{'  ' * depth}}}" if lines else "{}"


def _network_text(network: Network) -> str:
    return _table_text({"nodes": _list_text(map(_node_text, network.nodes), 3), "edges": _list_text(map(_node_text, network.edges), 3)}, 2)


def _text(value: object, where: str) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > MAX_TEXT:
        raise DocumentError(f"{where} must be a text of 1 to {MAX_TEXT} characters")
    return _writable(value)


def _table(value: object, where: str) -> Mapping:
    if not isinstance(value, Mapping):
        raise DocumentError(f"{where} must be a table of names and values, it is {type(value).__name__}")
    return value


def _list(value: object, where: str, most: int) -> Iterable:
    if not isinstance(value, list | tuple):
        raise DocumentError(f"{where} must be a list, it is {type(value).__name__}")
    if len(value) > most:
        raise DocumentError(f"{where} has {len(value):,} entries; {most:,} are allowed")
    return value


def node_from_json(record: object, where: str = "node") -> Node:
    """The node of a JSON record; raises DocumentError naming what is wrong in it."""
    record = _table(record, where)
    if said := id_problem(record.get("id")):
        raise DocumentError(f"{where}: {said}")
    at = record.get("at")
    if at is not None:
        at = tuple(_list(at, f"{where}.at", 2))
        if len(at) != 2 or any(isinstance(c, bool) or not isinstance(c, int | float) or not abs(c) <= 1e7 for c in at):
            raise DocumentError(f"{where}.at must be two numbers, x and y")
        at = tuple(float(c) for c in at)
    kind = _text(record.get("kind"), f"{where}.kind")
    muted, frozen = record.get("muted", False), record.get("frozen", False)
    for what, value in (("muted", muted), ("frozen", frozen)):
        if not isinstance(value, bool):
            raise DocumentError(f"{where}.{what} must be true or false")
    of = record.get("of")
    if of is not None and (said := id_problem(of)):
        raise DocumentError(f"{where}.of: {said}")
    silent = tuple(_text(code, f"{where}.silent") for code in _list(record.get("silent", ()), f"{where}.silent", MAX_SILENT))
    was = record.get("was")
    if was is not None and (not isinstance(was, str) or not PLACE.fullmatch(was)):
        raise DocumentError(f"{where}.was must be a name in a file of weights: letters, digits, _ and dots")
    return Node(record["id"], kind, freeze(_table(record.get("params", {}), f"{where}.params")), at, muted, silent, of, frozen, was)


def edge_from_json(record: object, where: str = "edge") -> Edge:
    """The edge of a JSON record; raises DocumentError naming what is wrong in it."""
    record = _table(record, where)
    port, output = record.get("port", 0), record.get("output", 0)
    for what, number in (("port", port), ("output", output)):
        if type(number) is not int or not 0 <= number < MAX_EDGES:
            raise DocumentError(f"{where}.{what} must be a whole number from 0 up, it is {number!r:.40}")
    return Edge(_text(record.get("source"), f"{where}.source"), _text(record.get("target"), f"{where}.target"), port, output)


def network_from_json(record: object, where: str = "network") -> Network:
    """The network of a JSON record; ids are unique, every wire starts and ends at a brick, and a port holds one wire."""
    record = _table(record, where)
    bricks = _list(record.get("nodes", []), f"{where}.nodes", MAX_NODES)
    wires = _list(record.get("edges", []), f"{where}.edges", MAX_EDGES)
    nodes = tuple(node_from_json(brick, f"{where}.nodes[{i}]") for i, brick in enumerate(bricks))
    edges = tuple(edge_from_json(wire, f"{where}.edges[{i}]") for i, wire in enumerate(wires))
    ids = [node.id for node in nodes]
    if len(set(ids)) < len(ids):
        twice = next(name for i, name in enumerate(ids) if name in ids[:i])
        raise DocumentError(f"{where}: two bricks are called {twice!r}")
    known, ports = set(ids), set()
    for i, edge in enumerate(edges):
        if missing := {edge.source, edge.target} - known:
            raise DocumentError(f"{where}.edges[{i}]: there is no brick called {min(missing)!r:.60}")
        if (edge.target, edge.port) in ports:
            raise DocumentError(f"{where}.edges[{i}]: input {edge.port} of {edge.target!r} has two wires")
        ports.add((edge.target, edge.port))
    return Network(nodes, edges)


def block_name_problem(name: object) -> str | None:
    """Why `name` cannot be a block's name, or None: it becomes a class in the source."""
    if said := id_problem(name):
        return said
    if not name[0].isupper():
        return f"a block's name starts with a capital letter, as in {name[:1].upper() + name[1:]!r}"
    if name in ("Network", "OrderedDict", "True", "False", "None"):
        return f"{name!r} means something else in the source; choose another name"
    return None


def _promoted(record: object, where: str) -> Promoted:
    record = _table(record, where)
    if said := id_problem(record.get("name")):
        raise DocumentError(f"{where}: {said}")
    targets = []
    for target in _list(record.get("of", ()), f"{where}.of", MAX_NODES):
        pair = tuple(_list(target, f"{where}.of", 2))
        if len(pair) != 2:
            raise DocumentError(f"{where}.of must name a brick and a parameter")
        targets.append((_text(pair[0], f"{where}.of"), _text(pair[1], f"{where}.of")))
    return Promoted(record["name"], tuple(targets))


def block_from_json(record: object, where: str = "block") -> Block:
    """The block of a JSON record; raises DocumentError naming what is wrong in it."""
    record = _table(record, where)
    network = network_from_json(record, where)
    params = tuple(_promoted(item, f"{where}.params[{i}]")
                   for i, item in enumerate(_list(record.get("params", ()), f"{where}.params", MAX_PROMOTED)))
    names = [promoted.name for promoted in params]
    if len(set(names)) < len(names) or "repeat" in names:
        raise DocumentError(f"{where}.params: every parameter needs a name of its own, and none may be called 'repeat'")
    for promoted in params:
        if missing := {brick for brick, _ in promoted.of if network.node(brick) is None}:
            raise DocumentError(f"{where}.params.{promoted.name}: there is no brick called {min(missing)!r:.60}")
    summary = record.get("summary", "")
    return Block(network, params, _text(summary, f"{where}.summary") if summary else "")


def nesting(blocks: Mapping[str, Block]) -> dict[str, int]:
    """How many levels of blocks each block holds, itself included; raises DocumentError when one holds itself or they nest too deep."""
    levels: dict[str, int] = {}

    def level(name: str, above: tuple[str, ...]) -> int:
        if name in above:
            raise DocumentError(f"a block cannot hold itself: {' → '.join((*above[above.index(name):], name))}")
        if len(above) >= MAX_NESTING:
            raise DocumentError(f"blocks nest more than {MAX_NESTING} levels deep: {' → '.join((*above, name))}")
        if name not in levels:
            inside = {node.kind for node in blocks[name].network.nodes} & blocks.keys()
            levels[name] = 1 + max((level(kind, (*above, name)) for kind in sorted(inside)), default=0)
        if len(above) + levels[name] > MAX_NESTING:
            raise DocumentError(f"blocks nest more than {MAX_NESTING} levels deep: {' → '.join((*above, name))} → …")
        return levels[name]

    for name in blocks:
        level(name, ())
    return levels


def _blocks(record: object) -> FrozenDict:
    table = _table(record, "blocks")
    if len(table) > MAX_BLOCKS:
        raise DocumentError(f"a project may have {MAX_BLOCKS} blocks, this one has {len(table):,}")
    for name in table:
        if said := block_name_problem(name):
            raise DocumentError(f"blocks: {said}")
    blocks = FrozenDict({name: block_from_json(block, f"blocks.{name}") for name, block in table.items()})
    count = sum(len(block.network.nodes) for block in blocks.values())
    if count > MAX_NODES:
        raise DocumentError(f"the blocks have {count:,} bricks; {MAX_NODES:,} are allowed")
    nesting(blocks)
    return blocks


def from_json(record: object) -> Project:
    """The project of a JSON document of any version up to this one; raises DocumentError in a person's words."""
    record = _table(record, "the file")
    if record.get("type") != TYPE:
        raise DocumentError(f"this is not a Brickwork project: its type should be {TYPE!r}, it is {record.get('type')!r:.60}")
    record = migrated(record)
    networks = _table(record.get("networks"), "networks")
    if not 1 <= len(networks) <= 16:
        raise DocumentError(f"a project has 1 to 16 networks, this one has {len(networks)}")
    for name in networks:
        if said := id_problem(name):
            raise DocumentError(f"networks: {said}")
    defaults = Project()
    sections = {s: freeze(_table(record.get(s, getattr(defaults, s)), s)) for s in SECTIONS}
    sections["weights"] = weights_from_json(sections["weights"])
    for source, recipe in sections["recipes"].items():
        _table(recipe, f"recipes.{source[:40]}")
    return Project(_text(record.get("name"), "name"),
                   FrozenDict({n: network_from_json(network, f"networks.{n}") for n, network in networks.items()}),
                   _blocks(record.get("blocks", {})), **sections)


def weights_from_json(record: object) -> FrozenDict:
    """The section that names the starting weights: nothing, or the sha256 of a file, what to call it and, where the file has that too, the `optimizer` whose state goes on.

    Raises DocumentError.
    """
    record = _table(record, "weights")
    if not record:
        return EMPTY
    sha256 = record.get("sha256")
    if not isinstance(sha256, str) or not SHA256.fullmatch(sha256):
        raise DocumentError("weights.sha256 must have 64 hexadecimal digits: it names a file of weights")
    more = {"optimizer": _text(record["optimizer"], "weights.optimizer")} if "optimizer" in record else {}
    return FrozenDict({"sha256": sha256, "title": _text(record.get("title"), "weights.title"), **more})


def _no_constant(text: str) -> object:
    raise DocumentError(f"{text} is not a number that a document can hold")


def _unreadable(error: Exception) -> str:
    match error:
        case json.JSONDecodeError():
            return str(error)
        case UnicodeDecodeError():
            return "it is not text"
        case RecursionError():
            return f"it nests more than {MAX_DEPTH} levels deep"
    return "a number in it has too many digits"


def loads(text: str | bytes) -> Project:
    """The project of a file's contents; raises DocumentError for anything that is not one."""
    if len(text) > MAX_BYTES:
        raise DocumentError(f"the file is {len(text) / 1e6:.1f} MB; a project may have {MAX_BYTES // 1_000_000} MB")
    try:
        record = json.loads(text, parse_constant=_no_constant)
    except DocumentError:
        raise
    except (ValueError, RecursionError) as error:
        raise DocumentError(f"this is not a project file: {_unreadable(error)}") from None
    return from_json(record)
