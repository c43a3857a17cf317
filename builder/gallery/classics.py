"""The networks that won on ImageNet, from AlexNet to Inception: the counts are torchvision's where it has the network, else the paper's."""

from __future__ import annotations

from .entry import network

FAMILY = "ImageNet classics"
IMAGENET = "ImageNet: 1.28 million photographs in 1,000 classes"
ALEXNET = "Krizhevsky, Sutskever & Hinton 2012, doi:10.1145/3065386"
GOOGLENET = "Szegedy et al. 2015, arXiv:1409.4842"
INCEPTION = "Szegedy et al. 2016, arXiv:1512.00567"
# The paper's fully connected layers are as large as they are on purpose; what came after did without them.
HEAVY = ("heavy",)
EPS = 1e-3  # of torchvision's normalisations in GoogLeNet and Inception V3, as in the original TensorFlow code


@network(name="alexnet", title="AlexNet", family=FAMILY, decks=("ECNU", "NTU"), task="classification", parameters=61_100_840,
         paper="Krizhevsky 2014, arXiv:1404.5997, as in torchvision", inputs=((3, 224, 224),), outputs=((1000,),), data=IMAGENET,
         look="Which brick is the heaviest? 37.7 of the 61.1 million parameters sit in fc6 alone, and the five convolutions do nearly all the "
              "arithmetic. Compare with alexnet-2012: the paper's own has more channels in conv1 and normalises them.")
def alexnet(g, image):
    """The network that began it, in the form of 2014 that libraries ship: five convolutions, three fully connected layers."""
    x = g.ReLU(g.Conv2d(image, out_channels=64, kernel_size=11, stride=4, padding=2, name="conv1"), name="relu1")
    x = g.MaxPool2d(x, kernel_size=3, stride=2, name="pool1")
    x = g.ReLU(g.Conv2d(x, out_channels=192, kernel_size=5, padding=2, name="conv2"), name="relu2")
    x = g.MaxPool2d(x, kernel_size=3, stride=2, name="pool2")
    for i, channels in enumerate((384, 256, 256), 3):
        x = g.ReLU(g.Conv2d(x, out_channels=channels, kernel_size=3, padding=1, name=f"conv{i}"), name=f"relu{i}")
    x = g.AdaptiveAvgPool2d(g.MaxPool2d(x, kernel_size=3, stride=2, name="pool5"), output_size=6, name="avgpool")
    x = g.Flatten(x, name="flatten")
    for i in (6, 7):
        x = g.Linear(g.Dropout(x, name=f"drop{i}"), out_features=4096, name=f"fc{i}", silent=HEAVY)
        x = g.ReLU(x, name=f"relu{i}")
    return g.Linear(x, out_features=1000, name="fc8")


def paper_2012(g, image, groups):
    """The layers of the 2012 paper; `groups` is 2 where the network was spread over two graphics cards."""
    # torch divides alpha by the number of channels, the paper does not: 5 times 1e-4.
    quiet = {"size": 5, "alpha": 5e-4, "beta": 0.75, "k": 2.0}
    x = g.ReLU(g.Conv2d(image, out_channels=96, kernel_size=11, stride=4, name="conv1"), name="relu1")
    x = g.MaxPool2d(g.LocalResponseNorm(x, name="lrn1", **quiet), kernel_size=3, stride=2, name="pool1")
    x = g.ReLU(g.Conv2d(x, out_channels=256, kernel_size=5, padding=2, groups=groups, name="conv2"), name="relu2")
    x = g.MaxPool2d(g.LocalResponseNorm(x, name="lrn2", **quiet), kernel_size=3, stride=2, name="pool2")
    for i, (channels, apart) in enumerate(((384, 1), (384, groups), (256, groups)), 3):
        x = g.ReLU(g.Conv2d(x, out_channels=channels, kernel_size=3, padding=1, groups=apart, name=f"conv{i}"), name=f"relu{i}")
    x = g.Flatten(g.MaxPool2d(x, kernel_size=3, stride=2, name="pool5"), name="flatten")
    for i in (6, 7):
        x = g.ReLU(g.Linear(x, out_features=4096, name=f"fc{i}", silent=HEAVY), name=f"relu{i}")
        x = g.Dropout(x, name=f"drop{i}")
    return g.Linear(x, out_features=1000, name="fc8")


