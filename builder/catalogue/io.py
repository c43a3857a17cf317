"""Where samples enter the network and where its answer leaves."""

from collections.abc import Mapping, Sequence

from .params import Ints
from .spec import BATCH, Layer, Shape, register


def entered(inputs: Sequence[Shape], values: Mapping[str, object]):
    """Input: a batch of samples of the given shape."""
    return (BATCH, *values["shape"]), [], [], {}


register(Layer(
    kind="Input", stem="image", category="Input and output", inputs=(0, 0), combine=entered,
    summary="The samples, as tensors of one shape; N is the number of samples in a batch.",
    source="https://docs.pytorch.org/docs/stable/tensors.html", pattern="-> N C H W",
    params=(Ints("shape", (1, 28, 28), "channels, height and width of one sample", max=65536),),
))
register(Layer(
    kind="Output", stem="output", category="Input and output", outputs=0, pattern="... -> ...",
    summary="The network's answer; for classification one score (logit) a class.",
    source="https://docs.pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html",
))
