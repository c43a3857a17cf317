"""How much memory training takes: an estimate from the catalogue, without torch.

Weights, their gradients and the optimiser's numbers do not depend on the batch. For every sample the forward pass leaves what the
backward pass reads; each layer's declaration says what that is. On top of it comes the moment at which most is in use beside that: a
layer's output and the gradients on both of its sides. Work space of the layers' algorithms is not known and not counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from builder.catalogue import OPTIMIZERS, Dataset, carries_batch, per_sample

from .analysis import Analysis, Placed
from .check import RECORDS, WHOLE, Report
from .datasets import dataset_of, trained_samples, watched_samples
from .document import Project
from .kinds import INPUT, OUTPUT
from .placed import FLOAT

# torch with its libraries, before anything is computed: a worker process as measured on Linux.
TORCH = 400_000_000
# Of what is free; the rest is for what is not counted. A worker is stopped at the same share (runs/limits.py).
SHARE = 0.9
# Of what is free, for the samples: more of them stay where they are and are brought to the device ahead of their use (pictures of one's own, and on a GPU all).
RESIDENT = 0.3
# Samples that are evaluated at a time, and the bytes that they may take meanwhile: large pictures go through fewer at a time.
EVALUATED, EVALUATION_BYTES = 500, 128 << 20

# A piece of memory by the value that it holds: bricks from the outermost block in, and which output.
Piece = tuple[object, ...]
# A value: the piece that it lies in, the bytes of that, and its own; a view of a part is smaller than its piece.
Held = tuple[Piece, int, int]


@dataclass(frozen=True)
class Memory:
    """The bytes that training takes: `fixed` whatever the batch, and `sample` for each sample of a batch; `samples` is how many there are,
    `streams` whether those that take too much may stay where they are, `sound` what a run keeps of its weights to go back to, `evaluation` what an evaluation
    takes, whose batches are larger where training's are small.
    """

    weights: int
    gradients: int
    optimizer: int
    data: int
    torch: int
    activations: int
    working: int
    samples: int
    streams: bool = False
    sound: int = 0
    evaluation: int = 0

    @property
    def fixed(self) -> int:
        """Bytes that do not depend on the batch size."""
        return self.weights + self.gradients + self.optimizer + self.sound + self.data + self.torch

    @property
    def sample(self) -> int:
        """Bytes that every sample of a batch adds."""
        return self.activations + self.working

    def moving(self, batch: int) -> int:
        """Bytes beside these at a batch size: those of a step of training or of an evaluation, whichever takes more."""
        return max(batch * self.sample, self.evaluation)

    def at(self, batch: int) -> int:
        """Bytes in all at a batch size."""
        return self.fixed + self.moving(batch)

    def parts(self, batch: int) -> dict[str, int]:
        """What the bytes go to, in words."""
        moving = f"for a batch of {batch:,}" if batch * self.sample >= self.evaluation else "for an evaluation"
        return {"of weights": self.weights, "of gradients": self.gradients, "for the optimiser": self.optimizer, "to go back to": self.sound, "of data": self.data,
                "for torch itself": self.torch, moving: self.moving(batch)}

    def fits(self, batch: int, free: int) -> bool:
        """Does a batch fit into this many free bytes, a share of them left over?"""
        return self.held(free) + self.moving(batch) <= SHARE * free

    def held(self, free: int) -> int:
        """Bytes that do not depend on the batch size where so many are free: samples that may stay where they are take no more than their share."""
        return self.fixed - (max(0, self.data - int(RESIDENT * free)) if self.streams else 0)

    def largest(self, free: int) -> int:
        """The largest batch that fits, of the samples there are; 0 when not even one does."""
        room = int(SHARE * free) - self.held(free)
        return min(room // max(self.sample, 1), self.samples) if room >= self.evaluation else 0

    def to_json(self) -> dict[str, int]:
        """The parts, in bytes."""
        return {"weights": self.weights, "gradients": self.gradients, "optimizer": self.optimizer, "sound": self.sound, "data": self.data, "torch": self.torch,
                "fixed": self.fixed, "activations_per_sample": self.activations, "working_per_sample": self.working, "evaluation": self.evaluation}


def memory(project: Project, report: Report, gpu: bool = False) -> Memory:
    """What training the project takes, on the CPU where the data and torch's libraries lie in the same memory, or on a GPU."""
    dataset = dataset_of(project) if project.task.get("kind") != "none" else None
    data = 0 if dataset is None else dataset.bytes
    weights, trained = FLOAT * report.params, FLOAT * report.trainable
    state, kept = trained * optimizer_state(project), activations(report.analysis)
    return Memory(weights, trained, state + weights * averages(project), data, 0 if gpu else TORCH, kept.bytes, kept.working,
                  trained_samples(project, dataset) if dataset else WHOLE["batch_size"].max, dataset is not None and (gpu or streams(dataset)),
                  weights + (0 if gpu else state), kept.working * min(evaluated(1, kept.working), watched_samples(project, dataset) if dataset else EVALUATED))


def evaluation_batch(project: Project, report: Report) -> int:
    """How many samples are evaluated at a time; it follows from the project alone, for the last bits of a loss depend on it."""
    return evaluated(batch_size(project), activations(report.analysis).working)


