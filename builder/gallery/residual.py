"""Residual networks, and those that weigh their channels too. The counts of the large ones are torchvision's and timm's."""

from __future__ import annotations

from .classics import IMAGENET
from .entry import network, recipe

FAMILY = "Residual networks"
RESNET = "He et al. 2015, arXiv:1512.03385"
SENET = "Hu et al. 2018, arXiv:1709.01507"
DECKS = ("ECNU", "NTU", "Bootcamp")
# Section 4.2 of the paper: batches of 128, weight decay 1e-4, momentum 0.9, lr 0.1 until it is divided. 91.25 and 93.03 % are the paper's.
ON_CIFAR = {"cifar10": recipe(164, 128, "SGD", lr=0.1, momentum=0.9, weight_decay=1e-4)}


def stem(g, image):
    """The beginning of every ResNet for large images: a quarter of their height and width."""
    x = g.Conv2d(image, out_channels=64, kernel_size=7, stride=2, padding=3, bias=False, name="conv1")
    x = g.ReLU(g.BatchNorm2d(x, name="bn1"), name="relu")
    return g.MaxPool2d(x, kernel_size=3, stride=2, padding=1, name="maxpool")


def stages(g, x, kind, blocks, channels, **params):
    """A stage a row of blocks; from the second stage on the first block halves the image."""
    for i, (count, wide) in enumerate(zip(blocks, channels, strict=True), 1):
        if i > 1:
            x = getattr(g, kind)(x, out_channels=wide, stride=2, name=f"layer{i}_down", **params)
        x = getattr(g, kind)(x, out_channels=wide, name=f"layer{i}", **({"repeat": more} if (more := count - (i > 1)) > 1 else {}), **params)
    return x


def classifier(g, x, classes):
    """The mean of every channel, then one score a class."""
    return g.Linear(g.Flatten(g.AdaptiveAvgPool2d(x, name="avgpool"), name="flatten"), out_features=classes, name="fc")


def resnet(g, image, kind, blocks, **params):
    """A ResNet for ImageNet."""
    channels = (64, 128, 256, 512) if "Basic" in kind else (256, 512, 1024, 2048)
    return classifier(g, stages(g, stem(g, image), kind, blocks, channels, **params), 1000)


def small(g, image, kind, blocks, **params):
    """A ResNet of 6n + 2 layers for CIFAR-10."""
    x = g.Conv2d(image, out_channels=16, kernel_size=3, padding=1, bias=False, name="conv1")
    x = g.ReLU(g.BatchNorm2d(x, name="bn1"), name="relu")
    return classifier(g, stages(g, x, kind, (blocks,) * 3, (16, 32, 64), **params), 10)


def large(layers, parameters, look, paper=f"{RESNET}, table 1", decks=DECKS, name="", title=""):
    """What the residual networks for ImageNet have in common."""
    return network(name=name or f"resnet{layers}", title=title or f"ResNet-{layers}", family=FAMILY, decks=decks, task="classification", paper=paper,
                   parameters=parameters, inputs=((3, 224, 224),), outputs=((1000,),), look=look, data=IMAGENET)


@large(18, 11_689_512,
       look="Open layer2_down: where image and channels change, a 1×1 convolution brings the shortcut into shape; in layer2 the input itself is added. "
            "Count 18: conv1, two in each of eight blocks, fc.")
def resnet18(g, image):
    """Blocks that learn what to add to their input, so that a gradient reaches the first layer as it left the last."""
    return resnet(g, image, "BasicBlock", (2, 2, 2, 2))


@large(34, 21_797_672,
       look="The same blocks as ResNet-18, more often: change repeat in layer3 and see parameters and arithmetic follow, nothing else.")
def resnet34(g, image):
    """ResNet-18 made deeper by repeating: the paper's example that depth helps once shortcuts are there."""
    return resnet(g, image, "BasicBlock", (3, 4, 6, 3))


@large(50, 25_557_032,
       look="Open a Bottleneck: 1×1 narrows to a quarter, 3×3 works there, 1×1 widens again. 50 layers cost hardly more than the 34 before. "
            "Even layer1 projects its shortcut once, from 64 channels to 256.")
def resnet50(g, image):
    """The residual network most used as a backbone: bottlenecks instead of pairs of 3×3 convolutions."""
    return resnet(g, image, "Bottleneck", (3, 4, 6, 3))


@large(101, 44_549_160, look="All that was added to ResNet-50 is 17 more copies in layer3, where the image has 14×14 pixels.")
def resnet101(g, image):
    """ResNet-50 with a longer third stage."""
    return resnet(g, image, "Bottleneck", (3, 4, 23, 3))


@large(152, 60_192_808,
       look="Eleven times as many layers as AlexNet has convolutions and fully connected layers together, and fewer parameters: compare the two reports.")
def resnet152(g, image):
    """The network that won ImageNet in 2015."""
    return resnet(g, image, "Bottleneck", (3, 8, 36, 3))


