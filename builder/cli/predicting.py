"""`predict`: what a run's network sees in picture files."""

from __future__ import annotations

import base64
from argparse import ArgumentTypeError, Namespace
from contextlib import suppress
from pathlib import Path

from .show import CommandError, say, say_json
from .testing import CHECKPOINTS, same_network

FITS = ("crop", "pad", "stretch")
WORTH = 0.001  # the share from which a class besides the first is told


def add_to(commands) -> None:
    """Declare the command."""
    command = commands.add_parser("predict", help="what a run's network sees in picture files: classes, boxes, masks or numbers")
    command.add_argument("run_id", metavar="RUN", help="a run's id, its beginning, or `last`")
    command.add_argument("files", type=Path, nargs="+", metavar="FILE", help="pictures: JPEG, PNG, BMP, GIF, WebP, TIFF, PPM")
    command.add_argument("-o", "--output", type=Path, metavar="FOLDER", help="write what is seen there: the mask of each picture, or the picture with its boxes, as PNG")
    command.add_argument("--checkpoint", choices=CHECKPOINTS, default="best", help="of the epoch that was best on the validation part, or where the run ended (%(default)s)")
    command.add_argument("--fit", choices=FITS, help="how a picture of another shape becomes one of the run's (as the run's own did; crop where it says nothing)")
    command.add_argument("--invert", action="store_true", help="show it the negative: for dark characters on white paper where those of the data are light on black, as MNIST's")
    command.add_argument("--least", type=_share, default=0.5, metavar="SCORE", help="tell boxes from this score on (%(default)s)")
    command.add_argument("--device", metavar="D", help="cpu, cuda, cuda:1, mps; that of the run when not given")
    command.add_argument("--json", action="store_true", help="print one JSON document a picture, each with a picture of what is seen")
    command.set_defaults(run=run_predict)


def _share(text: str) -> float:
    with suppress(ValueError):
        if 0 <= float(text) <= 1:
            return float(text)
    raise ArgumentTypeError(f"expected a score from 0 to 1, such as 0.5, not {text!r}")


def run_predict(arguments: Namespace) -> int:
    """Look at each picture; status 1 where one of them could not be read."""
    from builder import api
    from builder.runs import Store, restrained, shared_by

    with Store() as store:
        run = store.find(arguments.run_id)
        project, folder, device = same_network(store, run), run.folder, arguments.device or shared_by(run.device_asked)[0]
    failed = 0
    try:
        with restrained():
            for number, (told, seen, mask) in enumerate(api.predict(project, folder, arguments.files, arguments.checkpoint, device, fit=arguments.fit, inverted=arguments.invert,
                                                                     least=arguments.least)):
                failed += "says" in told
                if arguments.output and seen:
                    told["written"] = str(_write(arguments.output, arguments.files, number, mask or seen))
                say_json({"run": run.id, **told, "png": base64.b64encode(seen).decode("ascii")}) if arguments.json else say("\n".join(in_words(told)))
    except ValueError as error:
        raise CommandError(str(error) if isinstance(error, CommandError) else f"run {run.id} cannot look at pictures: {error}", 1) from None
    return int(bool(failed))


def _write(folder: Path, files: list[Path], number: int, content: bytes) -> Path:
    """What is seen in one of the files, under its name, and its number where two have one."""
    stem = files[number].stem
    path = folder / (f"{stem}.png" if [file.stem for file in files].count(stem) == 1 else f"{stem}-{number + 1}.png")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if path.resolve() in {file.resolve() for file in files}:
            raise CommandError(f"{path} is one of the pictures that are looked at: choose another folder", 2)
        path.write_bytes(content)
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error.strerror or error}", 2) from None
    return path


def in_words(told: dict) -> list[str]:
    """What was seen in one picture, a line a box."""
    name = told["file"]
    if "says" in told:
        return [f"{name}: {told['says']}"]
    written = [f"  written to {told['written']}"] if "written" in told else []
    if told["task"] == "detection":
        boxes = [f"  {box['class']} {100 * box['score']:.1f} %: left {box['left']:.0f}, top {box['top']:.0f}, right {box['right']:.0f}, bottom {box['bottom']:.0f}" for box in told["boxes"]]
        return [f"{name}: {len(boxes) or 'no'} box{'' if len(boxes) == 1 else 'es'}", *boxes, *written]
    if told["task"] == "regression":
        numbers = [f"{one['target']} {one['value']:.4g}" for one in told["targets"]]
        return [f"{name}: {', '.join(numbers)}", *written]
    first, *others = told["classes"]
    return [f"{name}: {', '.join(_class(one) for one in (first, *(one for one in others if one.get('share', 1.0) >= WORTH)))}", *written]


def _class(one: dict) -> str:
    return f"{one['class']} {100 * one['share']:.1f} %" if "share" in one else f"{one['class']} {one['score']:.3g}"
