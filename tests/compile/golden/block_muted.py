"""Muted, drawn in Brickwork."""

from collections import OrderedDict

from torch import nn


class Unit(nn.Sequential):
    """Unit: N 8 28 28 -> N 8 28 28, 576 parameters."""

    def __init__(self):
        super().__init__(OrderedDict(
            conv=nn.Conv2d(8, 8, kernel_size=3, padding=1, bias=False),  # N 8 28 28
            relu=nn.ReLU(),                                              # N 8 28 28
        ))


class Network(nn.Sequential):
    """Muted: N 1 28 28 -> N 10, 746 parameters."""

    def __init__(self):
        super().__init__(OrderedDict(
            conv1=nn.Conv2d(1, 8, kernel_size=3, padding=1),  # N 8 28 28
            unit=Unit(),                                      # N 8 28 28
            gap=nn.AdaptiveAvgPool2d(1),                      # N 8 1 1
            flatten=nn.Flatten(),                             # N 8
            fc=nn.Linear(8, 10),                              # N 10
        ))
