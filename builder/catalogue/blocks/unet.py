"""The parts of a U-Net. The paper does not pad; padding, as everywhere since, keeps the sizes of the two arms equal."""

from ..params import Bool, Int
from ..sizes import BATCH as N
from .composite import block

UNET = "Ronneberger et al. 2015, arXiv:1505.04597, figure 1"
OUT = Int("out_channels", 64, "channels produced")
NORM = Bool("batch_norm", True, "normalise after every convolution (arXiv:1502.03167)")


@block(category="U-Net blocks", source=UNET, stem="double", params=(OUT, NORM), example=((N, 32, 64, 64),))
def DoubleConv(g, x, out_channels, batch_norm):
    """Two 3×3 convolutions, each with its activation; the size of the image stays."""
    for _ in range(2):
        x = g.Conv2d(x, out_channels=out_channels, kernel_size=3, padding=1, bias=not batch_norm)
        x = g.ReLU(g.BatchNorm2d(x) if batch_norm else x)
    return x


@block(category="U-Net blocks", source=UNET, stem="down", params=(OUT, NORM), example=((N, 64, 64, 64),))
def UNetDown(g, x, out_channels, batch_norm):
    """One step down a U-Net: half the image, then two convolutions."""
    return g.DoubleConv(g.MaxPool2d(x, kernel_size=2, name="pool"), out_channels=out_channels, batch_norm=batch_norm, name="conv")


@block(category="U-Net blocks", source=UNET, stem="up", params=(OUT, NORM), example=((N, 128, 32, 32), (N, 64, 64, 64)))
def UNetUp(g, x, skip, out_channels, batch_norm):
    """One step up a U-Net: twice the image, laid beside what the way down had at that size, then two convolutions."""
    # Pooling rounds an odd length down; one more pixel brings it back.
    odd = tuple(int(long == 2 * short + 1) for long, short in zip(skip.shape[2:4], x.shape[2:4], strict=False))
    odd = odd if len(odd) == 2 and any(odd) else 0
    y = g.ConvTranspose2d(x, out_channels=max(1, x.channels // 2), kernel_size=2, stride=2, output_padding=odd, name="up")
    return g.DoubleConv(g.Concat(skip, y, name="concat"), out_channels=out_channels, batch_norm=batch_norm, name="conv")
