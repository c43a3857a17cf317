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
