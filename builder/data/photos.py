"""torchvision's sets of photographs of many sizes: read from their folders or straight from their archives, brought to squares, and kept so.

An archive is named by a sum that is torchvision's. Its members are taken by their exact names, which the lists of a set give, as streams of limited length;
nothing is unpacked to the disk. What was read once is kept as bytes under $BRICKWORK_HOME/data/photos.
"""

from __future__ import annotations

import hashlib
import importlib
import io
import itertools
import json
import os
import re
import tarfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from builder import paths
from builder.catalogue import DATASETS
from builder.processes import running

from .layout import head
from .records import DataError, Progress, Where

if TYPE_CHECKING:
    from torch import Tensor

    from .rows import Rows

# Some of the pets are other kinds of files under the same ending.
FORMATS = ("JPEG", "PNG", "GIF", "BMP")
MOST_PIXELS = 30_000_000
MOST_BYTES = 30 << 20  # of one member
CHUNK = 1 << 24
NAMES = ("train_x", "train_y", "test_x", "test_y")  # of the tensors in a file that is kept
TOGETHER = 256  # pictures that are decoded before the next are read
ID = re.compile(r"[A-Za-z0-9_]{1,80}", re.ASCII)

# A picture: its path below the set's folder, and its class, or the path of its mask.
Item = tuple[str, int | str]
Read = Callable[[str], bytes]


@dataclass(frozen=True)
class Photos:
    """One set: its folder, as torchvision calls it; `files` gives (address, name, MD5 sum) of what is downloaded from torchvision's class of it.

    `items` lists the training and the test pictures, of what `read` gives for the names in `lists`.
    """

    folder: str
    files: Callable[[type], list[tuple[str, str, str]]]
    lists: tuple[str, ...]
    items: Callable[[Read, tuple[str, ...]], tuple[list[Item], list[Item]]]
    unpacked: tuple[str, ...]
    packed: tuple[str, ...]
    beside: bool = False

    def archive(self, folder: Path, file: str) -> Path:
        """Where a downloaded file of the set lies: in its folder, or beside it where the archive holds the folder."""
        return (folder.parent if self.beside else folder) / file

    def there(self, folder: Path) -> bool:
        """Whether the set lies there, unpacked or not."""
        return all(os.path.exists(folder / name) for name in self.unpacked) or all(os.path.isfile(self.archive(folder, name)) for name in self.packed)


def _flowers(read: Read, classes: tuple[str, ...]) -> tuple[list[Item], list[Item]]:
    from scipy.io import loadmat

    # scipy raises a different error for every way in which a file can be damaged.
    try:
        labels = loadmat(io.BytesIO(read("imagelabels.mat")), variable_names=("labels",))["labels"].astype("int64").flatten()
        sets = loadmat(io.BytesIO(read("setid.mat")), variable_names=("trnid", "valid", "tstid"))
        train, valid, test = (sets[name].astype("int64").flatten().tolist() for name in ("trnid", "valid", "tstid"))
        items = [[(f"jpg/image_{number:05d}.jpg", int(labels[number - 1]) - 1) for number in part if number > 0] for part in (train + valid, test)]
    except DataError:
        raise
    except Exception as error:  # noqa: BLE001
        raise DataError(f"imagelabels.mat or setid.mat is cut or damaged ({type(error).__name__}: {error}); download them again.") from None
    return items[0], items[1]


def _pets(read: Read, classes: tuple[str, ...], masks: bool = False) -> tuple[list[Item], list[Item]]:
    parts: list[list[Item]] = []
    for name in ("annotations/trainval.txt", "annotations/test.txt"):
        rows = [line.split() for line in read(name).decode("ascii", "replace").splitlines() if line.strip()]
        for row in rows:
            if len(row) != 4 or not ID.fullmatch(row[0]) or not row[1].isdigit():
                raise DataError(f"{name} has a line that is no name and three numbers: {' '.join(row)!r:.80}.")
        parts.append([(f"images/{row[0]}.jpg", f"annotations/trimaps/{row[0]}.png" if masks else int(row[1]) - 1) for row in rows])
    return parts[0], parts[1]


