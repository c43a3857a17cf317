"""Composites of transformers against torch's and torchvision's own: equally many parameters, and with their weights their answers."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torchvision.models.vision_transformer import EncoderBlock

from tests.compile.test_composites import answers_as

TOKENS = (2, 7, 24)


class QuickGELU(nn.Module):
    """As OpenAI's CLIP has it."""

    def forward(self, x):
        return x * torch.sigmoid(1.702 * x)


@pytest.mark.parametrize(("activation", "layer"), [("GELU", nn.GELU()), ("GELU tanh", nn.GELU("tanh")), ("QuickGELU", QuickGELU()), ("ReLU", nn.ReLU())])
def test_the_mlp_of_a_transformer(activation, layer):
    answers_as(nn.Sequential(nn.Linear(24, 50), layer, nn.Linear(50, 24)), "MLPBlock", {"mlp_dim": 50, "activation": activation}, TOKENS)


def test_quick_gelu():
    answers_as(QuickGELU(), "QuickGELU", {}, TOKENS)


class Attention(nn.MultiheadAttention):
    """torch's attention of tokens to themselves."""

    def __init__(self, width: int, heads: int, causal: bool):
        super().__init__(width, heads, batch_first=True)
        self.causal = causal

    def forward(self, x):
        mask = nn.Transformer.generate_square_subsequent_mask(x.shape[1]) if self.causal else None
        return super().forward(x, x, x, attn_mask=mask, need_weights=False)[0]


@pytest.mark.parametrize(("heads", "causal"), [(1, False), (4, False), (4, True)])
def test_attention_made_of_bricks(heads, causal):
    answers_as(Attention(24, heads, causal), "SelfAttention", {"num_heads": heads, "is_causal": causal}, TOKENS, close=1e-5)


def test_heads_that_do_not_divide_the_width_are_refused_with_the_numbers():
    from builder.catalogue import BATCH
    from builder.catalogue.blocks import COMPOSITES

    problems = COMPOSITES["SelfAttention"].trace(((BATCH, 7, 24),), {"num_heads": 5}).problems
    assert [str(problem) for problem in problems] == ["24 numbers a token do not split into 5 heads"]


@pytest.mark.parametrize("heads", [1, 4])
def test_a_layer_of_a_vision_transformer(heads):
    theirs = EncoderBlock(heads, 24, 40, 0.0, 0.0)
    answers_as(theirs, "TransformerEncoderBlock", {"num_heads": heads, "mlp_dim": 40, "eps": 1e-6}, TOKENS, close=1e-5)


class Layer(nn.TransformerEncoderLayer):
    """torch's layer, normalised first, in the order of parameters that a GPT has."""

    def __init__(self, width: int, heads: int):
        super().__init__(width, heads, 4 * width, 0.0, lambda x: F.gelu(x, approximate="tanh"), batch_first=True, norm_first=True)
        self.parts = nn.ModuleList([self.norm1, self.self_attn, self.norm2, self.linear1, self.linear2])

    def state_dict(self, *args, **kwargs):
        return self.parts.state_dict(*args, **kwargs)

    def forward(self, x):
        mask = nn.Transformer.generate_square_subsequent_mask(x.shape[1])
        return super().forward(x, src_mask=mask, is_causal=True)


def test_a_layer_of_a_gpt():
    answers_as(Layer(24, 3), "TransformerDecoderBlock", {"num_heads": 3}, TOKENS, close=1e-5)


def test_what_a_gpt_says_of_a_place_does_not_depend_on_what_comes_after():
    from builder.compile.module import load
    from builder.compile.source import source
    from tests.compile.test_composites import drawn

    network = load(source(drawn("TransformerDecoderBlock", {"num_heads": 3}, (TOKENS,))))
    x = torch.randn(TOKENS)
    changed = torch.cat([x[:, :4], torch.randn(2, 3, 24)], dim=1)
    assert torch.allclose(network(x)[:, :4], network(changed)[:, :4], atol=1e-6) and not torch.allclose(network(x), network(changed), atol=1e-3)


class Patches(nn.Module):
    """Patches as tokens, a class token in front, a vector a position."""

    def __init__(self, patch: int, width: int, count: int):
        super().__init__()
        self.conv = nn.Conv2d(3, width, patch, stride=patch)
        self.token = nn.Parameter(torch.zeros(1, 1, width))
        self.position = nn.Parameter(torch.zeros(1, count, width))

    def forward(self, x):
        return self.conv(x).flatten(2).transpose(1, 2)


def test_the_way_from_an_image_to_tokens():
    theirs = Patches(4, 24, 7)
    alone = nn.Sequential(theirs.conv)
    answers_as(alone, "PatchEmbedding", {"patch_size": 4, "embed_dim": 24}, (2, 3, 8, 12), joined=theirs)
    for name, kind, joined in (("token", "ClassToken", lambda x: torch.cat([theirs.token.expand(2, -1, -1), x], 1)),
                               ("position", "PositionEmbedding", lambda x: x + theirs.position)):
        held = nn.ParameterDict({name: getattr(theirs, name)})
        answers_as(held, kind, {}, TOKENS, joined=joined)
