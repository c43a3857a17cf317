"""Residual, drawn in Brickwork."""

from torch import nn


class Network(nn.Module):
    """Residual: N 1 28 28 -> N 10, 770 parameters."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 8, kernel_size=3, padding=1)
        self.bn1 = nn.BatchNorm2d(8)
        self.relu1 = nn.ReLU()
        self.conv2 = nn.Conv2d(8, 8, kernel_size=3, padding=1)
        self.gap1 = nn.AdaptiveAvgPool2d(1)
        self.flatten = nn.Flatten()
        self.fc = nn.Linear(8, 10)

    def forward(self, x):
        x = self.conv1(x)      # N 8 28 28
        x = self.bn1(x)        # N 8 28 28
        relu1 = self.relu1(x)  # N 8 28 28
        x = self.conv2(relu1)  # N 8 28 28
        x = x + relu1          # N 8 28 28
        x = self.gap1(x)       # N 8 1 1
        x = self.flatten(x)    # N 8
        x = self.fc(x)         # N 10
        return x
