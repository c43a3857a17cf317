"""Where samples enter the network and where its answer leaves."""

from collections.abc import Mapping, Sequence

from .params import Choice, Ints
from .sizes import BATCH, Shape
from .spec import Layer, register


def entered(inputs: Sequence[Shape], values: Mapping[str, object]):
    """Input: a batch of samples of the given shape."""
    return (BATCH, *values["shape"]), [], [], {}


def passed(inputs: Sequence[Shape], values: Mapping[str, object]):
    """BlockInput: what is wired to the block outside; nothing is known of it where the block stands alone."""
    return (inputs[0] if inputs else None), [], [], {}


register(Layer(
    kind="Input", stem="image", category="Input and output", inputs=(0, 0), combine=entered, scope="network", keeps="output",
    summary="The samples, as tensors of one shape; N is the number of samples in a batch.", gives="dtype",
    source="https://docs.pytorch.org/docs/stable/tensors.html", pattern="-> N C H W",
    params=(Ints("shape", (1, 28, 28), "channels, height and width of one sample", max=65536, fewest=0, most=8),
            Choice("dtype", "float32", ("float32", "int64"), "float32 are numbers, int64 are whole numbers such as words of a vocabulary")),
))
register(Layer(
    kind="Output", stem="output", category="Input and output", outputs=0, pattern="... -> ...", scope="network", reads="any",
    keeps="", extra="4 * inputs", view=True,  # of the loss: as many logarithms of shares
    params=(Choice("when", "always", ("always", "training"), "training: an answer that is given only while training, as of an auxiliary head"),),
    summary="The network's answer; for classification one score (logit) a class.",
    source="https://docs.pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html",
))
register(Layer(
    kind="BlockInput", stem="x", category="Input and output", inputs=(0, 0), combine=passed, keeps="", scope="block", pattern="-> ...",
    summary="An input of the block: what is wired to the block outside comes in here.",
    source="https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html",
))
register(Layer(
    kind="BlockOutput", stem="out", category="Input and output", outputs=0, pattern="... -> ...", scope="block", reads="any", keeps="", view=True,
    summary="An output of the block: what comes in here leaves the block.",
    source="https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html",
))
