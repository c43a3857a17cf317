"""Layers whose result for a sample depends on the batch or on chance, in a training that several processes share: what one process would give, part by part.

BatchNorm takes its means over the whole batch. Dropout draws the mask of the whole batch in every process, by the same random numbers, and takes the rows of its part:
drawing is a small share of what a step costs, and so the numbers are those of one process, however many there are.
"""

from __future__ import annotations

import torch
import torch.distributed as dist
from torch import Tensor, nn


class _Sum(torch.autograd.Function):
    """The sum of a tensor over all processes; gradients are added up in the same way."""

    @staticmethod
    def forward(context: object, own: Tensor) -> Tensor:
        """The sum."""
        whole = own.clone()
        dist.all_reduce(whole)
        return whole

    @staticmethod
    def backward(context: object, gradient: Tensor) -> Tensor:
        """The sum again: every process's result depends on every process's part."""
        return _Sum.forward(context, gradient.contiguous())


class _SharedStatistics:
    """BatchNorm that takes mean and variance over the parts of all processes, in training."""

    def forward(self, x: Tensor) -> Tensor:
        """N C ... -> N C ..., as torch's with the whole batch."""
        if not self.training:
            return super().forward(x)
        axes = [axis for axis in range(x.ndim) if axis != 1]
        shape = [1, -1, *[1] * (x.ndim - 2)]
        wide = x.float()
        count = _Sum.apply(torch.tensor(float(x.numel() // x.shape[1]), device=x.device))
        mean = _Sum.apply(wide.sum(axes)) / count
        apart = wide - mean.view(shape)
        variance = _Sum.apply(apart.square().sum(axes)) / count
        if self.track_running_stats:
            self._note(mean.detach(), variance.detach() * count / (count - 1))
        out = apart * torch.rsqrt(variance + self.eps).view(shape)
        if self.affine:
            out = out * self.weight.view(shape) + self.bias.view(shape)
        return out.to(x.dtype)

    def _note(self, mean: Tensor, variance: Tensor) -> None:
        self.num_batches_tracked.add_(1)
        share = 1 / float(self.num_batches_tracked) if self.momentum is None else self.momentum
        self.running_mean.lerp_(mean, share)
        self.running_var.lerp_(variance, share)


def share_statistics(model: nn.Module) -> None:
    """Has every BatchNorm of the network take its means over all processes."""
    for module in model.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d | nn.BatchNorm3d) and not isinstance(module, _SharedStatistics):
            kind = type(module)
            module.__class__ = type(kind.__name__, (_SharedStatistics, kind), {})


def own_statistics(model: nn.Module) -> None:
    """Takes that back: each process by itself again."""
    for module in model.modules():
        if isinstance(module, _SharedStatistics):
            module.__class__ = type(module).__mro__[2]


class Part:
    """Which part of a batch a process computes, and the random numbers that all processes draw alike: on the processor those that one process would draw."""

    def __init__(self, rank: int, size: int):
        self.rank, self.size, self.samples, self.random = rank, size, 0, torch.Generator()

    def begin(self, seed: int, samples: int) -> None:
        """The random numbers of an epoch, as one process has them once it has drawn the order of the samples."""
        self.random.manual_seed(seed)
        torch.randperm(samples, generator=self.random)

    def drawn(self, x: Tensor, tail: tuple[int, ...], share: float) -> Tensor | None:
        """1 for so large a share of the numbers and 0 for the others, for the rows of this process's x (n ...), where these are as many as it has samples, or so many each."""
        own = len(range(self.rank, self.samples, self.size))
        if not own or x.ndim == 0 or len(x) % own:
            return None
        each = len(x) // own
        # In the order in which x lies in memory: so the numbers come to the places where one process has them.
        order = sorted(range(x.ndim), key=lambda axis: -x.stride(axis)) if tail == x.shape[1:] else range(x.ndim)
        whole = torch.empty_permuted((self.samples * each, *tail), tuple(order), dtype=x.dtype, device=x.device).bernoulli_(share, generator=self.random)
        return whole.unflatten(0, (self.samples, each))[self.rank::self.size].flatten(0, 1)


class _Shared:
    """A layer that drops at random, of which each process has the part of its samples. The arithmetic is torch's own, to the last bit."""

    def forward(self, x: Tensor) -> Tensor:
        """As torch's with the whole batch."""
        noise = self._noise(x) if self.training and 0 < self.p < 1 else None
        return super().forward(x) if noise is None else self._applied(x, noise)

    def _noise(self, x: Tensor) -> Tensor | None:
        return self.part.drawn(x, x.shape[1:], 1 - self.p)

    def _applied(self, x: Tensor, noise: Tensor) -> Tensor:
        return x * noise.div_(1 - self.p)


class _SharedChannels(_Shared):
    """Whole channels are dropped."""

    def _noise(self, x: Tensor) -> Tensor | None:
        return self.part.drawn(x, (*x.shape[1:2], *[1] * (x.ndim - 2)), 1 - self.p)


class _SharedSamples(_Shared):
    """Whole samples are dropped, or by the mode "batch" all at once."""

    def _noise(self, x: Tensor) -> Tensor | None:
        if self.mode == "batch":
            return torch.empty([1] * x.ndim, dtype=x.dtype, device=x.device).bernoulli_(1 - self.p, generator=self.part.random)
        return self.part.drawn(x, (1,) * (x.ndim - 1), 1 - self.p)


class _SharedAlpha(_Shared):
    """What is dropped becomes the least that SELU gives, and all is scaled so that mean and spread stay (Klambauer et al. 2017, section 3)."""

    def _applied(self, x: Tensor, noise: Tensor) -> Tensor:
        least = 1.7580993408473766
        scale = ((least**2 * self.p + 1) * (1 - self.p)) ** -0.5
        added = noise.add(-1).mul_(least * scale).add_(least * scale * self.p)
        return x * noise.mul_(scale) + added


# By the names of their classes: torchvision is not imported for the last one.
SHARED = {"Dropout": _Shared, "Dropout1d": _SharedChannels, "Dropout2d": _SharedChannels, "Dropout3d": _SharedChannels, "AlphaDropout": _SharedAlpha, "StochasticDepth": _SharedSamples}


def share_chance(model: nn.Module, part: Part) -> None:
    """Has every layer that drops at random draw for the whole batch. What else draws (RReLU, Noise, the dropout inside of attention and of recurrent layers) does so in each process by itself."""
    for module in model.modules():
        kind = type(module)
        if not isinstance(module, _Shared) and (shared := SHARED.get(kind.__name__)):
            module.__class__ = type(kind.__name__, (shared, kind), {})
            module.part = part
