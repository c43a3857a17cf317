"""Networks that give one answer a pixel."""

from __future__ import annotations

from .entry import network

FAMILY = "Segmentation"
UNET = "Ronneberger et al. 2015, arXiv:1505.04597"


@network(name="unet", title="U-Net", family=FAMILY, decks=("ECNU", "CUHK-marp"), task="segmentation", parameters=31_037_698,
         paper=f"{UNET}; padded and normalised, as in milesial/Pytorch-UNet", inputs=((3, 96, 96),), outputs=((2, 96, 96),),
         data="pairs of a picture and a mask: Carvana's cars, or cells under a microscope",
         look="Four steps down, four up: at every size the way up is laid beside what the way down had, so that sharp edges survive. The image shrinks "
              "to 6×6 in down4 and comes back whole: any size that 16 divides goes.")
def unet(g, image):
    """Says for every pixel what it belongs to: a way down that sees the whole, a way up that puts it back in place."""
    skips = [g.DoubleConv(image, out_channels=64, name="inc")]
    for i, channels in enumerate((128, 256, 512, 1024), 1):
        skips.append(g.UNetDown(skips[-1], out_channels=channels, name=f"down{i}"))
    x = skips.pop()
    for i, channels in enumerate((512, 256, 128, 64), 1):
        x = g.UNetUp(x, skips.pop(), out_channels=channels, name=f"up{i}")
    return g.Conv2d(x, out_channels=2, kernel_size=1, name="outc")
