"""Models written here to be hard to import, and some of torchvision's: drawn, compiled again, and held against the model."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable

import pytest
import torch
import torchvision
from torch import nn
from torch.nn import functional as F

from builder.compile.importer import Imported, ImportRefused, import_module
from builder.compile.module import load
from builder.graph import check, dumps, loads
from builder.graph.document import thaw

IMAGE = torch.zeros(1, 3, 16, 16)
ROW = torch.zeros(1, 8)
WORDS = torch.full((1, 6), 9)


def imported(module: nn.Module, example: torch.Tensor | tuple[torch.Tensor, ...] = ROW) -> Imported:
    """The import, with what holds of every one: it can be saved and opened, and needs nothing but its text and its weights."""
    found = import_module(module, example)
    assert found.difference <= 1e-5
    assert loads(dumps(found.project)) == found.project
    report = check(found.project)
    assert not report.errors and report.params == sum(p.numel() for p in module.parameters())
    assert load(found.source).load_state_dict(dict(found.weights))
    assert {source for source in found.mapping.values() if source} >= {name for name, _ in module.named_parameters()}
    return found


def kinds(found: Imported) -> list[str]:
    """The kinds at the top level, ends left out."""
    return [node.kind for node in found.project.network.nodes if node.kind not in ("Input", "Output")]


def made(function: Callable) -> nn.Module:
    """A module whose forward is this function of its inputs."""
    class Plain(nn.Module):
        def forward(self, *inputs):
            return function(*inputs)
    return Plain()


class Block(nn.Module):
    """Two convolutions and a shortcut, written in place."""

    def __init__(self, channels: int, out: int):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, out, 3, padding=1)
        self.bn = nn.BatchNorm2d(out)
        self.conv2 = nn.Conv2d(out, out, 3, padding=1)
        self.act = nn.ReLU(inplace=True)
        self.shortcut = nn.Conv2d(channels, out, 1) if channels != out else nn.Identity()

    def forward(self, x):
        y = self.conv2(self.act(self.bn(self.conv1(x))))
        y += self.shortcut(x)
        return self.act(y)


class Stages(nn.Module):
    """Blocks in containers, as a network for images has them."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3)
        self.stage1 = nn.Sequential(Block(4, 8), Block(8, 8), Block(8, 8), Block(8, 8))
        self.stage2 = nn.Sequential(Block(8, 16), Block(16, 16), Block(16, 16), Block(16, 16))
        self.head = nn.Linear(16, 5)

    def forward(self, x):
        return self.head(self.stage2(self.stage1(self.stem(x))).mean((2, 3)))


def test_modules_become_linked_blocks_and_equal_copies_one_brick():
    found = imported(Stages(), IMAGE)
    nodes = {node.id: node for node in found.project.network.nodes}
    assert list(nodes) == ["image", "stem", "stage1_0", "stage1_rest", "stage2_0", "stage2_rest", "mean", "head", "output"]
    assert nodes["stage1_rest"].params["repeat"] == 3 and nodes["stage2_rest"].params["repeat"] == 3
    assert nodes["stage1_rest"].kind == nodes["stage2_rest"].kind == "Block" and nodes["stage2_rest"].params["out_channels"] == 16
    assert nodes["stage1_0"].kind == nodes["stage2_0"].kind == "BlockWithShortcut"
    assert [node.id for node in found.project.blocks["Block"].network.nodes] == ["x", "conv1", "bn", "act1", "conv2", "add", "act2", "out"]
    assert found.mapping["stage1_rest.2.bn.running_var"] == "stage1.3.bn.running_var"


def test_the_module_itself_is_left_as_it_was():
    module = Stages().eval()
    module.stage1.train()
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    import_module(module, IMAGE)
    assert all(torch.equal(tensor, before[name]) for name, tensor in module.state_dict().items())
    assert module.stage1.training and not module.training and not module._forward_hooks and not module.stem._forward_hooks


