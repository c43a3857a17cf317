"""What stands where in a picture, and how large: one box a picture, two small detectors of several things, and YOLOX in four sizes."""

from __future__ import annotations

from .entry import network, recipe

FAMILY = "Detection"
DECKS = ("CUHK", "CUHK-marp")
YOLOX = "Ge et al. 2021, arXiv:2107.08430"
STRIDES = (8, 16, 32)


@network(name="box-cnn", title="CNN for one box", family=FAMILY, decks=("ECNU", "CUHK"), task="regression", parameters=48_316,
         paper="Szegedy et al. 2013, Deep neural networks for object detection, NeurIPS: the box as numbers that a network tells", inputs=((1, 64, 64),), outputs=((4,),),
         recipes={"shapes-boxes": recipe(15, 32, "Adam", "SmoothL1Loss", lr=0.002)},
         look="No average over the places in front of fc1: where a thing stands must come through. Watch the boxes under the curves close in, and set the loss "
              "to MSELoss: small errors are then hardly felt.")
def box_cnn(g, image):
    """Four convolutions shrink the picture to 4×4 places, two layers make four numbers of them: left, top, right and bottom of a box."""
    x = image
    for i, channels in enumerate((8, 16, 32, 32), 1):
        x = g.MaxPool2d(g.ReLU(g.BatchNorm2d(g.Conv2d(x, out_channels=channels, kernel_size=3, padding=1, bias=False, name=f"conv{i}"), name=f"bn{i}"), name=f"relu{i}"),
                        kernel_size=2, name=f"pool{i}")
    x = g.ReLU(g.Linear(g.Flatten(x, name="flatten"), out_features=64, name="fc1"), name="relu5")
    return g.Linear(x, out_features=4, name="fc2")


@network(name="detector-small", title="Small detector", family=FAMILY, decks=("ECNU", "CUHK"), task="detection", parameters=97_912,
         paper=f"Redmon et al. 2016, You only look once, arXiv:1506.02640, section 2, the grid; boxes without anchors as in {YOLOX}", inputs=((1, 64, 64),), outputs=((8, 8, 8),),
         recipes={"shapes-detection": recipe(15, 32, "Adam", "YOLOLoss", lr=0.003)},
         look="The picture shrinks to 8×8 cells, and the last convolution gives each 8 numbers: 4 of a box, 1 for whether a thing has its middle there, 3 for what it is. Watch the "
              "boxes under the curves: first it learns that most cells are empty, then where things are, then how large. Take pool3 out: four cells for each, and what one cell sees is smaller.")
def detector_small(g, image):
    """Finds circles, squares and triangles in one look: five convolutions down to a grid, whose every cell tells one box and its class."""
    x = image
    for i, channels in enumerate((16, 32, 64, 64, 64), 1):
        x = g.ReLU(g.BatchNorm2d(g.Conv2d(x, out_channels=channels, kernel_size=3, padding=1, bias=False, name=f"conv{i}"), name=f"bn{i}"), name=f"relu{i}")
        if i <= 3:
            x = g.MaxPool2d(x, kernel_size=2, name=f"pool{i}")
    return g.Conv2d(x, out_channels=8, kernel_size=1, name="cells")


@network(name="yolox-one-scale", title="YOLOX of one scale", family=FAMILY, decks=DECKS, task="detection", parameters=86_952,
         paper=f"{YOLOX}; the parts of its figure 2 with 16 to 64 channels, at one scale", inputs=((1, 64, 64),), outputs=((8, 8, 8),),
         recipes={"shapes-detection": recipe(15, 32, "Adam", "YOLOLoss", lr=0.003)},
         look="YOLOX's own parts, small enough for a minute or two: Focus, two CSP stages, and the head that works out what and where apart. Open the head, and compare with detector-small: "
              "fewer weights, half the multiply-adds, and boxes that are right sooner. Three such grids, coarse to fine, are the YOLOX of the paper.")
