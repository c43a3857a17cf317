"""Composites with a shortcut from their input to their output."""

from ..params import Choice, Int
from ..sizes import BATCH as N
from .composite import block
from .convolution import DIVISOR, OFFSET, REDUCTION

RESNET = "He et al. 2015, arXiv:1512.03385"
SENET = "Hu et al. 2018, arXiv:1709.01507"
OUT = Int("out_channels", 64, "channels produced")
STRIDE = Int("stride", 1, "2 halves the image: pixels between positions of the window that strides", max=4096)
SHORTCUT = Choice("shortcut", "projection", ("projection", "zeros"),
                  "where the shape changes: a 1×1 convolution (option B), or every stride-th pixel and zeros for the new channels (option A)")
MIDDLE = (Int("width", None, "channels of the 3×3 convolution; empty = a quarter of out_channels", optional=True),
          Int("groups", 1, "independent channel groups of the 3×3 convolution; 32 in ResNeXt"))


def across(g, x, y, stride, kind="projection"):
    """`x` in the shape of `y`: as it is where it fits, else projected by a 1×1 convolution (option B of section 3.3) or, without
    parameters, every stride-th pixel of it beside channels of zeros (option A).
    """
    if x.shape == y.shape:
        return x
    if kind == "projection":
        return g.BatchNorm2d(g.Conv2d(x, out_channels=y.channels, kernel_size=1, stride=stride, bias=False, name="shortcut"), name="shortcut_bn")
    # A window of one pixel averages nothing: it takes every stride-th.
    x = g.AvgPool2d(x, kernel_size=1, stride=stride, name="shortcut") if stride > 1 else x
    more = y.channels - x.channels
    return g.Pad(x, padding=(0, 0, 0, 0, more // 2, more - more // 2), name="shortcut_pad")


def plain(g, x, out_channels, stride):
    """Two 3×3 convolutions with their normalisation; the last one's activation waits for the shortcut."""
    y = g.Conv2d(x, out_channels=out_channels, kernel_size=3, stride=stride, padding=1, bias=False)
    y = g.ReLU(g.BatchNorm2d(y))
    return g.BatchNorm2d(g.Conv2d(y, out_channels=out_channels, kernel_size=3, padding=1, bias=False))


def narrowed(g, x, out_channels, stride, width, groups, dilation):
    """A 3×3 convolution between two 1×1 that narrow and widen again."""
    narrow = width or max(1, out_channels // 4)
    y = g.ReLU(g.BatchNorm2d(g.Conv2d(x, out_channels=narrow, kernel_size=1, bias=False)))
    # The paper strides in the first 1×1; in the 3×3 no pixel is skipped, and ImageNet gains 0.5 % (NVIDIA's "ResNet v1.5").
    y = g.Conv2d(y, out_channels=narrow, kernel_size=3, stride=stride, padding=dilation, groups=groups, dilation=dilation, bias=False)
    y = g.ReLU(g.BatchNorm2d(y))
    return g.BatchNorm2d(g.Conv2d(y, out_channels=out_channels, kernel_size=1, bias=False))


@block(category="Residual blocks", source=f"{RESNET}, figure 5 left", stem="block", params=(OUT, STRIDE, SHORTCUT), example=((N, 64, 56, 56),),
       keys=("out_channels", "stride"))
def BasicBlock(g, x, out_channels, stride, shortcut):
    """Two 3×3 convolutions added to a shortcut; the shortcut is projected when the shape changes."""
    y = plain(g, x, out_channels, stride)
    return g.ReLU(g.Add(y, across(g, x, y, stride, shortcut)))


@block(category="Residual blocks", source=f"{RESNET}, figure 5 right; groups: Xie et al. 2017, arXiv:1611.05431", stem="block",
       example=((N, 256, 56, 56),), keys=("out_channels", "stride"), params=(
           Int("out_channels", 256, "channels produced"), STRIDE, *MIDDLE,
           Int("dilation", 1, "pixels between the taps of the 3×3 window: sees wider where the stride was taken away", max=4096),
       ))
def Bottleneck(g, x, out_channels, stride, width, groups, dilation):
    """A 3×3 convolution between two 1×1 that narrow and widen again, added to a shortcut; projected when the shape changes."""
    y = narrowed(g, x, out_channels, stride, width, groups, dilation)
    return g.ReLU(g.Add(y, across(g, x, y, stride)))


@block(category="Residual blocks", source=f"{SENET}, figure 3", stem="block", example=((N, 64, 56, 56),), keys=("out_channels", "stride"),
       params=(OUT, STRIDE, REDUCTION, DIVISOR, OFFSET, SHORTCUT))
def SEBasicBlock(g, x, out_channels, stride, reduction, divisor, bias, shortcut):
    """A BasicBlock that weighs its channels by their means before the shortcut is added."""
    y = g.SqueezeExcite(plain(g, x, out_channels, stride), reduction=reduction, divisor=divisor, bias=bias, name="se")
    return g.ReLU(g.Add(y, across(g, x, y, stride, shortcut)))


@block(category="Residual blocks", source=f"{SENET}, table 1", stem="block", example=((N, 256, 56, 56),), keys=("out_channels", "stride"),
       params=(Int("out_channels", 256, "channels produced"), STRIDE, REDUCTION, DIVISOR, OFFSET, *MIDDLE))
def SEBottleneck(g, x, out_channels, stride, reduction, divisor, bias, width, groups):
    """A Bottleneck that weighs its channels by their means before the shortcut is added."""
    y = g.SqueezeExcite(narrowed(g, x, out_channels, stride, width, groups, 1), reduction=reduction, divisor=divisor, bias=bias, name="se")
    return g.ReLU(g.Add(y, across(g, x, y, stride)))


@block(category="Residual blocks", source="Sandler et al. 2018, arXiv:1801.04381, table 1 and figure 4d", stem="block",
       example=((N, 32, 56, 56),), keys=("out_channels", "stride"), params=(
           OUT, STRIDE, Int("expand_ratio", 6, "how many times more channels the middle has", max=1000),
       ))
def InvertedResidual(g, x, out_channels, stride, expand_ratio):
    """Widens, looks at every channel on its own and narrows again; the narrow ends are added where their shapes agree."""
    hidden, y = x.channels * expand_ratio, x
    if expand_ratio > 1:
        y = g.ConvNormAct(y, out_channels=hidden, kernel_size=1, activation="ReLU6", name="expand")
    y = g.ConvNormAct(y, out_channels=hidden, stride=stride, groups=hidden, activation="ReLU6", name="depthwise")
    y = g.BatchNorm2d(g.Conv2d(y, out_channels=out_channels, kernel_size=1, bias=False, name="project"), name="project_bn")
    return g.Add(x, y) if stride == 1 and x.shape == y.shape else y


@block(category="Residual blocks", source="Huang et al. 2017, arXiv:1608.06993, section 3", stem="dense", example=((N, 64, 28, 28),), params=(
    Int("growth_rate", 32, "channels that are added to the input's"),
    Int("bn_size", 4, "width of the 1×1 convolution, in growth rates", max=1000),
))
def DenseLayer(g, x, growth_rate, bn_size):
    """Lays new channels beside everything that came before, so that every later layer still sees it."""
    y = g.Conv2d(g.ReLU(g.BatchNorm2d(x)), out_channels=bn_size * growth_rate, kernel_size=1, bias=False)
    y = g.Conv2d(g.ReLU(g.BatchNorm2d(y)), out_channels=growth_rate, kernel_size=3, padding=1, bias=False)
    return g.Concat(x, y)
