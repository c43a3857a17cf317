"""Drawn, drawn in Brickwork."""

from collections import OrderedDict

from torch import nn


class Network(nn.Sequential):
    """Drawn: N 1 28 28 -> N 10, 7,850 parameters."""

    def __init__(self):
        super().__init__(OrderedDict(
            flatten=nn.Flatten(),   # N 784
            fc=nn.Linear(784, 10),  # N 10
        ))
