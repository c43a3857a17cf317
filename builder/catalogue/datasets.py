"""Data sets by name: what a sample looks like and what the classes are, known before anything is downloaded."""

from __future__ import annotations

import math
from dataclasses import dataclass

from .spec import Registry

DIGITS = tuple("0123456789")


@dataclass(frozen=True)
class Dataset:
    """One data set; `shape` is that of a sample (C H W of images), `train` and `test` count samples, `megabytes` is what a download moves.

    Samples of `dtype` uint8 are bytes that are scaled to 0 to 1; those of float32 are numbers as they are.
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

    @property
    def bytes(self) -> int:
        """What all samples take in memory."""
        return (self.train + self.test) * math.prod(self.shape) * (1 if self.dtype == "uint8" else 4)


DATASETS: Registry[Dataset] = Registry("data set")

for _dataset in (
    Dataset("digits", "Digits (built in)", (1, 28, 28), DIGITS, 1437, 360, 0,
            "1,797 real handwritten digits that ship with scikit-learn. They were scanned at 8×8 pixels and are enlarged to 28×28 "
            "here, so they are blurrier than MNIST and forty times fewer: right for a first try, not for a benchmark.",
            "Alpaydin & Kaynak 1998, Optical Recognition of Handwritten Digits, archive.ics.uci.edu/dataset/80"),
    Dataset("mnist", "MNIST", (1, 28, 28), DIGITS, 60_000, 10_000, 12,
            "70,000 handwritten digits, size-normalised and centred, 28×28 grey pixels.",
            "LeCun, Cortes & Burges, The MNIST database of handwritten digits", "torchvision.datasets.MNIST"),
    Dataset("fashion-mnist", "Fashion-MNIST", (1, 28, 28),
            ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"), 60_000, 10_000, 31,
            "70,000 pictures of clothes in MNIST's format; harder than digits.",
            "Xiao, Rasul & Vollgraf 2017, arXiv:1708.07747", "torchvision.datasets.FashionMNIST"),
    Dataset("cifar10", "CIFAR-10", (3, 32, 32),
            ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"), 50_000, 10_000, 170,
            "60,000 small colour photographs of ten kinds of things.",
            "Krizhevsky 2009, Learning Multiple Layers of Features from Tiny Images", "torchvision.datasets.CIFAR10"),
    Dataset("moons", "Moons (generated)", (2,), ("upper", "lower"), 1000, 1000, 0,
            "2,000 points of the plane on two half circles that reach into each other, spread by 0.15: no straight line parts them, one bend does.",
            "made here from a seed; the form is scikit-learn's make_moons", dtype="float32"),
    Dataset("spirals", "Spirals (generated)", (2,), ("first arm", "second arm"), 1000, 1000, 0,
            "2,000 points of the plane on two arms that wind around each other one and a half times, spread by 0.1: a test of how far a network can "
            "bend its boundary, easy to see and hard for small networks.",
            "made here from a seed; Lang & Witbrock 1988, Learning to tell two spirals apart", dtype="float32"),
):
    DATASETS.register(_dataset, _dataset.name)
