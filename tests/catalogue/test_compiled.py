"""The compiled shapes and costs of a layer are those that `infer`, which is held against torch, works out formula by formula."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from builder.catalogue import BATCH, LAYERS, Fitting, Layer
from tests.catalogue.test_against_torch import cases

COMPILED = [layer for layer in LAYERS.values() if layer.compiled({}) is not None]


@pytest.mark.parametrize("layer", COMPILED, ids=lambda layer: layer.kind)
def test_a_compiled_layer_says_what_its_formulas_say(layer: Layer):
    seen = {"fits": 0}

    @settings(max_examples=150 if layer.spatial else 50 if layer.rules else 15, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None)
    @given(cases(layer))
    def agree(case):
        shapes, params, _ = case
        found, told = layer.compiled(params), layer.infer(shapes, params)
        shape = found[0](*shapes) if found and shapes else None
        about = f"{layer.kind}{params} on {shapes}"
        if shape is None:
            # What it leaves open is refused, broadcast, or has an axis without entries.
            assert told.problems or len(set(shapes)) > 1 or any(0 in one for one in shapes), about
            return
        assert shape == told.shape and told.problems == () and told.others == (), about
        assert found[1](*shapes) == layer.cost(told), about
        seen["fits"] += 1

    agree()
    assert seen["fits"] >= 3, f"only {seen['fits']} of the cases of {layer.kind} fit"


def test_what_a_formula_describes_is_compiled():
    assert {"Conv1d", "Conv2d", "Conv3d", "ConvTranspose2d", "MaxPool2d", "AvgPool2d", "Linear", "ReLU", "BatchNorm2d", "Dropout", "Add", "Multiply"} <= {layer.kind for layer in COMPILED}


def test_parameters_that_are_refused_have_no_function():
    conv = LAYERS["Conv2d"]
    assert conv.compiled({"kernel_size": 0}) is None and conv.compiled({"kernel": 3}) is None
    shaped, _ = conv.compiled({"out_channels": 6, "groups": 4})
    assert shaped((BATCH, 4, 9, 9)) is None  # 6 windows do not split into 4 groups


@pytest.mark.parametrize("shape", [(BATCH, 3, BATCH, 8), (BATCH, 3, 8), (BATCH, 3, 2, 8), (BATCH, 3, 0, 8)])
def test_a_shape_that_does_not_fit_is_left_to_the_layer(shape):
    shaped, _ = LAYERS["Conv2d"].compiled({"out_channels": 4, "kernel_size": 3})
    assert shaped(shape) is None and LAYERS["Conv2d"].infer([shape], {"out_channels": 4, "kernel_size": 3}).problems


@pytest.mark.parametrize("kind", ["Conv2d", "MaxPool2d", "Linear", "BatchNorm2d", "ReLU", "Add", "Unfold"])
def test_what_is_told_later_is_what_infer_tells(kind):
    layer = LAYERS[kind]
    shapes = [(BATCH, 6, 9, 8)] * layer.inputs[0]
    told = layer.infer(shapes, {})
    later = Fitting(told.shape, layer, shapes, {})
    assert later.env == told.env and later.steps == told.steps and later == told and told == Fitting(told.shape, layer, shapes, {})
