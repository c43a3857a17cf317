"""A person's own data, once they are read: one safetensors file under $BRICKWORK_HOME/data/own for each, named by the sha256 of its bytes.

Beside the samples lies a record of where they came from. A project names the file by that number and says itself what the samples look like, so
that a project from elsewhere reads what it means or nothing at all. Standard library only; who reads the samples loads torch.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

from builder import paths
from builder.catalogue.datasets import OWN, SHA256, Dataset, own_name, own_problem
from builder.processes import running

from .records import DataError

if TYPE_CHECKING:
    from torch import Tensor

    from .rows import Rows

FILE, RECORD = "data.safetensors", "about.json"
VERSION = 2  # 1 knew no validation part
CHUNK = 1 << 20
PARTS = ("train", "test", "valid")  # as their tensors are called in the file
ROOM = re.compile(r"\.([0-9]+)-.*", re.ASCII)  # a process's own folder beside what is kept
SHORTEST = 6  # digits of a sha256 that name a data set


@dataclass(frozen=True)
class Kept:
    """What is kept of one data set: `counts` are training and test samples a class, then those of the validation part where it came with one; `bytes` is the size of its file.

    `origin` is the name that the file had, `how` what was chosen when it was read, `broken` what was left out and why.
    """

    sha256: str
    title: str
    shape: tuple[int, ...]
    classes: tuple[str, ...]
    train: int
    test: int
    counts: tuple[tuple[int, ...], ...]
    bytes: int
    origin: str = ""
    how: Mapping[str, object] | None = None
    task: str = "classification"
    targets: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    broken: tuple[tuple[str, str], ...] = ()
    features: tuple[str, ...] = ()  # of a table: what each number of a sample is called
    valid: int = 0

    @property
    def name(self) -> str:
        """What the data set is called where registered ones have a plain name: "own:" and its number."""
        return own_name(self.sha256)


def root() -> Path:
    """The folder of all that is kept."""
    return paths.home() / "data" / OWN


def place(sha256: str) -> Path:
    """The folder of one data set, there or not; raises DataError for what is no sha256."""
    if not isinstance(sha256, str) or not SHA256.fullmatch(sha256):
        raise DataError(f"{sha256!r:.80} names no data: they are named by a sha256 of 64 hexadecimal digits")
    return root() / sha256


def section(kept: Kept) -> dict[str, object]:
    """What a project says of these data."""
    return {"source": OWN, "sha256": kept.sha256, "title": kept.title, "shape": list(kept.shape), "classes": list(kept.classes),
            "train": kept.train, "test": kept.test,
            # A section says no more than it must, so that what older projects say of the same data is the same.
            **({"task": kept.task} if kept.task != "classification" else {}), **({"targets": list(kept.targets)} if kept.targets else {}),
            **({"valid": kept.valid} if kept.valid else {})}


def get(sha256: str) -> Kept | None:
    """The record of one data set, None where it is not on this machine or cannot be read."""
    try:
        record = json.loads((place(sha256) / RECORD).read_bytes())
        if record["version"] > VERSION or not (place(sha256) / FILE).is_file():
            return None
        known = {field.name for field in fields(Kept)}
        kept = Kept(**{name: _frozen(value) for name, value in record.items() if name in known} | {"sha256": sha256, "how": record.get("how")})
        return None if own_problem(section(kept)) else kept
    except (DataError, OSError, ValueError, LookupError, TypeError, RecursionError):
        return None


def _frozen(value: object) -> object:
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


def listed() -> list[Kept]:
    """All that is kept, by title."""
    with suppress(OSError):
        names = [entry.name for entry in os.scandir(root()) if SHA256.fullmatch(entry.name)]
        return sorted(filter(None, map(get, names)), key=lambda kept: (kept.title.casefold(), kept.sha256))
    return []


def find(given: str) -> Kept:
    """The data set of that title, or whose number begins so; raises DataError with those that there are."""
    there = listed()
    found = [kept for kept in there if kept.title == given] or [
        kept for kept in there if kept.title.casefold() == given.casefold() or len(given) >= SHORTEST and kept.sha256.startswith(given)]
    if len(found) == 1:
        return found[0]
    if found:
        raise DataError(f"{len(found)} data sets are called {given!r:.80}; name one by its number: {', '.join(kept.sha256[:12] for kept in found)}")
    names = ", ".join(repr(kept.title) for kept in there[:20])
    raise DataError(f"there are no data of your own called {given!r:.80}; " + (f"there are {names}" if there else "`data add FILE` brings some"))


@contextmanager
def workroom() -> Iterator[Path]:
    """A folder of this process on the disk of what is kept, there while it lasts; those of processes that are gone, which may have been ended while they wrote, go too."""
    root().mkdir(parents=True, exist_ok=True)
    for entry in list(os.scandir(root())):
        if (found := ROOM.fullmatch(entry.name)) and not running(int(found[1])):
            shutil.rmtree(entry.path, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=root(), prefix=f".{os.getpid()}-") as folder:
        yield Path(folder)


def keep(samples: Path, about: Mapping[str, object]) -> Kept:
    """Takes a file of samples into the store, with a record of it; raises DataError when the disk refuses. The file is moved."""
    with samples.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    folder, record = place(sha256), {"version": VERSION, **about, "sha256": sha256, "bytes": samples.stat().st_size}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with samples.open("rb+") as stream:
            os.fsync(stream.fileno())
        samples.replace(folder / FILE)
        part = folder / f".{RECORD}.{os.getpid()}.part"
        part.write_text(json.dumps(record, ensure_ascii=False), encoding="utf-8")
        part.replace(folder / RECORD)
    except OSError as error:
        raise DataError(f"the data could not be kept in {folder}: {error.strerror or error}") from None
    kept = get(sha256)
    if kept is None:
        shutil.rmtree(folder, ignore_errors=True)
        raise DataError(f"the data could not be kept: {own_problem({'source': OWN, **record}) or 'their record cannot be read'}")
    return kept


def remove(kept: Kept) -> None:
    """Forget a data set; projects that name it say that it is not on this machine. Raises DataError when the disk refuses."""
    try:
        shutil.rmtree(place(kept.sha256))
    except OSError as error:
        raise DataError(f"{kept.title} could not be removed: {error.strerror or error}") from None


def as_json(kept: Kept) -> dict[str, object]:
    """The record as one document, with the file that holds the samples."""
    return {**asdict(kept), "file": str(place(kept.sha256) / FILE)}


def tensors(dataset: Dataset, most: int | None = None) -> tuple[Tensor | Rows, ...]:
    """Training samples and labels, test samples and labels, then those of the validation part where the data came with one; pictures of more than `most` bytes stay in their file, and their masks. Raises DataError where they are not on this machine or not what they were."""
    from safetensors import SafetensorError, safe_open

    from .rows import mapped

    sha256 = dataset.name.removeprefix(f"{OWN}:")
    file = place(sha256) / FILE
    try:
        about = file.stat()
    except OSError:
        raise DataError(f"{dataset.title} is not on this machine: these are somebody's own data. Add them again from the file they came from "
                        "(Data page, or `data add FILE`), with the same choices, or choose other data.") from None
    try:
        if _digest(file, about.st_mtime_ns, about.st_size) != sha256:
            raise DataError(f"{dataset.title} has changed on the disk since it was kept: add it again from the file it came from.")
        with safe_open(file, framework="pt") as stream:
            names = tuple(json.loads((stream.metadata() or {})["targets" if dataset.task == "regression" else "classes"]))
            large = most is not None and dataset.dtype == "uint8" and about.st_size > most
            parts = tuple(mapped(file, name) if large and (name.endswith("_x") or dataset.task == "segmentation") else stream.get_tensor(name) for part in PARTS[:3 if dataset.valid else 2] for name in (f"{part}_x", f"{part}_y"))
    except (SafetensorError, OSError, KeyError, ValueError, TypeError) as error:
        raise DataError(f"{dataset.title} cannot be read ({type(error).__name__}: {error}); add it again from the file it came from.") from None
    _same(dataset, names, [len(x) for x in parts[::2]])
    return parts


def _same(dataset: Dataset, names: Sequence[str], counts: Sequence[int]) -> None:
    """What a project says of its data must be so: the network was drawn for it."""
    what, said = ("targets", dataset.targets) if dataset.task == "regression" else ("classes", dataset.classes)
    if names != said:
        raise DataError(f"{dataset.title}: the project says other {what} than the kept data have ({', '.join(names[:6])}); choose the data again.")
    said = [dataset.train, dataset.test, *([dataset.valid] if dataset.valid else [])]
    if counts != said:
        kept = ", ".join(f"{count:,}" for count in counts)
        raise DataError(f"{dataset.title}: the project says {dataset.train:,} training and {dataset.test:,} test samples{f' and {dataset.valid:,} for validation' if dataset.valid else ''}, "
                        f"and {kept} are kept; choose the data again.")


@functools.lru_cache(maxsize=16)
def _digest(file: Path, changed: int, size: int) -> str:
    """The sha256 of a file, worked out again once it changes."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
