"""What leaves the network: one score a class for the loss to read, and nothing in between that bends, blanks or normalises the scores."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace

from builder.catalogue import Dataset, show

from ..analysis import Analysis, Placed
from ..document import Project
from ..problems import Problem, batch
from . import fixes
from .grid import grid
from .lint import above, category, role
from .targets import masks, numbers

CROSS_ENTROPY = batch("Use CrossEntropyLoss", {"op": "settings", "path": "training.loss", "value": {"kind": "CrossEntropyLoss"}})

# What people put behind the scores, and never inside.
SQUASHING = ("Softmax", "LogSoftmax", "Sigmoid")


def kind_of(record: object, default: str) -> str:
    """The kind that a record of the training settings names."""
    return str(record.get("kind", default)) if isinstance(record, Mapping) else default


def answer(analysis: Analysis, output: Placed, dataset: Dataset, project: Project) -> Iterator[Problem]:
    """Problems of a network's end, by what its data are for: at the Output and at the bricks right above it."""
    if dataset.task == "regression":
        return numbers(analysis, output, dataset, project)
    if dataset.task == "detection":
        return grid(analysis, output, dataset)
    single = kind_of(project.training.get("loss", {}), "") == "BCEWithLogitsLoss" and len(dataset.classes) == 2
    if dataset.task == "segmentation":
        return _of_pixels(analysis, output, dataset, project, 1 if single else len(dataset.classes))
    return _scores(analysis, output, dataset, project, single)


def _of_pixels(analysis: Analysis, output: Placed, dataset: Dataset, project: Project, scores: int) -> Iterator[Problem]:
    yield from masks(analysis, output, dataset, project, scores)
    tail, base = _tail(analysis, output)
    loss, last = kind_of(project.training.get("loss", {}), "CrossEntropyLoss"), above(analysis, output.node.id)
    for brick in tail:
        # Normalised or rectified features of a hidden layer are what a missing last layer leaves at the end: that is said already.
        if brick.node.kind in SQUASHING or category(brick) == "Regularisation":
            yield from _in_the_tail(analysis, brick, brick is last, loss, dataset, len(tail) == 1, base)


def _scores(analysis: Analysis, output: Placed, dataset: Dataset, project: Project, single: bool) -> Iterator[Problem]:
    """The end of a network for classification; with `single` one score of two classes is enough."""
    tail, base = _tail(analysis, output)
    hidden = _hidden(tail, base, output, dataset)
    if output.inputs[0][1:] != (len(dataset.classes),) and not (single and output.inputs[0][1:] == (1,)):
        yield _classes(analysis, output, dataset, hidden)
    given = project.training.get("loss", {})
    loss = kind_of(given, "CrossEntropyLoss")
    last = above(analysis, output.node.id)
    # What belongs to a hidden layer is where it should be: the layer behind it is what is missing.
    for brick in tail[:len(tail) - len(hidden)]:
        yield from _in_the_tail(analysis, brick, brick is last, loss, dataset, len(tail) == 1, base)
    if loss == "NLLLoss" and last is not None and last.node.kind not in ("LogSoftmax", "Softmax"):
        edge = analysis.network.into(output.node.id)[0]
        insert = fixes.insert(analysis, edge, "LogSoftmax", f"Insert LogSoftmax before {output.node.id}", sure=last is base)
        yield Problem(last.node.id, None, "warning", "NLLLoss expects log-probabilities: the output of LogSoftmax",
                      f"here it would get the output of {last.node.kind}, and -x can fall without end", (insert, CROSS_ENTROPY), "loss")
    if base is not None and role(base) == "sums":
        yield from _narrow(analysis, base, output, len(dataset.classes))


def _hidden(tail: list[Placed], base: Placed | None, output: Placed, dataset: Dataset) -> list[Placed]:
    """Of the tail the bricks of a hidden layer, the last first: behind them the layer that makes the scores is missing. Empty where it is there."""
    count = len(dataset.classes)
    if base is None or output.inputs[0][1:] == (count,) or (base.node.kind == "Linear" and base.shape[-1] <= count):
        return []
    bends = next((i for i, brick in enumerate(tail) if category(brick) == "Activation" and brick.node.kind not in SQUASHING), None)
    if bends is None:
        return []
    return tail[next(i for i, brick in enumerate(tail) if brick.node.kind not in SQUASHING):]


