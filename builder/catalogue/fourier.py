"""Fourier transforms. A complex number is two numbers along the last axis: its real and its imaginary part."""

from __future__ import annotations

from .combining import Made, Values, combining, made, own_axes, refuse
from .formulas import DOCS
from .params import Bool, Choice, Int, Ints
from .reach import everything
from .sizes import BATCH, Shape, carries_batch, show
from .spec import Layer, register

FFT = "Cooley & Tukey 1965, doi.org/10.1090/S0025-5718-1965-0178586-1; https://docs.pytorch.org/docs/stable/generated/torch.fft."
NORM = Choice("norm", "backward", ("backward", "ortho", "forward"), "which of the two directions divides by the count; ortho: both by its root")
AXES = "counted without the pair of parts"


def _complex(x: Shape) -> Shape:
    if len(x) < 2 or x[-1] != 2:
        refuse(f"needs real and imaginary parts along the last axis: it should have size 2; received {show(x)}", AXES, "channels")
    return x[:-1]


def _axes(values: Values, x: Shape) -> None:
    dims = values.get("dims") or (values["dim"],)
    own_axes(x, dims, "dims" if "dims" in values else "dim")


def transformed(values: Values, x: Shape) -> Made:
    """FFT: real numbers or pairs in, pairs out."""
    plain = _complex(x) if values["numbers"] == "complex" else x
    _axes(values, plain)
    return made((*plain, 2), f"{show(x)} → {show((*plain, 2))}")


def restored(values: Values, x: Shape) -> Made:
    """Inverse FFT: pairs in, real numbers or pairs out."""
    plain = _complex(x)
    _axes(values, plain)
    shape = plain if values["numbers"] == "real" else x
    return made(shape, f"{show(x)} → {show(shape)}")


def fourier(kind: str, function: str, summary: str, where: Int | Ints, inverse: bool) -> None:
    """Declare a transform: along one axis (`dim`) or several (`dims`)."""

    def call(values: Values) -> str:
        pairs = inverse or values["numbers"] == "complex"
        inside = "torch.view_as_complex({0}.contiguous())" if pairs else "{0}"
        along = f"dim={ascii(values[where.name])}" + ("" if values["norm"] == "backward" else ", norm={norm}")
        text = f"torch.fft.{function}({inside}, {along})"
        return f"{text}.real" if inverse and values["numbers"] == "real" else f"torch.view_as_real({text})"

    doc = "what comes out: real parts alone, or pairs" if inverse else "what comes in: real numbers, or pairs"
    register(Layer(
        kind=kind, stem=kind.lower(), category="Fourier", call=call, combine=combining(restored if inverse else transformed), window=everything, summary=summary,
        source=f"{FFT}{function}.html", pattern="... 2 -> ..." if inverse else "... -> ... 2", example=((BATCH, 1, 28, 28, 2),) if inverse else (), keys=(where.name,),
        params=(where, NORM, Choice("numbers", "real", ("real", "complex"), doc)),
    ))


DIM = Int("dim", -1, f"the axis, {AXES}", min=None)
DIMS = Ints("dims", (-2, -1), f"the axes, {AXES}", min=None, most=3)
fourier("FFT", "fft", "The frequencies in a row of numbers.", DIM, inverse=False)
fourier("InverseFFT", "ifft", "The row of numbers that has these frequencies.", DIM, inverse=True)
fourier("FFT2", "fft2", "The frequencies in an image.", DIMS, inverse=False)
fourier("InverseFFT2", "ifft2", "The image that has these frequencies.", DIMS, inverse=True)


def weighed(values: Values, x: Shape) -> Made:
    """ComplexLinear: the last axis of complex numbers."""
    plain = _complex(x)
    features = plain[-1]
    if carries_batch(plain[-1:]):
        refuse("it would sum over the batch; samples must not be mixed", f"received {show(x)}")
    rest = 1
    for size in plain[1:-1]:
        rest *= size
    return made((*plain[:-1], values["out_features"], 2), f"{features} complex numbers become {values['out_features']}", in_features=features, rest=rest)


register(Layer(
    kind="ComplexLinear", stem="complex", category="Fourier", module="torch.nn.Linear", inferred={"in_features": "in_features"}, fixed={"dtype": "torch.complex64"},
    call="torch.view_as_real({self}(torch.view_as_complex({0}.contiguous())))", combine=combining(weighed), window=everything,
    summary="A learned weighted sum of complex numbers, with complex weights: of frequencies, say.",
    source=f"Li et al. 2021, arXiv:2010.08895, section 4; {DOCS}Linear.html", pattern="N ... in_features 2 -> N ... out_features 2", example=((BATCH, 28, 2),), keys=("out_features",),
    params=(Int("out_features", 64, "complex numbers produced"), Bool("bias", True, "learn one offset per output")),
    # A complex weight counts once, as torch counts it; one complex product is four real ones.
    weights="in_features * out_features + (out_features if bias else 0)", macs="4 * rest * in_features * out_features",
))
