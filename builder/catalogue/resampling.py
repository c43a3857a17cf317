"""Images in another size: padded, stretched, rearranged between pixels and channels, read off a grid."""

from __future__ import annotations

import math

from .combining import Made, Values, combining, made, own_axis, product, refuse, replaced
from .formulas import DOCS, FITS, WINDOW
from .params import Bool, Choice, Float, Int, Ints
from .reach import everything, shuffled
from .reach import padded as added
from .reach import resized as stretched
from .sizes import BATCH, Shape, carries_batch, show
from .spec import Layer, register

FUNCTIONAL = "https://docs.pytorch.org/docs/stable/generated/torch.nn.functional."
MODES = ("nearest", "nearest-exact", "bilinear", "bicubic", "area")
SMOOTH = ("bilinear", "bicubic")
MODE = Choice("mode", "nearest", MODES, "where a new pixel's value comes from: the nearest pixel, or a weighted mean of the nearest")
ALIGN = Bool("align_corners", False, "let the centres of the corner pixels meet, not the corners (bilinear and bicubic)")


def _image(x: Shape, kind: str) -> None:
    if len(x) != 4:
        refuse(f"{kind} expects 4 axes (N C H W), received {len(x)}: {show(x)}", code="rank")
    if carries_batch(x[2:]):
        refuse("an image cannot be as large as the batch", f"received {show(x)}", "dim")


def _aligned(values: Values) -> None:
    if values["align_corners"] and values["mode"] not in SMOOTH:
        refuse(f"align_corners has no meaning for {values['mode']}", f"needs mode {' or '.join(SMOOTH)}", "value", "align_corners")


def enlarged(values: Values, x: Shape) -> Made:
    """Upsample: a size, or a factor of the one that comes in."""
    _image(x, "Upsample")
    size, factor = values["size"], values["scale_factor"]
    if (size is None) == (factor is None):
        refuse("it needs a size or a scale_factor, one of the two", f"size is {size}, scale_factor {factor}", "value", "size" if size is None else "scale_factor")
    _aligned(values)
    if size is not None:
        out = size if isinstance(size, tuple) else (size, size)
        return made((*x[:2], *out), f"{show(x[2:])} pixels become {show(out)}")
    out = tuple(math.floor(length * factor) for length in x[2:])
    if min(out) < 1:
        refuse(f"{show(x[2:])} pixels times {factor:g} are none", "the result must have a pixel", "window", "scale_factor")
    return made((*x[:2], *out), *(f"{name}_out = {name} * scale_factor, rounded down = {length} * {factor:g} = {new}" for name, length, new in zip("HW", x[2:], out, strict=True)))


def _upsampled(values: Values) -> dict[str, object]:
    # torch refuses any value of align_corners where it has no meaning.
    return {name: value for name, value in values.items() if name != "align_corners" or value}


register(Layer(
    kind="Upsample", stem="up", category="Resampling", module="torch.nn.Upsample", combine=combining(enlarged), window=stretched(), keeps="", builds=_upsampled, keys=("scale_factor", "size", "mode"),
    summary="Makes the image larger (or smaller) by repeating or blending pixels; nothing is learned.",
    source=DOCS + "Upsample.html", pattern="N C H W -> N C H_out W_out",
    params=(Int("size", None, "pixels of the output; empty = by scale_factor", axes=2, max=65536, optional=True),
            Float("scale_factor", 2.0, "how many times as large; empty = by size", min=1e-3, max=1000.0, optional=True), MODE, ALIGN),
))


def resized(values: Values, x: Shape, like: Shape) -> Made:
    """ResizeAs: height and width of the second input."""
    _image(x, "ResizeAs")
    _image(like, "ResizeAs")
    _aligned(values)
    return made((*x[:2], *like[2:]), f"{show(x[2:])} pixels become {show(like[2:])}")


def _resize(values: Values) -> str:
    return f"F.interpolate({{0}}, size={{1}}.shape[2:], mode={{mode}}{', align_corners=True' if values['align_corners'] else ''})"


register(Layer(
    kind="ResizeAs", stem="resize", category="Resampling", inputs=(2, 2), call=_resize, combine=combining(resized), window=stretched(), keeps="", input_names=("x", "like"), reads="float any",
    summary="Stretches the first image to the height and width of the second.", source=f"{FUNCTIONAL}interpolate.html", pattern="N C H W, N D h w -> N C h w", example=((BATCH, 1, 28, 28), (BATCH, 1, 16, 16)),
    params=(Choice("mode", "bilinear", MODES, MODE.doc), ALIGN), keys=("mode",),
))


