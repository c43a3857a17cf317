"""`predict RUN FILE...`: what a run sees in picture files is what its network says of the same pixels."""

from __future__ import annotations

import json

import pytest
import torch
from PIL import Image

from builder import api, data
from builder.runs import Store
from builder.train.checkpoint import read_weights

FAST = ("--set", "training.epochs=1", "--set", "training.batch_size=256")


def test_digits_in_files_are_told_as_the_network_tells_them(brickwork, tmp_path):
    assert brickwork("train", "mnist-cnn", *FAST).status == 0
    tensors = data.load("digits", [], validation=0.1)
    files = []
    for number in range(3):
        files.append(tmp_path / f"{number}.png")
        Image.fromarray(tensors.test_x[number, 0].numpy()).save(files[-1])
    answer = brickwork("predict", "last", *files, "--json")
    told = [json.loads(line) for line in answer.out.splitlines()]
    with Store() as store:
        run = store.list()[0]
        network = api.module(api.from_json(store.project(run.id)))
    network.load_state_dict(read_weights(run.folder / "best.safetensors"))
    with torch.no_grad():
        shares = network.eval()((tensors.test_x[:3].float() / 255 - tensors.mean[0]) / tensors.std[0]).softmax(1)
    assert answer.status == 0 and [one["file"] for one in told] == ["0.png", "1.png", "2.png"] and all(one["run"] == run.id and one["png"] for one in told)
    for one, mine in zip(told, shares, strict=True):
        best = mine.argsort(descending=True)[:5].tolist()
        assert [each["class"] for each in one["classes"]] == [str(place) for place in best]
        assert [each["share"] for each in one["classes"]] == pytest.approx(mine[best].tolist(), abs=1e-5)
    lines = brickwork("predict", "last", *files, "--checkpoint", "last").out.splitlines()
    assert lines[0].startswith(f"0.png: {told[0]['classes'][0]['class']} {100 * told[0]['classes'][0]['share']:.1f} %")

    (tmp_path / "text.png").write_text("no picture")
    answer = brickwork("predict", "last", tmp_path / "text.png", files[0], tmp_path / "none.png")
    assert answer.status == 1 and "text.png: it is no picture" in answer.out and "0.png: " in answer.out and "none.png: No such file" in answer.out
    for wrong, says in ((("--least", "2"), "a score from 0 to 1"), (("-o", tmp_path), "is one of the pictures that are looked at"), (("--device", "tpu"), "tpu")):
        answer = brickwork("predict", "last", files[0], *wrong)
        assert answer.status and says in answer.err and len(answer.err.splitlines()) == 1


def test_masks_are_written_as_pictures_of_class_numbers(brickwork, tmp_path):
    assert brickwork("train", "unet-small", "--set", "data.samples=40", *FAST).status == 0
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        Image.new("L", (100, 70), 128).save(tmp_path / folder / "scene.png")
    answer = brickwork("predict", "last", tmp_path / "a" / "scene.png", tmp_path / "b" / "scene.png", "-o", tmp_path / "masks")
    assert answer.status == 0 and answer.out.count("written to") == 2
    for name in ("scene-1.png", "scene-2.png"):
        with Image.open(tmp_path / "masks" / name) as mask:
            # Its middle is what the network was shown.
            assert (mask.mode, mask.size, mask.getpixel((2, 35)), mask.getpixel((98, 35))) == ("P", (100, 70), 255, 255) and mask.getpixel((50, 35)) < 4


def test_a_run_of_rows_of_numbers_looks_at_no_picture(brickwork, tmp_path):
    assert brickwork("train", "points-mlp", *FAST).status == 0
    answer = brickwork("predict", "last", tmp_path / "a.png")
    assert answer.status == 1 and "its samples are 2 numbers each, and no pictures" in answer.err