def evaluated(batch: int, working: int) -> int:
    """The same where so many samples are trained at a time, which takes no less memory, and one takes so many bytes."""
    return min(EVALUATED, max(batch, EVALUATION_BYTES // max(working, 1)))


def streams(dataset: Dataset) -> bool:
    """Whether samples that take too much main memory can stay in their file: pictures of a person's own, and photographs."""
    return (dataset.own or dataset.resized) and dataset.dtype == "uint8"


def suggested(largest: int) -> int:
    """The power of two that people would take where this is the largest batch that fits."""
    return 1 << (largest.bit_length() - 1) if largest else 0


def amount(number: float) -> str:
    """Bytes for people: "402 MB"."""
    for unit in ("bytes", "kB", "MB"):
        if number < 1000:
            return f"{number:.0f} {unit}" if number >= 100 or unit == "bytes" else f"{number:.1f} {unit}"
        number /= 1000
    return f"{number:,.1f} GB"


def batch_size(project: Project) -> int:
    """The project's batch size, or the default."""
    given = project.training.get("batch_size", WHOLE["batch_size"].default)
    return given if isinstance(given, int) and not isinstance(given, bool) and given > 0 else WHOLE["batch_size"].default


def averages(project: Project) -> int:
    """How many averages of every weight the project's training keeps: 1 or 0."""
    records, default = RECORDS["averaging"]
    given = project.training.get("averaging")
    record = records.get(given.get("kind", default)) if isinstance(given, Mapping) else None
    return (record or records[default]).numbers({})


def optimizer_state(project: Project) -> int:
    """How many numbers the project's optimiser keeps for every weight."""
    records, default = RECORDS["optimizer"]
    given = project.training.get("optimizer")
    given = dict(given) if isinstance(given, Mapping) else {}
    record = OPTIMIZERS.get(given.pop("kind", default)) or records[default]
    return record.numbers(given)


@dataclass(frozen=True)
class Kept:
    """Bytes of one sample that are there at the end of the forward pass, and the most that one layer's step back needs besides."""

    bytes: int
    working: int


def activations(analysis: Analysis) -> Kept:
    """What the backward pass reads of one sample, each value counted once however many layers read it."""
    store = _Store({}, 0, 0)
    _walk(analysis, (), {}, store)
    return Kept(sum(store.pieces.values()) + store.extra, store.working)


@dataclass
class _Store:
    """What was found so far: the pieces that are kept with their bytes, what is kept beside them, and the largest step."""

    pieces: dict[Piece, int]
    extra: int
    working: int

    def keep(self, values: Sequence[Held]) -> None:
        for piece, size, _ in values:
            self.pieces[piece] = max(size, self.pieces.get(piece, 0))


def _walk(analysis: Analysis, path: Piece, entering: Mapping[str, Held], store: _Store) -> dict[str, list[Held]]:
    """Go through a drawing in the order it runs; the memory behind the outputs of every brick, as (piece, its bytes, the bytes of the value)."""
    held: dict[str, list[Held]] = {}
    for name, placed in analysis.placed.items():
        if name not in analysis.used or placed.layer is None or None in (placed.shape, *placed.shapes):
            continue
        if placed.node.kind == INPUT:
            held[name] = [entering[name]] if name in entering else []
            continue
        wires = analysis.network.into(name)
        read = [held[edge.source][edge.output] for edge in wires if edge.output < len(held.get(edge.source, ()))]
        if placed.node.muted:
            held[name] = read[:1]
        elif placed.body is not None:
            held[name] = _copies(placed, (*path, name), read, store)
        else:
            held[name] = _leaf(placed, (*path, name), read, store)
    return held


def _copies(placed: Placed, path: Piece, read: list[Held], store: _Store) -> list[Held]:
    number = 0
    for inner, count in placed.body.runs:
        entries = [node.id for node in inner.network.nodes if node.kind == INPUT]
        ends = [node.id for node in inner.network.nodes if node.kind == OUTPUT]
        for _ in range(count):
            held = _walk(inner, (*path, number), dict(zip(entries, read, strict=False)), store)
            read = [held[end][0] for end in ends if held.get(end)]
            number += 1
    return read


def _leaf(placed: Placed, path: Piece, read: list[Held], store: _Store) -> list[Held]:
    layer = placed.layer
    # What does not grow with the batch, as weights on a wire, is there once and counted among the parameters.
    sizes = [FLOAT * per_sample(shape) if carries_batch(shape) else 0 for shape in placed.shapes]
    made = [((*path, output), size, size) for output, size in enumerate(sizes)]
    if layer.view and read:
        made = [(read[0][0], read[0][1], size) for size in sizes]
    if "inputs" in layer.keeps:
        store.keep(read)
    if "output" in layer.keeps:
        store.keep(made)
    entering = sum(size for _, _, size in read)
    store.extra += layer.kept(placed.inference, entering // FLOAT, sum(sizes) // FLOAT)
    if not layer.view:
        store.working = max(store.working, entering + 2 * sum(sizes))
    return made
