"""Dense stages, drawn in Brickwork."""

from collections import OrderedDict

import torch
from torch import nn


class DenseLayer(nn.Module):
    """Lays new channels beside everything that came before, so that every later layer still sees it."""

    def __init__(self, in_channels, out_channels, growth_rate):
        super().__init__()
        self.bn1 = nn.BatchNorm2d(in_channels)
        self.relu1 = nn.ReLU()
        self.conv1 = nn.Conv2d(in_channels, out_channels, kernel_size=1, bias=False)
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.relu2 = nn.ReLU()
        self.conv2 = nn.Conv2d(out_channels, growth_rate, kernel_size=3, padding=1, bias=False)

    def forward(self, x):
        h = self.bn1(x)
        h = self.relu1(h)
        h = self.conv1(h)
        h = self.bn2(h)
        h = self.relu2(h)
        h = self.conv2(h)
        h = torch.cat([x, h], dim=1)
        return h


class Dense(nn.Sequential):
    """Every layer sees all before it."""

    def __init__(self, in_channels, out_channels, growth, in_channels2, in_channels3):
        super().__init__(OrderedDict(
            layers=nn.Sequential(
                DenseLayer(in_channels, out_channels, growth_rate=growth),
                DenseLayer(in_channels2, out_channels, growth_rate=growth),
                DenseLayer(in_channels3, out_channels, growth_rate=growth)
            ),
            pool=nn.MaxPool2d(2),
        ))


class Dense2(nn.Sequential):
    """Every layer sees all before it."""

    def __init__(self):
        super().__init__(OrderedDict(
            layers=nn.Sequential(
                DenseLayer(13, 16, growth_rate=4), DenseLayer(17, 16, growth_rate=4),
                DenseLayer(21, 16, growth_rate=4), DenseLayer(25, 16, growth_rate=4)
            ),                     # N 29 14 14
            pool=nn.MaxPool2d(2),  # N 29 7 7
        ))


class Network(nn.Sequential):
    """Dense stages: N 1 28 28 -> N 10, 13,136 parameters."""

    def __init__(self):
        super().__init__(OrderedDict(
            stage1=Dense(1, 16, growth=4, in_channels2=5, in_channels3=9),     # N 13 14 14
            stage2=Dense2(),                                                   # N 29 7 7
            stage3=Dense(29, 24, growth=6, in_channels2=35, in_channels3=41),  # N 47 3 3
            gap=nn.AdaptiveAvgPool2d(1),                                       # N 47 1 1
            flatten=nn.Flatten(),                                              # N 47
            fc=nn.Linear(47, 10),                                              # N 10
        ))
