"""Activations: one number in, one number out, except the softmax pair. Any shape."""

from .formulas import DOCS
from .params import Float, Int
from .reach import mixed
from .spec import Layer, Rule, register

SAME = "... -> ..."


def activation(kind: str, summary: str, *params, **more) -> Layer:
    """Declare the activation that torch.nn calls `kind`."""
    return register(Layer(kind=kind, category="Activation", module=f"torch.nn.{kind}", summary=summary, source=f"{DOCS}{kind}.html",
                          pattern=SAME, params=params, **more))


activation("ReLU", "Keeps positive values, sets negative ones to 0.", keeps="output")
activation("ReLU6", "Keeps values between 0 and 6, cuts the others off there: safe to round to few bits.")
activation("LeakyReLU", "Keeps positive values, multiplies negative ones by a small slope, so that their gradient does not vanish.",
           Float("negative_slope", 0.01, "slope below zero"), keys=("negative_slope",))
activation("ELU", "Keeps positive values, bends negative ones smoothly towards -alpha.",
           Float("alpha", 1.0, "the value that large negative inputs approach, with a minus sign"))
activation("Sigmoid", "Squeezes every value between 0 and 1: 1 / (1 + exp(-x)).", keeps="output")
activation("Tanh", "Squeezes every value between -1 and 1.", keeps="output")
activation("SiLU", "x times its sigmoid: like ReLU but smooth, slightly negative below zero; also called swish.")
activation("Softplus", "A smooth ReLU: log(1 + exp(beta*x)) / beta.",
           Float("beta", 1.0, "how sharply it bends; larger is closer to ReLU", min=1e-6),
           Float("threshold", 20.0, "where beta*x above this is passed on unchanged, against overflow"))

DIM = Int("dim", 1, "the axis that sums to 1; 1 is channels or features, -1 the last", min=None)
DIM_RULES = (Rule("dim < rank and dim >= 0 - rank", "there is no axis {dim} in an input of {rank} axes", "dim", "dim"),
             Rule("dim != 0 and dim != 0 - rank", "axis {dim} is the batch; samples must not be mixed", "dim", "dim"))
activation("Softmax", "Turns scores into positive shares that sum to 1 along an axis.", DIM, keys=("dim",), rules=DIM_RULES, window=mixed("dim"), keeps="output")
activation("LogSoftmax", "The logarithm of softmax, computed stably.", DIM, keys=("dim",), rules=DIM_RULES, window=mixed("dim"), keeps="output")
