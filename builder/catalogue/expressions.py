"""Formulas as text: evaluated on integers, and written out with the numbers in place of the names.

The language is a small part of Python's: names, numbers, strings, + - * // % **, comparisons, and/or/not, `a if c else b`,
min, max, isqrt and prod. Formulas stand in this package's own files; a user's text never reaches them.
"""

from __future__ import annotations

import ast
import functools
import math
import operator
from collections.abc import Mapping

from .sizes import BATCH

OPERATORS = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod,
    ast.Pow: operator.pow, ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le,
    ast.Gt: operator.gt, ast.GtE: operator.ge, ast.USub: operator.neg, ast.Not: operator.not_,
}
FUNCTIONS = {"min": min, "max": max, "isqrt": math.isqrt, "prod": lambda value: math.prod(value) if isinstance(value, tuple) else value}


class CatalogueError(ValueError):
    """A catalogue entry was declared or used wrongly."""


@functools.cache
def parse(formula: str) -> ast.expr:
    """The syntax tree of `formula`, parsed once."""
    return ast.parse(formula, mode="eval").body


def names(formula: str) -> set[str]:
    """The names that `formula` reads."""
    return {node.id for node in ast.walk(parse(formula)) if isinstance(node, ast.Name)} - set(FUNCTIONS)


def evaluate(formula: str, env: Mapping[str, object]) -> object:
    """Value of `formula` with the names of `env`; CatalogueError names the part that is not in the language."""
    return _value(parse(formula), env, formula)


def _value(node: ast.expr, env: Mapping[str, object], formula: str) -> object:
    def value(part: ast.expr) -> object:
        return _value(part, env, formula)

    match node:
        case ast.Constant(value=constant):
            return constant
        case ast.Name(id=name) if name in env:
            return env[name]
        case ast.BinOp(left=left, op=op, right=right) | ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in OPERATORS:
            return OPERATORS[type(op)](value(left), value(right))
        case ast.UnaryOp(op=op, operand=operand) if type(op) in OPERATORS:
            return OPERATORS[type(op)](value(operand))
        case ast.BoolOp(op=ast.And(), values=values):
            return all(value(part) for part in values)
        case ast.BoolOp(op=ast.Or(), values=values):
            return any(value(part) for part in values)
        case ast.IfExp(test=test, body=body, orelse=orelse):
            return value(body if value(test) else orelse)
        case ast.Call(func=ast.Name(id=function), args=args) if function in FUNCTIONS:
            return FUNCTIONS[function](*(value(part) for part in args))
    raise CatalogueError(f"formula {formula!r} uses {ast.unparse(node)!r}; known names: {sorted(env)}")


class _Taken(ast.NodeTransformer):
    """Replaces `a if c else b` by the branch that the numbers choose, and leaves out alternatives that a switch has ruled out."""

    def __init__(self, env: Mapping[str, object], formula: str):
        self.env, self.formula = env, formula

    def visit_IfExp(self, node: ast.IfExp) -> ast.expr:
        return self.visit(node.body if _value(node.test, self.env, self.formula) else node.orelse)


    def visit_BoolOp(self, node: ast.BoolOp) -> ast.expr:
        open_ = [value for value in node.values if not (isinstance(node.op, ast.Or) and self._ruled_out(value))]
        parts = [self.visit(value) for value in open_ or node.values]
        return parts[0] if len(parts) == 1 else ast.BoolOp(node.op, parts)

    def _ruled_out(self, part: ast.expr) -> bool:
        """Is this false for reasons that are no number: a switch, or a chosen word?"""
        read = names(ast.unparse(part))
        return bool(read) and all(isinstance(self.env.get(name), bool | str) for name in read) and not _value(part, self.env, "")


def _literal(value: object) -> str:
    """A value as it stands in a formula for people: what grows with the batch as a multiple of N."""
    if type(value) is int and value and value % BATCH == 0:
        return "N" if value == BATCH else f"{value // BATCH} * N"
    return f"({', '.join(map(_literal, value))},)" if isinstance(value, tuple) else repr(value)


class _Numbers(ast.NodeTransformer):
    def __init__(self, env: Mapping[str, object]):
        self.env = env

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return ast.parse(_literal(self.env[node.id]), mode="eval").body if node.id in self.env else node


class _Renamed(ast.NodeTransformer):
    def __init__(self, table: Mapping[str, str]):
        self.table = table

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return ast.Name(self.table.get(node.id, node.id))


def _fresh(formula: str) -> ast.expr:
    return ast.parse(formula, mode="eval").body


def written(formula: str, env: Mapping[str, object], rename: Mapping[str, str] | None = None) -> str:
    """`formula` in names, only the branch that applies: "(H + 2*padding - 1) // stride + 1"."""
    return ast.unparse(_Renamed(rename or {}).visit(_Taken(env, formula).visit(_fresh(formula))))


def substituted(formula: str, env: Mapping[str, object]) -> str:
    """`formula` with numbers in place of names, only the branch that applies: "(28 + 2*0 - 1) // 2 + 1"."""
    return ast.unparse(_Numbers(env).visit(_Taken(env, formula).visit(_fresh(formula))))
