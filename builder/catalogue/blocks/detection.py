"""The parts of YOLOX: how it enters an image, mixes its scales, and says at every place what stands there and how large."""

from ..params import Bool, Int
from ..sizes import BATCH as N
from ..sizes import show
from .composite import block

YOLOX = "Ge et al. 2021, arXiv:2107.08430"
EPS = 1e-3  # of every normalisation, as in the authors' code
OUT = Int("out_channels", 64, "channels produced")
DEPTHWISE = Bool("depthwise", False, "look at every channel on its own, then mix them: fewer weights, as in YOLOX-Nano")
DEPTH = Int("depth", 1, "bottlenecks in a row", max=100)
# (channels, height, width) of three scales, the finest first
SCALES = ((N, 128, 80, 80), (N, 256, 40, 40), (N, 512, 20, 20))


def unit(g, x, out_channels, kernel_size, name, stride=1):
    """A convolution, its normalisation and SiLU."""
    return g.ConvNormAct(x, out_channels=out_channels, kernel_size=kernel_size, stride=stride, activation="SiLU", eps=EPS, name=name)


def window(g, x, out_channels, depthwise, name, stride=1):
    """A 3×3 window, depthwise where it is wanted."""
    if depthwise:
        return g.DepthwiseSeparable(x, out_channels=out_channels, stride=stride, activation="SiLU", eps=EPS, name=name)
    return unit(g, x, out_channels, 3, name, stride)


@block(category="Detection blocks", source="Jocher et al. 2020, YOLOv5; as in YOLOX, arXiv:2107.08430", stem="focus",
       example=((N, 3, 64, 64),), params=(OUT,))
def Focus(g, x, out_channels):
    """Lays every second pixel in four images side by side: half the height and width, four times the channels, nothing lost."""
    rows = [g.Slice(x, dim=2, start=start, step=2, name=f"rows{start}") for start in (0, 1)]
    parts = [g.Slice(rows[row], dim=3, start=column, step=2, name=f"pixels{row}{column}") for column in (0, 1) for row in (0, 1)]
    return unit(g, g.Concat(*parts, name="concat"), out_channels, 3, "conv")


@block(category="Detection blocks", source=f"{YOLOX}, section 2.1; He et al. 2015, arXiv:1512.03385", stem="bottleneck", example=((N, 64, 40, 40),),
       params=(Bool("shortcut", True, "add the input to the result"), DEPTHWISE))
def DarknetBottleneck(g, x, shortcut, depthwise):
    """A 1×1 and a 3×3 convolution round which the input goes."""
    y = window(g, unit(g, x, x.channels, 1, "conv1"), x.channels, depthwise, "conv2")
    return g.Add(y, x, name="add") if shortcut else y


@block(category="Detection blocks", source="Wang et al. 2020, arXiv:1911.11929, figure 2; as in YOLOX", stem="csp", example=((N, 64, 80, 80),),
       keys=("out_channels", "depth"), params=(OUT, DEPTH, Bool("shortcut", True, "let the input go round every bottleneck"), DEPTHWISE))
