"""A network's numbers as safetensors, by their names in the state_dict."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from .kinds import Exported, ExportError

if TYPE_CHECKING:
    from torch import Tensor, nn

NAMED = 3  # tensors that do not fit are named up to so many


def weights(network: nn.Module, state: Mapping[str, Tensor]) -> Exported:
    """The tensors of a network, and what an optimiser is to go on with."""
    return _saved({**network.state_dict(), **state})


def of_checkpoint(checkpoint: Path) -> Exported:
    """The network's tensors in a run's checkpoint; raises ExportError when it is damaged."""
    return _saved(_read(checkpoint))


def _saved(state: Mapping[str, Tensor]) -> Exported:
    from safetensors.torch import save

    # Copies, so that what layers share is written twice instead of refused.
    tensors = {name: value.detach().cpu().contiguous().clone() for name, value in state.items()}
    count = sum(value.numel() for value in tensors.values())
    return Exported(save(tensors, {"format": "pt"}), f"{len(tensors):,} tensors, {count:,} numbers")


def take(network: nn.Module, checkpoint: Path) -> None:
    """Gives a network the weights of a run's checkpoint; raises ExportError unless every tensor fits."""
    given = _read(checkpoint)
    own = network.state_dict()
    wrong = [name for name in (*own, *(name for name in given if name not in own)) if name not in own or name not in given or own[name].shape != given[name].shape]
    if wrong:
        more = f" and {len(wrong) - NAMED:,} more" if len(wrong) > NAMED else ""
        raise ExportError(f"the run trained another network than this drawing: {', '.join(wrong[:NAMED])}{more} of its tensors "
                          "are not in both or differ in shape; export the run's own project (runs export)")
    network.load_state_dict(given)


def _read(checkpoint: Path) -> dict[str, Tensor]:
    from builder.train.checkpoint import CheckpointError, read_weights

    try:
        return read_weights(checkpoint)
    except CheckpointError as error:
        raise ExportError(str(error)) from None
