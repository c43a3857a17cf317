"""Every layer's shapes, numbers, weights and refusals, against torch itself on the CPU: its own source is run on generated cases.

A case is drawn for any kind from its declaration; FITTING says for kinds of several inputs which shapes belong together. The batch is 7
samples: a prime that no other size is a multiple of, so that nothing fits by chance.
"""

from __future__ import annotations

import math
import warnings

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch.utils.flop_counter import FlopCounterMode

from builder.catalogue import BATCH, LAYERS, Bool, Choice, Float, Int, Ints, Layer, Shape, Text, carries_batch, with_batch
from builder.compile.module import load
from builder.compile.source import written
from builder.compile.trace import Step, Trace

SAMPLES = 7
KINDS = [layer for layer in LAYERS.values() if layer.module or layer.operator or layer.call or layer.state or layer.buffer]
REFUSALS = (ValueError, RuntimeError, TypeError, IndexError, AssertionError, NotImplementedError, ZeroDivisionError, KeyError, AttributeError, SyntaxError)
# The families that a first network is made of are tried most.
OFTEN = {"Conv2d", "ConvTranspose2d", "MaxPool2d", "AvgPool2d", "Linear", "Flatten", "BatchNorm1d", "BatchNorm2d", "LayerNorm", "GroupNorm", "Concat", "Add", "Reshape", "Pad"}

# Where Brickwork is narrower than torch on purpose: values that torch takes and that give an empty or a meaningless layer. A field "*" is
# any reason of that kind of brick.
NARROWER = {
    ("Linear", "out_features"): "no outputs",
    ("ComplexLinear", "out_features"): "no outputs",
    ("Softplus", "beta"): "divides by zero or bends the wrong way",
    ("CELU", "alpha"): "bends the wrong way",
    ("Softshrink", "lambd"): "moves values away from 0",
    ("LayerNorm", "axes"): "no torch argument of that name",
    ("RMSNorm", "axes"): "no torch argument of that name",
    ("L2Normalize", "eps"): "a length below 0",
    ("LocalResponseNorm", "size"): "no channels to sum over",
    ("Embedding", "num_embeddings"): "an empty table",
    ("Embedding", "embedding_dim"): "rows of no numbers",
    ("Parameter", "std"): "a spread below 0",
    ("Arange", "length"): "no numbers",
    ("Norm", "p"): "no length",
    ("Std", "correction"): "more than everything",
    ("Var", "correction"): "more than everything",
    ("Squeeze", "dim"): "torch leaves the axis, which is not what was asked for",
    ("Slice", "start"): "nothing is left",
    ("Chunk", "chunks"): "torch gives fewer parts than there are outputs",
    ("Split", "sizes"): "a part of no entries, or one part alone",
    ("Repeat", "sizes"): "no copies",
    ("RepeatInterleave", "repeats"): "no copies",
    ("Expand", "sizes"): "an axis of no entries",
    ("Fold", "output_size"): "no pixels",
    ("Unfold", "kernel_size"): "an empty window",
    ("AffineGrid", "size"): "no pixels",
    ("Upsample", "scale_factor"): "no pixels, or more than any memory",
    ("Upsample", "size"): "no pixels",
    ("Pad", "padding"): "cutting off by a mode that adds, or padding the channels as pixels",
    ("ChannelShuffle", "groups"): "no groups",
    ("Compare", "is"): "no comparison",
    ("Einsum", "equation"): "an equation whose right side is left to torch",
    ("GLU", "dim"): "no two halves",
    ("Clamp", "min"): "no bound at all",
    ("GroupNorm", "num_groups"): "no groups",
    ("Select", "index"): "no such entry",
    ("Slice", "step"): "stands still",
    ("ScaledDotProductAttention", "dropout_p"): "a share below 0",
    ("Reshape", "shape"): "one sample spread over several",
    ("Parameter", "shape"): "no numbers",
    ("Buffer", "shape"): "no numbers",
    ("Buffer", "fill"): "a matrix of one number for a single one",
    ("Buffer", "dtype"): "minus infinity is no whole number",
}
for _dims in (1, 2, 3):
    NARROWER |= {(f"Conv{_dims}d", "kernel_size"): "an empty window", (f"ConvTranspose{_dims}d", "kernel_size"): "an empty window",
                 (f"Conv{_dims}d", "out_channels"): "no channels", (f"ConvTranspose{_dims}d", "out_channels"): "no channels",
                 (f"AdaptiveAvgPool{_dims}d", "output_size"): "no pixels", (f"AdaptiveMaxPool{_dims}d", "output_size"): "no pixels",
                 (f"MaxPool{_dims}d", "padding"): "refused by torch 2.11, which counts the window without its dilation"}
