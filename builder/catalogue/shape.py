"""Layers that only rearrange."""

import math
from collections.abc import Mapping, Sequence

from .formulas import DOCS
from .params import Int
from .reach import regrouped
from .sizes import Shape, carries_batch, show, size_text
from .spec import Layer, Problem, register


def flattened(inputs: Sequence[Shape], values: Mapping[str, object]):
    """Flatten: the axes start_dim to end_dim become one."""
    shape, start, end = inputs[0], values["start_dim"], values["end_dim"]
    rank = len(shape)
    problems = [Problem(f"{name} {dim}: there is no such axis in an input of {rank} axes", f"needs {-rank} <= {name} < {rank}, here {dim}", "dim", name)
                for name, dim in (("start_dim", start), ("end_dim", end)) if not -rank <= dim < rank]
    first, last = start % rank, end % rank
    if not problems and first == 0 and carries_batch(shape[:1]):
        problems.append(Problem(f"start_dim {start} is the batch; samples must not be joined", "needs start_dim >= 1", "dim", "start_dim"))
    if not problems and first > last:
        problems.append(Problem(f"start_dim {start} comes after end_dim {end} in {show(shape)}", f"needs {first} <= {last}",
                                "dim", "start_dim"))
    product = math.prod(shape[first:last + 1])
    step = f"{' * '.join(map(size_text, shape[first:last + 1]))} = {size_text(product)}"
    return (*shape[:first], product, *shape[last + 1:]), problems, [step], {"rank": rank}


register(Layer(
    kind="Flatten", stem="flatten", category="Shape", module="torch.nn.Flatten",
    summary="Lays all axes but the batch out in one row, so that a Linear layer can read them.",
    source=DOCS + "Flatten.html", pattern="N C H W -> N (C H W)", combine=flattened, window=regrouped, keeps="", view=True,
    params=(Int("start_dim", 1, "first axis that is joined", min=None), Int("end_dim", -1, "last axis that is joined", min=None)),
))