def yolox_one_scale(g, image):
    """One of YOLOX's three scales, on a small picture: each of 8×8 cells tells a box, whether there is a thing, and what it is."""
    given = {"stride": 2, "activation": "SiLU", "eps": 1e-3}
    x = g.Focus(image, out_channels=16, name="stem")
    for i, channels in ((2, 32), (3, 64)):
        x = g.CSPLayer(g.ConvNormAct(x, out_channels=channels, name=f"dark{i}_down", **given), out_channels=channels, depth=1, name=f"dark{i}")
    return g.DecoupledHead(x, classes=3, width=32, name="head")


def yolox(g, image, width, depth, depthwise=False):
    """The network for `width` channels where the largest has 64, and `depth` bottlenecks where it has 3."""
    apart = {"depthwise": True} if depthwise else {}

    def down(x, channels, name):
        given = {"out_channels": channels, "stride": 2, "activation": "SiLU", "eps": 1e-3, "name": name}
        return g.DepthwiseSeparable(x, **given) if depthwise else g.ConvNormAct(x, **given)

    x, scales = g.Focus(image, out_channels=width, name="stem"), []
    for i, count in ((2, depth), (3, 3 * depth), (4, 3 * depth)):
        x = g.CSPLayer(down(x, width << (i - 1), f"dark{i}_down"), out_channels=width << (i - 1), depth=count, name=f"dark{i}", **apart)
        scales.append(x)
    x = g.SPPBottleneck(down(x, 16 * width, "dark5_down"), out_channels=16 * width, name="dark5_spp")
    scales.append(g.CSPLayer(x, out_channels=16 * width, depth=depth, shortcut=False, name="dark5", **apart))
    levels = []
    for stride, x in zip(STRIDES, g.PAFPN(*scales[1:], depth=depth, name="pafpn", **apart), strict=True):
        x = g.DecoupledHead(x, classes=80, width=4 * width, name=f"head{stride}", **apart)
        levels.append(g.BoxDecode(x, stride=stride, name=f"decode{stride}"))
    return g.Concat(*levels, dim=1, name="boxes")


def sized(size, title, parameters, side, look):
    """What the four sizes have in common."""
    places = sum((side // stride) ** 2 for stride in STRIDES)
    return network(name=f"yolox-{size}", title=title, family=FAMILY, decks=DECKS, task="detection", paper=YOLOX, parameters=parameters,
                   inputs=((3, side, side),), outputs=((places, 85),), look=look, data="COCO: 118,000 photographs with boxes around 80 kinds of things")


@sized("s", "YOLOX-S", 8_968_255, 640,
       look="8400 = 80·80 + 40·40 + 20·20 places, each with 85 numbers: a box, whether there is anything, and 80 classes. Open a head: what and where are "
            "worked out apart. The boxes that overlap are thinned out after the network.")
def yolox_s(g, image):
    """Finds things in one pass: three scales, one box a place, no anchors."""
    return yolox(g, image, 32, 1)


@sized("m", "YOLOX-M", 25_326_495, 640,
       look="YOLOX-S with half as many channels again and twice the bottlenecks: 2.8 times the parameters for 6 points of precision on COCO.")
def yolox_m(g, image):
    """The middle size: more of everything, drawn the same."""
    return yolox(g, image, 48, 2)


@sized("tiny", "YOLOX-Tiny", 5_055_855, 416,
       look="A smaller image first: 416 pixels have 3549 places. Parameters fall with the channels only; multiply-adds with the pixels too.")
def yolox_tiny(g, image):
    """Three quarters of the channels of YOLOX-S, on a smaller image."""
    return yolox(g, image, 24, 1)


@sized("nano", "YOLOX-Nano", 912_159, 416,
       look="Under a million parameters: every 3×3 window is depthwise. Open dark2_down: one window a channel, then a 1×1 that mixes them.")
def yolox_nano(g, image):
    """For a telephone: depthwise windows throughout."""
    return yolox(g, image, 16, 1, depthwise=True)
