"""Augmentations in a row, for the images of a training part: random numbers from (seed, epoch, sample), the changes on the device of the batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from inspect import isfunction

import torch
from torch import Tensor

from builder.catalogue.augmentation import Augmentation, boxed

from . import augmentations, mixing, policies
from .batches import epoch_seed

# Past the seeds of all orders of samples: a run has at most 100,000 epochs.
PAST_ORDERS = 500_000
# What is written into an exported training too, in the order in which it stands there.
FUNCTIONS: Mapping[str, Callable[..., Tensor]] = {name: one for module in (augmentations, policies, mixing) for name, one in vars(module).items() if isfunction(one)}


@dataclass(frozen=True)
class Step:
    """One change: the function that makes it, which of an image's random numbers are its, and its arguments; those for a mask, or None where it moves nothing; whether it `mixes` images."""

    function: Callable[..., Tensor]
    first: int
    end: int
    arguments: Mapping[str, object]
    masks: Mapping[str, object] | None
    mixes: bool = False


@dataclass(frozen=True)
class Augment:
    """The changes in their order. What a sample becomes in an epoch follows from (seed, epoch, its number in the training part) alone."""

    steps: tuple[Step, ...]

    @property
    def draws(self) -> int:
        """How many random numbers an image takes."""
        return self.steps[-1].end

    def chances(self, samples: int, seed: int, epoch: int) -> Tensor:
        """The random numbers of all samples in an epoch, float32 (samples draws), on the CPU whatever the device: the same there as here."""
        return torch.rand(samples, self.draws, generator=torch.Generator().manual_seed(epoch_seed(seed, PAST_ORDERS + epoch)))

    def images(self, images: Tensor, chance: Tensor) -> Tensor:
        """Images float32 (N C H W) on the scale 0 to 1, changed by their rows of `chance` (N draws), of a row that mixes none."""
        return self.mixed(images, chance, 0)[0]

    @property
    def mixes(self) -> bool:
        """Whether each image is mixed with another one."""
        return any(step.mixes for step in self.steps)

    def mixed(self, images: Tensor, chance: Tensor, lead: int) -> tuple[Tensor, Tensor | None]:
        """The same where each image is mixed with another: `lead` images more stand in front, and the one at place i is the other of that at place lead + i.

        Also how much of each image is its own (N), None where none are mixed.
        """
        share = None
        for step in self.steps:
            if step.mixes:
                own, chance = images[lead:], chance[lead:]
                images, share = step.function(own, images[:len(own)], chance[:, step.first:step.end], **step.arguments)
            else:
                images = step.function(images, chance[:, step.first:step.end], **step.arguments)
        return images, share

    def masks(self, masks: Tensor, chance: Tensor) -> Tensor:
        """Masks uint8 (N H W), moved as their images are; 255, which counts for nothing, comes in from outside."""
        moved = masks[:, None].to(torch.float32)
        for step in self.steps:
            if step.masks is not None:
                moved = step.function(moved, chance[:, step.first:step.end], **step.masks)
        return moved[:, 0].to(masks.dtype)

    def boxes(self, boxes: Tensor, images: Tensor, chance: Tensor) -> Tensor:
        """Boxes float32 (N M 5), moved as their images, of the shape of these (N C H W), are; one of which nothing is left in its image is none."""
        moving = [step for step in self.steps if step.masks is not None]
        if not moving:
            return boxes
        origin = augmentations.coordinates(images)
        for step in moving:
            origin = step.function(origin, chance[:, step.first:step.end], **boxed(step.masks))
        return augmentations.surrounded(boxes, origin)

    def answers(self, y: Tensor, images: Tensor, chance: Tensor) -> Tensor:
        """What is true of the images once they are changed: masks and boxes move along, anything else stays."""
        if y.ndim != 3:
            return y
        return self.masks(y, chance) if y.dtype == torch.uint8 else self.boxes(y, images, chance)


def in_a_row(chosen: Sequence[tuple[Augmentation, Mapping[str, object]]]) -> Augment | None:
    """Augmentations with their parameters as one; None where there are none."""
    steps, first = [], 0
    for record, given in chosen:
        arguments = record.arguments(given)
        end = first + record.taken(given)
        steps.append(Step(FUNCTIONS[record.function], first, end, arguments, None if record.masks is None else {**arguments, **record.masks}, record.mixes))
        first = end
    return Augment(tuple(steps)) if steps else None
