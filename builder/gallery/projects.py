"""Networks of the lecture decks: what each is, where it comes from, what to look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from builder.catalogue import Registry
from builder.graph import Edge, FrozenDict, Network, Node, Project
from builder.graph.document import freeze

PITCH = 84  # pixels from one brick of a column to the next on the canvas


@dataclass(frozen=True)
class Entry:
    """One ready-made project; `parameters` is the published count, against which tests hold the drawing."""

    name: str
    title: str
    deck: str
    task: str
    summary: str
    look: str
    source: str
    parameters: int
    project: Project


def chain(shape: tuple[int, ...], *bricks: tuple[str, str, Mapping[str, object]]) -> Network:
    """A column of bricks (id, kind, params) between an Input of `shape` (C H W) and an Output."""
    rows = [("image", "Input", {"shape": shape}), *bricks, ("output", "Output", {})]
    nodes = tuple(Node(name, kind, freeze(params), (0.0, float(PITCH * i))) for i, (name, kind, params) in enumerate(rows))
    return Network(nodes, tuple(Edge(above.id, below.id) for above, below in zip(nodes, nodes[1:], strict=False)))


def recipe(epochs: int, batch_size: int, optimizer: str, **params: float) -> dict[str, object]:
    """Training settings as they stand in a project."""
    return {"epochs": epochs, "batch_size": batch_size, "optimizer": {"kind": optimizer, **params}, "loss": {"kind": "CrossEntropyLoss"},
            "initializer": {"kind": "Default"}, "seed": 0}


# Digits has 1,437 samples where MNIST has 60,000: an epoch in batches of 100 would be 15 steps there, so the batches are small.
# 97.8 to 98.6 % over ten seeds; with momentum 0.9 the spread is 96.4 to 99.2 %.
ON_DIGITS = recipe(15, 8, "SGD", lr=0.05)

ENTRIES: Registry[Entry] = Registry("gallery project")


def add(name: str, title: str, network: Network, data: str, recipes: Mapping[str, object], **about: object) -> None:
    """Declare one ready-made project: it opens on `data` with the recipe for it."""
    frozen = freeze(recipes)
    project = Project(title, FrozenDict({"network": network}), data=FrozenDict({"source": data}), training=frozen[data], recipes=frozen,
                      about=FrozenDict({"gallery": name}))
    ENTRIES.register(Entry(name, title, project=project, task="classification", **about), name)


add("mnist-cnn", "MNIST CNN", chain(
    (1, 28, 28),
    ("conv1", "Conv2d", {"out_channels": 10, "kernel_size": 5}), ("pool1", "MaxPool2d", {"kernel_size": 2}), ("relu1", "ReLU", {}),
    ("conv2", "Conv2d", {"out_channels": 20, "kernel_size": 5}), ("pool2", "MaxPool2d", {"kernel_size": 2}), ("relu2", "ReLU", {}),
    ("flatten", "Flatten", {}), ("fc1", "Linear", {"out_features": 50}), ("relu3", "ReLU", {}),
    ("fc2", "Linear", {"out_features": 10})),
    "digits", {"digits": ON_DIGITS, "mnist": recipe(10, 100, "SGD", lr=0.01)},
    deck="CUHK", parameters=21_840, source="CUHK deck; the network of the PyTorch MNIST example, LeCun et al. 1998 in spirit",
    summary="Two convolutions and two fully connected layers read handwritten digits.",
    look="Why is fc1 320 wide? Select flatten: 20·4·4. Watch the ten 5×5 filters of conv1 turn into strokes and edges while it trains.")

add("fashion-mlp", "Fashion-MNIST MLP", chain(
    (1, 28, 28),
    ("flatten", "Flatten", {}), ("fc1", "Linear", {"out_features": 512}), ("relu1", "ReLU", {}),
    ("fc2", "Linear", {"out_features": 512}), ("relu2", "ReLU", {}), ("fc3", "Linear", {"out_features": 10})),
    "fashion-mnist", {"fashion-mnist": recipe(5, 64, "SGD", lr=0.001), "digits": ON_DIGITS, "mnist": recipe(5, 64, "SGD", lr=0.1)},
    deck="ECNU", parameters=669_706, source="ECNU deck; the PyTorch quickstart network",
    summary="Three fully connected layers tell ten kinds of clothes apart, without a single convolution.",
    look="Nearly all of the 669,706 parameters sit in two bricks. The lecture's learning rate of 0.001 learns slowly on purpose: try 0.1.")

add("lenet-cifar", "LeNet on CIFAR-10", chain(
    (3, 32, 32),
    ("conv1", "Conv2d", {"out_channels": 6, "kernel_size": 5}), ("relu1", "ReLU", {}), ("pool1", "MaxPool2d", {"kernel_size": 2}),
    ("conv2", "Conv2d", {"out_channels": 16, "kernel_size": 5}), ("relu2", "ReLU", {}), ("pool2", "MaxPool2d", {"kernel_size": 2}),
    ("flatten", "Flatten", {}), ("fc1", "Linear", {"out_features": 120}), ("relu3", "ReLU", {}),
    ("fc2", "Linear", {"out_features": 84}), ("relu4", "ReLU", {}), ("fc3", "Linear", {"out_features": 10})),
    "cifar10", {"cifar10": recipe(2, 4, "SGD", lr=0.001, momentum=0.9)},
    deck="NTU", parameters=62_006, source="NTU deck; LeCun et al. 1998, in the form of the PyTorch CIFAR-10 tutorial",
    summary="The classic of 1998 on small colour photographs.",
    look="Three input channels: every filter of conv1 is 3×5×5. Follow 32 → 28 → 14 → 10 → 5 down the column.")

add("bootcamp-cnn", "Bootcamp CNN", chain(
    (1, 28, 28),
    ("conv1", "Conv2d", {"out_channels": 64, "kernel_size": 3, "stride": 2, "padding": 1}), ("relu1", "ReLU", {}),
    ("conv2", "Conv2d", {"out_channels": 128, "kernel_size": 3, "stride": 2, "padding": 1}), ("relu2", "ReLU", {}),
    ("conv3", "Conv2d", {"out_channels": 256, "kernel_size": 3, "stride": 2, "padding": 1}), ("relu3", "ReLU", {}),
    ("flatten", "Flatten", {}), ("fc", "Linear", {"out_features": 10})),
    "mnist", {"mnist": recipe(1, 32, "Adam", lr=0.0002, beta1=0.5, beta2=0.99), "digits": recipe(15, 32, "Adam", lr=0.001)},
    deck="Bootcamp", parameters=410_634, source="Deep Learning Bootcamp with PyTorch, its plain MNIST CNN",
    summary="Strided convolutions shrink the image, no pooling needed.",
    look="Stride 2 halves the image three times: 28 → 14 → 7 → 4. Why 4? Hover over conv3.")
