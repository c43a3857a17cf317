"""Convolutions along one, two or three axes. Axis names: N batch, C channels, L length, D depth, H height, W width (pixels)."""

from .combining import Made, Values, combining, made, refuse, work
from .formulas import DOCS, FITS, GROUPS, SHOWN, SPATIAL, UNITS, WINDOW
from .params import Bool, Choice, Int
from .reach import Window, kept
from .sizes import BATCH, Shape, carries_batch, show
from .spec import Layer, Rule, register
from .starts import RULES, start, started

MODES = Choice("padding_mode", "zeros", ("zeros", "reflect", "replicate", "circular"), "what the added pixels hold")
GROUPED = Int("groups", 1, "independent channel groups; as many as input channels is a depthwise convolution")
MODE_RULES = (
    Rule("padding_mode != 'reflect' or padding < L", "reflecting {padding} pixels needs an input longer than that, it is {L}", "padding", "padding"),
    Rule("padding_mode != 'circular' or padding <= L", "wrapping {padding} pixels around needs an input at least as long, it is {L}", "padding", "padding"),
)


def window(dims: int) -> tuple[Int, ...]:
    """Size, stride, padding and dilation of a convolution's window."""
    return (Int("kernel_size", 3, "window side, pixels", axes=dims, max=4096), Int("stride", 1, "pixels between window positions", axes=dims, max=4096),
            Int("padding", 0, "pixels added on each side", min=0, axes=dims, max=4096), Int("dilation", 1, "pixels between window taps", axes=dims, max=4096))


def convolution(dims: int, what: str) -> None:
    """Declare the convolution along `dims` axes and its transposed one; `what` they slide over."""
    axes = SPATIAL[dims]
    pattern = f"N C_in {' '.join(axes)} -> N out_channels {' '.join(f'{axis}_out' for axis in axes)}"
    kind, back = f"Conv{dims}d", f"ConvTranspose{dims}d"
    register(Layer(
        kind=kind, stem="conv", category="Convolution", module=f"torch.nn.{kind}",
        summary=f"Slides out_channels learned windows over the {what}; each sums over its group's input channels.",
        words="{out_channels} windows of {kernel_size} " + UNITS[dims] + " slide over {C_in} input channels; each position gives one number a window.",
        source=f"{DOCS}{kind}.html", pattern=pattern, inferred={"in_channels": "C_in"}, example=SHOWN[dims],
        params=(Int("out_channels", 32, "number of windows = channels produced"), *window(dims), GROUPED, Bool("bias", True, "learn one offset per output channel"), MODES, *start()),
        keys=("out_channels", "kernel_size"), starts=started, spatial=axes, length=WINDOW, window=Window(), rules=(*GROUPS, *MODE_RULES, *RULES, FITS),
        weights="out_channels * (C_in // groups) * prod(kernel_size) + (out_channels if bias else 0)",
        macs=f"out_channels * {' * '.join(f'{axis}_out' for axis in axes)} * (C_in // groups) * prod(kernel_size)",
    ))
    register(Layer(
        kind=back, stem="deconv", category="Convolution", module=f"torch.nn.{back}",
        summary=f"Spreads every input {UNITS[dims][:-1]} through a learned window into a larger {what}: the convolution's shape formula backwards.",
        words="every input " + UNITS[dims][:-1] + " adds a {kernel_size} window to the output, {stride} " + UNITS[dims] + " apart, in {out_channels} channels.",
        source=f"{DOCS}{back}.html", pattern=pattern, inferred={"in_channels": "C_in"}, example=SHOWN[dims],
        params=(
            Int("out_channels", 32, "channels produced"),
            Int("kernel_size", 2, "window side, pixels", axes=dims, max=4096),
            Int("stride", 2, "pixels between the windows of neighbouring inputs", axes=dims, max=4096),
            Int("padding", 0, "pixels cut off on each side of the output", min=0, axes=dims, max=4096),
            Int("output_padding", 0, "pixels added on one side, to choose among the sizes that one stride allows", min=0, axes=dims, max=4096),
            Int("groups", 1, "independent channel groups"),
            Bool("bias", True, "learn one offset per output channel"),
            Int("dilation", 1, "pixels between window taps", axes=dims, max=4096),
            *start(),
        ),
        keys=("out_channels", "kernel_size", "stride"), starts=started,
        spatial=axes, window=Window(spread=True), length="(L - 1)*stride - 2*padding + dilation*(kernel_size - 1) + output_padding + 1",
        rules=(
            *GROUPS,
            Rule("output_padding < stride or output_padding < dilation",
                 "output_padding {output_padding} must be smaller than the stride {stride} or the dilation {dilation}",
                 "padding", "output_padding"),
            *RULES,
        ),
        weights="C_in * (out_channels // groups) * prod(kernel_size) + (out_channels if bias else 0)",
        macs=f"C_in * {' * '.join(axes)} * (out_channels // groups) * prod(kernel_size)",
    ))