def CSPLayer(g, x, out_channels, depth, shortcut, depthwise):
    """Sends half of the channels through bottlenecks and half past them: less work, and a second way for the gradient."""
    hidden = max(1, out_channels // 2)
    y = g.DarknetBottleneck(unit(g, x, hidden, 1, "conv1"), shortcut=shortcut, depthwise=depthwise, repeat=depth, name="bottlenecks")
    return unit(g, g.Concat(y, unit(g, x, hidden, 1, "conv2"), name="concat"), out_channels, 1, "conv3")


@block(category="Detection blocks", source="He et al. 2014, arXiv:1406.4729; as in YOLOv3-SPP and YOLOX", stem="spp", example=((N, 512, 20, 20),),
       params=(OUT,))
def SPPBottleneck(g, x, out_channels):
    """Keeps the largest value of windows of 5, 9 and 13 pixels side by side: one place sees near and far."""
    y = unit(g, x, max(1, x.channels // 2), 1, "conv1")
    pools = [g.MaxPool2d(y, kernel_size=side, stride=1, padding=side // 2, name=f"pool{side}") for side in (5, 9, 13)]
    return unit(g, g.Concat(y, *pools, name="concat"), out_channels, 1, "conv2")


@block(category="Detection blocks", source="Lin et al. 2017, arXiv:1612.03144, figure 3", stem="fpn", example=SCALES, outputs=("p3", "p4", "p5"),
       params=(Int("out_channels", 256, "channels produced at every scale"),))
def FPN(g, c3, c4, c5, out_channels):
    """Brings what the coarse scales know down to the fine ones: every scale knows what, and keeps where."""
    inner = [g.Conv2d(x, out_channels=out_channels, kernel_size=1, name=f"inner{i}") for i, x in enumerate((c3, c4, c5))]
    for i in (1, 0):
        down = g.ResizeAs(inner[i + 1], inner[i], mode="nearest", name=f"down{i}")
        inner[i] = g.Add(inner[i], down, name=f"sum{i}")
    return tuple(g.Conv2d(x, out_channels=out_channels, kernel_size=3, padding=1, name=f"layer{i}") for i, x in enumerate(inner))


@block(category="Detection blocks", source="Liu et al. 2018, arXiv:1803.01534, figure 1; as in YOLOX", stem="pafpn", example=SCALES,
       outputs=("p3", "p4", "p5"), params=(DEPTH, DEPTHWISE))
def PAFPN(g, c3, c4, c5, depth, depthwise):
    """Brings what the coarse scales know down to the fine ones, and what these found up again."""
    csp = {"depth": depth, "shortcut": False, "depthwise": depthwise}
    lateral = unit(g, c5, c4.channels, 1, "lateral")
    y = g.Concat(g.Upsample(lateral, scale_factor=2.0, name="up4"), c4, name="concat4")
    reduced = unit(g, g.CSPLayer(y, out_channels=c4.channels, name="csp4", **csp), c3.channels, 1, "reduce")
    y = g.Concat(g.Upsample(reduced, scale_factor=2.0, name="up3"), c3, name="concat3")
    fine = g.CSPLayer(y, out_channels=c3.channels, name="out3", **csp)
    y = g.Concat(window(g, fine, c3.channels, depthwise, "down4", stride=2), reduced, name="joined4")
    middle = g.CSPLayer(y, out_channels=c4.channels, name="out4", **csp)
    y = g.Concat(window(g, middle, c4.channels, depthwise, "down5", stride=2), lateral, name="joined5")
    return fine, middle, g.CSPLayer(y, out_channels=c5.channels, name="out5", **csp)


@block(category="Detection blocks", source=f"{YOLOX}, section 2.1 and figure 2", stem="head", example=((N, 128, 80, 80),), keys=("classes",), params=(
    Int("classes", 80, "kinds of things that are told apart"), Int("width", 128, "channels inside"), DEPTHWISE,
))
def DecoupledHead(g, x, classes, width, depthwise):
    """At every place four numbers for a box, one whether there is a thing, one score a class; what and where are worked out apart."""

    def branch(value, name):
        for i in (1, 2):
            value = window(g, value, width, depthwise, f"{name}_conv{i}")
        return value

    y = unit(g, x, width, 1, "stem")
    scores = g.Conv2d(branch(y, "cls"), out_channels=classes, kernel_size=1, name="cls_pred")
    y = branch(y, "reg")
    box = g.Conv2d(y, out_channels=4, kernel_size=1, name="reg_pred")
    return g.Concat(box, g.Conv2d(y, out_channels=1, kernel_size=1, name="obj_pred"), scores, name="concat")


@block(category="Detection blocks", source=f"{YOLOX}, section 2.1, anchor-free; the authors' yolo_head.py", stem="decode", example=((N, 85, 20, 20),),
       params=(Int("stride", 32, "pixels of the image between two places", max=4096),))
def BoxDecode(g, x, stride):
    """What a head says at every place in pixels of the image: centre, width and height of the box, then shares from 0 to 1."""
    g.require(len(x.shape) == 4 and x.channels > 4, f"needs an image of more than 4 channels, N×(4 + 1 + classes)×H×W; received {show(x.shape)}", "rank")
    rows, columns = x.shape[2:]
    y = g.Permute(g.Flatten(x, start_dim=2, name="places"), dims=(0, 2, 1), name="rows")
    corner, size, scores = g.Split(y, sizes=(2, 2, x.channels - 4), dim=2, name="split")
    down = g.Expand(g.Unsqueeze(g.Arange(length=rows, name="row"), dim=1, name="row_column"), sizes=(rows, columns), name="row_grid")
    across = g.Expand(g.Arange(length=columns, name="column"), sizes=(rows, columns), name="column_grid")
    grid = g.Reshape(g.Stack(across, down, dim=2, name="grid"), shape=(1, rows * columns, 2), keep_batch=False, name="grid_rows")
    centre = g.Scale(g.Add(corner, grid, name="centre"), factor=float(stride), name="centre_pixels")
    size = g.Scale(g.Exp(size, name="size"), factor=float(stride), name="size_pixels")
    return g.Concat(centre, size, g.Sigmoid(scores, name="shares"), dim=2, name="concat")
