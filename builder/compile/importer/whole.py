"""Modules that are one brick: torch's own layers that the catalogue has, and what other libraries have that is the same."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field

from torch import nn

from builder.catalogue import LAYERS, Layer

# Arguments of constructors that do not change what comes out.
SILENT = frozenset({"device", "dtype", "inplace", "padding_idx"})
# What a module calls that the brick calls otherwise; a module of this class and none other is taken.
ELSEWHERE = {("torchvision.ops.stochastic_depth", "StochasticDepth"): "StochasticDepth", ("timm.layers.drop", "DropPath"): "StochasticDepth"}
NOTHING = frozenset({"Identity"})
DROPS = frozenset({"Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "AlphaDropout", "FeatureAlphaDropout", "StochasticDepth"})


@dataclass(frozen=True)
class Whole:
    """The brick that a module is; kind "" for one that changes nothing."""

    kind: str
    params: Mapping[str, object] = field(default_factory=dict)
    keys: tuple[str, ...] = ()


@functools.cache
def _by_class() -> dict[str, Layer]:
    return {layer.module.rpartition(".")[2]: layer for layer in LAYERS.values() if layer.module.startswith("torch.nn.") and not layer.block}


def whole(module: nn.Module) -> Whole | None:
    """The brick that `module` is; None when it must be looked into."""
    if module._forward_hooks or module._forward_pre_hooks:
        return None
    kind = ELSEWHERE.get((type(module).__module__, type(module).__name__))
    if kind:
        return _dropping(module)
    base = next((cls for cls in type(module).__mro__ if cls.__module__.startswith("torch.nn.modules.") and cls.__name__ in _by_class()), None)
    if base is nn.Identity or type(module) is nn.Identity:
        return Whole("") if type(module).forward is nn.Identity.forward else None
    if base is None or type(module).forward is not base.forward or any(
            getattr(type(module), name, None) is not getattr(base, name, None) for name in ("_conv_forward", "__call__")):
        return None
    layer = _by_class()[base.__name__]
    params = _params(module, base, layer)
    if params is None:
        return None
    if layer.kind in DROPS and not params.get("p"):
        return Whole("")
    keys = tuple(module.state_dict())
    return Whole(layer.kind, params, keys) if not any(module.children()) or layer.kind == "MultiheadAttention" else None


def _dropping(module: nn.Module) -> Whole | None:
    """Stochastic depth as torchvision or timm has it."""
    if hasattr(module, "drop_prob"):
        if not module.drop_prob:
            return Whole("")
        return Whole("StochasticDepth", {"p": float(module.drop_prob), "mode": "row"}) if getattr(module, "scale_by_keep", True) else None
    return Whole("StochasticDepth", {"p": float(module.p), "mode": module.mode}) if module.p else Whole("")


def _params(module: nn.Module, base: type, layer: Layer) -> dict[str, object] | None:
    """The brick's parameters read off the module; None when the module has a setting that the brick has not."""
    arguments = inspect.signature(base).parameters
    params: dict[str, object] = {}
    for param in layer.params:
        value = _setting(module, param.name)
        if value is _MISSING:
            continue
        params[param.name] = float(value) if param.type == "float" and type(value) is int else value
    if layer.kind == "LayerNorm":
        params["axes"] = len(module.normalized_shape)
        if not module.elementwise_affine:
            params.pop("bias", None)
    for name, argument in arguments.items():
        if name in params or name in layer.inferred or name in SILENT or argument.kind in (argument.VAR_KEYWORD, argument.VAR_POSITIONAL):
            continue
        value = _setting(module, name)
        if value is not _MISSING and argument.default is not argument.empty and _plain(value) != _plain(argument.default) and not _is_own_size(module, name, value):
            return None
    if isinstance(params.get("padding"), str):
        return None
    return None if any(param.check(param.normal(params[param.name])) for param in layer.params if param.name in params) else params


_MISSING = object()


def _setting(module: nn.Module, name: str) -> object:
    """A constructor's argument as the module keeps it."""
    if name == "bias" and isinstance(module, nn.MultiheadAttention):
        return module.in_proj_bias is not None
    if name == "bias" and name in module._parameters:
        return module.bias is not None
    value = getattr(module, name, _MISSING)
    if isinstance(value, list):
        value = tuple(value)
    return value[0] if isinstance(value, tuple) and len(value) == 1 else value


def _plain(value: object) -> object:
    """A setting to be compared: (1, 1) is 1."""
    return value[0] if isinstance(value, tuple) and value and len(set(value)) == 1 else value


def _is_own_size(module: nn.Module, name: str, value: object) -> bool:
    """MultiheadAttention keeps sizes of keys and values that are those of the queries."""
    return name in ("kdim", "vdim") and value == getattr(module, "embed_dim", None)
