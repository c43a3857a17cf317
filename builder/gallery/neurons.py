"""Single neurons, and layers that come in between: the perceptron, one hidden layer, maxout, and a network that reads row by row."""

from __future__ import annotations

from .entry import network, recipe

FAMILY = "Neurons and rows"


@network(name="perceptron", title="Perceptron", family=FAMILY, decks=("CUHK", "ECNU", "NTU"), task="regression", parameters=3,
         paper="Rosenblatt 1958, The perceptron, Psychological Review 65(6)", inputs=((2,),), outputs=((1,),),
         data="the four rows of AND or OR",
         look="Two weights and an offset draw one straight line: AND and OR lie on two sides of it, XOR does not (Minsky & Papert 1969). "
              "A step has slope 0; with the gradient let straight through, a squared error gives Rosenblatt's own rule: "
              "add what was missing times the input.")
def perceptron(g, x):
    """One neuron: it fires when the weighted sum of its two inputs is positive."""
    return g.Step(g.Linear(x, out_features=1, name="fc"), name="step")


@network(name="universal-approximation", title="Universal approximation", family=FAMILY, decks=("ECNU",), task="regression", parameters=97,
         paper="Cybenko 1989, Approximation by superpositions of a sigmoidal function; Hornik et al. 1989", inputs=((1,),), outputs=((1,),),
         recipes={"curve": recipe(200, 50, "Adam", "MSELoss", lr=0.01)},
         look="Each of the 32 hidden neurons is one bend of the curve: 3·32 + 1 = 97 numbers. Set out_features of fc1 to 2 and count how many "
              "bends are left.")
def universal_approximation(g, x):
    """One hidden layer, wide enough, comes as near to any continuous curve as you like."""
    return g.Linear(g.Tanh(g.Linear(x, out_features=32, name="fc1"), name="tanh"), out_features=1, name="fc2")


@network(name="points-mlp", title="MLP for points", family=FAMILY, decks=("ECNU", "CUHK"), task="classification", parameters=1_218,
         paper="Lang & Witbrock 1988, Learning to tell two spirals apart; a plain network with ReLU in place of their shortcuts", inputs=((2,),), outputs=((2,),),
         recipes={"spirals": recipe(60, 32, "Adam", lr=0.005), "moons": recipe(20, 32, "Adam", lr=0.005)},
         look="Two numbers in, two scores out: everything between bends one boundary. Take fc2 out and train on the spirals again, or set out_features "
              "to 4: the moons still part, the arms do not.")
def points_mlp(g, point):
    """Two hidden layers draw a boundary between points of the plane."""
    x = point
    for i in (1, 2):
        x = g.ReLU(g.Linear(x, out_features=32, name=f"fc{i}"), name=f"relu{i}")
    return g.Linear(x, out_features=2, name="fc3")


@network(name="maxout-mnist", title="Maxout network", family=FAMILY, decks=("CUHK", "ECNU", "Bootcamp"), task="classification",
         paper="Goodfellow et al. 2013, arXiv:1302.4389, section 5.1; sizes of pylearn2's mnist_pi.yaml", parameters=1_233_610,
         inputs=((1, 28, 28),), outputs=((10,),), recipes={"digits": recipe(15, 16, "SGD", lr=0.01), "mnist": recipe(20, 100, "SGD", lr=0.01, momentum=0.5)},
         look="There is no ReLU: open maxout1 and see how each of its 240 numbers is the largest of 5 weighted sums. That costs five times "
              "the weights, and the bend is learned.")
def maxout_mnist(g, image):
    """Two layers of maxout units read digits, with dropout on the pixels and on what the layers find."""
    x = g.Flatten(image, name="flatten")
    for i, share in enumerate((0.2, 0.5), 1):
        x = g.Maxout(g.Dropout(x, p=share, name=f"dropout{i}"), out_features=240, pieces=5, name=f"maxout{i}")
    return g.Linear(g.Dropout(x, p=0.5, name="dropout3"), out_features=10, name="fc")


@network(name="rnn-rows", title="LSTM over rows", family=FAMILY, decks=("Bootcamp",), task="classification", parameters=24_714,
         paper="Hochreiter & Schmidhuber 1997, Long short-term memory, Neural Computation 9(8)", inputs=((1, 28, 28),), outputs=((10,),),
         recipes={"digits": recipe(20, 16, "Adam", lr=0.001), "mnist": recipe(5, 64, "Adam", lr=0.001)},
         look="The image is 28 words of 28 numbers. 4·(28·64 + 64·64 + 2·64) = 24,064 weights serve every row: make the image taller and the "
              "count stays.")
def rnn_rows(g, image):
    """Reads a digit as a sentence of 28 rows, from the top down, and answers after the last one."""
    rows = g.Squeeze(image, dim=1, name="rows")
    every, _, _ = g.LSTM(rows, hidden_size=64, name="lstm")
    return g.Linear(g.Select(every, dim=1, index=-1, name="last"), out_features=10, name="fc")