def _pet_masks(read: Read, classes: tuple[str, ...]) -> tuple[list[Item], list[Item]]:
    return _pets(read, classes, masks=True)


def _food(read: Read, classes: tuple[str, ...]) -> tuple[list[Item], list[Item]]:
    numbers, parts = {name.replace(" ", "_"): number for number, name in enumerate(classes)}, []
    for name in ("meta/train.json", "meta/test.json"):
        try:
            listed = {str(dish): list(map(str, pictures)) for dish, pictures in json.loads(read(name)).items()}
        except (ValueError, AttributeError, TypeError, RecursionError):
            raise DataError(f"{name} is no list of pictures by dish.") from None
        for dish, pictures in listed.items():
            if wrong := [one for one in (dish, *(part for picture in pictures for part in picture.split("/"))) if not ID.fullmatch(one)] or [dish] * (dish not in numbers):
                raise DataError(f"{name} names {wrong[0]!r:.80}, which is none of its dishes or pictures.")
        parts.append([(f"images/{picture}.jpg", numbers[dish]) for dish, pictures in listed.items() for picture in pictures])
    return parts[0], parts[1]


def _files_of_flowers(source: type) -> list[tuple[str, str, str]]:
    return [(source._download_url_prefix + file, file, md5) for file, md5 in source._file_dict.values()]


def _files_of_pets(source: type) -> list[tuple[str, str, str]]:
    return [(url, url.rpartition("/")[2], md5) for url, md5 in source._RESOURCES]


def _files_of_food(source: type) -> list[tuple[str, str, str]]:
    return [(source._URL, source._URL.rpartition("/")[2], source._MD5)]


PET_FOLDERS, PET_FILES = ("images", "annotations"), ("images.tar.gz", "annotations.tar.gz")
PET_LISTS = ("annotations/trainval.txt", "annotations/test.txt")
PHOTOS: Mapping[str, Photos] = {
    "flowers102": Photos("flowers-102", _files_of_flowers, ("imagelabels.mat", "setid.mat"), _flowers, ("jpg", "imagelabels.mat", "setid.mat"),
                         ("102flowers.tgz", "imagelabels.mat", "setid.mat")),
    "oxford-iiit-pet": Photos("oxford-iiit-pet", _files_of_pets, PET_LISTS, _pets, PET_FOLDERS, PET_FILES),
    "oxford-iiit-pet-masks": Photos("oxford-iiit-pet", _files_of_pets, PET_LISTS, _pet_masks, PET_FOLDERS, PET_FILES),
    "food101": Photos("food-101", _files_of_food, ("meta/train.json", "meta/test.json"), _food, ("images", "meta"), ("food-101.tar.gz",), beside=True)}


def kept_file(name: str, side: int) -> Path:
    """Where the pictures of a set are kept once they are brought to squares of this side."""
    return paths.home() / "data" / "photos" / f"{name}-{side}.safetensors"


def read_photos(where: Where, side: int, progress: Progress | None = None, most: int | None = None) -> tuple[Tensor | Rows, Tensor, Tensor | Rows, Tensor]:
    """Training pictures uint8 (N 3 side side) and their answers, test pictures and answers: class numbers, or masks uint8 (N side side).

    Decoded the first time, which `progress(text, share)` follows, and kept; pictures of more than `most` bytes stay in their file. Raises DataError naming
    the picture that cannot be read.
    """
    from safetensors import SafetensorError

    kept = kept_file(where.name, side)
    with suppress(SafetensorError, OSError, KeyError, ValueError):
        return _held(kept, most)
    part = kept.with_name(f".{kept.name}.{os.getpid()}.part")
    _without_left(kept)
    try:
        parts = _decoded(where, side, progress or (lambda text, share: None), part)
        # A disk without room for them only makes the next reading as long.
        with suppress(OSError, SafetensorError):
            with part.open("rb+") as stream:
                os.fsync(stream.fileno())
            part.replace(kept)
            return _held(kept, most)
    finally:
        part.unlink(missing_ok=True)
    return parts


