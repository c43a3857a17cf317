"""Advice on a network as a whole and on its training settings; every range says whose experience it is."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from builder.catalogue import INITIALIZERS, OPTIMIZERS, Dataset, Record, show

from ..analysis import Analysis, Placed
from ..datasets import dataset_of, trained_samples
from ..document import Project
from ..problems import Problem, batch
from . import fixes, reshape
from .answer import kind_of
from .lint import above, category
from .recipe import recipe

HEAVY, HEAVY_SHARE = 250_000, 0.6  # parameters of one Linear, and their share of all, from which it is worth a word
DEEP = 20  # layers: He et al. 2015 saw 56 plain layers train worse than 20
SQUASHED = {"Sigmoid": 3, "Tanh": 6}  # that many in a row are worth a word
# Factors around an optimiser's own default within which learning rates are found in practice: Bengio 2012, arXiv:1206.5533, section 3.2.1
LOW, HIGH = 1e-4, {"SGD": 100.0}
HIGHEST = 10.0  # the same for optimisers whose step does not shrink with the gradient


def whole(analysis: Analysis, project: Project, params: int) -> Iterator[Problem]:
    """Advice that needs more than a brick's neighbours."""
    yield from _heavy(analysis, params)
    yield from _chains(analysis)
    others = list(project.networks)[1:]
    if others:
        yield Problem(None, None, "advice", f"only the first network is drawn, built and trained; {', '.join(others)[:80]} {'is' if len(others) == 1 else 'are'} kept in the file",
                      f"the project holds {len(project.networks)} networks", (), "other networks")


def _heavy(analysis: Analysis, params: int) -> Iterator[Problem]:
    """A Linear on a large flattened image behind convolutions holds nearly all weights (Lin et al. 2014, arXiv:1312.4400, section 3.2)."""
    for name, placed in analysis.placed.items():
        have = placed.cost[0] if category(placed) == "Linear" and placed.shape else 0
        if have < HEAVY or have < HEAVY_SHARE * params or name not in analysis.used:
            continue
        flatten = above(analysis, name)
        while flatten is not None and flatten.node.kind != "Flatten" and category(flatten) in ("Regularisation", "Activation"):
            flatten = above(analysis, flatten.node.id)
        if flatten is None or flatten.node.kind != "Flatten" or not flatten.inputs or len(flatten.inputs[0]) != 4:
            continue
        image = flatten.inputs[0]
        if min(image[2:]) < 2 or not any(category(brick) == "Convolution" for brick in _up(analysis, flatten)):
            continue
        # Never rounded up to all of them.
        share = f"{min(100 * have / params, 99.9):.3g}" if have < params else "100"
        yield Problem(name, None, "advice", f"{name} holds {share} % of the network's parameters: {have:,} of {params:,}",
                      f"{image[1]}·{image[2]}·{image[3]} = {math.prod(image[1:]):,} numbers enter it; pooled first they are fewer, and it overfits less "
                      "(Lin et al. 2014, arXiv:1312.4400, section 3.2)", tuple(reshape.pooled(analysis, flatten, placed, HEAVY)), "heavy")


def _up(analysis: Analysis, placed: Placed) -> Iterator[Placed]:
    brick: Placed | None = placed
    for _ in range(reshape.MOST_ABOVE):
        brick = None if brick is None else above(analysis, brick.node.id)
        if brick is None:
            return
        yield brick


def _chains(analysis: Analysis) -> Iterator[Problem]:
    """Long rows without a shortcut or a normalisation, counted once from the top down."""
    depth: dict[str, int] = {}
    squashed: dict[str, tuple[str, ...]] = {}
    for name, placed in analysis.placed.items():
        edges = analysis.network.into(name)
        of = category(placed)
        if placed.shape is None or len(edges) != 1 or of == "Normalisation":
            continue
        source, kind = edges[0].source, placed.node.kind
        depth[name] = depth.get(source, 0) + (of in ("Convolution", "Linear"))
        if depth[name] == DEEP + 1 and depth.get(source) == DEEP:
            yield Problem(name, None, "advice", f"this is the {DEEP + 1}st layer in a row without a normalisation or a shortcut",
                          "He et al. 2015, arXiv:1512.03385, figure 1: plain networks of 56 layers train worse than those of 20; "
                          "put BatchNorm behind layers or Add shortcuts round them", (), "deep")
        row = squashed.get(source, ())
        if kind in SQUASHED:
            row = (*row, name) if not row or analysis.placed[row[-1]].node.kind == kind else (name,)
            if len(row) == SQUASHED[kind]:
                yield _saturating(analysis, row, kind)
        elif of == "Activation":
            row = ()
        if row:
            squashed[name] = row[-max(SQUASHED.values()):]


