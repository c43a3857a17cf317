"""Shapes without words: what a declaration says of an input's sizes, put together as one Python function a kind.

A drawing is worked out again after every edit, and of most bricks nobody reads why their shape is what it is. `Layer.infer` evaluates formula after
formula and writes them out with their numbers; here the same rules and formulas stand in one function, compiled once for each kind. It gives None
where it cannot say "this fits", and then `Layer.infer` is asked, which alone knows what is wrong. The text is made of the catalogue's own
declarations; values of parameters reach it as arguments, after their own checks.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from .expressions import FUNCTIONS, axes, names
from .reach import elementwise
from .sizes import BATCH, Shape

if TYPE_CHECKING:
    from .spec import Layer

# Of the inputs' shapes, the shape of the output; None where `Layer.infer` has to say what it is.
Shaped = Callable[..., Shape | None]
# Of the inputs' shapes, learned numbers and multiply-adds of one sample, as `Layer.cost` counts them.
Costed = Callable[..., tuple[int, int]]
REST = "..."


def _joint(**_params: object) -> tuple[Shaped, Costed]:
    """Inputs of one shape give that shape; what torch broadcasts is left to `infer`."""
    return _alike, _free


def _alike(*shapes: Shape) -> Shape | None:
    first = shapes[0]
    return first if all(shape == first for shape in shapes) else None


def _free(*_shapes: Shape) -> tuple[int, int]:
    return 0, 0


def factory(layer: Layer) -> Callable[..., tuple[Shaped, Costed]] | None:
    """A function of the parameters (those of several axes as tuples) that gives the functions of the shape; None for a layer that no pattern describes."""
    if layer.combine:
        return _joint if layer.window is elementwise and layer.inputs[0] > 1 else None
    left, right = (axes(side) for side in layer.pattern.split("->"))
    named = [token for token in left if token != REST]
    if not all(token.isidentifier() for token in named) or left.count(REST) > 1:
        return None
    scope: dict[str, object] = {**FUNCTIONS, "BATCH": BATCH, "rank": len(named)}
    exec(compile(_text(layer, left, right, named), f"<shapes of {layer.kind}>", "exec"), scope)
    return scope["made"]


def _text(layer: Layer, left: Sequence[str], right: Sequence[str], named: Sequence[str]) -> str:
    parts = _Parts(layer, {*named, "rank", "rest"})
    spatial = layer.spatial if layer.length else ()
    lengths = [f"{axis}_out = {parts.of(layer.length, at)}" for at, axis in enumerate(spatial)]
    # A layer's own size cannot follow the size of the batch; a size of 0 is left to `infer`.
    own = " and ".join(f"{name} % BATCH" for name in named if name != "N")
    holds = [*filter(None, [own]), *(parts.of(rule.holds, None) for rule in layer.rules if not parts.along(rule.holds)),
             *(parts.of(rule.holds, at) for rule in layer.rules if parts.along(rule.holds) for at in range(len(layer.spatial)))]
    same = left == right and not spatial
    gives = "shape" if same else f"({' '.join(f'{parts.size(token)},' for token in right)})"
    shaped = [*([] if left == [REST] else [f"if len(shape) {'<' if REST in left else '!='} {len(named)}: return None"]),
              *([] if same and not holds else _opened(left)), *(f"if not ({condition}): return None" for condition in holds),
              *lengths, *(f"if {axis}_out < 1: return None" for axis in spatial), f"return {gives}"]
    counts = f"int({parts.of(layer.weights, None)}), int({parts.of(layer.macs, None)})"
    counted = [*_opened(left), *lengths, f"weights, macs = {counts}", f"macs *= {'N' if 'N' in named else 'BATCH'}",
               "return weights, macs if macs % BATCH else macs // BATCH"]
    costed = ["return 0, 0"] if (layer.weights, layer.macs) == ("0", "0") else counted
    head = f"def made({', '.join(param.name for param in layer.params)}):"
    return "\n".join([head, *_indented(parts.first(), 1), "    def shaped(shape):", *_indented(shaped, 2), "    def costed(shape):", *_indented(costed, 2),
                      "    return shaped, costed"])


def _indented(lines: Sequence[str], times: int) -> list[str]:
    return [f"{times * '    '}{line}" for line in lines]


def _opened(left: Sequence[str]) -> list[str]:
    """The sizes of the input, by their names."""
    if left == [REST]:
        return ["rank, rest = len(shape), shape"]
    return [f"{''.join('*rest, ' if token == REST else f'{token}, ' for token in left)}= shape", *(["rank, rest = len(shape), tuple(rest)"] if REST in left else [])]


class _Parts:
    """The formulas of a layer as Python: what reads parameters alone is worked out once, before the sizes are known."""

    def __init__(self, layer: Layer, sizes: set[str]):
        self.layer = layer
        self.paired = {param.name: param.axes for param in layer.params if getattr(param, "axes", 1) > 1}
        self.sizes = sizes | {f"{axis}_out" for axis in layer.spatial}
        self.kept: dict[str, str] = {}

    def along(self, formula: str) -> bool:
        """Does a rule hold along every axis by itself?"""
        return bool(self.layer.spatial and names(formula) & {*self.paired, "L"})

    def of(self, formula: str, at: int | None) -> str:
        """A formula, of the axis number `at` or of the whole layer."""
        tree = ast.parse(formula, mode="eval").body
        if at is not None:
            tree = _Along(self.layer.spatial[at], self.paired, at).visit(tree)
        return ast.unparse(self._hoisted(tree))

    def size(self, token: str) -> str:
        """One size of the output."""
        if token == REST:
            return "*rest"
        if token.startswith("("):
            return "*".join(f"prod({name})" for name in token[1:-1].split())
        return token

    def first(self) -> list[str]:
        """The lines that work out what reads parameters alone."""
        return [f"{name} = {text}" for text, name in self.kept.items()]

    def _hoisted(self, tree: ast.expr) -> ast.expr:
        read = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} - set(FUNCTIONS)
        if read and not read & (self.sizes | {"L"}) and not isinstance(tree, ast.Name):
            text = ast.unparse(tree)
            return ast.Name(self.kept.setdefault(text, f"_{len(self.kept)}"), ast.Load())
        for field, value in ast.iter_fields(tree):
            if isinstance(value, ast.expr):
                setattr(tree, field, self._hoisted(value))
            elif isinstance(value, list):
                setattr(tree, field, [self._hoisted(part) if isinstance(part, ast.expr) else part for part in value])
        return tree


class _Along(ast.NodeTransformer):
    """A formula of one axis: L is its length, and of a parameter of several axes its own value is read."""

    def __init__(self, axis: str, paired: Mapping[str, int], at: int):
        self.axis, self.paired, self.at = axis, paired, at

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id == "L":
            return ast.Name(self.axis, ast.Load())
        return ast.Subscript(node, ast.Constant(self.at), ast.Load()) if node.id in self.paired else node
