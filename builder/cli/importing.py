"""`import`: a PyTorch model as a drawing, with its weights."""

from __future__ import annotations

import json
import re
import sys
import tempfile
import time
from argparse import Namespace
from pathlib import Path

from .show import CommandError, count, say, say_json

OWN_CODE = "path/to/file.py:Class runs that file: import only code that you would run."
SHAPE = re.compile(r"(\d+(?:x\d+)*)(?::(float32|int64))?")


def add_to(commands) -> None:
    """Declare the command."""
    command = commands.add_parser("import", help="a PyTorch model as a drawing, checked against the model", description=(
        "Makes a project of a PyTorch model. One forward pass is recorded and said in bricks, the model's modules become blocks, and the drawing is "
        f"held against the model in evaluation and in training before anything is written. {OWN_CODE}"))
    command.add_argument("source", metavar="SOURCE", help=f"torchvision:NAME, timm:NAME, or path/to/file.py:Class. {OWN_CODE}")
    command.add_argument("-o", "--output", type=Path, required=True, metavar="FILE", help="the project file; FILE.mapping.json beside it names the model's tensors")
    command.add_argument("--input", action="append", default=[], metavar="SHAPE", help=(
        "one sample's shape, as in 3x224x224, or 16:int64 for whole numbers; once for each argument of forward. torchvision and timm say it themselves"))
    command.add_argument("--weights", default="", metavar="NAME|FILE", help=(
        "torchvision's name of weights (DEFAULT, IMAGENET1K_V1), which are downloaded, or a .safetensors or .pth file; random without"))
    command.add_argument("--weights-to", type=Path, metavar="FILE", help="write the weights there too (safetensors, under the names of the drawing)")
    command.add_argument("--json", action="store_true", help="print one JSON document")
    command.set_defaults(run=run_import)


def shape(text: str) -> tuple[tuple[int, ...], str]:
    """A sample's shape and its kind of numbers, as --input says them."""
    found = SHAPE.fullmatch(text)
    sizes = tuple(map(int, found[1].split("x"))) if found and len(text) < 60 else ()
    if not sizes or not all(0 < size <= 65536 for size in sizes):
        raise CommandError(f"--input {text:.60}: a shape is written as 3x224x224, or as 16:int64 for whole numbers")
    return sizes, found[2] or "float32"


def run_import(arguments: Namespace) -> int:
    """Import, write the project, its weights and the names, and say what came of it."""
    from builder import api
    from builder.compile.importer import ImportRefused
    from builder.graph import dumps
    from builder.weights import WeightsError

    begun = time.monotonic()
    shapes = [shape(text) for text in arguments.input]
    try:
        module = own(arguments.source) if ".py:" in arguments.source else None
        imported = api.import_from(arguments.source, shapes, arguments.weights, module)
    except (ImportRefused, WeightsError) as error:
        raise CommandError(f"{arguments.source}: {error}", 1) from None
    project = api.keep_weights(imported)
    arguments.output.write_text(dumps(project), encoding="utf-8")
    beside = arguments.output.with_suffix(".mapping.json")
    beside.write_text(json.dumps({"source": arguments.source, "weights": dict(project.weights), "difference": imported.difference,
                                  "keys": dict(imported.mapping)}, indent=2) + "\n", encoding="utf-8")
    if arguments.weights_to:
        write_weights(imported.weights, arguments.weights_to)
    report = api.check(project)
    found = {"name": project.name, "file": str(arguments.output), "mapping": str(beside), "bricks": len(project.network.nodes), "blocks": len(project.blocks),
             "params": report.params, "macs": report.macs, "difference": imported.difference, "seconds": round(time.monotonic() - begun, 2),
             "weights": dict(project.weights)}
    if arguments.json:
        say_json(found)
        return 0
    say(f"{arguments.output}: {project.name}, {count(report.params)} parameters, {found['bricks']} bricks at the top level, {found['blocks']} blocks")
    say(f"held against the model in evaluation and in training: {'equal to the last bit' if not imported.difference else f'equal to {imported.difference:.1g}'}",
        sys.stderr)
    return 0


def own(source: str):
    """The model that a class or a function without arguments in the user's own file makes."""
    import importlib.util

    path, _, name = source.rpartition(":")
    file = Path(path)
    if not file.is_file() or not name.isidentifier():
        raise CommandError(f"{source}: there is no such file, or no class is named; it is written as path/to/file.py:Class")
    spec = importlib.util.spec_from_file_location("brickwork_imported", file)
    code = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = code
    sys.path.insert(0, str(file.resolve().parent))
    try:
        spec.loader.exec_module(code)
        made = getattr(code, name)
        return made if not callable(made) or hasattr(made, "state_dict") and not isinstance(made, type) else made()
    except AttributeError as error:
        raise CommandError(f"{file} has no {name}" if not hasattr(code, name) else f"{source} fails: {error}", 1) from None
    except Exception as error:  # noqa: BLE001 - it is the user's code; it may raise anything
        raise CommandError(f"{source} fails: {type(error).__name__}: {error}", 1) from None
    finally:
        sys.path.pop(0)


def write_weights(weights, where: Path) -> None:
    """The tensors as safetensors, whole or not at all."""
    from safetensors.torch import save_file

    with tempfile.TemporaryDirectory(dir=where.resolve().parent) as scratch:
        part = Path(scratch) / "weights"
        save_file({name: tensor.clone() for name, tensor in weights.items()}, part, {"format": "pt"})
        part.replace(where)
