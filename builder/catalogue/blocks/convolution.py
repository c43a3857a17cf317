"""Composites of convolutions: units, gates and branches. Axis names: N batch, C channels, H height, W width (pixels)."""

from ..params import Bool, Choice, Float, Int
from ..sizes import BATCH as N
from .composite import block

GOOGLENET = "Szegedy et al. 2015, arXiv:1409.4842"
# The normalisation has an offset of its own, so the convolution's is learned twice; some published networks have it all the same.
BIAS = Bool("bias", False, "an offset in the convolution too, besides that of the normalisation")
EPS = Float("eps", 1e-5, "added to the variance in the normalisation", min=1e-12)
REDUCTION = Int("reduction", 16, "how many times fewer channels the middle has")
DIVISOR = Int("divisor", 1, "the middle has a multiple of so many channels, and so many at least; 8 in timm")
OFFSET = Bool("bias", True, "offsets in the two small layers")


def half(kernel_size):
    """Padding that keeps the size of the image, for an odd window."""
    return tuple((side - 1) // 2 for side in kernel_size) if isinstance(kernel_size, tuple) else (kernel_size - 1) // 2


@block(category="Convolution blocks", source="Ioffe & Szegedy 2015, arXiv:1502.03167, section 3.2", stem="unit",
       example=((N, 32, 28, 28),), keys=("out_channels", "kernel_size"), params=(
           Int("out_channels", 64, "channels produced"),
           Int("kernel_size", 3, "window side, pixels; odd keeps the size of the image", axes=2, max=4096),
           Int("stride", 1, "pixels between window positions", max=4096),
           Int("groups", 1, "independent channel groups; as many as input channels is a depthwise convolution"),
           Choice("activation", "ReLU", ("ReLU", "ReLU6", "LeakyReLU", "SiLU"), "the non-linearity at the end"),
           Int("padding", None, "zeros added on each side; empty = half the window, which keeps the size of the image", min=0, axes=2,
               optional=True, max=4096),
           BIAS, EPS,
       ))
def ConvNormAct(g, x, out_channels, kernel_size, stride, groups, activation, padding, bias, eps):
    """A convolution, batch normalisation and an activation: the unit that most convolutional networks are built of."""
    y = g.Conv2d(x, out_channels=out_channels, kernel_size=kernel_size, stride=stride, padding=half(kernel_size) if padding is None else padding,
                 groups=groups, bias=bias, name="conv")
    return getattr(g, activation)(g.BatchNorm2d(y, eps=eps, name="bn"), name="act")


@block(category="Convolution blocks", source="Howard et al. 2017, arXiv:1704.04861, section 3.1", stem="separable", example=((N, 32, 28, 28),),
       keys=("out_channels", "kernel_size"), params=(
           Int("out_channels", 64, "channels produced"),
           Int("kernel_size", 3, "window side, pixels; odd keeps the size of the image", max=4096),
           Int("stride", 1, "pixels between window positions", max=4096),
           Choice("activation", "ReLU", ("ReLU", "ReLU6", "LeakyReLU", "SiLU"), "the non-linearity after each of the two"), EPS,
       ))
def DepthwiseSeparable(g, x, out_channels, kernel_size, stride, activation, eps):
    """Looks at every channel on its own, then mixes them: a window for k² + C weights a channel where a convolution has k²·C."""
    y = g.ConvNormAct(x, out_channels=x.channels, kernel_size=kernel_size, stride=stride, groups=x.channels, activation=activation, eps=eps,
                      name="depthwise")
    return g.ConvNormAct(y, out_channels=out_channels, kernel_size=1, activation=activation, eps=eps, name="pointwise")


@block(category="Convolution blocks", source="Shi et al. 2016, arXiv:1609.05158, section 3.2", stem="up", example=((N, 64, 28, 28),), params=(
    Int("out_channels", 32, "channels produced"), Int("factor", 2, "how many times larger the image gets", max=64),
))
def SubPixelUp(g, x, out_channels, factor):
    """Enlarges the image by working out every new pixel as a channel of its own, then normalisation and ReLU."""
    y = g.Conv2d(x, out_channels=out_channels * factor * factor, kernel_size=3, padding=1, name="conv")
    return g.ReLU(g.BatchNorm2d(g.PixelShuffle(y, upscale_factor=factor, name="shuffle"), name="bn"), name="act")


@block(category="Convolution blocks", source="Radford et al. 2016, arXiv:1511.06434, section 3", stem="up", example=((N, 64, 14, 14),),
       keys=("out_channels", "kernel_size"), params=(
           Int("out_channels", 32, "channels produced"),
           Int("kernel_size", 4, "window side, pixels", max=4096),
           Int("stride", 2, "how many times larger the image gets", max=4096),
           Int("padding", 1, "pixels taken off each side", min=0, max=4096),
           Int("output_padding", 0, "pixels added on one side only", min=0, max=4096),
           Choice("activation", "ReLU", ("ReLU", "ReLU6", "LeakyReLU", "SiLU"), "the non-linearity at the end"), BIAS,
       ))
def DeconvNormAct(g, x, out_channels, kernel_size, stride, padding, output_padding, activation, bias):
    """A transposed convolution, batch normalisation and an activation: the step by which generators enlarge an image."""
    y = g.ConvTranspose2d(x, out_channels=out_channels, kernel_size=kernel_size, stride=stride, padding=padding, output_padding=output_padding,
                          bias=bias, name="conv")
    return getattr(g, activation)(g.BatchNorm2d(y, name="bn"), name="act")


@block(category="Convolution blocks", source="Hu et al. 2018, arXiv:1709.01507, figure 3", stem="se", example=((N, 64, 28, 28),), params=(
    REDUCTION, DIVISOR, OFFSET,
))
def SqueezeExcite(g, x, reduction, divisor, bias):
    """Weighs whole channels: their means pass through two small layers, which say how much of each channel goes on."""
    middle = max(divisor, (x.channels // reduction + divisor // 2) // divisor * divisor)
    y = g.AdaptiveAvgPool2d(x, output_size=1, name="squeeze")
    y = g.ReLU(g.Conv2d(y, out_channels=middle, kernel_size=1, bias=bias, name="fc1"), name="relu")
    y = g.Sigmoid(g.Conv2d(y, out_channels=x.channels, kernel_size=1, bias=bias, name="fc2"), name="gate")
    return g.Multiply(x, y, name="scale")


@block(category="Convolution blocks", source="Simonyan & Zisserman 2015, arXiv:1409.1556, table 1", stem="stage", example=((N, 64, 56, 56),),
       keys=("out_channels", "convolutions"), params=(
           Int("out_channels", 64, "channels produced"),
           Int("convolutions", 2, "3×3 convolutions in a row, each with its ReLU", max=64),
           Bool("batch_norm", False, "normalise after every convolution (arXiv:1502.03167)"),
           Bool("ceil_mode", False, "keep a last window of the pooling that only partly fits"),
       ))
def VGGStage(g, x, out_channels, convolutions, batch_norm, ceil_mode):
    """3×3 convolutions in a row, which together see a larger window, then half the image."""
    for _ in range(convolutions):
        x = g.Conv2d(x, out_channels=out_channels, kernel_size=3, padding=1)
        x = g.ReLU(g.BatchNorm2d(x) if batch_norm else x)
    return g.MaxPool2d(x, kernel_size=2, ceil_mode=ceil_mode)


@block(category="Convolution blocks", source=f"{GOOGLENET}, figure 2b and table 1; batch normalisation: arXiv:1502.03167", stem="inception",
       example=((N, 192, 28, 28),), keys=("ch1x1", "ch3x3", "ch5x5", "pool_proj"), params=(
           Int("ch1x1", 64, "channels of the 1×1 branch"),
           Int("ch3x3red", 96, "channels to which the 3×3 branch is reduced first"),
           Int("ch3x3", 128, "channels of the 3×3 branch"),
           Int("ch5x5red", 16, "channels to which the 5×5 branch is reduced first"),
           Int("ch5x5", 32, "channels of the 5×5 branch"),
           Int("pool_proj", 32, "channels of the branch that pools first"),
           Bool("batch_norm", False, "normalise after every convolution, as the second version does"),
           Int("largest", 5, "window side of the third branch; 3 in torchvision's GoogLeNet", max=4096), EPS,
       ))
def InceptionModule(g, x, ch1x1, ch3x3red, ch3x3, ch5x5red, ch5x5, pool_proj, batch_norm, largest, eps):
    """Looks at the image with windows of several sizes at once and lays the answers side by side."""

    def conv(value, out_channels, kernel_size, name):
        if batch_norm:
            return g.ConvNormAct(value, out_channels=out_channels, kernel_size=kernel_size, eps=eps, name=name)
        return g.ReLU(g.Conv2d(value, out_channels=out_channels, kernel_size=kernel_size, padding=kernel_size // 2, name=name))

    branch1 = conv(x, ch1x1, 1, "branch1")
    branch2 = conv(conv(x, ch3x3red, 1, "branch2_reduce"), ch3x3, 3, "branch2")
    branch3 = conv(conv(x, ch5x5red, 1, "branch3_reduce"), ch5x5, largest, "branch3")
    branch4 = conv(g.MaxPool2d(x, kernel_size=3, stride=1, padding=1, name="branch4_pool"), pool_proj, 1, "branch4")
    return g.Concat(branch1, branch2, branch3, branch4, name="concat")
