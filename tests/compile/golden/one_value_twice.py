"""Twice, drawn in Brickwork."""

from torch import nn


class Network(nn.Module):
    """Twice: N 1 28 28 -> N 10, 7,850 parameters."""

    def __init__(self):
        super().__init__()
        self.flatten = nn.Flatten()
        self.fc = nn.Linear(784, 10)

    def forward(self, x):
        x = self.flatten(x)  # N 784
        x = self.fc(x)       # N 10
        x = x + x            # N 10
        return x
