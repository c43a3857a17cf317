"""Arithmetic, comparisons, reductions and products in bricks."""

from __future__ import annotations

import math

import torch

from .pen import Pen, Wire
from .table import op


def number(value: object) -> object:
    """The number that a constant of one value is, else the value itself."""
    if isinstance(value, Wire) and value.number is not None and len(value.shape) <= 1:
        return value.number
    return value


def scalar(value: object) -> bool:
    """Is this a number and no tensor?"""
    return isinstance(value, int | float) and not isinstance(value, bool)


def wire(pen: Pen, value: object, like: Wire) -> Wire:
    """A number as a constant of the other operand's kind of numbers; a wire as it is."""
    if isinstance(value, Wire):
        return value
    is_whole = not like.dtype.is_floating_point and not isinstance(value, float)
    return pen.constant(value, torch.int64 if is_whole and not isinstance(value, bool) else torch.float32)


def scaled(pen: Pen, x: Wire, factor: float) -> Wire:
    """x times a number."""
    return x if factor == 1 else pen.lay("Neg", x) if factor == -1 else pen.lay("Scale", x, factor=float(factor))


def shifted(pen: Pen, x: Wire, value: float) -> Wire:
    """x plus a number."""
    return x if value == 0 else pen.lay("AddScalar", x, value=float(value))


@op("add", "add_", "__add__", "__radd__", "__iadd__")
def add(pen: Pen, a, b, alpha=1):
    a, b = number(a), number(b)
    if alpha != 1:
        b = b * alpha if scalar(b) else scaled(pen, b, alpha)
    if scalar(a):
        a, b = b, a
    return shifted(pen, a, b) if scalar(b) else pen.lay("Add", a, b)


@op("sub", "sub_", "__sub__", "__isub__", "subtract")
def sub(pen: Pen, a, b, alpha=1):
    a, b = number(a), number(b)
    if alpha != 1:
        b = b * alpha if scalar(b) else scaled(pen, b, alpha)
    if scalar(b):
        return shifted(pen, a, -b)
    return shifted(pen, pen.lay("Neg", b), a) if scalar(a) else pen.lay("Subtract", a, b)


@op("rsub", "__rsub__")
def rsub(pen: Pen, a, b, alpha=1):
    return sub(pen, b, a, alpha)


@op("mul", "mul_", "__mul__", "__rmul__", "__imul__", "multiply")
def mul(pen: Pen, a, b):
    a, b = number(a), number(b)
    if scalar(a):
        a, b = b, a
    if scalar(b):
        return scaled(pen, a, b)
    return pen.lay("Multiply", a, b)


@op("div", "div_", "__truediv__", "__itruediv__", "true_divide", "divide")
def div(pen: Pen, a, b, rounding_mode=None):
    a, b = number(a), number(b)
    if rounding_mode == "floor":
        return pen.lay("Floor", div(pen, a, b))
    if rounding_mode is not None:
        raise pen.refuse(f"rounding_mode={rounding_mode!r} has no brick")
    if scalar(b) and b and math.frexp(b)[0] in (0.5, -0.5):
        return scaled(pen, a, 1 / b)  # a power of two: nothing is rounded
    if scalar(a):
        return pen.lay("Reciprocal", b) if a == 1 else pen.lay("Divide", pen.constant(float(a)), b)
    return pen.lay("Divide", a, pen.constant(float(b)) if scalar(b) else b)


@op("floor_divide", "__floordiv__", "__ifloordiv__")
def floor_div(pen: Pen, a, b):
    return pen.lay("Floor", div(pen, a, b))


@op("__rtruediv__", "__rdiv__")
def rdiv(pen: Pen, a, b):
    return div(pen, b, a)


@op("pow", "pow_", "__pow__", "float_power")
def power(pen: Pen, x, exponent):
    exponent = number(exponent)
    if not scalar(exponent) or not isinstance(x, Wire):
        raise pen.refuse("only powers with a fixed exponent have a brick")
    return pen.lay("Square", x) if exponent == 2 else pen.lay("Power", x, exponent=float(exponent))


def _each(kind: str):
    def one(pen: Pen, x):
        return pen.lay(kind, x)
    return one


