"""A run as an event directory of TensorBoard: curves, gradient norms, filters and confusion as images, weights as histograms, settings as hparams."""

from __future__ import annotations

import base64
import logging
import math
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from builder.train.events import (
    CheckpointSaved,
    EpochEnded,
    Evaluated,
    Event,
    GradientNorms,
    Noted,
    RateChanged,
    RunEnded,
    RunStarted,
    Snapshot,
    StepEnded,
)

from .kinds import ExportError

if TYPE_CHECKING:
    from torch import Tensor
    from torch.utils.tensorboard import SummaryWriter

LOG = logging.getLogger(__name__)
LAST = "last.safetensors"
MOST_CHANNELS = 16
# Pixels of a confusion matrix's cell, and of a filter's weight.
CELL, DOT = 8, 4
MISSING = "TensorBoard's event files are written by the tensorboard package, which is not installed here: pip install tensorboard"


class Board:
    """Writes a run's events, as they come, into a directory that TensorBoard reads; `checkpoints` is the run's folder, whose weights become histograms.

    Raises ExportError when the tensorboard package is not installed.
    """

    def __init__(self, folder: Path, project: Mapping[str, object], checkpoints: Path | None = None):
        self._folder, self._project, self._checkpoints = folder, project, checkpoints
        self._writer: SummaryWriter | None = None
        self._figures: dict[str, float] = {}
        self._layers: tuple[str, ...] = ()
        writer()

    def add(self, event: Event, time: float | None = None) -> None:
        """Write one event, which happened at `time` (seconds since 1970), now where it is not given; RunEnded closes the files.

        Where they cannot be written any more nothing is, and the log says so: the run is not to end for that.
        """
        try:
            self._add(event, time)
        except OSError as error:
            LOG.warning("The event files of TensorBoard cannot be written: %s", error)
            self._writer = None

    def _add(self, event: Event, time: float | None) -> None:
        match event:
            case RunStarted():
                self._open(event)
            case StepEnded():
                self._scalars(event.step, time, {"loss/training (steps)": event.loss, "accuracy/training (steps)": event.accuracy, "learning rate": event.lr,
                                                 "samples a second": event.samples_per_second})
            case EpochEnded():
                self._scalars(event.step, time, {"loss/training": event.loss, "accuracy/training": event.accuracy, "epoch": event.epoch})
            case Evaluated():
                figures = {f"{name}/{event.split}": value for name, value in {"loss": event.loss, "accuracy": event.accuracy, **event.figures}.items()}
                self._figures |= {name: value for name, value in figures.items() if value is not None}
                self._scalars(event.step, time, figures)
                if event.confusion:
                    self._image(f"confusion/{event.split}", confusion(event.confusion), event.step, time)
            case Snapshot():
                self._image(f"filters/{event.layer}", filters(event), event.step, time)
            case GradientNorms():
                self._scalars(event.step, time, {"gradient norm/all weights": event.total, **{f"gradient norm/{name}": norm for name, norm in zip(self._layers, event.norms, strict=False)}})
            case CheckpointSaved() if event.name == LAST:
                self._histograms(event.step, time)
            case RateChanged():
                self._text("learning rate", [f"changed by hand from {event.before:g} to {event.lr:g} after step {event.step:,}"], event.step, time)
            case Noted():
                self._text("notes", [event.says], event.step, time)
            case RunEnded():
                self._close(event, time)

    def _open(self, event: RunStarted) -> None:
        # What a resumed run had told of later steps counts no more, and TensorBoard is told so.
        self._layers = event.layers
        self._writer = writer()(self._folder, purge_step=event.resumed_at + 1 if event.resumed_at else None)
        about = {"network": self._project.get("name"), "device": event.device_name, "parameters": event.parameters, "training samples": event.train_samples,
                 "batch size": event.batch_size, "epochs": event.epochs, "seed": event.seed, "torch": event.torch}
        self._text("run", [f"{name}: {value}" for name, value in about.items()], event.resumed_at, None)

    def _scalars(self, step: int, time: float | None, values: Mapping[str, float | None]) -> None:
        for name, value in values.items() if self._writer else ():
            if value is not None and math.isfinite(value):
                self._writer.add_scalar(name, value, step, time)

    def _image(self, name: str, image: Tensor, step: int, time: float | None) -> None:
        if self._writer:
            self._writer.add_image(name, image, step, time)

    def _text(self, name: str, lines: Iterable[str], step: int, time: float | None) -> None:
        """TensorBoard reads texts as Markdown, whose pictures call out: indented lines are taken as they are."""
        if self._writer:
            self._writer.add_text(name, "\n".join(f"    {' '.join(line.split())}" for line in lines), step, time)

    def _histograms(self, step: int, time: float | None) -> None:
        """Of every tensor of the last checkpoint; it may be another's by now, or gone, and then there are none."""
        from builder.train.checkpoint import CheckpointError, read_weights

        if self._writer is None or self._checkpoints is None:
            return
        with suppress(CheckpointError):
            for name, value in read_weights(self._checkpoints / LAST).items():
                if value.is_floating_point() and value.numel():
                    self._writer.add_histogram(name.replace(".", "/"), value, step, walltime=time)

    def _close(self, event: RunEnded, time: float | None) -> None:
        if self._writer is None:
            return
        self._text("end", [f"{event.reason}: {event.says}"], event.step, time)
        # The empty name keeps them in this very directory.
        self._writer.add_hparams(settings(self._project), {f"hparam/{name}": value for name, value in self._figures.items()}, run_name=".", global_step=event.step)
        self._writer.close()