class Tied(nn.Module):
    """The table of words is also the last layer's weight, and one block is used twice."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(10, 8)
        self.mix = nn.Sequential(nn.Linear(8, 8), nn.GELU(), nn.Linear(8, 8), nn.LayerNorm(8))
        self.out = nn.Linear(8, 10, bias=False)
        self.out.weight = self.embed.weight

    def forward(self, ids):
        return self.out(self.mix(self.mix(self.embed(ids))))


def test_a_module_called_twice_and_a_weight_with_two_names_are_shared():
    found = imported(Tied(), WORDS)
    nodes = {node.id: node for node in found.project.network.nodes}
    assert [node.of for node in nodes.values() if node.of] == ["mix1"]
    assert kinds(found).count("Parameter") == 1 and {"EmbeddingWith", "LinearWith"} <= set(kinds(found))


class Twice(nn.Module):
    """One layer under two names."""

    def __init__(self):
        super().__init__()
        self.a = nn.Linear(8, 8)
        self.b = self.a

    def forward(self, x):
        return self.b(F.relu(self.a(x)))


def test_a_layer_under_two_names_is_one_layer():
    assert [node.of for node in imported(Twice()).project.network.nodes if node.kind == "Linear"] == [None, "a1"]


def test_control_flow_on_shapes_and_in_place_operations_follow_the_example():
    def forward(x):
        if x.shape[1] > 4:
            x = x * 2
        for _ in range(3):
            x = x + 1
        x.add_(1).relu_()
        x[:, 2:4] = 0
        x[:, :1] *= x[:, 1:2]
        return x.view(x.size(0), 2, -1).softmax(-1)

    assert "Concat" in kinds(imported(made(forward)))


@pytest.mark.parametrize("tokens", [0, 2])
def test_a_slice_that_may_be_empty_is_left_out_of_what_is_laid_side_by_side(tokens):
    assert ("Concat" in kinds(imported(made(lambda x: torch.cat([x[:, :tokens], x[:, tokens:].relu()], 1))))) == bool(tokens)


@pytest.mark.parametrize(("forward", "says"), [(lambda x: x[:, :0].sigmoid(), "sigmoid .*a tensor without a single number enters it"),
                                               (lambda x: (x * 2, x[:, :0]), "an output of the model is a tensor without a single number")])
def test_nothing_at_all_is_refused_in_words(forward, says):
    with pytest.raises(ImportRefused, match=says):
        import_module(made(forward), ROW)


def test_copies_of_samples_stand_beside_each_other_or_one_behind_the_other():
    def forward(x):
        a = x.repeat_interleave(3, 0).view(-1, 3, 8)
        b = x.repeat(3, 2).view(3, -1, 16)
        return a.sum(1) + b.sum(0)[:, :8]

    found = imported(made(forward))
    assert kinds(found).count("Expand") == 2 and kinds(found).count("Repeat") == 1


def test_a_slice_written_through_a_view_reaches_what_it_was_cut_from():
    class Masked(nn.Module):
        def __init__(self):
            super().__init__()
            self.qkv = nn.Linear(8, 12)

        def forward(self, x):
            bias = self.qkv.bias.clone()
            bias[4:8].zero_()
            return F.linear(x, self.qkv.weight, bias)

    module = Masked()
    with torch.no_grad():
        module.qkv.bias.fill_(3)
    assert "LinearWith" in kinds(imported(module))


def test_what_a_view_would_read_stale_is_refused():
    def forward(x):
        rows = x.view(x.shape[0], 2, 4)
        x += 1
        return rows.sum((1, 2))

    with pytest.raises(ImportRefused, match="read under another name"):
        import_module(made(forward), ROW)


Answer = namedtuple("Answer", ["logits", "hidden"])


@pytest.mark.parametrize(("result", "names"), [
    (lambda x: {"scores": x, "twice": 2 * x}, ["scores", "twice"]),
    (lambda x: Answer(x + 1, [x, None, 3 * x]), ["logits", "hidden_1", "hidden_3"]),
    (lambda x: (x.exp(), x.chunk(2, 1)[1]), ["output_1", "output_2"]),
])
def test_every_tensor_of_a_result_is_an_output(result: Callable, names: list[str]):
    assert [node.id for node in imported(made(result)).project.network.nodes if node.kind == "Output"] == names


class Auxiliary(nn.Module):
    """A second head that exists in training only, and dropout before and behind it."""

    def __init__(self):
        super().__init__()
        self.stem, self.main, self.aux = nn.Linear(8, 8), nn.Linear(8, 3), nn.Linear(8, 3)
        self.drop = nn.Dropout(0.5)

    def forward(self, x):
        x = self.drop(self.stem(x))
        side = self.aux(self.drop(x)) if self.training else None
        x = self.main(self.drop(x))
        return (x, side) if self.training else x


def test_a_head_of_training_is_an_output_of_training():
    found = imported(Auxiliary())
    outputs = {node.id: thaw(node.params) for node in found.project.network.nodes if node.kind == "Output"}
    assert outputs == {"output_1": {}, "output_2": {"when": "training"}}


class Buffers(nn.Module):
    """A buffer that is saved, one that is not, a table worked out on the way, and a mask made in place."""

    def __init__(self):
        super().__init__()
        self.register_buffer("scale", torch.linspace(1, 2, 8))
        self.register_buffer("shift", torch.linspace(-1, 1, 8), persistent=False)
        self.bias = nn.Parameter(torch.randn(2, 12))

    def forward(self, x):
        index = (torch.arange(4)[:, None] - torch.arange(4)[None]) + 4
        mask = torch.zeros(4, 4)
        mask[:2, 2:] = -5
        table = self.bias[:, index]
        y = (x * self.scale + self.shift).view(-1, 2, 4)
        return (y[:, :, None] + table + mask).softmax(-1).sum(2)


def test_constants_are_kept_with_the_weights():
    found = imported(Buffers())
    assert kinds(found).count("Buffer") == 4
    assert {"scale", "shift", None} <= set(found.mapping.values())


def test_random_numbers_are_drawn_in_the_model_s_order():
    class Noisy(nn.Module):
        def __init__(self):
            super().__init__()
            self.one, self.two = nn.Linear(8, 8), nn.Linear(8, 8)

        def forward(self, x):
            a = F.dropout(self.one(x), 0.3, self.training)
            b = F.dropout(self.two(x), 0.6, self.training)
            return a + b + 0.1 * torch.randn_like(a)

    assert {"Dropout", "Noise"} <= set(kinds(imported(Noisy())))


def test_attention_recurrence_and_several_inputs():
    class Reader(nn.Module):
        def __init__(self):
            super().__init__()
            self.embed = nn.Embedding(10, 8)
            self.token = nn.Parameter(torch.randn(1, 1, 8))
            self.rnn = nn.LSTM(8, 4, batch_first=True, bidirectional=True)
            self.attention = nn.MultiheadAttention(8, 2, batch_first=True)

        def forward(self, ids, image):
            x = torch.cat([self.token.expand(ids.shape[0], -1, -1), self.embed(ids)], 1)
            x, (h, _) = self.rnn(x)
            x, _ = self.attention(x, x, x, need_weights=False)
            return x.mean(1) + h[-1].repeat(1, 2) + image.mean((1, 2, 3), keepdim=True).flatten(1)

    found = imported(Reader(), (WORDS, IMAGE))
    assert [thaw(node.params) for node in found.project.network.nodes if node.kind == "Input"] == [{"shape": [6], "dtype": "int64"}, {"shape": [3, 16, 16]}]


class Cached(nn.Module):
    """Keeps in evaluation what it works out of its weights in training."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(8))
        self.cache = {}

    def forward(self, x):
        if self.training:
            return x * self.weight.exp()
        if "w" not in self.cache:
            self.cache["w"] = self.weight.exp()
        return x * self.cache["w"]