def _without_left(kept: Path) -> None:
    """Takes away what processes that were ended while they wrote have left."""
    for left in kept.parent.glob(f".{kept.name}.*.part"):
        process = left.name.split(".")[-2]
        if process.isdecimal() and not running(int(process)):
            left.unlink(missing_ok=True)


def _held(kept: Path, most: int | None) -> tuple[Tensor | Rows, Tensor, Tensor | Rows, Tensor]:
    from safetensors import safe_open

    from .rows import mapped

    with safe_open(kept, framework="pt") as stream:
        large = most is not None and kept.stat().st_size > most
        return tuple(mapped(kept, name) if large and name.endswith("_x") else stream.get_tensor(name) for name in NAMES)


def _decoded(where: Where, side: int, tell: Progress, file: Path) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The pictures, in a new file where the disk has room for it, else in memory."""
    import torch

    photos, dataset = PHOTOS[where.name], DATASETS[where.name]
    module, _, kind = dataset.module.rpartition(".")
    opened = _Opened(photos, where.folder, getattr(importlib.import_module(module), kind), lambda text: tell(text, 0.0))
    lists = dict(opened.members(set(photos.lists)))
    train, test = photos.items(lambda name: _listed(lists, name, where.folder), dataset.classes)
    if not train or not test:
        raise DataError(f"{where.folder} lists no {'test' if train else 'training'} pictures of {dataset.title}.")
    masks = dataset.task == "segmentation"
    made = _room(file, {f"{name}_{what}": ("U8" if what == "x" or masks else "I64", (len(part), *((3, side, side) if what == "x" else (side, side) if masks else ())))
                        for name, part in (("train", train), ("test", test)) for what in ("x", "y")})
    wanted: dict[str, tuple[Tensor, int]] = {path: (made[f"{name}_x"], number) for name, part in (("train", train), ("test", test)) for number, (path, _) in enumerate(part)}
    answers = {path: (made[f"{name}_y"], number) for name, part in (("train", train), ("test", test)) for number, (_, path) in enumerate(part)} if masks else {}
    wanted |= answers
    left, done = set(wanted), 0
    members = opened.members(left.copy())
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        while batch := list(itertools.islice(members, TOGETHER)):
            for (path, _), picture in zip(batch, pool.map(lambda one: _square(*one, side, one[0] in answers), batch), strict=True):
                target, number = wanted[path]
                target[number] = picture
                left.discard(path)
            done += len(batch)
            tell(f"Reading {dataset.title}: {done:,} of {len(wanted):,} pictures", done / len(wanted))
    if left:
        raise DataError(f"{where.folder}: {len(left):,} of the pictures that {dataset.title} lists are missing, {min(left)} among them; download it again.")
    for name, part in (("train", train), ("test", test)):
        if not masks:
            made[f"{name}_y"][:] = torch.tensor([label for _, label in part], dtype=torch.int64)
    return tuple(made[name] for name in NAMES)


def _room(file: Path, shapes: Mapping[str, tuple[str, tuple[int, ...]]]) -> dict[str, Tensor]:
    """Tensors of these kinds and shapes, in a new safetensors file that is mapped, so that they take no memory of their own; in memory where the disk has no room."""
    import numpy
    import torch

    begin, places = head(shapes, {})
    kinds = {"U8": numpy.uint8, "I64": numpy.int64}
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("wb") as stream:
            stream.write(begin)
            # Written, not only claimed: a page that the disk has no room for would end the process when it is used.
            for first in range(len(begin), max(end for _, end in places.values()), CHUNK):
                stream.write(bytes(min(CHUNK, max(end for _, end in places.values()) - first)))
        return {name: torch.from_numpy(numpy.memmap(file, kinds[kind], "r+", places[name][0], shape)) for name, (kind, shape) in shapes.items()}
    except OSError:
        file.unlink(missing_ok=True)
        return {name: torch.from_numpy(numpy.empty(shape, kinds[kind])) for name, (kind, shape) in shapes.items()}


def _listed(lists: Mapping[str, bytes], name: str, folder: Path) -> bytes:
    if name not in lists:
        raise DataError(f"{folder} has no {name}; download it again.")
    return lists[name]


class _Opened:
    """The files of a set: its folders where they are there, else its archives, whose sums are checked before the first is read."""

    def __init__(self, photos: Photos, folder: Path, source: type, tell: Callable[[str], None]):
        self.folder, self.archives = folder, []
        if all(os.path.exists(folder / name) for name in photos.unpacked):
            return
        for _, file, md5 in photos.files(source):
            path = photos.archive(folder, file)
            if path.name.endswith((".tgz", ".tar.gz")):
                tell(f"Checking {path.name}")
                with path.open("rb") as stream:
                    if (found := hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()) != md5:
                        raise DataError(f"{path} has the MD5 sum {found}, it should be {md5}: delete it and download again.")
                self.archives.append((path, f"{folder.name}/" if photos.beside else ""))

    def members(self, wanted: set[str]) -> Iterator[tuple[str, bytes]]:
        """(name, content) of the files with these names below the set's folder, in the order in which they are stored; those that are missing are left out."""
        for name in sorted(wanted):
            with suppress(FileNotFoundError, NotADirectoryError):
                if (self.folder / name).is_file():
                    yield name, self._limited((self.folder / name).open("rb"), name)
                    wanted.discard(name)
        for archive, prefix in self.archives:
            if wanted:
                yield from self._from(archive, prefix, wanted)

    def _from(self, archive: Path, prefix: str, wanted: set[str]) -> Iterator[tuple[str, bytes]]:
        try:
            with tarfile.open(archive, "r|gz") as members:
                for member in members:
                    name = member.name.removeprefix("./").removeprefix(prefix)
                    if member.isreg() and name in wanted:
                        wanted.discard(name)
                        yield name, self._limited(members.extractfile(member), name)
                    if not wanted:
                        return
        except (tarfile.TarError, EOFError, zlib.error) as error:
            raise DataError(f"{archive} is cut or damaged ({error}); delete it and download again.") from None

    @staticmethod
    def _limited(stream: io.BufferedIOBase, name: str) -> bytes:
        with stream:
            content = stream.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise DataError(f"{name} has more than {MOST_BYTES >> 20} MB, far more than a picture of this set.")
        return content


