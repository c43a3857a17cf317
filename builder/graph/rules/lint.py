"""What torch would accept and nobody means, and what papers advise against: rules on a brick and its neighbours.

A rule reads its brick, the bricks that it is wired to through bricks of one input, and the project's settings; every figure in what it
says is worked out from their shapes and parameters. `codes.CODES` lists the kinds of mistake.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator, Mapping

from builder.catalogue import show

from ..analysis import Analysis, Placed
from ..document import Edge, Project
from ..memo import by_identity
from ..problems import Problem, batch
from . import fixes, reshape
from .words import has_window, listed, one, said

Rule = Callable[[Analysis, Placed, Project], Iterator[Problem]]
MOST_RUN = 40  # bricks of a run that are named and mended at once
IMAGE = 4  # axes of N×C×H×W
LARGE = 9  # a window from this height on is costly


def lint(analysis: Analysis, placed: Placed, project: Project) -> Iterator[Problem]:
    """Warnings and advice on one brick whose shape is known."""
    if placed.layer is None or placed.shape is None or placed.node.muted:
        return
    for rule in rules(placed.node.kind, placed.layer.category):
        yield from rule(analysis, placed, project)


@functools.cache
def rules(kind: str, category: str) -> tuple[Rule, ...]:
    """The rules for bricks of a kind."""
    return (*BY_CATEGORY.get(category, ()), *BY_KIND.get(kind, ()))


# ---- Neighbours ----


def above(analysis: Analysis, name: str) -> Placed | None:
    """The brick that feeds `name`, when just one wire does; muted bricks are looked through."""
    edges = analysis.network.into(name)
    found = analysis.placed.get(edges[0].source) if len(edges) == 1 else None
    # A muted brick in a circle has no shape: that ends a walk that would go on for ever.
    while found is not None and found.node.muted and found.shape is not None:
        edges = analysis.network.into(found.node.id)
        found = analysis.placed.get(edges[0].source) if edges else None
    return found


def below(analysis: Analysis, name: str) -> Placed | None:
    """The brick that `name` feeds, when it is just one; muted bricks are looked through."""
    while True:
        edges = analysis.network.out_of(name)
        found = analysis.placed.get(edges[0].target) if len(edges) == 1 else None
        if found is None or not found.node.muted or found.shape is None:
            return found
        name = found.node.id


def category(placed: Placed | None) -> str:
    """The catalogue's category of a brick; empty for none."""
    return placed.layer.category if placed and placed.layer else ""


def role(placed: Placed) -> str:
    """What a brick does to a weighted sum: makes one ("sums"), keeps it one ("keeps"), bends it ("bends"), hardly bends it ("weak")."""
    found = placed.inference
    return _role(placed.node.kind, placed.layer.category) if found is not None and found.shape is not None else ""


@functools.cache
def _role(kind: str, of: str) -> str:
    if of in ("Convolution", "Linear"):
        return "sums"
    if of == "Normalisation":
        return "keeps" if kind.startswith("BatchNorm") else "weak"
    if of == "Pooling":
        return "keeps" if "Avg" in kind else "weak"
    return {"Shape": "keeps", "Regularisation": "keeps", "Activation": "bends"}.get(of, "")


def _batch_norm(placed: Placed | None) -> bool:
    return placed is not None and placed.node.kind.startswith("BatchNorm")


Values = Mapping[str, object]


def _values(placed: Placed) -> Values:
    """Parameters as the formulas read them: what may have two axes is a pair."""
    return placed.values


def _reach(values: Values) -> tuple[int, int]:
    (high, wide), (down, across) = values["kernel_size"], values.get("dilation", (1, 1))
    return down * (high - 1) + 1, across * (wide - 1) + 1


def _advice(placed: Placed, code: str, says: str, because: str, *offered: fixes.Fix, field: str | None = None, severity: str = "advice") -> Problem:
    return Problem(placed.node.id, field, severity, says, because, offered, code)


def _remove(placed: Placed, sure: bool = False) -> fixes.Fix:
    return batch(f"Remove {placed.node.id}", {"op": "remove", "ids": [placed.node.id], "rejoin": True}, sure=sure)


def _set(placed: Placed, label: str, sure: bool = False, **params: object) -> tuple[fixes.Fix, ...]:
    return tuple(fixes.set_params(placed, label, sure=sure, **params))


