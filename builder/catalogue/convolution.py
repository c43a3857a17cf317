"""Convolutions. Axis names: N batch, C channels, H height, W width (pixels)."""

from .formulas import DOCS, FITS, GROUPS, WINDOW
from .params import Bool, Choice, Int
from .reach import Window
from .spec import Layer, Rule, register

register(Layer(
    kind="Conv2d", stem="conv", category="Convolution", module="torch.nn.Conv2d",
    summary="Slides out_channels learned windows over the image; each sums over its group's input channels.",
    words="{out_channels} windows of {kernel_size} pixels slide over {C_in} input channels; each position gives one number a window.",
    source=DOCS + "Conv2d.html",
    pattern="N C_in H W -> N out_channels H_out W_out",
    inferred={"in_channels": "C_in"},
    params=(
        Int("out_channels", 32, "number of windows = channels produced"),
        Int("kernel_size", 3, "window side, pixels", axes=2, max=4096),
        Int("stride", 1, "pixels between window positions", axes=2, max=4096),
        Int("padding", 0, "pixels added on each side", min=0, axes=2, max=4096),
        Int("dilation", 1, "pixels between window taps", axes=2, max=4096),
        Int("groups", 1, "independent channel groups; as many as input channels is a depthwise convolution"),
        Bool("bias", True, "learn one offset per output channel"),
        Choice("padding_mode", "zeros", ("zeros", "reflect", "replicate", "circular"), "what the added pixels hold"),
    ),
    keys=("out_channels", "kernel_size"),
    spatial=("H", "W"), length=WINDOW, window=Window(),
    rules=(
        *GROUPS,
        Rule("padding_mode != 'reflect' or padding < L", "reflecting {padding} pixels needs an input longer than that, it is {L}",
             "padding", "padding"),
        Rule("padding_mode != 'circular' or padding <= L", "wrapping {padding} pixels around needs an input at least as long, it is {L}",
             "padding", "padding"),
        FITS,
    ),
    weights="out_channels * (C_in // groups) * prod(kernel_size) + (out_channels if bias else 0)",
    macs="out_channels * H_out * W_out * (C_in // groups) * prod(kernel_size)",
))

register(Layer(
    kind="ConvTranspose2d", stem="deconv", category="Convolution", module="torch.nn.ConvTranspose2d",
    summary="Spreads every input pixel through a learned window into a larger image: the convolution's shape formula backwards.",
    words="every input pixel adds a {kernel_size} window to the output, {stride} pixels apart, in {out_channels} channels.",
    source=DOCS + "ConvTranspose2d.html",
    pattern="N C_in H W -> N out_channels H_out W_out",
    inferred={"in_channels": "C_in"},
    params=(
        Int("out_channels", 32, "channels produced"),
        Int("kernel_size", 2, "window side, pixels", axes=2, max=4096),
        Int("stride", 2, "pixels between the windows of neighbouring inputs", axes=2, max=4096),
        Int("padding", 0, "pixels cut off on each side of the output", min=0, axes=2, max=4096),
        Int("output_padding", 0, "pixels added on one side, to choose among the sizes that one stride allows", min=0, axes=2, max=4096),
        Int("groups", 1, "independent channel groups"),
        Bool("bias", True, "learn one offset per output channel"),
        Int("dilation", 1, "pixels between window taps", axes=2, max=4096),
    ),
    keys=("out_channels", "kernel_size", "stride"),
    spatial=("H", "W"), window=Window(spread=True), length="(L - 1)*stride - 2*padding + dilation*(kernel_size - 1) + output_padding + 1",
    rules=(
        *GROUPS,
        Rule("output_padding < stride or output_padding < dilation",
             "output_padding {output_padding} must be smaller than the stride {stride} or the dilation {dilation}",
             "padding", "output_padding"),
    ),
    weights="C_in * (out_channels // groups) * prod(kernel_size) + (out_channels if bias else 0)",
    macs="C_in * H * W * (out_channels // groups) * prod(kernel_size)",
))
