"""Composites of generators and discriminators."""

from ..params import Int
from ..sizes import BATCH as N
from .composite import block

MAXOUT = "Goodfellow et al. 2013, arXiv:1302.4389, section 3"
DCGAN = "Radford et al. 2016, arXiv:1511.06434, figure 1 and section 3"


@block(category="Generative blocks", source=MAXOUT, stem="maxout", example=((N, 784),), keys=("out_features", "pieces"), params=(
    Int("out_features", 240, "numbers produced"),
    Int("pieces", 5, "weighted sums of which each number is the largest", max=1000),
))
def Maxout(g, x, out_features, pieces):
    """The largest of several weighted sums: an activation that is learned with the layer."""
    y = g.Linear(x, out_features=out_features * pieces, name="fc")
    return g.Max(g.Unflatten(y, dim=-1, sizes=(out_features, pieces), name="split"), dims=(-1,), name="max")


@block(category="Generative blocks", source=DCGAN, stem="up", example=((N, 512, 8, 8),), params=(
    Int("out_channels", 256, "channels produced"),
    Int("output_padding", 1, "1 doubles the image; 0 leaves the last row and column out: 4 becomes 7", min=0, max=1),
))
def DCGANUp(g, x, out_channels, output_padding):
    """One step of a generator: a transposed 5×5 convolution of stride 2, batch normalisation and a ReLU."""
    y = g.ConvTranspose2d(x, out_channels=out_channels, kernel_size=5, stride=2, padding=2, output_padding=output_padding, name="conv")
    return g.ReLU(g.BatchNorm2d(y, name="bn"), name="act")


@block(category="Generative blocks", source=DCGAN, stem="down", example=((N, 128, 32, 32),), params=(Int("out_channels", 256, "channels produced"),))
def DCGANDown(g, x, out_channels):
    """One step of a discriminator: a 5×5 convolution of stride 2 in the place of pooling, batch normalisation and a leaky ReLU."""
    y = g.Conv2d(x, out_channels=out_channels, kernel_size=5, stride=2, padding=2, bias=False, name="conv")
    return g.LeakyReLU(g.BatchNorm2d(y, name="bn"), negative_slope=0.2, name="act")
