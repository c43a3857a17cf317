"""A data set on the device or on its way there, and the order in which an epoch goes through it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

from builder.data.rows import Rows

from .device import Device
from .feed import ahead

if TYPE_CHECKING:
    from .augment import Augment

CONVOLUTIONS = (nn.Conv2d, nn.ConvTranspose2d)


def seed_everything(seed: int) -> None:
    """Seeds torch on every device; called before a network is built, so that its first weights follow from the seed."""
    torch.manual_seed(seed)


def epoch_seed(seed: int, epoch: int) -> int:
    """The seed of one epoch's order and dropout: no two epochs of any two runs share one below a million epochs."""
    return seed * 1_000_000 + epoch


def batch_bounds(samples: int, batch_size: int) -> list[tuple[int, int]]:
    """First and one-past-last place of every batch of an epoch.

    A last batch of one sample joins the batch before it: BatchNorm has no variance to divide by there and refuses to train, and one sample's
    gradient would count as much as a whole batch's.
    """
    starts = list(range(0, samples, batch_size))
    if batch_size > 1 and samples % batch_size == 1 and len(starts) > 1:
        starts.pop()
    return list(zip(starts, [*starts[1:], samples], strict=True))


def has_convolutions(model: nn.Module) -> bool:
    """Whether the network has a two-dimensional convolution, which channels_last makes faster."""
    return any(isinstance(module, CONVOLUTIONS) for module in model.modules())


