"""The ready-made projects: published counts, shapes, recipes, and the lecture's own network as the oracle."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from builder import api
from builder.catalogue import DATASETS
from builder.graph import check
from tests.first_networks import FIRST

PUBLISHED = {"mnist-cnn": 21_840, "fashion-mlp": 669_706, "lenet-cifar": 62_006, "bootcamp-cnn": 410_634}


def test_the_gallery_holds_the_four_networks_with_their_published_parameter_counts():
    assert (
        {name: check(entry.project).params for name, entry in FIRST.items()}
        == PUBLISHED
        == {name: entry.parameters for name, entry in FIRST.items()}
    )


@pytest.mark.parametrize("name", FIRST)
def test_a_project_has_no_problem_and_torch_counts_what_was_published(name):
    project = FIRST[name].project
    assert not check(project).problems
    network = api.module(project)
    assert sum(parameter.numel() for parameter in network.parameters()) == PUBLISHED[name]
    assert tuple(network(torch.zeros(2, *DATASETS[project.data["source"]].shape)).shape) == (2, 10)


@pytest.mark.parametrize("name", FIRST)
def test_every_recipe_is_for_a_data_set_and_is_legal_and_the_one_for_the_chosen_data_is_used(name):
    project = FIRST[name].project
    assert project.training == project.recipes[project.data["source"]]
    for source in project.recipes:
        chosen = api.with_settings(project, {"data.source": source})
        assert chosen.training == project.recipes[source] and not [
            problem for problem in check(chosen).problems if problem.code == "settings"
        ]
        assert DATASETS[source].shape == DATASETS[project.data["source"]].shape and not check(chosen).problems


def test_the_deck_recipes_are_the_decks():
    mnist, lenet, bootcamp, fashion = (
        FIRST[name].project.recipes for name in ("mnist-cnn", "lenet-cifar", "bootcamp-cnn", "fashion-mlp")
    )
    assert mnist["mnist"]["optimizer"] == {"kind": "SGD", "lr": 0.01} and mnist["mnist"]["batch_size"] == 100
    assert lenet["cifar10"]["optimizer"] == {"kind": "SGD", "lr": 0.001, "momentum": 0.9} and (
        lenet["cifar10"]["batch_size"],
        lenet["cifar10"]["epochs"],
    ) == (4, 2)
    assert bootcamp["mnist"]["optimizer"] == {"kind": "Adam", "lr": 0.0002, "beta1": 0.5, "beta2": 0.99}
    assert fashion["fashion-mnist"]["optimizer"] == {"kind": "SGD", "lr": 0.001} and fashion["fashion-mnist"]["batch_size"] == 64


def test_shapes_of_the_mnist_cnn_down_to_flatten():
    rows = {row["id"]: row["output"] for row in check(FIRST["mnist-cnn"].project).layers}
    assert rows["conv1"] == "N×10×24×24" and rows["pool1"] == "N×10×12×12" and rows["conv2"] == "N×20×8×8" and rows["relu2"] == "N×20×4×4"
    assert rows["flatten"] == "N×320" and rows["output"] == "N×10"


class Deck(nn.Module):
    """The lecture's network, written by hand."""

    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 10, kernel_size=5), nn.Conv2d(10, 20, kernel_size=5)
        self.pool, self.fc1, self.fc2 = nn.MaxPool2d(2), nn.Linear(320, 50), nn.Linear(50, 10)

    def forward(self, x):
        x = torch.relu(self.pool(self.conv1(x)))
        x = torch.relu(self.pool(self.conv2(x)))
        return self.fc2(torch.relu(self.fc1(x.view(x.size(0), -1))))


def test_the_mnist_cnn_is_the_decks_network_bit_for_bit_with_the_decks_weights():
    torch.manual_seed(3)
    deck, network = Deck(), api.module(FIRST["mnist-cnn"].project)
    assert list(network.state_dict()) == list(deck.state_dict())
    network.load_state_dict(deck.state_dict())
    x, y = torch.randn(16, 1, 28, 28), torch.randint(0, 10, (16,))
    assert torch.equal(network(x), deck(x))
    for model in (network, deck):
        nn.functional.cross_entropy(model(x), y).backward()
    assert all(torch.equal(a.grad, b.grad) for a, b in zip(network.parameters(), deck.parameters(), strict=True))


def test_the_mnist_cnn_starts_from_the_weights_that_the_deck_would_draw_from_the_same_seed():
    seed = FIRST["mnist-cnn"].project.training["seed"]
    network = api.module(FIRST["mnist-cnn"].project)
    torch.manual_seed(seed)
    deck = Deck()
    assert all(torch.equal(a, b) for a, b in zip(network.parameters(), deck.parameters(), strict=True))
