"""Bootcamp CNN, drawn in Brickwork."""

from collections import OrderedDict

from torch import nn


class Network(nn.Sequential):
    """Bootcamp CNN: N 1 28 28 -> N 10, 410,634 parameters."""

    def __init__(self):
        super().__init__(OrderedDict(
            conv1=nn.Conv2d(1, 64, kernel_size=3, stride=2, padding=1),     # N 64 14 14
            relu1=nn.ReLU(),                                                # N 64 14 14
            conv2=nn.Conv2d(64, 128, kernel_size=3, stride=2, padding=1),   # N 128 7 7
            relu2=nn.ReLU(),                                                # N 128 7 7
            conv3=nn.Conv2d(128, 256, kernel_size=3, stride=2, padding=1),  # N 256 4 4
            relu3=nn.ReLU(),                                                # N 256 4 4
            flatten=nn.Flatten(),                                           # N 4096
            fc=nn.Linear(4096, 10),                                         # N 10
        ))
