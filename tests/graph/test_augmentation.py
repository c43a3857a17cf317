"""The row of augmentations in a project: its edits, what is said of a wrong one, and how it is written."""

from __future__ import annotations

import re

import pytest

import builder
from builder.catalogue.augmentation import AUGMENTATIONS
from builder.gallery import ENTRIES
from builder.graph import History, Project, apply, augmentation, check
from builder.graph.augmentation import augmentations, row
from builder.graph.diff import diff

DIGITS = ENTRIES["mnist-cnn"].project
CIFAR = builder.with_settings(ENTRIES["lenet-cifar"].project, {"data.source": "cifar10"})


def given(*entries: object, project: Project = DIGITS) -> Project:
    return apply(project, {"op": "settings", "path": "training.augmentation", "value": list(entries)})


def problems(project: Project) -> list[tuple[str, str, str]]:
    return [(problem.severity, problem.field, problem.says) for problem in check(project).problems if problem.node is None]


def mended(project: Project) -> Project:
    """The project after the sure fix of its only problem."""
    [problem] = [problem for problem in check(project).problems if problem.node is None]
    return apply(project, problem.sure.edit)


def test_augmentations_are_added_moved_switched_off_changed_and_removed_each_as_one_entry_of_the_history():
    history = History(DIGITS)
    for step in (lambda p: augmentation.added(p, "RandomCrop"), lambda p: augmentation.added(p, "RandomErasing"), lambda p: augmentation.moved(p, 1, -1),
                 lambda p: augmentation.changed(p, 1, "padding", 2), lambda p: augmentation.switched(p, 0, False)):
        history = history.apply(step(history.project))
    assert row(history.project) == [{"kind": "RandomErasing", "off": True}, {"kind": "RandomCrop", "padding": 2}]
    assert [(record.kind, values) for record, values in augmentations(history.project)] == [("RandomCrop", {"padding": 2})]
    assert [augmentation.said(entry) for entry in row(history.project)] == ["RandomErasing, switched off", "RandomCrop (padding 2)"]
    history = history.apply(augmentation.switched(history.project, 0, True)).apply(augmentation.removed(history.project, 1))
    assert row(history.project) == [{"kind": "RandomErasing", "off": True}]
    for _ in range(7):
        history = history.apply({"op": "undo"})
    assert history.project == DIGITS


def test_moving_past_an_end_stays_there():
    project = given({"kind": "RandomCrop"}, {"kind": "RandomInvert"})
    assert row(apply(project, augmentation.moved(project, 0, -1))) == row(project)
    assert [entry["kind"] for entry in row(apply(project, augmentation.moved(project, 0, 5)))] == ["RandomInvert", "RandomCrop"]


@pytest.mark.parametrize(("entries", "field", "says"), [
    ([{"kind": "Rotate"}], ".0", "there is no augmentation called 'Rotate'; there are RandomCrop"),
    (["RandomCrop"], ".0", "there is no augmentation called 'RandomCrop'"),
    ([{"kind": "RandomCrop"}, {"kind": "RandomCrop", "padding": 0}], ".1.padding", "RandomCrop: padding must be at least 1, received 0"),
    ([{"kind": "RandomCrop", "size": 3}], ".0.size", "RandomCrop has no parameter 'size'"),
    ([{"kind": "GaussianBlur", "kernel_size": 4}], ".0.kernel_size", "GaussianBlur: the window must have a middle pixel"),
    ([{"kind": "RandAugment", "magnitude": 31}], ".0.magnitude", "RandAugment: magnitude counts the num_magnitude_bins steps from 0, so it must be below 31; it is 31"),
    ([{"kind": "RandomAffine", "scale_min": 2.0}], ".0.scale_min", "RandomAffine: scale is drawn from scale_min to scale_max"),
    ([{"kind": "RandomCrop", "off": 1}], ".0.off", "off of RandomCrop must be true or false, received 1"),
    ([{"kind": "RandomInvert"}] * 17, "", "there are 17 augmentations in a row; 16 are allowed"),
])
def test_a_row_that_cannot_be_used_is_an_error_with_its_place_and_a_fix(entries, field, says):
    project = given(*entries)
    [(severity, where, said)] = problems(project)
    assert severity == "error" and where == f"training.augmentation{field}" and said.startswith(says)
    assert not problems(mended(project))
    with pytest.raises(ValueError, match=re.escape(says)):
        builder.source(project)


def test_what_is_no_list_is_an_error():
    project = apply(DIGITS, {"op": "settings", "path": "training.augmentation", "value": 7})
    assert problems(project)[0][2].startswith("augmentation must be a list") and row(project) == [] and not problems(mended(project))


