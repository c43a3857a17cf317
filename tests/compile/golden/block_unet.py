"""U-Net of three levels, drawn in Brickwork."""

from collections import OrderedDict

import torch
from torch import nn


class DoubleConv(nn.Sequential):
    """Two 3×3 convolutions, each with its activation; the size of the image stays."""

    def __init__(self, in_channels, out_channels):
        super().__init__(OrderedDict(
            conv1=nn.Conv2d(in_channels, out_channels, kernel_size=3, padding=1, bias=False),
            bn1=nn.BatchNorm2d(out_channels),
            relu1=nn.ReLU(),
            conv2=nn.Conv2d(out_channels, out_channels, kernel_size=3, padding=1, bias=False),
            bn2=nn.BatchNorm2d(out_channels),
            relu2=nn.ReLU(),
        ))


class UNetDown(nn.Sequential):
    """One step down a U-Net: half the image, then two convolutions."""

    def __init__(self, in_channels, out_channels):
        super().__init__(OrderedDict(
            pool=nn.MaxPool2d(2),
            conv=DoubleConv(in_channels, out_channels),
        ))


class UNetUp(nn.Module):
    """One step up a U-Net: twice the image, laid beside what the way down had at that size, then two convolutions."""

    def __init__(self, in_channels, out_channels):
        super().__init__()
        self.up = nn.ConvTranspose2d(in_channels, out_channels, kernel_size=2, stride=2)
        self.conv = DoubleConv(in_channels, out_channels)

    def forward(self, x, skip):
        x = self.up(x)
        x = torch.cat([skip, x], dim=1)
        x = self.conv(x)
        return x


class Network(nn.Module):
    """U-Net of three levels: N 3 60 52 -> N 2 60 52, 117,378 parameters."""

    def __init__(self):
        super().__init__()
        self.enc = DoubleConv(3, 16)
        self.down1 = UNetDown(16, 32)
        self.down2 = UNetDown(32, 64)
        self.up1 = UNetUp(64, 32)
        self.up2 = UNetUp(32, 16)
        self.head = nn.Conv2d(16, 2, kernel_size=1)

    def forward(self, x):
        enc = self.enc(x)        # N 16 60 52
        down1 = self.down1(enc)  # N 32 30 26
        x = self.down2(down1)    # N 64 15 13
        x = self.up1(x, down1)   # N 32 30 26
        x = self.up2(x, enc)     # N 16 60 52
        x = self.head(x)         # N 2 60 52
        return x
