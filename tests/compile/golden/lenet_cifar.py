"""LeNet on CIFAR-10, drawn in Brickwork."""

from collections import OrderedDict

from torch import nn


class Network(nn.Sequential):
    """LeNet on CIFAR-10: N 3 32 32 -> N 10, 62,006 parameters."""

    def __init__(self):
        super().__init__(OrderedDict(
            conv1=nn.Conv2d(3, 6, kernel_size=5),   # N 6 28 28
            relu1=nn.ReLU(),                        # N 6 28 28
            pool1=nn.MaxPool2d(2),                  # N 6 14 14
            conv2=nn.Conv2d(6, 16, kernel_size=5),  # N 16 10 10
            relu2=nn.ReLU(),                        # N 16 10 10
            pool2=nn.MaxPool2d(2),                  # N 16 5 5
            flatten=nn.Flatten(),                   # N 400
            fc1=nn.Linear(400, 120),                # N 120
            relu3=nn.ReLU(),                        # N 120
            fc2=nn.Linear(120, 84),                 # N 84
            relu4=nn.ReLU(),                        # N 84
            fc3=nn.Linear(84, 10),                  # N 10
        ))
