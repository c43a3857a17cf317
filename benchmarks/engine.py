"""One engine of benchmarks/engines.py in a process of its own: each line that it reads is a round to train, each line that it writes the seconds of one.

    python benchmarks/engine.py CASE ENGINE SAMPLES THREADS

Times are of one epoch's training: building the network, reading files and the first use of torch are not in them. Both clocks are told: the wall's,
which other programs on the machine disturb, and the processor's, which counts this process alone (all its threads).
"""

from __future__ import annotations

import json
import logging
import os
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "torch")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import torch
from PIL import Image
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset, TensorDataset
from torchvision.transforms import Compose, Normalize, ToTensor

from builder import api
from builder.catalogue import DATASETS
from builder.data import Tensors, available, load
from builder.data.load import statistics as mean_and_std
from builder.graph.training import fused
from builder.paths import data_roots
from builder.runs import Store, work
from builder.tasks.classification import Classification
from builder.train.batches import Split, has_convolutions
from builder.train.device import choose_device, keep_freed_memory, take_threads
from builder.train.events import EpochEnded, RunStarted
from builder.train.loop import train
from builder.train.optimizer import plain
from builder.train.settings import Settings

CPU = choose_device("cpu")
CLOCKS = {"wall": time.perf_counter, "processor": time.process_time}
Seconds = dict[str, float]
# Trained before the first round, while caches fill.
WARM = 5


@dataclass(frozen=True)
class Case:
    """A network of the Gallery with the batch and the SGD of its lecture, or a batch of 1, whose step is the shortest; `samples` are trained in a round."""

    name: str
    network: str
    data: str
    batch: int
    lr: float
    momentum: float
    samples: int

    @property
    def says(self) -> str:
        """One phrase."""
        return f"{self.network} on {self.data}, batch {self.batch}, SGD {self.lr:g}" + (f" with momentum {self.momentum:g}" if self.momentum else "")


CASES = {case.name: case for case in (
    Case("mnist-cnn", "mnist-cnn", "mnist", 100, 0.01, 0.0, 60_000),
    Case("fashion-mlp", "fashion-mlp", "fashion-mnist", 64, 0.1, 0.0, 60_000),
    Case("lenet-cifar", "lenet-cifar", "cifar10", 4, 0.001, 0.9, 8_000),
    Case("resnet20-cifar", "resnet20-cifar", "cifar10", 128, 0.1, 0.9, 1_280),
    Case("one-by-one", "mnist-cnn", "mnist", 1, 0.01, 0.0, 2_000))}


class Watch:
    """Both clocks, from the moment it is made."""

    def __init__(self) -> None:
        self.began = {name: clock() for name, clock in CLOCKS.items()}

    def read(self) -> Seconds:
        """Seconds since then."""
        return {name: clock() - self.began[name] for name, clock in CLOCKS.items()}


def samples(case: Case, count: int) -> tuple[Tensors, str]:
    """So many training samples, repeated where there are fewer, and in words what they are."""
    dataset = DATASETS[case.data]
    if available(case.data, data_roots()):
        whole, says = load(case.data, data_roots()), dataset.title
    else:
        random = torch.Generator().manual_seed(0)
        x = torch.randint(0, 256, (2_000, *dataset.shape), dtype=torch.uint8, generator=random)
        y = torch.randint(0, len(dataset.classes), (len(x),), generator=random)
        whole, says = Tensors(dataset.name, x, y, x[:1], y[:1], dataset.classes, *mean_and_std(x)), f"noise of the size of {dataset.title}"
    places = torch.arange(count) % len(whole.train_x)
    return replace(whole, train_x=whole.train_x[places], train_y=whole.train_y[places], test_x=whole.test_x[:1], test_y=whole.test_y[:1]), says


def network(case: Case) -> nn.Module:
    """The network as the app makes it, always with the same first weights."""
    return api.module(api.gallery(case.network))


def sgd(case: Case, model: nn.Module, **more: object) -> torch.optim.SGD:
    """torch's own optimiser."""
    return torch.optim.SGD(model.parameters(), lr=case.lr, momentum=case.momentum, **more)


class Pictures(Dataset):
    """What torchvision's data sets give: a PIL image, transformed sample by sample."""

    def __init__(self, data: Tensors):
        self.x, self.y = data.train_x.permute(0, 2, 3, 1).squeeze(-1).numpy(), data.train_y
        self.transform = Compose([ToTensor(), Normalize(data.mean, data.std)])

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        return self.transform(Image.fromarray(self.x[index])), int(self.y[index])


def as_floats(data: Tensors) -> Tensor:
    """All training images normalised, float32 (N C H W): the most that an engine that takes tensors can be given beforehand."""
    return Split(data.train_x, data.train_y, data.mean, data.std, CPU, channels_last=False).part(0, len(data.train_x))[0]


