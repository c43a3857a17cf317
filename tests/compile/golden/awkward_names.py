"""Awkward names  ofbricks, drawn in Brickwork."""

from torch import nn


class Network(nn.Module):
    """Awkward names  ofbricks: N 1 28 28 -> N 10, 7,840 parameters."""

    def __init__(self):
        super().__init__()
        self.h = nn.Flatten()
        self.value = nn.Linear(784, 10, bias=False)
        self.x1 = nn.ReLU()

    def forward(self, x):
        x = self.h(x)          # N 784
        value = self.value(x)  # N 10
        x = self.x1(value)     # N 10
        x = x + value          # N 10
        return x
