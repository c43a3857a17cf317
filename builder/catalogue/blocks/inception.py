"""The modules of Inception V3 and the auxiliary heads of both versions. Branches are named as in torchvision."""

from ..params import Choice, Float, Int
from ..sizes import BATCH as N
from .composite import block
from .convolution import EPS, GOOGLENET

REFERENCE = "Szegedy et al. 2016, arXiv:1512.00567"
CLASSES = Int("classes", 1000, "scores produced, one a class")


def units(g, eps):
    """What lays a convolution with its normalisation and ReLU under a name."""

    def unit(x, channels, kernel_size, name, stride=1, padding=None):
        return g.ConvNormAct(x, out_channels=channels, kernel_size=kernel_size, stride=stride, padding=padding, eps=eps, name=name)

    return unit


def pooled(g, x):
    """The mean of every 3×3 window, the image as large as before."""
    return g.AvgPool2d(x, kernel_size=3, stride=1, padding=1, name="pool")


@block(category="Inception blocks", source=f"{REFERENCE}, figure 5", stem="mixed", example=((N, 192, 35, 35),), params=(
    Int("pool_features", 32, "channels of the branch that pools first"), EPS,
))
def InceptionA(g, x, pool_features, eps):
    """Windows of 1×1, 5×5 and two 3×3 in a row side by side; two 3×3 see as far as one 5×5 with fewer weights."""
    unit = units(g, eps)
    branch1 = unit(x, 64, 1, "branch1x1")
    branch5 = unit(unit(x, 48, 1, "branch5x5_1"), 64, 5, "branch5x5_2")
    branch3 = unit(unit(unit(x, 64, 1, "branch3x3dbl_1"), 96, 3, "branch3x3dbl_2"), 96, 3, "branch3x3dbl_3")
    return g.Concat(branch1, branch5, branch3, unit(pooled(g, x), pool_features, 1, "branch_pool"), name="concat")


@block(category="Inception blocks", source=f"{REFERENCE}, figure 10", stem="mixed", example=((N, 288, 35, 35),), params=(EPS,))
def InceptionB(g, x, eps):
    """Half the image by striding and by pooling at once, so that nothing is squeezed before it is seen."""
    unit = units(g, eps)
    branch3 = unit(x, 384, 3, "branch3x3", stride=2, padding=0)
    double = unit(unit(unit(x, 64, 1, "branch3x3dbl_1"), 96, 3, "branch3x3dbl_2"), 96, 3, "branch3x3dbl_3", stride=2, padding=0)
    return g.Concat(branch3, double, g.MaxPool2d(x, kernel_size=3, stride=2, name="pool"), name="concat")


@block(category="Inception blocks", source=f"{REFERENCE}, figure 6", stem="mixed", example=((N, 768, 17, 17),), params=(
    Int("channels_7x7", 128, "channels inside the branches of 7×7"), EPS,
))
def InceptionC(g, x, channels_7x7, eps):
    """7×7 windows taken apart into 1×7 and 7×1: 14 weights a channel where there were 49."""
    unit, c = units(g, eps), channels_7x7
    branch1 = unit(x, 192, 1, "branch1x1")
    single = unit(unit(unit(x, c, 1, "branch7x7_1"), c, (1, 7), "branch7x7_2"), 192, (7, 1), "branch7x7_3")
    double = unit(unit(unit(x, c, 1, "branch7x7dbl_1"), c, (7, 1), "branch7x7dbl_2"), c, (1, 7), "branch7x7dbl_3")
    double = unit(unit(double, c, (7, 1), "branch7x7dbl_4"), 192, (1, 7), "branch7x7dbl_5")
    return g.Concat(branch1, single, double, unit(pooled(g, x), 192, 1, "branch_pool"), name="concat")


@block(category="Inception blocks", source=f"{REFERENCE}, figure 10 and table 1", stem="mixed", example=((N, 768, 17, 17),), params=(EPS,))
def InceptionD(g, x, eps):
    """Half the image again, one branch through a window of 7×7 taken apart."""
    unit = units(g, eps)
    branch3 = unit(unit(x, 192, 1, "branch3x3_1"), 320, 3, "branch3x3_2", stride=2, padding=0)
    branch7 = unit(unit(unit(x, 192, 1, "branch7x7x3_1"), 192, (1, 7), "branch7x7x3_2"), 192, (7, 1), "branch7x7x3_3")
    branch7 = unit(branch7, 192, 3, "branch7x7x3_4", stride=2, padding=0)
    return g.Concat(branch3, branch7, g.MaxPool2d(x, kernel_size=3, stride=2, name="pool"), name="concat")


@block(category="Inception blocks", source=f"{REFERENCE}, figure 7", stem="mixed", example=((N, 1280, 8, 8),), params=(EPS,))
def InceptionE(g, x, eps):
    """Branches that fork: 1×3 and 3×1 side by side, for more channels where the image is smallest."""
    unit = units(g, eps)

    def forked(value, name):
        ends = (unit(value, 384, (1, 3), f"{name}a"), unit(value, 384, (3, 1), f"{name}b"))
        return g.Concat(*ends, name=f"{name}_concat")

    branch1 = unit(x, 320, 1, "branch1x1")
    single = forked(unit(x, 384, 1, "branch3x3_1"), "branch3x3_2")
    double = forked(unit(unit(x, 448, 1, "branch3x3dbl_1"), 384, 3, "branch3x3dbl_2"), "branch3x3dbl_3")
    return g.Concat(branch1, single, double, unit(pooled(g, x), 192, 1, "branch_pool"), name="concat")


@block(category="Inception blocks", source=f"{REFERENCE}, section 4; its layers as in torchvision", stem="aux", example=((N, 768, 17, 17),),
       params=(CLASSES, EPS))
def InceptionAux(g, x, classes, eps):
    """A classifier in the middle of Inception V3, for training: a shorter way for the gradient to the layers before it."""
    unit = units(g, eps)
    y = unit(g.AvgPool2d(x, kernel_size=5, stride=3, name="pool"), 128, 1, "conv0")
    y = g.AdaptiveAvgPool2d(unit(y, 768, 5, "conv1", padding=0), output_size=1, name="gap")
    return g.Linear(g.Flatten(y, name="flatten"), out_features=classes, name="fc")


@block(category="Inception blocks", source=f"{GOOGLENET}, section 5", stem="aux", example=((N, 512, 14, 14),), params=(
    CLASSES,
    Float("dropout", 0.7, "share of the hidden values set to 0 in training", min=0.0, max=1.0),
    Choice("form", "paper", ("paper", "torchvision"), "torchvision pools to 4×4 whatever comes in, and normalises"), EPS,
))
def GoogLeNetAux(g, x, classes, dropout, form, eps):
    """A classifier in the middle of GoogLeNet, for training: a shorter way for the gradient to the layers before it."""
    if form == "torchvision":
        y = g.ConvNormAct(g.AdaptiveAvgPool2d(x, output_size=4, name="pool"), out_channels=128, kernel_size=1, eps=eps, name="conv")
    else:
        y = g.Conv2d(g.AvgPool2d(x, kernel_size=5, stride=3, name="pool"), out_channels=128, kernel_size=1, name="conv")
        y = g.ReLU(y, name="conv_relu")
    y = g.Linear(g.Flatten(y, name="flatten"), out_features=1024, name="fc1")
    y = g.Dropout(g.ReLU(y, name="relu"), p=dropout, name="dropout")
    return g.Linear(y, out_features=classes, name="fc2")
