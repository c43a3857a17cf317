"""torchvision's model of the same name as a ready-made network: its tensors stand in the same order, which is tried before it is believed."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import TYPE_CHECKING

from .store import Shapes, WeightsError

if TYPE_CHECKING:
    from torch import Tensor, nn

CLOSE = 1e-4


def plain(name: str) -> str:
    """A model's name without what people write differently: "vit-b16" and "vit_b_16" are one."""
    return "".join(c for c in name.casefold() if c.isalnum())


def twin_of(name: object) -> str | None:
    """What torchvision calls a model of this name; None where it has none."""
    from torchvision import models

    return next((one for one in models.list_models() if isinstance(name, str) and plain(one) == plain(name)), None)


def made(name: str) -> nn.Module:
    """torchvision's model without memory."""
    import torch
    from torchvision import models

    builder = models.get_model_builder(name)
    options = {option: None for option in ("weights", "weights_backbone") if option in inspect.signature(builder).parameters}
    # Its own first weights are not wanted; a model that offers to leave them out warns when it is not told.
    options |= {option: False for option in ("init_weights",) if name in ("googlenet", "inception_v3")}
    with torch.device("meta"):
        return builder(**options)


def names(own: Shapes, given: Shapes, name: str) -> dict[str, str] | None:
    """For each of our own tensors the name of the given one that stands in its place in torchvision's model; None where that is not what is given."""
    theirs = {key: tuple(value.shape) for key, value in made(name).state_dict().items()}
    if theirs.keys() != given.keys() or list(own.values()) != list(theirs.values()):
        return None
    return dict(zip(own, theirs, strict=True)) if all(given[key] == shape for key, shape in theirs.items()) else None


def hold_against(network: nn.Module, tensors: Mapping[str, Tensor], name: str, shape: tuple[int, ...]) -> None:
    """Raises WeightsError unless a network answers a sample of this shape as torchvision's model does with the same `tensors`."""
    import torch

    theirs = made(name)
    theirs.load_state_dict(tensors, assign=True)
    x = torch.randn((2, *shape), generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        expected, answer = theirs.eval()(x), network.eval()(x)
    expected = next(iter(expected.values())) if isinstance(expected, Mapping) else expected
    worst = float((answer - expected).abs().max()) if answer.shape == expected.shape else float("inf")
    if not worst <= CLOSE * max(1.0, float(expected.abs().max())):
        raise WeightsError(f"with torchvision's weights this network does not answer as torchvision's {name} does (off by {worst:.2g}): they are not taken")
