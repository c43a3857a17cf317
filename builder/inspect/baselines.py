"""Classical methods on a project's data: what a network has to beat to be worth its training."""

from __future__ import annotations

import hashlib
import importlib
import json
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

from builder.catalogue.datasets import IGNORED
from builder.data.records import Tensors

SEED = 0


@dataclass(frozen=True)
class Baseline:
    """One method of scikit-learn: its class, what differs from that one's defaults, and one sentence on what it does."""

    name: str
    title: str
    summary: str
    module: str
    params: tuple[tuple[str, object], ...] = ()
    threads: bool = False


BASELINES = (
    Baseline("logistic", "Logistic regression", "One weighted sum of all pixels a class: a network without a hidden layer.", "sklearn.linear_model.LogisticRegression",
             (("max_iter", 100),)),
    Baseline("tree", "Decision tree", "Questions about single pixels, one after the other.", "sklearn.tree.DecisionTreeClassifier", (("random_state", SEED),)),
    Baseline("forest", "Random forest", "A hundred trees, each grown on other samples and pixels, that vote (Breiman 2001).", "sklearn.ensemble.RandomForestClassifier",
             (("random_state", SEED),), threads=True),
)


NUMBERS = (
    Baseline("linear", "Linear regression", "One weighted sum of all values a target: a network without a hidden layer.", "sklearn.linear_model.LinearRegression"),
    Baseline("tree-regression", "Decision tree", "Questions about single values, one after the other.", "sklearn.tree.DecisionTreeRegressor", (("random_state", SEED),)),
    Baseline("forest-regression", "Random forest", "A hundred trees, each grown on other samples, whose answers are averaged (Breiman 2001).",
             "sklearn.ensemble.RandomForestRegressor", (("random_state", SEED),), threads=True),
)
# Of masks what needs no picture: the methods above know no neighbours, and a picture has as many answers as pixels.
PIXELS = (Baseline("frequent", "Most frequent class", "Calls every pixel what most training pixels are.", "sklearn.dummy.DummyClassifier", (("strategy", "most_frequent"),)),)
# Those of scikit-learn give one answer a sample: none finds things.
OF = {"classification": BASELINES, "regression": NUMBERS, "segmentation": PIXELS, "detection": ()}


@dataclass(frozen=True)
class Score:
    """What one baseline reached on the test part; seconds are those of fitting it. `accuracy` is a share (0 to 1) of the samples, of the pixels of masks, or,
    where `figure` is "r2", the mean R² of the targets: the share of their variance that is explained."""

    name: str
    title: str
    accuracy: float
    seconds: float
    train_samples: int
    test_samples: int
    figure: str = "accuracy"


def scores(tensors: Tensors, threads: int = 1, kept: Path | None = None, again: bool = False) -> Iterator[Score]:
    """Fits each baseline on the training part and scores it on the test part; what is `kept` in that folder is fitted anew only with `again`.

    Bytes are brought to the scale 0 to 1; other values are standardised. Every value of a sample is a feature of its own.
    """
    known = None if kept is None else kept / f"{_print(tensors)}.json"
    found = {} if again else _read(known)
    (train_x, train_y), (test_x, test_y) = _features(tensors)
    for one in OF[tensors.task]:
        if one.name not in found:
            found[one.name] = _fitted(one, train_x, train_y, test_x, test_y, threads, "r2" if tensors.task == "regression" else "accuracy")
            _write(known, found)
        yield found[one.name]


def _fitted(one: Baseline, train_x, train_y, test_x, test_y, threads: int, figure: str) -> Score:
    import warnings

    package, _, kind = one.module.rpartition(".")
    params = dict(one.params) | ({"n_jobs": threads} if one.threads else {})
    model = getattr(importlib.import_module(package), kind)(**params)
    began = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a hundred steps of the logistic regression are what it is known for, converged or not
        model.fit(train_x, train_y)
    # A classifier's score is the share of right answers, a regressor's R².
    return Score(one.name, one.title, float(model.score(test_x, test_y)), time.perf_counter() - began, len(train_y), len(test_y), figure)


def _features(tensors: Tensors):
    """A row of float32 features a sample and its class, of both parts, as numpy arrays."""
    import torch

    parts = [(tensors.train_x, tensors.train_y), (tensors.test_x, tensors.test_y)]
    if tensors.task == "segmentation":
        # Every pixel is a sample; that of no class is none.
        parts = [(torch.zeros(int((y != IGNORED).sum()), 1), y[y != IGNORED]) for _, y in parts]
    elif tensors.task == "regression":
        parts = [(x, y[:, 0] if y.shape[1] == 1 else y) for x, y in parts]
    rows = [x.reshape(len(x), -1) for x, _ in parts]
    if rows[0].dtype == torch.uint8:
        rows = [x.to(torch.float32) / 255 for x in rows]
    else:
        mean, spread = rows[0].mean(0), rows[0].std(0).clamp(min=1e-12)
        rows = [(x - mean) / spread for x in rows]
    return [(x.numpy(), y.numpy()) for x, (_, y) in zip(rows, parts, strict=True)]


def _print(tensors: Tensors) -> str:
    """What tells these samples, and this version of scikit-learn, from others."""
    digest = hashlib.sha256(version("scikit-learn").encode())
    for part in (tensors.train_x, tensors.train_y, tensors.test_x, tensors.test_y):
        digest.update(repr((part.dtype, tuple(part.shape))).encode())
        digest.update(part.contiguous().numpy().tobytes())
    return digest.hexdigest()


def _read(known: Path | None) -> dict[str, Score]:
    """Scores that were kept; a file that cannot be read has none."""
    with suppress(OSError, ValueError, TypeError, AttributeError):
        return {name: Score(**row) for name, row in json.loads(known.read_text(encoding="utf-8")).items()}
    return {}


def _write(known: Path | None, found: dict[str, Score]) -> None:
    """A folder that cannot be written keeps nothing, and nothing is lost but time."""
    if known is None:
        return
    with suppress(OSError):
        known.parent.mkdir(parents=True, exist_ok=True)
        part = known.with_suffix(".part")
        part.write_text(json.dumps({name: asdict(score) for name, score in found.items()}), encoding="utf-8")
        part.replace(known)
