"""Stages of units, drawn in Brickwork."""

from collections import OrderedDict

from torch import nn


class Unit(nn.Sequential):
    """Unit: 3 bricks."""

    def __init__(self, in_channels, channels):
        super().__init__(OrderedDict(
            conv=nn.Conv2d(in_channels, channels, kernel_size=3, padding=1, bias=False),
            bn=nn.BatchNorm2d(channels),
            relu=nn.ReLU(),
        ))


class Stage(nn.Sequential):
    """Some units, then noise."""

    def __init__(self, in_channels, channels, depth, p):
        super().__init__(OrderedDict(
            units=nn.Sequential(
                Unit(in_channels, channels), *(Unit(channels, channels) for _ in range(depth - 1))
            ),
            drop=nn.Dropout2d(p=p),
        ))


class Network(nn.Sequential):
    """Stages of units: N 1 28 28 -> N 10, 47,782 parameters."""

    def __init__(self):
        super().__init__(OrderedDict(
            stage1=Stage(1, 12, depth=2, p=0.1),                                       # N 12 28 28
            stage2=Stage(12, 24, depth=5, p=0.25),                                     # N 24 28 28
            stage3=nn.Sequential(*(Stage(24, 24, depth=2, p=0.1) for _ in range(2))),  # N 24 28 28
            unit=Unit(24, 8),                                                          # N 8 28 28
            gap=nn.AdaptiveAvgPool2d(1),                                               # N 8 1 1
            flatten=nn.Flatten(),                                                      # N 8
            fc=nn.Linear(8, 10),                                                       # N 10
        ))
