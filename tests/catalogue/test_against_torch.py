"""Every layer's closed-form shape and every refusal, against torch itself on the CPU, over generated cases."""

import warnings

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builder.catalogue import BATCH, LAYERS, Bool, Choice, Float, Int, Layer, with_batch
from builder.compile.resolve import resolve

WITH_MODULE = [layer for layer in LAYERS.values() if layer.module]
MERGES = [layer for layer in LAYERS.values() if layer.operator or layer.call]

# Where Brickwork is narrower than torch on purpose: values that torch takes and that give an empty, a meaningless or a batch-mixing layer.
NARROWER = {
    ("Linear", "out_features"): "no outputs",
    ("AdaptiveAvgPool2d", "output_size"): "no pixels",
    ("Flatten", "start_dim"): "joins the batch",
    ("Softmax", "dim"): "mixes samples",
    ("LogSoftmax", "dim"): "mixes samples",
    ("Softplus", "beta"): "divides by zero or bends the wrong way",
    ("LayerNorm", "axes"): "no torch argument of that name",
    ("Conv2d", "kernel_size"): "an empty window",
    ("ConvTranspose2d", "kernel_size"): "an empty window",
    ("ConvTranspose2d", "out_channels"): "no channels",
    ("MaxPool2d", "padding"): "refused by torch 2.11, which counts the window without its dilation",
}
# eps < 0 and momentum outside 0 to 1 are taken by torch and train to nonsense.
NARROWER_FLOATS = ("eps", "momentum")


def values(param) -> st.SearchStrategy:
    """Legal and illegal values of a parameter."""
    match param:
        case Int(axes=2):
            one = st.integers(-1, 7)
            pair = st.tuples(one, one)
            return st.one_of(one, pair, *([st.none()] if param.optional else []))
        case Int():
            return st.integers(-5, 8)
        case Float():
            return st.sampled_from([param.default, -0.5, 0.0, 0.25, 1.0, 1.5])
        case Bool():
            return st.booleans()
        case Choice():
            return st.sampled_from(param.choices)
    raise AssertionError(f"no strategy for {param}")


def shapes(layer: Layer) -> st.SearchStrategy:
    """Input shapes of the ranks that torch reads with a batch: three axes would be an image without one to layers of images."""
    ranks = [2, 4, 5] if layer.pattern.startswith("N C_in H W") or layer.pattern == "N C H W -> N C H_out W_out" else [2, 3, 4]
    # torch averages any two axes when the grid is 1×1, and lets some layers of images pass other ranks with a warning.
    if layer.pattern == "N C H W -> N C H W" or layer.kind == "AdaptiveAvgPool2d":
        ranks = [4]
    return st.sampled_from(ranks).flatmap(lambda rank: st.tuples(st.just(BATCH), *[st.integers(1, 9)] * (rank - 1)))


def cases(layer: Layer) -> st.SearchStrategy:
    """Shapes with parameters, each left at its default about half the time."""
    params = st.fixed_dictionaries({}, optional={param.name: values(param) for param in layer.params})
    return st.tuples(shapes(layer), params)


def ask_torch(layer: Layer, shape: tuple[int, ...], arguments: dict[str, object]) -> tuple[int, ...] | str:
    """The output shape that torch gives in training mode, or why it refuses."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return tuple(resolve(layer.module)(**arguments).train()(torch.zeros(shape)).shape)
        except (ValueError, RuntimeError, TypeError, IndexError, AssertionError, NotImplementedError, ZeroDivisionError) as error:
            return f"{type(error).__name__}: {error}"


def torch_arguments(layer: Layer, shape: tuple[int, ...], params: dict[str, object]) -> dict[str, object]:
    """What the constructor gets: for a refused case the axis that the layer would read, taken off the shape by position."""
    read = {"C_in": shape[1], "C": shape[1], "in_features": shape[-1]}
    if layer.kind == "LayerNorm":
        axes = layer.values(params)["axes"]
        read["normalized_shape"] = shape[len(shape) - axes:] if 0 < axes <= len(shape) else ()
    given = {name: value for name, value in layer.values(params).items() if (layer.kind, name) != ("LayerNorm", "axes")}
    return {**{argument: read[name] for argument, name in layer.inferred.items()}, **given}


def on_purpose(layer: Layer, problems) -> bool:
    """Is every problem one where Brickwork is narrower than torch?"""
    return all((layer.kind, problem.field) in NARROWER or problem.field in NARROWER_FLOATS for problem in problems)


@pytest.mark.slow
@pytest.mark.parametrize("layer", WITH_MODULE, ids=lambda layer: layer.kind)
def test_shape_and_refusal_are_those_of_torch(layer):
    @settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None)
    @given(cases(layer))
    def agree(case):
        shape, params = case
        ours = layer.infer([shape], params)
        theirs = ask_torch(layer, with_batch(shape, 2), torch_arguments(layer, shape, params))
        if ours.problems and not isinstance(theirs, str):
            assert on_purpose(layer, ours.problems), f"{layer.kind}{params} on {shape}: torch gives {theirs}, we say {ours.problems}"
        else:
            assert ours.problems or with_batch(ours.shape, 2) == theirs, f"{layer.kind}{params} on {shape}: torch says {theirs}, we say {ours.shape}"

    agree()


@pytest.mark.parametrize("layer", WITH_MODULE, ids=lambda layer: layer.kind)
def test_weights_are_counted_as_torch_counts_them(layer):
    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None)
    @given(cases(layer))
    def agree(case):
        shape, params = case
        ours = layer.infer([shape], params)
        if not ours.problems:
            given_names = layer.arguments(ours, params)
            arguments = {name: value for name, value in given_names.items() if (layer.kind, name) != ("LayerNorm", "axes")}
            module = resolve(layer.module)(**arguments)
            assert layer.cost(ours)[0] == sum(weight.numel() for weight in module.parameters()), (shape, params)

    agree()


@pytest.mark.parametrize("layer", MERGES, ids=lambda layer: layer.kind)
def test_merges_are_those_of_torch(layer):
    def run(inputs, params):
        tensors = [torch.zeros(with_batch(shape, 2)) for shape in inputs]
        try:
            if layer.kind == "Concat":
                return tuple(torch.cat(tensors, dim=layer.values(params)["dim"]).shape)
            out = tensors[0]
            for other in tensors[1:]:
                out = out + other if layer.operator == "+" else out * other
            return tuple(out.shape)
        except (RuntimeError, IndexError) as error:
            return str(error)

    one = st.sampled_from([2, 4]).flatmap(lambda rank: st.tuples(st.just(BATCH), *[st.sampled_from([1, 2, 3])] * (rank - 1)))
    params = st.fixed_dictionaries({}, optional={param.name: values(param) for param in layer.params})

    @settings(max_examples=600, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None)
    @given(st.lists(one, min_size=2, max_size=4), params)
    def agree(inputs, given_params):
        ours, theirs = layer.infer(inputs, given_params), run(inputs, given_params)
        if ours.problems and not isinstance(theirs, str):
            # Joining samples of different batches, and broadcasting over the batch axis, are legal in torch and never meant.
            mixes = layer.kind == "Concat" and layer.values(given_params)["dim"] in (0, -len(inputs[0]))
            assert mixes or len({len(shape) for shape in inputs}) > 1, (inputs, given_params, theirs, ours.problems)
        else:
            assert ours.problems or with_batch(ours.shape, 2) == theirs, (inputs, given_params, theirs, ours.shape)

    agree()
