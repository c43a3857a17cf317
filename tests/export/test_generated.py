"""The exported training on generated samples: the same samples, the same losses, nothing but torch."""

from __future__ import annotations

import nbformat
import pytest

import builder
from builder.export.notebook import notebook
from builder.export.script import script
from builder.graph import Project, apply
from tests.export.trained import printed, project, run, told


def points(source: str) -> Project:
    return builder.with_settings(builder.gallery("points-mlp"), {"data.source": source, "training.epochs": 2, "training.batch_size": 111})


def with_a_convolution() -> Project:
    """The numbers between two layers as a small picture, so that the network lies in memory as convolutions want it."""
    made = points("moons")
    for edit in ({"op": "set", "id": "fc1", "params": {"out_features": 36}}, {"op": "replace", "id": "relu1", "kind": "Reshape"},
                 {"op": "set", "id": "relu1", "params": {"shape": [4, 3, 3]}}, {"op": "replace", "id": "fc2", "kind": "Conv2d"},
                 {"op": "set", "id": "fc2", "params": {"out_channels": 6, "kernel_size": 2}}, {"op": "replace", "id": "relu2", "kind": "Flatten"}):
        made = apply(made, edit)
    return made


@pytest.mark.slow
def test_alone_the_script_and_the_notebook_print_the_losses_of_the_run_in_the_app_to_the_last_bit(tmp_path):
    noisy = builder.with_settings(points("spirals"), {"data.samples": 301, "data.noise": 0.4})
    made, files = [points("moons"), noisy, with_a_convolution(), project("perceptron", source="distorted-digits", batch_size=777)], []
    for number, one in enumerate(made):
        files.append(tmp_path / f"train{number}.py")
        files[-1].write_text(script(one), encoding="utf-8")
    files.append(tmp_path / "notebook.py")
    files[-1].write_text("\n\n".join(cell.source for cell in nbformat.reads(notebook(made[0]), as_version=4).cells if cell.cell_type == "code"), encoding="utf-8")
    wanted = [told(one) for one in made]
    assert [printed(out) for out in run(files, tmp_path, before="import sys; sys.modules['torchvision'] = None\n")] == [*wanted, wanted[0]]


def test_the_text_speaks_of_samples_and_holds_the_one_curve_that_it_draws():
    text = script(points("spirals"))
    assert "def spirals(" in text and "def moons(" not in text and "image" not in text and "torch alone" in text
    assert "memory_format=torch.channels_last" in script(with_a_convolution()) and "permute" not in script(with_a_convolution())


def test_the_text_makes_as_many_pictures_as_grainy_as_the_project_says():
    text = script(builder.with_settings(builder.gallery("unet-small"), {"data.samples": 60, "data.noise": 5.0}))
    assert "def read_data(samples=60, noise=5.0):" in text and "painted(samples, 3, 0, noise)" in text