for _kind in ("RNN", "LSTM", "GRU"):
    NARROWER |= {(_kind, "hidden_size"): "no state", (_kind, "num_layers"): "no layers"}
# eps < 0 and momentum outside 0 to 1 are taken by torch and train to nonsense; first weights of a negative spread, or between bounds the wrong way round, mean nothing.
NARROWER_FLOATS = ("eps", "momentum", "init_gain", "init_std", "init_a")

SIZE = st.sampled_from([1, 1, 2, 3, 4, 5, 6, 8, 9])
FIRST = st.sampled_from([BATCH, BATCH, BATCH, BATCH, 3 * BATCH, 3])


@st.composite
def shape(draw, ranks: tuple[int, ...] = (1, 2, 3, 4)) -> Shape:
    """The batch (now and then three windows a sample, or none at all), then other sizes."""
    rank = draw(st.sampled_from(ranks))
    return (draw(FIRST), *(draw(SIZE) for _ in range(rank - 1)))[:rank]


def values(param) -> st.SearchStrategy:
    """Legal and illegal values of a parameter."""
    none = [st.none()] if getattr(param, "optional", False) else []
    match param:
        case Int(axes=axes) if axes > 1:
            one = st.integers(-1, 7)
            return st.one_of(one, st.tuples(*[one] * axes), *none)
        case Int():
            return st.one_of(st.integers(-5, 8), *none)
        case Ints():
            return st.lists(st.integers(-3, 6), max_size=4).map(tuple)
        case Float():
            return st.one_of(st.sampled_from([param.default, -0.5, 0.0, 0.25, 1.0, 1.5]), *none)
        case Bool():
            return st.booleans()
        case Choice():
            return st.sampled_from(param.choices)
        case Text():
            return st.sampled_from([param.default, "ij,jk->ik", "nchw,nchw->nhw", "ij->ji", "ii->i", "ij,jk", "i->", "ij,ij->", "->", "a b", "nij,njk->nki"])
    raise AssertionError(f"no strategy for {param}")


def alike(count: int, ranks: tuple[int, ...] = (2, 3, 4)) -> st.SearchStrategy:
    """Shapes that often fit by broadcasting: a few sizes, and now and then another rank or no batch."""
    few = st.sampled_from([1, 2, 3])
    one = st.sampled_from([*ranks, ranks[0]]).flatmap(lambda rank: st.tuples(st.sampled_from([BATCH, BATCH, BATCH, 1, 3]), *[few] * (rank - 1)))
    same = one.flatmap(lambda first: st.tuples(*[st.one_of(st.just(first), st.just(tuple(1 if i % 2 else size for i, size in enumerate(first))), one)] * (count - 1))
                       .map(lambda others: (first, *others)))
    return same.map(list)