convolution(2, "image")
convolution(1, "row")
convolution(3, "volume")


def borrowed(values: Values, x: Shape, weight: Shape, bias: Shape | None = None) -> Made:
    """ConvWith: windows that another brick gives."""
    if len(x) != 4 or len(weight) != 4:
        refuse(f"ConvWith expects 4 axes of the image (N C H W) and of the windows (out C H W), received {show(x)} and {show(weight)}", code="rank")
    groups = values["groups"]
    if x[1] % groups or weight[1] * groups != x[1]:
        refuse(f"windows of {weight[1]} channels in {groups} groups do not fit {show(x[1:2])} channels", f"needs {weight[1]} * {groups} = {show(x[1:2])}", "groups", "groups")
    if weight[0] % groups:
        refuse(f"{show(weight[:1])} windows do not split into {groups} groups", f"needs out % groups == 0, here {weight[0] % groups}", "groups", "groups")
    if carries_batch(weight) or carries_batch(x[1:]):
        refuse("windows cannot depend on the batch", f"received {show(x)} and {show(weight)}")
    if bias is not None and bias != weight[:1]:
        refuse(f"needs one offset a window: {show(weight[:1])}, received {show(bias)}", code="channels")
    out, steps = [], []
    for i, name in enumerate("HW"):
        padding, dilation, stride = (value[i] if isinstance(value := values[key], tuple) else value for key in ("padding", "dilation", "stride"))
        reach = dilation * (weight[2 + i] - 1) + 1
        length = (x[2 + i] + 2 * padding - reach) // stride + 1
        if x[2 + i] + 2 * padding < reach:
            refuse(f"the window ({reach}) is longer than the padded input ({x[2 + i]} + 2·{padding}) along {name}", f"needs {x[2 + i]} + 2·{padding} >= {reach}", "window", "padding")
        out.append(length)
        steps.append(f"{name}_out = ({x[2 + i]} + 2 * {padding} - {reach}) // {stride} + 1 = {length}")
    return made((x[0], weight[0], *out), *steps, **work(x[0] * product_of(out) * product_of(weight)))


def product_of(sizes) -> int:
    """The product of sizes."""
    total = 1
    for size in sizes:
        total *= size
    return total


def slid(inputs, output: Shape, values: Values, which: int = 0) -> list:
    """ConvWith: a window as large as the second input along both axes; of the weights everything is read."""
    image, weight = inputs[:2]
    sides = [{name: value[i] if isinstance(value := values[name], tuple) else value for name in ("stride", "padding", "dilation")} for i in range(2)]
    along = [Window(kernel_size=weight[2 + i]).along(2 + i, side) for i, side in enumerate(sides)]
    return [(kept(0), None, *along), *((None,) * len(shape) for shape in inputs[1:])]


register(Layer(
    kind="ConvWith", stem="conv", category="Convolution", inputs=(2, 3), combine=combining(borrowed), window=slid, input_names=("x", "weight", "bias"), macs="total",
    call=lambda values: f"F.conv2d({', '.join(['{args}', *(f'{name}={{{name}}}' for name, usual in (('stride', 1), ('padding', 0), ('dilation', 1), ('groups', 1)) if values[name] != usual)])})",
    summary="A convolution with windows that come in: worked out by other bricks, or shared with them.",
    source="https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.conv2d.html", pattern="N C H W, out C h w -> N out H_out W_out", example=((BATCH, 1, 28, 28), (4, 1, 3, 3)),
    params=(*window(2)[1:], Int("groups", 1, "independent channel groups")), keys=("stride", "padding"),
))
