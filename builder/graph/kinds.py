"""What kinds of brick a project can use: the catalogue's layers, its composites, and the project's own blocks."""

from __future__ import annotations

import functools
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from builder.catalogue import COMPOSITES, LAYERS, REPEAT, Composite, Int, Layer, Param, Shape, Traced
from builder.catalogue import Problem as LayerProblem

from .document import Block, Edge, FrozenDict, Network, Node, freeze

INPUT, OUTPUT = "BlockInput", "BlockOutput"
ENDS = {"Input": "network", "Output": "network", INPUT: "block", OUTPUT: "block"}


class Kinds:
    """Looks kinds up. `memory` is where `analysis` keeps the insides of blocks that it has worked out."""

    def __init__(self, blocks: Mapping[str, Block]):
        self.blocks = blocks
        self.memory: dict[tuple, object] = {}
        self.spent = 0
        self._layers: dict[str, Layer] = {}
        self._networks: dict[tuple[str, FrozenDict], Network] = {}

    def get(self, kind: str) -> Layer | None:
        """The declaration of a kind, None for an unknown one. A project's own block comes before a layer of its name."""
        if kind in self.blocks:
            if kind not in self._layers:
                self._layers[kind] = self._declared(kind, self.blocks[kind])
            return self._layers[kind]
        return declared(COMPOSITES[kind]) if kind in COMPOSITES else LAYERS.get(kind)

    def __contains__(self, kind: object) -> bool:
        return isinstance(kind, str) and (kind in self.blocks or kind in COMPOSITES or kind in LAYERS)

    def is_block(self, kind: str) -> bool:
        """Is a brick of this kind a network of its own?"""
        return kind in self.blocks or kind in COMPOSITES

    def own(self) -> dict[str, Layer]:
        """The project's own blocks as declarations, by name."""
        return {name: self.get(name) for name in self.blocks}

    def _declared(self, name: str, block: Block) -> Layer:
        inputs, outputs = block.ports(INPUT), block.ports(OUTPUT)
        params = [param for promoted in block.params if (param := self._promoted(block, promoted.name, promoted.of))]
        single = len(inputs) == 1 and len(outputs) == 1
        return Layer(kind=name, category="Blocks", stem=stem(name), summary=block.summary or f"A block of this project: {brick_count(block)}.",
                     source="", pattern="", inputs=(len(inputs), len(inputs)), outputs=len(outputs), input_names=inputs, output_names=outputs,
                     params=(*params, *((REPEAT,) if single else ())), keys=tuple(param.name for param in params), block="own")

    def _promoted(self, block: Block, name: str, of: Sequence[tuple[str, str]]) -> Param | None:
        """A parameter of a block as the parameter inside declares it; its default is the value that stands inside."""
        for brick, inner in of:
            node = block.network.node(brick)
            layer = self.get(node.kind) if node else None
            param = layer.param(inner) if layer else None
            if param is not None:
                doc = f"{param.doc} (of {', '.join(dict.fromkeys(brick for brick, _ in of))})"
                changes = {"otherwise": ""} if isinstance(param, Int) else {}
                return replace(param, name=name, doc=doc, default=param.normal(node.params.get(inner, param.default)), **changes)
        return None

    def network(self, kind: str, inputs: Sequence[Shape | None], params: FrozenDict) -> tuple[Network | None, tuple[LayerProblem, ...]]:
        """The bricks inside an instance with its values put in, and what keeps it from being taken apart."""
        if kind in self.blocks:
            key = (kind, params)
            if key not in self._networks:
                self._networks[key] = substituted(self.blocks[kind], params)
            return self._networks[key], ()
        if None in inputs:
            return None, ()
        traced = COMPOSITES[kind].trace(inputs, {name: value for name, value in params.items() if name != REPEAT.name})
        return (None, traced.problems) if traced.problems else (drawn(traced), ())


@functools.cache
def declared(composite: Composite) -> Layer:
    """A composite as a layer: what a palette, a form and a check ask of any brick."""
    return Layer(kind=composite.kind, category=composite.category, summary=composite.summary, source=composite.source, pattern="",
                 stem=composite.stem or composite.kind.lower(), inputs=composite.inputs, outputs=composite.outputs, params=composite.params,
                 keys=composite.keys, input_names=composite.input_names, output_names=composite.output_names, block="catalogue")


def stem(name: str) -> str:
    """What instances of a block are called, before their number: "Residual" -> "residual", "Block1" -> "block1_"."""
    base = name.lower().strip("_") or "block"
    return f"{base}_" if base[-1].isdigit() else base


def brick_count(block: Block) -> str:
    """How many bricks a block holds, its ends not counted, in words."""
    count = sum(node.kind not in (INPUT, OUTPUT) for node in block.network.nodes)
    return f"{count} brick{'' if count == 1 else 's'}"


def substituted(block: Block, params: Mapping[str, object]) -> Network:
    """The network inside a block with the values of one instance in the place of its own."""
    values: dict[str, dict[str, object]] = {}
    for promoted in block.params:
        if promoted.name in params:
            for brick, inner in promoted.of:
                values.setdefault(brick, {})[inner] = params[promoted.name]
    if not values:
        return block.network
    nodes = tuple(replace(node, params=FrozenDict({**node.params, **values[node.id]})) if node.id in values else node
                  for node in block.network.nodes)
    return replace(block.network, nodes=nodes)


def drawn(traced: Traced) -> Network:
    """A composite's steps as bricks and wires; nothing has a place yet."""
    ends = [Node(name, INPUT) for name in traced.inputs]
    bricks = [Node(step.name, step.kind, freeze(step.params), of=step.of) for step in traced.steps]
    leaving = [Node(name, OUTPUT) for name in traced.output_names]
    edges = [Edge(source, step.name, port, output) for step in traced.steps for port, (source, output) in enumerate(step.inputs)]
    edges += [Edge(source, name, 0, output) for name, (source, output) in zip(traced.output_names, traced.outputs, strict=True)]
    return Network((*ends, *bricks, *leaving), tuple(edges))


# Looked up by identity: an edit that leaves the blocks alone keeps all that is known of them. The blocks are held, so no id comes twice.
_known: OrderedDict[int, Kinds] = OrderedDict()
KEPT = 64


def kinds_of(blocks: Mapping[str, Block]) -> Kinds:
    """The kinds of a project with these blocks."""
    key = id(blocks)
    found = _known.get(key)
    if found is None or found.blocks is not blocks:
        found = _known[key] = Kinds(blocks)
        while len(_known) > KEPT:
            _known.popitem(last=False)
    return found
