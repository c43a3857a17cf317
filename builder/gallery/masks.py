"""Mask optimisation for chips: networks that draw the mask which, printed through a lens, gives the wanted pattern.

The networks are those of LithoBench (NeurIPS 2023), written by the author of the CUHK deck, and of the papers' own repositories.
"""

from __future__ import annotations

from .entry import network

FAMILY = "Mask optimisation"
DECKS = ("CUHK", "CUHK-marp")
LAYOUTS = "pairs of a chip layout and its optimised mask, as in LithoBench"


@network(name="neural-ilt", title="Neural-ILT", family=FAMILY, decks=DECKS, task="mask optimisation", parameters=7_781_761,
         paper="Jiang et al. 2020, Neural-ILT, ICCAD; the backbone of cuhk-eda/neural-ilt", inputs=((1, 256, 256),), outputs=((1, 256, 256),), data=LAYOUTS,
         look="A U-Net of four sizes that blends instead of learning how to enlarge. In the paper its answer goes through a model of the lens, and the loss "
              "compares what would be printed: that layer has no weights and is no part of this drawing.")
def neural_ilt(g, image):
    """A small U-Net that draws the mask; a lithography model behind it says how far the print is off."""
    x = unet(g, image, batch_norm=False)
    return g.Sigmoid(g.Conv2d(x, out_channels=1, kernel_size=1, name="last"), name="sigmoid")


@network(name="neural-ilt-lithobench", title="Neural-ILT of LithoBench", family=FAMILY, decks=DECKS, task="mask optimisation", parameters=7_787_905,
         paper="Jiang et al. 2020, Neural-ILT, ICCAD; as in LithoBench", inputs=((1, 256, 256),), outputs=((1, 256, 256),), data=LAYOUTS,
         look="6,144 parameters more than neural-ilt: a normalisation behind every convolution but the last, which has a window of 3×3 here. The "
              "convolutions keep their offsets although the normalisations make them useless.")
def neural_ilt_lithobench(g, image):
    """The same network as the benchmark has it: normalised, with a larger last window."""
    x = unet(g, image, bias=True)
    return g.Sigmoid(g.Conv2d(x, out_channels=1, kernel_size=3, padding=1, name="last"), name="sigmoid")


def unet(g, image, **params):
    """A U-Net of four sizes, enlarged by blending."""
    skips = [g.DoubleConv(image, out_channels=64, name="inc", **params)]
    for i, channels in enumerate((128, 256, 512), 1):
        skips.append(g.UNetDown(skips[-1], out_channels=channels, name=f"down{i}", **params))
    x = skips.pop()
    for i, channels in enumerate((256, 128, 64), 1):
        x = g.UNetUp(x, skips.pop(), out_channels=channels, enlarge="bilinear", name=f"up{i}", **params)
    return x


@network(name="ganopc-generator", title="GAN-OPC generator", family=FAMILY, decks=DECKS, task="mask optimisation", parameters=36_551_972,
         paper="Yang et al. 2018, doi:10.1145/3195970.3196056, as in LithoBench", inputs=((1, 256, 256),), outputs=((1, 256, 256),), data=LAYOUTS,
         look="Five strided convolutions down to 8×8, five sub-pixel steps up: open up5 to see a convolution make four channels for every one, which "
              "PixelShuffle lays out as 2×2 pixels. No checkerboard, as transposed convolutions leave.")
def ganopc_generator(g, image):
    """Draws the mask in one go; a discriminator judges it, and a lithography model before that."""
    x = image
    for i, channels in enumerate((16, 64, 128, 512, 1024), 1):
        x = g.ConvNormAct(x, out_channels=channels, kernel_size=5, stride=2, bias=True, name=f"conv{i}")
    for i, channels in ((5, 512), (4, 128), (3, 64), (2, 16)):
        x = g.SubPixelUp(x, out_channels=channels, name=f"up{i}")
    x = g.Conv2d(x, out_channels=4, kernel_size=3, padding=1, name="up1")
    return g.PixelShuffle(x, upscale_factor=2, name="shuffle")


@network(name="ganopc-discriminator", title="GAN-OPC discriminator", family=FAMILY, decks=DECKS, task="mask optimisation", parameters=88_384_771,
         paper="Yang et al. 2018, doi:10.1145/3195970.3196056, as in LithoBench", inputs=((1, 256, 256),), outputs=((1,),), data=LAYOUTS,
         look="VGG in all but the striding. 67.1 of the 88.4 million parameters are in fc1, which reads 512·8·8 numbers. The ReLU in front of the "
              "sigmoid is the authors': no score can fall under one half.")
