"""Flowers-102, Oxford-IIIT Pet and Food-101 on small files of their formats, with torchvision and Pillow as the oracle."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageOps
from safetensors.torch import load_file, save_file
from torchvision import datasets

from builder import api
from builder.catalogue import DATASETS, described
from builder.data import DataError, available, download, load, photos
from builder.data.rows import Rows
from tests.data.photo_files import archive, flowers, food, pets, picture, unpacked
from tests.data.test_download import served as served  # noqa: PLC0414 - a fixture

FILES = {"flowers102": flowers, "oxford-iiit-pet": pets, "oxford-iiit-pet-masks": pets, "food101": food}
SIDE = 24


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BRICKWORK_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def servers(served: tuple[Path, str], monkeypatch: pytest.MonkeyPatch):
    """Points torchvision's classes at small files of the served folder."""
    folder, address = served

    def give(name: str, files: dict[str, bytes] | None = None) -> None:
        made = files or FILES[name]()
        sums = {file: hashlib.md5(content).hexdigest() for file, content in made.items()}
        for file, content in made.items():
            (folder / file).write_bytes(content)
        monkeypatch.setattr(datasets.Flowers102, "_download_url_prefix", address)
        monkeypatch.setattr(datasets.Flowers102, "_file_dict", {name: (file, sums.get(file, "")) for name, (file, _) in datasets.Flowers102._file_dict.items()})
        monkeypatch.setattr(datasets.OxfordIIITPet, "_RESOURCES", tuple((address + file, sums.get(file, "")) for file in ("images.tar.gz", "annotations.tar.gz")))
        monkeypatch.setattr(datasets.Food101, "_URL", f"{address}food-101.tar.gz")
        monkeypatch.setattr(datasets.Food101, "_MD5", sums.get("food-101.tar.gz", ""))

    return give


def sized(name: str):
    return described({"source": name, "side": SIDE})


def oracle(name: str, root: Path) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The training and the test part by torchvision's own class and Pillow."""
    masks = name.endswith("masks")
    make = {"flowers102": lambda part: datasets.Flowers102(root, part), "food101": lambda part: datasets.Food101(root, part)}.get(
        name, lambda part: datasets.OxfordIIITPet(root, part, target_types="segmentation" if masks else "category"))
    for parts in ((("train", "val"), ("test",)) if name == "flowers102" else (("trainval",), ("test",)) if "pet" in name else (("train",), ("test",))):
        pairs = [pair for part in parts for pair in make(part)]
        yield (np.stack([np.asarray(ImageOps.fit(image, (SIDE, SIDE), Image.Resampling.BILINEAR)) for image, _ in pairs]),
               np.stack([np.asarray(ImageOps.fit(answer, (SIDE, SIDE), Image.Resampling.NEAREST)) - 1 if masks else answer for _, answer in pairs]))


@pytest.mark.parametrize("name", FILES)
def test_a_set_is_downloaded_and_read_from_its_archives_as_torchvision_reads_it_unpacked(name, servers, tmp_path, home):
    servers(name)
    told: list[tuple[str, float]] = []
    assert available(name, [home / "data"]) is None
    download(name, home / "data", lambda text, share: told.append((text, share)))
    shares = [share for _, share in told]
    assert shares == sorted(shares) and shares[-1] == 1 and any("Downloading" in text for text, _ in told) and any("Reading" in text for text, _ in told)
    tensors = load(sized(name), [home / "data"])
    # The same, unpacked as torchvision would.
    unpacked(tmp_path / "unpacked")
    for (x, y), (pixels, answers) in zip(((tensors.train_x, tensors.train_y), (tensors.test_x, tensors.test_y)), oracle(name, tmp_path / "unpacked"), strict=True):
        assert np.array_equal(x.permute(0, 2, 3, 1).numpy(), pixels) and np.array_equal(y.numpy(), answers)
    for kept in (home / "data" / "photos").glob("*.safetensors"):
        kept.unlink()
    again = load(sized(name), [tmp_path / "unpacked"])
    assert torch.equal(again.train_x, tensors.train_x) and torch.equal(again.test_y, tensors.test_y)


