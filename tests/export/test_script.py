"""The exported training script and notebook: run alone they print the losses of the app's run, to the last bit.

    BRICKWORK_DRAWINGS=50 python -m pytest tests/export/test_script.py -k random
"""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from itertools import count, islice
from random import Random

import nbformat
import pytest

import builder
from builder import api
from builder.catalogue.augmentation import AUGMENTATIONS
from builder.catalogue.schedules import MONITORS
from builder.catalogue.training import RECORDS
from builder.compile import BuildError
from builder.data import drawn, points
from builder.export import ExportError
from builder.export.notebook import notebook
from builder.export.script import script
from builder.gallery import ENTRIES
from builder.graph import Project, apply
from builder.graph.document import freeze
from builder.train.augment import FUNCTIONS
from builder.train.events import Evaluated
from tests.compile.test_source import drawn as drawing
from tests.data.files import cifar_batch, stl10_files, svhn_file, write_emnist, write_mnist
from tests.data.photo_files import unpacked
from tests.export.trained import NETWORKS, printed, project, run, told
from tests.graph.drawings import legal_project

DRAWN = int(os.environ.get("BRICKWORK_DRAWINGS", "5"))
LR = {"lr": 0.01}
# Of the others one alone is allowed in a row.
ALONE = [kind for kind, record in AUGMENTATIONS.items() if not record.mixes]
# No change is as large as the second one's: the run ends after the second epoch.
WATCHED = {task: {"schedule": {"kind": "ReduceLROnPlateau", "patience": 0, "threshold": 0.05, "monitor": first},
                  "stopping": {"kind": "EarlyStopping", "patience": 1, "threshold": 100.0, "monitor": second}}
           for task, first, second in (("detection", "validation_map_50", "validation_map"), ("regression", "validation_r2", "validation_mae"), ("segmentation", "validation_dice", "validation_loss"))}