@st.composite
def fitting(draw, kind: str) -> list[Shape]:
    """Shapes that belong together for a kind of several inputs, with a size changed now and then."""
    n, a, b, c, d = draw(FIRST), *(draw(st.sampled_from([1, 2, 3, 4, 6, 8])) for _ in range(4))
    made = {
        "MatMul": [[(n, a, b), (n, b, c)], [(n, a, b), (b, c)], [(n, d, a, b), (n, 1, b, c)], [(a, b), (b,)], [(b,), (b, c)], [(b,), (b,)], [(n, a), (a, n)]],
        "Einsum": [[(n, a, b), (n, b, c)], [(a, b), (b, c)], [(n, a)], [(n, a, b, c), (n, a, b, c)], [(n, a), (n, a)]],
        "CrossCorrelate": [[(n, a, 8, 9), (n, a, b, c)]],
        "ScaledDotProductAttention": [[(n, a, b), (n, c, b), (n, c, d)], [(n, 2, a, b), (n, 2, c, b), (n, 2, c, d)], [(a, b), (c, b), (c, d)],
                                      [(n, a, b), (n, c, b), (n, c, d), (a, c)], [(n, a, b), (n, c, b), (n, c, d), (n, 1, c)]],
        "MultiheadAttention": [[(n, a, 8), (n, a, 8), (n, a, 8)], [(n, a, 8), (n, c, b), (n, c, d)], [(a, n, 8), (c, n, 8), (c, n, 8)], [(n, a, b)] * 3],
        "LinearWith": [[(n, a), (b, a)], [(n, c, a), (b, a), (b,)], [(n, a), (b, a), (b,)]],
        "EmbeddingWith": [[(n, a), (b, c)], [(n,), (b, c)]],
        "ConvWith": [[(n, 4, 8, 9), (4, b, c, d)], [(n, 4, 8, 9), (6, 4, c, d), (6,)], [(n, 4, 8, 9), (4, 4, 3, 3), (4,)]],
        "CropAs": [[(n, a, 8, 9), (n, b, c, d)]],
        "ResizeAs": [[(n, a, 8, 9), (n, b, c, d)]],
        "GridSample": [[(n, a, 8, 9), (n, c, d, 2)], [(n, a, 4, 5, 6), (n, b, c, d, 3)]],
        "Gather": [[(n, a), (n, b)], [(n, a, b), (n, a, c)], [(n, a, b, c), (n, 1, b, c)]],
        "TakeAt": [[(n, a, b), (n,)], [(n, a), (n,)], [(n, a, b, c), (n,)]],
        "ExpandBatch": [[(1, a, b), (n, c)], [(1, a), (n,)], [(1, a, b, c), (n, c, d)]],
        "TakeNothing": [],
    }[kind]
    shapes = draw(st.sampled_from(made))
    if draw(st.integers(0, 5)) == 0:
        which = draw(st.integers(0, len(shapes) - 1))
        one = list(shapes[which])
        one[draw(st.integers(0, len(one) - 1))] = draw(SIZE)
        shapes = [*shapes[:which], tuple(one), *shapes[which + 1:]]
    return shapes


FITTING = ("MatMul", "Einsum", "CrossCorrelate", "ScaledDotProductAttention", "MultiheadAttention", "LinearWith", "EmbeddingWith", "ConvWith", "CropAs", "ResizeAs",
           "GridSample", "Gather", "TakeAt", "ExpandBatch")
# Ranks that torch reads with a batch, and ranks that it refuses: one axis fewer would be a sample without a batch to layers of images.
RANKS = {1: (3, 3, 3, 4, 5), 2: (2, 4, 4, 4, 5), 3: (3, 5, 5, 5, 6)}
EXACT = {"Unfold": (4,), "Fold": (3,), "PixelShuffle": (4,), "PixelUnshuffle": (4,), "Upsample": (4,), "AffineGrid": (3,), "RNN": (3,), "LSTM": (3,), "GRU": (3,),
         "ChannelShuffle": (3, 4), "Permute": (4, 4, 3), "PReLU": (2, 3, 4)}
SHAPES = {"AffineGrid": st.sampled_from([(BATCH, 2, 3), (BATCH, 2, 3), (BATCH, 3, 4), (3 * BATCH, 2, 3), (BATCH, 2, 2), (BATCH, 6)]),
          "Fold": st.sampled_from([(BATCH, 9, 676), (BATCH, 18, 676), (BATCH, 8, 4), (BATCH, 4, 4), (BATCH, 9, 1), (BATCH, 5, 5)]),
          "Split": st.sampled_from([(BATCH, 16), (BATCH, 3, 2), (BATCH, 4), (BATCH, 6, 4), (6, BATCH), (BATCH, 3, 16)]),
          "PixelShuffle": st.sampled_from([(BATCH, 4, 3, 2), (BATCH, 8, 2, 2), (BATCH, 9, 2, 2), (BATCH, 5, 2, 2)]),
          "InverseFFT": shape().map(lambda one: (*one, 2)), "InverseFFT2": shape((2, 3)).map(lambda one: (*one, 2)), "ComplexLinear": shape().map(lambda one: (*one, 2))}