def test_pictures_are_decoded_once_for_each_size(servers, home):
    servers("flowers102")
    download("flowers102", home / "data")
    assert [file.name for file in (home / "data" / "photos").iterdir()] == ["flowers102-64.safetensors"]
    first = load(sized("flowers102"), [home / "data"])
    (home / "data" / "flowers-102" / "102flowers.tgz").write_bytes(b"gone")
    assert torch.equal(load(sized("flowers102"), [home / "data"]).train_x, first.train_x) and first.shape == (3, SIDE, SIDE)
    with pytest.raises(DataError, match="102flowers.tgz has the MD5 sum"):
        load(replace(DATASETS["flowers102"], shape=(3, 32, 32)), [home / "data"])


@pytest.mark.parametrize("name", ["food101", "oxford-iiit-pet-masks"])
def test_many_photographs_stay_in_their_file_and_are_read_without_one_where_the_disk_is_full(name, tmp_path, home, monkeypatch):
    unpacked(tmp_path / "unpacked")
    monkeypatch.setattr(photos, "CHUNK", 1000)
    few = load(sized(name), [tmp_path / "unpacked"])
    many = load(sized(name), [tmp_path / "unpacked"], most=1000)
    assert isinstance(many.train_x, Rows) and torch.equal(many.train_x[:], few.train_x) and torch.equal(many.test_x[:], few.test_x)
    assert torch.equal(many.train_y, few.train_y) and many.mean == few.mean
    [kept] = (home / "data" / "photos").iterdir()
    # The package's own writer gives these bytes too.
    held = load_file(kept)
    save_file(held, tmp_path / "again.safetensors")
    assert (tmp_path / "again.safetensors").read_bytes() == kept.read_bytes() and photos.kept_file(name, SIDE) == kept
    kept.unlink()

    def full(*_: object) -> bytes:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(photos, "bytes", full, raising=False)
    again = load(sized(name), [tmp_path / "unpacked"], most=1000)
    assert torch.equal(again.train_x, few.train_x) and torch.equal(again.test_y, few.test_y) and not list((home / "data" / "photos").iterdir())


def test_photographs_are_made_ready_once_for_all_processes_that_train_on_them(tmp_path, home, monkeypatch):
    monkeypatch.setenv("BRICKWORK_DATA", str(tmp_path / "unpacked"))
    unpacked(tmp_path / "unpacked")
    project = api.with_settings(api.gallery("mnist-cnn"), {"data.source": "food101", "data.side": SIDE})
    told = []
    for _ in range(2):
        api.fetch(project, lambda *how_far: told.append(how_far), download=False)
    assert photos.kept_file("food101", SIDE).is_file() and [share for _, share in told][-1] == 1 and sum(share == 1 for _, share in told) == 1


@pytest.mark.parametrize(("files", "says"), [
    ({"food-101.tar.gz": archive({"food-101/meta/train.json": b'{"apple_pie": ["../../etc/passwd"]}', "food-101/meta/test.json": b"{}"})}, r"names '\.\.', which is none"),
    ({"food-101.tar.gz": archive({"food-101/meta/train.json": b'{"stew": ["stew/1"]}', "food-101/meta/test.json": b"{}"})}, "names 'stew', which is none"),
    ({"food-101.tar.gz": archive({"food-101/meta/train.json": b"[1]", "food-101/meta/test.json": b"{}"})}, "train.json is no list of pictures"),
    ({"food-101.tar.gz": archive({"food-101/meta/train.json": b'{"waffles": ["waffles/1"]}', "food-101/meta/test.json": b'{"waffles": ["waffles/2"]}',
                                  "food-101/images/waffles/1.jpg": picture(1), "food-101/images/waffles/2.jpg": picture(2)[:300]})}, r"waffles/2.jpg is cut or damaged"),
    ({"food-101.tar.gz": archive({"food-101/meta/train.json": b'{"waffles": ["waffles/1"]}', "food-101/meta/test.json": b'{"waffles": ["waffles/2"]}',
                                  "food-101/images/waffles/1.jpg": picture(1)})}, r"1 of the pictures that Food-101 lists are missing, images/waffles/2.jpg"),
    ({"food-101.tar.gz": food()["food-101.tar.gz"][:900]}, r"cut or damaged|no meta/train.json"),
    ({"food-101.tar.gz": archive({"food-101/meta/train.json": b"{}", "food-101/meta/test.json": b"{}"})}, "lists no training pictures"),
])
def test_what_is_wrong_in_an_archive_is_named_and_nothing_is_kept(files, says, servers, home):
    servers("food101", files)
    with pytest.raises(DataError, match=says):
        download("food101", home / "data")
    assert not list(home.rglob("*.safetensors"))
