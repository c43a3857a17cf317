"""Data sets by name: what a sample looks like and what the classes are, known before anything is downloaded."""

from __future__ import annotations

import math
import re
import string
from collections.abc import Mapping
from dataclasses import dataclass, replace

from .params import Float, Int, Param
from .spec import Registry

DIGITS = tuple("0123456789")
# The targets of a box, each 0 to 1 of the width or height: data with just these are of places in a picture.
BOX = ("left", "top", "right", "bottom")
# What a cell of a detector's grid tells besides a score a class: four numbers of a box, and whether there is one.
BOX_NUMBERS = 5
# EMNIST's balanced kind holds capitals and small letters as one class where they look alike.
UNLIKE = "abdefghnqrt"
THINGS = tuple(name.replace("_", " ") for name in """
apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly camel can castle caterpillar
cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur dolphin elephant flatfish forest fox girl hamster
house kangaroo keyboard lamp lawn_mower leopard lion lizard lobster man maple_tree motorcycle mountain mouse mushroom oak_tree
orange orchid otter palm_tree pear pickup_truck pine_tree plain plate poppy porcupine possum rabbit raccoon ray road rocket rose
sea seal shark shrew skunk skyscraper snail snake spider squirrel streetcar sunflower sweet_pepper table tank telephone television
tiger tractor train trout tulip turtle wardrobe whale willow_tree wolf woman worm
""".split())


@dataclass(frozen=True)
class Dataset:
    """One data set; `shape` is that of a sample (C H W of images), `train` and `test` count samples, `megabytes` is what a download moves.

    Samples of `dtype` uint8 are bytes that are scaled to 0 to 1; those of float32 are numbers as they are. `task` is what the answers are:
    the one of the `classes` that a sample is of (classification) or that every pixel is of (segmentation), a number for each of the `targets` (regression), or
    boxes around things, each of one of the `classes` (detection).
    The pictures of one that is `resized` are brought to squares, whose side a project may choose; one that is made with `noise`
    has as much of it, and as many samples, as a project says. `valid` counts the samples of a validation part that came with the data; with 0 one is drawn.
    Of pictures for detection none has more than so many `boxes`, where that is known.
    """

    name: str
    title: str
    shape: tuple[int, ...]
    classes: tuple[str, ...]
    train: int
    test: int
    megabytes: int
    summary: str
    source: str
    module: str = ""
    dtype: str = "uint8"
    task: str = "classification"
    targets: tuple[str, ...] = ()
    resized: bool = False
    noise: float | None = None
    valid: int = 0
    boxes: int = 0

    @property
    def answers(self) -> int:
        """How many numbers a network gives for a sample, for a pixel in segmentation, for a cell of the grid in detection: one a class, or one a target."""
        return len(self.targets if self.task == "regression" else self.classes) + (BOX_NUMBERS if self.task == "detection" else 0)

    @property
    def own(self) -> bool:
        """Whether a person brought it."""
        return self.name.startswith(f"{OWN}:")

    @property
    def bytes(self) -> int:
        """What all samples take in memory, with their masks or targets where these are more than a number."""
        answer = math.prod(self.shape[1:]) if self.task == "segmentation" else 4 * (len(self.targets) + 5 * self.boxes)
        return (self.train + self.valid + self.test) * (math.prod(self.shape) * (1 if self.dtype == "uint8" else 4) + answer)


DATASETS: Registry[Dataset] = Registry("data set")
SIDE = Int("side", 64, "height and width that the photographs are brought to, in pixels: the largest square of their middle", min=16, max=256)
SAMPLES = Int("samples", 2000, "how many samples are made: the first half is the training part, the other the test part", min=20, max=100_000)
PICTURES = Int("samples", 2000, "how many pictures are made: the first four fifths are the training part, the others the test part", min=20, max=10_000)
GRAIN = Float("noise", 13.0, "how grainy the pictures are: the standard deviation in grey levels, of 255", min=0.0, max=100.0)
NOISE = Float("noise", 0.15, "how far samples lie from the curve that they are made around: the standard deviation", min=0.0, max=10.0)