def _saturating(analysis: Analysis, row: tuple[str, ...], kind: str) -> Problem:
    count = len(row)
    because = (f"the slope of Sigmoid is at most 1/4: through {count} of them a gradient keeps at most (1/4)^{count} = {0.25 ** count:.3g} of its size"
               if kind == "Sigmoid" else f"the slope of Tanh is 1 only at 0 and {1 - math.tanh(1) ** 2:.2g} at ±1: through {count} of them at ±1 a gradient "
               f"keeps {(1 - math.tanh(1) ** 2) ** count:.2g} of its size")
    return Problem(row[-1], None, "advice", f"{count} {kind} in a row let the gradient vanish", f"{because} (Glorot & Bengio 2010)",
                   (batch(f"Replace {count} {kind} by ReLU", *({"op": "replace", "id": name, "kind": "ReLU"} for name in row)),), "saturating")


# ---- Training ----


def training(analysis: Analysis, project: Project) -> Iterator[Problem]:
    """Settings that are allowed and surely or probably not meant."""
    dataset = dataset_of(project)
    size = project.training.get("batch_size", 64)
    if type(size) is int and size >= 1:
        if dataset is not None:
            yield from _batch(analysis, dataset.title, trained_samples(project, dataset), size)
    given = project.training.get("optimizer", {})
    record = OPTIMIZERS.get(kind_of(given, "SGD")) if isinstance(given, Mapping) else None
    if record is not None and not record.check({name: value for name, value in given.items() if name != "kind"}):
        yield from _optimizer(record, given)
    yield from _loss(project, dataset)
    yield from _start(project)
    yield from recipe(project, dataset)


def _setting(name: str, severity: str, code: str, says: str, because: str, *offered: fixes.Fix) -> Problem:
    return Problem(None, f"training.{name}", severity, says, because, offered, code)


def _put(name: str, value: object, label: str, sure: bool = False) -> fixes.Fix:
    return batch(label, {"op": "settings", "path": f"training.{name}", "value": value}, sure=sure)


def _batch(analysis: Analysis, title: str, samples: int, size: int) -> Iterator[Problem]:
    if size > samples:
        yield _setting("batch_size", "warning", "batch size", f"a batch of {size:,} is larger than the training part of {title}",
                       f"{samples:,} samples: every epoch would be a single step", _put("batch_size", 64, "Set batch_size to 64", sure=True))
    if size != 1:
        return
    norms = [placed for placed in analysis.placed.values()
             if placed.node.kind.startswith("BatchNorm") and placed.inputs and placed.shape and placed.node.id in analysis.used]
    single = [placed for placed in norms if math.prod(placed.inputs[0][2:]) == 1]
    if single:
        yield _setting("batch_size", "error", "batch of one", f"a batch of 1 gives {single[0].node.id} a single number a channel, which has no variance",
                       f"its input is {show(single[0].inputs[0])}: 1·{math.prod(single[0].inputs[0][2:])} = 1 value a channel, needs 2 or more",
                       _put("batch_size", 64, "Set batch_size to 64", sure=True))
    elif norms:
        pixels = math.prod(norms[0].inputs[0][2:])
        yield _setting("batch_size", "advice", "batch of one", f"with a batch of 1 {norms[0].node.id} takes its statistics from one sample",
                       f"{pixels:,} values a channel, all of one image; GroupNorm does not depend on the batch (Wu & He 2018, arXiv:1803.08494)",
                       _put("batch_size", 64, "Set batch_size to 64"))


