"""What the networks of the lectures are known for, asked of the drawings themselves."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from builder import api
from builder.catalogue import BATCH, with_batch
from builder.compile.module import load
from builder.gallery import ENTRIES
from builder.graph import apply, check

# Networks small enough to be run forward and backward by a test: multiply-adds for one sample, and parameters.
MOST_MACS, MOST_PARAMS = 2_000_000_000, 12_000_000


def made(name: str, training: bool = False) -> torch.nn.Module:
    """A ready-made network."""
    return api.module(ENTRIES[name].project).train(training)


def samples(name: str, count: int = 2) -> list[torch.Tensor]:
    """Random samples for every Input of a ready-made network."""
    placed = check(ENTRIES[name].project).analysis.placed
    torch.manual_seed(1)
    inputs = [placed[node.id] for node in ENTRIES[name].project.network.nodes if node.kind == "Input"]
    shapes = [(with_batch(one.shape, count), one.node.params.get("dtype") == "int64") for one in inputs]
    return [torch.randint(1, 9, shape) if whole else torch.rand(shape) for shape, whole in shapes]


def outputs(answer: torch.Tensor | tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
    """What leaves a network, one value or several."""
    return answer if isinstance(answer, tuple) else (answer,)


@pytest.mark.slow
@pytest.mark.parametrize("name", ENTRIES)
def test_every_parameter_receives_a_gradient_and_the_outputs_have_the_published_shapes(name):
    report = check(ENTRIES[name].project)
    if report.macs > MOST_MACS or report.params > MOST_PARAMS:
        assert report.params == ENTRIES[name].parameters
        return
    network = made(name, training=True)
    answer = outputs(network(*samples(name)))
    wanted = [(BATCH, *(BATCH if size == "N" else size for size in shape)) for shape in ENTRIES[name].outputs]
    assert [tuple(value.shape) for value in answer] == [with_batch(shape, 2) for shape in wanted]
    sum((value * torch.randn_like(value)).sum() for value in answer).backward()
    assert not [key for key, parameter in network.named_parameters() if parameter.grad is None]


def test_a_siamese_network_has_one_tower_and_both_images_train_it():
    network = made("siamese-koch")
    assert {key.split(".")[0] for key in network.state_dict()} == {"tower1", "fc"}
    a, b = samples("siamese-koch", 1)
    assert torch.allclose(network(a, b), network(b, a)) and torch.allclose(network(a, a), torch.sigmoid(network.fc.bias))


def test_only_the_head_of_a_geometric_matcher_is_left_to_train_when_its_towers_are_frozen():
    project = apply(ENTRIES["cnn-geometric-affine"].project, {"op": "freeze", "ids": ["tower1"], "value": True})
    with torch.device("meta"):
        network = load(api.source(project))
    assert sum(parameter.numel() for parameter in network.parameters() if parameter.requires_grad) == 1_626_182


def test_the_features_of_the_exemplar_slide_over_those_of_the_search_image():
    network = made("siamfc")
    z, x = samples("siamfc", 2)
    ours = network(z, x)
    features, window = network.tower1(x), network.tower1(z)
    each = torch.cat([F.conv2d(features[i:i + 1], window[i:i + 1]) for i in range(2)])
    assert torch.allclose(ours, network.adjust(each), rtol=1e-4, atol=1e-5)


def test_a_spatial_transformer_begins_as_the_mnist_cnn():
    network = made("stn-mnist")
    x, = samples("stn-mnist")
    assert torch.allclose(network(x), torch.nn.Sequential(*list(network)[1:])(x), atol=1e-5)


@pytest.mark.parametrize("name", ["pointnet-cls-noft", "pointnet-seg-noft"])
def test_the_order_of_the_points_means_nothing_to_a_pointnet(name):
    network = made(name)
    points, = samples(name)
    order = torch.randperm(points.shape[2])
    answer, shuffled = network(points)[0], network(points[:, :, order])[0]
    assert torch.allclose(answer[:, order] if answer.dim() == 3 else answer, shuffled, atol=1e-5)


def test_a_gpt_does_not_look_ahead_and_writes_with_the_table_that_it_reads_with():
    network = made("gpt-mini")
    tokens, = samples("gpt-mini")
    later = tokens.clone()
    later[:, 9:] = 50
    assert torch.allclose(network(tokens)[:, :9], network(later)[:, :9], atol=1e-5)
    assert not [key for key in network.state_dict() if "head" in key] and network.wte.shape == (96, 128)


def test_clip_holds_each_image_against_each_text_up_to_its_end():
    network = made("clip-mini")
    images, text = samples("clip-mini", 3)
    text[:, 4] = 63
    per_image, per_text = network(images, text)
    assert torch.equal(per_image, per_text.T) and per_image.shape == (3, 3)
    assert per_image.abs().max() <= 1 / 0.07 + 1e-4
    longer = text.clone()
    longer[:, 5:] = 7
    assert torch.allclose(network(images, longer)[0], per_image, atol=1e-4)


def test_a_variational_autoencoder_draws_anew_in_training_and_not_in_evaluation():
    network = made("vae")
    x, = samples("vae")
    assert torch.equal(network(x)[0], network(x)[0])
    network.train()
    assert not torch.equal(network(x)[0], network(x)[0])


def test_the_generators_of_the_dcgan_start_with_the_spread_that_the_paper_says():
    for name in ("dcgan-mnist-generator", "dcgan-mnist-discriminator"):
        weights = [parameter for parameter in made(name).parameters() if parameter.dim() > 1]
        assert all(0.018 < weight.std() < 0.022 for weight in weights)


def test_a_digit_read_row_by_row_is_read_from_the_top():
    network = made("rnn-rows")
    x, = samples("rnn-rows")
    states, _ = network.lstm(x[:, 0])
    assert torch.allclose(network(x), network.fc(states[:, -1]), atol=1e-6)
