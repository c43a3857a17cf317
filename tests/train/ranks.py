"""The small network trained by several processes: `python -m tests.train.ranks FOLDER` prints what `test_shared` asks, as JSON."""

from __future__ import annotations

import functools
import json
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch
from torch import nn
from torchvision.ops import StochasticDepth

from builder.catalogue.augmentation import AUGMENTATIONS
from builder.tasks.detection import Detection
from builder.tasks.yolo import yolo_loss, yolo_parts
from builder.train import shared_gradients
from builder.train.augment import in_a_row
from builder.train.batches import seed_everything
from builder.train.checkpoint import read_weights
from builder.train.control import Control
from builder.train.patience import Patience
from builder.train.settings import Settings
from builder.train.shared import Place, SharedRun, joined
from tests.train.small import CLASSES, Small, small_cnn, stripes

SETTINGS = Settings(epochs=3, batch_size=10, report_every=0, snapshot_every=1000)
WEIGHTED = nn.CrossEntropyLoss(weight=torch.tensor([0.2, 1.0, 3.0]), label_smoothing=0.1)

MIXED = in_a_row([(AUGMENTATIONS["RandomCrop"], {"padding": 1}), (AUGMENTATIONS["CutMix"], {})])


def adam(parameters):
    return torch.optim.Adam(parameters, lr=0.01)


def cnn(dropout: float = 0.0) -> nn.Module:
    """The same weights whenever it is made."""
    seed_everything(0)
    return small_cnn(dropout=dropout)


def in_pieces(small: Small) -> Small:
    """The same whose gradients are added up in several pieces, and one of whose weights gets none."""
    shared_gradients.PIECE = 600
    small.model.register_parameter("idle", nn.Parameter(torch.ones(3)))
    small.optimizer.add_param_group({"params": [small.model.idle]})
    return small


def dropped() -> nn.Module:
    """A network with every layer that drops at random, on images in the order N H W C and on rows, three of which are made of each sample at the end."""
    seed_everything(0)
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.Dropout(0.2), nn.Dropout2d(0.3), StochasticDepth(0.2, "row"), StochasticDepth(0.1, "batch"), nn.Flatten(), nn.Linear(144, 12), nn.SELU(),
                         nn.AlphaDropout(0.2), nn.Unflatten(1, (3, 4)), nn.Dropout1d(0.2), nn.Flatten(0, 1), nn.Dropout(0.3), nn.Linear(4, 1), nn.Unflatten(0, (-1, 3)), nn.Flatten())


def detector() -> Small:
    """A detector of the stripes: one picture in three has a second, smaller box."""
    seed_everything(0)
    model = nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 5 + CLASSES, 1))
    given = stripes()
    train, test = (torch.stack([torch.stack([torch.tensor([0.0, (1 + 2 * label) / 8, 1.0, (2 + 2 * label) / 8, label]),
                                             torch.tensor([0.5, 0.0, 0.75, 0.125, 1.0] if label == 0 else [0.0, 0.0, 0.0, 0.0, -1.0])]) for label in labels.tolist()])
                   for labels in (given.train_y, given.test_y))
    tensors = replace(given, train_y=train, test_y=test, task="detection")
    # The run ends after its second epoch in all processes, by what only the first one works out.
    return Small(replace(SETTINGS, epochs=4, stopping=Patience("validation_map", 1, 100.0)), lambda weights: torch.optim.SGD(weights, lr=1e-3), model, tensors, loss_fn=yolo_loss, task=Detection(CLASSES, yolo_parts))


# Not Adam, which makes whole steps of gradients that are nothing but rounding, as that of a bias before BatchNorm.
CASES: dict[str, Callable[[], Small]] = {
    "BatchNorm": lambda: Small(SETTINGS, model=cnn()),
    "weighted classes, L1, clipping and an average": lambda: Small(
        replace(SETTINGS, l1=0.001, clip=lambda weights: nn.utils.clip_grad_norm_(weights, 1.0), average=0.5), None, cnn(), loss_fn=WEIGHTED),
    "Dropout": lambda: Small(replace(SETTINGS, epochs=2), model=dropped()),
    "gradients in pieces": lambda: in_pieces(Small(replace(SETTINGS, epochs=2), model=cnn())),
    "boxes": detector,
    "images that are changed and mixed": lambda: Small(replace(SETTINGS, augment=MIXED), model=cnn(), loss_fn=WEIGHTED),
}


IN_TWO = ("boxes", "images that are changed and mixed", "gradients in pieces")


class Asked(Control):
    """A control that is asked for things after some step, and for a pause in the middle of the first evaluation."""

    def __init__(self, **requests: tuple[int, object]):
        super().__init__()
        self.evaluated = 0
        self.requests, self.steps = {step: (name, value) for name, (step, value) in requests.items()}, 0

    def waiting(self) -> bool:
        if (asked := self.requests.pop(self.steps, None)) is not None:
            self.ask(asked[0].replace("_", "-"), asked[1])
            if asked[0] == "pause":
                self.ask("resume")
        self.steps += 1
        return not self._asked.empty()

    def asked(self) -> bool:
        """Before a batch of an evaluation."""
        self.evaluated += 1
        if self.evaluated == 2:
            self.ask("pause")
            self.ask("resume")
        return super().asked()


