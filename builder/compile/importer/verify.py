"""The proof of an import: the network of the drawing, with the model's weights, gives what the model gives."""

from __future__ import annotations

import contextlib
import copy
import math
from collections.abc import Iterable, Mapping, Sequence

import torch
from torch import nn

from .record import ImportRefused
from .translate import named_results

TOLERANCE = 1e-5
SMALL = (64, 96, 32)  # sides of images that are tried first: what agrees there is tried once more in its own size


def weights_of(state: Mapping[str, torch.Tensor], network: nn.Module, mapping: Mapping[str, object]) -> dict[str, torch.Tensor]:
    """The model's tensors under the network's keys."""
    found = {}
    for key, tensor in network.state_dict().items():
        source = mapping[key]
        given = state.get(source) if isinstance(source, str) else source
        if given is None:
            given = torch.zeros(tensor.shape, dtype=tensor.dtype)  # a counter that the model does not keep
        if given.numel() != tensor.numel():
            raise ImportRefused(f"{source if isinstance(source, str) else 'a constant'} has {tuple(given.shape)} numbers, its brick {key} {tuple(tensor.shape)}")
        found[key] = given.detach().reshape(tensor.shape).to(tensor.dtype).contiguous()
    return found


def parameters(module: nn.Module) -> int:
    """How many numbers a module learns, each counted once."""
    return sum(p.numel() for p in module.parameters())


def twin(module: nn.Module) -> nn.Module:
    """A copy that may be run: its statistics and its caches are its own, its parameters the module's."""
    return copy.deepcopy(module, {id(parameter): parameter for parameter in module.parameters()})


def verify(model: nn.Module, network: nn.Module, examples: Sequence[torch.Tensor], order: Mapping[str, str | None]) -> float:
    """The largest difference between the outputs of both, relative to the largest output; raises ImportRefused when it is over TOLERANCE.

    `order` names the outputs as training calls them, with their names in evaluation (None: not there). Both run in evaluation and in training
    mode, from the same seed, at two batch sizes.
    """
    ours, theirs = parameters(network), parameters(model)
    if ours != theirs:
        raise ImportRefused(f"the drawing has {ours:,} parameters, the model {theirs:,}: some of them are not used in its forward pass")
    for side in _smaller(examples):
        inputs = [_sized(example, side) for example in examples]
        with contextlib.suppress(RuntimeError, ValueError, AssertionError, TypeError):  # what is drawn may be made for its own size alone
            one, other = twin(model), twin(network)
            worst = max(_once(one, other, _samples(inputs, count), order, training) for count in (2, 3) for training in (False, True))
            worst = max(worst, _once(one, other, _samples(examples, 1), order, False))
            if worst <= TOLERANCE:
                return worst
            break
    one, other = twin(model), twin(network)
    worst = max(_once(one, other, _samples(examples, count), order, training) for count, training in ((1, False), (2, True), (3, False), (3, True)))
    if not worst <= TOLERANCE:
        raise ImportRefused(f"the drawing does not do what the model does: what they give differs by {worst:.2g} of the largest number")
    return worst


def _smaller(examples: Sequence[torch.Tensor]) -> Iterable[int]:
    images = [example for example in examples if example.ndim == 4 and example.is_floating_point() and example.shape[-1] == example.shape[-2]]
    return [side for side in SMALL if side < images[0].shape[-1]] if len(images) == len(examples) else []


def _sized(example: torch.Tensor, side: int) -> torch.Tensor:
    return torch.empty(*example.shape[:2], side, side)


def _samples(examples: Sequence[torch.Tensor], count: int) -> list[torch.Tensor]:
    """Random inputs of the examples' shapes; whole numbers are drawn from what the example holds."""
    generator = torch.Generator().manual_seed(count)
    made = []
    for example in examples:
        shape = (count, *example.shape[1:])
        if example.is_floating_point():
            made.append(torch.randn(shape, generator=generator))
        else:
            made.append(torch.randint(0, int(example.max()) + 1 if example.numel() else 2, shape, generator=generator, dtype=example.dtype))
    return made


def _once(model: nn.Module, network: nn.Module, inputs: list[torch.Tensor], order: Mapping[str, str | None], training: bool) -> float:
    """The difference of the outputs. Evaluation follows training, so what training left in running statistics is compared by what it does."""
    model.train(training)
    network.train(training)
    with torch.no_grad(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        theirs = dict(named_results(model(*(x.clone() for x in inputs))))
        torch.manual_seed(0)
        try:
            ours = named_results(network(*(x.clone() for x in inputs)))
        except (RuntimeError, TypeError, IndexError) as error:
            said = " ".join(str(error).split())[:200]
            raise ImportRefused(f"the drawing fails on {len(inputs[0])} samples where the model runs: {said}") from None
    names = list(order) if training else [name for name in order.values() if name]
    if len(names) != len(ours):
        raise ImportRefused(f"the drawing gives {len(ours)} tensors in {'training' if training else 'evaluation'}, the model {len(names)}")
    return max((difference(theirs[name], mine) for name, (_, mine) in zip(names, ours, strict=True)), default=0.0)


def difference(one: torch.Tensor, other: torch.Tensor) -> float:
    """The largest difference of two tensors, relative to the largest number where that is above 1; infinite for other shapes."""
    if one.shape != other.shape:
        return math.inf
    if not one.numel():
        return 0.0
    one, other = one.double(), other.double()
    same = (one == other) | (one.isnan() & other.isnan())
    gap = torch.where(same, torch.zeros_like(one), (one - other).abs()).max().item()
    scale = one[one.isfinite()].abs().max().item() if bool(one.isfinite().any()) else 1.0
    return math.inf if math.isnan(gap) else gap / max(1.0, scale)


