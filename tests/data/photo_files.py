"""Small sets of photographs as torchvision's servers give them: archives of pictures of many sizes, with their lists."""

from __future__ import annotations

import functools
import io
import json
import tarfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.io import savemat


def picture(number: int, kind: str = "JPEG") -> bytes:
    """A picture of a size of its own, one corner bright."""
    random, stream = np.random.default_rng(number), io.BytesIO()
    height, width = 40 + 7 * (number % 5), 30 + 11 * (number % 4)
    pixels = random.integers(0, 120, (height, width, 3), dtype=np.uint8)
    pixels[: height // 2, : width // 2, number % 3] = 250
    Image.fromarray(pixels).save(stream, kind)
    return stream.getvalue()


def mask(number: int) -> bytes:
    """The mask that belongs to it: 1, 2 and 3 in stripes."""
    with Image.open(io.BytesIO(picture(number))) as image:
        width, height = image.size
    stream = io.BytesIO()
    Image.fromarray((np.arange(width)[None].repeat(height, 0) * 3 // width + 1).astype(np.uint8)).save(stream, "PNG")
    return stream.getvalue()


def archive(files: Mapping[str, bytes]) -> bytes:
    """A packed tar archive."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as members:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            members.addfile(member, io.BytesIO(content))
    return stream.getvalue()


def _mat(**values: np.ndarray) -> bytes:
    stream = io.BytesIO()
    savemat(stream, values)
    return stream.getvalue()


# Made once: a MATLAB file and a gzip have the time of their making in them, and the sums that are checked are of their bytes.
@functools.cache
def flowers() -> dict[str, bytes]:
    """Six training, six validation and eight test pictures of three kinds."""
    numbers = np.arange(1, 21)
    return {"102flowers.tgz": archive({f"jpg/image_{number:05d}.jpg": picture(number) for number in numbers}),
            "imagelabels.mat": _mat(labels=(numbers % 3 + 1)[None].astype(np.uint8)),
            "setid.mat": _mat(trnid=numbers[None, 14:], valid=numbers[None, 8:14], tstid=numbers[None, :8])}


@functools.cache
def pets() -> dict[str, bytes]:
    """Ten training and six test pictures of two breeds, one of them a PNG under another name."""
    names = [f"{'Abyssinian' if number % 2 else 'american_bulldog'}_{number}" for number in range(16)]
    rows = [f"{name} {1 if name[0] == 'A' else 2} 1 1\n" for name in names]
    pictures = {f"images/{name}.jpg": picture(number, "PNG" if number == 3 else "JPEG") for number, name in enumerate(names)}
    lists = {"annotations/trainval.txt": "".join(rows[:10]).encode(), "annotations/test.txt": "".join(rows[10:]).encode()}
    return {"images.tar.gz": archive(pictures | {"images/left_over.mat": b"nothing"}),
            "annotations.tar.gz": archive(lists | {f"annotations/trimaps/{name}.png": mask(number) for number, name in enumerate(names)})}


@functools.cache
def food() -> dict[str, bytes]:
    """Eight training and four test pictures of two dishes; the lists stand behind the pictures."""
    train, test = ({dish: [f"{dish}/{number}" for number in range(first, last)] for dish in ("apple_pie", "baby_back_ribs")} for first, last in ((0, 4), (4, 6)))
    pictures = {f"food-101/images/{path}.jpg": picture(number) for number, path in enumerate(path for part in (train, test) for paths in part.values() for path in paths)}
    return {"food-101.tar.gz": archive(pictures | {f"food-101/meta/{name}.json": json.dumps(part).encode() for name, part in (("train", train), ("test", test))})}


def unpacked(root: Path) -> None:
    """All three sets as torchvision unpacks them below `root`."""
    for folder, files in (("flowers-102", flowers()), ("oxford-iiit-pet", pets()), ("", food())):
        for name, content in files.items():
            (root / folder).mkdir(parents=True, exist_ok=True)
            if name.endswith("gz"):
                with tarfile.open(fileobj=io.BytesIO(content)) as members:
                    members.extractall(root / folder, filter="data")
            else:
                (root / folder / name).write_bytes(content)
