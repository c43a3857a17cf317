"""What rearranges numbers, in bricks: reshaping, axes in another order, slices, indices, copies."""

from __future__ import annotations

import math

import torch

from builder.catalogue import Shape, carries_batch

from .arithmetic import axes, number, scalar
from .pen import Pen, Wire
from .table import op


def sizes_of(given: tuple) -> tuple[int, ...]:
    """Sizes given one by one or as one list."""
    return tuple(given[0]) if len(given) == 1 and isinstance(given[0], list | tuple) else tuple(given)


def filled(pen: Pen, x: Wire, target: tuple[int, ...]) -> Shape:
    """The target shape with its -1 worked out."""
    known = math.prod(size for size in target if size != -1)
    if -1 not in target:
        return target
    if not known or math.prod(x.shape) % known:
        raise pen.refuse(f"{x.shape} does not fill {target}")
    return tuple(math.prod(x.shape) // known if size == -1 else size for size in target)


def reshaped(pen: Pen, x: Wire, target: tuple[int, ...]) -> Wire:
    """x laid out in other axes."""
    full = filled(pen, x, target)
    if full == x.shape:
        return x
    if not full:
        return _alone(pen, x)
    if x.shape and full[0] == x.shape[0] and len(full) > 1:
        if not any(map(carries_batch, ((size,) for size in full[1:]))):
            if len(full) == 2 and len(x.shape) > 2 and carries_batch(full[:1]):
                return pen.lay("Flatten", x)
            rest = target[1:] if target[1:].count(-1) == 1 and -1 != target[0] and not carries_batch(target[1:]) else full[1:]
            return pen.lay("Reshape", x, shape=rest)
    grows = [i for i, size in enumerate(full) if carries_batch((size,))]
    if len(grows) > 1:
        raise pen.refuse(f"two axes of the result grow with the batch ({full})")
    return pen.lay("Reshape", x, shape=tuple(-1 if i in grows else size for i, size in enumerate(full)), keep_batch=False)


def _alone(pen: Pen, x: Wire) -> Wire:
    for _ in x.shape:
        x = pen.lay("Squeeze", x, dim=0)
    return x


@op("reshape", "view", "_reshape_alias", "unsafe_view")
def reshape(pen: Pen, x, *shape, **named):
    shape = sizes_of(shape or tuple(named.values()))
    if shape and isinstance(shape[0], torch.dtype):
        raise pen.refuse("the bits of numbers read as other numbers have no brick")
    return reshaped(pen, x, tuple(shape))


@op("reshape_as", "view_as")
def reshape_as(pen: Pen, x, other):
    return reshaped(pen, x, other.shape)


@op("flatten", "ravel")
def flatten(pen: Pen, x, start_dim=0, end_dim=-1):
    rank = len(x.shape)
    first, last = start_dim % max(rank, 1), end_dim % max(rank, 1)
    if first == last:
        return x
    if first >= 1 and not carries_batch(x.shape[first:last + 1]):
        end = -1 if last == rank - 1 else last
        return pen.lay("Flatten", x, start_dim=first, end_dim=end)
    return reshaped(pen, x, (*x.shape[:first], math.prod(x.shape[first:last + 1]), *x.shape[last + 1:]))


@op("unflatten")
def unflatten(pen: Pen, x, dim, sizes):
    dim %= len(x.shape)
    return reshaped(pen, x, (*x.shape[:dim], *sizes, *x.shape[dim + 1:]))


@op("permute")
def permute(pen: Pen, x, *dims, **named):
    order = tuple(dim % len(x.shape) for dim in sizes_of(dims or tuple(named.values())))
    return x if order == tuple(range(len(order))) else pen.lay("Permute", x, dims=order)


@op("movedim", "moveaxis")
def movedim(pen: Pen, x, source, destination):
    rank = len(x.shape)
    source, destination = ([dims] if isinstance(dims, int) else list(dims) for dims in (source, destination))
    order = [i for i in range(rank) if i not in {s % rank for s in source}]
    for to, what in sorted((d % rank, s % rank) for s, d in zip(source, destination, strict=True)):
        order.insert(to, what)
    return permute(pen, x, *order)


@op("transpose", "swapaxes", "swapdims", "transpose_")
def transpose(pen: Pen, x, dim0, dim1):
    one, other = sorted(dim % len(x.shape) for dim in (dim0, dim1))
    return x if one == other else pen.lay("Transpose", x, dim0=one, dim1=other)


@op("t", "T", "mT")
def turned(pen: Pen, x):
    return transpose(pen, x, -2, -1) if len(x.shape) > 1 else x


@op("squeeze", "squeeze_")
def squeeze(pen: Pen, x, dim=None):
    chosen = axes(pen, x, dim)
    for at in sorted(chosen, reverse=True):
        if x.shape[at] == 1:
            x = pen.lay("Squeeze", x, dim=at)
    return x


@op("unsqueeze", "unsqueeze_")
def unsqueeze(pen: Pen, x, dim):
    return pen.lay("Unsqueeze", x, dim=dim % (len(x.shape) + 1))


def expanded(pen: Pen, x: Wire, sizes: tuple[int, ...]) -> Wire:
    """x repeated along axes of size 1, without copies."""
    new = len(sizes) - len(x.shape)
    target = (*sizes[:new], *(have if size == -1 else size for have, size in zip(x.shape, sizes[new:], strict=True)))
    if target == x.shape:
        return x
    for _ in range(new):
        x = pen.lay("Unsqueeze", x, dim=0)
    if any(carries_batch((size,)) and have != size for size, have in zip(target[1:], x.shape[1:], strict=True)):
        raise pen.refuse("only the first axis can be repeated for every sample")
    first_grows = carries_batch(target[:1]) and x.shape[0] != target[0]
    rest = tuple(-1 if size == have or first_grows and i == 0 else size for i, (size, have) in enumerate(zip(target, x.shape, strict=True)))
    if set(rest) != {-1}:
        x = pen.lay("Expand", x, sizes=rest)
    return pen.lay("ExpandBatch", x, pen.like(target[0])) if first_grows else x


@op("expand", "broadcast_to")
def expand(pen: Pen, x, *sizes, **named):
    return expanded(pen, x, sizes_of(sizes or tuple(named.values())))


@op("expand_as")
def expand_as(pen: Pen, x, other):
    return expanded(pen, x, other.shape)


@op("repeat", "tile")
def repeat(pen: Pen, x, *sizes, **named):
    sizes = sizes_of(sizes or tuple(named.values()))
    sizes = (1,) * (len(x.shape) - len(sizes)) + sizes
    shape = (1,) * (len(sizes) - len(x.shape)) + x.shape
    for _ in range(len(sizes) - len(x.shape)):
        x = pen.lay("Unsqueeze", x, dim=0)
    if all(size == 1 for size in sizes):
        return x
    if carries_batch(sizes[:1]) and shape[0] == 1 and set(sizes[1:]) <= {1}:
        return pen.lay("ExpandBatch", x, pen.like(sizes[0]))
    if carries_batch(sizes):
        raise pen.refuse("copies of more than one axis for every sample have no brick")
    if carries_batch(shape[:1]) and sizes[0] > 1:
        whole = pen.lay("Expand", pen.lay("Unsqueeze", x, dim=0), sizes=(sizes[0], *(-1,) * len(shape)))
        x = pen.lay("Reshape", whole, shape=(-1, *shape[1:]), keep_batch=False)
        sizes = (1, *sizes[1:])
        if set(sizes) == {1}:
            return x
    return pen.lay("Repeat", x, sizes=sizes)


@op("repeat_interleave")
def repeat_interleave(pen: Pen, x, repeats, dim=None, output_size=None):
    if dim is None or not isinstance(number(repeats), int):
        raise pen.refuse("only a fixed number of repeats along one axis has a brick")
    dim %= len(x.shape)
    if carries_batch(x.shape[dim:dim + 1]) and dim == 0:
        copies = pen.lay("Expand", pen.lay("Unsqueeze", x, dim=1), sizes=(-1, number(repeats), *(-1,) * (len(x.shape) - 1)))
        return pen.lay("Reshape", copies, shape=(-1, *x.shape[1:]), keep_batch=False)
    return pen.lay("RepeatInterleave", x, repeats=number(repeats), dim=dim)


@op("roll")
def roll(pen: Pen, x, shifts, dims=None):
    shifts, dims = ((one,) if isinstance(one, int) else tuple(one or ()) for one in (shifts, dims))
    if not dims:
        raise pen.refuse("rolling the whole batch mixes samples")
    return x if not any(shifts) else pen.lay("Roll", x, shifts=shifts, dims=tuple(dim % len(x.shape) for dim in dims))


@op("flip")
def flip(pen: Pen, x, *dims, **named):
    return pen.lay("Flip", x, dims=axes(pen, x, sizes_of(dims or tuple(named.values()))))


# Taking apart and putting together.

@op("cat", "concat", "concatenate")
def cat(pen: Pen, tensors, dim=0, axis=None, out=None):
    tensors = [tensor for tensor in tensors if 0 not in tensor.shape] or list(tensors)
    dim = (dim if axis is None else axis) % len(tensors[0].shape)
    return tensors[0] if len(tensors) == 1 else pen.lay("Concat", *tensors, dim=dim)


@op("stack")
def stack(pen: Pen, tensors, dim=0):
    return pen.lay("Stack", *tensors, dim=dim % (len(tensors[0].shape) + 1)) if len(tensors) > 1 else unsqueeze(pen, tensors[0], dim)


def _pieces(made: object) -> tuple[Wire, ...]:
    return made if isinstance(made, tuple) else (made,)


@op("chunk")
def chunk(pen: Pen, x, chunks, dim=0):
    dim %= len(x.shape)
    return (x,) if chunks == 1 else _pieces(pen.lay("Chunk", x, chunks=chunks, dim=dim))


@op("split", "split_with_sizes", "tensor_split")
def split(pen: Pen, x, split_size, dim=0, **named):
    dim %= len(x.shape)
    length = x.shape[dim]
    if isinstance(split_size, int):
        parts = split_size if pen.op == "split" else -(-length // split_size)
        split_size = [parts] * (length // parts) + ([length % parts] if length % parts else [])
    return (x,) if len(split_size) == 1 else _pieces(pen.lay("Split", x, sizes=tuple(split_size), dim=dim))


@op("unbind")
def unbind(pen: Pen, x, dim=0):
    dim %= len(x.shape)
    return tuple(pen.lay("Select", x, dim=dim, index=i) for i in range(x.shape[dim]))


def sliced(pen: Pen, x: Wire, dim: int, start: int, stop: int, step: int = 1) -> Wire:
    """Part of an axis."""
    length = x.shape[dim]
    if (start, step) == (0, 1) and stop >= length:
        return x
    if start >= stop and step > 0:
        # Nothing is left: as where a model without a class token takes none of them off. Laid side by side with others it goes; no brick holds it.
        return Wire((*x.shape[:dim], 0, *x.shape[dim + 1:]), x.dtype)
    until = {} if stop >= length else {"stop": stop}
    return pen.lay("Slice", x, dim=dim, start=start, **until, step=step)


@op("narrow")
def narrow(pen: Pen, x, dim, start, length):
    return sliced(pen, x, dim % len(x.shape), start, start + length)


@op("select")
def select(pen: Pen, x, dim, index):
    return pen.lay("Select", x, dim=dim % len(x.shape), index=index % x.shape[dim])


@op("__getitem__")
def getitem(pen: Pen, x, index):
    index = index if isinstance(index, tuple) else (index,)
    named = sum(part is not None and part is not Ellipsis for part in index)
    if Ellipsis in [part for part in index if not isinstance(part, Wire)]:
        at = next(i for i, part in enumerate(index) if part is Ellipsis)
        index = (*index[:at], *(slice(None),) * (len(x.shape) - named), *index[at + 1:])
    at, tables = 0, []
    for part in index:
        if part is None:
            x = unsqueeze(pen, x, at)
            at += 1
        elif isinstance(part, slice):
            if part != slice(None):
                x = sliced(pen, x, at, *_bounds(pen, part, x.shape[at]))
            at += 1
        elif isinstance(part, Wire | list | tuple) and not (isinstance(part, Wire) and number(part) is not part):
            tables.append((at, part if isinstance(part, Wire) else pen.constant(list(part), torch.int64)))
            at += 1
        else:
            x = pen.lay("Select", x, dim=at, index=int(number(part)) % x.shape[at])
    return _looked_up(pen, x, tables) if tables else x


def _bounds(pen: Pen, part: slice, length: int) -> tuple[int, int, int]:
    start, stop, step = (number(bound) for bound in (part.start, part.stop, part.step))
    if any(isinstance(bound, Wire) for bound in (start, stop, step)):
        raise pen.refuse("a slice whose bounds are worked out from the data has no brick")
    return slice(start, stop, step).indices(length)


def _looked_up(pen: Pen, x: Wire, tables: list[tuple[int, Wire]]) -> Wire:
    """x read at the places of a table of positions, along one axis."""
    if len(tables) == 2 and tables[0][0] == 0 and tables[1][0] == 1 and _counts(tables[0][1]) and len(tables[1][1].shape) == 1:
        return pen.lay("TakeAt", x, tables[1][1])
    if len(tables) > 1:
        raise pen.refuse("reading at positions along several axes at once has no brick")
    axis, ids = tables[0]
    if ids.dtype == torch.bool:
        if ids.constant is None or len(ids.shape) != 1:
            raise pen.refuse("how many numbers a mask lets through depends on the data")
        ids = pen.constant(ids.constant.nonzero().flatten(), torch.int64)
    if ids.constant is not None and bool((ids.constant < 0).any()):
        ids = pen.constant(torch.where(ids.constant < 0, ids.constant + x.shape[axis], ids.constant), torch.int64)
    return taken(pen, x, axis, ids)


def _counts(ids: Wire) -> bool:
    """Is this arange(N), one position a sample?"""
    return ids.kind == "constant" and ids.name == "arange"


def taken(pen: Pen, x: Wire, axis: int, ids: Wire) -> Wire:
    """x read along one axis at whole-number positions."""
    if carries_batch(x.shape[axis:axis + 1]):
        raise pen.refuse("reading along the batch mixes samples")
    rank, deep = len(x.shape), len(ids.shape)
    order = (axis, *(i for i in range(rank) if i != axis))
    rows = permute(pen, x, *order)
    rest = rows.shape[1:]
    if len(rest) != 1:
        rows = reshaped(pen, rows, (rows.shape[0], math.prod(rest)) if not carries_batch(rest) else (rows.shape[0], -1))
    found = pen.lay("EmbeddingWith", ids, rows)
    if len(rest) != 1:
        found = reshaped(pen, found, (*ids.shape, *rest))
    return permute(pen, found, *range(deep, deep + axis), *range(deep), *range(deep + axis, deep + rank - 1))


@op("index_select")
def index_select(pen: Pen, x, dim, index):
    return taken(pen, x, dim % len(x.shape), index)


@op("gather")
def gather(pen: Pen, x, dim, index, sparse_grad=False):
    return pen.lay("Gather", x, index, dim=dim % len(x.shape))


@op("__setitem__")
def setitem(pen: Pen, x, index, value):
    """A slice written: what stands before it, the new numbers, what stands behind it."""
    index = index if isinstance(index, tuple) else (index,)
    if any(not isinstance(part, slice) for part in index):
        raise pen.refuse("only slices can be written")
    cuts = [i for i, part in enumerate(index) if _bounds(pen, part, x.shape[i]) != (0, x.shape[i], 1)]
    if not cuts:
        return expanded(pen, value, x.shape) if isinstance(value, Wire) else _full(pen, x.shape, value)
    if len(cuts) > 1:
        raise pen.refuse("only slices along one axis can be written")
    at = cuts[0]
    start, stop, step = _bounds(pen, index[at], x.shape[at])
    if step != 1:
        raise pen.refuse("only slices without gaps can be written")
    shape = (*x.shape[:at], stop - start, *x.shape[at + 1:])
    value = number(value)
    new = _full(pen, shape, value) if scalar(value) else value if value.shape == shape else expanded(pen, value, shape)
    parts = [*([sliced(pen, x, at, 0, start)] if start else []), new, *([sliced(pen, x, at, stop, x.shape[at])] if stop < x.shape[at] else [])]
    return pen.lay("Concat", *parts, dim=at)


def _full(pen: Pen, shape: Shape, value: float) -> Wire:
    if carries_batch(shape):
        if not carries_batch(shape[1:]):
            one = pen.constant(torch.full((1, *shape[1:]), float(value)))
            return pen.lay("ExpandBatch", one, pen.like(shape[0]))
        raise pen.refuse("a constant as large as the batch has no brick")
    return pen.constant(torch.full(shape, float(value)))


@op("zero_")
def zero(pen: Pen, x):
    return _full(pen, x.shape, 0.0)


@op("fill_")
def fill(pen: Pen, x, value):
    return _full(pen, x.shape, number(value))


@op("copy_")
def copied(pen: Pen, x, source, non_blocking=False):
    return expanded(pen, source, x.shape)


# The same numbers.

@op("contiguous", "clone", "detach", "alias", "requires_grad_", "cpu", "resolve_conj", "data", "positive", "dropout_", "identity")
def unchanged(pen: Pen, x, *_args, **_kwargs):
    return x


KINDS = {torch.float32: "float32", torch.int64: "int64", torch.bool: "bool"}


def cast(pen: Pen, x: Wire, dtype: torch.dtype | None) -> Wire:
    """x as numbers of another kind."""
    if dtype is None or dtype == x.dtype:
        return x
    if dtype not in KINDS:
        raise pen.refuse(f"numbers of type {dtype} have no brick; there are {', '.join(KINDS.values())}")
    return pen.lay("Cast", x, dtype=KINDS[dtype])


@op("to", "type", "type_as")
def to(pen: Pen, x, *args, dtype=None, **_named):
    for one in args:
        dtype = one if isinstance(one, torch.dtype) else one.dtype if isinstance(one, Wire) else dtype
    return cast(pen, x, dtype)


op("float")(lambda pen, x, **_: cast(pen, x, torch.float32))
op("long")(lambda pen, x, **_: cast(pen, x, torch.int64))
op("bool")(lambda pen, x, **_: cast(pen, x, torch.bool))


@op("pad")
def pad(pen: Pen, x, pad, mode="constant", value=None):
    if not any(pad):
        return x
    # A document holds no infinity; the lowest number is below all others too, as the pooling that follows wants it.
    lowest, highest = torch.finfo(torch.float32).min, torch.finfo(torch.float32).max
    return pen.lay("Pad", x, padding=tuple(pad), mode=mode, value=min(max(float(value or 0), lowest), highest))


def _triangle(kind: str):
    return lambda pen, x, diagonal=0: pen.lay(kind, x, diagonal=diagonal)


op("tril")(_triangle("Tril"))
op("triu")(_triangle("Triu"))


@op("columns")
def columns(pen: Pen, x, kernel_size, dilation=1, padding=0, stride=1):
    """F.unfold: windows of an image as columns."""
    given = {"kernel_size": kernel_size, "dilation": dilation, "padding": padding, "stride": stride}
    return pen.lay("Unfold", x, **{name: tuple(value) if isinstance(value, list) else value for name, value in given.items()})


@op("windows")
def windows(pen: Pen, x, dimension, size, step):
    """Tensor.unfold: windows along one axis; their numbers have an axis of their own at the end."""
    return pen.lay("Windows", x, dim=dimension % len(x.shape), size=size, step=step)


@op("fold")
def fold(pen: Pen, x, output_size, kernel_size, dilation=1, padding=0, stride=1):
    given = {"output_size": output_size, "kernel_size": kernel_size, "dilation": dilation, "padding": padding, "stride": stride}
    return pen.lay("Fold", x, **{name: tuple(value) if isinstance(value, list) else value for name, value in given.items()})


@op("meshgrid")
def meshgrid(pen: Pen, *_args, **_kwargs):
    raise pen.refuse("a grid that depends on the input has no brick")


