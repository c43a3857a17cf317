"""Trained weights in a network that may have changed since: what fits is taken, the rest stays as it was made."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from builder.train.checkpoint import CheckpointError, read_weights

MOST_BYTES = 2_000_000_000


@dataclass(frozen=True)
class Fitted:
    """How many of a network's tensors were taken from a checkpoint."""

    taken: int
    of: int


def fit_weights(network: nn.Module, path: Path, prefix: str = "") -> Fitted:
    """Takes every tensor whose name, behind `prefix`, and shape are the same; raises CheckpointError when the file is missing, damaged or too large."""
    try:
        size = path.stat().st_size
    except OSError as error:
        raise CheckpointError(f"The checkpoint {path} cannot be read ({error.strerror}).") from None
    if size > MOST_BYTES:
        raise CheckpointError(f"The checkpoint is too large for a preview: {size / 1e9:.1f} GB of at most {MOST_BYTES / 1e9:.0f}.")
    given, own = read_weights(path), network.state_dict()
    fitting = {name: given[prefix + name] for name, value in own.items() if prefix + name in given and given[prefix + name].shape == value.shape}
    with torch.no_grad():
        for name, value in fitting.items():
            own[name].copy_(value)
    return Fitted(len(fitting), len(own))


def inherit(inner: nn.Module, outer: nn.Module, name: str) -> None:
    """Gives a network that was made of a block's inside the weights that the block has in `outer`; of copies in a row, those of the first."""
    given, own = outer.state_dict(), inner.state_dict()
    with torch.no_grad():
        for key, value in own.items():
            for prefix in (f"{name}.", f"{name}.0."):
                if prefix + key in given and given[prefix + key].shape == value.shape:
                    value.copy_(given[prefix + key])