# ---- Weighted sums without an activation between them ----


def _sums_above(analysis: Analysis, placed: Placed) -> tuple[Placed, list[Placed], bool] | None:
    """The layer of weighted sums whose result `placed` sums again, the bricks between (from the top), and whether one of them bends a little."""
    between, weak = [], False
    upper = above(analysis, placed.node.id)
    while upper is not None:
        match role(upper):
            case "sums":
                return None if _factorised(upper, placed) else (upper, between[::-1], weak)
            case "keeps" | "weak" as what:
                weak |= what == "weak"
            case _:
                return None
        between.append(upper)
        upper = above(analysis, upper.node.id)
    return None


@by_identity(4096)
def _factorised(first: Placed, second: Placed) -> bool:
    """Two layers on purpose in the place of one: depthwise and pointwise, 1×n and n×1, or through a bottleneck (arXiv:1801.04381)."""
    for placed in (first, second):
        values = _values(placed)
        kernel = values.get("kernel_size", 1)
        if isinstance(kernel, tuple) and len(set(kernel)) > 1 or values.get("groups", 1) != 1:
            return True
    if category(first) != category(second):
        return False
    axis = 1 if category(first) == "Convolution" else -1
    middle = first.shape[axis]
    return middle < first.inputs[0][axis] and middle < second.shape[axis]


def _no_activation(analysis: Analysis, placed: Placed, project: Project) -> Iterator[Problem]:
    feeding = above(analysis, placed.node.id)
    # The usual case, told at once: a bend right before it.
    found = None if feeding is None or role(feeding) in ("bends", "") else _sums_above(analysis, placed)
    if found is None:
        return
    upper, between, weak = found
    if weak:
        what = next(brick for brick in between if role(brick) == "weak")
        yield _advice(placed, "no activation", f"there is no activation between {upper.node.id} and {placed.node.id}, only {what.node.kind}",
                      "what a layer adds to the one before it comes from the bend between them (Goodfellow et al. 2016, section 6.1)",
                      _insert_activations(analysis, [(upper, between, placed)], sure=False))
        return
    before = _sums_above(analysis, upper)
    if before is None or before[2]:
        yield _collapsed(analysis, _run_from(analysis, upper, between, placed))


def _run_from(analysis: Analysis, upper: Placed, between: list[Placed], placed: Placed) -> list[tuple[Placed, list[Placed], Placed]]:
    """The gaps of a run of weighted sums, from its first one down."""
    gaps, seen = [(upper, between, placed)], placed
    while len(gaps) < MOST_RUN:
        lower = below(analysis, seen.node.id)
        while lower is not None and role(lower) == "keeps":
            lower = below(analysis, lower.node.id)
        found = _sums_above(analysis, lower) if lower is not None and role(lower) == "sums" else None
        if found is None or found[2] or found[0] is not seen:
            break
        gaps.append((seen, found[1], lower))
        seen = lower
    return gaps


def _collapsed(analysis: Analysis, gaps: list[tuple[Placed, list[Placed], Placed]]) -> Problem:
    run = [gaps[0][0], *(lower for _, _, lower in gaps)]
    params = sum(brick.cost[0] for brick in run)
    whole, count = _equal(run, [brick for _, between, _ in gaps for brick in between])
    does = f": {params:,} parameters do what {count:,} could" if count is not None and count < params else ""
    alone = "" if _bends(analysis, run[0]) else "; nothing else in this network bends either, so it can draw only straight borders between classes"
    return Problem(gaps[0][2].node.id, None, "warning",
                   f"{listed([brick.node.id for brick in run])} follow each other without an activation: together they are {whole}",
                   f"a weighted sum of weighted sums is a weighted sum{does}{alone}", (_insert_activations(analysis, gaps, sure=True),), "no activation")


def _bends(analysis: Analysis, first: Placed) -> bool:
    """Does anything in the network of which this is the first layer bend its sums?"""
    upper = above(analysis, first.node.id)
    while upper is not None and role(upper) == "keeps":
        upper = above(analysis, upper.node.id)
    begins = upper is not None and upper.node.kind == "Input"
    return not begins or any(role(brick) in ("bends", "weak") or len(brick.inputs or ()) > 1 for brick in analysis.placed.values())


