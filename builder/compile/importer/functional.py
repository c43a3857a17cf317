"""torch.nn.functional in bricks: a call on a module's own parameters is the layer that would hold them."""

from __future__ import annotations

import math

import torch

from builder.catalogue import LAYERS

from .arithmetic import add, axes, div, mul
from .pen import Pen, Wire
from .shaping import cast, reshaped
from .table import op


def held(pen: Pen, **parts: Wire | None) -> dict[str, str] | None:
    """The names of a layer's tensors when one operation alone reads them; None when it must be given them by wire."""
    given = {name: part for name, part in parts.items() if part is not None}
    return {name: part.name for name, part in given.items()} if all(pen.own(part) for part in given.values()) else None


def pair(value: object, axes: int) -> object:
    """A window given as a list, as a tuple or one number."""
    value = tuple(value) if isinstance(value, list | tuple) else value
    return value[0] if isinstance(value, tuple) and len(value) == 1 and axes > 1 else value


@op("linear")
def linear(pen: Pen, x, weight, bias=None):
    names = held(pen, weight=weight, bias=bias)
    if names is None or len(weight.shape) != 2:
        return pen.lay("LinearWith", x, weight, *([bias] if bias is not None else []))
    return pen.lay("Linear", x, weights=names, out_features=weight.shape[0], bias=bias is not None)


