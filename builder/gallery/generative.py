"""Generators, discriminators and the variational autoencoder."""

from __future__ import annotations

from .entry import network

FAMILY = "Generators and discriminators"
GAN = "Goodfellow et al. 2014, arXiv:1406.2661"
CGAN = "Mirza & Osindero 2014, arXiv:1411.1784, section 4.1"
DCGAN = "Radford et al. 2016, arXiv:1511.06434, figure 1"
VAE = "Kingma & Welling 2014, arXiv:1312.6114, appendix C"
NOISE, DIGIT = (100,), (784,)
# Section 4 of the paper: every weight is drawn from a normal distribution of spread 0.02.
NORMAL = {"kind": "Normal", "std": 0.02}


@network(name="gan-generator", title="GAN generator", family=FAMILY, decks=("CUHK", "Bootcamp"), task="generation", parameters=247_440, paper=GAN,
         inputs=(NOISE,), outputs=(DIGIT,), data="MNIST",
         look="Nothing but 100 random numbers goes in. Most of the weights sit in the last layer, which paints 784 pixels.")
def gan_generator(g, z):
    """Turns 100 random numbers into the 28×28 pixels of a digit that nobody wrote."""
    x = z
    for i, features in enumerate((128, 256), 1):
        x = g.ReLU(g.Linear(x, out_features=features, name=f"fc{i}"), name=f"relu{i}")
    return g.Sigmoid(g.Linear(x, out_features=784, name="fc3"), name="pixels")


@network(name="gan-discriminator", title="GAN discriminator", family=FAMILY, decks=("CUHK", "Bootcamp"), task="generation",
         parameters=1_169_409, paper=f"{GAN}; maxout: arXiv:1302.4389", inputs=(DIGIT,), outputs=((1,),), data="MNIST",
         look="It has nearly five times the weights of its generator. Open a maxout: each unit is the largest of five weighted sums.")
def gan_discriminator(g, image):
    """Says how sure it is that a digit is real: two maxout layers and a sigmoid."""
    x = g.Maxout(image, out_features=256, pieces=5, name="maxout1")
    x = g.Maxout(g.Dropout(x, p=0.5, name="dropout"), out_features=128, pieces=5, name="maxout2")
    return g.Sigmoid(g.Linear(x, out_features=1, name="fc"), name="real")


@network(name="gan2014-generator", title="GAN generator of 2014", family=FAMILY, decks=("CUHK", "Bootcamp"), task="generation",
         parameters=2_503_984, paper=f"{GAN}, section 5; sizes of the authors' mnist.yaml", inputs=(NOISE,), outputs=(DIGIT,), data="MNIST",
         look="Ten times the weights of the bootcamp's generator: 1200·1200 alone are 1.44 million.")
def gan2014_generator(g, z):
    """The first generator: two hidden layers of 1,200 rectifiers paint a digit."""
    x = z
    for i in (1, 2):
        x = g.ReLU(g.Linear(x, out_features=1200, name=f"h{i - 1}"), name=f"relu{i}")
    return g.Sigmoid(g.Linear(x, out_features=784, name="y"), name="pixels")


@network(name="gan2014-discriminator", title="GAN discriminator of 2014", family=FAMILY, decks=("CUHK", "Bootcamp"), task="generation",
         parameters=1_231_441, paper=f"{GAN}, section 5; sizes of the authors' mnist.yaml", inputs=(DIGIT,), outputs=((1,),), data="MNIST",
         look="The maxout network of 2013 with one answer in the place of ten, and dropout before every layer.")
def gan2014_discriminator(g, image):
    """The first discriminator: two layers of 240 maxout units and one answer."""
    x = g.Maxout(g.Dropout(image, p=0.2, name="dropout1"), out_features=240, pieces=5, name="h0")
    x = g.Maxout(g.Dropout(x, p=0.5, name="dropout2"), out_features=240, pieces=5, name="h1")
    return g.Sigmoid(g.Linear(g.Dropout(x, p=0.5, name="dropout3"), out_features=1, name="y"), name="real")


@network(name="cgan-generator", title="Conditional GAN generator", family=FAMILY, decks=("Bootcamp",), task="generation", parameters=972_784,
         paper=CGAN, inputs=(NOISE, (10,)), outputs=(DIGIT,), data="MNIST with its labels, one-hot",
         look="Two inputs meet in the Concat: chance says how the digit looks, the label says which digit it is.")
def cgan_generator(g, z, label):
    """Paints the digit that it is told to: noise and a one-hot label go in."""
    noise = g.ReLU(g.Linear(z, out_features=200, name="fc_z"), name="relu_z")
    wanted = g.ReLU(g.Linear(label, out_features=1000, name="fc_y"), name="relu_y")
    x = g.Dropout(g.Concat(noise, wanted, dim=1, name="concat"), p=0.5, name="dropout")
    return g.Sigmoid(g.Linear(x, out_features=784, name="fc"), name="pixels")


@network(name="cgan-discriminator", title="Conditional GAN discriminator", family=FAMILY, decks=("Bootcamp",), task="generation",
         parameters=1_224_351, paper=f"{CGAN}; maxout: arXiv:1302.4389", inputs=(DIGIT, (10,)), outputs=((1,),), data="MNIST with its labels, one-hot",
         look="A fine 7 under the label 3 is a fake too: the joint layer sees both. Its maxout takes 4 pieces, the others 5, as the paper says.")
