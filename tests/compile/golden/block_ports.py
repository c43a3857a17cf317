"""Two in, two out, drawn in Brickwork."""

import torch
from torch import nn


class Split(nn.Module):
    """A small and a detailed view."""

    def __init__(self, in_channels, channels):
        super().__init__()
        self.coarse = nn.AvgPool2d(2)
        self.fine = nn.Conv2d(in_channels, channels, kernel_size=3, padding=1)

    def forward(self, x):
        coarse = self.coarse(x)
        x = self.fine(x)
        return coarse, x


class Join(nn.Module):
    """Join: N 1 14 14, N 6 28 28 -> N 7 14 14, 0 parameters."""

    def __init__(self):
        super().__init__()
        self.pool = nn.AdaptiveAvgPool2d(14)

    def forward(self, a, b):
        x = self.pool(b)              # N 6 14 14
        x = torch.cat([a, x], dim=1)  # N 7 14 14
        return x


class Network(nn.Module):
    """Two in, two out: N 1 28 28, N 2 28 28 -> N 7 14 14, N 4 28 28, 154 parameters."""

    def __init__(self):
        super().__init__()
        self.split = Split(1, 4)
        self.split2 = Split(2, 6)
        self.join = Join()

    def forward(self, image, mask):
        split_low, split_high = self.split(image)  # N 1 14 14, N 4 28 28
        _, x = self.split2(mask)                   # N 2 14 14, N 6 28 28
        x = self.join(split_low, x)                # N 7 14 14
        return x, split_high