# The engines: seconds of one epoch each


def tutorial(case: Case, data: Tensors) -> Seconds:
    """As the lectures write it: DataLoader, PIL transforms, no worker processes, nothing shown."""
    loader, model = DataLoader(Pictures(data), batch_size=case.batch, shuffle=True), network(case)
    optimizer = sgd(case, model)
    model.train()
    watch = Watch()
    for inputs, targets in loader:
        output = model(inputs)
        loss = nn.functional.cross_entropy(output, targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return watch.read()


def by_hand(case: Case, data: Tensors, precision: str = "float32") -> Seconds:
    """The best loop we can write: bytes in memory, channels_last, a fused optimiser where it pays, nothing counted, nothing shown."""
    model = network(case)
    last = has_convolutions(model)
    split = Split(data.train_x, data.train_y, data.mean, data.std, CPU, channels_last=last)
    model = model.to(memory_format=torch.channels_last) if last else model
    optimizer = sgd(case, model, **({"fused": True} if case.momentum else {}))
    torch.set_float32_matmul_precision("medium" if precision == "medium" else "highest")
    model.train()
    watch = Watch()
    for places in torch.randperm(len(split)).split(case.batch):
        inputs, targets = split.batch(places)
        with torch.autocast("cpu", torch.bfloat16) if precision == "bfloat16" else nullcontext():
            output = model(inputs)
        loss = nn.functional.cross_entropy(output.float(), targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return watch.read()


def by_hand_bfloat16(case: Case, data: Tensors) -> Seconds:
    """The same in 16 bits."""
    return by_hand(case, data, "bfloat16")


def by_hand_medium(case: Case, data: Tensors) -> Seconds:
    """The same with products of matrices in 16 bits alone."""
    return by_hand(case, data, "medium")


def ours(case: Case, data: Tensors, precision: str = "float32") -> Seconds:
    """The app's worker with everything live, on one test sample because the others do not evaluate; from the run's start until its epoch is reported."""
    project = api.with_settings(api.gallery(case.network), {"training.optimizer": "SGD", "training.optimizer.lr": case.lr, "training.optimizer.momentum": case.momentum})
    model, seen = network(case), {}
    optimizer = plain(torch.optim.SGD)(model.parameters(), lr=case.lr, momentum=case.momentum, **fused(project))
    settings = Settings(epochs=1, batch_size=case.batch, precision=precision)

    def look(event: object) -> None:
        if isinstance(event, RunStarted):
            seen["watch"] = Watch()
        if isinstance(event, EpochEnded):
            seen["seconds"] = seen["watch"].read()

    with tempfile.TemporaryDirectory() as folder, Store(Path(folder)) as store:
        run = store.create(api.to_json(project), api.source(project), project.name)
        ended = work(run, lambda record, control: train(model, data, settings, optimizer=optimizer, loss_fn=nn.CrossEntropyLoss(), task=Classification(len(data.classes)),
                                                       device=CPU, control=control, checkpoints=Path(folder) / "checkpoints"), store, look)
    if ended.reason != "completed":
        raise SystemExit(f"{case.says}: {ended.says}")
    return seen["seconds"]


def ours_unwatched(case: Case, data: Tensors) -> Seconds:
    """The app's trainer by itself: no run database, no pictures, no report before the end of the epoch, nobody listening."""
    model, watch, seconds = network(case), None, {}
    optimizer = plain(torch.optim.SGD)(model.parameters(), lr=case.lr, momentum=case.momentum, **({"fused": True} if case.momentum else {}))
    settings = Settings(epochs=1, batch_size=case.batch, report_every=1e9, snapshot_every=1e9)
    for event in train(model, data, settings, optimizer=optimizer, loss_fn=nn.CrossEntropyLoss(), task=Classification(len(data.classes)), device=CPU):
        if isinstance(event, RunStarted):
            watch = Watch()
        if isinstance(event, EpochEnded):
            seconds = watch.read()
    return seconds


def ours_bfloat16(case: Case, data: Tensors) -> Seconds:
    """The same in 16 bits."""
    return ours(case, data, "bfloat16")


def ours_medium(case: Case, data: Tensors) -> Seconds:
    """The same with products of matrices in 16 bits alone."""
    return ours(case, data, "medium")


def lightning(case: Case, data: Tensors, dataset: Dataset | None = None) -> Seconds:
    """Lightning's Trainer with everything off that can be, fed as the tutorial."""
    from lightning.pytorch import Callback, LightningModule, Trainer

    seen = {}

    class Lit(LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.model = network(case)

        def training_step(self, batch: tuple[Tensor, Tensor], _number: int) -> Tensor:
            return nn.functional.cross_entropy(self.model(batch[0]), batch[1])

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return sgd(case, self.model)

    class Clock(Callback):
        def on_train_epoch_start(self, *_: object) -> None:
            seen["watch"] = Watch()

        def on_train_epoch_end(self, *_: object) -> None:
            seen["seconds"] = seen["watch"].read()

    trainer = Trainer(max_epochs=1, accelerator="cpu", logger=False, enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False,
                      callbacks=[Clock()])
    trainer.fit(Lit(), DataLoader(dataset or Pictures(data), batch_size=case.batch, shuffle=True))
    return seen["seconds"]


def lightning_tensors(case: Case, data: Tensors) -> Seconds:
    """Lightning, fed tensors that were normalised beforehand."""
    return lightning(case, data, TensorDataset(as_floats(data), data.train_y))


def skorch(case: Case, data: Tensors, images: Dataset | None = None) -> Seconds:
    """skorch's NeuralNetClassifier without its validation and its printing, fed as the tutorial."""
    from skorch import NeuralNetClassifier
    from skorch.callbacks import Callback

    seen = {}

    class Clock(Callback):
        def on_epoch_begin(self, *_: object, **__: object) -> None:
            seen["watch"] = Watch()

        def on_epoch_end(self, *_: object, **__: object) -> None:
            seen["seconds"] = seen["watch"].read()

    net = NeuralNetClassifier(network(case), criterion=nn.CrossEntropyLoss, optimizer=torch.optim.SGD, lr=case.lr, optimizer__momentum=case.momentum, max_epochs=1,
                              batch_size=case.batch, iterator_train__shuffle=True, train_split=None, verbose=0, callbacks=[("clock", Clock())])
    net.fit(images or Pictures(data), y=None)
    return seen["seconds"]


def skorch_tensors(case: Case, data: Tensors) -> Seconds:
    """skorch, fed tensors that were normalised beforehand."""
    return skorch(case, data, TensorDataset(as_floats(data), data.train_y))


def keras_arrays(case: Case, data: Tensors) -> Seconds:
    """Keras 3 on torch, fed arrays that were normalised beforehand; the same torch network inside a layer of Keras."""
    import keras

    seen = {}

    class Clock(keras.callbacks.Callback):
        def on_epoch_begin(self, *_: object) -> None:
            seen["watch"] = Watch()

        def on_epoch_end(self, *_: object) -> None:
            seen["seconds"] = seen["watch"].read()

    x, y = as_floats(data).numpy(), data.train_y.numpy()
    model = keras.Sequential([keras.Input(x.shape[1:]), keras.layers.TorchModuleWrapper(network(case), output_shape=(None, len(data.classes)))])
    model.compile(optimizer=keras.optimizers.SGD(case.lr, momentum=case.momentum), loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    with torch.device("cpu"):
        model.fit(x, y, batch_size=case.batch, epochs=1, verbose=0, callbacks=[Clock()])
    return seen["seconds"]


# The module that must be there, and the engine. The tutorial comes first: the others are told in its terms.
ENGINES: dict[str, tuple[str, Callable[[Case, Tensors], Seconds]]] = {
    "tutorial": ("torch", tutorial), "by hand": ("torch", by_hand), "ours, everything live": ("torch", ours),
    "ours, unwatched": ("torch", ours_unwatched),
    "by hand in bfloat16": ("torch", by_hand_bfloat16), "ours in bfloat16": ("torch", ours_bfloat16),
    "by hand, medium": ("torch", by_hand_medium), "ours, medium": ("torch", ours_medium),
    "Lightning": ("lightning", lightning), "Lightning on tensors": ("lightning", lightning_tensors),
    "skorch": ("skorch", skorch), "skorch on tensors": ("skorch", skorch_tensors), "Keras on arrays": ("keras", keras_arrays)}
# What the app's worker asks of the C library is asked for these alone: the best loop by hand would ask for it too.
OURS = tuple(name for name in ENGINES if name.startswith(("by hand", "ours")))


def main() -> None:
    """Train a round for every line."""
    case, engine, samples_, threads = CASES[sys.argv[1]], ENGINES[sys.argv[2]][1], int(sys.argv[3]), int(sys.argv[4])
    # What the engines print is not for the one who counts.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    warnings.filterwarnings("ignore")
    for name in ("lightning", "lightning.pytorch", "lightning.fabric"):
        logging.getLogger(name).setLevel(logging.ERROR)
    take_threads(threads)
    if sys.argv[2] in OURS:
        keep_freed_memory()
    data, says = samples(case, samples_)
    engine(case, replace(data, train_x=data.train_x[:case.batch * WARM], train_y=data.train_y[:case.batch * WARM]))
    print(says, file=answers, flush=True)
    for _line in sys.stdin:
        print(json.dumps(engine(case, data)), file=answers, flush=True)


if __name__ == "__main__":
    main()