def test_a_cache_of_evaluation_takes_no_parameter_away():
    module = Cached()
    assert "weight" in imported(module).mapping.values() and not module.cache


@pytest.mark.parametrize(("forward", "says"), [
    (lambda x: torch.linalg.svd(x.view(-1, 2, 4)).S, "svd in Plain cannot be said in bricks: there is no brick for it"),
    (lambda x: x * 2 if x.sum() > 0 else x, "cannot be followed without numbers"),
    (lambda x: x / x.shape[0], "number of samples"),
    (lambda x: x.sum(0), "batch"),
    (lambda x: x + torch.rand(8), "rand"),
    (lambda x: x * (3 if x.shape[0] == 2 else 4), "number of samples"),
    (lambda x: (x, "a text"), "gives str beside tensors"),
    (lambda x: x.double(), "double"),
])
def test_what_cannot_be_said_is_refused_by_name(forward: Callable, says: str):
    with pytest.raises(ImportRefused, match=says):
        import_module(made(forward), ROW)


def test_the_refusal_names_the_module_in_which_it_stands():
    class Inner(nn.Module):
        def forward(self, x):
            return torch.special.bessel_j0(x)

    class Outer(nn.Module):
        def __init__(self):
            super().__init__()
            self.part = nn.Sequential(nn.Linear(8, 8), Inner())

        def forward(self, x):
            return self.part(x)

    with pytest.raises(ImportRefused, match=r"bessel_j0 in part\.1 \(Inner\)"):
        import_module(Outer(), ROW)


def test_what_evaluation_does_otherwise_is_found_out():
    class Two(nn.Module):
        def forward(self, x):
            return x * 2 if self.training else x * 3

    with pytest.raises(ImportRefused, match="differs by"):
        import_module(Two(), ROW)


def test_parameters_that_nothing_reads_are_refused():
    class Idle(nn.Linear):
        def __init__(self):
            super().__init__(8, 8)
            self.idle = nn.Parameter(torch.zeros(3))

    with pytest.raises(ImportRefused, match="72 parameters, the model 75"):
        import_module(Idle(), ROW)


def test_frozen_weights_stay_frozen():
    module = Stages()
    module.stem.requires_grad_(False)
    found = imported(module, IMAGE)
    assert [node.id for node in found.project.network.nodes if node.frozen] == ["stem"]