class Split:
    """One part of a data set, as bytes (N C H W) or as floats (N ...); a batch is normalised when it is taken.

    Bytes are a quarter of the memory of floats and a quarter of the traffic to the device. The samples lie on the device, but for Rows and for more bytes
    than `most`: those stay where they are, and threads bring the batches of an epoch to the device ahead of their use. The batches are the same.
    With `channels_last` images lie as N H W C, so that every batch is channels_last without a copy. With `augment` the images of a batch are
    changed by chance, which `begin` draws for an epoch. Where that mixes each image with another one, that is the one before it in the epoch's order, whatever the batches, and targets
    become shares of so many `classes`, float32 (N classes). Batches follow the epoch's order, unless they are `scattered`.
    """

    def __init__(self, x: Tensor | Rows, y: Tensor, mean: Sequence[float], std: Sequence[float], device: Device, channels_last: bool,
                 augment: Augment | None = None, most: int | None = None, classes: int = 0):
        self._augment, self._chance, self._device = augment, None, device.torch_name
        self._mixes, self._before, self._classes, self.scattered = augment is not None and augment.mixes, None, classes, False
        self._last = channels_last and x.ndim == 4
        self._bytes, self._pinned = x.dtype == torch.uint8, device.kind == "cuda"
        if device.kind != "cpu" and most is not None and x.nbytes > most:
            x = x if isinstance(x, Rows) else Rows(x)
        self.streamed = isinstance(x, Rows)
        # With the samples lie their answers, their order and what is drawn for them: to read such numbers off a device is to wait for all that it still has to do.
        self.where = "cpu" if self.streamed else device.torch_name
        self._x, self._y = x if self.streamed else self._laid_out(x).to(self.where), y if isinstance(y, Rows) else y.to(self.where)
        # One number a channel or a feature; a lone one as a plain number, which torch adds faster than a tensor that it must spread.
        spread = [torch.tensor(numbers, dtype=torch.float32, device=device.torch_name).reshape(-1, *[1] * (x.ndim - 2)) for numbers in (mean, std)]
        self._mean, self._std = spread if len(mean) > 1 else (spread[0].item(), spread[1].item())

    def __len__(self) -> int:
        return len(self._x)

    def says(self, workers: int) -> str:
        """In a sentence how streamed samples come to the device; empty for those that lie there."""
        if not self.streamed:
            return ""
        by = f"{workers} thread{'' if workers == 1 else 's'} {'brings' if workers == 1 else 'bring'} them to the device ahead of their use" if workers else "each batch is brought to the device when it is its turn"
        return f"The training samples, {self._x.nbytes / 1e6:,.0f} MB, are more than may lie in the memory of the device: they stay where they are, and {by}."

    def batches(self, parts: Iterable[Tensor], workers: int) -> Iterator[tuple[Tensor, Tensor]]:
        """The batches of an epoch, each of the samples with the numbers of its part."""
        if not self.streamed:
            return map(self.batch, parts)
        return (self._finished(*made) for made in ahead(self._taken, parts, workers))

    def batch(self, indices: Tensor) -> tuple[Tensor, Tensor]:
        """Inputs float32 (N ...), images normalised as ToTensor and Normalize would, and targets, of the samples with these numbers."""
        return self._finished(*self._taken(indices))

    def _taken(self, indices: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The samples and answers with these numbers as they are kept, on the device, and the numbers, which lie where the samples do."""
        if self._mixes:
            indices = torch.cat([self._before.index_select(0, indices if self.scattered else indices[:1]), indices])
        if self.streamed:
            # Strides as index_select gives them: those of images of one channel are not unique, and other strides take other kernels.
            x = self._brought(self._laid_out(self._x[indices]).clone(memory_format=torch.contiguous_format))
        else:
            x = self._x.index_select(0, indices)
        return x, self._answers(indices), indices

    def _answers(self, indices: Tensor | slice) -> Tensor:
        """The answers with these numbers, on the device."""
        taken = self._y[indices] if isinstance(indices, slice) or isinstance(self._y, Rows) else self._y.index_select(0, indices)
        return self._brought(taken) if self.streamed else taken

    def _brought(self, x: Tensor) -> Tensor:
        """Samples of main memory on the device."""
        # From pinned memory the copy does not wait for what the device still computes.
        return x.pin_memory().to(self._device, non_blocking=True) if self._pinned else x.to(self._device)

    def _laid_out(self, x: Tensor) -> Tensor:
        return x.permute(0, 2, 3, 1).contiguous() if self._last else x.contiguous()

    def _finished(self, x: Tensor, y: Tensor, indices: Tensor) -> tuple[Tensor, Tensor]:
        if self._augment is None:
            return self._normalised(x), y
        chance = self._chance.index_select(0, indices)
        chance = self._brought(chance) if self.streamed else chance
        if self._mixes:
            lead = len(indices) // 2 if self.scattered else 1
            images, share = self._augment.mixed(self._scaled(x), chance, lead)
            kinds, part = one_hot(y, self._classes).float(), share[:, None]
            y = part * kinds[lead:] + (1 - part) * kinds[:len(share)]
        else:
            images = self._augment.images(self._scaled(x), chance)
        images = images.contiguous(memory_format=torch.channels_last) if self._last else images
        return images.sub_(self._mean).div_(self._std), self._augment.answers(y, images, chance)

    def begin(self, seed: int, epoch: int) -> None:
        """The augmentations of an epoch's samples, drawn for all of them."""
        if self._augment is not None:
            self._chance = self._augment.chances(len(self), seed, epoch).to(self.where)
        if self._mixes:
            self._before = before(len(self), seed, epoch).to(self.where)

    def part(self, first: int, end: int) -> tuple[Tensor, Tensor]:
        """The same for the samples from `first` to before `end`."""
        x = self._x[first:end]
        return self._normalised(self._brought(self._laid_out(x)) if self.streamed else x), self._answers(slice(first, end))

    def _normalised(self, x: Tensor) -> Tensor:
        if not self._bytes:
            return (x.permute(0, 3, 1, 2) if self._last else x).sub(self._mean).div_(self._std)
        return self._scaled(x).sub_(self._mean).div_(self._std)

    def _scaled(self, x: Tensor) -> Tensor:
        x = x.permute(0, 3, 1, 2) if self._last else x  # N C H W
        return x.to(torch.float32).div_(255)


def epoch_order(samples: int, seed: int, epoch: int, where: str = "cpu") -> Tensor:
    """The order of the samples in an epoch, a function of (seed, epoch) alone, on the device called `where`.

    Seeds torch's own generators on the way, so that the epoch's dropout follows from (seed, epoch) too, whatever was drawn before it.
    """
    torch.manual_seed(epoch_seed(seed, epoch))
    return torch.randperm(samples).to(where)


def before(samples: int, seed: int, epoch: int) -> Tensor:
    """The number of the sample that comes before each one in the order of an epoch (samples); before the first comes the last."""
    order = torch.randperm(samples, generator=torch.Generator().manual_seed(epoch_seed(seed, epoch)))
    return torch.empty_like(order).index_copy_(0, order, order.roll(1))
