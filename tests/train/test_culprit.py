"""A run that diverges names the layer and the operation where the first number that is not finite came from."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from torch import nn

from builder.catalogue.augmentation import AUGMENTATIONS
from builder.tasks.classification import Classification
from builder.train import culprit
from builder.train.augment import in_a_row
from builder.train.culprit import find
from builder.train.settings import Settings
from tests.train.small import AS_IF_REMOTE, CLASSES, Small, of, small_cnn, stripes

SETTINGS = Settings(epochs=3, batch_size=8, report_every=0, snapshot_every=1000)


class Does(nn.Module):
    """One function as a layer, once so many batches have passed it unchanged."""

    def __init__(self, function, after: int = 0):
        super().__init__()
        self.function, self.after, self.seen = function, after, 0

    def forward(self, x):
        self.seen += 1
        return self.function(x) if self.seen > self.after else x


class Logarithm(nn.Sequential):
    """A network whose own code has an operation that is no layer."""

    def forward(self, x):
        x = self.pool1(self.relu1(self.norm1(self.conv1(x))))
        x = torch.log(x)
        return self.fc2(self.relu2(self.fc1(self.flatten(x))))


def with_layer(function, name: str = "relu2") -> nn.Sequential:
    model = small_cnn()
    setattr(model, name, Does(function))
    return model


def ended(model: nn.Module | None = None, settings: Settings = SETTINGS, lr: float = 0.05, **options: object):
    return Small(settings, lambda parameters: torch.optim.SGD(parameters, lr=lr), model, **options).run()[-1]


def test_a_layer_whose_forward_pass_is_undefined_is_named_with_the_numbers():
    end = ended(with_layer(torch.log))
    assert (end.reason, end.step, end.brick) == ("diverged", 0, "relu2")
    assert "come out of Does 'relu2'" in end.says and "before any step was made" in end.says and "of the 64 numbers" in end.says


def test_an_operation_in_the_networks_own_code_is_named_by_its_line():
    model = Logarithm()
    for name, module in small_cnn().named_children():
        model.add_module(name, module)
    end = ended(model)
    assert end.reason == "diverged" and end.brick == "" and "come out of log in the code (`x = torch.log(x)`)" in end.says


def test_gradients_that_are_undefined_after_a_sound_forward_pass_name_the_layer_that_passed_them_back():
    # The slope of the root at 0 is infinite, and that of the square 0: together undefined.
    end = ended(with_layer(lambda x: ((x * (x > 0)) ** 2).sqrt()))
    assert end.reason == "diverged" and end.brick == "relu2" and "the gradients that Does 'relu2' passes back are infinite or undefined" in end.says


def test_steps_that_are_too_long_name_the_first_layer_that_overflows():
    end = ended(lr=1e20)
    assert end.reason == "diverged" and end.brick in ("fc1", "fc2", "conv1", "norm1") and "while the largest that went in is" in end.says
    assert "Try a learning rate of 0.1." in end.says


@pytest.mark.parametrize("device", [None, AS_IF_REMOTE])
def test_what_goes_wrong_at_a_later_step_is_found_from_the_last_sound_weights_with_the_runs_own_dropout_and_augmentation(device):
    class Rare(nn.Module):
        """Undefined for what it was given in the ninth step, with that step's weights and dropout, and for nothing else."""

        def __init__(self):
            super().__init__()
            self.given = []

        def forward(self, x):
            if self.training:
                self.given.append(x.detach().clone())
            bad = len(self.given) == 9 or len(self.given) > 9 and torch.equal(x, self.given[8])
            return x * math.nan if bad and self.training else x

    model = small_cnn(dropout=0.5)
    model.relu2 = Rare()
    settings = replace(SETTINGS, report_every=1000, augment=in_a_row([(AUGMENTATIONS["GaussianNoise"], {})]))
    end = Small(settings, lambda parameters: torch.optim.Adam(parameters, lr=0.01), model, device=device).run()[-1]
    assert end.reason == "diverged" and "at step 9" in end.says and end.brick == "relu2", end


def test_a_minus_infinity_that_a_softmax_takes_out_again_is_not_to_blame():
    def masked(x):
        return x.masked_fill(x > x.mean(), -math.inf).softmax(1)

    model = with_layer(masked)
    model.fc2 = Does(lambda x: (x[:, :CLASSES] - 2).sqrt())
    end = ended(model)
    assert end.reason == "diverged" and end.brick == "fc2"


def test_a_test_whose_loss_is_undefined_names_the_layer_too():
    class OnlyInTests(nn.Module):
        def forward(self, x):
            return x if self.training else x / 0

    model = small_cnn()
    model.relu2 = OnlyInTests()
    end = ended(model)
    assert end.reason == "diverged" and "loss of the test samples" in end.says and end.brick == "relu2"


def test_samples_that_are_undefined_themselves_are_not_blamed_on_a_layer():
    data = stripes()
    x = data.train_x.float()
    x[5, 0, 0, 0] = math.nan
    end = ended(tensors=replace(data, train_x=x, test_x=data.test_x.float(), mean=(0.0,), std=(1.0,)))
    assert end.reason == "diverged" and end.brick == "" and "the samples themselves" in end.says


def test_a_search_that_fails_changes_nothing_about_the_ending(monkeypatch, caplog):
    monkeypatch.setattr(culprit, "find", lambda *_: 1 / 0)
    end = ended(with_layer(torch.log))
    assert end.reason == "diverged" and end.brick == "" and "ZeroDivisionError" in caplog.text


def test_the_network_has_the_weights_after_the_search_that_it_had_before():
    small = Small(SETTINGS, model=with_layer(lambda x: x))
    small.model.relu2.after, small.model.relu2.function = 3, torch.log
    seen = []
    for event in small.events():
        seen.append(event)
        if type(event).__name__ == "StepEnded" and event.step == 3:
            before = {name: value.clone() for name, value in small.model.named_parameters()}
    assert seen[-1].reason == "diverged" and seen[-1].step == 3
    assert all(torch.equal(value, before[name]) for name, value in small.model.named_parameters())


def test_a_run_that_stays_finite_has_no_culprit():
    small = Small(SETTINGS)
    data = small.tensors
    inputs = data.train_x.float() / 255

    def step(task):
        task.loss(small.loss_fn, small.model(inputs), data.train_y).backward()

    assert find(small.model, [step, step], Classification(CLASSES)) is None and of(small.run(), "RunEnded")[0].brick == ""
