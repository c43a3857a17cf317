"""The gradients of the processes that share a training, added up: those of large networks in pieces, while the backward pass still goes on."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import torch
import torch.distributed as dist
from torch import Tensor

# Bytes of a piece. Adding up in pieces takes longer by itself: a network that is no larger than one is added up at once, behind its backward pass.
PIECE = 8 * 2**20


def in_pieces(weights: Sequence[Tensor]) -> list[list[Tensor]]:
    """The weights from the last to the first, which is about the order in which they get their gradients, in pieces of PIECE bytes or a little more."""
    pieces, size = [[]], 0
    for weight in reversed(weights):
        if size >= PIECE:
            pieces.append([])
            size = 0
        pieces[-1].append(weight)
        size += weight.numel() * weight.element_size()
    return pieces


class Gradients:
    """The gradients of some weights, which `add_up` makes those of all processes together.

    Pieces are sent in their order, which is the same everywhere, whatever the order in which they are ready.
    """

    def __init__(self, weights: Sequence[Tensor]):
        self._pieces = in_pieces(weights)
        told = enumerate(self._pieces) if len(self._pieces) > 1 else ()
        self._hooks = [weight.register_post_accumulate_grad_hook(partial(self._ready, number)) for number, piece in told for weight in piece]
        self._begin()

    def _begin(self) -> None:
        self._left, self._sent = [len(piece) for piece in self._pieces], []

    def _ready(self, number: int, weight: Tensor) -> None:
        self._left[number] -= 1
        while len(self._sent) < len(self._pieces) and not self._left[len(self._sent)]:
            self._send()

    def _send(self) -> None:
        gradients = [weight.grad for weight in self._pieces[len(self._sent)] if weight.grad is not None]
        whole = torch.cat([gradient.flatten() for gradient in gradients]) if gradients else None
        self._sent.append((gradients, whole, None if whole is None else dist.all_reduce(whole, async_op=True)))

    def add_up(self) -> None:
        """Gives the weights the sums of their gradients, behind the backward pass of all."""
        while len(self._sent) < len(self._pieces):
            self._send()
        for gradients, whole, work in self._sent:
            if work is not None:
                work.wait()
                for gradient, part in zip(gradients, whole.split([gradient.numel() for gradient in gradients]), strict=True):
                    gradient.copy_(part.view_as(gradient))
        self._begin()

    def alone(self) -> None:
        """Nothing is added up any more."""
        for hook in self._hooks:
            hook.remove()
        self._pieces, self._hooks = [], []
        self._begin()