# Values that fit often enough to be worth drawing.
DRAWN = {("Permute", "dims"): st.one_of(st.permutations(range(4)).map(tuple), st.permutations(range(3)).map(tuple), st.just((0, 1, 1)), st.just((0, 5, 1, 2))),
         ("Reshape", "shape"): st.one_of(st.lists(st.sampled_from([-1, 1, 2, 3, 4, 6]), min_size=1, max_size=3).map(tuple), st.just((-1, 0)), st.just((-1,))),
         ("Unflatten", "sizes"): st.lists(st.sampled_from([-1, 1, 2, 3]), min_size=1, max_size=3).map(tuple),
         ("Expand", "sizes"): st.lists(st.sampled_from([-1, -1, 1, 2, 5]), min_size=1, max_size=4).map(tuple),
         ("Repeat", "sizes"): st.lists(st.sampled_from([1, 1, 2]), min_size=1, max_size=4).map(lambda sizes: (1, *sizes)),
         ("Split", "sizes"): st.sampled_from([(1, 1), (1, 2), (2, 2), (1, 2, 3), (4, 4), (3, 1), (0, 2), (2,)]),
         ("Chunk", "chunks"): st.integers(0, 4), ("Buffer", "shape"): st.sampled_from([(), (3,), (2, 3), (4, 4), (1, 3, 3), (0,), (-1,)]),
         ("Parameter", "shape"): st.sampled_from([(), (3,), (2, 3), (1, 2, 3, 4), (0,), (-1, 2)]),
         ("Roll", "shifts"): st.sampled_from([(1,), (-2,), (1, 2)]), ("Roll", "dims"): st.sampled_from([(-1,), (1,), (1, 2), (0,), (-1, -1), (5,)]),
         ("Fold", "output_size"): st.sampled_from([28, 3, (2, 2), 5]), ("Fold", "kernel_size"): st.sampled_from([1, 2, 3, (2, 1)]),
         ("AffineGrid", "size"): st.sampled_from([(4, 5), (2, 3, 4), (3,), (1, 1)]), ("Pad", "padding"): st.one_of(
             st.lists(st.integers(-2, 3), min_size=2, max_size=6).map(tuple), st.tuples(*[st.integers(0, 3)] * 4), st.tuples(*[st.integers(0, 3)] * 2)),
         ("MultiheadAttention", "num_heads"): st.sampled_from([1, 2, 4, 8, 3, 0]), ("PixelShuffle", "upscale_factor"): st.sampled_from([1, 2, 3, 0]),
         ("PixelUnshuffle", "downscale_factor"): st.sampled_from([1, 2, 3, 0]), ("GroupNorm", "num_groups"): st.integers(0, 8)}


def inputs(layer: Layer) -> st.SearchStrategy:
    """Shapes for a layer's inputs."""
    fewest, most = layer.inputs
    if layer.kind in FITTING:
        return fitting(layer.kind)
    if most == 0:
        return st.just([])
    if fewest > 1 or most is None:
        return st.integers(fewest, 4 if most is None else most).flatmap(alike)
    if layer.kind in SHAPES:
        return SHAPES[layer.kind].map(lambda one: [one])
    dims = {"L": 1, "W": len(layer.pattern.split("->")[0].split()) - 2}.get(layer.pattern.split("->")[0].split()[-1])
    ranks = EXACT.get(layer.kind) or (RANKS[dims] if dims in RANKS else (2, 3, 4) if layer.pattern.startswith("N") else (1, 2, 3, 4))
    # torch averages any two axes when the grid is 1×1, and lets some layers of images pass other ranks with a warning.
    if dims and ("Adaptive" in layer.kind or not layer.spatial):
        ranks = (dims + 2,)
    return shape(ranks).map(lambda one: [one])


