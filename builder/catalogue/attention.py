"""Attention: every position reads from all others, by how well its query fits their keys."""

from __future__ import annotations

import math

from .combining import Made, Values, broadcast_shape, combining, made, refuse, work
from .formulas import DOCS
from .params import Bool, Float, Int
from .reach import everything
from .sizes import BATCH, Shape, carries_batch, show, size_text
from .spec import Layer, register

VASWANI = "Vaswani et al. 2017, arXiv:1706.03762, section 3.2"
DROPOUT = Float("dropout_p", 0.0, "share of the attention weights set to zero while training", min=0.0, max=1.0)
CAUSAL = Bool("is_causal", False, "every position reads only itself and what comes before it")


def attended(values: Values, query: Shape, key: Shape, value: Shape, mask: Shape | None = None) -> Made:
    """ScaledDotProductAttention: softmax(query keyᵀ / sqrt(E)) value, in every head on its own."""
    shapes = f"{show(query)}, {show(key)} and {show(value)}"
    if min(map(len, (query, key, value))) < 2 or len({len(query), len(key), len(value)}) > 1:
        refuse(f"query, key and value need equally many axes, at least L×E; received {shapes}", code="rank")
    if query[-1] != key[-1]:
        refuse(f"queries of {size_text(query[-1])} numbers do not fit keys of {size_text(key[-1])}", f"received {shapes}", "channels")
    if key[-2] != value[-2]:
        refuse(f"{size_text(key[-2])} keys for {size_text(value[-2])} values", "every value needs its key", "spatial")
    if carries_batch((query[-1], key[-2], value[-1])):
        refuse("it would sum over the batch; samples must not be mixed", f"received {shapes}")
    heads = broadcast_shape(query[:-2], key[:-2], value[:-2]) if query[:-2] else ()
    scores = (*heads, query[-2], key[-2])
    if mask is not None:
        if values["is_causal"]:
            refuse("it has a mask and is_causal as well", "torch takes one of the two", "value", "is_causal")
        if len(mask) < 2 or broadcast_shape(scores, mask) != scores:
            refuse(f"a mask of {show(mask)} does not fit scores of {show(scores)}", "needs the same sizes, or 1", "spatial")
    shape = (*heads, query[-2], value[-1])
    scale = "scale" if values["scale"] is not None else f"1 / sqrt({query[-1]})"
    return made(shape, f"scores = query · keyᵀ * {scale}: {show(scores)}", f"softmax(scores) · value: {show(shape)}",
                **work(math.prod(scores) * (query[-1] + value[-1])))


def _attention(values: Values) -> str:
    more = (["dropout_p={dropout_p} if self.training else 0.0"] if values["dropout_p"] else []) + (["is_causal=True"] if values["is_causal"] else [])
    return f"F.scaled_dot_product_attention({', '.join(['{args}', *more, *(['scale={scale}'] if values['scale'] is not None else [])])})"


register(Layer(
    kind="ScaledDotProductAttention", stem="attention", category="Attention", inputs=(3, 4), call=_attention, combine=combining(attended), window=everything, macs="total",
    input_names=("query", "key", "value", "mask"), reads="float float float any", keys=("is_causal",),
    summary="Every query takes a mean of all values, weighted by how well it fits their keys; nothing is learned here.",
    source=f"{VASWANI}.1; {DOCS}functional.scaled_dot_product_attention.html", pattern="... L E, ... S E, ... S V -> ... L V", example=((BATCH, 28, 28),) * 3,
    params=(DROPOUT, CAUSAL, Float("scale", None, "what the scores are multiplied by; empty = 1 / sqrt(E)", optional=True)),
))


def headed(values: Values, query: Shape, key: Shape, value: Shape) -> Made:
    """MultiheadAttention: projections, attention in every head, one more projection."""
    shapes = f"{show(query)}, {show(key)} and {show(value)}"
    if {len(query), len(key), len(value)} != {3}:
        refuse(f"MultiheadAttention expects 3 axes ({'N L E' if values['batch_first'] else 'L N E'}) of query, key and value, received {shapes}", code="rank")
    batch, length = (0, 1) if values["batch_first"] else (1, 0)
    if len({query[batch], key[batch], value[batch]}) > 1 or key[length] != value[length]:
        refuse(f"query, key and value need the same samples, and every key a value; received {shapes}",
               f"axis {batch} has {', '.join(size_text(one[batch]) for one in (query, key, value))}, axis {length} of key and value {size_text(key[length])} and {size_text(value[length])}",
               "spatial")
    width, heads = query[2], values["num_heads"]
    if carries_batch((*query[2:], *key[2:], *value[2:], query[length], key[length])):
        refuse("it would mix samples: the batch is not where it should be", f"received {shapes}; batch_first is {values['batch_first']}", field="batch_first")
    if width % heads:
        refuse(f"{width} numbers do not split into {heads} heads", f"needs E % num_heads == 0, here {width} % {heads} = {width % heads}", "groups", "num_heads")
    if values["is_causal"] and query[length] != key[length]:
        refuse(f"{query[length]} queries and {key[length]} keys: what comes before what is not said", "is_causal needs as many keys as queries", "value", "is_causal")
    keys, features = key[2], value[2]
    projections = query[length] * width * (width + width) + key[length] * width * (keys + features)
    total = query[batch] * (projections + 2 * query[length] * key[length] * width)
    return made(query, f"{heads} heads of {width} / {heads} = {width // heads} numbers", f"scores of a head: {query[length]}×{key[length]}",
                embed_dim=width, kdim=None if keys == width else keys, vdim=None if features == width else features,
                learned=width * (2 * width + keys + features), **work(total))


def _heads(values: Values) -> str:
    if not values["is_causal"]:
        return "{self}({args}, need_weights=False)[0]"
    length = 1 if values["batch_first"] else 0
    mask = f"nn.Transformer.generate_square_subsequent_mask({{0}}.shape[{length}], device={{0}}.device)"
    return f"{{self}}({{0}}, {{1}}, {{2}}, need_weights=False, attn_mask={mask}, is_causal=True)[0]"


register(Layer(
    kind="MultiheadAttention", extra="20 * outputs", stem="attention", category="Attention", module="torch.nn.MultiheadAttention", inputs=(3, 3), call=_heads, combine=combining(headed), window=everything,
    input_names=("query", "key", "value"), inferred={"embed_dim": "embed_dim", "kdim": "kdim", "vdim": "vdim"}, keys=("num_heads",),
    summary="Attention in several heads, each with learned projections of queries, keys and values; one wire to all three is self-attention.",
    source=f"{VASWANI}.2; {DOCS}MultiheadAttention.html", pattern="N L E, N S K, N S V -> N L E", example=((BATCH, 28, 32),) * 3,
    weights="learned + (4 * embed_dim if bias else 0)", macs="total",
    params=(Int("num_heads", 8, "heads; the numbers of a position are split among them", max=4096), Float("dropout", 0.0, DROPOUT.doc, min=0.0, max=1.0),
            Bool("bias", True, "learn offsets in the projections"), Bool("batch_first", True, "axes N L E; off: L N E"), CAUSAL),
))