def _optimizer(record: Record, given: Mapping[str, object]) -> Iterator[Problem]:
    values = record.values({name: value for name, value in given.items() if name != "kind"})
    default = next(param.default for param in record.params if param.name == "lr")
    lr, momentum = values["lr"], values.get("momentum", 0.0)
    back = _put("optimizer.lr", default, f"Set lr to {default:g}", sure=lr == 0)
    if lr == 0:
        yield _setting("optimizer.lr", "warning", "learning rate", "with a learning rate of 0 no weight ever moves", "step = lr · gradient = 0", back)
    elif momentum == 1:
        yield _setting("optimizer.momentum", "warning", "momentum", "with momentum 1 no earlier step is ever forgotten: steps grow without end",
                       "in the long run lr/(1 - momentum) a gradient, here lr/0", _put("optimizer.momentum", 0.9, "Set momentum to 0.9", sure=True))
    else:
        yield from _rate(record, lr, momentum, default, back)
    decay = values.get("weight_decay", 0.0)
    if decay > 0.1 and record.kind != "AdamW" or decay > 1:
        yield _setting("optimizer.weight_decay", "advice", "weight decay", f"weight_decay {decay:g} pulls every weight towards 0 harder than most gradients push",
                       f"each step takes lr · weight_decay = {lr * decay:.3g} of a weight; usual are 1e-5 to 1e-2",
                       _put("optimizer.weight_decay", 1e-4, "Set weight_decay to 0.0001"))


def _rate(record: Record, lr: float, momentum: float, default: float, back: fixes.Fix) -> Iterator[Problem]:
    def times(ratio: float) -> str:
        return f"{ratio:,.0f}" if ratio >= 100 else f"{ratio:.3g}"

    effective = lr / (1 - momentum)
    low, high = default * LOW, default * HIGH.get(record.kind, HIGHEST)
    counted = f"lr/(1 - momentum) = {lr:g}/(1 - {momentum:g}) = {effective:.3g}; " if momentum else ""
    if effective > high * 1.0001:
        yield _setting("optimizer.lr", "advice", "learning rate", f"a learning rate of {lr:g} is {times(effective / default)} times the default of {record.kind}"
                       + (", momentum counted in" if momentum else ""),
                       f"{counted}steps of that length mostly overshoot; try {default:g} (Bengio 2012, arXiv:1206.5533, section 3.2.1)", back)
    elif effective < low:
        yield _setting("optimizer.lr", "advice", "learning rate", f"a learning rate of {lr:g} is {times(default / effective)} times smaller than the default of {record.kind}",
                       f"{counted}the weights will hardly move; try {default:g} (Bengio 2012, arXiv:1206.5533, section 3.2.1)", back)


def _loss(project: Project, dataset: Dataset | None) -> Iterator[Problem]:
    given = project.training.get("loss", {})
    if dataset is None or not dataset.classes or not isinstance(given, Mapping):
        return
    smoothing, count = given.get("label_smoothing"), len(dataset.classes)
    if kind_of(given, "CrossEntropyLoss") == "CrossEntropyLoss" and isinstance(smoothing, float) and smoothing == 1.0:
        yield _setting("loss.label_smoothing", "warning", "smoothing", "with label_smoothing 1 all classes have the same target: there is nothing to tell apart",
                       f"the true class gets 1 - 1 + 1/{count} = {1 / count:.3g}, every other one 1/{count} too", _put("loss.label_smoothing", 0.1, "Set label_smoothing to 0.1", sure=True))
    margin = given.get("margin")
    if kind_of(given, "") == "MultiMarginLoss" and isinstance(margin, int | float) and not isinstance(margin, bool) and margin <= 0:
        yield _setting("loss.margin", "warning", "smoothing", f"with margin {margin:g} the true class need not win: equal scores have the loss 0",
                       "max(0, margin - lead) is 0 for a lead of 0", _put("loss.margin", 1.0, "Set margin to 1", sure=True))


def _start(project: Project) -> Iterator[Problem]:
    given = project.training.get("initializer", {})
    record = INITIALIZERS.get(kind_of(given, "Default")) if isinstance(given, Mapping) else None
    if record is None:
        return
    for name in ("gain", "std"):
        value = given.get(name)
        param = next((param for param in record.params if param.name == name), None)
        if param is not None and isinstance(value, int | float) and not isinstance(value, bool) and value == 0:
            yield _setting(f"initializer.{name}", "warning", "start", f"with {name} 0 all weights begin at 0: every unit of a layer stays the same as the others",
                           f"spread = {name} = 0", _put(f"initializer.{name}", param.default, f"Set {name} to {param.default:g}", sure=True))

