"""What torch sets up when it first computes, done ahead of a run."""

from __future__ import annotations

import torch
from torch import nn

from .optimizer import plain


def first_step() -> None:
    """A step of a small network on the processor, for what is made at the first one: threads, kernels, autograd's tables. Nothing of it stays; torch's random numbers go on as before."""
    state = torch.get_rng_state()
    network = nn.Sequential(nn.Conv2d(1, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(), nn.Flatten(), nn.Linear(288, 10)).to(memory_format=torch.channels_last)
    optimizer = plain(torch.optim.SGD)(network.parameters(), lr=0.1, momentum=0.9)
    for images in torch.zeros(2, 16, 14, 14, 1, dtype=torch.uint8):
        inputs = images.permute(0, 3, 1, 2).to(torch.float32).div_(255)
        loss = nn.functional.cross_entropy(network(inputs), torch.zeros(16, dtype=torch.int64))
        loss.backward()
        optimizer.step()
    network.eval()
    with torch.no_grad():
        network(inputs)
    torch.set_rng_state(state)
