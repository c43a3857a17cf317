"""Activations: one number in, one number out, except the softmax family and the gate. Any shape."""

from .combining import Made, Values, along, combining, made, own_axis, refuse, replaced
from .formulas import DOCS
from .params import Bool, Choice, Float, Int
from .reach import elementwise, mixed
from .sizes import Shape, carries_batch, show
from .spec import Combine, Layer, register

SAME = "... -> ..."
INF = float("inf")


def activation(kind: str, summary: str, *params, keys: tuple[str, ...] = (), gives: tuple[float, float] | None = None, keeps_positive: bool = False,
               combine: Combine | None = None, **more) -> Layer:
    """Declare the activation that torch.nn calls `kind`; `gives` is the range of what it gives with its defaults."""
    more = {"module": f"torch.nn.{kind}", "source": f"{DOCS}{kind}.html", **more}
    return register(Layer(kind=kind, category="Activation", summary=summary, pattern=SAME, params=params, keys=keys, span=gives, keeps_positive=keeps_positive,
                          combine=combine, **more))


activation("ReLU", "Keeps positive values, sets negative ones to 0.", gives=(0.0, INF), keeps_positive=True, keeps="output")
activation("ReLU6", "Keeps values between 0 and 6, cuts the others off there: safe to round to few bits.", gives=(0.0, 6.0))
activation("LeakyReLU", "Keeps positive values, multiplies negative ones by a small slope, so that their gradient does not vanish.",
           Float("negative_slope", 0.01, "slope below zero"), keys=("negative_slope",), keeps_positive=True)
activation("ELU", "Keeps positive values, bends negative ones smoothly towards -alpha.",
           Float("alpha", 1.0, "the value that large negative inputs approach, with a minus sign"), keeps_positive=True)
activation("Sigmoid", "Squeezes every value between 0 and 1: 1 / (1 + exp(-x)).", gives=(0.0, 1.0), keeps="output")
activation("Tanh", "Squeezes every value between -1 and 1.", gives=(-1.0, 1.0), keeps="output")
activation("SiLU", "x times its sigmoid: like ReLU but smooth, slightly negative below zero; also called swish.")
activation("GELU", "x times the share of a normal distribution that lies below it: smooth, slightly negative below zero.",
           Choice("approximate", "none", ("none", "tanh"), "tanh: by a formula that was faster once, as in GPT-2"), source=f"Hendrycks & Gimpel 2016, arXiv:1606.08415; {DOCS}GELU.html")
activation("Softplus", "A smooth ReLU: log(1 + exp(beta*x)) / beta.",
           Float("beta", 1.0, "how sharply it bends; larger is closer to ReLU", min=1e-6),
           Float("threshold", 20.0, "where beta*x above this is passed on unchanged, against overflow"), gives=(0.0, INF))
activation("Hardswish", "A cheap piecewise version of SiLU.", source=f"Howard et al. 2019, arXiv:1905.02244; {DOCS}Hardswish.html")
activation("Hardsigmoid", "A cheap piecewise version of Sigmoid: 0 below -3, 1 above 3, a straight line between.", gives=(0.0, 1.0))


def bounds(values: Values, x: Shape) -> Made:
    """Hardtanh: its bounds in their order."""
    if values["min_val"] >= values["max_val"]:
        refuse(f"the lower bound {values['min_val']:g} is not below the upper one {values['max_val']:g}", "needs min_val < max_val", "value", "min_val")
    return made(x)


activation("Hardtanh", "Cuts values off below and above: a Tanh of straight lines.", Float("min_val", -1.0, "nothing below this"), Float("max_val", 1.0, "nothing above this"),
           gives=(-1.0, 1.0), combine=combining(bounds), window=elementwise)
activation("SELU", "An ELU with fixed constants that keep mean 0 and spread 1 from layer to layer.", source=f"Klambauer et al. 2017, arXiv:1706.02515; {DOCS}SELU.html")
activation("CELU", "An ELU whose slope has no jump, whatever alpha is.", Float("alpha", 1.0, "the value that large negative inputs approach, with a minus sign", min=1e-6),
           keeps_positive=True)
