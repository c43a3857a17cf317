"""Small files in the formats of MNIST and CIFAR-10, for tests."""

from __future__ import annotations

import gzip
import os
import struct
from io import BytesIO
from pathlib import Path

import numpy as np
from scipy.io import savemat

from builder.data.where import IDX_FILES

# A folder of the real files, where there is one: in the environment, or beside the checkout.
REAL = Path(os.environ.get("BRICKWORK_DATA") or Path(__file__).resolve().parents[3] / "shared" / "data")


def real_data(part: str = "") -> list[Path]:
    """The folder of real files, in a list, when it is there and has that part; else no folder."""
    return [REAL] if (REAL / part).is_dir() else []


def idx_bytes(values: np.ndarray) -> bytes:
    """An idx file of bytes: magic, axes, values."""
    return struct.pack(f">BBBB{values.ndim}I", 0, 0, 8, values.ndim, *values.shape) + values.tobytes()


def idx(path: Path, values: np.ndarray) -> None:
    """Writes one, packed when the name ends in .gz."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(idx_bytes(values)) if path.suffix == ".gz" else idx_bytes(values))


def write_mnist(folder: Path, packed: bool, train: int = 30, test: int = 12) -> None:
    """The four files with random pixels, always the same."""
    random = np.random.default_rng(0)
    for name, count in zip(IDX_FILES, (train, train, test, test), strict=True):
        shape, most = ((count, 28, 28), 256) if "images" in name else ((count,), 10)
        idx(folder / (name + ".gz" * packed), random.integers(0, most, shape, dtype=np.uint8))


def _text(value: str) -> bytes:
    return b"U" + bytes([len(value)]) + value.encode()


def cifar_batch(count: int = 20, seed: int = 0, field: str = "labels", classes: int = 10) -> bytes:
    """A batch file as Python 2 wrote the original, operation by operation; CIFAR-100's has "fine_labels" of 100 classes."""
    random = np.random.default_rng(seed)
    pixels = random.integers(0, 256, (count, 3072), dtype=np.uint8).tobytes()
    labels = [int(label) for label in random.integers(0, classes, count)]
    array = (b"cnumpy.core.multiarray\n_reconstruct\n" + b"cnumpy\nndarray\n" + b"K\x00\x85" + _text("b") + b"\x87R"
             + b"(K\x01" + b"M" + struct.pack("<H", count) + b"M\x00\x0c\x86"
             + b"cnumpy\ndtype\n" + _text("u1") + b"K\x00K\x01\x87R(K\x03" + _text("|") + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89"
             + b"T" + struct.pack("<I", len(pixels)) + pixels + b"tb")
    return (b"\x80\x02}q\x00(" + _text("batch_label") + _text("a batch") + _text(field) + b"](" + b"".join(b"K" + bytes([label]) for label in labels)
            + b"e" + _text("data") + array + _text("filenames") + b"](" + b"".join(_text(f"{number}.png") for number in range(count)) + b"eu.")


def cifar_meta() -> bytes:
    """A batches.meta."""
    return b"\x80\x02}(" + _text("num_vis") + b"M\x00\x0cu."


def write_emnist(folder: Path, kind: str, classes: int, first: int = 0, train: int = 30, test: int = 12) -> None:
    """The four files of a kind of EMNIST with random pixels, always the same; every class is there when there are enough."""
    random = np.random.default_rng(1)
    for part, count in (("train", train), ("test", test)):
        idx(folder / f"emnist-{kind}-{part}-images-idx3-ubyte", random.integers(0, 256, (count, 28, 28), dtype=np.uint8))
        idx(folder / f"emnist-{kind}-{part}-labels-idx1-ubyte", (np.arange(count) % classes + first).astype(np.uint8))


def svhn_file(count: int, seed: int = 0) -> bytes:
    """A MATLAB file as SVHN has them."""
    stream, random = BytesIO(), np.random.default_rng(seed)
    savemat(stream, {"X": random.integers(0, 256, (32, 32, 3, count), dtype=np.uint8), "y": (np.arange(count) % 10 + 1).astype(np.uint8)[:, None]},
            do_compression=True)
    return stream.getvalue()


def stl10_files(train: int = 6, test: int = 4) -> dict[str, bytes]:
    """The four files of STL-10 with labels."""
    random, files = np.random.default_rng(2), {}
    for part, count in (("train", train), ("test", test)):
        files[f"{part}_X.bin"] = random.integers(0, 256, count * 3 * 96 * 96, dtype=np.uint8).tobytes()
        files[f"{part}_y.bin"] = bytes(number % 10 + 1 for number in range(count))
    return files