@network(name="alexnet-2012", title="AlexNet of 2012", family=FAMILY, decks=("NTU", "ECNU"), task="classification", parameters=62_378_344,
         paper=f"{ALEXNET}, section 3; without groups, as the NTU deck counts it", inputs=((3, 227, 227),), outputs=((1000,),), data=IMAGENET,
         look="The image has 227 pixels, not 224: (227 - 11) / 4 + 1 = 55. Pools overlap, 3 wide and 2 apart. lrn1 and lrn2 let strong channels "
              "quieten their neighbours; batch normalisation has replaced them since.")
def alexnet_2012(g, image):
    """The network that won ImageNet in 2012, with the layers of the paper."""
    return paper_2012(g, image, 1)


@network(name="alexnet-2012-grouped", title="AlexNet of 2012 on two cards", family=FAMILY, decks=("ECNU", "NTU"), task="classification",
         paper=f"{ALEXNET}, section 3.2 and figure 2", parameters=60_965_224, inputs=((3, 227, 227),), outputs=((1000,),), data=IMAGENET,
         look="conv2, conv4 and conv5 have two groups: each half of the channels lived on a graphics card of 3 GB and saw only its own half. "
              "1.4 million weights fewer than with one group: set groups to 1 and watch.")
def alexnet_2012_grouped(g, image):
    """The same as it was trained: two halves that meet in conv3 and in the fully connected layers."""
    return paper_2012(g, image, 2)


@network(name="vgg16", title="VGG16", family=FAMILY, decks=("ECNU", "NTU"), task="classification", parameters=138_357_544,
         paper="Simonyan & Zisserman 2015, arXiv:1409.1556, table 1 column D", inputs=((3, 224, 224),), outputs=((1000,),), data=IMAGENET,
         look="Only 3×3 windows: two in a row see 5×5, three see 7×7. Open a stage to see them. Each stage halves the image and, up to 512, doubles "
              "the channels. 102.8 of the 138.4 million parameters are in fc6: 512·7·7·4096.")
def vgg16(g, image):
    """Depth by repeating one small thing: thirteen 3×3 convolutions in five stages, three fully connected layers."""
    x = image
    for i, (channels, convolutions) in enumerate(((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)), 1):
        x = g.VGGStage(x, out_channels=channels, convolutions=convolutions, name=f"stage{i}")
    x = g.Flatten(g.AdaptiveAvgPool2d(x, output_size=7, name="avgpool"), name="flatten")
    for i in (6, 7):
        x = g.ReLU(g.Linear(x, out_features=4096, name=f"fc{i}", silent=HEAVY), name=f"relu{i}")
        x = g.Dropout(x, name=f"drop{i}")
    return g.Linear(x, out_features=1000, name="fc8")


# Channels of the branches of each module, table 1: 1×1, 3×3 reduced, 3×3, 5×5 reduced, 5×5, pool.
MODULES = {
    "3a": (64, 96, 128, 16, 32, 32), "3b": (128, 128, 192, 32, 96, 64), "4a": (192, 96, 208, 16, 48, 64), "4b": (160, 112, 224, 24, 64, 64),
    "4c": (128, 128, 256, 24, 64, 64), "4d": (112, 144, 288, 32, 64, 64), "4e": (256, 160, 320, 32, 128, 128),
    "5a": (256, 160, 320, 32, 128, 128), "5b": (384, 192, 384, 48, 128, 128)}
BRANCHES = ("ch1x1", "ch3x3red", "ch3x3", "ch5x5red", "ch5x5", "pool_proj")


