"""Layers that join several branches."""

from collections.abc import Mapping, Sequence

from .combining import Made, Values, broadcast_shape, combining, listed, made, no_crossing
from .params import Int
from .reach import elementwise, joined
from .sizes import Shape, carries_batch, show, size_text
from .spec import Layer, Problem, register


def _listed(inputs: Sequence[Shape]) -> str:
    return listed([show(shape) for shape in inputs], " and ")


def _column(inputs: Sequence[Shape], axis: int) -> list[str]:
    return [size_text(shape[axis]) for shape in inputs]


def added(values: Values, *inputs: Shape) -> Made:
    """Add and Multiply: torch's broadcasting, axes aligned from the right."""
    shape = broadcast_shape(*inputs)
    no_crossing(shape, inputs)
    return made(shape, f"{_listed(inputs)} → {show(shape)}")


def concatenated(inputs: Sequence[Shape], values: Mapping[str, object]):
    """Concat: sizes add up along `dim`, all others must agree."""
    dim, ranks = values["dim"], {len(shape) for shape in inputs}
    rank = len(inputs[0])
    if len(ranks) > 1:
        return None, [Problem(f"needs inputs with equally many axes; received {_listed(inputs)}", "", "rank")], [], {}
    is_batch = dim in (0, -rank) and any(carries_batch(shape[:1]) for shape in inputs)
    if not -rank <= dim < rank or is_batch:
        said = f"axis {dim} is the batch; samples must not be mixed" if is_batch else f"there is no axis {dim} in inputs of {rank} axes"
        return None, [Problem(said, f"needs 1 <= dim < {rank}", "dim", "dim")], [], {}
    axis = dim % rank
    differing = [i for i in range(rank) if i != axis and len({shape[i] for shape in inputs}) > 1]
    if differing:
        sizes = listed(_column(inputs, differing[0]), " and ")
        return None, [Problem(f"needs equal sizes on every axis but {axis}; received {_listed(inputs)}",
                              f"axis {differing[0]} has {sizes}", "spatial" if differing[0] > 1 else "channels")], [], {}
    total = sum(shape[axis] for shape in inputs)
    step = f"{listed(_column(inputs, axis), ' + ')} = {size_text(total)}"
    return (*inputs[0][:axis], total, *inputs[0][axis + 1:]), [], [step], {"rank": rank}


register(Layer(
    kind="Add", stem="add", category="Merge", operator="+", inputs=(2, None), combine=combining(added), reads="any", window=elementwise, keeps="",
    summary="Adds its inputs number by number: the joint of a residual connection.",
    source="He et al. 2015, arXiv:1512.03385; https://docs.pytorch.org/docs/stable/notes/broadcasting.html", pattern="..., ... -> ...",
))
register(Layer(
    kind="Multiply", stem="mul", category="Merge", operator="*", inputs=(2, None), combine=combining(added), reads="any", window=elementwise,
    summary="Multiplies its inputs number by number; N×C×1×1 scales whole channels.",
    source="Hu et al. 2018, arXiv:1709.01507; https://docs.pytorch.org/docs/stable/notes/broadcasting.html", pattern="..., ... -> ...",
))
register(Layer(
    kind="Concat", stem="concat", category="Merge", call="torch.cat([{args}], dim={dim})", inputs=(2, None), combine=concatenated, reads="any", window=joined("dim"), keeps="",
    summary="Lays its inputs side by side along one axis, usually the channels.",
    source="https://docs.pytorch.org/docs/stable/generated/torch.cat.html", pattern="N C1 H W, N C2 H W -> N C1+C2 H W",
    params=(Int("dim", 1, "the axis along which sizes add up; 1 is channels or features", min=None),), keys=("dim",),
))
