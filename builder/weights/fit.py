"""Which tensor of a file belongs to which of a network: by name and shape, or in the order of a published twin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .store import Shapes, WeightsError

if TYPE_CHECKING:
    from torch import Tensor, nn

NAMED = 3  # tensors that do not fit are named up to so many


@dataclass(frozen=True)
class Fitted:
    """How many of a network's tensors were taken (`taken` of `of`), the names of those of its own that were not, and of those given for nothing."""

    taken: int
    of: int
    missing: tuple[str, ...] = ()
    spare: tuple[str, ...] = ()

    @property
    def says(self) -> str:
        """For people: "all 62 tensors fit", or which ones do not."""
        if self.taken == self.of:
            return f"all {self.of:,} tensors fit"
        return f"{self.taken:,} of {self.of:,} tensors fit; {_listed(self.missing)} {'starts' if len(self.missing) == 1 else 'start'} fresh"


def _listed(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


def compared(own: Shapes, given: Shapes) -> Fitted:
    """How much of `given` has the name and the shape of one of `own`."""
    missing = tuple(name for name, shape in own.items() if given.get(name) != shape)
    return Fitted(len(own) - len(missing), len(own), missing, tuple(name for name in given if name not in own))


def shapes_of(tensors: Mapping[str, Tensor]) -> Shapes:
    """Names and shapes of tensors."""
    return {name: tuple(value.shape) for name, value in tensors.items()}


def give(network: nn.Module, tensors: Mapping[str, Tensor]) -> Fitted:
    """Gives a network every tensor whose name and shape are those of one of its own; the others stay as they were made."""
    import torch

    own = network.state_dict()
    found = compared(shapes_of(own), shapes_of(tensors))
    with torch.no_grad():
        for name in own.keys() - set(found.missing):
            own[name].copy_(tensors[name])
    return found


def assigned(own: Shapes, given: Shapes, twin: Shapes | None = None, ordered: bool = False) -> dict[str, str]:
    """Of which given tensor each of our own is made, by name.

    Names that are ours go first. Else the order tells: of `twin`, a network whose tensors have the given names and stand as ours do, or of the
    given tensors themselves where that is the order they were made in (`ordered`). Raises WeightsError, with the numbers, when neither fits.
    """
    if compared(own, given).taken == len(own):
        return {name: name for name in own}
    if twin is not None and twin.items() <= given.items() and list(twin.values()) == list(own.values()):
        return dict(zip(own, twin, strict=True))
    if ordered and list(given.values()) == list(own.values()):
        return dict(zip(own, given, strict=True))
    fitting = {name: name for name, shape in own.items() if given.get(name) == shape}
    if not fitting:
        raise WeightsError(f"the weights are of another network: none of its {len(given):,} tensors has the name and the shape of one of the "
                           f"{len(own):,} of this drawing, and in their order the shapes differ {_where(own, given)}")
    return fitting


def _where(own: Shapes, given: Shapes) -> str:
    """The first place at which two lists of shapes part, in words."""
    for (name, shape), (other, theirs) in zip(own.items(), given.items(), strict=False):
        if shape != theirs:
            return f"at {name} {list(shape)} and {other} {list(theirs)}"
    return f"in number: {len(own):,} and {len(given):,}"
