"""The parts of fully convolutional networks."""

from ..params import Float, Int
from ..sizes import BATCH as N
from ..sizes import show
from .composite import block

FCN = "Long et al. 2015, arXiv:1411.4038"


@block(category="Segmentation blocks", source=f"{FCN}, section 3; its layers as in torchvision", stem="head", example=((N, 512, 28, 28),), params=(
    Int("out_channels", 21, "scores a pixel, one a class"),
    Float("dropout", 0.1, "share of the values set to 0 in training", min=0.0, max=1.0),
))
def FCNHead(g, x, out_channels, dropout):
    """One score a class at every pixel: a 3×3 convolution to a quarter of the channels, then a 1×1."""
    y = g.Conv2d(x, out_channels=max(1, x.channels // 4), kernel_size=3, padding=1, bias=False)
    y = g.Dropout(g.ReLU(g.BatchNorm2d(y)), p=dropout)
    return g.Conv2d(y, out_channels=out_channels, kernel_size=1, name="score")


@block(category="Segmentation blocks", source=f"{FCN}, section 4.2 and figure 3; its offsets as in the authors' net.py", stem="fuse",
       example=((N, 21, 8, 8), (N, 512, 27, 27)), params=(
           Int("offset", 5, "pixels left out above and to the left of what the finer layer says", min=0, max=4096),
       ))
def FCNFuse(g, x, finer, offset):
    """Adds what a finer layer says to scores that are enlarged to its size: sharper edges."""
    y = g.ConvTranspose2d(x, out_channels=x.channels, kernel_size=4, stride=2, bias=False, name="up")
    scores = g.Conv2d(finer, out_channels=x.channels, kernel_size=1, name="score")
    return g.Add(y, cropped(g, scores, y, offset), name="sum")


@block(category="Segmentation blocks", source=f"{FCN}; the authors' net.py", stem="crop", example=((N, 21, 64, 64), (N, 3, 40, 40)), params=(
    Int("offset", 12, "pixels left out above and to the left", min=0, max=4096),
))
def CropAt(g, x, like, offset):
    """Cuts an image to the height and width of another, from a given corner on."""
    return cropped(g, x, like, offset)


def cropped(g, x, like, offset):
    """`x` from the pixel at `offset` on, as high and wide as `like`."""
    g.require(len(x.shape) == len(like.shape) == 4, f"both should be images N×C×H×W; received {show(x.shape)} and {show(like.shape)}", "rank")
    for dim, axis in ((2, "high"), (3, "wide")):
        end = offset + like.shape[dim]
        g.require(end <= x.shape[dim], f"{like.shape[dim]} pixels from the {offset}th on end at {end}, and the image is {x.shape[dim]} {axis}", "spatial")
        x = g.Slice(x, dim=dim, start=offset, stop=end)
    return x
