"""Broken and awkward files as people bring them, made small, one for each that the list of shared/data/bad names, and what a reader does with each."""

from __future__ import annotations

import gzip
import io
import json
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from tests.data.files import idx_bytes
from tests.data.own_files import archive, classes, damaged, encrypted, picture, png_header

PICKLED = "PICKLE-CODE-RAN"


@dataclass(frozen=True)
class Bad:
    """How a file is made, and what becomes of it: refused in these words, or so many good items and these words in its report."""

    make: Callable[[Path], object]
    says: str
    good: int | None = None  # None: it is refused
    beside: tuple[str, ...] = ()  # files that are brought along


def content(data: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(data)


def zipped(files, **more) -> Callable[[Path], object]:
    return lambda path: archive(path, files, **more)


def wrong_crc(path: Path) -> None:
    archive(path, classes())
    data = bytearray(path.read_bytes())
    at = data.rfind(b"ants/a1.png") - 46  # its entry in the list at the end
    data[at + 16] ^= 0xFF
    path.write_bytes(data)


def cut(path: Path) -> None:
    archive(path, classes())
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * 0.6)])


def twice(path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        archive(path, [*classes(1).items(), ("Ants/A.png", picture(4)), ("bees/b0.png", picture(3)), ("bees/c.png", picture(5))])


JPEG, PNG = picture(5, form="JPEG", size=(60, 60)), picture(5)
CORRUPT = {"ants/x1.jpg": JPEG[: len(JPEG) // 2], "ants/x2.jpg": JPEG[:20], "ants/x3.jpg": b"", "ants/x5.png": b"I am a text", "bees/x6.png": PNG[: len(PNG) // 2],
           "bees/x7.png": damaged(PNG), "bees/x8.jpg": b"<!DOCTYPE html>"}
MODES = [picture(9, mode) for mode in ("L", "RGBA", "I;16", "P", "1", "LA")] + [
    picture(9, "CMYK", form="JPEG"), picture(9, "P", form="GIF"), picture(9, form="WEBP"), picture(9, form="BMP"), picture(9, "F", form="TIFF"),
    picture(9, form="JPEG", progressive=True), picture(9, size=(1, 1)), picture(9, size=(600, 2)), picture(9, "P", transparency=0), picture(9, form="TIFF"), PNG, JPEG]


def bits(width: int, height: int) -> Callable[[Path], object]:
    return lambda path: Image.new("1", (width, height)).save(path, "PNG")


DIGITS = np.random.default_rng(0).integers(0, 256, (100, 28, 28), dtype=np.uint8)
IDX = idx_bytes(DIGITS)
LABELS = (np.arange(100) % 10).astype(np.uint8)
HUGE = IDX[:4] + (2**31 - 1).to_bytes(4, "big") + IDX[8:16]


def arrays(**values: np.ndarray) -> Callable[[Path], object]:
    return lambda path: np.savez(path, **values)


def twenty() -> np.ndarray:
    x = np.random.default_rng(0).random((20, 8, 8, 1)).astype(np.float32)
    x[3, 0, 0], x[7, 1, 1] = np.nan, np.inf
    return x


def mask(values: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(values).save(stream, "PNG")
    return stream.getvalue()


SIZE = (96, 72)
ZEROS, ONES = np.zeros((72, 96), np.uint8), np.pad(np.ones((20, 40), np.uint8), ((26, 26), (28, 28)))
MASKS = {**{f"images/{n}.jpg": picture(n, form="JPEG", size=SIZE) for n in range(3)}, "masks/0.png": mask(ONES), "masks/1.png": mask(ONES[::2, ::2]),
         "masks/2.png": mask(ZEROS + 200), "masks/3.png": mask(ONES), "masks/0_color.png": picture(9, size=SIZE)}
BOXES = [(1, 1, [10, 10, 20, 20]), (1, 1, [10, 10, 0, 20]), (1, 1, [80, 60, 50, 50]), (1, 9, [1, 1, 5, 5]), (77, 1, [1, 1, 5, 5]), (1, 1, [-5, -5, 9, 9])]
COCO = {"images": [{"id": n, "file_name": name, "width": 96, "height": 72} for n, name in ((1, "a.jpg"), (2, "missing.jpg"))], "categories": [{"id": 1, "name": "ant"}],
        "annotations": [{"id": min(place, 5), "image_id": image, "category_id": category, "bbox": box, "iscrowd": 0} for place, (image, category, box) in enumerate(BOXES, 1)]}
OUT = ("../up.png", "ants/../../up.png", "/tmp/absolute.png", "C:\\drive.png", "..\\back.png", "ants/link.png")

BAD = {
    "ok_control.zip": Bad(zipped(classes()), "", 8),
    "truncated.zip": Bad(cut, "no whole zip archive"),
    "not_a_zip.zip": Bad(content(b"this is a text. " * 40), "no zip, no npz, no table and no folder"),
    "zero_bytes.zip": Bad(content(b""), "is empty"),
    "no_entries.zip": Bad(zipped({}), "no picture in it"),
    "wrong_crc.zip": Bad(wrong_crc, "ants/a1.*damaged in the archive .*CRC", 7),
    "path_traversal.zip": Bad(zipped(classes(2) | {name: picture(1) for name in OUT}, links=("ants/link.png",)), "leads out of the archive's folder.*it is a link", 4),
    "empty_class.zip": Bad(zipped(classes(4, ("ants",)), folders=("bees/",)), "class folder 'bees' has no picture", 4),
    "flat_no_classes.zip": Bad(zipped({f"{n}.png": picture(n) for n in range(4)}), "no class folders"),
    "one_class.zip": Bad(zipped(classes(4, ("ants",))), "a single class", 4),
    "split_class_mismatch.zip": Bad(zipped(classes(3, ("ants", "bees"), "train/") | classes(3, ("ants", "wasps"), "val/")), "'bees' is not in val", 12),
    "nested_and_junk.zip": Bad(zipped(classes(above="my data (1) [old]/") | {"__MACOSX/ants/._a0.jpg": b"x", ".DS_Store": b"x", "readme.txt": b"x"}), "", 8),
    "names_unicode.zip": Bad(zipped(classes(2, ("蟻 #1", "ü%20"))), "", 4),
    "case_and_duplicates.zip": Bad(twice, "differ in capitals only.*more than once", 5),
    "ratio_bomb.zip": Bad(zipped(classes(1, ("ants",)) | {"bees/big.png": bytes(65_000_000)}), "bees/big.png.*unpacks to", 1),
    "encrypted.zip": Bad(encrypted, "protected by a password"),
    "corrupt_images.zip": Bad(zipped(classes(3) | CORRUPT | {"ants/x4.jpg": JPEG}), "x1.*x2.*x3.*x5.*x6.*x7.*x8", 7),
    "mixed_modes.zip": Bad(zipped({f"{'ab'[n % 2]}/{n}.png": one for n, one in enumerate(MODES)}), "", 18),
    "bomb_120Mpx.png": Bad(bits(12_000, 10_000), "12,000×10,000 pixels; 50,000,000 are allowed"),
    "bomb_900Mpx.png": Bad(content(png_header(30_000, 30_000)), "far more pixels"),
    "bomb_header_only.png": Bad(content(png_header(100_000, 100_000)), "far more pixels"),
    "idx_ok_images.gz": Bad(content(gzip.compress(IDX)), "", 100, ("idx_ok_labels.gz",)),
    "idx_ok_labels.gz": Bad(content(gzip.compress(idx_bytes(LABELS))), "", 100, ("idx_ok_images.gz",)),
    "idx_truncated_images.gz": Bad(content(gzip.compress(IDX)[:4000]), "cut or damaged", None, ("idx_ok_labels.gz",)),
    "idx_short_images.gz": Bad(content(gzip.compress(IDX[:16 + 60 * 784])), "100×28×28 = 78,400 bytes, and only 47,040 follow", None, ("idx_ok_labels.gz",)),
    "idx_wrong_magic_images.gz": Bad(content(gzip.compress(IDX[:2] + b"\x0d" + IDX[3:])), "starts with 00000d03", None, ("idx_ok_labels.gz",)),
    "idx_99_labels.gz": Bad(content(gzip.compress(idx_bytes(LABELS[:99]))), "100 images and idx_99_labels.gz 99 labels", None, ("idx_ok_images.gz",)),
    "idx_huge_count_images.gz": Bad(content(gzip.compress(HUGE)), "too large: 2,147,483,647×28×28", None, ("idx_ok_labels.gz",)),
    "npz_object_array.npz": Bad(arrays(x=np.array([{}, []], dtype=object), y=np.arange(2)), "Python objects, which are a pickle"),
    "npz_nan_and_counts.npz": Bad(arrays(x=twenty(), y=np.arange(19) % 2), "20 images and y 19 labels.*2 images hold NaN or infinite"),
    "npz_label_range.npz": Bad(arrays(x=np.zeros((10, 3, 8, 8), np.uint8), y=np.array([0, 1, 2, 0, 1, 2, -1, 7, 0, 1])), "its label is -1; labels begin at 0.*without a gap .0, 1, 2, 7|without a gap.*its label is -1", 9),
    "pickle_runs_code": Bad(content(b"\x80\x02cbuiltins\nprint\nU" + bytes([len(PICKLED)]) + PICKLED.encode() + b"\x85R."), "a pickle, which would run code"),
    "csv_bom_crlf_semicolon.csv": Bad(content(b"\xef\xbb\xbfa;b;label\r\n1,5;2;x\r\n3,5;4;y\r\n"), "parted by a semicolon.*decimal commas", 2),
    "csv_ragged.csv": Bad(content(b'a,b,label\n1,2,x\n3,4\n5,6,y,7\n\n8,9,"z\nz"\n'), "line 5.*line 3: it has 2 cells.*line 4: it has 4 cells", 2),
    "csv_header_only.csv": Bad(content(b"a,b,label\n"), "a line of names and no rows"),
    "csv_latin1.csv": Bad(content("name,größe,label\nZoë,1.0,1\n".encode("latin-1")), "line 1 has the byte f6.*'name,größe,label'; choose its encoding"),
    "csv_missing_mixed.csv": Bad(content(b"a,a,c,label\n1,,3,x\nNA,2,three,y\n,nan,1e400,x\n"),
                                 "2 columns are called 'a'.*missing .a 2, a .2. 2.*line 3: c is 'three'.*line 4: c is 1e400", 1),
    "coco_bad_boxes.zip": Bad(zipped({"images/a.jpg": picture(1, size=SIZE, form="JPEG"), "annotations.json": json.dumps(COCO).encode()}),
                              "missing.jpg' is missing.*0 wide and 20 high.*80, 60 to 130, 110.*no category 9.*no picture 77.*another box has its id; it goes from -5, -5", 1),
    "masks_bad.zip": Bad(zipped(MASKS), "0_color.png: there is no picture.*masks/3.png: there is no picture.*48×36 pixels.*it 96×72.*its mask holds 200", 1),
}


def made(folder: Path) -> Path:
    """All of them in a folder."""
    for name, bad in BAD.items():
        bad.make(folder / name)
    return folder
