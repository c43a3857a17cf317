"""The stages of pix2pix: a generator that draws an image after another, and a discriminator that judges patches."""

from ..params import Bool, Int
from ..sizes import BATCH as N
from .composite import block

PIX2PIX = "Isola et al. 2017, arXiv:1611.07004, section 6.1"
OUT = Int("out_channels", 64, "channels produced")
SLOPE = 0.2  # of every LeakyReLU, as in DCGAN


def norm(g, x, wanted):
    """`x` normalised where it is wanted."""
    return g.BatchNorm2d(x, name="bn") if wanted else x


@block(category="Image-to-image blocks", source=f"{PIX2PIX}.1", stem="down", example=((N, 64, 64, 64),), params=(
    OUT, Bool("batch_norm", True, "normalise at the end; not where a single pixel is left"),
))
def Pix2PixDown(g, x, out_channels, batch_norm):
    """One step down the generator: half the image by a 4×4 window of stride 2. The activation comes first, so that what is skipped is raw."""
    y = g.Conv2d(g.LeakyReLU(x, negative_slope=SLOPE, name="act"), out_channels=out_channels, kernel_size=4, stride=2, padding=1, bias=False,
                 name="conv")
    return norm(g, y, batch_norm)


@block(category="Image-to-image blocks", source=f"{PIX2PIX}.1", stem="up", example=((N, 512, 16, 16), (N, 256, 32, 32)), params=(
    OUT, Bool("dropout", False, "set half of the values to 0: the only noise that the generator has"),
))
def Pix2PixUp(g, x, skip, out_channels, dropout):
    """One step up the generator: twice the image, laid beside what the way down had at that size."""
    y = g.ConvTranspose2d(g.ReLU(x, name="act"), out_channels=out_channels, kernel_size=4, stride=2, padding=1, bias=False, name="conv")
    y = g.BatchNorm2d(y, name="bn")
    return g.Concat(skip, g.Dropout(y, p=0.5, name="drop") if dropout else y, name="concat")


@block(category="Image-to-image blocks", source=f"{PIX2PIX}.2", stem="patch", example=((N, 64, 128, 128),), keys=("out_channels", "stride"),
       params=(OUT, Int("stride", 2, "1 widens the patch that is judged without shrinking the image by half", max=4096),
               Bool("batch_norm", True, "normalise after the convolution; not in the first stage")))
def PatchStage(g, x, out_channels, stride, batch_norm):
    """One stage of a PatchGAN: a 4×4 window, normalisation and LeakyReLU. Stages decide how large a patch one score judges."""
    y = g.Conv2d(x, out_channels=out_channels, kernel_size=4, stride=stride, padding=1, bias=not batch_norm, name="conv")
    return g.LeakyReLU(norm(g, y, batch_norm), negative_slope=SLOPE, name="act")