def _equal(run: list[Placed], between: list[Placed]) -> tuple[str, int | None]:
    """The one layer that a run amounts to, and how many parameters it has where that is told by the sizes."""
    first, last = run[0], run[-1]
    if all(category(brick) == "Linear" for brick in run):
        width, out = first.inputs[0][-1], last.shape[-1]
        return f"one {last.node.kind} from {width} to {out}", width * out + out
    if category(last) == "Linear":
        return f"one {last.node.kind} on {first.inputs[0][1]}×{said(first.inputs[0][2:])} numbers", None
    if all(brick.node.kind == "Conv2d" for brick in run) and not any(category(brick) == "Pooling" for brick in between):
        reach, jump = [1, 1], [1, 1]
        for brick in run:
            values = _values(brick)
            reach = [r + (k - 1) * j for r, k, j in zip(reach, _reach(values), jump, strict=True)]
            jump = [j * s for j, s in zip(jump, values["stride"], strict=True)]
        weights = first.inputs[0][1] * last.shape[1] * math.prod(reach) + last.shape[1]
        return f"one Conv2d with a {said(reach)} window", weights
    return "one layer", None


def _insert_activations(analysis: Analysis, gaps: list[tuple[Placed, list[Placed], Placed]], sure: bool) -> fixes.Fix:
    """A ReLU in every gap, behind a normalisation where one follows the layer."""
    places, muted = [], []
    for upper, between, lower in gaps:
        if resting := fixes.muted_above(analysis, lower, upper.node.id, "Activation"):
            muted.append(resting)
            continue
        row = [upper, *between, lower]
        spot = 1 if category(row[1]) == "Normalisation" else 0
        places.append(analysis.network.into(row[spot + 1].node.id)[0])
    if not places:
        return fixes.unmute(muted, sure=sure)
    after = [edge.source for edge in places]
    label = f"Insert ReLU after {listed(after)}" if len(after) < 4 else f"Insert ReLU at {len(after)} places"
    inserted = fixes.inserts(analysis, "ReLU", places, label, sure=sure)
    return fixes.unmute(muted, inserted, sure=sure) if muted else inserted


# ---- Activations ----

SQUEEZE: dict[str, Callable[[float], float]] = {"Sigmoid": lambda x: 1 / (1 + math.exp(-x)) if x != math.inf else 1.0, "Tanh": math.tanh,
                                                "Softplus": lambda x: math.log1p(math.exp(x)) if x != math.inf else math.inf}


def _activation_twice(analysis: Analysis, placed: Placed, project: Project) -> Iterator[Problem]:
    first, kind = above(analysis, placed.node.id), placed.node.kind
    if category(first) != "Activation" or "Softmax" in kind or "Softmax" in first.node.kind:
        return
    after = below(analysis, placed.node.id)
    # In front of the Output the other one of the two would be the activation that should not be there.
    free = after is not None and category(after) not in ("Input and output", "Activation", "Regularisation", "Normalisation")
    span = first.layer.span
    if span and span[0] >= 0 and placed.layer.keeps_positive:
        yield Problem(placed.node.id, None, "warning", f"{kind} changes nothing here: {first.node.kind} before it gives no negative number",
                      f"{kind}(x) = x for every x ≥ 0", (_remove(placed, sure=free),), "activation twice")
        return
    because = "one bend between two layers is enough"
    if span and kind in SQUEEZE:
        low, high = map(SQUEEZE[kind], span)
        because = f"{first.node.kind} gives {_range(*span)}, so {kind} gives only {_range(low, high)}"
    elif kind == "ReLU":
        because = f"ReLU sets to 0 all that {first.node.kind} gives below it"
    yield Problem(placed.node.id, None, "warning", f"two activations follow each other: {first.node.kind} and then {kind}", because,
                  (_remove(placed), *(() if category(above(analysis, first.node.id)) == "Activation" else (_remove(first),))), "activation twice")


def _range(low: float, high: float) -> str:
    if low == -math.inf:
        return f"{high:.3g} and less"
    return f"{low:.3g} to {high:.3g}" if high != math.inf else f"{low:.3g} and more"


