"""One block, drawn in Brickwork."""

from collections import OrderedDict

from torch import nn


class Residual(nn.Module):
    """Residual: N 1 28 28 -> N 8 28 28, 688 parameters."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 8, kernel_size=3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(8)
        self.relu1 = nn.ReLU()
        self.conv2 = nn.Conv2d(8, 8, kernel_size=3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(8)
        self.shortcut = nn.Conv2d(1, 8, kernel_size=1, bias=False)
        self.relu2 = nn.ReLU()

    def forward(self, x):
        h = self.conv1(x)     # N 8 28 28
        h = self.bn1(h)       # N 8 28 28
        h = self.relu1(h)     # N 8 28 28
        h = self.conv2(h)     # N 8 28 28
        bn2 = self.bn2(h)     # N 8 28 28
        h = self.shortcut(x)  # N 8 28 28
        h = bn2 + h           # N 8 28 28
        h = self.relu2(h)     # N 8 28 28
        return h


class Network(nn.Sequential):
    """One block: N 1 28 28 -> N 10, 778 parameters."""

    def __init__(self):
        super().__init__(OrderedDict(
            residual1=Residual(),         # N 8 28 28
            gap=nn.AdaptiveAvgPool2d(1),  # N 8 1 1
            flatten=nn.Flatten(),         # N 8
            fc=nn.Linear(8, 10),          # N 10
        ))
