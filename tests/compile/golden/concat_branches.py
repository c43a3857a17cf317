"""Inception, drawn in Brickwork."""

import torch
from torch import nn


class Network(nn.Module):
    """Inception: N 1 28 28 -> N 10, 70,642 parameters."""

    def __init__(self):
        super().__init__()
        self.narrow = nn.Conv2d(1, 4, kernel_size=1)
        self.wide = nn.Conv2d(1, 4, kernel_size=(3, 5), padding=(1, 2))
        self.pool = nn.MaxPool2d(3, stride=1, padding=1)
        self.flatten = nn.Flatten()
        self.fc = nn.Linear(7056, 10)

    def forward(self, image):
        narrow = self.narrow(image)              # N 4 28 28
        wide = self.wide(image)                  # N 4 28 28
        x = self.pool(image)                     # N 1 28 28
        x = torch.cat([narrow, wide, x], dim=1)  # N 9 28 28
        x = self.flatten(x)                      # N 7056
        x = self.fc(x)                           # N 10
        return x