for _dataset in (
    Dataset("digits", "Digits (built in)", (1, 28, 28), DIGITS, 1437, 360, 0,
            "1,797 real handwritten digits that ship with scikit-learn. They were scanned at 8×8 pixels and are enlarged to 28×28 "
            "here, so they are blurrier than MNIST and forty times fewer: right for a first try, not for a benchmark.",
            "Alpaydin & Kaynak 1998, Optical Recognition of Handwritten Digits, archive.ics.uci.edu/dataset/80"),
    Dataset("distorted-digits", "Distorted digits (generated)", (1, 28, 28), DIGITS, 5748, 1440, 0,
            "Every one of the built-in digits four times over, each turned by up to 20°, scaled by 0.8 to 1.2, slanted and shifted by up to 3 pixels: "
            "what a network must see past. What became of a test digit is in the test part alone.",
            "made here from a seed, of Alpaydin & Kaynak's digits"),
    Dataset("mnist", "MNIST", (1, 28, 28), DIGITS, 60_000, 10_000, 12,
            "70,000 handwritten digits, size-normalised and centred, 28×28 grey pixels.",
            "LeCun, Cortes & Burges, The MNIST database of handwritten digits", "torchvision.datasets.MNIST"),
    Dataset("fashion-mnist", "Fashion-MNIST", (1, 28, 28),
            ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"), 60_000, 10_000, 31,
            "70,000 pictures of clothes in MNIST's format; harder than digits.",
            "Xiao, Rasul & Vollgraf 2017, arXiv:1708.07747", "torchvision.datasets.FashionMNIST"),
    Dataset("kmnist", "Kuzushiji-MNIST", (1, 28, 28), ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"), 60_000, 10_000, 21,
            "70,000 cursive Japanese characters from old books in MNIST's format, ten syllables; one syllable has several forms.",
            "Clanuwat et al. 2018, arXiv:1812.01718", "torchvision.datasets.KMNIST"),
    Dataset("emnist-letters", "EMNIST letters", (1, 28, 28), tuple(string.ascii_lowercase), 124_800, 20_800, 562,
            "145,600 handwritten letters in MNIST's format; a capital and its small letter are one class.",
            "Cohen et al. 2017, arXiv:1702.05373", "torchvision.datasets.EMNIST"),
    Dataset("emnist-balanced", "EMNIST balanced", (1, 28, 28), (*DIGITS, *string.ascii_uppercase, *UNLIKE), 112_800, 18_800, 562,
            "131,600 handwritten digits and letters in MNIST's format, equally many of each of 47 classes; small letters that look like their capital "
            "are in its class.", "Cohen et al. 2017, arXiv:1702.05373", "torchvision.datasets.EMNIST"),
    Dataset("cifar10", "CIFAR-10", (3, 32, 32),
            ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"), 50_000, 10_000, 170,
            "60,000 small colour photographs of ten kinds of things.",
            "Krizhevsky 2009, Learning Multiple Layers of Features from Tiny Images", "torchvision.datasets.CIFAR10"),
    Dataset("cifar100", "CIFAR-100", (3, 32, 32), THINGS, 50_000, 10_000, 169,
            "60,000 small colour photographs of a hundred kinds of things, 500 training images each: much harder than CIFAR-10.",
            "Krizhevsky 2009, Learning Multiple Layers of Features from Tiny Images", "torchvision.datasets.CIFAR100"),
    Dataset("svhn", "SVHN", (3, 32, 32), DIGITS, 73_257, 26_032, 246,
            "99,289 digits cut out of photographs of house numbers, with their neighbours at the edges.",
            "Netzer et al. 2011, Reading digits in natural images with unsupervised feature learning", "torchvision.datasets.SVHN"),
    Dataset("stl10", "STL-10", (3, 96, 96), ("airplane", "bird", "car", "cat", "deer", "dog", "horse", "monkey", "ship", "truck"), 5000, 8000, 2640,
            "13,000 labelled colour photographs, 96×96 pixels and only 500 training images a class; the 100,000 without labels, which the download "
            "brings along, are left out.",
            "Coates, Ng & Lee 2011, An analysis of single-layer networks in unsupervised feature learning", "torchvision.datasets.STL10"),
    Dataset("moons", "Moons (generated)", (2,), ("upper", "lower"), 1000, 1000, 0,
            "2,000 points of the plane on two half circles that reach into each other, spread by 0.15: no straight line parts them, one bend does.",
            "made here from a seed; the form is scikit-learn's make_moons", dtype="float32", noise=0.15),
    Dataset("spirals", "Spirals (generated)", (2,), ("first arm", "second arm"), 1000, 1000, 0,
            "2,000 points of the plane on two arms that wind around each other one and a half times, spread by 0.1: a test of how far a network can "
            "bend its boundary, easy to see and hard for small networks.",
            "made here from a seed; Lang & Witbrock 1988, Learning to tell two spirals apart", dtype="float32", noise=0.1),
    Dataset("curve", "Curve (generated)", (1,), (), 500, 500, 0,
            "1,000 points x, y around the curve y = sin(2x) + x/4 for x from -4 to 4, spread by 0.2: y is to be told from x. A straight line explains "
            "41 % of how y differs, a small network nearly all.",
            "made here from a seed; the task is the one of Bishop 2006, Pattern Recognition and Machine Learning, section 1.1", dtype="float32", task="regression",
            targets=("y",), noise=0.2),
    Dataset("shapes", "Shapes (generated)", (1, 64, 64), ("background", "circle", "square", "triangle"), 800, 200, 0,
            "1,000 grainy grey pictures of one to three circles, squares and triangles, lighter or darker than what is behind them, and a mask that gives "
            "every pixel its class: what and where at once.", "made here from a seed", task="segmentation", noise=13.0),
    Dataset("shapes-boxes", "Shapes with boxes (generated)", (1, 64, 64), (), 1600, 400, 0,
            "2,000 grainy grey pictures of one circle, square or triangle each; to be told is the box around it: left, top, right and bottom as shares "
            "of the picture's side.", "made here from a seed", task="regression", targets=BOX, noise=13.0),
    Dataset("shapes-detection", "Shapes to find (generated)", (1, 64, 64), ("circle", "square", "triangle"), 1600, 400, 0,
            "2,000 grainy grey pictures of one to five circles, squares and triangles that hardly cover each other; to be found are all of them: the box around each, "
            "and what it is.", "made here from a seed", task="detection", boxes=5, noise=13.0),
):
    DATASETS.register(_dataset, _dataset.name)