def _activation_first(analysis: Analysis, placed: Placed, project: Project) -> Iterator[Problem]:
    first = above(analysis, placed.node.id)
    if first is None or first.node.kind != "Input":
        return
    loses = "sets every value below the mean to 0" if placed.node.kind == "ReLU" else "bends the values before anything has weighed them"
    alone = len(analysis.network.out_of(placed.node.id)) == 1
    after = below(analysis, placed.node.id)
    moved = tuple(_behind_the_first(analysis, placed))
    yield Problem(placed.node.id, None, "warning", f"{placed.node.kind} stands before the first layer that learns",
                  f"samples arrive with mean 0 and spread 1; {placed.node.kind} {loses}",
                  (*moved, _remove(placed, sure=not moved and alone and category(after) in ("Convolution", "Linear", "Shape"))), "activation first")


def _behind_the_first(analysis: Analysis, placed: Placed) -> Iterator[fixes.Fix]:
    """Move what stands before the first layer behind it, where an activation is missing there."""
    after = below(analysis, placed.node.id)
    if after is None or role(after) != "sums" or placed.node.kind in ("Softmax", "LogSoftmax"):
        return
    lower = below(analysis, after.node.id)
    while lower is not None and role(lower) in ("keeps", "weak"):
        lower = below(analysis, lower.node.id)
    if lower is not None and role(lower) == "sums":
        yield from fixes.moved(analysis, placed, after.node.id, sure=True)


def _softmax_inside(analysis: Analysis, placed: Placed, project: Project) -> Iterator[Problem]:
    lower = below(analysis, placed.node.id)
    if lower is None or category(lower) not in ("Linear", "Convolution", "Normalisation", "Pooling"):
        return
    width = placed.shape[1]
    yield _advice(placed, "softmax inside", f"{placed.node.kind} inside the network: its {width} values must share a sum of 1",
                  f"on average each is 1/{width} = {1 / width:.3g}, and one can only rise when others fall; between layers use ReLU",
                  *((_remove(placed),) if "Activation" in (category(above(analysis, placed.node.id)), category(lower)) else fixes.swap(analysis, placed, "ReLU")))


# ---- Normalisation, dropout, flatten ----


def _around_batch_norm(analysis: Analysis, placed: Placed, project: Project) -> Iterator[Problem]:
    first, name = above(analysis, placed.node.id), placed.node.id
    if first is None or not _batch_norm(placed):
        return
    values = _values(placed)
    if role(first) == "sums" and values["affine"] and not _behind_scores(analysis, placed, project) and _values(first).get("bias") is True and below(analysis, first.node.id) is placed:
        count = first.shape[1]
        yield Problem(first.node.id, "bias", "advice", f"the bias of {first.node.id} has no effect: {name} subtracts the mean of every channel again",
                      f"{count:,} parameters that learn nothing; {name} has an offset of its own (Ioffe & Szegedy 2015, arXiv:1502.03167, section 3.2)",
                      _set(first, f"Set bias of {first.node.id} to no", bias=False), "bias before normalisation")
    upper = above(analysis, first.node.id)
    if category(first) == "Activation" and upper is not None and role(upper) == "sums":
        yield _advice(placed, "normalisation after activation", f"{placed.node.kind} stands behind {first.node.kind}",
                      "normalising the sums before they are bent gives them a more stable spread (Ioffe & Szegedy 2015, arXiv:1502.03167, section 3.2)",
                      *fixes.moved(analysis, placed, upper.node.id))
    if category(first) == "Regularisation":
        yield from _dropout_before(analysis, first, placed)
    if values["momentum"] in (0.0, 1.0) and values["track_running_stats"]:
        what = ("never move from mean 0 and variance 1, which evaluation then uses" if values["momentum"] == 0
                else "are those of the last batch alone when evaluation uses them")
        yield Problem(name, "momentum", "warning", f"with momentum {values['momentum']:g} the running statistics {what}",
                      "running = (1 - momentum)·running + momentum·batch", tuple(fixes.reset(placed, "momentum")), "frozen statistics")


def _behind_scores(analysis: Analysis, norm: Placed, project: Project) -> bool:
    """Does a normalisation stand where the scores leave? Then it should go itself, and the bias before it stay."""
    lower = below(analysis, norm.node.id)
    while lower is not None and "Softmax" in lower.node.kind:
        lower = below(analysis, lower.node.id)
    return lower is not None and lower.node.kind == "Output" and project.task.get("kind") != "none"


