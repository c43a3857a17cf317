"""MNIST CNN, drawn in Brickwork."""

from collections import OrderedDict

from torch import nn


class Network(nn.Sequential):
    """MNIST CNN: N 1 28 28 -> N 10, 21,840 parameters."""

    def __init__(self):
        super().__init__(OrderedDict(
            conv1=nn.Conv2d(1, 10, kernel_size=5),   # N 10 24 24
            pool1=nn.MaxPool2d(2),                   # N 10 12 12
            relu1=nn.ReLU(),                         # N 10 12 12
            conv2=nn.Conv2d(10, 20, kernel_size=5),  # N 20 8 8
            pool2=nn.MaxPool2d(2),                   # N 20 4 4
            relu2=nn.ReLU(),                         # N 20 4 4
            flatten=nn.Flatten(),                    # N 320
            fc1=nn.Linear(320, 50),                  # N 50
            relu3=nn.ReLU(),                         # N 50
            fc2=nn.Linear(50, 10),                   # N 10
        ))
