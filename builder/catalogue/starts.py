"""What the weights of one brick begin as, where that is not what the project's initialiser gives to all."""

from __future__ import annotations

from dataclasses import replace

from . import training
from .combining import Values
from .params import Choice, Float, Param
from .spec import INITIALIZERS, Record, Rule

assert training  # imported for the initialisers that it declares
RANDOM: dict[str, Record] = {kind: record for kind, record in INITIALIZERS.items() if record.module}
DOC = "what the weights begin as: default, the project's initial weights; a rule of their own; or all 0"
# What torch takes where nothing is said.
TORCHS = {"gain": 1.0, "mode": "fan_in", "nonlinearity": "leaky_relu"}


def _own(name: str) -> Param:
    """A parameter of the rules as one of the brick: left empty it is what the rule has it as."""
    rules = {kind: param for kind, record in RANDOM.items() for param in record.params if param.name == name}
    param, when = next(iter(rules.values())), ("init", tuple(rules))
    if isinstance(param, Choice):
        return replace(param, name=f"init_{name}", when=when)
    groups: dict[str, list[str]] = {}
    for kind, one in rules.items():
        groups.setdefault(one.doc, []).append(kind)
    doc = "; ".join((f"{', '.join(kinds)}: " if len(groups) > 1 else "") + f"{words} ({' or '.join(dict.fromkeys(f'{rules[kind].default:g}' for kind in kinds))} where this is left empty)"
                    for words, kinds in groups.items())
    least = None if any(one.min is None for one in rules.values()) else max(one.min for one in rules.values())
    return Float(f"init_{name}", None, doc, min=least, optional=True, when=when)


def start(*more: str, doc: str = DOC) -> tuple[Param, ...]:
    """The parameters of a layer for what its weights begin as."""
    names = dict.fromkeys(param.name for record in RANDOM.values() for param in record.params)
    return (Choice("init", "default", ("default", *RANDOM, "zeros", *more), doc), *map(_own, names))


def _chosen(kind: str, values: Values) -> dict[str, object]:
    """What a rule is given by the parameters of a brick."""
    return {param.name: value for param in RANDOM[kind].params if (value := values[f"init_{param.name}"]) is not None}


def _bound(name: str) -> str:
    """A bound of the numbers that a brick's rule draws, as a formula."""
    trunc, even = (next(param.default for param in RANDOM[kind].params if param.name == name) for kind in BOUNDED)
    return f"(init_{name} if init_{name} != None else {trunc} if init == '{BOUNDED[0]}' else {even})"


BOUNDED = ("TruncNormal", "Uniform")
RULES = (Rule(f"init != '{BOUNDED[0]}' and init != '{BOUNDED[1]}' or {_bound('a')} < {_bound('b')}",
              "{init} draws weights between init_a and init_b, so init_a must be below init_b", "value", "init_a"),)


def started(values: Values) -> str:
    """Lines that give the first weights by a rule of torch.nn.init; none for the default."""
    kind = values["init"]
    if kind in RANDOM:
        given = RANDOM[kind].arguments(_chosen(kind, values))
        arguments = [f", {name}={value!r}" for name, value in given.items() if TORCHS.get(name) != value and not (name == "a" and value == 0 and kind != "TruncNormal")]
        return f"{RANDOM[kind].module.removeprefix('torch.')}({{self}}.weight{''.join(arguments)})"
    if kind == "zeros":
        return "nn.init.zeros_({self}.weight)" + ("\nnn.init.zeros_({self}.bias)" if values["bias"] else "")
    return ""
