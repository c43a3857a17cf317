"""Pooling along one, two or three axes: fixed windows, nothing learned. Axis names: N batch, C channels, L length, D depth, H height, W width."""

from .formulas import DOCS, SHOWN, SPATIAL, UNITS
from .params import Bool, Int
from .reach import Window, adaptive
from .spec import Layer, Rule, register

# With ceil_mode the last window may start inside the input and end outside it, but may not start in the right padding:
# torch/aten Pool.h, pooling_output_shape_pad_lr.
SPAN = "(L + 2*padding - dilation*(kernel_size - 1) - 1)"
UP = f"(-(-{SPAN} // stride) + 1)"
MAX_LENGTH = f"{SPAN} // stride + 1 if not ceil_mode else {UP} - 1 if ({UP} - 1)*stride >= L + padding else {UP}"
AVERAGE_LENGTH = MAX_LENGTH.replace("dilation*(kernel_size - 1) - 1", "kernel_size")
CEIL = Bool("ceil_mode", False, "keep a last window that only partly fits")
# Newer torch counts the dilated window; the older ones that are supported count the window alone.
HALF = Rule("padding <= kernel_size // 2", "padding {padding} is more than half of the window ({kernel_size})", "padding", "padding")


def fits(window: str, partly: bool = True) -> Rule:
    """The rule that a window of this length fits into the padded input; with ceil_mode it may fit `partly`."""
    return Rule(f"{'ceil_mode or ' if partly else ''}L + 2*padding >= {window}", "the window ({kernel_size}) is longer than the padded input ({L} + 2·{padding})",
                "window", "kernel_size")


def pooling(dims: int, what: str, stem: str) -> None:
    """Declare the poolings along `dims` axes; `what` they make smaller."""
    axes, many = SPATIAL[dims], UNITS[dims]
    common = {"category": "Pooling", "example": SHOWN[dims], "spatial": axes, "pattern": f"N C {' '.join(axes)} -> N C {' '.join(f'{axis}_out' for axis in axes)}"}
    kernel = Int("kernel_size", 2, "window side, pixels", axes=dims, max=4096)
    stride = Int("stride", None, "pixels between window positions; empty = the window side", axes=dims, optional=True, otherwise="kernel_size", max=4096)
    padding = Int("padding", 0, "pixels added on each side", min=0, axes=dims, max=4096)
    size = Int("output_size", 1, "pixels of the output", axes=dims, max=4096)
    all_of = "×".join(f"{{{axis}}}" for axis in axes)

    # What is kept beside the values of a maximum: where it stood, 8 bytes a number.
    register(Layer(
        kind=f"MaxPool{dims}d", stem="pool", module=f"torch.nn.MaxPool{dims}d",
        summary=f"Keeps the largest value of every window: a smaller {what} that still says whether a feature was there.",
        words="the largest of every {kernel_size} window, {stride} " + many + " apart, in each of the {C} channels.", source=f"{DOCS}MaxPool{dims}d.html",
        params=(kernel, stride, padding, Int("dilation", 1, "pixels between window taps", axes=dims, max=4096), CEIL), keys=("kernel_size",),
        length=MAX_LENGTH, window=Window(), extra="8 * outputs", rules=(HALF, fits("dilation*(kernel_size - 1) + 1")), **common))
    register(Layer(
        kind=f"AvgPool{dims}d", stem="avgpool", module=f"torch.nn.AvgPool{dims}d", summary=f"Replaces every window by its mean: a smaller, smoother {what}.",
        words="the mean of every {kernel_size} window, {stride} " + many + " apart, in each of the {C} channels.", source=f"{DOCS}AvgPool{dims}d.html",
        params=(kernel, stride, padding, CEIL, Bool("count_include_pad", True, "count the added zeros in the mean")), keys=("kernel_size",),
        length=AVERAGE_LENGTH, window=Window(dilation=1), rules=(HALF, fits("kernel_size", partly=dims < 3)), **common))
    register(Layer(
        kind=f"AdaptiveAvgPool{dims}d", stem="gap", module=f"torch.nn.AdaptiveAvgPool{dims}d",
        summary=f"Averages into a {stem} of a fixed size, whatever the size of the {what}; 1 is global average pooling.",
        words=f"{all_of} {many} are averaged into a {stem} of {{output_size}}.", source=f"{DOCS}AdaptiveAvgPool{dims}d.html",
        params=(size,), keys=("output_size",), length="output_size", window=adaptive, keeps="", **common))
    register(Layer(
        kind=f"AdaptiveMaxPool{dims}d", stem="gmp", module=f"torch.nn.AdaptiveMaxPool{dims}d",
        summary=f"Keeps the largest values in a {stem} of a fixed size, whatever the size of the {what}; 1 is global max pooling.",
        words=f"the largest of {all_of} {many}, in a {stem} of {{output_size}}.", source=f"{DOCS}AdaptiveMaxPool{dims}d.html",
        params=(size,), keys=("output_size",), length="output_size", window=adaptive, extra="8 * outputs", **common))


pooling(2, "image", "grid")
pooling(1, "row", "row")
pooling(3, "volume", "grid")
