"""`weights` and `backbone`: what a project starts from, and a head for other data."""

from __future__ import annotations

from safetensors.torch import save_file

from builder import api
from builder.gallery import ENTRIES
from builder.weights import keep, section


def test_weights_are_taken_from_a_file_said_and_taken_out(brickwork, tmp_path):
    save_file(api.module(ENTRIES["mnist-cnn"].project).state_dict(), tmp_path / "mine.safetensors")
    out = tmp_path / "out.json"
    assert brickwork("weights", "mnist-cnn", "--from", str(tmp_path / "mine.safetensors"), "-o", str(out)).out == "mine.safetensors: all 8 tensors fit\n"
    told = brickwork("weights", str(out), "--json").json
    assert told["weights"]["title"] == "mine.safetensors" and (told["taken"], told["of"], told["missing"]) == (8, 8, [])
    brickwork("weights", str(out), "--fresh")
    assert brickwork("weights", str(out)).out == "Fresh weights.\n" and api.load(out) == ENTRIES["mnist-cnn"].project


def test_what_cannot_be_done_is_one_line_and_nothing_is_written(brickwork, tmp_path):
    out = tmp_path / "out.json"
    for arguments, words, status in ((("weights", "mnist-cnn", "--from", "nowhere.pth", "-o", str(out)), "there is no such file", 2),
                                     (("weights", "mnist-cnn", "--from", "torchvision", "-o", str(out)), "no ready-made network that torchvision has too", 1),
                                     (("weights", "mnist-cnn", "--fresh"), "say with -o where", 2),
                                     (("backbone", "unet", "--data", "cifar10", "-o", str(out)), "one score a class is N×10", 1),
                                     (("backbone", "lenet-cifar", "--data", "imagenet", "-o", str(out)), "there is no data set called 'imagenet'", 1)):
        done = brickwork(*arguments)
        assert done.status == status and words in done.err and done.err.count("\n") == 1 and not out.exists()


def test_a_backbone_keeps_the_weights_that_fit_and_trains_its_head(brickwork, tmp_path):
    made = api.gallery("lenet-cifar")
    save_file(api.module(made).state_dict(), tmp_path / "mine.safetensors")
    project = api.apply(made, {"op": "weights", "value": section(keep(tmp_path / "mine.safetensors"), "mine")})
    (tmp_path / "start.json").write_bytes(api.export(project, "json").content)
    out = tmp_path / "out.json"
    done = brickwork("backbone", str(tmp_path / "start.json"), "--data", "mnist", "--freeze", "-o", str(out))
    assert done.out.endswith(": 62,006 parameters, 850 of them trained on mnist.\n")
    report = brickwork("check", str(out), "--json").json
    assert report["trainable"] == 84 * 10 + 10 and report["params"] == 62_006
    assert brickwork("weights", str(out), "--json").json["taken"] == 10
