"""What a training run says, as frozen records. Standard library only, so that the run store can read them without torch.

Steps and epochs count from 1; a step is one optimiser step, an epoch one pass over the training part.

| ends by                       | StepEnded               | EpochEnded, Evaluated | RunEnded.reason |
|-|-|-|-|
| all epochs done               | up to the last step     | every epoch           | completed       |
| somebody asked to stop        | steps done so far       | finished epochs       | stopped         |
| the loss is huge or infinite  | steps before it         | finished epochs       | diverged        |
| the device's memory ran out   | steps before it         | finished epochs       | out_of_memory   |
| an exception                  | steps before it         | finished epochs       | failed          |
| the process was killed        | all that were written   | all that were written | killed (written by whoever finds the run without its process) |
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Literal

Reason = Literal["completed", "stopped", "diverged", "out_of_memory", "failed", "killed"]
# How the allocators of torch and of CUDA's libraries (cuBLAS and cuDNN: ..._STATUS_ALLOC_FAILED) say it in a plain RuntimeError.
MEMORY_WORDS = ("out of memory", "can't allocate memory", "cannot allocate memory", "not enough memory", "alloc_failed")


def memory_ran_out(error: BaseException) -> bool:
    """Whether an exception means that a device's or the machine's memory ran out; torch's own is known by its name."""
    names = {kind.__name__ for kind in type(error).__mro__}
    spoken = isinstance(error, RuntimeError) and any(words in str(error).lower() for words in MEMORY_WORDS)
    return bool(names & {"MemoryError", "OutOfMemoryError"}) or spoken


@dataclass(frozen=True)
class RunStarted:
    """The run's constants, known before the first step; `resumed_at` is the step a resumed run goes on from, 0 for a new one, `lr` the rate of the next step.

    `classes` names the classes of classification and segmentation, `targets` the numbers of regression. With `validation_samples` the run is watched on these,
    else on the test part. `layers` are those whose gradients are measured, in the network's order.
    """

    device: str
    device_name: str
    parameters: int
    train_samples: int
    test_samples: int
    steps_per_epoch: int
    epochs: int
    batch_size: int
    classes: tuple[str, ...]
    seed: int
    threads: int
    torch: str
    resumed_at: int = 0
    lr: float = 0.0
    task: str = "classification"
    targets: tuple[str, ...] = ()
    validation_samples: int = 0
    processes: int = 1
    layers: tuple[str, ...] = ()


@dataclass(frozen=True)
class StepEnded:
    """Means over the steps since the record before it, up to and including `step`; accuracy is a share (0 to 1) of samples or pixels, None where nothing
    is right or wrong; seconds count from the start of the run.

    `lr` is the learning rate of `step`, None in records of before it was noted.
    """

    step: int
    epoch: int
    loss: float
    accuracy: float | None
    samples_per_second: float
    seconds: float
    lr: float | None = None


@dataclass(frozen=True)
class EpochEnded:
    """Means over one whole epoch of training, with the weights as they were at each step."""

    epoch: int
    step: int
    loss: float
    accuracy: float | None
    seconds: float
    samples_per_second: float


def score(loss: float, accuracy: float | None, figures: Mapping[str, float], by: str = "") -> float:
    """By what epochs are compared, more being better: `by` a figure's name, with - before it where less is better; else the accuracy, the mean average precision of boxes, or less loss
    where nothing is right or wrong. A figure that could not be told counts as 0."""
    if by:
        number = {"loss": loss, "accuracy": accuracy or 0.0, **figures}.get(by.removeprefix("-"), 0.0)
        return -number if by.startswith("-") else number
    return accuracy if accuracy is not None else figures.get("map", -loss)


