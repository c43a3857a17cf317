"""First weights by a rule of torch.nn.init."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import torch
from torch import nn

PACKAGE = "torch.nn.init."


class InitialiserError(ValueError):
    """The rule is not there or does not fit a layer."""


def initialise(model: nn.Module, function_path: str, params: Mapping[str, object], seed: int, but: Collection[str] = ()) -> None:
    """Gives the weights of every convolution and Linear layer new values by a function like "torch.nn.init.kaiming_normal_"; biases stay,
    and so do the layers called as those in `but`, and weights that are all 0: no layer of torch starts so, only one that was told to.

    Seeds torch first, so that the weights follow from the seed and the network alone. Raises InitialiserError, naming the layer where one refuses.
    """
    name = function_path.removeprefix(PACKAGE)
    function = getattr(nn.init, name, None) if function_path.startswith(PACKAGE) else None
    # Only the functions that fill a tensor in place, which end in one underscore.
    if function is None or not name.endswith("_") or name.startswith("_"):
        raise InitialiserError(f"There is no initialiser {function_path!r} in torch.nn.init.")
    torch.manual_seed(seed)
    for layer, module in model.named_modules():
        if isinstance(module, nn.modules.conv._ConvNd | nn.Linear) and layer not in but and module.weight.any():
            try:
                function(module.weight, **params)
            except (TypeError, ValueError, RuntimeError) as error:
                raise InitialiserError(f"{type(module).__name__} {layer!r}: {name} refused its weights: {error}") from None