activation("Mish", "x times the Tanh of its Softplus: smooth, slightly negative below zero.", source=f"Misra 2019, arXiv:1908.08681; {DOCS}Mish.html")
activation("Softsign", "Squeezes every value between -1 and 1, more slowly than Tanh: x / (1 + |x|).", gives=(-1.0, 1.0), extra="4 * outputs")
activation("LogSigmoid", "The logarithm of Sigmoid, computed stably.", gives=(-INF, 0.0), extra="4 * outputs")
activation("Tanhshrink", "x minus its Tanh: small values almost vanish.", keeps="", extra="4 * outputs")
activation("Softshrink", "Moves every value towards 0 by lambd; what is closer becomes 0.", Float("lambd", 0.5, "how far", min=0.0))
activation("Hardshrink", "Sets values closer to 0 than lambd to 0, keeps the others.", Float("lambd", 0.5, "how close"))
activation("Threshold", "Keeps values above a threshold, replaces the others.", Float("threshold", 0.0, "what must be passed"), Float("value", 0.0, "what stands for the others"),
           keys=("threshold", "value"))
activation("ShiftedReLU", "A ReLU that cuts off below 0: nothing is smaller than shift.", Float("shift", -1.0, "the smallest value that is let through"), keys=("shift",),
           module="", call="{0}.clamp(min={shift})", source="Clevert et al. 2016, arXiv:1511.07289, section 4")
activation("Step", "1 for positive values, 0 for the others: the perceptron's answer.",
           Choice("gradient", "straight-through", ("straight-through", "none"), "a step has slope 0; straight-through lets the gradient pass as if it were a line"),
           module="", call=lambda values: "({0} > 0).to({0}.dtype)" + (" + ({0} - {0}.detach())" if values["gradient"] == "straight-through" else ""),
           source="Rosenblatt 1958, doi.org/10.1037/h0042519; straight-through: Bengio et al. 2013, arXiv:1308.3432", gives=(0.0, 1.0))


def sloped(values: Values, x: Shape) -> Made:
    """PReLU: one slope, or one a channel."""
    if not values["per_channel"]:
        return made(x, slopes=1)
    if len(x) < 2 or carries_batch(x[1:2]):
        refuse(f"there is no axis of channels in {show(x)}", "needs N×C×…", "rank", "per_channel")
    return made(x, f"{x[1]} slopes, one a channel", slopes=x[1])


activation("PReLU", "Keeps positive values, multiplies negative ones by a slope that is learned.", Bool("per_channel", False, "learn a slope for each channel, not one for all"),
           Float("init", 0.25, "the slope that it starts from"), combine=combining(sloped), window=elementwise, inferred={"num_parameters": "slopes"}, weights="slopes",
           source=f"He et al. 2015, arXiv:1502.01852; {DOCS}PReLU.html", keeps_positive=True)


def between(values: Values, x: Shape) -> Made:
    """RReLU: its bounds in their order."""
    if values["lower"] > values["upper"]:
        refuse(f"the slopes begin at {values['lower']:g} and end at {values['upper']:g}", "needs lower <= upper", "value", "lower")
    return made(x)


activation("RReLU", "A LeakyReLU whose slope is drawn anew for every number while training.", Float("lower", 0.125, "the smallest slope"),
           Float("upper", 1 / 3, "the largest slope"), combine=combining(between), window=elementwise, source=f"Xu et al. 2015, arXiv:1505.00853; {DOCS}RReLU.html", keeps_positive=True, extra="4 * outputs")

DIM = Int("dim", 1, "the axis that sums to 1; 1 is channels or features, -1 the last", min=None)
activation("Softmax", "Turns scores into positive shares that sum to 1 along an axis.", DIM, keys=("dim",), combine=combining(along), window=mixed("dim"), keeps="output", gives=(0.0, 1.0))
activation("LogSoftmax", "The logarithm of softmax, computed stably.", DIM, keys=("dim",), combine=combining(along), window=mixed("dim"), keeps="output", gives=(-INF, 0.0))
activation("Softmin", "Softmax of the scores with the other sign: the smallest gets the largest share.", DIM, keys=("dim",), combine=combining(along), window=mixed("dim"), keeps="output", gives=(0.0, 1.0))


def gated(values: Values, x: Shape) -> Made:
    """GLU: one half gates the other."""
    at = own_axis(x, values["dim"])
    if x[at] % 2:
        refuse(f"axis {values['dim']} has {x[at]} entries: it has no two halves", f"needs an even number; the input is {show(x)}", "value", "dim")
    return made(replaced(x, at, x[at] // 2), f"{x[at]} / 2 = {x[at] // 2}")


activation("GLU", "One half of the numbers, multiplied by the Sigmoid of the other half.", Int("dim", 1, "the axis that is halved", min=None), keys=("dim",),
           combine=combining(gated), window=mixed("dim"), source=f"Dauphin et al. 2017, arXiv:1612.08083; {DOCS}GLU.html")