@dataclass(frozen=True)
class Evaluated:
    """The network in evaluation mode over one split, "validation" or "test"; confusion[i][j] counts samples, or pixels, of class i called j. `figures` holds the task's other
    numbers: top5, a share, and calibration_error, how far sureness and share of right answers are apart; mean_iou and dice, shares; mse, mae, r2 and box_iou; of boxes map, map_50,
    precision and recall, shares, loss_box, loss_objectness and loss_class, and by class number map/0, map_50/0 and boxes/0.

    After every epoch a run is watched on its validation part, or on the test part where it has none. A test that somebody asked for names the
    `checkpoint` that was tested, "best" or "last"; it may come after the run's end. `by` is the figure that the epochs of the run are compared by, as `score` takes it.
    """

    epoch: int
    step: int
    split: str
    loss: float
    accuracy: float | None
    confusion: tuple[tuple[int, ...], ...]
    figures: Mapping[str, float] = field(default_factory=dict)
    checkpoint: str = ""
    by: str = ""

    @property
    def score(self) -> float:
        """By what epochs are compared: more is better."""
        return score(self.loss, self.accuracy, self.figures, self.by)

    @property
    def watched(self) -> bool:
        """Whether it is what a run is watched by after an epoch."""
        return not self.checkpoint and self.split in ("validation", "test")


@dataclass(frozen=True)
class Snapshot:
    """The first learned layer's weights, shape (out, in, height, width): base64 of uint8 in C order, 0 = `low`, 255 = `high`.

    `of` counts the layer's filters when not all are in it, else 0.
    """

    step: int
    epoch: int
    layer: str
    shape: tuple[int, int, int, int]
    low: float
    high: float
    data: str
    of: int = 0


@dataclass(frozen=True)
class GradientNorms:
    """L2 norms of the gradients of `step`, before clipping: of all weights, and of each of the run's `layers`; None where one is not finite."""

    step: int
    epoch: int
    total: float | None
    norms: tuple[float | None, ...]


@dataclass(frozen=True)
class Answered:
    """What the network gave in evaluation mode for the first samples of a part: class numbers (n H W) or numbers (n K) of `kind` uint8 or float32, in C order,
    base64."""

    step: int
    epoch: int
    split: str
    kind: str
    shape: tuple[int, ...]
    data: str


@dataclass(frozen=True)
class CheckpointSaved:
    """Weights, optimiser and position are on disk under `name` in the run's folder."""

    step: int
    epoch: int
    name: str


@dataclass(frozen=True)
class Paused:
    """The run waits, as asked, after `step`; its place is on disk where it has a folder."""

    step: int
    epoch: int


@dataclass(frozen=True)
class Continued:
    """The run goes on in place after a pause."""

    step: int
    epoch: int


@dataclass(frozen=True)
class RateChanged:
    """Somebody changed the learning rate: the steps after `step` go by `lr` instead of `before`."""

    step: int
    epoch: int
    before: float
    lr: float


@dataclass(frozen=True)
class Noted:
    """What the run has decided by itself after `step`, in a sentence for people with the numbers that decided it."""

    step: int
    says: str


@dataclass(frozen=True)
class RunEnded:
    """Last, exactly once; `says` is a sentence for people: what happened and what to do. `brick` is the layer it happened in, where one is to blame."""

    reason: Reason
    step: int
    says: str
    brick: str = ""


Event = RunStarted | StepEnded | EpochEnded | Evaluated | Snapshot | GradientNorms | Answered | CheckpointSaved | Paused | Continued | RateChanged | Noted | RunEnded
KINDS: Mapping[str, type] = {kind.__name__: kind for kind in Event.__args__}


def to_record(event: Event) -> dict[str, object]:
    """The event as a JSON-able dict; its class name stands under "event"."""
    return {"event": type(event).__name__, **asdict(event)}


def _frozen(value: object) -> object:
    return tuple(_frozen(item) for item in value) if isinstance(value, list) else value


def from_record(record: Mapping[str, object]) -> Event:
    """The event of a record made by `to_record`; fields that this version does not know are left out.

    Raises KeyError for an unknown kind and TypeError for a missing field.
    """
    kind = KINDS[str(record["event"])]
    known = {field.name for field in fields(kind)}
    return kind(**{name: _frozen(value) for name, value in record.items() if name in known})
