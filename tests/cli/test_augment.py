"""`augment`: the list of what there is, a project's row, and the sheet."""

from __future__ import annotations

import json

from PIL import Image

from builder.catalogue.augmentation import AUGMENTATIONS


def test_without_a_project_all_augmentations_are_listed(brickwork):
    listed = json.loads(brickwork("augment", "--json").out)
    assert [one["kind"] for one in listed] == list(AUGMENTATIONS) and listed[0]["params"][0]["name"] == "padding"
    assert all(kind in brickwork("augment").out for kind in AUGMENTATIONS)


def test_a_projects_row_is_shown_and_changed_for_the_look(brickwork):
    assert "trained on as they are" in brickwork("augment", "mnist-cnn").out
    done = brickwork("augment", "mnist-cnn", "--set", 'training.augmentation=[{"kind": "RandomCrop", "padding": 2}, {"kind": "RandomInvert", "off": true}]')
    assert "RandomCrop (padding 2)" in done.out and done.out.splitlines()[3].split()[:2] == ["RandomInvert", "no"]


def test_the_sheet_shows_samples_before_and_in_epochs_the_same_every_time(brickwork, tmp_path):
    files = [tmp_path / name for name in ("a.png", "b.png", "c.png")]
    for file, seed in zip(files, (0, 0, 1), strict=True):
        done = brickwork("augment", "mnist-cnn", "--set", "training.augmentation=RandomAffine", "--set", f"training.seed={seed}", "-o", str(file), "--samples", "3", "--epochs", "2")
        assert "3 epochs" not in done.out and "in 2 epochs" in done.out and done.status == 0
    assert files[0].read_bytes() == files[1].read_bytes() != files[2].read_bytes()
    with Image.open(files[0], formats=["PNG"]) as sheet:
        assert sheet.size == (3 * 30 - 2 + 10, 3 * 30 - 2)
        # As it is: the same whatever the seed.
        with Image.open(files[2], formats=["PNG"]) as other:
            assert sheet.crop((0, 0, 28, 88)).tobytes() == other.crop((0, 0, 28, 88)).tobytes()


def test_what_cannot_be_shown_is_said_in_a_line(brickwork, tmp_path):
    for arguments, says, status in ((("mnist-cnn", "-o", "x.jpg"), "a sheet is written as .png", 2), (("mnist-cnn", "-o", "x.png", "--epochs", "0"), "--epochs 0: from 1 to 100", 2),
                                    (("points-mlp", "-o", str(tmp_path / "x.png")), "is not trained on images", 1),
                                    (("mnist-cnn", "--set", "training.augmentation=Mirror"), "there is no augmentation called 'Mirror'", 2)):
        done = brickwork("augment", *arguments)
        assert done.status == status and says in done.err and done.err.count("\n") == 1
