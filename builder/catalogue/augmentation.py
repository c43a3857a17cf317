"""Augmentations: changes by chance to training images, declared in the same record form as layers, under the names that torchvision.transforms.v2 has for them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from .expressions import evaluate
from .params import Choice, Float, Int
from .spec import Record, Registry, Rule

DOCS = "https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.v2."


@dataclass(frozen=True)
class Augmentation(Record):
    """A change by chance to every image of a batch, which the function of its name in builder.train.augmentations makes.

    It takes `draws` random numbers an image, a formula of the parameters where that is no number. `masks` are the arguments that differ where it moves a segmentation's mask along with its image, None where
    it moves nothing. `colour` says that it does something to images of three channels only, `mixes` that it mixes an image with another one, and so their classes.
    """

    draws: int | str = 1
    masks: Mapping[str, object] | None = None
    colour: bool = False
    mixes: bool = False

    @property
    def function(self) -> str:
        """The name of the function: "random_crop" of RandomCrop."""
        return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", self.kind).lower()

    def taken(self, given: Mapping[str, object]) -> int:
        """How many random numbers an image takes with these parameters."""
        return self.draws if isinstance(self.draws, int) else int(evaluate(self.draws, self.values(given)))


def boxed(masks: Mapping[str, object]) -> dict[str, object]:
    """The arguments for boxes, from those for masks: what an edge mirrors is not another thing."""
    return {name: "constant" if name == "padding_mode" else value for name, value in masks.items()}


AUGMENTATIONS: Registry[Augmentation] = Registry("augmentation")


def _declare(kind: str, summary: str, source: str = "", **more: object) -> None:
    AUGMENTATIONS.register(Augmentation(kind, summary, "; ".join(filter(None, (source, f"{DOCS}{kind}.html"))), f"torchvision.transforms.v2.{kind}", **more))


def chance(default: float) -> Float:
    """The parameter p of what happens to some images only."""
    return Float("p", default, "the share of images that it happens to", min=0.0, max=1.0)


def _range(name: str, low: float, high: float, doc: str, least: float, most: float) -> tuple[Float, Float]:
    """Two parameters for a number that is drawn between them; torchvision takes them as a pair."""
    return (Float(f"{name}_min", low, f"{doc}, at least", min=least, max=most), Float(f"{name}_max", high, f"{doc}, at most", min=least, max=most))


def _ordered(name: str) -> Rule:
    return Rule(f"{name}_min <= {name}_max", f"{name} is drawn from {name}_min to {name}_max, so {name}_min must not be larger", "value", f"{name}_min")


FILL = Float("fill", 0.0, "what comes in from outside of the image, from 0 (black) to 1 (white)", min=0.0, max=1.0)
INTERPOLATION = Choice("interpolation", "bilinear", ("bilinear", "nearest"), "bilinear: between pixels their mixture; nearest: the next pixel's value")
# 255 in a mask is a pixel that counts for nothing.
IGNORED, NEAREST = {"fill": 255.0}, {"interpolation": "nearest"}

_declare("RandomCrop", "Shifts the image by up to padding pixels up, down, left and right: what torchvision does with an image that it pads and cuts out again.",
         "He et al. 2016, arXiv:1512.03385, section 4.2", draws=2, masks=IGNORED, params=(
             Int("padding", 4, "pixels that the image is padded by on every side before it is cut out", min=1, max=10_000),
             Choice("padding_mode", "constant", ("constant", "edge", "reflect"),
                    "what comes in at the edge: fill, the edge's own pixels again, or the image mirrored at its edge"), FILL))
_declare("RandomHorizontalFlip", "Mirrors the image, left for right.", masks={}, params=(chance(0.5),))
_declare("RandomVerticalFlip", "Turns the image upside down, as in a lake.", masks={}, params=(chance(0.5),))
_declare("RandomRotation", "Turns the image around its middle by up to degrees to either side.", masks=IGNORED | NEAREST, params=(
    Float("degrees", 10.0, "the largest turn to either side, in degrees", min=0.0, max=180.0), INTERPOLATION, FILL))
_declare("RandomAffine", "Turns, shifts, scales and slants the image at once, so that it is interpolated only once.", draws=5, masks=IGNORED | NEAREST,
         packed={"translate": ("translate_x", "translate_y"), "scale": ("scale_min", "scale_max")}, rules=(_ordered("scale"),), params=(
             Float("degrees", 10.0, "the largest turn to either side, in degrees", min=0.0, max=180.0),
             Float("translate_x", 0.1, "the largest shift to the left and right, as a share of the width", min=0.0, max=1.0),
             Float("translate_y", 0.1, "the largest shift up and down, as a share of the height", min=0.0, max=1.0),
             *_range("scale", 0.9, 1.1, "size afterwards, as a share of that before", 0.05, 20.0),
             Float("shear", 0.0, "the largest slant to either side, in degrees", min=0.0, max=80.0), INTERPOLATION, FILL))
_declare("RandomResizedCrop", "Cuts out a part of the image and enlarges it to the whole size.", "Szegedy et al. 2015, arXiv:1409.4842, section 6", draws=4, masks=NEAREST,
         packed={"scale": ("scale_min", "scale_max"), "ratio": ("ratio_min", "ratio_max")}, rules=(_ordered("scale"), _ordered("ratio")), params=(
             *_range("scale", 0.5, 1.0, "the part's area, as a share of the image's", 0.01, 1.0),
             *_range("ratio", 0.75, 1.3333, "the part's width divided by its height", 0.1, 10.0), INTERPOLATION))
_declare("RandomPerspective", "Looks at the image from an angle: its corners move inwards, each by chance.", draws=9, masks=IGNORED | NEAREST, params=(
    Float("distortion_scale", 0.5, "how far a corner may move, as a share of half the image's sides", min=0.0, max=1.0), chance(0.5), INTERPOLATION, FILL))
_declare("ElasticTransform", "Bends the image as if it were drawn on rubber: neighbouring pixels move together.", "Simard, Steinkraus & Platt 2003, section 2", draws=2,
         masks=IGNORED | NEAREST, params=(
             Float("alpha", 50.0, "how strongly: without smoothing a pixel would move by up to half so many pixels", min=0.0, max=10_000.0),
             Float("sigma", 5.0, "how far together: the spread in pixels of the bell curve that smooths the moves", min=0.1, max=20.0), INTERPOLATION, FILL))
_declare("ColorJitter", "Changes brightness, contrast, saturation and hue, in this order.", draws=4, params=(
    Float("brightness", 0.2, "brightness is multiplied by a number from 1 - brightness to 1 + brightness", min=0.0, max=10.0),
    Float("contrast", 0.2, "the distance from the mean grey is multiplied by a number from 1 - contrast to 1 + contrast", min=0.0, max=10.0),
    Float("saturation", 0.2, "the distance from grey is multiplied by a number from 1 - saturation to 1 + saturation; of three channels only", min=0.0, max=10.0),
    Float("hue", 0.0, "colours go around the circle by up to this share of it to either side; of three channels only", min=0.0, max=0.5)))
_declare("RandomGrayscale", "Takes the colours out: every channel becomes the image's luminance.", colour=True, params=(chance(0.1),))
_declare("RandomInvert", "Turns the image into its negative.", params=(chance(0.5),))
_declare("RandomSolarize", "Turns the pixels above a threshold into their negative.", params=(
    Float("threshold", 0.5, "from here on, on the scale 0 to 1, a pixel is inverted", min=0.0, max=1.0), chance(0.5)))
_declare("RandomPosterize", "Leaves only so many bits of a pixel's eight, so that colours become few.", params=(
    Int("bits", 4, "bits that stay of every channel", min=1, max=8), chance(0.5)))
_declare("RandomEqualize", "Spreads the levels of brightness of each channel evenly, so that every 256th of its pixels has about one of the 256 levels.", params=(chance(0.5),))
_declare("RandomAutocontrast", "Stretches each channel so that its darkest pixel is black and its brightest white.", params=(chance(0.5),))
_declare("RandomAdjustSharpness", "Sharpens the image, or blurs it a little.", params=(
    Float("sharpness_factor", 2.0, "0 blurs, 1 leaves the image as it is, 2 doubles its sharpness", min=0.0, max=20.0), chance(0.5)))
_declare("GaussianBlur", "Blurs the image with a bell curve of a spread drawn by chance.", packed={"sigma": ("sigma_min", "sigma_max")},
         rules=(Rule("kernel_size % 2 == 1", "the window must have a middle pixel, so kernel_size must be odd; it is {kernel_size}", "value", "kernel_size"), _ordered("sigma")),
         params=(Int("kernel_size", 5, "pixels along the side of the window", min=3, max=31), *_range("sigma", 0.1, 2.0, "the spread of the bell curve in pixels", 0.05, 20.0)))
_declare("GaussianNoise", "Adds to every pixel a number of its own, nearly normal: the sum of eight even chances.", draws=2, params=(
    Float("mean", 0.0, "the noise's mean, on the scale 0 to 1", min=-1.0, max=1.0), Float("sigma", 0.1, "the noise's standard deviation, on the scale 0 to 1", min=0.0, max=10.0)))
_declare("RandomErasing", "Covers a rectangle of the image, so that the network cannot rely on one part of it.", "Zhong et al. 2017, arXiv:1708.04896", draws=5,
         packed={"scale": ("scale_min", "scale_max"), "ratio": ("ratio_min", "ratio_max")}, rules=(_ordered("scale"), _ordered("ratio")), params=(
             chance(0.5), *_range("scale", 0.02, 0.33, "the rectangle's area, as a share of the image's", 0.001, 1.0),
             *_range("ratio", 0.3, 3.3, "the rectangle's width divided by its height", 0.05, 20.0),
             Float("value", 0.0, "what it is covered with, from 0 (black) to 1 (white)", min=0.0, max=1.0)))

# What a policy does to the colours of an image it does not do to its mask.
MOVES = IGNORED | NEAREST | {"colours": False}
NEXT = Choice("interpolation", "nearest", ("nearest", "bilinear"), "nearest: the next pixel's value; bilinear: between pixels their mixture")
BINS = Int("num_magnitude_bins", 31, "steps from no change to the strongest one", min=2, max=1000)
OPERATIONS = "one of shears, shifts, a turn, brightness, colour, contrast, sharpness, posterize, solarize, autocontrast and equalize, or nothing"
_declare("RandAugment", f"Draws for every image num_ops operations of one strength: each {OPERATIONS}.", "Cubuk et al. 2020, arXiv:1909.13719", draws="2 * num_ops", masks=MOVES,
         rules=(Rule("magnitude < num_magnitude_bins", "magnitude counts the num_magnitude_bins steps from 0, so it must be below {num_magnitude_bins}; it is {magnitude}", "value", "magnitude"),),
         params=(Int("num_ops", 2, "operations one after the other", min=1, max=16), Int("magnitude", 9, "the step of strength of all operations, counted from 0", min=0, max=999),
                 BINS, NEXT, FILL))
_declare("TrivialAugmentWide", f"Draws for every image one operation and how strong it is, up to very strong: {OPERATIONS}.", "Müller & Hutter 2021, arXiv:2103.10158", draws=3, masks=MOVES,
         params=(BINS, NEXT, FILL))
_declare("AutoAugment", "Draws for every image one of 25 pairs of operations that a search found for a data set, each with its probability and strength.",
         "Cubuk et al. 2019, arXiv:1805.09501, tables 7 to 9", draws=5, masks=MOVES, params=(
             Choice("policy", "imagenet", ("imagenet", "cifar10", "svhn"), "the data set that the pairs were found for"), NEXT, FILL))

ALPHA = Float("alpha", 1.0, "shares are drawn from the distribution Beta(alpha, alpha): 1 draws all alike, less draws mostly near 0 and 1, more near one half", min=0.01, max=100.0)
_declare("MixUp", "Lays another training image over the image, both as transparent as their shares are, and asks for both classes in these shares.",
         "Zhang et al. 2018, arXiv:1710.09412", mixes=True, params=(ALPHA,))
_declare("CutMix", "Puts a rectangle of another training image into the image, and asks for both classes in the shares of their areas.",
         "Yun et al. 2019, arXiv:1905.04899", draws=3, mixes=True, params=(ALPHA,))
