"""Source to a live torch.nn.Module, by running it."""

from __future__ import annotations

import ast
import hashlib
import linecache

import torch
from torch import nn

from .share import CLASS


def load(source: str) -> nn.Module:
    """The network in a text made by `source`; tracebacks show its lines (the habit of torch.fx.GraphModule)."""
    filename = f"<network {hashlib.sha256(source.encode()).hexdigest()[:12]}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    scope: dict[str, object] = {"__name__": "brickwork_network"}
    exec(compile(source, filename, "exec"), scope)
    return scope[CLASS]()


def unfilled(source: str) -> nn.Module:
    """The same without memory for its numbers, however many they are."""
    with torch.device("meta"):
        return load(source)


def started(source: str, network: nn.Module) -> tuple[str, ...]:
    """The names of the layers in a text's network whose first weights the text itself draws, by a rule of torch.nn.init."""
    own = {kind.name: _starts(kind) for kind in ast.parse(source).body if isinstance(kind, ast.ClassDef)}
    return tuple(".".join(filter(None, (name, layer))) for name, module in network.named_modules() for layer in own.get(type(module).__name__, ()))


def _starts(kind: ast.ClassDef) -> list[str]:
    """The attributes of a class that are called so in its constructor: `nn.init.orthogonal_(self.fc.weight)`."""
    calls = [node for node in ast.walk(kind) if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("nn.init.") and node.args]
    weights = [call.args[0].value for call in calls if isinstance(call.args[0], ast.Attribute) and call.args[0].attr == "weight"]
    return [weight.attr for weight in weights if isinstance(weight, ast.Attribute)]