CASES = {
    "sgd": ("perceptron", {"batch_size": 323}),  # leaves one sample over, which joins the batch before it
    "seed": ("perceptron", {"seed": 12345, "optimizer": {"kind": "SGD", "lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.001}}),
    "large-seed": ("convolutions", {"seed": 2 ** 31 - 1, "epochs": 1}),
    "dropout": ("convolutions", {"optimizer": {"kind": "Adam", **LR, "beta1": 0.8}, "initializer": {"kind": "KaimingNormal", "mode": "fan_out", "nonlinearity": "relu"}}),
    "batch-norm": ("normalised", {"optimizer": {"kind": "AdamW", **LR}, "initializer": {"kind": "Orthogonal", "gain": 1.5}, "batch_size": 323}),
    "residual": ("residual", {"optimizer": {"kind": "RMSprop", "momentum": 0.5}, "initializer": {"kind": "XavierUniform"}, "epochs": 1}),
    "blocks": ("blocks", {"initializer": {"kind": "XavierNormal", "gain": 0.7}, "epochs": 1, "batch_size": 500}),
    "gate": ("gate", {"optimizer": {"kind": "Adagrad", "lr": 0.05, "lr_decay": 0.001}, "initializer": {"kind": "KaimingUniform"}, "epochs": 1}),
    "smoothed": ("perceptron", {"loss": {"kind": "CrossEntropyLoss", "label_smoothing": 0.1}, "initializer": {"kind": "Normal", "std": 0.05}}),
    "logs": ("log_scores", {"loss": {"kind": "NLLLoss"}, "initializer": {"kind": "Uniform", "a": -0.1}, "batch_size": 1437}),
    "frozen": ("frozen", {"optimizer": {"kind": "SGD", "lr": 0.1, "momentum": 0.9, "weight_decay": 0.001}}),
    "cycle": ("normalised", {"schedule": {"kind": "OneCycleLR"}, "warmup": 0.5, "optimizer": {"kind": "AdamW", **LR}}),
    "restarts": ("perceptron", {"schedule": {"kind": "CosineAnnealingWarmRestarts", "T_0": 1}, "loss": {"kind": "CrossEntropyLoss"}}),
    # No change is that large: the learning rate falls after every epoch but the first.
    "plateau": ("perceptron", {"schedule": {"kind": "ReduceLROnPlateau", "patience": 0, "threshold": 100.0, "monitor": "test_accuracy"}, "epochs": 3}),
    "clipped": ("normalised", {"clipping": {"kind": "Norm", "max_norm": 0.5}, "l1": 0.001, "averaging": {"kind": "EMA", "decay": 0.8},
                               "loss": {"kind": "CrossEntropyLoss", "weight": "balanced"}}),
    "cut": ("frozen", {"clipping": {"kind": "Value", "clip_value": 0.01}, "l1": 0.002, "averaging": {"kind": "EMA"}, "deterministic": True}),
    "halves": ("normalised", {"precision": "bfloat16", "loss": {"kind": "MultiMarginLoss", "weight": "balanced"}, "batch_size": 300}),
    "products": ("perceptron", {"precision": "medium", "epochs": 1}),
    # No change is that large: the run ends after the second epoch.
    "early": ("perceptron", {"stopping": {"kind": "EarlyStopping", "patience": 1, "threshold": 100.0, "monitor": "train_loss"}, "epochs": 4}),
    "yes-or-no": ("perceptron", {"loss": {"kind": "BCEWithLogitsLoss"}, "epochs": 1}),
    "squares": ("perceptron", {"loss": {"kind": "MSELoss"}, "epochs": 1}),
    "one-score": ("curve", {"source": "moons", "loss": {"kind": "BCEWithLogitsLoss"}}),
    "numbers": ("curve", {"source": "curve", "averaging": {"kind": "EMA", "decay": 0.8}, "stopping": {"kind": "EarlyStopping", "patience": 1, "threshold": 100.0}, "epochs": 4}),
    "absolute": ("curve", {"source": "curve", "loss": {"kind": "L1Loss"}}),
    "huber": ("curve", {"source": "curve", "loss": {"kind": "HuberLoss", "delta": 0.3}, "precision": "bfloat16"}),
    "smooth": ("curve", {"source": "curve", "loss": {"kind": "SmoothL1Loss", "beta": 0.3}}),
    "moved-masks": ("pixels", {"source": "shapes", "augmentation": [{"kind": "RandomAffine"}, {"kind": "RandomHorizontalFlip"}, {"kind": "ColorJitter"}, {"kind": "RandAugment", "num_ops": 3}], "epochs": 1, "batch_size": 50}),
    "masks": ("pixels", {"source": "shapes", "loss": {"kind": "CrossEntropyLoss", "weight": "balanced"}, "epochs": 1, "batch_size": 50}),
    "boxes": ("grid", {"source": "shapes-detection", "loss": {"kind": "YOLOLoss", "box": 3.0, "iou": "ciou"}, "optimizer": {"kind": "Adam", **LR}, "epochs": 1, "batch_size": 100,
                       "augmentation": [{"kind": "RandomAffine"}, {"kind": "RandomCrop", "padding_mode": "reflect"}, {"kind": "ColorJitter"}, {"kind": "RandomHorizontalFlip"}]}),
    "overlaps": ("pixels", {"source": "shapes", "schedule": {"kind": "ReduceLROnPlateau", "patience": 0, "threshold": 0.02, "monitor": "validation_mean_iou"}, "epochs": 3, "batch_size": 50}),
    "precise": ("grid", {"source": "shapes-detection", "loss": {"kind": "YOLOLoss"}, "optimizer": {"kind": "Adam", **LR}, "epochs": 3, "batch_size": 100, **WATCHED["detection"]}),
    "determined": ("curve", {"source": "curve", "optimizer": {"kind": "Adam", **LR}, "epochs": 4, **WATCHED["regression"]}),
    "margin": ("normalised", {"loss": {"kind": "MultiMarginLoss", "margin": 0.5}, "seed": 3, "initializer": {"kind": "TruncNormal"}}),
    "own": ("starts", {"initializer": {"kind": "Orthogonal"}, "epochs": 1}),
    "own-alone": ("starts", {"epochs": 1, "seed": 8}),
    "mixed": ("normalised", {"augmentation": [{"kind": "RandomCrop"}, {"kind": "MixUp", "alpha": 0.3}, {"kind": "RandomErasing"}], "batch_size": 323,
                             "loss": {"kind": "CrossEntropyLoss", "weight": "balanced", "label_smoothing": 0.1}, "epochs": 1}),
    "cut-out": ("convolutions", {"augmentation": [{"kind": "CutMix"}], "loss": {"kind": "MSELoss"}, "precision": "bfloat16", "epochs": 1}),
    # All there are, half of them on images that lie as N H W C.
    "augmented": ("convolutions", {"augmentation": [{"kind": kind} for kind in ALONE[::2]], "epochs": 1}),
    "distorted": ("perceptron", {"augmentation": [{"kind": "RandomCrop", "padding": 2, "padding_mode": "reflect"}, {"kind": "RandomErasing", "off": True},
                                                  *({"kind": kind} for kind in ALONE[1::2])]}),
}
PROJECTS = {name: project(network, **settings) for name, (network, settings) in CASES.items()}


def test_the_cases_have_every_loss_optimiser_initialiser_and_augmentation():
    assert {entry["kind"] for made in PROJECTS.values() for entry in made.training.get("augmentation", ())} == set(AUGMENTATIONS)
    for section, (registry, default) in {name: RECORDS[name] for name in RECORDS if name != "schedule"}.items():
        assert {dict(made.training.get(section, {"kind": default}))["kind"] for made in PROJECTS.values()} == set(registry)


@pytest.fixture(scope="module")
def outputs(tmp_path_factory) -> dict[str, tuple[str, str]]:
    """What the script and the notebook of every case print, run alone."""
    folder = tmp_path_factory.mktemp("alone")
    files = []
    for name, made in PROJECTS.items():
        cells = [cell["source"] for cell in nbformat.reads(notebook(made), as_version=4).cells if cell["cell_type"] == "code"]
        for text, ending in ((script(made), "script"), ("\n\n".join(cells), "notebook")):
            files.append(folder / f"{name.replace('-', '_')}_{ending}.py")
            files[-1].write_text(text, encoding="utf-8")
    answers = run(files, folder)
    return {name: (answers[2 * number], answers[2 * number + 1]) for number, name in enumerate(PROJECTS)}


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_alone_the_script_and_the_notebook_print_the_losses_of_the_run_in_the_app_to_the_last_bit(name, outputs):
    wanted = told(PROJECTS[name])
    assert len(wanted) == (2 if "stopping" in PROJECTS[name].training else PROJECTS[name].training["epochs"])
    assert [printed(out) for out in outputs[name]] == [wanted, wanted]


@pytest.mark.slow
def test_the_figures_that_a_script_watches_are_those_of_the_run_to_the_last_bit(tmp_path):
    made = {task: project(network, source=source, epochs=3, batch_size=100, optimizer={"kind": "Adam", **LR}, **WATCHED[task], **({"loss": {"kind": "YOLOLoss"}} if task == "detection" else {}))
            for task, network, source in (("detection", "grid", "shapes-detection"), ("regression", "curve", "curve"), ("segmentation", "pixels", "shapes"))}
    files = [tmp_path / f"{task}.py" for task in made]
    for file, one in zip(files, made.values(), strict=True):
        text = script(one)
        assert text.count('        print(f"epoch {epoch} of') == 1
        file.write_text(text.replace('        print(f"epoch {epoch} of', '        print("figures", validation_figures)\n        print(f"epoch {epoch} of'))
    for task, out in zip(made, run(files, tmp_path), strict=True):
        given = [ast.literal_eval(line.removeprefix("figures ")) for line in out.splitlines() if line.startswith("figures ")]
        seen = [event.figures for event in builder.train(made[task], device="cpu") if isinstance(event, Evaluated)]
        assert len(given) >= 2 and [{name: float(each[name]) for name in told} for each, told in zip(seen, given, strict=True)] == given and {*given[0]} >= {
            MONITORS[values["monitor"]].figure for values in WATCHED[task].values()} - {"loss"}


@pytest.mark.slow
def test_scripts_of_random_drawings_print_the_losses_of_the_run_in_the_app(tmp_path):
    listed = list(islice(trainable(), DRAWN))
    for number, made in enumerate(listed):
        (tmp_path / f"train{number}.py").write_text(script(made), encoding="utf-8")
    answers = run([tmp_path / f"train{number}.py" for number in range(DRAWN)], tmp_path)
    assert [printed(out) for out in answers] == [told(made) for made in listed]


def trainable() -> Iterator[Project]:
    """Random drawings for the digits that are trained in a moment."""
    for seed in count():
        made = legal_project(Random(seed))
        if made.data["source"] == "digits" and not (report := builder.check(made)).errors and report.macs < 3_000_000:
            yield replace(made, training=freeze({"epochs": 1, "batch_size": 479, "optimizer": {"kind": "Adam", "lr": 0.001}, "seed": seed}))


def test_the_script_is_a_program_with_options_that_needs_neither_brickwork_nor_torchvision(tmp_path):
    made = project("perceptron")
    (tmp_path / "train.py").write_text(script(made), encoding="utf-8")
    code = "import sys; sys.modules['torchvision'] = None; sys.modules['sklearn'] = None; import runpy; runpy.run_path('train.py', run_name='__main__')"
    alone = subprocess.run([sys.executable, "-I", "-c", code, "--epochs", "3", "--seed", "7", "--device", "cpu", "--save", "trained.pt"],
                           cwd=tmp_path, capture_output=True, text=True, check=False)
    assert printed(alone.stdout) == told(builder.with_settings(made, {"training.epochs": 3, "training.seed": 7})), alone.stderr
    import torch

    assert torch.load(tmp_path / "trained.pt", weights_only=True).keys() == builder.module(made).state_dict().keys()


def test_a_frozen_brick_is_not_trained_by_the_script_either(tmp_path):
    made = apply(project("convolutions", optimizer={"kind": "Adam", "lr": 0.01, "weight_decay": 0.1}), {"op": "freeze", "ids": ["conv1"], "value": True})
    (tmp_path / "train.py").write_text(script(made), encoding="utf-8")
    assert "torch.optim.Adam((weights for weights in network.parameters() if weights.requires_grad), lr=0.01" in script(made)
    out = run([tmp_path / "train.py"], tmp_path, "--save", "trained.pt")
    assert printed(out[0]) == told(made)
    import torch

    assert torch.equal(torch.load(tmp_path / "trained.pt", weights_only=True)["conv1.weight"], builder.module(made).state_dict()["conv1.weight"])


def test_a_drawing_with_nothing_to_train_is_refused():
    with pytest.raises(BuildError, match="all its weights are frozen"):
        script(apply(project("perceptron"), {"op": "freeze", "ids": ["fc1", "fc"], "value": True}))


def test_starting_weights_are_read_from_a_file_of_which_all_that_fits_is_taken(tmp_path, monkeypatch):
    from safetensors.torch import load, save_file

    made = project("normalised", seed=5)
    given = load(builder.export(project("normalised", seed=9), "weights").content)
    given["bn1.num_batches_tracked"] += 3
    given |= {"fc.weight": given["fc.weight"][:3].clone(), "of.nothing": given["fc.bias"].clone()}
    save_file(given, tmp_path / "weights.safetensors")
    network = builder.module(made)
    network.load_state_dict({name: value for name, value in given.items() if name not in ("fc.weight", "of.nothing")}, strict=False)
    monkeypatch.setattr(api, "module", lambda project: network)
    wanted = told(made)
    files = [tmp_path / "train.py", tmp_path / "notebook.py"]
    started = replace(made, weights=freeze({"sha256": "0" * 64, "title": "another run"}))
    files[0].write_text(script(started), encoding="utf-8")
    files[1].write_text("\n\n".join(cell.source for cell in nbformat.reads(notebook(started), as_version=4).cells if cell.cell_type == "code"), encoding="utf-8")
    assert [printed(out) for out in run(files, tmp_path)] == [wanted, wanted]


def test_data_sets_of_torchvision_are_read_by_torchvision_with_the_same_losses(tmp_path, monkeypatch):
    """The archives' checksums are of the real files; small ones of the same format stand in for them."""
    data = tmp_path / "data"
    for name in ("MNIST", "FashionMNIST"):
        write_mnist(data / name / "raw", packed=False, train=31, test=12)
    batches = data / "cifar-10-batches-py"
    batches.mkdir()
    for number, name in enumerate((*(f"data_batch_{number}" for number in range(1, 6)), "test_batch")):
        (batches / name).write_bytes(cifar_batch(7, seed=number))
    (batches / "batches.meta").write_bytes(b"(dVlabel_names\n(lVthing\nas.")
    monkeypatch.setenv("BRICKWORK_DATA", str(data))
    colour = builder.from_json(json.loads(json.dumps(builder.to_json(project("normalised", source="cifar10", batch_size=17))).replace("[1, 28, 28]", "[3, 32, 32]")))
    write_mnist(data / "KMNIST" / "raw", packed=False, train=31, test=12)
    write_emnist(data / "EMNIST" / "raw", "letters", 26, 1)
    write_emnist(data / "EMNIST" / "raw", "balanced", 47)
    for folder, held in (("cifar-100-python", {"train": cifar_batch(30, 1, "fine_labels", 100), "test": cifar_batch(9, 2, "fine_labels", 100),
                                               "meta": b"(dVfine_label_names\n(lVthing\nas."}),
                         ("", {"train_32x32.mat": svhn_file(21), "test_32x32.mat": svhn_file(11)}), ("stl10_binary", stl10_files())):
        for name, content in held.items():
            (data / folder).mkdir(exist_ok=True)
            (data / folder / name).write_bytes(content)
    unpacked(data)
    more = [apply(project("perceptron") if "mnist" in name else colour, {"op": "backbone", "source": name})
            for name in ("kmnist", "emnist-letters", "emnist-balanced", "cifar100", "svhn", "stl10", "flowers102", "oxford-iiit-pet", "food101")]
    more[-3] = apply(more[-3], {"op": "settings", "path": "data.side", "value": 32})
    masks = drawing(("conv1", "Conv2d", {"out_channels": 3, "kernel_size": 3, "padding": 1}), wires="image>conv1 conv1>output", name="Masks")
    masks = builder.from_json(json.loads(json.dumps(builder.to_json(masks)).replace("[1, 28, 28]", "[3, 64, 64]")))
    more.append(builder.with_settings(apply(masks, {"op": "choose_data", "source": "oxford-iiit-pet-masks"}), {"training.epochs": 2, "training.batch_size": 4}))
    listed = [project("perceptron", source="mnist", batch_size=5), project("convolutions", source="fashion-mnist", batch_size=10), colour, *more]
    files = []
    for number, made in enumerate(listed):
        files.append(tmp_path / f"train{number}.py")
        files[-1].write_text(script(made), encoding="utf-8")
    unchecked = "import torchvision.datasets.cifar as cifar\ncifar.check_integrity = lambda *_: True\n" \
        "for kind in (cifar.CIFAR10, __import__('torchvision').datasets.SVHN, __import__('torchvision').datasets.STL10, __import__('torchvision').datasets.Flowers102): kind._check_integrity, kind.download = lambda _: True, lambda _: None\n"
    answers = run(files, tmp_path, "--data", str(data), "--device", "cpu", before=unchecked)
    assert [printed(out) for out in answers] == [told(made) for made in listed]


def test_a_loss_that_is_no_number_ends_the_script_in_words(tmp_path):
    (tmp_path / "train.py").write_text(script(project("perceptron", optimizer={"kind": "SGD", "lr": 1e30})), encoding="utf-8")
    done = subprocess.run([sys.executable, "-I", "train.py"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and done.stderr == "The loss is no longer a finite number in epoch 1: try a smaller learning rate.\n"


@pytest.mark.parametrize("name", CASES)
def test_the_script_holds_only_what_the_project_uses_and_a_linter_minds_nothing(name, tmp_path):
    text = script(PROJECTS[name])
    (tmp_path / "train.py").write_text(text, encoding="utf-8")
    done = subprocess.run([sys.executable, "-m", "ruff", "check", "--isolated", "--quiet", "train.py"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert ("nn.init." in text) == ("initializer" in PROJECTS[name].training or CASES[name][0] == "starts")
    assert ("channels_last" in text) == ("Conv2d" in text) and ("torchvision" in text) == (name in ("boxes", "precise"))
    assert ("joins the batch before it" in text) == (PROJECTS[name].training["batch_size"] == 323)
    functions = [node.name for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)]
    rate = ["learning_rate"] if "schedule" in PROJECTS[name].training else []
    row = [function for function in functions if function in FUNCTIONS or function == "augmented"]
    made = [function for function in functions if function in vars(drawn) or function in vars(points)]
    boxes = ["boxes_of", "yolo_parts", "yolo_loss", "detections"]
    gaps = {"moved-masks": ["loss_of_pixels"], "boxes": boxes, "overlaps": ["counts_of_pixels", "overlaps"], "determined": ["sums_of_errors", "errors"],
            "precise": [*boxes, "right_boxes", "judged_boxes", "average_precision", "average_precisions", "mean_precision", "in_all"]}.get(name, [])
    assert [function for function in functions if function not in (*row, *made)] == ["read_data", "held_out", "parted", "statistics", "normalised", *gaps, "evaluate", *rate, "train", "main"]
    assert {AUGMENTATIONS[entry["kind"]].function for entry in PROJECTS[name].training.get("augmentation", ()) if not entry.get("off")} <= set(row)
    assert all(text.count(function) > 1 for function in (*row, *made))


@pytest.mark.parametrize("name", ["mnist-cnn", "lenet-cifar"])
def test_the_notebook_is_valid_has_headings_and_the_code_of_the_script(name):
    made = ENTRIES[name].project
    cells = nbformat.reads(notebook(made), as_version=4)
    nbformat.validate(cells)
    headings = [cell.source.splitlines()[0] for cell in cells.cells if cell.cell_type == "markdown"]
    assert headings[:3] == [f"# {made.name.replace('-', '&#45;')}", "## Set-up", "## The network"] and headings[-1] == "## The run"
    text = script(made)
    parts = [cell.source for cell in cells.cells if cell.cell_type == "code"][1:-1]
    assert all(part.removeprefix("# @title The digits, packed\n") in text for part in parts)
    assert len({cell.id for cell in cells.cells}) == len(cells.cells)


def test_a_project_without_training_is_refused_with_the_reason():
    drawn_only = builder.with_settings(NETWORKS["perceptron"], {"task.kind": "none"})
    for kind in (script, notebook):
        with pytest.raises(ExportError, match="drawn only: its task is 'none'"):
            kind(drawn_only)


def test_a_drawing_with_errors_is_refused_with_the_brick():
    broken = apply(NETWORKS["perceptron"], {"op": "remove", "ids": ["flatten"], "rejoin": True})
    for kind in (script, notebook):
        with pytest.raises(BuildError, match="fc1"):
            kind(broken)
