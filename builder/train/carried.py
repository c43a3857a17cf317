"""What an optimiser keeps of each weight (momentum, means of gradients, a count of steps), carried from a run to one that starts from its weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from .checkpoint import OPTIMIZER, read_tensors

# Before the names of weights, in a file beside them: no name of a weight has a slash.
STATE = "optimizer/"
Make = Callable[[list[nn.Parameter]], Optimizer]


def kept(make: Make) -> dict[str, bool]:
    """The names of what an optimiser keeps of a weight, and whether that is one number alone instead of one for each of the weight's."""
    weight = nn.Parameter(torch.zeros(2))
    weight.grad = torch.zeros(2)
    optimizer = make([weight])
    optimizer.step()
    return {key: value.ndim == 0 for key, value in optimizer.state[weight].items() if isinstance(value, Tensor)}


def state_of(checkpoint: Path, names: Sequence[str]) -> dict[str, Tensor]:
    """What the optimiser of a run kept, as `STATE`NAME/KEY, of the weights that it trained, which are called `names` in their order; raises CheckpointError."""
    found = {}
    for place, value in read_tensors(checkpoint).items():
        number, _, key = place.removeprefix(OPTIMIZER).partition(".")
        if place.startswith(OPTIMIZER) and number.isdigit() and int(number) < len(names):
            found[f"{STATE}{names[int(number)]}/{key}"] = value
    return found


def state_for(name: str, place: str, weight: Tensor, keys: Mapping[str, bool], state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Of what was kept of the weight called `place` then, what goes on under its `name` now: all of it where its shape is the same, else nothing."""
    found = {f"{STATE}{name}/{key}": state.get(f"{STATE}{place}/{key}") for key in keys}
    shapes = [torch.Size([]) if alone else weight.shape for alone in keys.values()]
    fits = all(value is not None and value.shape == shape for value, shape in zip(found.values(), shapes, strict=True))
    return found if fits else {}


def give(optimizer: Optimizer, named: Mapping[str, nn.Parameter], keys: Mapping[str, bool], state: Mapping[str, Tensor]) -> None:
    """Has an optimiser go on with what is there of the weights that it trains, by their names; of the others it has seen nothing."""
    names, whole = {id(weight): name for name, weight in named.items()}, optimizer.state_dict()
    for number, weight in enumerate(weight for group in optimizer.param_groups for weight in group["params"]):
        name = names[id(weight)]
        found = state_for(name, name, weight, keys, state)
        whole["state"][number] = {key: found.get(f"{STATE}{name}/{key}", torch.zeros(()) if alone else torch.zeros_like(weight)) for key, alone in keys.items()}
    optimizer.load_state_dict(whole)


def in_words(kind: str, before: str, carried: int, of: int) -> str:
    """What becomes of the optimiser `kind` where that of the run was `before`, in a sentence; it goes on for so many of the weights that are trained."""
    if kind != before:
        return f"The optimiser starts anew: it is {kind} now, and was {before}."
    if not carried:
        return f"The optimiser starts anew: {kind} had kept nothing of the weights, or nothing that fits."
    return f"{kind} goes on with what it kept of " + (f"all {of:,} tensors that are trained." if carried == of else f"{carried:,} of the {of:,} tensors that are trained; of the others it starts anew.")
