"""Data sets by name: what a sample looks like and what the classes are, known before anything is downloaded."""

from __future__ import annotations

from dataclasses import dataclass

from .spec import Registry

DIGITS = tuple("0123456789")


@dataclass(frozen=True)
class Dataset:
    """One data set; `shape` is C H W of a sample, `train` and `test` count samples, `megabytes` is what a download moves."""

    name: str
    title: str
    shape: tuple[int, int, int]
    classes: tuple[str, ...]
    train: int
    test: int
    megabytes: int
    summary: str
    source: str
    module: str = ""


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
):
    DATASETS.register(_dataset, _dataset.name)