def _dropout_before(analysis: Analysis, dropout: Placed, norm: Placed) -> Iterator[Problem]:
    p = _values(dropout)["p"]
    if not 0 < p < 1:
        return
    yield Problem(dropout.node.id, None, "advice", f"{dropout.node.kind} before {norm.node.kind}: training shows it another variance than evaluation",
                  f"dropping a share of {p:g} makes it 1/(1 - {p:g}) = {1 / (1 - p):.3g} times as large for values around 0, and only in training "
                  "(Li et al. 2018, arXiv:1801.05134)", tuple(fixes.moved(analysis, dropout, norm.node.id)), "dropout before normalisation")


def _normalised_twice(analysis: Analysis, placed: Placed, project: Project) -> Iterator[Problem]:
    first = above(analysis, placed.node.id)
    if category(first) == "Normalisation":
        same = first.node.kind == placed.node.kind
        yield Problem(placed.node.id, None, "warning", f"{placed.node.kind} normalises what {first.node.id} has just normalised",
                      "mean 0 and variance 1 stay mean 0 and variance 1" if same else "one normalisation between two layers is enough",
                      (_remove(placed, sure=same and len(analysis.network.out_of(placed.node.id)) == 1),), "normalised twice")


def _nothing_left(analysis: Analysis, placed: Placed, project: Project) -> Iterator[Problem]:
    """Normalisation over one number at a time: the number minus itself."""
    shape, values = placed.inputs[0], _values(placed)
    if placed.node.kind == "GroupNorm" and math.prod(shape[1:]) == values["num_groups"]:
        yield Problem(placed.node.id, "num_groups", "warning", "every group holds a single number: all that comes out is 0",
                      f"{math.prod(shape[1:])} numbers in {values['num_groups']} groups; a number minus its own mean is 0",
                      _set(placed, f"Set num_groups of {placed.node.id} to 1", sure=values["num_groups"] > 1, num_groups=1), "nothing left")
    if placed.node.kind == "LayerNorm":
        axes = values["axes"]
        if math.prod(shape[-axes:]) == 1:
            yield Problem(placed.node.id, "axes", "warning", "it normalises single numbers: all that comes out is 0",
                          f"the last {axes} of {show(shape)} hold 1 number; a number minus its own mean is 0",
                          _set(placed, f"Set axes of {placed.node.id} to {len(shape) - 1}", axes=len(shape) - 1), "nothing left")
        elif axes == 1 and len(shape) == IMAGE:
            yield _advice(placed, "normalised axes", f"it normalises each row of {shape[3]} pixels on its own, not the image",
                          f"axes 1 of {show(shape)}; Ba et al. 2016, arXiv:1607.06450, take all {math.prod(shape[1:]):,} numbers of a sample together",
                          *_set(placed, f"Set axes of {placed.node.id} to 3", axes=3), field="axes")


def _dropout(analysis: Analysis, placed: Placed, project: Project) -> Iterator[Problem]:
    p, name = _values(placed)["p"], placed.node.id
    if p == 1:
        yield Problem(name, "p", "warning", "with p 1 every value is set to 0 while training: nothing after it can learn", "share kept: 1 - 1 = 0",
                      tuple(fixes.reset(placed, "p", sure=True)), "dropout share")
    elif p == 0:
        yield _advice(placed, "dropout share", "with p 0 it does nothing", "share set to 0: none", _remove(placed), *fixes.reset(placed, "p"), field="p")
    elif p > 0.8:
        yield _advice(placed, "dropout share", f"only {100 * (1 - p):.3g} % of the values get through while training",
                      f"1 - {p:g}; usual are 0.2 to 0.5 (Srivastava et al. 2014)", *fixes.reset(placed, "p"), field="p")
    first = above(analysis, name)
    if category(first) == "Regularisation":
        other = _values(first)["p"]
        yield _advice(placed, "dropout twice", f"{placed.node.kind} follows {first.node.kind}",
                      f"together they let (1 - {other:g})·(1 - {p:g}) = {(1 - other) * (1 - p):.3g} of the values through", _remove(placed))


def _flatten_twice(analysis: Analysis, placed: Placed, project: Project) -> Iterator[Problem]:
    if placed.shape == placed.inputs[0]:
        yield _advice(placed, "flatten twice", f"{show(placed.shape)} is flat already: it changes nothing", "one axis besides the batch",
                      _remove(placed))


