"""The catalogue itself: declared once, complete, and enough for palette, form, check, source and reference page."""

import ast
from pathlib import Path

import pytest

from builder.catalogue import (
    BATCH,
    BLOCK_CATEGORIES,
    CATEGORIES,
    COMPOSITES,
    DATASETS,
    INITIALIZERS,
    LAYERS,
    LOSSES,
    OPTIMIZERS,
    SCHEDULES,
    TASKS,
    Bool,
    CatalogueError,
    Int,
    Layer,
    Rule,
    catalogue_json,
    register,
)
from builder.catalogue.expressions import evaluate, substituted, written
from builder.compile.resolve import resolve
from builder.compile.share import signature

# What the networks of the lectures and the models of torchvision and timm are made of.
WANTED = """Input Output Conv1d Conv2d Conv3d ConvTranspose1d ConvTranspose2d ConvTranspose3d ConvWith MaxPool1d MaxPool2d MaxPool3d AvgPool1d AvgPool2d AvgPool3d
    AdaptiveAvgPool1d AdaptiveAvgPool2d AdaptiveAvgPool3d AdaptiveMaxPool1d AdaptiveMaxPool2d Linear LinearWith ReLU ReLU6 LeakyReLU ELU Sigmoid Tanh SiLU GELU
    Softplus Hardswish Hardsigmoid Hardtanh SELU CELU Mish Softsign LogSigmoid PReLU RReLU Threshold GLU Softmax LogSoftmax Softmin Softshrink Tanhshrink Hardshrink
    ShiftedReLU Step Dropout Dropout1d Dropout2d Dropout3d AlphaDropout StochasticDepth BatchNorm1d BatchNorm2d BatchNorm3d LayerNorm RMSNorm GroupNorm InstanceNorm1d
    InstanceNorm2d InstanceNorm3d LocalResponseNorm L2Normalize ScaledDotProductAttention MultiheadAttention Embedding EmbeddingWith RNN LSTM GRU Flatten Reshape Unflatten
    Permute Transpose Squeeze Unsqueeze Slice Select Chunk Split Roll Flip Expand ExpandBatch Repeat RepeatInterleave Gather TakeAt ArgMax Cast Tril ChannelShuffle Identity
    Upsample ResizeAs PixelShuffle PixelUnshuffle Pad CropAs Unfold Fold AffineGrid GridSample Add Multiply Concat Stack Subtract Divide Maximum Minimum Compare Where
    MaskedFill Scale AddScalar Power Exp Log Sqrt Rsqrt Abs Neg Square Sin Cos Reciprocal Clamp Round Sign MatMul Einsum CrossCorrelate Mean Sum Max Min Prod Std Var
    LogSumExp Norm FFT2 InverseFFT2 ComplexLinear Parameter Buffer Arange Constant Noise"""


def test_every_layer_that_was_promised_is_declared():
    assert set(WANTED.split()) <= set(LAYERS)
    assert {"SGD", "Adagrad", "RMSprop", "Adam", "AdamW"} <= set(OPTIMIZERS)


@pytest.mark.parametrize("layer", LAYERS.values(), ids=lambda layer: layer.kind)
def test_every_layer_says_what_it_is(layer):
    assert layer.category in CATEGORIES and layer.summary.endswith(".") and "http" in layer.source or "arXiv" in layer.source
    assert all(param.doc and param.check(param.normal(param.default)) is None for param in layer.params)
    assert set(layer.keys) <= {param.name for param in layer.params}
    # A class, an expression, or a value that is kept; a class may be called in a way of its own.
    ways = [bool(layer.module or layer.call), bool(layer.operator), bool(layer.state), bool(layer.buffer)]
    assert sum(ways) == (layer.category != "Input and output")


@pytest.mark.parametrize("layer", [layer for layer in LAYERS.values() if layer.module], ids=lambda layer: layer.kind)
def test_parameters_have_the_names_of_the_torch_class(layer):
    ours = {param.name for param in layer.params} | set(layer.inferred) | set(layer.fixed)
    # The axes of a norm are read off the shape; is_causal is an argument of the call; a slope a channel is a number of slopes;
    # what weights start as is a line of its own.
    more = {"LayerNorm": {"axes"}, "RMSNorm": {"axes"}, "MultiheadAttention": {"is_causal"}, "PReLU": {"per_channel"},
            **{kind: {"init", *(f"init_{name}" for name in ("gain", "mode", "nonlinearity", "std", "a", "b"))} for kind in ("Linear", *(f"Conv{way}{dims}d" for way in ("", "Transpose") for dims in (1, 2, 3)))}}
    assert ours - set(signature(layer.module)) <= more.get(layer.kind, set())


@pytest.mark.parametrize("record", [*OPTIMIZERS.values(), *LOSSES.values(), *INITIALIZERS.values(), *SCHEDULES.values()], ids=lambda record: record.kind)
def test_training_records_make_the_torch_object_they_name(record):
    import torch

    assert record.check({}) == [] and record.summary.endswith(".") and all(param.doc for param in record.params)
    made = resolve(record.module) if record.module else None
    weights = torch.zeros(3, 2, requires_grad=True)
    if record.kind in OPTIMIZERS:
        made([weights], **record.arguments({})).step()
    elif record.kind in LOSSES:
        targets = torch.zeros(3, dtype=torch.long) if record.form == "classes" and "classification" in record.tasks else torch.zeros(3, 2)
        if isinstance(made, type):
            assert made(**record.arguments({}))(weights.log_softmax(1), targets).ndim == 0
        else:
            grid, boxes = torch.zeros(1, 7, 2, 2), torch.tensor([[[0.25, 0.25, 0.75, 0.75, 1.0]]])
            assert made(grid, boxes, **record.arguments({})).ndim == 0 and made(grid, boxes) == made(grid, boxes, **record.arguments({}))
        assert record.tasks and set(record.tasks) <= {name for name, task in TASKS.items() if task.trains}
    elif made:
        made(weights, **record.arguments({}))


