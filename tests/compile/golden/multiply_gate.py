"""Squeeze and excite, drawn in Brickwork."""

from torch import nn


class Network(nn.Module):
    """Squeeze and excite: N 1 28 28 -> N 10, 40,672 parameters."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, kernel_size=3)
        self.gap1 = nn.AdaptiveAvgPool2d(1)
        self.squeeze = nn.Conv2d(6, 6, kernel_size=1)
        self.gate = nn.Sigmoid()
        self.flatten = nn.Flatten()
        self.fc = nn.Linear(4056, 10)

    def forward(self, x):
        conv1 = self.conv1(x)  # N 6 26 26
        x = self.gap1(conv1)   # N 6 1 1
        x = self.squeeze(x)    # N 6 1 1
        x = self.gate(x)       # N 6 1 1
        x = conv1 * x          # N 6 26 26
        x = self.flatten(x)    # N 4056
        x = self.fc(x)         # N 10
        return x