def inceptions(g, x, wide, pool5, **params):
    """The nine modules, halving the image after 3b and 4e; gives the last value and those that the two auxiliary heads read."""
    read = {}
    for name, channels in MODULES.items():
        x = read[name] = g.InceptionModule(x, **dict(zip(BRANCHES, channels, strict=True)), **params, name=f"inception{name}")
        if name in ("3b", "4e"):
            x = g.MaxPool2d(x, kernel_size=wide if name == "3b" else pool5, stride=2, ceil_mode=True, name=f"maxpool{3 if name == '3b' else 4}")
    return x, read["4a"], read["4d"]


@network(name="googlenet", title="GoogLeNet", family=FAMILY, decks=("ECNU", "NTU"), task="classification", parameters=13_004_888,
         paper=f"{GOOGLENET}; as in torchvision, with batch normalisation", inputs=((3, 224, 224),), outputs=((1000,), (1000,), (1000,)), data=IMAGENET,
         look="Four branches a module: open inception3a. aux1 and aux2 are classifiers half-way, there in training only; they hold half of all "
              "parameters. Without them the network has 6,624,904: less than a twentieth of VGG16, at the same accuracy.")
def googlenet(g, image):
    """Modules that look with windows of several sizes at once; the winner of 2014, in the form that libraries ship."""
    x = g.ConvNormAct(image, out_channels=64, kernel_size=7, stride=2, eps=EPS, name="conv1")
    x = g.MaxPool2d(x, kernel_size=3, stride=2, ceil_mode=True, name="maxpool1")
    x = g.ConvNormAct(g.ConvNormAct(x, out_channels=64, kernel_size=1, eps=EPS, name="conv2"), out_channels=192, eps=EPS, name="conv3")
    x = g.MaxPool2d(x, kernel_size=3, stride=2, ceil_mode=True, name="maxpool2")
    # torchvision's third branch has a window of 3×3 where the paper has 5×5: pytorch/vision issue 906.
    x, first, second = inceptions(g, x, 3, 2, batch_norm=True, largest=3, eps=EPS)
    heads = [g.GoogLeNetAux(value, form="torchvision", eps=EPS, name=f"aux{i}") for i, value in ((1, first), (2, second))]
    for i in (2, 1):  # in torchvision's order
        g.Output(heads[i - 1], when="training", name=f"output_aux{i}")
    x = g.Flatten(g.AdaptiveAvgPool2d(x, name="avgpool"), name="flatten")
    return g.Linear(g.Dropout(x, p=0.2, name="dropout"), out_features=1000, name="fc")


@network(name="googlenet-paper", title="GoogLeNet of the paper", family=FAMILY, decks=("ECNU", "NTU"), task="classification", parameters=13_378_280,
         paper=f"{GOOGLENET}, table 1 and section 5", inputs=((3, 224, 224),), outputs=((1000,), (1000,), (1000,)), data=IMAGENET,
         look="No batch normalisation yet: two LocalResponseNorm and offsets in every convolution. The large windows are 5×5. The NTU deck says 4 million "
              "parameters; without the auxiliary heads it has 6,998,552.")
def googlenet_paper(g, image):
    """GoogLeNet with the layers of table 1: windows of 5×5 and local response normalisation."""
    quiet = {"size": 5, "alpha": 1e-4, "beta": 0.75, "k": 1.0}
    x = g.ReLU(g.Conv2d(image, out_channels=64, kernel_size=7, stride=2, padding=3, name="conv1"), name="relu1")
    x = g.LocalResponseNorm(g.MaxPool2d(x, kernel_size=3, stride=2, ceil_mode=True, name="maxpool1"), name="lrn1", **quiet)
    x = g.ReLU(g.Conv2d(x, out_channels=64, kernel_size=1, name="conv2"), name="relu2")
    x = g.LocalResponseNorm(g.ReLU(g.Conv2d(x, out_channels=192, kernel_size=3, padding=1, name="conv3"), name="relu3"), name="lrn2", **quiet)
    x = g.MaxPool2d(x, kernel_size=3, stride=2, ceil_mode=True, name="maxpool2")
    x, first, second = inceptions(g, x, 3, 3)
    for i, value in ((1, first), (2, second)):
        g.Output(g.GoogLeNetAux(value, name=f"aux{i}"), when="training", name=f"output_aux{i}")
    x = g.Flatten(g.AvgPool2d(x, kernel_size=7, name="avgpool"), name="flatten")
    return g.Linear(g.Dropout(x, p=0.4, name="dropout"), out_features=1000, name="fc")


