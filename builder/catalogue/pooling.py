"""Pooling: fixed windows, nothing learned. Shapes N C H W."""

from .formulas import DOCS
from .params import Bool, Int
from .reach import Window, adaptive
from .spec import Layer, Rule, register

# With ceil_mode the last window may start inside the input and end outside it, but may not start in the right padding:
# torch/aten Pool.h, pooling_output_shape_pad_lr.
SPAN = "(L + 2*padding - dilation*(kernel_size - 1) - 1)"
UP = f"(-(-{SPAN} // stride) + 1)"
MAX_LENGTH = f"{SPAN} // stride + 1 if not ceil_mode else {UP} - 1 if ({UP} - 1)*stride >= L + padding else {UP}"
AVERAGE_LENGTH = MAX_LENGTH.replace("dilation*(kernel_size - 1) - 1", "kernel_size")
KERNEL = Int("kernel_size", 2, "window side, pixels", axes=2, max=4096)
STRIDE = Int("stride", None, "pixels between window positions; empty = the window side", axes=2, optional=True, otherwise="kernel_size",
             max=4096)
PADDING = Int("padding", 0, "pixels added on each side", min=0, axes=2, max=4096)
CEIL = Bool("ceil_mode", False, "keep a last window that only partly fits")


def fits(window: str) -> Rule:
    """The rule that a window of this length fits into the padded input."""
    return Rule(f"ceil_mode or L + 2*padding >= {window}", "the window ({kernel_size}) is longer than the padded input ({L} + 2·{padding})",
                "window", "kernel_size")


register(Layer(
    kind="MaxPool2d", stem="pool", category="Pooling", module="torch.nn.MaxPool2d",
    summary="Keeps the largest value of every window: a smaller image that still says whether a feature was there.",
    words="the largest of every {kernel_size} window, {stride} pixels apart, in each of the {C} channels.",
    source=DOCS + "MaxPool2d.html", pattern="N C H W -> N C H_out W_out",
    params=(KERNEL, STRIDE, PADDING, Int("dilation", 1, "pixels between window taps", axes=2, max=4096), CEIL),
    keys=("kernel_size",), spatial=("H", "W"), length=MAX_LENGTH, window=Window(), extra="8 * outputs",  # where the largest stood
    rules=(
        # Newer torch counts the dilated window; the older ones that are supported count the window alone.
        Rule("padding <= kernel_size // 2", "padding {padding} is more than half of the window ({kernel_size})",
             "padding", "padding"),
        fits("dilation*(kernel_size - 1) + 1"),
    ),
))

register(Layer(
    kind="AvgPool2d", stem="avgpool", category="Pooling", module="torch.nn.AvgPool2d",
    summary="Replaces every window by its mean: a smaller, smoother image.",
    words="the mean of every {kernel_size} window, {stride} pixels apart, in each of the {C} channels.",
    source=DOCS + "AvgPool2d.html", pattern="N C H W -> N C H_out W_out",
    params=(KERNEL, STRIDE, PADDING, CEIL, Bool("count_include_pad", True, "count the added zeros in the mean")),
    keys=("kernel_size",), spatial=("H", "W"), length=AVERAGE_LENGTH, window=Window(dilation=1),
    rules=(
        Rule("padding <= kernel_size // 2", "padding {padding} is more than half of the window ({kernel_size})", "padding", "padding"),
        fits("kernel_size"),
    ),
))

register(Layer(
    kind="AdaptiveAvgPool2d", stem="gap", category="Pooling", module="torch.nn.AdaptiveAvgPool2d",
    summary="Averages into a grid of a fixed size, whatever the size of the image; 1 is global average pooling.",
    words="{H}×{W} pixels are averaged into a grid of {output_size}.",
    source=DOCS + "AdaptiveAvgPool2d.html", pattern="N C H W -> N C H_out W_out",
    params=(Int("output_size", 1, "pixels of the output", axes=2, max=4096),),
    keys=("output_size",), spatial=("H", "W"), length="output_size", window=adaptive, keeps="",
))
