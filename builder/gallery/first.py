"""The first networks of the lectures, each with its recipe."""

from __future__ import annotations

from .entry import network, recipe

FAMILY = "First networks"

# Digits has 1,437 samples where MNIST has 60,000: an epoch in batches of 100 would be 15 steps there, so the batches are small.
# 97.8 to 98.6 % over ten seeds; with momentum 0.9 the spread is 96.4 to 99.2 %.
ON_DIGITS = recipe(15, 8, "SGD", lr=0.05)


@network(name="mnist-cnn", title="MNIST CNN", family=FAMILY, decks=("CUHK",), task="classification", parameters=21_840,
         paper="CUHK deck; the network of the PyTorch MNIST example, LeCun et al. 1998 in spirit",
         inputs=((1, 28, 28),), outputs=((10,),), recipes={"digits": ON_DIGITS, "distorted-digits": recipe(15, 32, "Adam", lr=0.002), "mnist": recipe(10, 100, "SGD", lr=0.01),
                  "kmnist": recipe(10, 100, "SGD", lr=0.01, momentum=0.9)},
         look="Why is fc1 320 wide? Select flatten: 20·4·4. Watch the ten 5×5 filters of conv1 turn into strokes and edges while it trains.")
def mnist_cnn(g, image):
    """Two convolutions and two fully connected layers read handwritten digits."""
    x = image
    for i, channels in enumerate((10, 20), 1):
        x = g.MaxPool2d(g.Conv2d(x, out_channels=channels, kernel_size=5, name=f"conv{i}"), kernel_size=2, name=f"pool{i}")
        x = g.ReLU(x, name=f"relu{i}")
    x = g.ReLU(g.Linear(g.Flatten(x, name="flatten"), out_features=50, name="fc1"), name="relu3")
    return g.Linear(x, out_features=10, name="fc2")


@network(name="fashion-mlp", title="Fashion-MNIST MLP", family=FAMILY, decks=("ECNU",), task="classification", parameters=669_706,
         paper="ECNU deck; the PyTorch quickstart network", inputs=((1, 28, 28),), outputs=((10,),),
         recipes={"fashion-mnist": recipe(5, 64, "SGD", lr=0.001), "digits": ON_DIGITS, "mnist": recipe(5, 64, "SGD", lr=0.1)},
         look="Nearly all of the 669,706 parameters sit in two bricks. The lecture's learning rate of 0.001 learns slowly on purpose: try 0.1.")
def fashion_mlp(g, image):
    """Three fully connected layers tell ten kinds of clothes apart, without a single convolution."""
    x = g.Flatten(image, name="flatten")
    for i in (1, 2):
        x = g.ReLU(g.Linear(x, out_features=512, name=f"fc{i}"), name=f"relu{i}")
    return g.Linear(x, out_features=10, name="fc3")


@network(name="lenet-cifar", title="LeNet on CIFAR-10", family=FAMILY, decks=("NTU",), task="classification", parameters=62_006,
         paper="NTU deck; LeCun et al. 1998, in the form of the PyTorch CIFAR-10 tutorial", inputs=((3, 32, 32),), outputs=((10,),),
         recipes={"cifar10": recipe(2, 4, "SGD", lr=0.001, momentum=0.9), "svhn": recipe(5, 32, "SGD", lr=0.01, momentum=0.9)},
         look="Three input channels: every filter of conv1 is 3×5×5. Follow 32 → 28 → 14 → 10 → 5 down the column.")
def lenet_cifar(g, image):
    """The classic of 1998 on small colour photographs."""
    x = image
    for i, channels in enumerate((6, 16), 1):
        x = g.ReLU(g.Conv2d(x, out_channels=channels, kernel_size=5, name=f"conv{i}"), name=f"relu{i}")
        x = g.MaxPool2d(x, kernel_size=2, name=f"pool{i}")
    x = g.Flatten(x, name="flatten")
    for i, features in enumerate((120, 84), 1):
        x = g.ReLU(g.Linear(x, out_features=features, name=f"fc{i}"), name=f"relu{i + 2}")
    return g.Linear(x, out_features=10, name="fc3")


@network(name="bootcamp-cnn", title="Bootcamp CNN", family=FAMILY, decks=("Bootcamp",), task="classification", parameters=410_634,
         paper="Deep Learning Bootcamp with PyTorch, its plain MNIST CNN", inputs=((1, 28, 28),), outputs=((10,),),
         recipes={"mnist": recipe(1, 32, "Adam", lr=0.0002, beta1=0.5, beta2=0.99), "digits": recipe(15, 32, "Adam", lr=0.001)},
         look="Stride 2 halves the image three times: 28 → 14 → 7 → 4. Why 4? Hover over conv3.")
def bootcamp_cnn(g, image):
    """Strided convolutions shrink the image, no pooling needed."""
    x = image
    for i, channels in enumerate((64, 128, 256), 1):
        x = g.ReLU(g.Conv2d(x, out_channels=channels, kernel_size=3, stride=2, padding=1, name=f"conv{i}"), name=f"relu{i}")
    return g.Linear(g.Flatten(x, name="flatten"), out_features=10, name="fc")