def cgan_discriminator(g, image, label):
    """Says whether a digit is real and the one that its label names."""
    seen = g.Maxout(image, out_features=240, pieces=5, name="maxout_x")
    told = g.Maxout(label, out_features=50, pieces=5, name="maxout_y")
    x = g.Dropout(g.Concat(seen, told, dim=1, name="concat"), p=0.5, name="dropout1")
    x = g.Dropout(g.Maxout(x, out_features=240, pieces=4, name="maxout_joint"), p=0.5, name="dropout2")
    return g.Sigmoid(g.Linear(x, out_features=1, name="fc"), name="real")


def dcgan_generator(g, z, widths: tuple[int, ...], channels: int, crops: bool = False):
    """A 4×4 image of many channels, doubled in size while the channels are halved."""
    x = g.Linear(z, out_features=widths[0] * 16, name="fc", silent=("bias before normalisation",))
    x = g.ReLU(g.BatchNorm2d(g.Unflatten(x, dim=1, sizes=(widths[0], 4, 4), name="image"), name="bn"), name="relu")
    for i, width in enumerate(widths[1:], 1):
        x = g.DCGANUp(x, out_channels=width, output_padding=0 if crops and i == 1 else 1, name=f"up{i}")
    x = g.ConvTranspose2d(x, out_channels=channels, kernel_size=5, stride=2, padding=2, output_padding=1, name="paint")
    return g.Tanh(x, name="pixels")


def dcgan_discriminator(g, image, widths: tuple[int, ...]):
    """Halves the image until one window sees all of it."""
    x = g.Conv2d(image, out_channels=widths[0], kernel_size=5, stride=2, padding=2, bias=False, name="conv")
    x = g.LeakyReLU(x, negative_slope=0.2, name="act")
    for i, width in enumerate(widths[1:], 1):
        x = g.DCGANDown(x, out_channels=width, name=f"down{i}")
    return g.Sigmoid(g.Conv2d(x, out_channels=1, kernel_size=4, bias=False, name="score"), name="real")


def pair(suffix: str, title: str, image: tuple[int, int, int], widths: tuple[int, ...], counts: tuple[int, int], data: str,
         looks: tuple[str, str], crops: bool = False) -> None:
    """Declare the generator and the discriminator of one image size."""
    def generator(g, z):
        return dcgan_generator(g, z, widths, image[0], crops)

    def discriminator(g, image):
        return dcgan_discriminator(g, image, tuple(reversed(widths)))

    size = f"{image[1]}×{image[2]}"
    generator.__doc__ = f"Grows a {size} image from 100 random numbers with transposed convolutions."
    discriminator.__doc__ = f"Says whether a {size} image is real, with strided convolutions and no pooling."
    for role, body, count, look, ends in (("generator", generator, counts[0], looks[0], ((NOISE,), (image,))),
                                          ("discriminator", discriminator, counts[1], looks[1], ((image,), ((1, 1, 1),)))):
        network(name=f"dcgan{suffix}-{role}", title=f"{title} {role}", family=FAMILY, decks=("Bootcamp",), task="generation", parameters=count,
                paper=DCGAN, inputs=ends[0], outputs=ends[1], data=data, look=look, initializer=NORMAL)(body)


pair("", "DCGAN", (3, 64, 64), (1024, 512, 256, 128), (18_872_323, 17_232_768), "LSUN bedrooms, 64×64",
     ("Four steps double the image, 4 → 8 → 16 → 32 → 64, while the channels halve. Why does a 5×5 window need output_padding 1 to double?",
      "The generator turned round: 64 → 32 → 16 → 8 → 4, then one 4×4 window sees all that is left and gives one number."))
pair("-cifar", "DCGAN for CIFAR-10", (3, 32, 32), (512, 256, 128), (4_935_171, 4_115_328), "CIFAR-10",
     ("One step fewer than for 64×64, and a quarter of the weights: the widest layer is what costs.",
      "Batch normalisation is missing in the first step and in the last one, as the paper advises: both ends should keep their own scale."))
pair("-mnist", "DCGAN for MNIST", (1, 28, 28), (256, 128, 64), (1_440_385, 1_030_464), "MNIST",
     ("28 is no power of two times 4: the first step goes from 4 to 7, with output_padding 0. Set it to 1 and see what comes out at the end.",
      "28 → 14 → 7 → 4: a window of 5 with padding 2 rounds up, so that the last 4×4 window fits exactly."), crops=True)


@network(name="vae", title="Variational autoencoder", family=FAMILY, decks=("Bootcamp",), task="generation", parameters=652_824, paper=VAE,
         inputs=((1, 28, 28),), outputs=(DIGIT, (20,), (20,)), data="MNIST",
         look="Two layers read the same 400 numbers: fc21 says where in the 20 dimensions the digit lies, fc22 how sure that is. Noise stands "
              "beside the way, so the gradient passes it by: that is the reparameterisation trick. In evaluation there is no noise.")
def vae(g, image):
    """Squeezes a digit into a cloud of 20 dimensions, draws a point from it and paints the digit again."""
    x = g.ReLU(g.Linear(g.Flatten(image, name="flatten"), out_features=400, name="fc1"), name="relu1")
    mu, logvar = (g.Linear(x, out_features=20, name=name) for name in ("fc21", "fc22"))
    std = g.Exp(g.Scale(logvar, factor=0.5, name="log_std"), name="std")
    drawn = g.Multiply(g.Noise(std, distribution="normal", when="training", name="noise"), std, name="spread")
    z = g.Add(mu, drawn, name="z")
    y = g.ReLU(g.Linear(z, out_features=400, name="fc3"), name="relu2")
    g.Output(g.Sigmoid(g.Linear(y, out_features=784, name="fc4"), name="pixels"), name="output")
    g.Output(mu, name="mu")
    g.Output(logvar, name="log_variance")