@pytest.mark.parametrize(("module", "says"), [
    (nn.Linear(8, 8).double(), "float64"), (nn.LazyLinear(8), "no shape yet"), (nn.Linear(8, 8).to("meta"), "on meta"), ("a text", "no torch.nn.Module")])
def test_what_no_drawing_can_hold_is_refused(module: object, says: str):
    with pytest.raises(ImportRefused, match=says):
        import_module(module, ROW)


def test_a_single_layer_is_a_drawing_and_so_is_a_row_of_them():
    assert kinds(imported(nn.Linear(8, 3))) == ["Linear"]
    assert kinds(imported(nn.Sequential(nn.Linear(8, 3), nn.Identity(), nn.Tanh(), nn.Dropout(0)))) == ["Linear", "Tanh"]


def test_an_example_that_is_none_is_refused():
    for example in ([], torch.tensor(1.0), "image", torch.zeros(0, 8)):
        with pytest.raises(ImportRefused, match="example"):
            import_module(nn.Linear(8, 8), example)


def plain(name: str, **more: object) -> nn.Module:
    """One of torchvision's models with random weights."""
    return torchvision.models.get_model(name, weights=None, **more)


# One of each family, as small as it comes; benchmarks/importing.py runs them all.
FAMILIES = ("resnet18", "densenet121", "mobilenet_v3_small", "shufflenet_v2_x0_5", "squeezenet1_1", "efficientnet_b0", "regnet_y_400mf", "mnasnet0_5")


@pytest.mark.parametrize("name", FAMILIES)
def test_models_of_torchvision(name: str):
    found = imported(plain(name), torch.zeros(1, 3, 64, 64))
    assert found.difference == 0 and len(found.project.network.nodes) < 40


def small_vit() -> nn.Module:
    """A vision transformer of three layers."""
    return torchvision.models.VisionTransformer(32, 16, 3, 2, 32, 64, dropout=0.1, num_classes=5)


def small_swin(**more: object) -> nn.Module:
    """A Swin transformer of two stages, with shifted windows."""
    return torchvision.models.SwinTransformer([4, 4], 16, [2, 2], [2, 2], [4, 4], num_classes=5, **more)


def small_swin_v2() -> nn.Module:
    """The second version, which works its table of positions out by a small network."""
    return small_swin(block=torchvision.models.swin_transformer.SwinTransformerBlockV2, downsample_layer=torchvision.models.swin_transformer.PatchMergingV2)


def small_convnext() -> nn.Module:
    """A ConvNeXt of two stages."""
    stage = torchvision.models.convnext.CNBlockConfig
    return torchvision.models.ConvNeXt([stage(8, 16, 2), stage(16, None, 3)], stochastic_depth_prob=0.2, num_classes=5)


@pytest.mark.parametrize("model", [small_vit, small_swin, small_swin_v2, small_convnext])
def test_transformers_and_what_moves_axes(model: Callable[[], nn.Module]):
    assert len(imported(model(), torch.zeros(1, 3, 32, 32)).project.network.nodes) < 40


def test_the_layers_of_a_transformer_are_one_brick():
    found = imported(small_vit(), torch.zeros(1, 3, 32, 32))
    assert [node.id for node in found.project.blocks["Encoder"].network.nodes] == ["input", "pos_embedding", "add", "dropout", "layers", "ln", "out"]
    assert found.project.blocks["Encoder"].network.node("layers").params["repeat"] == 3


@pytest.mark.slow
@pytest.mark.parametrize(("name", "more"), [
    ("googlenet", {"init_weights": False}), ("lraspp_mobilenet_v3_large", {"weights_backbone": None}),
    ("deeplabv3_mobilenet_v3_large", {"weights_backbone": None, "aux_loss": True})])
def test_larger_models_of_torchvision(name: str, more: dict):
    assert len(imported(plain(name, **more), torch.zeros(1, 3, 64, 64)).project.network.nodes) < 40


def test_resnet50_is_seventeen_bricks():
    with torch.device("meta"):
        module = plain("resnet50")
    found = import_module(module.to_empty(device="cpu").apply(_filled), torch.zeros(1, 3, 64, 64))
    assert [node.id for node in found.project.network.nodes] == [
        "image", "conv1", "bn1", "relu", "maxpool", "layer1_0", "layer1_rest", "layer2_0", "layer2_rest", "layer3_0", "layer3_rest", "layer4_0",
        "layer4_rest", "avgpool", "flatten", "fc", "output"]


def _filled(module: nn.Module) -> None:
    for tensor in (*module.parameters(recurse=False), *module.buffers(recurse=False)):
        tensor.data.fill_(0.01 if tensor.is_floating_point() else 0)
