"""Formulas as text: evaluated on numbers, and written out with the numbers in place of the names.

The language is a small part of Python's: names, numbers, strings, + - * / // % **, comparisons, and/or/not, `a if c else b`,
min, max, isqrt, cos and prod. Formulas stand in this package's own files; a user's text never reaches them.
"""

from __future__ import annotations

import ast
import functools
import math
import operator
import re
from collections.abc import Callable, Mapping

from .sizes import BATCH

OPERATORS = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv, ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod,
    ast.Pow: operator.pow, ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le,
    ast.Gt: operator.gt, ast.GtE: operator.ge, ast.USub: operator.neg, ast.Not: operator.not_,
}
FUNCTIONS = {"min": min, "max": max, "isqrt": math.isqrt, "cos": math.cos, "prod": lambda value: math.prod(value) if isinstance(value, tuple) else value}


class CatalogueError(ValueError):
    """A catalogue entry was declared or used wrongly."""


Formula = Callable[[Mapping[str, object]], object]


@functools.cache
def parse(formula: str) -> ast.expr:
    """The syntax tree of `formula`, parsed once."""
    return ast.parse(formula, mode="eval").body


@functools.cache
def names(formula: str) -> frozenset[str]:
    """The names that `formula` reads."""
    return _read(parse(formula))


def _read(tree: ast.AST) -> frozenset[str]:
    return frozenset(node.id for node in ast.walk(tree) if isinstance(node, ast.Name)) - set(FUNCTIONS)


def axes(side: str) -> list[str]:
    """Tokens of one side of a pattern: axis names, "..." and products "(A B)", as in einops."""
    return re.findall(r"\([^)]*\)|\S+", side)


def evaluate(formula: str, env: Mapping[str, object]) -> object:
    """Value of `formula` with the names of `env`; CatalogueError names the part that is not in the language."""
    return _formula(formula)(env)


@functools.cache
def _formula(formula: str) -> Formula:
    """A function of the names: built once, for a drawing is checked after every keystroke."""
    return _built(parse(formula), formula)


def _built(node: ast.expr, formula: str) -> Formula:
    def built(part: ast.expr) -> Formula:
        return _built(part, formula)

    match node:
        case ast.Constant(value=constant):
            return lambda env: constant
        case ast.Name(id=name):
            return lambda env: env[name] if name in env else _refused(node, env, formula)
        case ast.BinOp(left=left, op=op, right=right) | ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in OPERATORS:
            first, act, second = built(left), OPERATORS[type(op)], built(right)
            return lambda env: act(first(env), second(env))
        case ast.UnaryOp(op=op, operand=operand) if type(op) in OPERATORS:
            act, only = OPERATORS[type(op)], built(operand)
            return lambda env: act(only(env))
        case ast.BoolOp(op=ast.And() | ast.Or() as op, values=values):
            parts, every = [built(part) for part in values], all if isinstance(op, ast.And) else any
            return lambda env: every(part(env) for part in parts)
        case ast.IfExp(test=test, body=body, orelse=orelse):
            asked, yes, no = built(test), built(body), built(orelse)
            return lambda env: yes(env) if asked(env) else no(env)
        case ast.Call(func=ast.Name(id=function), args=args) if function in FUNCTIONS:
            call, given = FUNCTIONS[function], [built(part) for part in args]
            return lambda env: call(*(part(env) for part in given))
    return lambda env: _refused(node, env, formula)


def _refused(node: ast.expr, env: Mapping[str, object], formula: str) -> object:
    raise CatalogueError(f"formula {formula!r} uses {ast.unparse(node)!r}; known names: {sorted(env)}")


class _Taken(ast.NodeTransformer):
    """Replaces `a if c else b` by the branch that the numbers choose, and leaves out alternatives that a switch has ruled out."""

    def __init__(self, env: Mapping[str, object], formula: str):
        self.env, self.formula = env, formula

    def visit_IfExp(self, node: ast.IfExp) -> ast.expr:
        return self.visit(node.body if _built(node.test, self.formula)(self.env) else node.orelse)

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.expr:
        open_ = [value for value in node.values if not (isinstance(node.op, ast.Or) and self._ruled_out(value))]
        parts = [self.visit(value) for value in open_ or node.values]
        return parts[0] if len(parts) == 1 else ast.BoolOp(node.op, parts)

    def _ruled_out(self, part: ast.expr) -> bool:
        """Is this false for reasons that are no number: a switch, or a chosen word?"""
        read = _read(part)
        return bool(read) and all(isinstance(self.env.get(name), bool | str) for name in read) and not _built(part, self.formula)(self.env)


def _literal(value: object) -> str:
    """A value as it stands in a formula for people: what grows with the batch as a multiple of N."""
    if type(value) is int and value and value % BATCH == 0:
        return "N" if value == BATCH else f"{value // BATCH} * N"
    return f"({', '.join(map(_literal, value))},)" if isinstance(value, tuple) else repr(value)


# Around a name in a text that is made once and filled in often.
MARK = "\0"
MARKED = re.compile(f"{MARK}(\\w+){MARK}")


class _Marked(ast.NodeTransformer):
    def visit_Name(self, node: ast.Name) -> ast.expr:
        return node if node.id in FUNCTIONS else ast.Name(f"{MARK}{node.id}{MARK}")


class _Numbers(ast.NodeTransformer):
    def __init__(self, env: Mapping[str, object]):
        self.env = env

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return ast.parse(_literal(self.env[node.id]), mode="eval").body if node.id in self.env else node


def _taken(formula: str, env: Mapping[str, object]) -> ast.expr:
    """The syntax tree of the branch that applies."""
    return _Taken(env, formula).visit(ast.parse(formula, mode="eval").body)


@functools.cache
def _plain(formula: str) -> str | None:
    """The text of a formula without alternatives, its names marked; None for others, whose text depends on the numbers."""
    tree = parse(formula)
    alternatives = any(isinstance(node, ast.IfExp | ast.BoolOp) for node in ast.walk(tree))
    return None if alternatives else ast.unparse(_Marked().visit(ast.parse(formula, mode="eval").body))


def _filled(formula: str, env: Mapping[str, object], put: Callable[[str], str]) -> str:
    text = _plain(formula) or ast.unparse(_Marked().visit(_taken(formula, env)))
    return MARKED.sub(lambda found: put(found[1]), text)


def written(formula: str, env: Mapping[str, object], rename: Mapping[str, str] | None = None) -> str:
    """`formula` in names, only the branch that applies: "(H + 2*padding - 1) // stride + 1"."""
    return _filled(formula, env, lambda name: (rename or {}).get(name, name))


def substituted(formula: str, env: Mapping[str, object]) -> str:
    """`formula` with numbers in place of names, only the branch that applies: "(28 + 2*0 - 1) // 2 + 1"."""
    given = {name: _literal(env[name]) for name in names(formula) if name in env}
    # What is more than one figure may need brackets, which the tree knows of.
    if not all(text.isalnum() for text in given.values()):
        return ast.unparse(_Numbers(env).visit(_taken(formula, env)))
    return _filled(formula, env, lambda name: given.get(name, name))