VALIDATION = Float("validation", 0.1, "share of the training part that no weight learns from: after every epoch the network is judged on it, and schedules, early stopping and "
                   "the best checkpoint go by it; the test part is left for the end. With 0 the test part is what is watched", min=0.0, max=0.9)


def validation_samples(samples: int, share: float) -> int:
    """How many of so many training samples are the validation part: at least one unless the share is 0."""
    return max(1, round(share * samples)) if share > 0 else 0


# The source of data that a person brought. Such data are kept on one machine, so the project itself says what they are.
OWN = "own"
OWN_FIELDS = ("sha256", "title", "shape", "classes", "train", "test")
# What a section may leave out: data whose samples are of one class each, of which a validation part is drawn.
OWN_MORE = ("task", "targets", "valid")
# Of a pixel that is of no class: it is neither learned nor counted.
IGNORED = 255
SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
MOST_CLASSES = 1000
MOST_SAMPLES = 100_000_000
LONGEST_NAME = 80


def own_name(sha256: str) -> str:
    """The name of a person's own data set, by the sha256 of the file that keeps it."""
    return f"{OWN}:{sha256}"


def described(data: Mapping[str, object]) -> Dataset | None:
    """The data set that a project's `data` section means: a registered one, or what the section says of a person's own; None when it means none."""
    source = data.get("source")
    if source == OWN:
        # Rows of numbers have one axis, pictures three.
        return None if own_problem(data) else Dataset(
            own_name(data["sha256"]), data["title"], tuple(data["shape"]), tuple(data["classes"]), data["train"], data["test"], 0, "Your own data.", "",
            dtype="float32" if len(data["shape"]) == 1 else "uint8", task=data.get("task", "classification"), targets=tuple(data.get("targets", ())), valid=data.get("valid", 0))
    found = DATASETS.get(source) if isinstance(source, str) else None
    return found if found is None else _as_asked(found, {param.name: param.normal(data.get(param.name, param.default)) for param in asked(found)})