@pytest.mark.parametrize(("project", "entry", "severity", "says"), [
    (DIGITS, {"kind": "RandomHorizontalFlip"}, "warning", "RandomHorizontalFlip on Digits (built in): a character that is mirrored is another one"),
    (DIGITS, {"kind": "RandomRotation", "degrees": 180.0}, "warning", "RandomRotation on Digits (built in): a character that is turned by up to 180°"),
    (DIGITS, {"kind": "TrivialAugmentWide"}, "warning", "TrivialAugmentWide on Digits (built in): a character that is turned by up to 135°"),
    (DIGITS, {"kind": "RandomGrayscale"}, "warning", "RandomGrayscale does nothing to images of 1 channel"),
    (DIGITS, {"kind": "RandomCrop", "padding": 28}, "error", "RandomCrop by up to 28 pixels can move an image of 28×28 pixels out of sight: padding must be below 28"),
    (CIFAR, {"kind": "RandomHorizontalFlip"}, None, ""), (DIGITS, {"kind": "RandomRotation"}, None, ""), (CIFAR, {"kind": "RandomGrayscale"}, None, ""),
    (DIGITS, {"kind": "RandomHorizontalFlip", "off": True}, None, ""),
])
def test_what_the_images_do_not_bear_is_said(project, entry, severity, says):
    found = problems(given(entry, project=project))
    assert [one[0] for one in found] == ([severity] if severity else []) and all(one[2].startswith(says) for one in found)
    assert not found or not problems(mended(given(entry, project=project)))


def test_mixed_classes_need_a_loss_that_takes_shares_and_samples_of_one_class_each():
    margin = given({"kind": "MixUp"}, project=builder.with_settings(DIGITS, {"training.loss": "MultiMarginLoss"}))
    [(severity, field, says)] = problems(margin)
    assert severity == "error" and field == "training.augmentation.0" and says == "MultiMarginLoss asks for one class a sample, and MixUp gives shares of two"
    assert mended(margin).training["loss"]["kind"] == "CrossEntropyLoss" and not problems(mended(margin))
    for loss in ("CrossEntropyLoss", "BCEWithLogitsLoss", "MSELoss"):
        assert not problems(given({"kind": "CutMix"}, project=builder.with_settings(DIGITS, {"training.loss": loss})))
    two = given({"kind": "MixUp"}, {"kind": "RandomCrop"}, {"kind": "CutMix"})
    assert problems(two)[0][1:] == ("training.augmentation.2", "CutMix and MixUp both mix an image with the one before it: one of them is allowed in a row")
    assert [entry["kind"] for entry in row(mended(two))] == ["MixUp", "RandomCrop"]
    assert not problems(given({"kind": "MixUp", "off": True}, {"kind": "CutMix"}))
    masks = given({"kind": "MixUp"}, project=ENTRIES["unet-small"].project)
    assert problems(masks)[0][2].startswith("MixUp mixes the classes of two samples in shares, and what is told of") and not problems(mended(masks))


def test_rows_of_numbers_have_no_augmentations():
    project = given({"kind": "RandomCrop"}, project=builder.with_settings(ENTRIES["points-mlp"].project, {"data.source": "moons"}))
    assert problems(project) == [("error", "training.augmentation", "augmentations change images, and the samples of Moons (generated) are rows of numbers")]
    assert row(mended(project)) == []


@pytest.mark.parametrize("text", ["RandomCrop, ColorJitter", '["RandomCrop", {"kind": "ColorJitter"}]', '[{"kind": "RandomCrop"}, {"kind": "ColorJitter"}]'])
def test_on_the_command_line_names_alone_are_enough(text):
    assert row(builder.with_settings(DIGITS, {"training.augmentation": text})) == [{"kind": "RandomCrop"}, {"kind": "ColorJitter"}]


def test_a_wrong_one_on_the_command_line_is_refused():
    assert row(builder.with_settings(given({"kind": "RandomCrop"}), {"training.augmentation": "None"})) == []
    for text in ("Mirror", "RandomCrop,", '[{"kind": "RandomCrop", "padding": 99}]'):
        if text == "RandomCrop,":
            assert row(builder.with_settings(DIGITS, {"training.augmentation": text})) == [{"kind": "RandomCrop"}]
            continue
        with pytest.raises(ValueError, match="there is no augmentation called 'Mirror'|padding must be below 28"):
            builder.with_settings(DIGITS, {"training.augmentation": text})


def test_two_projects_are_told_apart_by_their_rows_in_words():
    before, after = given({"kind": "RandomCrop"}), given({"kind": "RandomCrop", "padding": 2}, {"kind": "RandomInvert", "off": True})
    assert [(one.name, one.before, one.after) for one in diff(before, after).settings] == [
        ("training.augmentation", "RandomCrop", "RandomCrop (padding 2) → RandomInvert, switched off")]
    assert not diff(DIGITS, given()).settings


def test_a_project_with_a_row_is_saved_and_read_and_trains():
    project = builder.with_settings(given({"kind": "RandomCrop", "padding": 2}), {"training.epochs": 1, "training.batch_size": 479})
    again = builder.from_json(builder.to_json(project))
    assert again == project
    losses = [[event.loss for event in builder.train(one, device="cpu") if type(event).__name__ == "EpochEnded"] for one in (project, again, given(project=project))]
    assert losses[0] == losses[1] != losses[2]


def test_every_parameter_has_words_and_a_default_that_is_allowed():
    for kind, record in AUGMENTATIONS.items():
        assert not record.check({}) and all(param.doc for param in record.params), kind