@network(name="inception-v3", title="Inception V3", family=FAMILY, decks=("CUHK", "CUHK-marp"), task="classification", parameters=27_161_264,
         paper=f"{INCEPTION}; as in torchvision", inputs=((3, 299, 299),), outputs=((1000,), (1000,)), data=IMAGENET,
         look="Compare the shapes with the deck's table: 35×35×288, 17×17×768, 8×8×2048. Open mixed6b: a window of 7×7 is taken apart into 1×7 and 7×1. "
              "The aux head is there in training only; without it the network has 23,834,568 parameters.")
def inception_v3(g, image):
    """Inception with its windows taken apart: 5×5 as two 3×3, 7×7 as 1×7 and 7×1."""
    x = g.ConvNormAct(image, out_channels=32, stride=2, padding=0, eps=EPS, name="conv1a")
    x = g.ConvNormAct(g.ConvNormAct(x, out_channels=32, padding=0, eps=EPS, name="conv2a"), out_channels=64, eps=EPS, name="conv2b")
    x = g.ConvNormAct(g.MaxPool2d(x, kernel_size=3, stride=2, name="maxpool1"), out_channels=80, kernel_size=1, eps=EPS, name="conv3b")
    x = g.MaxPool2d(g.ConvNormAct(x, out_channels=192, padding=0, eps=EPS, name="conv4a"), kernel_size=3, stride=2, name="maxpool2")
    for name, features in (("b", 32), ("c", 64), ("d", 64)):
        x = g.InceptionA(x, pool_features=features, eps=EPS, name=f"mixed5{name}")
    x = g.InceptionB(x, eps=EPS, name="mixed6a")
    for name, channels in (("b", 128), ("c", 160), ("d", 160), ("e", 192)):
        x = g.InceptionC(x, channels_7x7=channels, eps=EPS, name=f"mixed6{name}")
    g.Output(g.InceptionAux(x, eps=EPS, name="aux"), when="training", name="output_aux")
    x = g.InceptionD(x, eps=EPS, name="mixed7a")
    for name in "bc":
        x = g.InceptionE(x, eps=EPS, name=f"mixed7{name}")
    x = g.Flatten(g.Dropout(g.AdaptiveAvgPool2d(x, name="avgpool"), name="dropout"), name="flatten")
    return g.Linear(x, out_features=1000, name="fc")


@network(name="inception-v3-stem", title="Inception V3, the deck's stem", family=FAMILY, decks=("CUHK", "CUHK-marp"), task="features",
         paper=f"{INCEPTION}, table 1", parameters=711_872, inputs=((3, 299, 299),), outputs=((288, 35, 35),), data=IMAGENET,
         look="The deck's table has this beginning, 3×3 of 80, 3×3 of 192 with stride 2, 3×3 of 288; every program has another, with a 1×1 and a second "
              "pooling: open inception-v3 beside it. Both arrive at 35×35.")
def inception_v3_stem(g, image):
    """The first seven rows of the deck's table: from 299×299 pixels to 35×35 with 288 channels."""
    x = image
    for i, (channels, stride, padding) in enumerate(((32, 2, 0), (32, 1, 0), (64, 1, 1)), 1):
        x = g.ConvNormAct(x, out_channels=channels, stride=stride, padding=padding, eps=EPS, name=f"conv{i}")
    x = g.MaxPool2d(x, kernel_size=3, stride=2, name="pool")
    for i, (channels, stride, padding) in enumerate(((80, 1, 0), (192, 2, 0), (288, 1, 1)), 4):
        x = g.ConvNormAct(x, out_channels=channels, stride=stride, padding=padding, eps=EPS, name=f"conv{i}")
    return x
