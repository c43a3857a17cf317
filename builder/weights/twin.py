"""torchvision's model of the same name as a ready-made network: tensors of one shape stand in the same order, which is tried before it is believed."""

from __future__ import annotations

import inspect
from collections import Counter, deque
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


def made(name: str, aux: bool = False) -> nn.Module:
    """torchvision's model without memory; with `aux` with the auxiliary head that published weights of a segmentation model have."""
    import torch
    from torchvision import models

    builder = models.get_model_builder(name)
    options = {option: None for option in ("weights", "weights_backbone") if option in inspect.signature(builder).parameters}
    # Its own first weights are not wanted; a model that offers to leave them out warns when it is not told.
    options |= {option: False for option in ("init_weights",) if name in ("googlenet", "inception_v3")}
    options |= {"aux_loss": True} if aux else {}
    with torch.device("meta"):
        return builder(**options)


def _made_for(given: Shapes, name: str) -> nn.Module | None:
    """torchvision's model whose tensors are the given ones; None when neither form of it has them."""
    forms = (made(name, aux) for aux in ((False, True) if name.startswith(("fcn", "deeplab")) else (False,)))
    return next((form for form in forms if {key: tuple(value.shape) for key, value in form.state_dict().items()} == given), None)


def names(own: Shapes, given: Shapes, name: str) -> dict[str, str] | None:
    """For each of our own tensors the name of the given one: among those of its shape the one of its place in torchvision's model.

    None where that is not what is given.
    """
    model = _made_for(given, name)
    if model is None or Counter(own.values()) != Counter(given.values()):
        return None
    theirs: dict[tuple[int, ...], deque[str]] = {}
    for key, value in model.state_dict().items():
        theirs.setdefault(tuple(value.shape), deque()).append(key)
    return {key: theirs[shape].popleft() for key, shape in own.items()}


def hold_against(network: nn.Module, tensors: Mapping[str, Tensor], name: str, shape: tuple[int, ...]) -> None:
    """Raises WeightsError unless a network answers a sample of this shape as torchvision's model does with the same `tensors`."""
    import torch

    theirs = _made_for({key: tuple(value.shape) for key, value in tensors.items()}, name)
    theirs.load_state_dict(tensors, assign=True)
    x = torch.randn((2, *shape), generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        expected, answers = _several(theirs.eval()(x)), _several(network.eval()(x))
    worst = float("inf")
    if [one.shape for one in answers] == [one.shape for one in expected]:
        worst = max(float((one - other).abs().max()) / max(1.0, float(other.abs().max())) for one, other in zip(answers, expected, strict=True))
    if not worst <= CLOSE:
        raise WeightsError(f"with torchvision's weights this network does not answer as torchvision's {name} does (off by {worst:.2g}): they are not taken")


def _several(answer: object) -> list[Tensor]:
    """A network's answers, however it gives them."""
    return list(answer.values()) if isinstance(answer, Mapping) else list(answer) if isinstance(answer, tuple) else [answer]