def writer() -> type[SummaryWriter]:
    """torch's writer of event files; raises ExportError when there is none."""
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        raise ExportError(MISSING) from None
    return SummaryWriter


def settings(project: Mapping[str, object]) -> dict[str, bool | float | str]:
    """The project's training settings and its data, flat: "optimizer.lr"."""
    data = project.get("data")
    return dict(_flat({"data": data.get("source") if isinstance(data, Mapping) else None, **(project.get("training") or {})}))


def _flat(table: Mapping[str, object], above: str = "") -> Iterator[tuple[str, bool | float | str]]:
    for name, value in table.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{above}{name}.")
        elif value is not None:
            yield f"{above}{name}", value if isinstance(value, bool | int | float | str) else str(value)


def confusion(counts: Iterable[Iterable[int]]) -> Tensor:
    """A confusion matrix as an image (3 H W), bytes: each row by its sum, darker where there is more."""
    import torch

    table = torch.tensor([list(row) for row in counts], dtype=torch.float32)
    shares = table / table.sum(1, keepdim=True).clamp(min=1)
    return _larger((255 * (1 - shares)).round().to(torch.uint8)[None].expand(3, -1, -1), CELL)


def filters(event: Snapshot) -> Tensor:
    """The filters as an image (3 H W), bytes: a tile each, in colours where they read three channels, else a column for each of the first channels."""
    import torch

    shape = tuple(event.shape)  # out in height width
    tiles = torch.frombuffer(bytearray(base64.b64decode(event.data)), dtype=torch.uint8).reshape(shape)
    if shape[1] != 3:
        tiles = tiles[:, :MOST_CHANNELS].flatten(0, 1)[:, None].expand(-1, 3, -1, -1)
    columns = math.ceil(math.sqrt(len(tiles))) if shape[1] in (1, 3) else min(shape[1], MOST_CHANNELS)
    rows = math.ceil(len(tiles) / columns)
    height, width = shape[2:]
    sheet = torch.full((3, rows * (height + 1) + 1, columns * (width + 1) + 1), 255, dtype=torch.uint8)
    for number, tile in enumerate(tiles):
        top, left = number // columns * (height + 1) + 1, number % columns * (width + 1) + 1
        sheet[:, top:top + height, left:left + width] = tile
    return _larger(sheet, DOT)


def _larger(image: Tensor, times: int) -> Tensor:
    return image.repeat_interleave(times, 1).repeat_interleave(times, 2)
