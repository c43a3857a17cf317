"""Many numbers to one, along chosen axes."""

from __future__ import annotations

import math

from .combining import Made, Values, combining, listed, made, own_axes, own_axis, refuse, replaced
from .params import Bool, Float, Int, Ints
from .reach import everything, mixed
from .reach import reduced as taken
from .sizes import BATCH, Shape, show
from .spec import Layer, Template, register

TORCH = "https://docs.pytorch.org/docs/stable/generated/torch."
DIMS = Ints("dims", (-1,), "the axes that are taken together; -1 is the last", min=None, most=8)
DIM = Int("dim", -1, "the axis that is taken together; -1 is the last", min=None)
KEEP = Bool("keepdim", False, "keep each axis as one of size 1")


def reduced(values: Values, x: Shape) -> Made:
    """The axes in `dims` (or `dim`) become one number."""
    dims = values.get("dims", (values.get("dim"),))
    at = own_axes(x, dims, "dims" if "dims" in values else "dim")
    shape = tuple(1 if i in at else size for i, size in enumerate(x) if values["keepdim"] or i not in at)
    count = math.prod(x[i] for i in at)
    return made(shape, f"{show(x)} → {show(shape)}: {' * '.join(str(x[i]) for i in at)}{f' = {count}' if len(at) > 1 else ''} numbers become one")


def _called(function: str, *more: str) -> Template:
    """The call of a function along axes: one axis as a number, several as a tuple."""

    def call(values: Values) -> str:
        dims = values.get("dims", (values.get("dim"),))
        parts = [*more, f"dim={ascii(dims[0] if len(dims) == 1 else tuple(dims))}", *(["keepdim=True"] if values["keepdim"] else [])]
        return f"{function}({{0}}, {', '.join(parts)})"

    return call


def reduction(kind: str, summary: str, function: str, *params, more: tuple[str, ...] = (), dims: Ints | Int = DIMS, reads: str = "float", gives: str = "same",
              keeps: str = "inputs") -> Layer:
    """Declare a layer that takes numbers along axes together."""
    return register(Layer(kind=kind, stem=kind.lower(), category="Reduction", summary=summary, call=_called(function, *more), pattern="... -> ...",
                          source=f"{TORCH}{function.removeprefix('torch.')}.html", params=(dims, KEEP, *params), keys=(dims.name,), reads=reads, gives=gives,
                          combine=combining(reduced), window=taken(dims.name), keeps=keeps))


CORRECTION = Int("correction", 1, "what is taken off the count: 1 as of a sample, 0 as of everything", min=0, max=1000)
reduction("Mean", "The mean of the numbers along the chosen axes.", "torch.mean", keeps="")
reduction("Sum", "The sum of the numbers along the chosen axes.", "torch.sum", reads="any", keeps="")
reduction("Max", "The largest number along the chosen axes.", "torch.amax", reads="any")
reduction("Min", "The smallest number along the chosen axes.", "torch.amin", reads="any")
reduction("Prod", "The product of the numbers along one axis.", "torch.prod", dims=DIM, reads="any")
reduction("Std", "The standard deviation of the numbers along the chosen axes.", "torch.std", CORRECTION, more=("correction={correction}",))
reduction("Var", "The variance of the numbers along the chosen axes.", "torch.var", CORRECTION, more=("correction={correction}",))
reduction("LogSumExp", "The logarithm of the sum of exponentials along the chosen axes: a smooth maximum.", "torch.logsumexp")
reduction("Norm", "The length of the numbers along the chosen axes as a vector.", "torch.linalg.vector_norm",
          Float("p", 2.0, "which length: 2 the Euclidean, 1 the sum of absolute values", min=0.0), more=("{p}",))
reduction("ArgMax", "The position of the largest number along one axis, as a whole number.", "torch.argmax", dims=DIM, reads="any", gives="int", keeps="")
reduction("ArgMin", "The position of the smallest number along one axis, as a whole number.", "torch.argmin", dims=DIM, reads="any", gives="int", keeps="")


def running(values: Values, x: Shape) -> Made:
    """CumSum: the same shape."""
    at = own_axis(x, values["dim"])
    return made(x, f"the last of every {listed([x[at]])} numbers is the sum of all of them")


register(Layer(
    kind="CumSum", category="Reduction", call="{0}.cumsum({dim})", combine=combining(running), window=mixed("dim"), keeps="", reads="any", pattern="... -> ...", keys=("dim",),
    summary="The sum of all numbers so far along one axis.", source=f"{TORCH}cumsum.html",
    params=(Int("dim", -1, "the axis that is summed along; -1 is the last", min=None),),
))


def picked(values: Values, x: Shape, index: Shape) -> Made:
    """TakeAt: one position a sample."""
    if len(x) < 2 or len(index) != 1 or index[0] != x[0]:
        refuse(f"needs N×L×… and one position a sample; received {show(x)} and {show(index)}", f"the second input should be {show(x[:1])}", "rank")
    return made(replaced(x, 1), f"one of {listed([x[1]])} positions of every sample → {show(replaced(x, 1))}")


register(Layer(
    kind="TakeAt", stem="take", category="Reduction", inputs=(2, 2), combine=combining(picked), window=everything, input_names=("x", "index"), reads="any int",
    call="{0}[torch.arange({0}.shape[0], device={0}.device), {1}]", pattern="N L ..., N -> N ...", example=((BATCH, 28, 28), (BATCH,)),
    summary="Takes of every sample the entry at its own position, as the end of a sentence.",
    source="Radford et al. 2021, arXiv:2103.00020, section 2.4; https://docs.pytorch.org/docs/stable/tensor_view.html",
))