def together(folder: Path, size: int, make: Callable[[], Small], name: str, **options: object) -> list:
    """The events of the first of so many processes; each is a fork."""
    meet, out = folder / f"{name}.meet", folder / f"{name}.json"
    children = []
    for rank in range(size):
        pid = os.fork()
        if not pid:
            status = 1
            try:
                torch.set_num_threads(1)
                small = make()
                with joined(Place(rank, size, str(meet)), small.device) as group:
                    events = small.run(kind=functools.partial(SharedRun, group), **options)
                same = {name: value.double().sum().item() for name, value in small.model.state_dict().items()}
                out.with_suffix(f".{rank}").write_text(json.dumps([same, [[type(event).__name__, event.__dict__] for event in events]]))
                status = 0
            finally:
                os._exit(status)
        children.append(pid)
    assert [os.waitpid(pid, 0)[1] for pid in children] == [0] * size
    return [json.loads(out.with_suffix(f".{rank}").read_text()) for rank in range(size)]


def losses(events: list) -> list[float]:
    """Of the steps, the epochs and the tests."""
    return [event["loss"] for kind, event in events if kind in ("StepEnded", "EpochEnded", "Evaluated")]


def ended(ranks: list) -> list[float]:
    """The losses of the epochs that ended, as the first process tells them."""
    return [event["loss"] for kind, event in ranks[0][1] if kind == "EpochEnded"]


def main(folder: Path) -> dict[str, object]:
    """Everything that is asked, by name."""
    # A process that has computed with several threads has forks that cannot, and a resumed run takes as many as it began with.
    torch.set_num_threads(1)
    found: dict[str, object] = {}
    for name, make in CASES.items():
        alone = [[type(event).__name__, event.__dict__] for event in make().run()]
        for size in (2,) if name in IN_TWO else (2, 3):
            ranks = together(folder, size, make, f"{name} {size}".replace(" ", "-"))
            found[f"{name} {size}"] = {"alone": losses(alone), "together": losses(ranks[0][1]), "same": all(rank[0] == ranks[0][0] for rank in ranks),
                                       "accuracies": [[event["accuracy"] for kind, event in one if kind == "Evaluated"] for one in (alone, ranks[0][1])],
                                       "started": ranks[0][1][0][1], "told": [len(rank[1]) for rank in ranks],
                                       "norms": [[event["norms"] for kind, event in one if kind == "GradientNorms"] for one in (alone, *(rank[1] for rank in ranks))]}
    dropped = lambda: Small(replace(SETTINGS, batch_size=8, evaluation_batch=8), adam, cnn(0.5))  # noqa: E731
    whole = together(folder, 2, dropped, "whole", checkpoints=folder / "whole")
    asked = together(folder, 2, dropped, "asked", checkpoints=folder / "asked", control=Asked(pause=(3, None), stop=(7, None)))
    again = together(folder, 2, dropped, "again", checkpoints=folder / "asked", resume=True)
    one, other = (read_weights(folder / name / "last.safetensors") for name in ("whole", "asked"))
    found["resumed"] = {"losses": [ended(one)[-2:] for one in (whole, again)], "bits": all(torch.equal(one[name], other[name]) for name in one), "kinds": [kind for kind, _ in asked[0][1] if kind != "GradientNorms"], "end": [whole[0][1][-1][1], again[0][1][-1][1]],
                        "from": again[0][1][0][1]["resumed_at"]}
    CASES["Dropout"]().stopped_after(3, checkpoints=folder / "moved")
    moved = together(folder, 2, CASES["Dropout"], "moved", checkpoints=folder / "moved", resume=True)
    found["moved"] = {"from": moved[0][1][0][1]["resumed_at"], "losses": [event["loss"] for kind, event in moved[0][1] if kind == "Evaluated"],
                      "alone": [event.loss for event in CASES["Dropout"]().run() if type(event).__name__ == "Evaluated"]}
    rate = together(folder, 2, dropped, "rate", control=Asked(set_lr=(4, 0.5)))
    found["rate"] = {"changed": [event for kind, event in rate[0][1] if kind == "RateChanged"], "same": rate[0][0] == rate[1][0]}
    blown = lambda: Small(SETTINGS, lambda parameters: torch.optim.SGD(parameters, lr=1e25), cnn(0.5))  # noqa: E731
    spoiled = together(folder, 2, blown, "spoiled")
    found["diverged"] = [[rank[1][-1][1][name] for name in ("reason", "brick", "says")] for rank in [*spoiled, [None, [["", blown().run()[-1].__dict__]]]]]
    return found


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]))))