def ganopc_discriminator(g, image):
    """Tells optimised masks from the generator's: a deep stack of 3×3 convolutions, one score at the end."""
    x = image
    for i, (channels, count) in enumerate(((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)), 1):
        x = g.ConvNormAct(x, out_channels=channels, bias=True, repeat=count, name=f"convs{i}")
        x = g.ConvNormAct(x, out_channels=channels, stride=2, bias=True, name=f"down{i}")
    x = g.Flatten(x, name="flatten")
    for i, features in enumerate((2048, 512, 1), 1):
        x = g.Linear(x, out_features=features, name=f"fc{i}", silent=("heavy", "bias before normalisation"))
        x = g.ReLU(g.BatchNorm1d(x, name=f"bn{i}"), name=f"relu{i}")
    return g.Sigmoid(x, name="sigmoid", silent=("activation twice",))


@network(name="damo-generator", title="DAMO generator", family=FAMILY, decks=DECKS, task="mask optimisation", parameters=97_545_089,
         paper="Chen et al. 2020, arXiv:2008.00806, as in LithoBench", inputs=((1, 256, 256),), outputs=((1, 256, 256),), data=LAYOUTS,
         look="Nearly all of it is res: nine convolutions of 1,024 channels on an image of 8×8, 9.4 million weights each. Nothing skips across: "
              "compare with U-Net, which needs a third of the parameters.")
def damo_generator(g, image):
    """Shrinks a layout 32 times, thinks about it in 1,024 channels, and draws the mask at full size."""
    x = g.ConvNormAct(image, out_channels=32, kernel_size=7, bias=True, name="head")
    for i, channels in enumerate((64, 128, 256, 512, 1024)):
        x = g.ConvNormAct(x, out_channels=channels, stride=2, bias=True, name=f"down{i}")
    x = g.ConvNormAct(x, out_channels=1024, bias=True, repeat=9, name="res")
    for i, channels in enumerate((512, 256, 128, 64, 32)):
        x = g.DeconvNormAct(x, out_channels=channels, kernel_size=3, output_padding=1, bias=True, name=f"up{4 - i}")
    return g.Conv2d(x, out_channels=1, kernel_size=7, padding=3, name="tail")


def cfno_layers(g, image):
    """Three Fourier layers and a convolutional branch side by side, then the way up."""
    branches = [g.FourierLayer(image, out_channels=d, patch=k, name=f"cfno{i}") for i, (d, k) in enumerate(((16, 16), (32, 32), (64, 64)))]
    x = image
    for i, channels in enumerate((32, 64, 128)):
        x = g.ConvNormAct(x, out_channels=channels, stride=2, bias=True, name=f"conv{i}a")
        x = g.ConvNormAct(x, out_channels=channels, bias=True, repeat=2, name=f"conv{i}b")
    x = g.Concat(*branches, x, name="concat")
    for i, channels in enumerate((128, 64, 32)):
        x = g.DeconvNormAct(x, out_channels=channels, kernel_size=3, output_padding=1, bias=True, name=f"deconv{i}a")
        x = g.ConvNormAct(x, out_channels=channels, bias=True, repeat=2, name=f"deconv{i}b")
    x = g.ConvNormAct(x, out_channels=32, bias=True, repeat=3, name="smooth")
    return g.Sigmoid(g.Conv2d(x, out_channels=1, kernel_size=3, padding=1, name="last"), name="sigmoid")


@network(name="cfno", title="CFNO", family=FAMILY, decks=DECKS, task="mask optimisation", parameters=1_867_073,
         paper="Yang et al. 2022, arXiv:2207.04056, as in LithoBench", inputs=((1, 1024, 1024),), outputs=((1, 1024, 1024),), data=LAYOUTS,
         look="Open cfno2: the layout is cut into squares of 64×64, each is turned into its 4,096 frequencies, and 64 learned mixtures of them are turned "
              "back. Light through a lens does the same: it lets low frequencies pass.")
def cfno(g, image):
    """Learns on the frequencies of a layout, as optics works, beside an ordinary convolutional branch."""
    return cfno_layers(g, image)


@network(name="cfno-256", title="CFNO, 256×256", family=FAMILY, decks=DECKS, task="mask optimisation", parameters=1_867_073,
         paper="Yang et al. 2022, arXiv:2207.04056, as in LithoBench", inputs=((1, 256, 256),), outputs=((1, 256, 256),), data=LAYOUTS,
         look="The same parameters as cfno on a sixteenth of the pixels: no layer of it knows how large the layout is. Compare the multiply-adds.")
def cfno_256(g, image):
    """CFNO on a smaller layout, quick enough to try."""
    return cfno_layers(g, image)
