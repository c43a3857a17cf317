"""GoogLeNet's modules, drawn in Brickwork."""

from collections import OrderedDict

import torch
from torch import nn


class ConvNormAct(nn.Sequential):
    """A convolution, batch normalisation and an activation: the unit that most convolutional networks are built of."""

    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0):
        super().__init__(OrderedDict(
            conv=nn.Conv2d(
                in_channels, out_channels, kernel_size=kernel_size, stride=stride, padding=padding,
                bias=False
            ),
            bn=nn.BatchNorm2d(out_channels),
            act=nn.ReLU(),
        ))


class InceptionModule(nn.Module):
    """Looks at the image with windows of several sizes at once and lays the answers side by side."""

    def __init__(self, in_channels, ch1x1, ch3x3red, ch3x3, ch5x5red, ch5x5, pool_proj):
        super().__init__()
        self.branch1 = nn.Conv2d(in_channels, ch1x1, kernel_size=1)
        self.relu1 = nn.ReLU()
        self.branch2_reduce = nn.Conv2d(in_channels, ch3x3red, kernel_size=1)
        self.relu2 = nn.ReLU()
        self.branch2 = nn.Conv2d(ch3x3red, ch3x3, kernel_size=3, padding=1)
        self.relu3 = nn.ReLU()
        self.branch3_reduce = nn.Conv2d(in_channels, ch5x5red, kernel_size=1)
        self.relu4 = nn.ReLU()
        self.branch3 = nn.Conv2d(ch5x5red, ch5x5, kernel_size=5, padding=2)
        self.relu5 = nn.ReLU()
        self.branch4_pool = nn.MaxPool2d(3, stride=1, padding=1)
        self.branch4 = nn.Conv2d(in_channels, pool_proj, kernel_size=1)
        self.relu6 = nn.ReLU()

    def forward(self, x):
        h = self.branch1(x)
        relu1 = self.relu1(h)
        h = self.branch2_reduce(x)
        h = self.relu2(h)
        h = self.branch2(h)
        relu3 = self.relu3(h)
        h = self.branch3_reduce(x)
        h = self.relu4(h)
        h = self.branch3(h)
        relu5 = self.relu5(h)
        h = self.branch4_pool(x)
        h = self.branch4(h)
        h = self.relu6(h)
        h = torch.cat([relu1, relu3, relu5, h], dim=1)
        return h


class InceptionModuleWithBatchNorm(nn.Module):
    """Looks at the image with windows of several sizes at once and lays the answers side by side."""

    def __init__(self):
        super().__init__()
        self.branch1 = ConvNormAct(480, 64, kernel_size=1)
        self.branch2_reduce = ConvNormAct(480, 96, kernel_size=1)
        self.branch2 = ConvNormAct(96, 128, kernel_size=3, padding=1)
        self.branch3_reduce = ConvNormAct(480, 16, kernel_size=1)
        self.branch3 = ConvNormAct(16, 32, kernel_size=5, padding=2)
        self.branch4_pool = nn.MaxPool2d(3, stride=1, padding=1)
        self.branch4 = ConvNormAct(480, 32, kernel_size=1)

    def forward(self, x):
        branch1 = self.branch1(x)                             # N 64 14 14
        h = self.branch2_reduce(x)                            # N 96 14 14
        branch2 = self.branch2(h)                             # N 128 14 14
        h = self.branch3_reduce(x)                            # N 16 14 14
        branch3 = self.branch3(h)                             # N 32 14 14
        h = self.branch4_pool(x)                              # N 480 14 14
        h = self.branch4(h)                                   # N 32 14 14
        h = torch.cat([branch1, branch2, branch3, h], dim=1)  # N 256 14 14
        return h


class Network(nn.Sequential):
    """GoogLeNet's modules: N 1 28 28 -> N 10, 746,042 parameters."""

    def __init__(self):
        super().__init__(OrderedDict(
            stem=ConvNormAct(1, 32, kernel_size=3, stride=2, padding=1),  # N 32 14 14
            inception1=InceptionModule(
                32, ch1x1=64, ch3x3red=96, ch3x3=128, ch5x5red=16, ch5x5=32, pool_proj=32
            ),                                                            # N 256 14 14
            inception2=InceptionModule(
                256, ch1x1=128, ch3x3red=128, ch3x3=192, ch5x5red=32, ch5x5=96, pool_proj=64
            ),                                                            # N 480 14 14
            inception3=InceptionModuleWithBatchNorm(),                    # N 256 14 14
            gap=nn.AdaptiveAvgPool2d(1),                                  # N 256 1 1
            flatten=nn.Flatten(),                                         # N 256
            fc=nn.Linear(256, 10),                                        # N 10
        ))
