"""What a network gives for the first samples of the part that a run is watched on, told at its own pace: for the eye, beside what is true of them."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator

import torch

from .evaluate import Seen
from .events import Answered, Event
from .watch import Pace


class Answering:
    """Tells an evaluation's first answers, at most once in `every` seconds, and those of the last epoch."""

    def __init__(self, every: float):
        self._pace = Pace(every, 60.0)

    def of(self, seen: Seen, step: int, epoch: int, split: str, last: bool) -> Iterator[Event]:
        """The event of an evaluation; none where the task has nothing to picture or it is not time."""
        began = time.perf_counter()
        if seen.answers is None or not (last or self._pace.due(began)):
            return
        values = seen.answers.cpu().contiguous()
        kind = "uint8" if values.dtype == torch.uint8 else "float32"
        yield Answered(step, epoch, split, kind, tuple(values.shape), base64.b64encode(values.numpy().tobytes()).decode("ascii"))
        self._pace.looked(began, time.perf_counter())
