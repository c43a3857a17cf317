"""Small projects of every sort, and what the app and an exported text say about their training."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import builder
from builder.graph import Project, apply
from builder.train.events import EpochEnded, Evaluated
from tests.compile.test_source import DRAWINGS, drawn

SAME = {"kernel_size": 3, "padding": 1}
END = (("flatten", "Flatten", {}), ("fc", "Linear", {"out_features": 10}))
NETWORKS = {
    "perceptron": drawn(("flatten", "Flatten", {}), ("fc1", "Linear", {"out_features": 24}), ("relu1", "ReLU", {}), ("fc", "Linear", {"out_features": 10}),
                        wires="image>flatten flatten>fc1 fc1>relu1 relu1>fc fc>output", name="Perceptron"),
    "convolutions": drawn(("conv1", "Conv2d", {"out_channels": 6, "kernel_size": 5, "stride": 2}), ("drop1", "Dropout2d", {"p": 0.2}), ("relu1", "ReLU", {}),
                          ("conv2", "Conv2d", {"out_channels": 8, "stride": 2}), ("relu2", "ReLU", {}), ("drop2", "Dropout", {"p": 0.4}), *END,
                          wires="image>conv1 conv1>drop1 drop1>relu1 relu1>conv2 conv2>relu2 relu2>drop2 drop2>flatten flatten>fc fc>output", name="Dropout"),
    "normalised": drawn(("conv1", "Conv2d", {"out_channels": 6, "stride": 2, "bias": False}), ("bn1", "BatchNorm2d", {}), ("relu1", "ReLU", {}), ("pool1", "MaxPool2d", {}), *END,
                        wires="image>conv1 conv1>bn1 bn1>relu1 relu1>pool1 pool1>flatten flatten>fc fc>output", name="Batch norm"),
    "starts": drawn(("conv1", "Conv2d", {"out_channels": 4, "stride": 3, "init": "KaimingUniform", "init_mode": "fan_out", "init_nonlinearity": "relu"}), ("relu1", "ReLU", {}), ("conv2", "Conv2d", {"out_channels": 5, "stride": 2}),
                    ("flatten", "Flatten", {}), ("fc1", "Linear", {"out_features": 12, "init": "XavierNormal"}), ("relu2", "ReLU", {}),
                    ("fc", "Linear", {"out_features": 10, "init": "TruncNormal", "init_b": 0.03}),
                    wires="image>conv1 conv1>relu1 relu1>conv2 conv2>flatten flatten>fc1 fc1>relu2 relu2>fc fc>output", name="Starts"),
    "log_scores": drawn(("flatten", "Flatten", {}), ("fc", "Linear", {"out_features": 10}), ("logs", "LogSoftmax", {}),
                        wires="image>flatten flatten>fc fc>logs logs>output", name="Logs"),
    "frozen": apply(drawn(("flatten", "Flatten", {}), ("fc1", "Linear", {"out_features": 24}), ("relu1", "ReLU", {}), ("fc", "Linear", {"out_features": 10}),
                          wires="image>flatten flatten>fc1 fc1>relu1 relu1>fc fc>output", name="Frozen"), {"op": "freeze", "ids": ["fc1"], "value": True}),
    "curve": drawn(("fc1", "Linear", {"out_features": 12}), ("act", "Tanh", {}), ("fc", "Linear", {"out_features": 1}), wires="image>fc1 fc1>act act>fc fc>output", name="Curve"),
    "pixels": drawn(("conv1", "Conv2d", {"out_channels": 5, "kernel_size": 3, "stride": 4, "padding": 1}), ("relu1", "ReLU", {}), ("up1", "Upsample", {"scale_factor": 4.0}),
                    ("conv2", "Conv2d", {"out_channels": 4, "kernel_size": 1}), wires="image>conv1 conv1>relu1 relu1>up1 up1>conv2 conv2>output", name="Pixels"),
    "grid": drawn(("conv1", "Conv2d", {"out_channels": 6, "kernel_size": 5, "stride": 4, "padding": 2}), ("bn1", "BatchNorm2d", {}), ("relu1", "ReLU", {}), ("pool1", "MaxPool2d", {}),
                  ("cells", "Conv2d", {"out_channels": 8, "kernel_size": 1}), wires="image>conv1 conv1>bn1 bn1>relu1 relu1>pool1 pool1>cells cells>output", name="Grid"),
    "residual": DRAWINGS["residual_add"], "blocks": DRAWINGS["block_residual"], "gate": DRAWINGS["multiply_gate"]}


def project(network: str, **settings: object) -> Project:
    """A network with its training; two epochs of large batches unless told otherwise."""
    training = {"epochs": 2, "batch_size": 200, "optimizer": {"kind": "SGD", "lr": 0.05}, **settings}
    chosen = apply(NETWORKS[network], {"op": "choose_data", "source": training.pop("source", "digits")})
    return builder.from_json(builder.to_json(chosen) | {"data": {"source": chosen.data["source"]}, "training": training})


def told(made: Project) -> list[tuple[float, ...]]:
    """What the app's run says: loss, accuracy, test loss and test accuracy of every epoch; the losses alone where nothing is right or wrong."""
    events = list(builder.train(made, device="cpu"))
    assert events[-1].reason == "completed", events[-1].says
    ended, tested = ([event for event in events if isinstance(event, kind)] for kind in (EpochEnded, Evaluated))
    return [tuple(number for number in (one.loss, one.accuracy, two.loss, two.accuracy) if number is not None) for one, two in zip(ended, tested, strict=True)]


def printed(out: str) -> list[tuple[float, ...]]:
    """The same as an exported text prints it."""
    lines = re.findall(r"^epoch \d+ of \d+: loss (\S+?)(?:, accuracy (\S+))?, (?:test|validation) loss (\S+?)(?:, (?:test|validation) accuracy (\S+))?$", out, re.MULTILINE)
    return [tuple(map(float, filter(None, line))) for line in lines]


# Runs several files one after the other, each as a program of its own, without Brickwork in reach: importing torch is what takes long.
RUNNER = """
import importlib.util, runpy, sys, torch
assert importlib.util.find_spec("builder") is None
for number, name in enumerate(sys.argv[2:]):
    print(f"--- {number}", flush=True)
    sys.argv[1:] = OPTIONS
    torch.set_float32_matmul_precision("highest")  # what one asked of torch is not for the next
    runpy.run_path(name, run_name="__main__")
"""


def run(files: list[Path], folder: Path, *options: str, before: str = "") -> list[str]:
    """What each of these files prints when it is run alone, away from Brickwork."""
    code = before + RUNNER.replace("OPTIONS", repr(list(options))).replace("sys.argv[2:]", repr([str(file) for file in files]))
    done = subprocess.run([sys.executable, "-I", "-c", code], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return re.split(r"^--- \d+\n", done.stdout, flags=re.MULTILINE)[1:]