for _kind, _names in {"Exp": ("exp", "exp_"), "Log": ("log",), "Sqrt": ("sqrt", "sqrt_"), "Rsqrt": ("rsqrt", "rsqrt_"), "Abs": ("abs", "abs_", "absolute"),
                      "Neg": ("neg", "__neg__", "neg_", "negative"), "Reciprocal": ("reciprocal",), "Sin": ("sin",), "Cos": ("cos",),
                      "Round": ("round",), "Floor": ("floor",), "Sign": ("sign",), "Square": ("square",)}.items():
    op(*_names)(_each(_kind))


@op("clamp", "clamp_", "clip", "clip_")
def clamp(pen: Pen, x, min=None, max=None):
    low, high = number(min), number(max)
    if any(isinstance(bound, Wire) for bound in (low, high)):
        x = pen.lay("Maximum", x, wire(pen, low, x)) if low is not None else x
        return pen.lay("Minimum", x, wire(pen, high, x)) if high is not None else x
    return pen.lay("Clamp", x, min=None if low is None else float(low), max=None if high is None else float(high))


@op("clamp_min", "clamp_min_")
def clamp_min(pen: Pen, x, min):
    return clamp(pen, x, min=min)


@op("clamp_max", "clamp_max_")
def clamp_max(pen: Pen, x, max):
    return clamp(pen, x, max=max)


@op("maximum")
def maximum(pen: Pen, a, b):
    return pen.lay("Maximum", a, wire(pen, b, a))


@op("minimum")
def minimum(pen: Pen, a, b):
    return pen.lay("Minimum", a, wire(pen, b, a))


def _compared(sign: str):
    def compare(pen: Pen, a, b):
        return pen.lay("Compare", a, wire(pen, number(b), a), **{"is": sign})
    return compare


for _sign, _names in {"==": ("eq", "__eq__"), "!=": ("ne", "__ne__"), "<": ("lt", "__lt__"), "<=": ("le", "__le__"),
                      ">": ("gt", "__gt__"), ">=": ("ge", "__ge__")}.items():
    op(*_names)(_compared(_sign))


@op("masked_fill", "masked_fill_")
def masked_fill(pen: Pen, x, mask, value):
    value = number(value)
    if not scalar(value):
        raise pen.refuse("only a number can be filled in")
    return pen.lay("MaskedFill", x, mask) if value == -math.inf else pen.lay("MaskedFill", x, mask, fill="value", value=float(value))


@op("where")
def where(pen: Pen, condition, a, b):
    like = a if isinstance(a, Wire) else b
    if number(b) == -math.inf and isinstance(like, Wire):
        return pen.lay("MaskedFill", a, pen.lay("Compare", condition, pen.constant(0, torch.int64), **{"is": "=="}))
    return pen.lay("Where", condition, wire(pen, number(a), like), wire(pen, number(b), like))


@op("lerp")
def lerp(pen: Pen, a, b, weight):
    return add(pen, a, mul(pen, sub(pen, b, a), weight))


@op("addcmul", "addcmul_")
def addcmul(pen: Pen, x, a, b, value=1):
    return add(pen, x, scaled(pen, mul(pen, a, b), value))


@op("addcdiv")
def addcdiv(pen: Pen, x, a, b, value=1):
    return add(pen, x, scaled(pen, div(pen, a, b), value))


# Reductions.

def axes(pen: Pen, x: Wire, dim: object) -> tuple[int, ...]:
    """The axes that `dim` names; all of them for None. Counted from the end, where the same holds for inputs of other ranks."""
    dims = tuple(range(len(x.shape))) if dim is None or dim == () else tuple(dim) if isinstance(dim, list | tuple) else (dim,)
    return tuple(d % len(x.shape) for d in dims)


def _reduced(kind: str):
    def reduce(pen: Pen, x, dim=None, keepdim=False, dtype=None, axis=None):
        return pen.lay(kind, x, dims=axes(pen, x, dim if axis is None else axis), keepdim=keepdim)
    return reduce


op("mean")(_reduced("Mean"))
op("sum")(_reduced("Sum"))
op("amax")(_reduced("Max"))
op("amin")(_reduced("Min"))
op("logsumexp")(_reduced("LogSumExp"))


