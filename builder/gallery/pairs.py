"""Networks that compare two images: one tower, used twice."""

from __future__ import annotations

from .entry import network

FAMILY = "Pairs of images"
MATCHING = "Rocco et al. 2017, arXiv:1703.05593, section 3; the authors' PyTorch code"


def both(g, tower, first, second):
    """What a tower makes of two images, with the same weights."""
    return tower(first, name="tower1"), tower(second, name="tower2", of="tower1")


def resnet18_features(g, x):
    """ResNet-18 without its last layer."""
    x = g.Conv2d(x, out_channels=64, kernel_size=7, stride=2, padding=3, bias=False, name="conv1")
    x = g.MaxPool2d(g.ReLU(g.BatchNorm2d(x, name="bn1"), name="relu"), kernel_size=3, stride=2, padding=1, name="maxpool")
    for i, channels in enumerate((64, 128, 256, 512), 1):
        x = g.BasicBlock(x, out_channels=channels, stride=1 if i == 1 else 2, name=f"layer{i}_1")
        x = g.BasicBlock(x, out_channels=channels, name=f"layer{i}_2")
    return g.Flatten(g.AdaptiveAvgPool2d(x, output_size=1, name="avgpool"), name="flatten")


@network(name="siamese", title="Siamese network", family=FAMILY, decks=("ECNU",), task="matching", parameters=11_432_897,
         paper="Bromley et al. 1993, Signature verification using a siamese time delay neural network; the PyTorch example on He et al. 2015, "
               "arXiv:1512.03385", inputs=((1, 28, 28), (1, 28, 28)), outputs=((1,),), data="pairs of MNIST digits: the same or not",
         initializer={"kind": "XavierUniform"},
         look="tower2 has no weights of its own: it is tower1, used again. So the count is that of one ResNet-18 and a small head, and both "
              "digits are seen with the same eyes.")
def siamese(g, image1, image2):
    """Are these two the same digit? One ResNet-18 looks at both, a small head compares."""
    tower = g.block("Tower", "ResNet-18 without its last layer: an image becomes 512 numbers.", resnet18_features)
    a, b = both(g, tower, image1, image2)
    x = g.ReLU(g.Linear(g.Concat(a, b, dim=1, name="concat"), out_features=256, name="fc1"), name="relu")
    return g.Sigmoid(g.Linear(x, out_features=1, name="fc2"), name="same")


def koch_features(g, x):
    """The convolutions of Koch et al., figure 4."""
    for i, (channels, window) in enumerate(((64, 10), (128, 7), (128, 4), (256, 4)), 1):
        x = g.ReLU(g.Conv2d(x, out_channels=channels, kernel_size=window, name=f"conv{i}"), name=f"relu{i}")
        x = g.MaxPool2d(x, kernel_size=2, name=f"pool{i}") if i < 4 else x
    x = g.Linear(g.Flatten(x, name="flatten"), out_features=4096, name="fc", silent=("heavy",))
    return g.Sigmoid(x, name="sigmoid")


@network(name="siamese-koch", title="Siamese network for one-shot reading", family=FAMILY, decks=("ECNU",), task="matching",
         parameters=38_951_745, paper="Koch et al. 2015, Siamese neural networks for one-shot image recognition, figure 4",
         inputs=((1, 105, 105), (1, 105, 105)), outputs=((1,),), data="pairs of Omniglot characters: the same or not",
         look="The two towers meet in a difference without sign: |a - b|, so that it does not matter which image comes first. Try it with "
              "Concat, and it does.")
def siamese_koch(g, image1, image2):
    """Learns what makes two characters the same, and then reads alphabets of which it has seen one example."""
    tower = g.block("Tower", "Four convolutions and a wide layer: a character becomes 4,096 numbers.", koch_features)
    a, b = both(g, tower, image1, image2)
    x = g.Abs(g.Subtract(a, b, name="difference"), name="distance")
    return g.Sigmoid(g.Linear(x, out_features=1, name="fc"), name="same")


