"""Drawn, drawn in Brickwork."""

from collections import OrderedDict

from torch import nn


class Network(nn.Sequential):
    """Drawn: N 1 28 28 -> N 10, 21,061 parameters."""

    def __init__(self):
        super().__init__(OrderedDict(
            conv1=nn.Conv2d(
                1, 4, kernel_size=3, stride=2, padding=1, dilation=2, bias=False,
                padding_mode='reflect'
            ),                                                          # N 4 13 13
            gn1=nn.GroupNorm(2, 4, eps=0.001),                          # N 4 13 13
            elu1=nn.ELU(alpha=2.0),                                     # N 4 13 13
            deconv1=nn.ConvTranspose2d(4, 3, kernel_size=2, stride=2),  # N 3 26 26
            ln1=nn.LayerNorm((26, 26), bias=False),                     # N 3 26 26
            dropout1=nn.Dropout(p=0.1),                                 # N 3 26 26
            flatten=nn.Flatten(),                                       # N 2028
            fc=nn.Linear(2028, 10),                                     # N 10
            logsoftmax1=nn.LogSoftmax(dim=1),                           # N 10
        ))