def _extreme(kind: str, of_two: str, position: str):
    def extreme(pen: Pen, x, dim=None, keepdim=False):
        if isinstance(dim, Wire):
            return pen.lay(of_two, x, dim)
        if dim is None:
            return pen.lay(kind, x, dims=axes(pen, x, None), keepdim=False)
        return (pen.lay(kind, x, dims=axes(pen, x, dim), keepdim=keepdim),
                pen.lay(position, x, dim=axes(pen, x, dim)[0], keepdim=keepdim))
    return extreme


op("max")(_extreme("Max", "Maximum", "ArgMax"))
op("min")(_extreme("Min", "Minimum", "ArgMin"))


@op("argmax")
def argmax(pen: Pen, x, dim=None, keepdim=False):
    if dim is None:
        raise pen.refuse("the largest of the whole batch mixes samples")
    return pen.lay("ArgMax", x, dim=axes(pen, x, dim)[0], keepdim=keepdim)


def _spread(kind: str):
    def spread(pen: Pen, x, dim=None, unbiased=None, keepdim=False, correction=None):
        if isinstance(dim, bool):
            dim, unbiased = None, dim
        correction = 1 if correction is None and unbiased in (None, True) else int(correction or 0)
        return pen.lay(kind, x, dims=axes(pen, x, dim), keepdim=keepdim, correction=correction)
    return spread


op("std")(_spread("Std"))
op("var")(_spread("Var"))


@op("var_mean")
def var_mean(pen: Pen, x, dim=None, unbiased=None, keepdim=False, correction=None):
    return _spread("Var")(pen, x, dim, unbiased, keepdim, correction), pen.lay("Mean", x, dims=axes(pen, x, dim), keepdim=keepdim)


@op("std_mean")
def std_mean(pen: Pen, x, dim=None, unbiased=None, keepdim=False, correction=None):
    return _spread("Std")(pen, x, dim, unbiased, keepdim, correction), pen.lay("Mean", x, dims=axes(pen, x, dim), keepdim=keepdim)


@op("prod")
def prod(pen: Pen, x, dim=None, keepdim=False, dtype=None):
    return pen.lay("Prod", x, dim=axes(pen, x, dim)[0], keepdim=keepdim)


@op("norm", "vector_norm", "linalg_vector_norm", "linalg_norm")
def norm(pen: Pen, x, p=2, dim=None, keepdim=False, dtype=None, ord=None):
    p = 2.0 if p in (None, "fro") else float(p if ord is None else ord)
    return pen.lay("Norm", x, dims=axes(pen, x, dim), keepdim=keepdim, p=p)


@op("cumsum")
def cumsum(pen: Pen, x, dim, dtype=None):
    return pen.lay("CumSum", x, dim=dim % len(x.shape))


# Products.

@op("matmul", "__matmul__", "bmm", "mm", "mv", "dot")
def matmul(pen: Pen, a, b):
    return pen.lay("MatMul", a, b)


@op("__rmatmul__")
def rmatmul(pen: Pen, a, b):
    return pen.lay("MatMul", b, a)


@op("addmm", "baddbmm", "addbmm")
def addmm(pen: Pen, x, a, b, beta=1, alpha=1):
    return add(pen, scaled(pen, x, beta), scaled(pen, pen.lay("MatMul", a, b), alpha))


@op("einsum")
def einsum(pen: Pen, equation, *operands):
    if len(operands) == 1 and isinstance(operands[0], list | tuple):
        operands = operands[0]
    equation = equation.replace(" ", "")
    if "->" not in equation or "..." in equation:
        equation = _spelled(pen, equation, operands)
    return pen.lay("Einsum", *operands, equation=equation)


def _spelled(pen: Pen, equation: str, operands) -> str:
    """The equation with a right side, and letters where it has dots."""
    left, arrow, right = equation.partition("->")
    free = [letter for letter in "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" if letter not in equation]
    terms = left.split(",")
    longest = 0
    for i, (term, operand) in enumerate(zip(terms, operands, strict=True)):
        if "..." in term:
            count = len(operand.shape) - len(term) + 3
            longest = max(longest, count)
            terms[i] = term.replace("...", "".join(free[:longest][longest - count:]) if count else "")
    dots = "".join(free[:longest])
    if not arrow:
        letters = "".join(terms)
        right = dots + "".join(sorted(letter for letter in set(letters) if letters.count(letter) == 1 and letter not in dots))
    return f"{','.join(terms)}->{right.replace('...', dots)}"
