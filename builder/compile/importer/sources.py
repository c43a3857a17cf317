"""Models by name: torchvision's, and timm's where it is installed."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from .record import ImportRefused

SIDE = 224  # pixels, where nothing says how large a model's images are


@dataclass(frozen=True)
class Model:
    """A model with its name, and the shape (C H W) of the images that it is made for."""

    module: nn.Module
    name: str
    shape: tuple[int, ...]
    weights: str = ""


def named(source: str, weights: str = "", tensors: Mapping[str, Tensor] | None = None) -> Model:
    """The model called "torchvision:NAME" or "timm:NAME": with random weights, with torchvision's (`weights` is their name), or with `tensors`.

    Raises ImportRefused in one sentence for an unknown name, weights that do not fit, and where there is no network for those to be fetched.
    """
    library, _, name = source.partition(":")
    if library not in ("torchvision", "timm") or not name:
        raise ImportRefused(f"{source!r:.80} names no model: torchvision:NAME or timm:NAME does, or path/to/file.py:Class on the command line")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)  # so that random weights are the same each time
        found = _torchvision(name, weights) if library == "torchvision" else _timm(name, weights)
    if tensors is not None:
        fill(found.module, tensors, name)
    return found


def fill(module: nn.Module, tensors: Mapping[str, Tensor], name: str) -> None:
    """Gives a model its weights by name; raises ImportRefused naming what does not fit."""
    own = module.state_dict()
    wrong = [key for key, tensor in own.items() if key not in tensors or tensors[key].shape != tensor.shape]
    wrong = [key for key in wrong if not key.endswith("num_batches_tracked")]
    spare = [key for key in tensors if key not in own]
    if wrong or spare:
        first = wrong[0] if wrong else spare[0]
        what = (f"{tuple(tensors[first].shape)} in the file, {tuple(own[first].shape)} in the model" if first in tensors and first in own
                else "not in the file" if wrong else "not in the model")
        raise ImportRefused(f"the weights are not those of {name}: {len(wrong) + len(spare)} of their tensors do not fit, first {first} ({what})")
    module.load_state_dict({key: tensors.get(key, tensor) for key, tensor in own.items()})


def _unknown(library: str, name: str, names: Iterable[str]) -> ImportRefused:
    near = difflib.get_close_matches(name, list(names), 3)
    return ImportRefused(f"{library} has no model called {name!r:.60}" + (f"; there are {', '.join(near)}" if near else ""))


def _torchvision(name: str, weights: str) -> Model:
    from torchvision import models

    known = [*models.list_models(module=models), *models.list_models(module=models.segmentation)]
    if name not in known:
        if name in models.list_models():
            raise ImportRefused(f"torchvision's {name} is no network from images to scores: classification and segmentation models can be imported")
        raise _unknown("torchvision", name, known)
    kinds = models.get_model_weights(name)
    if weights and weights not in ("DEFAULT", *kinds.__members__):
        raise ImportRefused(f"torchvision's {name} has no weights {weights!r:.60}; there are {', '.join(kinds.__members__)}")
    chosen = kinds[weights] if weights else None
    more = {"weights_backbone": None} if name in models.list_models(module=models.segmentation) else {}
    try:
        module = models.get_model(name, weights=chosen, **more)
    except OSError as error:
        raise ImportRefused(f"torchvision's weights for {name} cannot be fetched: {chosen.url} does not answer ({getattr(error, 'reason', error)})") from None
    usual = next(iter(kinds), None) if chosen is None else chosen
    side = getattr(module, "image_size", None) or _crop(usual)
    return Model(module, name, (3, side, side), f"torchvision {name} {chosen.name}" if chosen else "")


def _crop(weights: object) -> int:
    """The side of the images that weights were made for."""
    side = getattr(getattr(weights, "transforms", None), "keywords", {}).get("crop_size", SIDE)
    return side if isinstance(side, int) else side[0]


def _timm(name: str, weights: str) -> Model:
    try:
        import timm
    except ImportError:
        raise ImportRefused("timm is not installed on this computer: pip install timm") from None
    if weights:
        raise ImportRefused("timm's weights are read from a file: --weights FILE (.safetensors or .pth)")
    if not timm.is_model(name.partition(".")[0]):
        raise _unknown("timm", name, timm.list_models())
    module = timm.create_model(name, pretrained=False)
    settings = getattr(module, "pretrained_cfg", None) or getattr(module, "default_cfg", None) or {}
    return Model(module, name.partition(".")[0], tuple(settings.get("input_size", (3, SIDE, SIDE))))