def _classes(analysis: Analysis, output: Placed, dataset: Dataset, hidden: list[Placed]) -> Problem:
    shape, count = output.inputs[0], len(dataset.classes)
    because = f"needs one score a class: {count}, here {'×'.join(map(str, shape[1:]))}"
    if shape[1:] == (1,):
        because += "; a single number can be a score of two classes at most" + (", with BCEWithLogitsLoss" if count == 2 else "")
    if hidden:
        because += f"; {hidden[0].node.id} ends a hidden layer, and the Linear behind it that makes the scores is missing"
    return Problem(output.node.id, None, "error", f"{dataset.title} has {count} classes, so the answer should be N×{count}; it is {show(shape)}",
                   because, tuple(fixes.classes(analysis, output, count, hidden[0] if hidden else None)), "classes")


def _tail(analysis: Analysis, output: Placed) -> tuple[list[Placed], Placed | None]:
    """The bricks between the last layer of weighted sums and the Output, the last first, and that layer or what else stands there."""
    tail, brick = [], above(analysis, output.node.id)
    while brick is not None and brick.shape is not None and category(brick) in ("Activation", "Regularisation", "Normalisation"):
        tail.append(brick)
        brick = above(analysis, brick.node.id)
    return tail, brick


def _in_the_tail(analysis: Analysis, brick: Placed, last: bool, loss: str, dataset: Dataset, only: bool, base: Placed | None) -> Iterator[Problem]:
    name, kind, count = brick.node.id, brick.node.kind, len(dataset.classes)
    # Right behind the samples the next brick would come to stand where this one should not.
    alone = len(analysis.network.out_of(name)) == 1 and category(base) != "Input and output"
    remove = batch(f"Remove {name}", {"op": "remove", "ids": [name], "rejoin": True}, sure=alone and loss != "NLLLoss")
    if kind in ("Softmax", "LogSoftmax"):
        yield from _shares(analysis, brick, last, loss, count, remove, only)
    elif category(brick) == "Activation":
        code = "loss" if kind == "Sigmoid" else "activation last"
        yield Problem(name, None, "warning", *_bounded(kind, loss, count), (remove,), code)
    elif category(brick) == "Regularisation":
        share = brick.layer.values(brick.node.params).get("p", 0.5)
        yield Problem(name, None, "warning", f"{kind} right before the output blanks whole answers while training",
                      f"each of the {count} scores is set to 0 with probability {share:g}, the right one's too; a zeroed score says nothing about its class",
                      (remove,), "dropout last")
    else:
        yield Problem(name, None, "warning", f"{kind} behind the last layer rescales the scores",
                      "scores of mean 0 and variance 1 cannot say how sure the network is; before an activation it helps, here it holds back",
                      (remove,), "normalisation last")


def _shares(analysis: Analysis, brick: Placed, last: bool, loss: str, count: int, remove: fixes.Fix, only: bool) -> Iterator[Problem]:
    """A softmax pair at the end: what each loss makes of it."""
    name, kind = brick.node.id, brick.node.kind
    if loss == "CrossEntropyLoss" and kind == "LogSoftmax":
        yield Problem(name, None, "advice", "CrossEntropyLoss takes the logarithm of softmax itself; LogSoftmax before it changes nothing",
                      "log-softmax of log-softmax is the same again: the probabilities in it sum to 1 already", (replace(remove, sure=False),), "loss")
    elif loss == "CrossEntropyLoss":
        least = math.log(1 + (count - 1) / math.e)
        yield Problem(name, None, "warning", f"CrossEntropyLoss applies softmax itself; {kind} before it flattens the gradients",
                      f"the loss of a perfect answer would stay at ln(1 + (C - 1)/e) instead of 0: with {count} classes at {least:.3f}", (remove,), "loss")
    elif loss == "NLLLoss" and kind == "Softmax" and last:
        yield Problem(name, None, "warning", "NLLLoss expects log-probabilities: the output of LogSoftmax",
                      "Softmax gives the probabilities themselves: the loss of a perfect answer would be -1, its slope the same everywhere",
                      (*fixes.swap(analysis, brick, "LogSoftmax", sure=only), CROSS_ENTROPY), "loss")
    elif loss == "MultiMarginLoss" and kind == "Softmax":
        yield Problem(name, None, "warning", "MultiMarginLoss compares scores; Softmax before it keeps them between 0 and 1",
                      "the right one can lead by at most 1", (remove,), "loss")