# ---- Windows ----


def _window(analysis: Analysis, placed: Placed, project: Project) -> Iterator[Problem]:
    """What a window does to its image, for bricks that have one."""
    if _usual(placed):
        return
    values = _values(placed)
    shape, reach, stride = placed.inputs[0], _reach(values), values["stride"]
    padding = values["padding"]
    if any(_leaps(*axis) for axis in zip(stride, reach, shape[2:], padding, placed.shape[2:], strict=True)):
        yield from _gaps(analysis, placed, values, reach, stride)
    if category(placed) == "Pooling":
        yield from _pool_stride(placed, reach, stride)
        return
    if padding != (0, 0):
        yield from _padded(analysis, placed, values, reach)
    if values["kernel_size"][0] >= LARGE:
        yield from _large(placed, values, shape)


@by_identity(4096)
def _usual(placed: Placed) -> bool:
    """Is there nothing to say of this window, as of most? Asked of every brick at every edit, so what was found is kept."""
    if not has_window(placed) or placed.node.kind == "ConvTranspose2d":
        return True
    values = _values(placed)
    reach = _reach(values)
    return (category(placed) != "Pooling" and values["kernel_size"][0] < LARGE and all(size % 2 for size in values["kernel_size"])
            and all(s <= r and p < r <= size for s, r, p, size in zip(values["stride"], reach, values["padding"], placed.inputs[0][2:], strict=True)))