def cases(layer: Layer) -> st.SearchStrategy:
    """Shapes with parameters, each left at its default about half the time, and whether inputs of any kind are whole numbers."""
    params = st.fixed_dictionaries({}, optional={param.name: DRAWN.get((layer.kind, param.name), values(param)) for param in layer.params})
    return st.tuples(inputs(layer), params, st.booleans())


def stated(layer: Layer, shapes: list[Shape], params: dict[str, object]) -> dict[str, object]:
    """What a refused layer would be built with: what it reads off its input is taken by position."""
    one = with_batch(shapes[0], SAMPLES) if shapes else ()
    at = dict(enumerate(one))
    axes = layer.values(params).get("axes", 0)
    read = {"C_in": at.get(1), "C": at.get(1), "slopes": at.get(1), "in_features": at.get(len(one) - (2 if layer.kind == "ComplexLinear" else 1)),
            "normalized_shape": one[len(one) - axes:] if 0 < axes <= len(one) else (), "embed_dim": at.get(2), "input_size": at.get(2), "rest": (-1,) * (len(one) - 1),
            "kdim": with_batch(shapes[1], SAMPLES)[-1] if len(shapes) > 2 else None, "vdim": with_batch(shapes[2], SAMPLES)[-1] if len(shapes) > 2 else None,
            "top": 0, "left": 0, "bottom": 0, "right": 0}
    values_ = layer.values(params)
    return {**{argument: read[name] for argument, name in layer.inferred.items()}, **(layer.builds(values_) if layer.builds else values_)}


def source(layer: Layer, shapes: list[Shape], arguments: dict[str, object], made: tuple[Shape, ...]) -> str:
    """The text of a network of this one brick."""
    entries = tuple(f"in{i}" for i in range(len(shapes)))
    step = Step("brick", layer, tuple((name, 0) for name in entries), made, arguments, owner="brick")
    results = tuple(("brick", i) for i in range(len(made)))
    return written(Trace(entries, tuple(shapes), (step,), results, made, 0), "Tried")


def numbers(layer: Layer, count: int, whole: bool) -> list[torch.dtype]:
    """What kind of numbers each input is given."""
    words = layer.reads.split()
    masks = {i for i, name in enumerate(layer.input_names) if name in ("mask", "condition")}
    return [torch.bool if whole and i in masks else {"float": torch.float32, "int": torch.int64, "any": torch.int64 if whole and i not in masks else torch.float32}[words[min(i, len(words) - 1)]] for i in range(count)]


