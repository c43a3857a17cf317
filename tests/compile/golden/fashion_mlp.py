"""Fashion-MNIST MLP, drawn in Brickwork."""

from collections import OrderedDict

from torch import nn


class Network(nn.Sequential):
    """Fashion-MNIST MLP: N 1 28 28 -> N 10, 669,706 parameters."""

    def __init__(self):
        super().__init__(OrderedDict(
            flatten=nn.Flatten(),     # N 784
            fc1=nn.Linear(784, 512),  # N 512
            relu1=nn.ReLU(),          # N 512
            fc2=nn.Linear(512, 512),  # N 512
            relu2=nn.ReLU(),          # N 512
            fc3=nn.Linear(512, 10),   # N 10
        ))
