"""Own residual blocks, drawn in Brickwork."""

from collections import OrderedDict

from torch import nn


class Residual(nn.Module):
    """Two 3×3 convolutions beside a projected shortcut."""

    def __init__(self, in_channels, channels, stride=1):
        super().__init__()
        self.conv1 = nn.Conv2d(
            in_channels, channels, kernel_size=3, stride=stride, padding=1, bias=False
        )
        self.bn1 = nn.BatchNorm2d(channels)
        self.relu1 = nn.ReLU()
        self.conv2 = nn.Conv2d(channels, channels, kernel_size=3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.shortcut = nn.Conv2d(in_channels, channels, kernel_size=1, stride=stride, bias=False)
        self.relu2 = nn.ReLU()

    def forward(self, x):
        h = self.conv1(x)
        h = self.bn1(h)
        h = self.relu1(h)
        h = self.conv2(h)
        bn2 = self.bn2(h)
        h = self.shortcut(x)
        h = bn2 + h
        h = self.relu2(h)
        return h


class Network(nn.Sequential):
    """Own residual blocks: N 1 28 28 -> N 10, 76,074 parameters."""

    def __init__(self):
        super().__init__(OrderedDict(
            residual1=Residual(1, 16),                                       # N 16 28 28
            residual2=Residual(16, 32, stride=2),                            # N 32 14 14
            residual3=nn.Sequential(*(Residual(32, 32) for _ in range(3))),  # N 32 14 14
            gap=nn.AdaptiveAvgPool2d(1),                                     # N 32 1 1
            flatten=nn.Flatten(),                                            # N 32
            fc=nn.Linear(32, 10),                                            # N 10
        ))