def ask_torch(text: str, shapes: list[Shape], types: list[torch.dtype]) -> tuple[list[torch.Tensor], torch.nn.Module] | str:
    """The outputs that torch gives in training mode with the network, or why it refuses."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            network = load(text).train()
            out = network(*(torch.zeros(with_batch(one, SAMPLES), dtype=dtype) for one, dtype in zip(shapes, types, strict=True)))
            return list(out) if isinstance(out, tuple) else [out], network
        except REFUSALS as error:
            return f"{type(error).__name__}: {error}"


def on_purpose(layer: Layer, params: dict[str, object], problems) -> bool:
    """Is every problem one where Brickwork is narrower than torch: a listed one, one that mixes samples, or no axes (torch then takes all)?"""
    return all(params.get(problem.field) == () or (layer.kind, problem.field) in NARROWER or problem.field in NARROWER_FLOATS or "batch" in str(problem) or "sample" in str(problem) for problem in problems)


def kind_of(tensor: torch.Tensor) -> str:
    return "float" if tensor.is_floating_point() else "int"


def expected(layer: Layer, params: dict[str, object], types: list[torch.dtype]) -> str:
    """The kind of numbers that the declaration promises."""
    if param := layer.param(layer.gives):
        return "float" if layer.values(params)[param.name] == "float32" else "int"
    return layer.gives if layer.gives != "same" else "float" if not types or types[0].is_floating_point else "int"


@pytest.mark.slow
@pytest.mark.parametrize("layer", KINDS, ids=lambda layer: layer.kind)
def test_shapes_numbers_weights_and_refusals_are_those_of_torch(layer):
    seen = {"fits": 0}

    @settings(max_examples=300 if layer.kind in OFTEN else 120 if layer.spatial or layer.kind in SHAPES else 50, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None)
    @given(cases(layer))
    def agree(case):
        shapes, params, whole = case
        ours, types = layer.infer(shapes, params), numbers(layer, len(shapes), whole)
        about = f"{layer.kind}{params} on {shapes}"
        if ours.problems:
            text = source(layer, shapes, stated(layer, shapes, params), ((1,),) * layer.leaving(params)) if says_something(layer, shapes, params) else ""
            theirs = ask_torch(text, shapes, types) if text else "no text"
            assert isinstance(theirs, str) or on_purpose(layer, params, ours.problems), f"{about}: torch gives {theirs[0][0].shape}, we say {ours.problems}"
            return
        theirs = ask_torch(source(layer, shapes, layer.arguments(ours, params), ours.shapes), shapes, types)
        assert not isinstance(theirs, str), f"{about}: torch says {theirs}, we say {ours.shapes}"
        made, network = theirs
        assert [with_batch(one, SAMPLES) for one in ours.shapes] == [tuple(one.shape) for one in made], about
        assert len(made) == layer.leaving(params) and {kind_of(one) for one in made} == {expected(layer, params, types)}, about
        weights, macs = layer.cost(ours)
        assert weights == sum(weight.numel() for weight in network.parameters()) and macs >= 0, about
        seen["fits"] += 1

    agree()
    assert seen["fits"] >= 4, f"only {seen['fits']} of the cases of {layer.kind} fit"


def says_something(layer: Layer, shapes: list[Shape], params: dict[str, object]) -> bool:
    """Can the text of a refused case be written at all?"""
    try:
        source(layer, shapes, stated(layer, shapes, params), ((1,),) * layer.leaving(params))
    except (*REFUSALS, OverflowError):
        return False
    return True


COUNTED = [kind for kind in LAYERS if "Conv" in kind or kind in ("Linear", "LinearWith", "MatMul", "ScaledDotProductAttention", "CrossCorrelate", "MultiheadAttention")]


@pytest.mark.parametrize("kind", COUNTED)
def test_multiply_adds_are_those_that_torch_counts(kind):
    layer = LAYERS[kind]

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None)
    @given(cases(layer))
    def agree(case):
        shapes, params, _ = case
        # Padding by copies is work of its own; a mask and dropout change the way, not the products; a kernel of one vector is not counted by torch.
        ours = layer.infer(shapes, params)
        if ours.problems or not any(map(carries_batch, shapes)) or min(map(len, shapes)) < 2 and kind == "MatMul":
            return
        theirs = ask_torch(source(layer, shapes, layer.arguments(ours, params), ours.shapes), shapes, numbers(layer, len(shapes), False))
        with FlopCounterMode(display=False) as counter:
            theirs[1](*(torch.zeros(with_batch(one, SAMPLES)) for one in shapes))
        total = sum(1 for size in (*ours.shape, 0) if size and size % BATCH == 0) or 1
        assert 2 * layer.cost(ours)[1] * SAMPLES ** total == counter.get_total_flops(), (kind, params, shapes)

    agree()


@pytest.mark.parametrize("layer", [LAYERS["Conv2d"], LAYERS["Linear"], LAYERS["LSTM"], LAYERS["MultiheadAttention"], LAYERS["FFT2"]], ids=lambda layer: layer.kind)
def test_windows_that_stand_in_the_batch_cost_as_many_times_as_there_are(layer):
    rest = {"Conv2d": (3, 8, 8), "Linear": (49, 16), "LSTM": (5, 6), "MultiheadAttention": (49, 16), "FFT2": (8, 8)}[layer.kind]
    one, many = (layer.cost(layer.infer([(times * BATCH, *rest)] * layer.inputs[0], {})) for times in (1, 64))
    assert many == (one[0], 64 * one[1])
    assert math.prod(rest)
