"""Files that are damaged at random, whatever their format: read or refused in words, and nothing else happens.

`BRICKWORK_MUTATIONS=20000 python -m pytest tests/data/test_fuzz.py -o faulthandler_timeout=0` for many of each format.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import random
import sys
import tempfile
import time
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from builder.data import DataError
from builder.data.own import Choices, TableChoices, bring
from builder.runs import restrained
from tests.data.bad_files import COCO, ONES, mask
from tests.data.files import idx_bytes
from tests.data.own_files import archive, classes, picture

MUTATIONS = int(os.environ.get("BRICKWORK_MUTATIONS", 150))
MOST_MEMORY = 5_000_000_000  # what `data add` gives the process that reads
# What a file might smuggle in, and what readers stumble over.
TOKENS = (b"../", b"/etc/passwd", b"..\\", b"\0", b"\x80\x04cos\nsystem\n(S'true'\ntR.", b"\xff\xff\xff\x7f", b"\x7f\xff\xff\xff", b"\xff\xff\xff\xff", b"\0\0\0\0", b"9" * 400,
          b"NaN", b"1e999", b"-1", b"[" * 3000, b'"', b"\n", b"\r", b";", b",", b"O", b"|O8", b"(", b"')", b"null", b"{}", b"PK\x03\x04", b"PK\x01\x02", b"\xef\xbb\xbf", "\u202e".encode())
EVENTS = ("os.system", "os.exec", "os.posix_spawn", "os.fork", "subprocess.Popen", "socket.connect", "pickle.find_class", "os.mkdir", "os.rename", "os.remove", "os.rmdir",
          "os.symlink", "os.link", "os.chmod", "os.truncate", "shutil.unpack_archive", "ctypes.dlopen", "code.__new__")


def mutated(content: bytes, chance: random.Random) -> bytes:
    """The bytes with one to six places changed: bits, bytes, pieces moved, cut, doubled, or tokens put in."""
    data = bytearray(content)
    for _ in range(chance.choice((1, 1, 1, 2, 3, 6))):
        at = chance.randrange(len(data) + 1)
        length = min(len(data) - at, chance.choice((1, 2, 4, 16, 200)))
        kind = chance.randrange(8)
        if kind == 0 and at < len(data):
            data[at] ^= 1 << chance.randrange(8)
        elif kind == 1 and at < len(data):
            data[at] = chance.choice((0, 1, 127, 128, 255, chance.randrange(256)))
        elif kind == 2:
            data[at:at] = chance.choice(TOKENS)
        elif kind == 3:
            token = chance.choice(TOKENS)
            data[at:at + len(token)] = token
        elif kind == 4:
            del data[at:at + length]
        elif kind == 5:
            data[at:at] = data[at:at + length]
        elif kind == 6:
            other = chance.randrange(len(data) + 1)
            data[at:at + length] = data[other:other + length]
        elif kind == 7 and chance.random() < 0.3:
            del data[at:]
    return bytes(data)


def inside(files: dict[str, bytes], victims: str) -> Callable[[Path, random.Random], None]:
    """A sound archive in which the content, or the name, of one of some files is damaged."""
    def make(path: Path, chance: random.Random) -> None:
        changed = dict(files)
        name = chance.choice([name for name in files if victims in name])
        changed[name] = mutated(files[name], chance)
        if chance.random() < 0.1:
            other = mutated(name.encode(), chance).decode("utf-8", "replace")[:500]
            changed[other or "x"] = changed.pop(name)
        archive(path, changed)

    return make


def outside(content: bytes) -> Callable[[Path, random.Random], None]:
    """A file that is damaged anywhere."""
    return lambda path, chance: path.write_bytes(mutated(content, chance))


def packed(content: bytes) -> Callable[[Path, random.Random], None]:
    """A file that is damaged, and then packed by gzip."""
    return lambda path, chance: path.write_bytes(gzip.compress(mutated(content, chance), 1))


def zipped(files: dict[str, bytes]) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        return archive(Path(folder) / "a.zip", files).read_bytes()


def npz(**arrays: np.ndarray) -> dict[str, bytes]:
    files = {}
    for name, array in arrays.items():
        stream = io.BytesIO()
        np.save(stream, array)
        files[f"{name}.npy"] = stream.getvalue()
    return files


IMAGES = np.random.default_rng(0).integers(0, 256, (8, 6, 6, 3), dtype=np.uint8)
TWO = np.arange(8) % 2
PICTURES = {f"{'ab'[n % 2]}/{n}.{form.lower()}": picture(n, form=form, size=(9, 7))
            for n, form in enumerate(("PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF", "PPM", "PNG"))} | {"a/p.png": picture(1, "P", transparency=0), "b/i.png": picture(1, "I;16")}
MASKED = {f"images/{n}.png": picture(n, size=(96, 72)) for n in range(3)} | {f"masks/{n}.png": mask(ONES) for n in range(3)} | {"classes.csv": b"id,name\n0,no\n1,yes\n11,void\n"}
BOXED = {"images/a.jpg": picture(1, size=(96, 72), form="JPEG"), "annotations.json": json.dumps(COCO).encode()}
XML = b"""<?xml version="1.0" encoding="utf-8"?><annotation><filename>%d.png</filename><size><width>96</width><height>72</height></size>
<object><name>cat</name><bndbox><xmin>3</xmin><ymin>4.5</ymin><xmax>50</xmax><ymax>60</ymax></bndbox></object>
<object><name>d&amp;g</name><bndbox><xmin>30</xmin><ymin>1</ymin><xmax>96</xmax><ymax>72</ymax></bndbox></object></annotation>"""
VOC = {f"V/JPEGImages/{n}.png": picture(n, size=(96, 72)) for n in range(4)} | {f"V/Annotations/{n}.xml": XML % n for n in range(4)} | {
    "V/ImageSets/Main/train.txt": b"0\n1\n2\n", "V/ImageSets/Main/test.txt": b"3\n"}
YOLO = {f"Y/images/{n}.png": picture(n, size=(96, 72)) for n in range(4)} | {f"Y/labels/{n}.txt": b"0 0.5 0.5 0.25 0.5\n1 0.1 0.2 0.5 0.2 0.3 0.6\n" for n in range(4)} | {
    "Y/data.yaml": b"train: images\nnames:\n  0: cat\n  1: 'd&g'\n"}
ARRAYS = npz(x=IMAGES, y=TWO, classes=np.array(["a", "b"]))
TARGETS = npz(x_train=IMAGES / 255, y_train=np.random.default_rng(0).normal(size=(8, 3)), x_test=IMAGES / 255, y_test=np.ones((8, 3)))
AREAS = npz(x=IMAGES, y=(IMAGES[..., 0] > 99).astype(np.int64))
TABLE = ('a,b,"c;d",label\n' + "".join(f'{n},{n / 3},"w;{n % 4}",{"xy"[n % 2]}\n' for n in range(12)) + ",NA,nan,x\n").encode()
SEMICOLONS = b"\xef\xbb\xbf" + TABLE.replace(b";", b".").replace(b",", b";")

FORMATS = {
    "zip": ("a.zip", outside(zipped(classes(2)))), "pictures in a zip": ("a.zip", inside(PICTURES, "")),
    "masks": ("a.zip", inside(MASKED, "masks/")), "names of masks": ("a.zip", inside(MASKED, "classes.csv")), "coco": ("a.zip", inside(BOXED, ".json")),
    "voc": ("a.zip", inside(VOC, ".xml")), "pictures and lists of voc": ("a.zip", inside(VOC, "")),
    "yolo": ("a.zip", inside(YOLO, ".txt")), "names of yolo": ("a.zip", inside(YOLO, ".yaml")),
    "npz": ("a.npz", outside(zipped(ARRAYS))), "arrays": ("a.npz", inside(ARRAYS, "")), "arrays of targets": ("a.npz", inside(TARGETS, "")),
    "arrays of masks": ("a.npz", inside(AREAS, "")), "csv": ("a.csv", outside(TABLE)), "csv with semicolons": ("a.csv", outside(SEMICOLONS)),
    "csv.gz": ("a.csv.gz", packed(TABLE)), "idx": ("images-idx3", outside(idx_bytes(IMAGES[..., 0]))), "idx.gz": ("images-idx3.gz", packed(idx_bytes(IMAGES)))}

_watching: list[tuple[str, str]] | None = None
_allowed = ""


def _watch(event: str, arguments: tuple) -> None:
    """Everything that a reader does beside reading its own file is written down."""
    if _watching is None:
        return
    if event in EVENTS:
        _watching.append((event, repr(arguments)[:200]))
    elif event == "open" and isinstance(arguments[0], str | bytes):
        path = os.fsdecode(arguments[0])
        written = isinstance(arguments[1], str) and set(arguments[1]) & set("wax+") or isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        if written or not path.startswith((_allowed, sys.prefix, sys.base_prefix, "/proc/", "/usr/lib")):
            _watching.append((event, f"{path} {arguments[1:]}"))


@pytest.fixture(scope="module", autouse=True)
def hook():
    Image.init()  # loads what reads each format, once
    sys.addaudithook(_watch)


@contextmanager
def watched(folder: Path):
    """What is done while it lasts, besides reading within a folder."""
    global _watching, _allowed
    done: list[tuple[str, str]] = []
    _allowed, _watching = str(folder), done
    try:
        yield done
    finally:
        _watching = None


def read(path: Path, beside: list[Path], chance: random.Random) -> str:
    """How it ended: read, read but for some items, or refused."""
    choices = Choices(skip=True, side=chance.choice((None, 8)), colours=chance.choice(("auto", "grey", "colour")), fit=chance.choice(("crop", "pad", "stretch")),
                      task=chance.choice(("auto", "auto", "auto", "classification", "regression", "segmentation", "detection")),
                      table=TableChoices(missing=chance.choice(("ask", "fill", "drop")), label=chance.choice(((), (), ("label",), ("a", "b")))))
    try:
        found = bring([path, *beside] if beside else path, choices, look=chance.random() < 0.5)
        json.dumps(found.to_json())
    except DataError as error:
        # One line, and nothing that hides or turns around what follows.
        assert str(error) and not [c for c in str(error) if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")], repr(error)
        return "refused"
    except MemoryError:
        return "too large"  # which the command says in words
    return "partly" if found.broken else "read"


@pytest.mark.parametrize("kind", FORMATS)
def test_damaged_files_are_read_or_refused_in_words_and_nothing_else_happens(kind: str, tmp_path: Path):
    name, make = FORMATS[kind]
    folder = tmp_path / "in"
    folder.mkdir()
    path = folder / name
    beside = []
    if kind.startswith("idx"):
        beside = [folder / "labels-idx1"]
        beside[0].write_bytes(idx_bytes(TWO.astype(np.uint8)))
    ends, slowest = Counter(), (0.0, 0)
    with restrained(MOST_MEMORY):
        for number in range(MUTATIONS):
            chance = random.Random(f"{kind} {number}")
            try:
                make(path, chance)
            except (ValueError, UnicodeError, zipfile.BadZipFile):
                continue  # the damaged name cannot be written
            began = time.perf_counter()
            with watched(folder) as done:
                try:
                    ends[read(path, beside, chance)] += 1
                except Exception as error:
                    raise AssertionError(f"{kind} {number}: {type(error).__name__}: {error}") from error
            assert not done, f"{kind} {number}: {done}"
            slowest = max(slowest, (time.perf_counter() - began, number))
    assert sorted(tmp_path.iterdir()) == [folder] and set(folder.iterdir()) == {path, *beside}
    # Damage that nothing notices, or that nothing survives, would test nothing.
    assert ends["read"] and (ends["refused"] or ends["partly"]), ends
    print(f"{kind}: {dict(ends)}; slowest {slowest[0]:.2f} s, number {slowest[1]}")