@network(name="resnet20-cifar", title="ResNet-20 on CIFAR-10", family=FAMILY, decks=("Bootcamp", "ECNU", "NTU"), task="classification",
         paper=f"{RESNET}, section 4.2; shortcuts of option A", parameters=269_722, inputs=((3, 32, 32),), outputs=((10,),), recipes=ON_CIFAR,
         look="Open layer2_down: its shortcut takes every second pixel and adds channels of zeros, so it learns nothing and costs nothing. "
              "All of ResNet-20 has less than a fortieth of ResNet-18's parameters. 91.25 % in the paper.")
def resnet20_cifar(g, image):
    """The paper's small ResNet: three stages of 16, 32 and 64 channels, shortcuts without parameters."""
    return small(g, image, "BasicBlock", 3, shortcut="zeros")


@network(name="resnet56-cifar", title="ResNet-56 on CIFAR-10", family=FAMILY, decks=("Bootcamp", "ECNU", "NTU"), task="classification",
         paper=f"{RESNET}, section 4.2; shortcuts of option A", parameters=853_018, inputs=((3, 32, 32),), outputs=((10,),), recipes=ON_CIFAR,
         look="The paper's figure 1: without shortcuts, 56 layers train worse than 20. Mute the Add of a block's copy and see how the loss starts. "
              "93.03 % in the paper.")
def resnet56_cifar(g, image):
    """ResNet-20 with nine blocks a stage instead of three."""
    return small(g, image, "BasicBlock", 9, shortcut="zeros")


@network(name="resnet20-cifar-b", title="ResNet-20 on CIFAR-10, option B", family=FAMILY, decks=("Bootcamp",), task="classification",
         paper=f"{RESNET}, sections 3.3 and 4.2; the shortcut of the Bootcamp deck", parameters=272_474, inputs=((3, 32, 32),), outputs=((10,),),
         recipes=ON_CIFAR,
         look="2,752 parameters more than resnet20-cifar: two 1×1 convolutions of stride 2, 16·32 and 32·64 weights, and their normalisations.")
def resnet20_cifar_b(g, image):
    """The small ResNet with a learned shortcut where the image shrinks, as the deck draws it."""
    return small(g, image, "BasicBlock", 3)


@large(18, 11_779_624, name="se-resnet18", title="SE-ResNet-18", paper=f"{SENET}; as in timm", decks=("Bootcamp",),
       look="Open a block, then its se: the image is averaged to one number a channel, and two small layers turn these into weights between 0 and 1. "
            "Less than 1 % more parameters than ResNet-18.")
def se_resnet18(g, image):
    """ResNet-18 that learns which of its channels matter for the image at hand."""
    # timm rounds the middle to a multiple of 8 channels: 64 // 16 would be 4.
    return resnet(g, image, "SEBasicBlock", (2, 2, 2, 2), divisor=8)


@large(50, 28_088_024, name="se-resnet50", title="SE-ResNet-50", paper=f"{SENET}, table 1; as in timm", decks=("Bootcamp",),
       look="2.5 million parameters more than ResNet-50, nearly all in layer4, where a gate reads 2,048 channels; and hardly any more arithmetic, "
            "because a gate works on single numbers. Try reduction 8 and 32.")
def se_resnet50(g, image):
    """ResNet-50 with a gate on every channel of every block: the winner of 2017 is made of these."""
    return resnet(g, image, "SEBottleneck", (3, 4, 6, 3))


@network(name="se-resnet20-cifar", title="SE-ResNet-20 on CIFAR-10", family=FAMILY, decks=("Bootcamp",), task="classification",
         paper=f"{SENET}; as in the Bootcamp deck's repository", parameters=272_095, inputs=((3, 32, 32),), outputs=((10,),), recipes=ON_CIFAR,
         look="2,373 parameters more than resnet20-cifar: nine gates, of 16 to 64 channels. Open a block's se: GAVG, DENSE, ReLU, DENSE, sigmoid, as on "
              "the slide.")
def se_resnet20_cifar(g, image):
    """The paper's small ResNet with the deck's gates on its channels."""
    return small(g, image, "SEBasicBlock", 3, shortcut="zeros")


@network(name="se-resnet20-cifar-b", title="SE-ResNet-20 on CIFAR-10, option B", family=FAMILY, decks=("Bootcamp",), task="classification",
         paper=f"{SENET}; as in moskomule/senet.pytorch", parameters=274_490, inputs=((3, 32, 32),), outputs=((10,),), recipes=ON_CIFAR,
         look="Gates without offsets, 16 times narrower in the middle: for 16 channels that is a single number. Try reduction 4, which its authors "
              "found better on so small a network.")
def se_resnet20_cifar_b(g, image):
    """The small ResNet with projected shortcuts and channel gates without offsets."""
    return small(g, image, "SEBasicBlock", 3, bias=False)