def to_space(values: Values, x: Shape) -> Made:
    """PixelShuffle: r*r channels become an r by r square of pixels."""
    _image(x, "PixelShuffle")
    r = values["upscale_factor"]
    if x[1] % (r * r) or carries_batch(x[1:2]):
        refuse(f"{show(x[1:2])} channels are no multiple of {r} * {r}", f"needs C % {r * r} == 0, here {x[1] % (r * r)}", "groups", "upscale_factor")
    shape = (x[0], x[1] // (r * r), x[2] * r, x[3] * r)
    return made(shape, f"C_out = {x[1]} / ({r} * {r}) = {shape[1]}", f"H_out = {x[2]} * {r} = {shape[2]}", f"W_out = {x[3]} * {r} = {shape[3]}")


def to_depth(values: Values, x: Shape) -> Made:
    """PixelUnshuffle: the other way round."""
    _image(x, "PixelUnshuffle")
    r = values["downscale_factor"]
    for name, length in zip("HW", x[2:], strict=True):
        if length % r:
            refuse(f"{name} {length} is no multiple of {r}", f"needs {name} % {r} == 0, here {length % r}", "window", "downscale_factor")
    shape = (x[0], x[1] * r * r, x[2] // r, x[3] // r)
    return made(shape, f"C_out = {product((x[1], r, r))}" if not carries_batch(x[1:2]) else "", f"H_out = {x[2]} / {r} = {shape[2]}", f"W_out = {x[3]} / {r} = {shape[3]}")


for _kind, _factor, _up, _combine, _summary in (
        ("PixelShuffle", "upscale_factor", True, to_space, "Turns channels into pixels: a larger image of fewer channels, in the order of sub-pixels."),
        ("PixelUnshuffle", "downscale_factor", False, to_depth, "Turns squares of pixels into channels: a smaller image of more channels.")):
    register(Layer(
        kind=_kind, stem=_kind.lower(), category="Resampling", module=f"torch.nn.{_kind}", combine=combining(_combine), window=shuffled(_factor, _up), keeps="", keys=(_factor,), summary=_summary, reads="any",
        source=f"Shi et al. 2016, arXiv:1609.05158; {DOCS}{_kind}.html", pattern="N C H W -> N C_out H_out W_out",
        params=(Int(_factor, 2, "the side of a square of pixels", max=64),),
    ))


def padded(values: Values, x: Shape) -> Made:
    """Pad: numbers at both ends of the last axes, the last axis first, as F.pad."""
    padding, mode = values["padding"], values["mode"]
    count = len(padding) // 2
    if len(padding) % 2 or count > len(x):
        refuse(f"padding has {len(padding)} numbers; it needs two for each of the last axes of {show(x)}", "left and right, then top and bottom", "value", "padding")
    if mode != "constant" and (count != len(x) - 2 or not 1 <= count <= 3):
        refuse(f"{mode} pads all axes behind the channels: {2 * (len(x) - 2)} numbers for {show(x)}, here {len(padding)}", "as the added pixels of a convolution do",
               "value", "padding")
    shape, steps = list(x), []
    for i, (before, after) in enumerate(zip(padding[::2], padding[1::2], strict=True)):
        at = len(x) - 1 - i
        if carries_batch(x[at:at + 1]) and (before or after):
            refuse(f"axis {at} is the batch; samples cannot be added", f"the input is {show(x)}", field="padding")
        if mode != "constant" and min(before, after) < 0:
            refuse(f"{mode} cannot cut off: padding {min(before, after)}", "only constant takes negative numbers", "value", "padding")
        # torch: a reflection leaves out the edge pixel itself, so it needs one more.
        most = {"reflect": x[at] - 1, "circular": x[at]}.get(mode)
        if most is not None and max(before, after) > most:
            refuse(f"{mode} of {max(before, after)} needs a longer axis than {x[at]}", f"needs padding <= {most} along axis {at}", "padding", "padding")
        shape[at] = x[at] + before + after
        if x[at] + min(before, 0) + min(after, 0) < 0:
            refuse(f"axis {at} has {x[at]} entries; {-min(before, 0) - min(after, 0)} cannot be cut off", f"the input is {show(x)}", "window", "padding")
        if shape[at] < 1:
            refuse(f"nothing is left of axis {at}: {x[at]} + {before} + {after} = {shape[at]}", "the result must have a number", "window", "padding")
        if before or after:
            steps.append(f"axis {at}: {x[at]} + {before} + {after} = {shape[at]}")
    return made(tuple(shape), *steps)


def _pad(values: Values) -> str:
    more = ", mode={mode}" if values["mode"] != "constant" else ", value={value}" if values["value"] else ""
    return f"F.pad({{0}}, {{padding}}{more})"


register(Layer(
    kind="Pad", category="Resampling", call=_pad, combine=combining(padded), window=added("padding"), keeps="", keys=("padding",), reads="any", pattern="... -> ...",
    summary="Adds numbers around the last axes; negative padding cuts off.", source=f"{FUNCTIONAL}pad.html",
    params=(Ints("padding", (1, 1, 1, 1), "left, right, then top, bottom, then front, back; negative cuts off", min=-65536, max=65536, fewest=2, most=16),
            Choice("mode", "constant", ("constant", "reflect", "replicate", "circular"), "what the added numbers are"),
            Float("value", 0.0, "the number that constant adds")),
))


# ---- Windows as columns ----

WINDOWS = (Int("kernel_size", 3, "window side, pixels", axes=2, max=4096), Int("dilation", 1, "pixels between window taps", axes=2, max=4096),
           Int("padding", 0, "pixels added on each side", min=0, axes=2, max=4096), Int("stride", 1, "pixels between window positions", axes=2, max=4096))

register(Layer(
    kind="Unfold", category="Resampling", module="torch.nn.Unfold", keys=("kernel_size", "stride"), params=WINDOWS,
    summary="Lays every window of the image out as a column of numbers: what a convolution sums, before it is summed.",
    words="{H_out}×{W_out} windows of {kernel_size} pixels, one behind the other.", source=DOCS + "Unfold.html",
    pattern="N C H W -> N (C kernel_size) (H_out W_out)", spatial=("H", "W"), length=WINDOW, window=everything, rules=(FITS,),
))


def folded(values: Values, x: Shape) -> Made:
    """Fold: columns back to an image; where windows overlap, they add up."""
    if len(x) != 3 or carries_batch(x[1:]):
        refuse(f"Fold expects 3 axes (N columns windows), received {len(x)}: {show(x)}", code="rank")
    two = {name: value if isinstance(value, tuple) else (value, value) for name, value in values.items()}
    count = [(size + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1 for size, padding, dilation, kernel, stride in
             zip(*(two[name] for name in ("output_size", "padding", "dilation", "kernel_size", "stride")), strict=True)]
    if min(count) < 1 or x[2] != math.prod(count):
        refuse(f"{show(two['output_size'])} pixels have {count[0]}×{count[1]} windows, {x[2]} came in", f"{product(count)}; the input is {show(x)}", "spatial", "output_size")
    if x[1] % math.prod(two["kernel_size"]):
        refuse(f"{x[1]} numbers a window do not split into windows of {show(two['kernel_size'])}", f"needs C % {math.prod(two['kernel_size'])} == 0", "groups", "kernel_size")
    shape = (x[0], x[1] // math.prod(two["kernel_size"]), *two["output_size"])
    return made(shape, f"C_out = {x[1]} / {math.prod(two['kernel_size'])} = {shape[1]}", f"{product(count)} windows")


register(Layer(
    kind="Fold", category="Resampling", module="torch.nn.Fold", combine=combining(folded), window=everything, keys=("output_size", "kernel_size"),
    params=(Int("output_size", 28, "pixels of the image", axes=2, max=65536), *WINDOWS),
    summary="Adds windows that lie there as columns up to an image: Unfold backwards.", source=DOCS + "Fold.html", pattern="N C windows -> N C_out H W", example=((BATCH, 9, 676),),
))


def windowed(values: Values, x: Shape) -> Made:
    """Windows: one axis as overlapping pieces, whose numbers have an axis of their own at the end."""
    at = own_axis(x, values["dim"], does="samples must not be mixed")
    size, step = values["size"], values["step"]
    if size > x[at]:
        refuse(f"a window of {size} does not fit an axis of {x[at]}", f"needs size <= {x[at]}; the input is {show(x)}", "window", "size")
    count = (x[at] - size) // step + 1
    return made((*replaced(x, at, count), size), f"({x[at]} - {size}) // {step} + 1 = {count} windows of {size}")


register(Layer(
    kind="Windows", category="Resampling", call="{0}.unfold({dim}, {size}, {step})", combine=combining(windowed), window=everything, keys=("dim", "size"), reads="any",
    summary="Takes overlapping pieces of one axis; the numbers of a piece have an axis of their own, the last.",
    source="https://docs.pytorch.org/docs/stable/generated/torch.Tensor.unfold.html", pattern="... L ... -> ... windows ... size",
    params=(Int("dim", -1, "the axis", min=None), Int("size", 3, "numbers of a piece", max=65536), Int("step", 1, "from one piece to the next", max=65536)),
))


# ---- Reading an image off a grid ----

def gridded(values: Values, theta: Shape) -> Made:
    """AffineGrid: a position for every pixel of the output."""
    size = values["size"]
    if len(theta) != 3 or theta[1:] != (len(size), len(size) + 1):
        refuse(f"needs a matrix of {len(size)}×{len(size) + 1} a sample; received {show(theta)}", f"{len(size)} sizes: N×{len(size)}×{len(size) + 1}", "rank")
    shape = (theta[0], *size, len(size))
    return made(shape, f"a position of {len(size)} numbers for each of {product(size)} pixels")


register(Layer(
    kind="AffineGrid", stem="grid", category="Resampling", combine=combining(gridded), window=everything, keys=("size",),
    call=lambda values: "F.affine_grid({0}, [{0}.shape[0], 1, {size:*}]" + (", align_corners=True)" if values["align_corners"] else ", align_corners=False)"),
    summary="For every pixel of the output the place in the input that an affine map sends it to; from -1 to 1 along each axis.",
    source=f"Jaderberg et al. 2015, arXiv:1506.02025, section 3.2; {FUNCTIONAL}affine_grid.html", pattern="N 2 3 -> N H W 2", example=((BATCH, 2, 3),),
    params=(Ints("size", (28, 28), "height and width of the output, pixels", fewest=2, most=3, max=65536),
            Bool("align_corners", False, "-1 and 1 are the centres of the corner pixels, not their edges")),
))


def sampled(values: Values, x: Shape, grid: Shape) -> Made:
    """GridSample: an image as large as the grid."""
    spatial = len(x) - 2
    if spatial not in (2, 3) or len(grid) != len(x) or grid[-1] != spatial:
        refuse(f"needs an image N×C×H×W and a grid N×H×W×2; received {show(x)} and {show(grid)}", "a grid holds one position a pixel", "rank")
    if x[0] != grid[0]:
        refuse(f"the image has {show(x[:1])} samples, the grid {show(grid[:1])}", "every sample needs its grid", "spatial")
    if spatial == 3 and values["mode"] == "bicubic":
        refuse("bicubic samples images, not volumes", f"received {show(x)}", "value", "mode")
    shape = (*x[:2], *grid[1:-1])
    return made(shape, f"{show(x)} read at {product(grid[1:-1])} positions → {show(shape)}")


def _sample(values: Values) -> str:
    given = [f"{name}={{{name}}}" for name, usual in (("mode", "bilinear"), ("padding_mode", "zeros")) if values[name] != usual]
    return f"F.grid_sample({{args}}, {', '.join([*given, 'align_corners={align_corners}'])})"


register(Layer(
    kind="GridSample", stem="sample", category="Resampling", inputs=(2, 2), call=_sample, combine=combining(sampled), window=everything, input_names=("x", "grid"), keys=("mode",),
    summary="Reads the first image at the places that the grid names, between pixels too.",
    source=f"Jaderberg et al. 2015, arXiv:1506.02025, section 3.3; {FUNCTIONAL}grid_sample.html", pattern="N C H W, N h w 2 -> N C h w", example=((BATCH, 1, 28, 28), (BATCH, 16, 16, 2)),
    params=(Choice("mode", "bilinear", ("bilinear", "nearest", "bicubic"), "how values between pixels are found"),
            Choice("padding_mode", "zeros", ("zeros", "border", "reflection"), "what is found outside the image"),
            Bool("align_corners", False, "-1 and 1 are the centres of the corner pixels, not their edges")),
))
