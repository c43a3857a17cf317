"""What the weights of one brick begin as, where that is not what the project's initialiser gives to all."""

from __future__ import annotations

from . import training
from .combining import Values
from .params import Choice
from .spec import INITIALIZERS

assert training  # imported for the initialisers that it declares
RANDOM = tuple(kind for kind, record in INITIALIZERS.items() if record.module)
DOC = "what the weights begin as: default, the project's initial weights; a rule of their own; or all 0"


def start(*more: str, doc: str = DOC) -> Choice:
    """The parameter of a layer for what its weights begin as."""
    return Choice("init", "default", ("default", *RANDOM, "zeros", *more), doc)


def started(values: Values) -> str:
    """Lines that give the first weights by a rule of torch.nn.init; none for the default."""
    kind = values["init"]
    if kind in RANDOM:
        record = INITIALIZERS[kind]
        # A gain of 1 is torch's own default.
        arguments = [f", {name}={value!r}" for name, value in record.arguments({}).items() if (name, value) != ("gain", 1.0)]
        return f"{record.module.removeprefix('torch.')}({{self}}.weight{''.join(arguments)})"
    if kind == "zeros":
        return "nn.init.zeros_({self}.weight)" + ("\nnn.init.zeros_({self}.bias)" if values["bias"] else "")
    return ""