def _square(path: str, content: bytes, side: int, mask: bool) -> Tensor:
    """A picture as uint8 (3 side side), or a mask as class numbers from 0 (side side)."""
    import torch
    from PIL import Image

    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as image:
            if image.width * image.height > MOST_PIXELS:
                raise DataError(f"{path} has {image.width:,}×{image.height:,} pixels; {MOST_PIXELS:,} are allowed.")
            pixels = squared(image if mask else image.convert("RGB"), side)
    except DataError:
        raise
    # Damaged files raise whatever the decoder meets first.
    except Exception as error:  # noqa: BLE001
        raise DataError(f"{path} is cut or damaged ({type(error).__name__}: {str(error)[:100]}); download the set again.") from None
    values = torch.frombuffer(bytearray(pixels), dtype=torch.uint8)
    # The masks count from 1: the pet, what is behind it, and the border between.
    return values.reshape(side, side) - 1 if mask else values.reshape(side, side, 3).permute(2, 0, 1)


def squared(image, side):
    """The bytes of the largest square of a picture's middle at this size: averaged down (bilinear with antialiasing), of a mask the nearest pixel."""
    from PIL import Image, ImageOps

    return ImageOps.fit(image, (side, side), Image.Resampling.BILINEAR if image.mode == "RGB" else Image.Resampling.NEAREST).tobytes()
