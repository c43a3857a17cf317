"""ResNet with projections, drawn in Brickwork."""

from collections import OrderedDict

from torch import nn


class ConvNormAct(nn.Sequential):
    """A convolution, batch normalisation and an activation: the unit that most convolutional networks are built of."""

    def __init__(self):
        super().__init__(OrderedDict(
            conv=nn.Conv2d(1, 16, kernel_size=3, padding=1, bias=False),  # N 16 28 28
            bn=nn.BatchNorm2d(16),                                        # N 16 28 28
            act=nn.ReLU(),                                                # N 16 28 28
        ))


class BasicBlock(nn.Module):
    """Two 3×3 convolutions added to a shortcut; the shortcut is projected when the shape changes."""

    def __init__(self, out_channels):
        super().__init__()
        self.conv1 = nn.Conv2d(out_channels, out_channels, kernel_size=3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(out_channels)
        self.relu1 = nn.ReLU()
        self.conv2 = nn.Conv2d(out_channels, out_channels, kernel_size=3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.relu2 = nn.ReLU()

    def forward(self, x):
        h = self.conv1(x)
        h = self.bn1(h)
        h = self.relu1(h)
        h = self.conv2(h)
        h = self.bn2(h)
        h = h + x
        h = self.relu2(h)
        return h


class BasicBlockWithShortcut(nn.Module):
    """Two 3×3 convolutions added to a shortcut; the shortcut is projected when the shape changes."""

    def __init__(self, in_channels, out_channels, stride=1):
        super().__init__()
        self.conv1 = nn.Conv2d(
            in_channels, out_channels, kernel_size=3, stride=stride, padding=1, bias=False
        )
        self.bn1 = nn.BatchNorm2d(out_channels)
        self.relu1 = nn.ReLU()
        self.conv2 = nn.Conv2d(out_channels, out_channels, kernel_size=3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.shortcut = nn.Conv2d(
            in_channels, out_channels, kernel_size=1, stride=stride, bias=False
        )
        self.shortcut_bn = nn.BatchNorm2d(out_channels)
        self.relu2 = nn.ReLU()

    def forward(self, x):
        h = self.conv1(x)
        h = self.bn1(h)
        h = self.relu1(h)
        h = self.conv2(h)
        bn2 = self.bn2(h)
        h = self.shortcut(x)
        h = self.shortcut_bn(h)
        h = bn2 + h
        h = self.relu2(h)
        return h


class Network(nn.Sequential):
    """ResNet with projections: N 1 28 28 -> N 10, 162,810 parameters."""

    def __init__(self):
        super().__init__(OrderedDict(
            stem=ConvNormAct(),                                         # N 16 28 28
            block1=nn.Sequential(*(BasicBlock(16) for _ in range(2))),  # N 16 28 28
            block2=BasicBlockWithShortcut(16, 32, stride=2),            # N 32 14 14
            block3=BasicBlock(32),                                      # N 32 14 14
            block4=nn.Sequential(
                BasicBlockWithShortcut(32, 48), *(BasicBlock(48) for _ in range(2))
            ),                                                          # N 48 14 14
            gap=nn.AdaptiveAvgPool2d(1),                                # N 48 1 1
            flatten=nn.Flatten(),                                       # N 48
            fc=nn.Linear(48, 10),                                       # N 10
        ))