def _padded(analysis: Analysis, placed: Placed, values: Values, reach: tuple[int, int]) -> Iterator[Problem]:
    padding = values["padding"]
    yield from _even(placed, values, placed.inputs[0], padding)
    if padding[0] >= reach[0] or padding[1] >= reach[1]:
        keep = [(r - 1) // 2 for r in reach]
        yield Problem(placed.node.id, "padding", "warning",
                      f"padding {said(one(padding))} is as wide as the {said(reach)} window: "
                      "the outermost windows see no pixel at all", f"needs padding < {said(one(reach))}",
                      _set(placed, f"Set padding of {placed.node.id} to {said(one(keep))}",
                           padding=one(keep)), "wide padding")
    else:
        yield from _dead_taps(analysis, placed, values)


def _leaps(stride: int, reach: int, size: int, padding: int, out: int) -> bool:
    """Does a stride past the window leave pixels unread that a shorter one would read?"""
    return stride > reach and (size + 2 * padding - reach) // reach + 1 > out


def _gaps(analysis: Analysis, placed: Placed, values: Values, reach: tuple[int, int], stride: tuple[int, int]) -> Iterator[Problem]:
    """A stride past the window; of 1×1 windows it is how a shortcut is brought to size (He et al. 2015), so they are let be."""
    kernel = values["kernel_size"]
    if kernel == (1, 1):
        return
    read, step = [min(k, s) for k, s in zip(kernel, stride, strict=True)], math.prod(stride)
    most = range(min(max(reach), MOST_RUN), 0, -1)
    # The longest stride without gaps that leaves the bricks below enough pixels.
    fits = next((size for size in most if reshape.runs_on(analysis, placed, {"stride": tuple(min(s, r, size) for s, r in zip(stride, reach, strict=True))})), max(reach))
    fit = [min(s, r, fits) for s, r in zip(stride, reach, strict=True)]
    yield Problem(placed.node.id, "stride", "warning",
                  f"stride {said(one(stride))} leaps over pixels: a {said(kernel)} window reads only {math.prod(read)} of every {step}",
                  f"needs stride <= {said(one(reach))}; {show(placed.inputs[0])} becomes {show(placed.shape)}",
                  _set(placed, f"Set stride of {placed.node.id} to {said(one(fit))}", stride=one(fit)), "gaps")


def _pool_stride(placed: Placed, reach: tuple[int, int], stride: tuple[int, int]) -> Iterator[Problem]:
    shape = placed.inputs[0]
    if math.prod(reach) == 1 and math.prod(stride) == 1:
        yield _advice(placed, "pool stride", "a window of one pixel with stride 1 changes nothing", f"{show(shape)} stays as it is", _remove(placed))
    elif math.prod(stride) == 1 and placed.shape[2:] != shape[2:] and min(placed.shape[2:]) > 1:
        yield _advice(placed, "pool stride", f"with stride 1 pooling hardly shrinks the image: {said(shape[2:])} becomes {said(placed.shape[2:])}",
                      f"with stride {said(one(reach))}, the window's own, windows do not overlap",
                      *_set(placed, f"Set stride of {placed.node.id} to {said(one(reach))}", stride=one(reach)),
                      field="stride")


def _even(placed: Placed, values: Values, shape: tuple[int, ...], padding: tuple[int, int]) -> Iterator[Problem]:
    kernel = values["kernel_size"][0]
    if values["kernel_size"] != (kernel, kernel) or kernel % 2 or values["stride"] != (1, 1) or values["dilation"] != (1, 1) or padding[0] != padding[1]:
        return
    low, high = kernel // 2 - 1, kernel // 2
    if padding[0] in (low, high) and padding[0] > 0:
        now, other = placed.shape[2], shape[2] + 2 * (high if padding[0] == low else low) - kernel + 1
        offered = [fix for size in (kernel - 1, kernel + 1) if size > 1
                   for fix in _set(placed, f"Set kernel_size of {placed.node.id} to {size}, padding to {size // 2}", kernel_size=size, padding=size // 2)]
        yield _advice(placed, "even window", f"a {kernel}×{kernel} window cannot keep the size: {shape[2]} becomes {now}",
                      f"padding {padding[0]} gives {now}, {high if padding[0] == low else low} gives {other}; an odd window k keeps it with (k - 1)/2",
                      *offered, field="kernel_size")


def _dead_taps(analysis: Analysis, placed: Placed, values: Values) -> Iterator[Problem]:
    """Weights that meet padding at every position of the window, as large dilations do on small images (arXiv:1706.05587, section 3.3)."""
    size = placed.inputs[0][2:]
    # Where the window fits into the image itself, every weight meets a pixel.
    if all(r <= length for r, length in zip(_reach(values), size, strict=True)):
        return
    live = []
    for axis in (0, 1):
        k, s, p, d = (values[name][axis] for name in ("kernel_size", "stride", "padding", "dilation"))
        if p == 0:
            live.append(k)
            continue
        out = placed.shape[2 + axis]
        live.append(sum(_meets(t * d - p, s, out, size[axis]) for t in range(k)) if k <= 64 else k)
    kernel = values["kernel_size"]
    dead, count = math.prod(kernel) - math.prod(live), math.prod(kernel)
    if dead and values["padding_mode"] == "zeros":
        eaten = reshape.eaten(analysis, placed)
        offered = _set(placed, f"Set kernel_size of {placed.node.id} to 1, padding to 0", kernel_size=1, padding=0) if math.prod(live) == 1 else ()
        yield _advice(placed, "dead taps", f"on {said(placed.inputs[0][2:])} pixels {dead} of the {count} weights of a {said(kernel)} window only ever meet padding",
                      (f"{eaten}; " if eaten else "") + "they see nothing but zeros and learn nothing (Chen et al. 2017, arXiv:1706.05587, section 3.3)",
                      *offered, *reshape.strides(analysis, placed, lambda size: min(size) >= min(_reach(values))), field="kernel_size")


def _meets(start: int, stride: int, out: int, size: int) -> bool:
    """Does a tap that begins at `start` and moves by `stride`, `out` times, ever stand on one of `size` pixels?"""
    first = max(0, -(start // stride)) if start < 0 else 0
    return first < out and start + first * stride < size


def _large(placed: Placed, values: Values, shape: tuple[int, ...]) -> Iterator[Problem]:
    kernel = values["kernel_size"]
    if min(kernel) < 9 or not all(2 * k > size > k for k, size in zip(kernel, shape[2:], strict=True)):
        return
    count = (kernel[0] - 1) // 2
    yield _advice(placed, "large window", f"a {said(kernel)} window covers most of the {said(shape[2:])} image: {math.prod(kernel)} weights for every pair of channels",
                  f"{count} windows of 3×3 in a row reach as far with {9 * count} (Simonyan & Zisserman 2015, arXiv:1409.1556, section 2.3)",
                  *_set(placed, f"Set kernel_size of {placed.node.id} to 5", kernel_size=5), field="kernel_size")


def _stretched(analysis: Analysis, placed: Placed, project: Project) -> Iterator[Problem]:
    have, out = placed.inputs[0][2:], placed.shape[2:]
    if len(have) == 2 and any(o > h for o, h in zip(out, have, strict=True)):
        size = [min(o, h) for o, h in zip(out, have, strict=True)]
        yield _advice(placed, "stretched", f"{said(have)} pixels are repeated to fill {said(out)}: {math.prod(out) / math.prod(have):.3g} copies of the same numbers",
                      "pooling can only join pixels, it cannot make new ones",
                      *_set(placed, f"Set output_size of {placed.node.id} to {said(one(size))}", output_size=one(size)),
                      field="output_size")


def _pooling_first(analysis: Analysis, placed: Placed, project: Project) -> Iterator[Problem]:
    first = above(analysis, placed.node.id)
    if first is not None and first.node.kind == "Input" and placed.shape != placed.inputs[0]:
        kept, all_ = math.prod(placed.shape[1:]), math.prod(placed.inputs[0][1:])
        yield _advice(placed, "pooling first", f"{placed.node.kind} shrinks the samples before any layer has looked at them",
                      f"{kept:,} of {all_:,} numbers are left; a convolution before it can choose what to keep",
                      *_pooled_later(analysis, placed), _remove(placed))


def _pooled_later(analysis: Analysis, placed: Placed) -> Iterator[fixes.Fix]:
    """Move pooling behind the first convolution, or behind the activation that follows it."""
    first = below(analysis, placed.node.id)
    bends = below(analysis, first.node.id) if category(first) == "Convolution" else None
    behind = bends if category(bends) == "Activation" else first
    # Behind a window that finds the larger image too, and where the bricks below still fit.
    entry = analysis.network.into(placed.node.id)[0].source
    if category(first) == "Convolution" and len(analysis.network.out_of(entry)) == 1 and reshape.runs_on(analysis, first, {}, placed.inputs[0]):
        yield from fixes.moved(analysis, placed, behind.node.id)


# ---- Merges ----


def _merge(analysis: Analysis, placed: Placed, project: Project) -> Iterator[Problem]:
    edges = analysis.network.into(placed.node.id)
    sources = [(edge.source, edge.output) for edge in edges]
    twice = next((source for i, source in enumerate(sources) if source in sources[:i]), None)
    if twice:
        count, name = sources.count(twice), twice[0]
        what = {"Add": f"{' + '.join(['x'] * min(count, 3))} = {count}x: a weight can do that" if count < 4 else f"{count} times the same",
                "Multiply": f"x to the power of {count}"}.get(placed.node.kind, f"every number of {name} stands there {count} times")
        last = [edge for edge in edges if edge.source == name][-1]
        offered = (batch(f"Cut one wire from {name}", {"op": "disconnect", **last.to_json()}),) if len(edges) > 2 else (_remove(placed),)
        yield _advice(placed, "same twice", f"{name} is wired to it {count} times", what, *offered)
    if placed.node.kind == "Add" and len({len(shape) for shape in placed.inputs}) == 1:
        yield from _broadcast(placed, edges)


def _broadcast(placed: Placed, edges: tuple[Edge, ...]) -> Iterator[Problem]:
    for edge, shape in zip(edges, placed.inputs, strict=True):
        axes = [axis for axis, (have, out) in enumerate(zip(shape, placed.shape, strict=True)) if axis and have == 1 < out]
        if axes:
            factor = math.prod(placed.shape[axis] for axis in axes)
            yield _advice(placed, "broadcast", f"{show(shape)} of {edge.source} is repeated to fit {show(placed.shape)}",
                          f"each of its numbers is added to {factor} others")
            return


BY_CATEGORY: dict[str, tuple[Rule, ...]] = {
    "Convolution": (_no_activation, _window),
    "Linear": (_no_activation,),
    "Pooling": (_window, _pooling_first),
    "Activation": (_activation_twice, _activation_first),
    "Regularisation": (_dropout,),
    "Normalisation": (_normalised_twice, _nothing_left, _around_batch_norm),
    "Merge": (_merge,),
}
BY_KIND: dict[str, tuple[Rule, ...]] = {
    "AdaptiveAvgPool2d": (_stretched,),
    "Softmax": (_softmax_inside,),
    "LogSoftmax": (_softmax_inside,),
    "Flatten": (_flatten_twice,),
}
