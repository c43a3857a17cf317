"""The parts of a U-Net. The paper does not pad and crops what it lays across; padding, as everywhere since, keeps both arms equal."""

from ..params import Bool, Choice, Int
from ..sizes import BATCH as N
from .composite import block
from .convolution import BIAS

UNET = "Ronneberger et al. 2015, arXiv:1505.04597, figure 1"
OUT = Int("out_channels", 64, "channels produced")
NORM = Bool("batch_norm", True, "normalise after every convolution (arXiv:1502.03167)")
PADDED = Bool("padded", True, "keep the size of the image; off, as in the paper, every convolution takes a pixel off each side")
CONVS = (OUT, NORM, PADDED, BIAS)


@block(category="U-Net blocks", source=UNET, stem="double", params=CONVS, example=((N, 32, 64, 64),), keys=("out_channels",))
def DoubleConv(g, x, out_channels, batch_norm, padded, bias):
    """Two 3×3 convolutions, each with its activation; the size of the image stays."""
    for _ in range(2):
        x = g.Conv2d(x, out_channels=out_channels, kernel_size=3, padding=int(padded), bias=bias or not batch_norm)
        x = g.ReLU(g.BatchNorm2d(x) if batch_norm else x)
    return x


@block(category="U-Net blocks", source=UNET, stem="down", params=CONVS, example=((N, 64, 64, 64),), keys=("out_channels",))
def UNetDown(g, x, out_channels, batch_norm, padded, bias):
    """One step down a U-Net: half the image, then two convolutions."""
    return g.DoubleConv(g.MaxPool2d(x, kernel_size=2, name="pool"), out_channels=out_channels, batch_norm=batch_norm, padded=padded, bias=bias,
                        name="conv")


@block(category="U-Net blocks", source=UNET, stem="up", example=((N, 128, 32, 32), (N, 64, 64, 64)), keys=("out_channels",), params=(
    *CONVS, Choice("enlarge", "learned", ("learned", "bilinear"), "by a transposed convolution to half the channels, or by blending pixels"),
))
def UNetUp(g, x, skip, out_channels, batch_norm, padded, bias, enlarge):
    """One step up a U-Net: twice the image, laid beside what the way down had at that size, then two convolutions."""
    if enlarge == "bilinear":
        y = g.Upsample(x, scale_factor=2.0, mode="bilinear", align_corners=True, name="up")
    else:
        y = g.ConvTranspose2d(x, out_channels=max(1, x.channels // 2), kernel_size=2, stride=2, output_padding=odd(x, skip) if padded else 0, name="up")
    across = skip if padded else g.CropAs(skip, y, name="crop")
    return g.DoubleConv(g.Concat(across, y, name="concat"), out_channels=out_channels, batch_norm=batch_norm, padded=padded, bias=bias, name="conv")


def odd(x, skip):
    """Pixels that twice the image lacks: pooling rounds an odd length down, one more brings it back."""
    lacking = tuple(int(long == 2 * short + 1) for long, short in zip(skip.shape[2:4], x.shape[2:4], strict=False))
    return lacking if len(lacking) == 2 and any(lacking) else 0