def siamfc_features(g, x):
    """AlexNet without padding, with batch normalisation."""
    for i, (channels, window, stride, groups) in enumerate(((96, 11, 2, 1), (256, 5, 1, 2), (384, 3, 1, 1), (384, 3, 1, 2)), 1):
        x = g.Conv2d(x, out_channels=channels, kernel_size=window, stride=stride, groups=groups, name=f"conv{i}",
                     silent=("bias before normalisation",))
        x = g.ReLU(g.BatchNorm2d(x, name=f"bn{i}"), name=f"relu{i}")
        x = g.MaxPool2d(x, kernel_size=3, stride=2, name=f"pool{i}") if i < 3 else x
    return g.Conv2d(x, out_channels=256, kernel_size=3, groups=2, name="conv5")


@network(name="siamfc", title="SiamFC tracker", family=FAMILY, decks=("ECNU",), task="matching", parameters=2_336_322,
         paper="Bertinetto et al. 2016, arXiv:1606.09549, table 1", inputs=((3, 127, 127), (3, 255, 255)), outputs=((1, 17, 17),),
         data="pairs of frames of ImageNet VID, with the object's box",
         look="What the tower makes of the small image, 256×6×6, becomes the window of a convolution over what it makes of the large one: "
              "22 - 6 + 1 = 17 places, and the brightest is where the object went.")
def siamfc(g, exemplar, search):
    """Finds the object of one image in another: its features slide over the other's."""
    tower = g.block("Tower", "AlexNet without padding: what it sees does not depend on where it stands.", siamfc_features)
    z, x = both(g, tower, exemplar, search)
    response = g.CrossCorrelate(x, z, name="response")
    return g.Conv2d(response, out_channels=1, kernel_size=1, name="adjust")


def vgg_features(g, x):
    """VGG-16 up to its fourth pooling, every place scaled to length 1."""
    for stage, (channels, count) in enumerate(((64, 2), (128, 2), (256, 3), (512, 3)), 1):
        for i in range(1, count + 1):
            x = g.ReLU(g.Conv2d(x, out_channels=channels, kernel_size=3, padding=1, name=f"conv{stage}_{i}"), name=f"relu{stage}_{i}")
        x = g.MaxPool2d(x, kernel_size=2, name=f"pool{stage}")
    return g.L2Normalize(x, dim=1, name="normalise")


def cnn_geometric(g, source, target, numbers: int):
    """Features of both images, their correlation, and a regression of the transform."""
    tower = g.block("Tower", "VGG-16 up to its fourth pooling, every place scaled to length 1.", vgg_features)
    x = g.Correlation(*both(g, tower, source, target), name="correlation")
    for i, (channels, window) in enumerate(((128, 7), (64, 5)), 1):
        x = g.Conv2d(x, out_channels=channels, kernel_size=window, name=f"conv{i}", silent=("bias before normalisation",))
        x = g.ReLU(g.BatchNorm2d(x, name=f"bn{i}"), name=f"relu{i}")
    return g.Linear(g.Flatten(x, name="flatten"), out_features=numbers, name="theta")


@network(name="cnn-geometric-affine", title="Geometric matching, affine", family=FAMILY, decks=("ECNU",), task="matching", parameters=9_261_446,
         paper=MATCHING, inputs=((3, 240, 240), (3, 240, 240)), outputs=((6,),), data="photographs of Pascal VOC, each beside a warped copy of itself",
         look="Follow correlation: 15·15 = 225 places of one image become 225 channels at every place of the other. Give the tower VGG-16's "
              "weights and freeze it: 1,626,182 parameters are left to train.")
def cnn_geometric_affine(g, source, target):
    """Finds the six numbers of the affine map that lays one photograph over another."""
    return cnn_geometric(g, source, target, 6)


@network(name="cnn-geometric-tps", title="Geometric matching, thin-plate spline", family=FAMILY, decks=("ECNU",), task="matching",
         parameters=9_280_658, paper=MATCHING, inputs=((3, 240, 240), (3, 240, 240)), outputs=((18,),),
         data="photographs of Pascal VOC, each beside a warped copy of itself",
         look="The same network with 18 numbers at its end: where each of 3×3 points of a grid goes. Everything before it stays as it is.")
def cnn_geometric_tps(g, source, target):
    """Finds how nine points of one photograph move so that it lies over another: a thin-plate spline."""
    return cnn_geometric(g, source, target, 18)
