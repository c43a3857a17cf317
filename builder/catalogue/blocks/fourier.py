"""Layers that work on the frequencies of an image."""

from ..params import Int
from ..sizes import BATCH as N
from ..sizes import show
from .composite import block


@block(category="Fourier blocks", source="Yang et al. 2022, arXiv:2207.04056, section 3.1; as in LithoBench", stem="fourier",
       example=((N, 1, 256, 256),), keys=("out_channels", "patch"), params=(
           Int("out_channels", 16, "channels produced"),
           Int("patch", 16, "side of the squares into which the image is cut, pixels", max=4096),
           Int("shrink", 8, "how many times smaller the result is than the image", max=4096),
       ))
def FourierLayer(g, x, out_channels, patch, shrink):
    """Cuts the image into squares, weighs the frequencies of each by learned complex numbers, and lets neighbours see each other."""
    g.require(len(x.shape) == 4, f"needs an image N×C×H×W; received {show(x.shape)}", "rank")
    channels, high, wide = x.shape[1:]
    g.require(high % patch == wide % patch == 0, f"{high}×{wide} pixels do not split into squares of {patch}×{patch}", "spatial")
    g.require(shrink <= min(high, wide), f"{high}×{wide} pixels cannot shrink {shrink} times", "value")
    height, width = high // patch, wide // patch
    y = g.Reshape(x, shape=(channels, height, patch, width, patch), name="squares")
    y = g.Permute(y, dims=(0, 2, 4, 3, 5, 1), name="order")
    y = g.Reshape(y, shape=(height, width, channels * patch * patch), name="rows")
    # (a + bi)(c + di) = ac - bd + (ad + bc)i: two layers of real weights on real and imaginary parts at once.
    y = g.Transpose(g.FFT(y, dim=-1, name="fft"), dim0=3, dim1=4, name="parts")
    real, imaginary = g.Linear(y, out_features=out_channels, name="fc_real"), g.Linear(y, out_features=out_channels, name="fc_imaginary")
    cross = [[g.Select(value, dim=3, index=i, name=f"{name}{i}") for i in (0, 1)] for name, value in (("real", real), ("imaginary", imaginary))]
    pair = (g.Subtract(cross[0][0], cross[1][1], name="real"), g.Add(cross[0][1], cross[1][0], name="imaginary"))
    y = g.InverseFFT(g.Stack(*pair, dim=4, name="pairs"), dim=-1, name="ifft")
    y = g.Conv2d(g.Permute(y, dims=(0, 3, 1, 2), name="image"), out_channels=out_channels, kernel_size=3, padding=1, groups=out_channels, name="conv")
    return g.Upsample(g.BatchNorm2d(y, name="bn"), size=(high // shrink, wide // shrink), scale_factor=None, name="resize")