def test_the_five_optimisers_refuse_what_torch_refuses():
    import torch

    for record in OPTIMIZERS.values():
        for given in ({"lr": -0.1}, {"weight_decay": -1.0}, {"momentum": -0.5}, {"nesterov": True}, {"nesterov": True, "momentum": 0.9}):
            if set(given) <= {param.name for param in record.params}:
                try:
                    resolve(record.module)([torch.zeros(1, requires_grad=True)], **record.arguments(given))
                    refused = False
                except ValueError:
                    refused = True
                assert bool(record.check(given)) == refused, (record.kind, given)


def test_data_sets_say_shape_classes_and_where_they_come_from():
    assert set(DATASETS) == {"digits", "distorted-digits", "mnist", "fashion-mnist", "kmnist", "emnist-letters", "emnist-balanced", "cifar10", "cifar100", "svhn", "stl10",
                             "moons", "spirals", "curve", "shapes", "shapes-boxes", "shapes-detection", "flowers102", "oxford-iiit-pet", "oxford-iiit-pet-masks", "food101"}
    assert all(len(set(d.classes)) == len(d.classes) and d.answers > (d.task != "regression") and d.shape and d.source and d.summary and d.bytes > 0 for d in DATASETS.values())
    assert all((d.dtype == "uint8") == (len(d.shape) == 3) and (d.megabytes > 0) == bool(d.module) for d in DATASETS.values())


def test_a_kind_declared_twice_is_an_error_and_leaves_the_first():
    first = LAYERS["ReLU"]
    with pytest.raises(CatalogueError, match="twice"):
        register(Layer(kind="ReLU", category="Activation", summary="Another.", source="", pattern="... -> ..."))
    assert LAYERS["ReLU"] is first


@pytest.mark.parametrize("wrong", [
    {"weights": "out_chanels * 2"}, {"macs": "L"}, {"rules": (Rule("C % grups == 0", "no"),)},
    {"pattern": "N C H W -> N C H_out W"}, {"category": "Misc"},
], ids=str)
def test_a_formula_with_an_unknown_name_is_an_error_when_it_is_declared(wrong):
    entry = {"kind": "Wrong", "category": "Shape", "summary": "Wrong.", "source": "", "pattern": "N C H W -> N C H W", **wrong}
    with pytest.raises(CatalogueError):
        register(Layer(**entry))
    assert "Wrong" not in LAYERS


def test_the_canvas_gets_every_layer_with_its_form():
    document = catalogue_json()
    assert list(document["layers"]) == [*LAYERS, *COMPOSITES] and set(document["categories"]) == {*CATEGORIES, *BLOCK_CATEGORIES}
    conv = document["layers"]["Conv2d"]
    assert conv["inputs"] == [1, 1] and conv["stem"] == "conv"
    assert [param["name"] for param in conv["params"]][:2] == ["out_channels", "kernel_size"]
    assert document["layers"]["Add"]["inputs"] == [2, None]


def test_the_worked_formula_shows_the_numbers():
    inference = LAYERS["Conv2d"].infer([(BATCH, 1, 28, 28)], {"kernel_size": 5})
    assert inference.steps[0] == ("H_out = (H + 2 * padding - dilation * (kernel_size - 1) - 1) // stride + 1"
                                  " = (28 + 2 * 0 - 1 * (5 - 1) - 1) // 1 + 1 = 24")


def test_formulas_show_only_the_branch_that_applies():
    assert written("a if up else b + 1", {"up": False, "a": 1, "b": 2}) == "b + 1"
    assert substituted("a if up else b + 1", {"up": False, "a": 1, "b": 2}) == "2 + 1"


@pytest.mark.parametrize("formula", ["__import__('os')", "a.b", "[1]", "lambda: 1", "a[0]", "open('x')"])
def test_formulas_are_a_small_language(formula):
    with pytest.raises(CatalogueError):
        evaluate(formula, {"a": 1})


@pytest.mark.parametrize("kind", ["Add", "Concat", "Multiply"])
def test_a_merge_of_thousands_names_a_few_of_its_inputs(kind):
    alike = LAYERS[kind].infer([(BATCH, 4, 5)] * 5000, {})
    assert not alike.problems and all(len(step) < 200 and "4995 more" in step for step in alike.steps)
    (problem,) = LAYERS[kind].infer([(BATCH, 4, size) for size in range(2, 5002)], {}).problems
    assert "N×4×2 and N×4×3" in problem.says and "4995 more" in problem.says and len(str(problem)) < 300


def test_a_parameter_says_what_it_wants_and_what_it_got():
    size = Int("kernel_size", 3, "side", axes=2)
    assert size.check("5") == "kernel_size must be a whole number or 2 of them (height, width), received '5'"
    assert size.check(0) == "kernel_size must be at least 1, received 0"
    assert size.check(True) is not None and size.check((3, 5)) is None and size.check((1, 2, 3)) is not None
    assert Bool("bias", True, "offset").check(1) == "bias must be true or false, received 1"


def test_the_catalogue_is_read_without_torch(tmp_path):
    import subprocess
    import sys

    code = "import sys, builder.catalogue; assert 'torch' not in sys.modules and 'numpy' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_no_family_reads_user_text_into_code():
    import builder.catalogue.expressions as expressions

    tree = ast.parse(Path(expressions.__file__).read_text())
    calls = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    assert not calls & {"eval", "exec", "compile", "__import__"}
