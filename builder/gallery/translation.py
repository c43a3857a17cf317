"""pix2pix: one network draws an image after another, a second one tells drawn pairs from real ones."""

from __future__ import annotations

from .entry import network

FAMILY = "Image to image"
PIX2PIX = "Isola et al. 2017, arXiv:1611.07004"


def generator(g, image, wide, dropped):
    """Down to one pixel and up again; `wide` are the channels of the steps down after the first, `dropped` the steps up with dropout."""
    skips = [g.Conv2d(image, out_channels=64, kernel_size=4, stride=2, padding=1, bias=False, name="down1")]
    for i, channels in enumerate(wide, 2):
        last = {"batch_norm": False} if i > len(wide) else {}
        skips.append(g.Pix2PixDown(skips[-1], out_channels=channels, name=f"down{i}", **last))
    x = skips.pop()
    for i, channels in enumerate((*wide[-2::-1], 64), 1):
        x = g.Pix2PixUp(x, skips.pop(), out_channels=channels, name=f"up{i}", **({"dropout": True} if i in dropped else {}))
    return g.ReLU(x, name="relu")


@network(name="pix2pix-generator", title="pix2pix generator", family=FAMILY, decks=("Bootcamp", "CUHK", "CUHK-marp"), task="translation",
         paper=f"{PIX2PIX}; unet_256 of junyanz/pytorch-CycleGAN-and-pix2pix", parameters=54_413_955, inputs=((3, 256, 256),),
         outputs=((3, 256, 256),), data="pairs of images of one scene: façades and their plans, maps and aerial photographs",
         look="256 → 1 → 256 pixels: down8 leaves a single one, which has seen the whole image. Without the wires across, all detail would pass through "
              "its 512 numbers. The dropout of up2 to up4 is the generator's only noise; its authors leave it on when they draw.")
def pix2pix_generator(g, image):
    """A U-Net that redraws an image in another style: a plan becomes a façade."""
    x = generator(g, image, (128, 256, 512, 512, 512, 512, 512), {2, 3, 4})
    return g.Tanh(g.ConvTranspose2d(x, out_channels=3, kernel_size=4, stride=2, padding=1, name="draw"), name="tanh")


@network(name="pix2pix-generator-128", title="pix2pix generator, 128×128", family=FAMILY, decks=("Bootcamp",), task="translation",
         paper=f"{PIX2PIX}; the variant of the Bootcamp deck", parameters=41_826_944, inputs=((1, 128, 128),), outputs=((3, 128, 128),),
         data="pairs of a grey and a coloured photograph",
         look="One step less each way than the large one, and one channel in: it colours grey pictures. Dropout stands where the image has 2×2, 4×4 and "
              "8×8 pixels, as the deck says.")
def pix2pix_generator_128(g, image):
    """The deck's generator: gives grey pictures of half the size their colours."""
    x = generator(g, image, (128, 256, 512, 512, 512, 512), {1, 2, 3})
    return g.Tanh(g.ConvTranspose2d(x, out_channels=3, kernel_size=4, stride=2, padding=1, bias=False, name="draw"), name="tanh")


@network(name="pix2pix-discriminator", title="pix2pix discriminator", family=FAMILY, decks=("Bootcamp", "CUHK", "CUHK-marp"), task="translation",
         paper=f"{PIX2PIX}, section 3.2.2", parameters=2_768_705, inputs=((6, 256, 256),), outputs=((1, 30, 30),),
         data="pairs of images, real ones and the generator's, laid on each other: 3 + 3 channels",
         look="It gives 30×30 scores, not one: each judges a patch of 70×70 pixels. Work it out from the last layer back: 1 → 4 → 7 → 16 → 34 → 70. "
              "Take a stage away and the patch shrinks.")
def pix2pix_discriminator(g, pair):
    """Judges patches instead of whole pictures, which is enough to keep textures sharp."""
    x = g.PatchStage(pair, out_channels=64, batch_norm=False, name="patch1")
    x = g.PatchStage(g.PatchStage(x, out_channels=128, name="patch2"), out_channels=256, name="patch3")
    x = g.PatchStage(x, out_channels=512, stride=1, name="patch4")
    return g.Conv2d(x, out_channels=1, kernel_size=4, padding=1, name="scores", silent=("even window",))
