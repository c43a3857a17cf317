"""Sound and broken files of a person's own data, made small, for tests."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image


def picture(shade: int, mode: str = "RGB", size: tuple[int, int] = (12, 12), form: str = "PNG", **options: object) -> bytes:
    """A picture's file: a gradient with colours that differ by `shade`; `size` is width and height."""
    width, height = size
    rows, columns = np.mgrid[0:height, 0:width]
    pixels = np.stack([(rows * 9 + shade) % 256, (columns * 9 + 2 * shade) % 256, np.full_like(rows, shade % 256)], axis=2).astype(np.uint8)
    image = Image.fromarray(pixels)
    if mode in ("I;16", "F"):
        image = Image.fromarray(pixels[:, :, 0].astype(np.uint16 if mode == "I;16" else np.float32) * (257 if mode == "I;16" else 1 / 255))
    elif mode == "P":
        image = image.quantize(8)
    else:
        image = image.convert(mode)
    stream = io.BytesIO()
    image.save(stream, form, **options)
    return stream.getvalue()


def archive(path: Path, files: Mapping[str, bytes] | Sequence[tuple[str, bytes]], folders: Sequence[str] = (), links: Sequence[str] = ()) -> Path:
    """A zip with these entries, written as they are named."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as stream:
        for name in folders:
            stream.writestr(zipfile.ZipInfo(name), b"")
        for name, content in files.items() if isinstance(files, Mapping) else files:
            entry = zipfile.ZipInfo(name)
            entry.filename = name  # ZipInfo itself would change what leads out of the folder
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = ((stat.S_IFLNK if name in links else stat.S_IFREG) | 0o644) << 16
            stream.writestr(entry, content)
    return path


def classes(each: int = 4, names: Sequence[str] = ("ants", "bees"), above: str = "") -> dict[str, bytes]:
    """`each` pictures in a folder a class."""
    return {f"{above}{name}/{name[0]}{number}.png": picture(40 * number + 90 * place) for place, name in enumerate(names) for number in range(each)}


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and has hardly any data."""
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(bytes(100)))


def damaged(content: bytes, at: float = 0.6) -> bytes:
    """The same bytes with one of them changed."""
    place = int(len(content) * at)
    return content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1:]


def encrypted(path: Path) -> Path:
    """An archive whose entries say that they need a password."""
    archive(path, classes())
    content = bytearray(path.read_bytes())
    for mark, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = content.find(mark)
        while at >= 0:
            content[at + flags] |= 1
            at = content.find(mark, at + 4)
    path.write_bytes(content)
    return path


def colourful(count: int = 24, side: int = 12) -> dict[str, bytes]:
    """Pictures of two classes that a network can tell apart: red ones and blue ones, each a little different."""
    random = np.random.default_rng(0)
    files = {}
    for number in range(count):
        for channel, name in ((0, "red"), (2, "blue")):
            pixels = random.integers(0, 90, (side, side, 3), dtype=np.uint8)
            pixels[:, :, channel] += 130
            stream = io.BytesIO()
            Image.fromarray(pixels).save(stream, "PNG")
            files[f"{name}/{number}.png"] = stream.getvalue()
    return files