def asked(dataset: Dataset) -> tuple[Param, ...]:
    """What a project may choose of a registered data set, each with what is meant where nothing is chosen."""
    samples, noise = (PICTURES, GRAIN) if dataset.dtype == "uint8" else (SAMPLES, NOISE)
    drawn = () if dataset.noise is None else (replace(samples, default=dataset.train + dataset.test), replace(noise, default=dataset.noise))
    return (*((SIDE,) if dataset.resized else ()), *drawn)


def _as_asked(dataset: Dataset, values: Mapping[str, object]) -> Dataset:
    """The data set as these values make it; as it is where one of them is not allowed."""
    if any(param.check(values[param.name]) for param in asked(dataset)):
        return dataset
    if dataset.resized:
        return replace(dataset, shape=(dataset.shape[0], values["side"], values["side"]))
    if dataset.noise is not None:
        train = values["samples"] * dataset.train // (dataset.train + dataset.test)
        # How many there are and how noisy they are stands in what is said of it, too.
        whole, spread = (f"{number:,}" for number in (dataset.train + dataset.test, values["samples"])), (f"spread by {number:g}" for number in (dataset.noise, values["noise"]))
        return replace(dataset, train=train, test=values["samples"] - train, noise=values["noise"], summary=dataset.summary.replace(*whole, 1).replace(*spread))
    return dataset


def own_problem(data: Mapping[str, object]) -> str | None:
    """What is wrong in a section about a person's own data, or None."""
    if missing := [name for name in OWN_FIELDS if name not in data]:
        return f"it does not say its {', '.join(missing)}"
    sha256, title, shape = (data[name] for name in OWN_FIELDS[:3])
    if not isinstance(sha256, str) or not SHA256.fullmatch(sha256):
        return "its sha256 must have 64 hexadecimal digits: it names the file that keeps the samples"
    if not isinstance(title, str) or not 1 <= len(title) <= LONGEST_NAME:
        return f"its title must be a text of 1 to {LONGEST_NAME} characters"
    if not isinstance(shape, list | tuple) or len(shape) not in (1, 3) or not all(type(size) is int and 1 <= size <= 1_000_000 for size in shape):
        return "its shape must be one whole number from 1 up (features), or three (channels, height, width)"
    if wrong := _answers_problem(data):
        return wrong
    if not all(type(data[part]) is int and 1 <= data[part] <= MOST_SAMPLES for part in ("train", "test")):
        return "it must have at least 1 training and 1 test sample"
    if type(data.get("valid", 0)) is not int or not 0 <= data.get("valid", 0) <= MOST_SAMPLES:
        return "its validation part must be a number of samples, 0 where one is drawn"
    return None


def _answers_problem(data: Mapping[str, object]) -> str | None:
    """What is wrong with the task, the classes or the targets of a person's own data."""
    task = data.get("task", "classification")
    if task not in ("classification", "segmentation", "regression", "detection"):
        return "its task must be classification, segmentation, regression or detection"
    if task in ("segmentation", "detection") and len(data["shape"]) != 3:
        return f"its shape must be channels, height and width: {task} is of images"
    what, others, most = ("targets", "classes", MOST_CLASSES) if task == "regression" else ("classes", "targets", IGNORED if task == "segmentation" else MOST_CLASSES)
    names = data.get(what, ())
    if not isinstance(names, list | tuple) or not 1 <= len(names) <= most:
        return f"it must have 1 to {most:,} {what}"
    if not all(isinstance(name, str) and 1 <= len(name) <= LONGEST_NAME for name in names) or len(set(names)) < len(names):
        return f"its {what} must be different texts of 1 to {LONGEST_NAME} characters"
    return f"data for {task} have no {others}" if data.get(others) else None