def _convolved(rank: int):
    def conv(pen: Pen, x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
        names = held(pen, weight=weight, bias=bias)
        if len(x.shape) != rank + 2:
            raise pen.refuse(f"an input of {len(x.shape)} axes has no batch")
        kernel, stride, dilation = weight.shape[2:], pair(stride, rank), pair(dilation, rank)
        padding = same_padding(pen, kernel, dilation) if padding == "same" else 0 if padding == "valid" else pair(padding, rank)
        given = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
        if names is None:
            return pen.lay("ConvWith", x, weight, *([bias] if bias is not None else []), **given)
        return pen.lay(f"Conv{rank}d", x, weights=names, out_channels=weight.shape[0], kernel_size=tuple(kernel) if rank > 1 else kernel[0],
                       bias=bias is not None, **given)
    return conv


def same_padding(pen: Pen, kernel, dilation) -> tuple[int, ...] | int:
    """The pixels that padding="same" adds on each side."""
    dilation = dilation if isinstance(dilation, tuple) else (dilation,) * len(kernel)
    total = [d * (k - 1) for k, d in zip(kernel, dilation, strict=True)]
    if any(one % 2 for one in total):
        raise pen.refuse("padding='same' of an even window adds unequally at both ends")
    return tuple(one // 2 for one in total) if len(total) > 1 else total[0] // 2


for _rank in (1, 2, 3):
    op(f"conv{_rank}d")(_convolved(_rank))


def _transposed(rank: int):
    def conv(pen: Pen, x, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
        names = held(pen, weight=weight, bias=bias)
        if names is None:
            raise pen.refuse("a transposed convolution with borrowed weights has no brick")
        given = {"stride": stride, "padding": padding, "output_padding": output_padding, "dilation": dilation}
        return pen.lay(f"ConvTranspose{rank}d", x, weights=names, out_channels=weight.shape[1] * groups, kernel_size=pair(weight.shape[2:], rank),
                       bias=bias is not None, groups=groups, **{name: pair(value, rank) for name, value in given.items()})
    return conv


for _rank in (1, 2):
    op(f"conv_transpose{_rank}d")(_transposed(_rank))


# Normalisation.

@op("batch_norm")
def batch_norm(pen: Pen, x, running_mean, running_var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5, *_cudnn):
    names = held(pen, weight=weight, bias=bias)
    rank = {2: 1, 3: 1, 4: 2, 5: 3}.get(len(x.shape))
    keeps = running_mean is not None
    if rank is None or names is None or keeps and not running_mean.name:
        if keeps or names is not None or rank is None:
            raise pen.refuse("a batch normalisation with borrowed statistics has no brick")
        return affine(pen, _batch_normed(pen, x, rank, eps, False, {}), weight, bias, 1)
    if weight is None:
        return _batch_normed(pen, x, rank, eps, keeps, _running(running_mean, running_var), momentum)
    if bias is None:
        raise pen.refuse("a batch normalisation with a weight and no bias has no brick")
    return _batch_normed(pen, x, rank, eps, keeps, names | _running(running_mean, running_var), momentum, True)


def _running(mean: Wire | None, var: Wire | None) -> dict[str, str]:
    if mean is None:
        return {}
    counted = mean.name.removesuffix("running_mean") + "num_batches_tracked"
    return {"running_mean": mean.name, "running_var": var.name, "num_batches_tracked": counted}


def _batch_normed(pen: Pen, x: Wire, rank: int, eps: float, keeps: bool, names: dict, momentum: float | None = None, has_affine: bool = False) -> Wire:
    known = {param.name for param in LAYERS[f"BatchNorm{rank}d"].params}
    wanted = {"eps": eps, "affine": has_affine, "track_running_stats": keeps, **({"momentum": momentum} if keeps else {})}
    usual = {"affine": True, "track_running_stats": True}
    if lacking := [name for name in wanted if name not in known and wanted[name] != usual.get(name)]:
        raise pen.refuse(f"BatchNorm{rank}d has no parameter {lacking[0]}")
    return pen.lay(f"BatchNorm{rank}d", x, weights=names, **{name: value for name, value in wanted.items() if name in known})


def affine(pen: Pen, x: Wire, weight: Wire | None, bias: Wire | None, axis: int) -> Wire:
    """x times a weight plus a bias, one of each for every entry of an axis."""
    tail = (1,) * (len(x.shape) - axis - 1)
    if weight is not None:
        x = mul(pen, x, reshaped(pen, weight, (*weight.shape, *tail)))
    return add(pen, x, reshaped(pen, bias, (*bias.shape, *tail))) if bias is not None else x


@op("layer_norm")
def layer_norm(pen: Pen, x, normalized_shape, weight=None, bias=None, eps=1e-5, *_cudnn):
    names = held(pen, weight=weight, bias=bias)
    shape = tuple(normalized_shape)
    layer = LAYERS["LayerNorm"]
    key = "normalized_shape" if layer.param("normalized_shape") else "axes"
    value = shape if key == "normalized_shape" else len(shape)
    if names is None or weight is None and bias is not None:
        plain = pen.lay("LayerNorm", x, eps=eps, elementwise_affine=False, **{key: value})
        if len(shape) > 1:
            raise pen.refuse("borrowed weights of several axes have no brick")
        return affine(pen, plain, weight, bias, len(x.shape) - 1)
    more = {"bias": bias is not None} if layer.param("bias") and weight is not None else {}
    if weight is not None and bias is None and not more:
        return mul(pen, pen.lay("LayerNorm", x, eps=eps, elementwise_affine=False, **{key: value}), weight)
    return pen.lay("LayerNorm", x, weights=names, eps=eps, elementwise_affine=weight is not None, **{key: value}, **more)


@op("rms_norm")
def rms_norm(pen: Pen, x, normalized_shape, weight=None, eps=None):
    names = held(pen, weight=weight)
    if len(normalized_shape) != 1:
        raise pen.refuse("RMSNorm over several axes has no brick")
    eps = torch.finfo(torch.float32).eps if eps is None else eps
    if names is None:
        return mul(pen, pen.lay("RMSNorm", x, eps=eps, elementwise_affine=False), weight)
    return pen.lay("RMSNorm", x, weights=names, eps=eps, elementwise_affine=weight is not None)


@op("group_norm")
def group_norm(pen: Pen, x, num_groups, weight=None, bias=None, eps=1e-5, *_cudnn):
    names = held(pen, weight=weight, bias=bias)
    if names is None or (weight is None) != (bias is None):
        return affine(pen, pen.lay("GroupNorm", x, num_groups=num_groups, eps=eps, affine=False), weight, bias, 1)
    return pen.lay("GroupNorm", x, weights=names, num_groups=num_groups, eps=eps, affine=weight is not None)


@op("instance_norm")
def instance_norm(pen: Pen, x, running_mean=None, running_var=None, weight=None, bias=None, use_input_stats=True, momentum=0.1, eps=1e-5, *_cudnn):
    names = held(pen, weight=weight, bias=bias)
    if running_mean is not None or names is None:
        raise pen.refuse("an instance normalisation that keeps statistics has no brick")
    return pen.lay(f"InstanceNorm{len(x.shape) - 2}d", x, weights=names, eps=eps, affine=weight is not None)


@op("normalize")
def normalize(pen: Pen, x, p=2.0, dim=1, eps=1e-12, out=None):
    if p != 2:
        length = pen.lay("Norm", x, dims=(dim % len(x.shape),), keepdim=True, p=float(p))
        return div(pen, x, pen.lay("Clamp", length, min=eps, max=None))
    return pen.lay("L2Normalize", x, dim=dim % len(x.shape), eps=eps)


@op("local_response_norm")
def local_response_norm(pen: Pen, x, size, alpha=1e-4, beta=0.75, k=1.0):
    return pen.lay("LocalResponseNorm", x, size=size, alpha=float(alpha), beta=float(beta), k=float(k))


# Activations.

def _activation(kind: str, *names: str):
    """An activation whose arguments are the brick's parameters, in this order."""
    def activation(pen: Pen, x, *args, inplace=False, dtype=None, **named):
        args = [arg for arg in args if not (isinstance(arg, bool))]
        given = dict(zip(names, args, strict=False)) | named
        if "dim" in given:
            given["dim"] = given["dim"] % len(x.shape)
        declared = {param.name: param.type for param in LAYERS[kind].params} if kind in LAYERS else {}
        return pen.lay(kind, x, **{name: float(value) if declared.get(name) == "float" else value for name, value in given.items() if not name.startswith("_")})
    return activation


for _kind, _functions, *_names in (
        ("ReLU", ("relu", "relu_")), ("ReLU6", ("relu6",)), ("SiLU", ("silu", "silu_")), ("Mish", ("mish",)), ("Hardswish", ("hardswish",)),
        ("Hardsigmoid", ("hardsigmoid",)), ("Sigmoid", ("sigmoid", "sigmoid_", "expit")), ("Tanh", ("tanh", "tanh_")), ("SELU", ("selu", "selu_")),
        ("LogSigmoid", ("logsigmoid",)), ("Softsign", ("softsign",)), ("Tanhshrink", ("tanhshrink",)), ("GELU", ("gelu",), "approximate"),
        ("ELU", ("elu", "elu_"), "alpha"), ("CELU", ("celu", "celu_"), "alpha"), ("LeakyReLU", ("leaky_relu", "leaky_relu_"), "negative_slope"),
        ("Hardtanh", ("hardtanh", "hardtanh_"), "min_val", "max_val"), ("Softplus", ("softplus",), "beta", "threshold"),
        ("Softshrink", ("softshrink",), "lambd"), ("Hardshrink", ("hardshrink",), "lambd"), ("Threshold", ("threshold", "threshold_"), "threshold", "value"),
        ("GLU", ("glu",), "dim")):
    op(*_functions)(_activation(_kind, *_names))


def _soft(kind: str):
    def soft(pen: Pen, x, dim=None, _stacklevel=3, dtype=None):
        if dim is None:
            raise pen.refuse("it must say its axis")
        return pen.lay(kind, cast(pen, x, dtype), dim=dim % len(x.shape))
    return soft


op("softmax", "_softmax")(_soft("Softmax"))
op("log_softmax", "_log_softmax")(_soft("LogSoftmax"))
op("softmin")(_soft("Softmin"))


@op("prelu")
def prelu(pen: Pen, x, weight):
    if (names := held(pen, weight=weight)) is None:
        raise pen.refuse("PReLU with a borrowed weight has no brick")
    return pen.lay("PReLU", x, weights=names, num_parameters=weight.shape[0])


# Dropping.

def _dropped(kind: str):
    def drop(pen: Pen, x, p=0.5, training=True, inplace=False):
        return pen.lay(kind, x, p=float(p)) if training and p else x
    return drop


for _kind, _function in (("Dropout", "dropout"), ("Dropout1d", "dropout1d"), ("Dropout2d", "dropout2d"), ("Dropout3d", "dropout3d"),
                         ("AlphaDropout", "alpha_dropout"), ("FeatureAlphaDropout", "feature_alpha_dropout")):
    op(_function)(_dropped(_kind))


@op("stochastic_depth")
def stochastic_depth(pen: Pen, x, p, mode, training=True):
    return pen.lay("StochasticDepth", x, p=float(p), mode=mode) if training and p else x


# Pooling and resizing.

def _pooled(kind: str, rank: int):
    def pool(pen: Pen, x, kernel_size, stride=None, padding=0, *rest, ceil_mode=False, **named):
        names = ("dilation", "ceil_mode", "return_indices") if kind == "Max" else ("ceil_mode", "count_include_pad", "divisor_override")
        named = {"ceil_mode": ceil_mode, **named, **dict(zip(names, rest, strict=False))}
        if named.pop("return_indices", False) or named.get("divisor_override") is not None:
            raise pen.refuse("positions of maxima and other divisors have no brick")
        named.pop("divisor_override", None)
        given = {"kernel_size": kernel_size, "stride": None if stride in ((), []) else stride, "padding": padding, **named}
        return pen.lay(f"{kind}Pool{rank}d", x, **windowed(kind, rank, given))
    return pool


def windowed(kind: str, rank: int, given: dict) -> dict:
    """Parameters of a pooling without those that it has no brick for and that say nothing."""
    known = {param.name for param in LAYERS[f"{kind}Pool{rank}d"].params}
    usual = {"dilation": 1, "ceil_mode": False, "count_include_pad": True}
    return {name: pair(value, rank) for name, value in given.items() if name in known or pair(value, 2) != usual.get(name)}


def _adaptive(kind: str, rank: int):
    def pool(pen: Pen, x, output_size, return_indices=False):
        size = pair(output_size, rank)
        if isinstance(size, tuple):
            size = tuple(x.shape[2 + i] if one is None else one for i, one in enumerate(size))
        return pen.lay(f"Adaptive{kind}Pool{rank}d", x, output_size=size)
    return pool


for _rank in (1, 2, 3):
    for _kind in ("Max", "Avg"):
        op(f"{_kind.lower()}_pool{_rank}d")(_pooled(_kind, _rank))
        op(f"adaptive_{_kind.lower()}_pool{_rank}d")(_adaptive(_kind, _rank))


@op("interpolate", "upsample")
def interpolate(pen: Pen, x, size=None, scale_factor=None, mode="nearest", align_corners=None, recompute_scale_factor=None, antialias=False):
    if antialias:
        raise pen.refuse("antialias=True has no brick")
    align = {"align_corners": True} if align_corners else {}
    if size is not None:
        size = (size,) * (len(x.shape) - 2) if isinstance(size, int) else tuple(size)
        # As large as something that entered here: then it follows when the images get another size.
        if like := next((wire for wire in pen.given() if len(wire.shape) == 4 == len(x.shape) and wire.shape[2:] == size), None):
            return pen.lay("ResizeAs", x, like, mode=mode, **align)
        return pen.lay("Upsample", x, size=size, scale_factor=None, mode=mode, **align)
    factors = set(scale_factor) if isinstance(scale_factor, list | tuple) else {scale_factor}
    if len(factors) > 1 or recompute_scale_factor:
        raise pen.refuse("different factors along the axes have no brick")
    return pen.lay("Upsample", x, size=None, scale_factor=float(factors.pop()), mode=mode, **align)


@op("grid_sample")
def grid_sample(pen: Pen, x, grid, mode="bilinear", padding_mode="zeros", align_corners=None):
    return pen.lay("GridSample", x, grid, mode=mode, padding_mode=padding_mode, align_corners=bool(align_corners))


@op("affine_grid")
def affine_grid(pen: Pen, theta, size, align_corners=None):
    return pen.lay("AffineGrid", theta, size=tuple(size[2:]), align_corners=bool(align_corners))


op("pixel_shuffle")(lambda pen, x, upscale_factor: pen.lay("PixelShuffle", x, upscale_factor=upscale_factor))
op("pixel_unshuffle")(lambda pen, x, downscale_factor: pen.lay("PixelUnshuffle", x, downscale_factor=downscale_factor))
op("channel_shuffle")(lambda pen, x, groups: pen.lay("ChannelShuffle", x, groups=groups))


# Attention and tables.

@op("scaled_dot_product_attention")
def attention(pen: Pen, query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, scale=None, enable_gqa=False):
    if enable_gqa:
        raise pen.refuse("enable_gqa=True has no brick")
    wires = (query, key, value, *([attn_mask] if attn_mask is not None else []))
    # A scale that is the usual one for this length of a head is not written down, so that it follows the length.
    usual = scale is None or math.isclose(scale, query.shape[-1] ** -0.5, rel_tol=1e-12)
    made = pen.lay("ScaledDotProductAttention", *wires, dropout_p=float(dropout_p), is_causal=is_causal, **({} if usual else {"scale": float(scale)}))
    if dropout_p:
        made.brick.random = True
    return made


@op("embedding")
def embedding(pen: Pen, ids, weight, padding_idx=None, max_norm=None, *_more, **_named):
    names = held(pen, weight=weight)
    if max_norm is not None:
        raise pen.refuse("max_norm has no brick")
    if names is None:
        return pen.lay("EmbeddingWith", ids, weight)
    return pen.lay("Embedding", ids, weights=names, num_embeddings=weight.shape[0], embedding_dim=weight.shape[1])


@op("randn_like")
def randn_like(pen: Pen, x, **_named):
    return pen.lay("Noise", x, distribution="normal")


@op("rand_like")
def rand_like(pen: Pen, x, **_named):
    return pen.lay("Noise", x, distribution="uniform")


@op("cosine_similarity")
def cosine_similarity(pen: Pen, a, b, dim=1, eps=1e-8):
    dim = axes(pen, a, dim)[0]
    return pen.lay("Sum", mul(pen, pen.lay("L2Normalize", a, dim=dim, eps=eps), pen.lay("L2Normalize", b, dim=dim, eps=eps)), dims=(dim,))
