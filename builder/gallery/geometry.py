"""Networks that work on coordinates: the spatial transformer and PointNet."""

from __future__ import annotations

from .entry import network, recipe

FAMILY = "Images and points in space"
POINTNET = "Qi et al. 2017, arXiv:1612.00593, figure 2; sizes of the PyTorch version by F. Xia"
NLL = {"loss": {"kind": "NLLLoss"}}
CLOUD = (3, 1024)


@network(name="stn-mnist", title="Spatial transformer", family=FAMILY, decks=("ECNU",), task="classification", parameters=27_360,
         paper="Jaderberg et al. 2015, arXiv:1506.02025; the network of the PyTorch tutorial", inputs=((1, 28, 28),), outputs=((10,),),
         recipes={"digits": recipe(15, 8, "SGD", lr=0.02) | NLL, "mnist": recipe(20, 64, "SGD", lr=0.01) | NLL},
         look="Open stn: a small network looks at the digit and gives six numbers, the image is sampled again along them. They start as "
              "1 0 0, 0 1 0, which changes nothing. No label says how a digit should be turned: the error alone teaches it.")
def stn_mnist(g, image):
    """Turns and scales each digit to its liking, then reads it with the MNIST CNN."""
    x = g.SpatialTransformer(image, name="stn")
    x = g.ReLU(g.MaxPool2d(g.Conv2d(x, out_channels=10, kernel_size=5, name="conv1"), kernel_size=2, name="pool1"), name="relu1")
    x = g.Dropout2d(g.Conv2d(x, out_channels=20, kernel_size=5, name="conv2"), name="conv2_drop")
    x = g.Flatten(g.ReLU(g.MaxPool2d(x, kernel_size=2, name="pool2"), name="relu2"), name="flatten")
    x = g.Dropout(g.ReLU(g.Linear(x, out_features=50, name="fc1"), name="relu3"), name="dropout")
    return g.LogSoftmax(g.Linear(x, out_features=10, name="fc2"), name="log_softmax")


def features(g, points, aligned: bool):
    """What a PointNet knows of each point and of all: (local, global, matrices)."""
    x, transform = g.AlignPoints(points, name="align_input")
    x = g.PointUnit(x, out_channels=64, name="unit1")
    matrices = [transform]
    if aligned:
        x, transform = g.AlignPoints(x, name="align_features")
        matrices.append(transform)
    y = g.PointUnit(x, out_channels=128, name="unit2")
    y = g.PointUnit(y, out_channels=1024, activation=False, name="unit3")
    return x, y, matrices


def leave(g, answer, matrices) -> None:
    """The answer first, then the matrices that the loss keeps near rotations."""
    for value, name in zip((answer, *matrices), ("output", "input_transform", "feature_transform"), strict=False):
        g.Output(value, name=name)


def classes(g, points, aligned: bool) -> None:
    """One answer for the cloud: the maximum over its points, then three layers."""
    _, y, matrices = features(g, points, aligned)
    y = g.Max(y, dims=(2,), name="pool")
    y = g.ReLU(g.BatchNorm1d(g.Linear(y, out_features=512, name="fc1", silent=("bias before normalisation",)), name="bn1"), name="relu1")
    y = g.Dropout(g.Linear(y, out_features=256, name="fc2"), p=0.3, name="dropout", silent=("dropout before normalisation",))
    y = g.ReLU(g.BatchNorm1d(y, name="bn2"), name="relu2")
    leave(g, g.LogSoftmax(g.Linear(y, out_features=40, name="fc3"), name="log_softmax"), matrices)


def parts(g, points, aligned: bool, count: int) -> None:
    """An answer for each point: what is known of it beside what is known of the cloud."""
    x, y, matrices = features(g, points, aligned)
    whole = g.Expand(g.Max(y, dims=(2,), keepdim=True, name="pool"), sizes=(-1, -1, CLOUD[1]), name="repeat")
    y = g.Concat(whole, x, dim=1, name="concat")
    for i, channels in enumerate((512, 256, 128), 4):
        y = g.PointUnit(y, out_channels=channels, name=f"unit{i}")
    y = g.Transpose(g.Conv1d(y, out_channels=count, kernel_size=1, name="scores"), dim0=1, dim1=2, name="per_point")
    leave(g, g.LogSoftmax(y, dim=-1, name="log_softmax"), matrices)


@network(name="pointnet-cls", title="PointNet, classification", family=FAMILY, decks=("ECNU",), task="points", parameters=3_471_473,
         paper=POINTNET, inputs=(CLOUD,), outputs=((40,), (3, 3), (64, 64)), data="ModelNet40: 12,311 shapes of 40 kinds, 1,024 points each",
         look="Shuffle the points and nothing changes: every unit sees one point at a time, and the maximum does not ask for an order. "
              "More than half of the weights are in align_features, which turns the 64 numbers of all points at once.")
def pointnet_cls(g, points):
    """Says what a cloud of points is: a small layer for each point, the maximum over all, three layers."""
    classes(g, points, aligned=True)


@network(name="pointnet-cls-noft", title="PointNet, classification, points aligned only", family=FAMILY, decks=("ECNU",), task="points",
         parameters=1_614_129, paper=POINTNET, inputs=(CLOUD,), outputs=((40,), (3, 3)), data="ModelNet40: 12,311 shapes of 40 kinds, 1,024 points each",
         look="Without align_features it has less than half the weights; the PyTorch version reports 86.4 % for it and 87.0 % with.")
def pointnet_cls_noft(g, points):
    """PointNet that aligns the points but not what it makes of them."""
    classes(g, points, aligned=False)


@network(name="pointnet-seg", title="PointNet, parts", family=FAMILY, decks=("ECNU",), task="points", parameters=3_533_563,
         paper=POINTNET, inputs=(CLOUD,), outputs=((1024, 50), (3, 3), (64, 64)), data="ShapeNet parts: 16,881 shapes, a part for each point",
         look="repeat lays the 1,024 numbers of the whole cloud beside each point's own 64: 1,088. A chair's leg is a leg because of the chair.")
def pointnet_seg(g, points):
    """Says of each point which part of the shape it belongs to."""
    parts(g, points, True, 50)


@network(name="pointnet-seg-noft", title="PointNet, parts of one kind, points aligned only", family=FAMILY, decks=("ECNU",), task="points",
         parameters=1_670_285, paper=POINTNET, inputs=(CLOUD,), outputs=((1024, 4), (3, 3)), data="the chairs of ShapeNet parts: four parts",
         look="Trained for one kind of shape it needs only that kind's parts: 4 scores a point.")
def pointnet_seg_noft(g, points):
    """Part segmentation of one kind of shape, without the alignment of features."""
    parts(g, points, False, 4)