def _bounded(kind: str, loss: str, count: int) -> tuple[str, str]:
    """What an activation does to scores: (says, because)."""
    span = {"Sigmoid": 1, "Tanh": 2}.get(kind)
    if span and loss == "CrossEntropyLoss":
        least = math.log(1 + (count - 1) * math.exp(-span))
        low = 0 if kind == "Sigmoid" else -1
        return (f"CrossEntropyLoss applies softmax itself; {kind} before it keeps every score between {low} and 1",
                f"the loss of a perfect answer would stay at ln(1 + (C - 1)·exp(-{span})) instead of 0: with {count} classes at {least:.3f}")
    if span:
        return f"{kind} before {loss} keeps every score between {0 if kind == 'Sigmoid' else -1} and 1", "scores should be free to grow"
    if kind in ("ReLU", "Softplus"):
        return (f"{kind} right before the output: no score can fall below 0",
                "a wrong class cannot be pushed down, and a class whose scores are all cut off gets no gradient" if kind == "ReLU"
                else "a wrong class cannot be pushed below 0")
    return f"{kind} right before the output bends the scores", "the loss expects scores that are free to grow in both directions"


def _narrow(analysis: Analysis, base: Placed, output: Placed, count: int) -> Iterator[Problem]:
    """Fewer numbers than classes between the last layer and what feeds it."""
    have = math.prod(base.inputs[0][1:])
    if not have < count - 1 or base.shape[1:] != (count,):
        return
    feeding = above(analysis, base.node.id)
    while feeding is not None and category(feeding) in ("Activation", "Regularisation", "Normalisation"):
        feeding = above(analysis, feeding.node.id)
    offered = ()
    if feeding is not None and feeding.node.kind == "Linear":
        offered = tuple(fixes.set_params(feeding, f"Set out_features of {feeding.node.id} to {4 * count}", out_features=4 * count))
    yield Problem(base.node.id, None, "advice", f"{count} scores are made from {have} number{'s' if have > 1 else ''} only",
                  f"to set {count} scores apart freely takes {count - 1} numbers; made from {have} some can only move together "
                  "(Yang et al. 2018, arXiv:1711.03953)", offered, "narrow")


def nothing_to_learn(analysis: Analysis, project: Project, params: int) -> Iterator[Problem]:
    """A network that is whole and has no weight, or none that may change: an optimiser has nothing to do."""
    outputs = [placed for placed in analysis.placed.values() if placed.node.kind == "Output" and placed.inputs]
    if not outputs:
        return
    if params:
        yield from () if any(analysis.placed[name].trained for name in analysis.used) else _all_frozen(analysis, project, params)
        return
    edge = analysis.network.into(outputs[0].node.id)[0]
    width, flat = outputs[0].inputs[0][-1], len(outputs[0].inputs[0]) == 2
    offered = (fixes.insert(analysis, edge, "Linear", f"Insert a Linear before {outputs[0].node.id}", out_features=width),) if flat else ()
    yield Problem(outputs[0].node.id, None, "error", "the network has nothing to learn: no brick on the way to the Output has weights",
                  "needs at least 1 parameter, here 0", offered, "nothing to learn")


def _all_frozen(analysis: Analysis, project: Project, params: int) -> Iterator[Problem]:
    """Weights there are, and every one is frozen: the last brick is the one that people train again first."""
    frozen = [name for name, placed in analysis.placed.items() if placed.node.frozen and placed.cost[0]]
    insides = [{"op": "freeze", "ids": names, "value": False, "in": block} for block, inner in project.blocks.items()
               if (names := [node.id for node in inner.network.nodes if node.frozen])]
    every = [*([{"op": "freeze", "ids": frozen, "value": False}] if frozen else []), *insides]
    last = (batch(f"Unfreeze {frozen[-1]}", {"op": "freeze", "ids": frozen[-1:], "value": False}),) if len(frozen) > 1 else ()
    yield Problem(frozen[-1] if frozen else None, None, "error", "the network has nothing to learn: all its weights are frozen",
                  f"needs at least 1 parameter that is trained, here 0 of {params:,}",
                  (*last, *((batch("Unfreeze everything", *every),) if every else ())), "nothing to learn")
