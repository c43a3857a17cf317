"""A person's own data: what is read, what is named as broken, what is refused, and what is kept."""

from __future__ import annotations

import errno
import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from builder import paths
from builder.catalogue import described
from builder.data import DataError, Where, kept, load, photos, shown
from builder.data.own import Choices, bring, pictures, pile, places, save
from builder.data.own.split import split
from builder.data.rows import Rows
from builder.inspect.sample import Samples
from tests.data.own_files import archive, classes, damaged, encrypted, picture, png_header


def looked(path: Path, **choices):
    return bring(path, Choices(**choices), look=True)


def added(path: Path, folder: Path, **choices) -> kept.Kept:
    chosen = Choices(**choices)
    folder.mkdir(exist_ok=True)
    return save(bring(path, chosen), chosen, folder)


def broken(found) -> dict[str, str]:
    return {one.name: one.why for one in found.broken}


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    return archive(tmp_path / "sound.zip", classes())


def test_a_zip_of_class_folders_is_read_split_class_by_class_and_kept_as_a_project_says(sound: Path, tmp_path: Path):
    one = added(sound, tmp_path / "part", title="Insects", side=12)
    assert (one.title, one.shape, one.classes, one.train, one.test) == ("Insects", (3, 12, 12), ("ants", "bees"), 6, 2)
    assert one.counts == ((3, 3), (1, 1)) and kept.listed() == [one] and kept.find("insects") == one == kept.find(one.sha256[:8])
    section = kept.section(one)
    dataset = described(section)
    tensors = load(dataset, paths.data_roots())
    assert tensors.train_x.shape == (6, 3, 12, 12) and sorted(tensors.test_y.tolist()) == [0, 1] and tensors.classes == ("ants", "bees")
    # Every picture is there once, with the pixels of its file.
    given = {np.moveaxis(np.asarray(Image.open(io.BytesIO(content))), 2, 0).tobytes() for content in classes().values()}
    assert {x.numpy().tobytes() for part in (tensors.train_x, tensors.test_x) for x in part} == given


def test_the_same_file_with_the_same_choices_is_kept_once_under_the_same_number(sound: Path, tmp_path: Path):
    first, again = (added(sound, tmp_path / "part", side=12) for _ in range(2))
    other = added(sound, tmp_path / "part", side=12, seed=1)
    assert first.sha256 == again.sha256 != other.sha256 and len(kept.listed()) == 2


def test_a_folder_gives_what_its_zip_gives_and_links_in_it_are_not_followed(sound: Path, tmp_path: Path):
    top = tmp_path / "sound"
    for name, content in classes().items():
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_bytes(content)
    of_zip, of_folder = looked(sound), looked(top)
    assert (of_zip.labels, of_zip.parts, of_zip.classes) == (of_folder.labels, of_folder.parts, of_folder.classes)
    secret = tmp_path / "secret.png"
    secret.write_bytes(picture(7))
    (top / "ants" / "link.png").symlink_to(secret)
    found = looked(top)
    assert list(broken(found)) == ["ants/link.png"] and len(found.labels) == 8


def test_what_is_kept_is_checked_when_it_is_read_and_missing_data_are_told_how_to_bring_back(sound: Path, tmp_path: Path):
    one = added(sound, tmp_path / "part", side=12)
    dataset, file = described(kept.section(one)), kept.place(one.sha256) / kept.FILE
    lying = described({**kept.section(one), "classes": ["bees", "ants"]})
    with pytest.raises(DataError, match="other classes"):
        load(lying, paths.data_roots())
    with pytest.raises(DataError, match="5 training and 2 test"):
        load(described({**kept.section(one), "train": 5}), paths.data_roots())
    content = file.read_bytes()
    file.write_bytes(damaged(content))
    with pytest.raises(DataError, match="has changed on the disk"):
        load(dataset, paths.data_roots())
    kept.remove(one)
    assert not kept.listed()
    with pytest.raises(DataError, match="is not on this machine.*Add them again"):
        load(dataset, paths.data_roots())


@pytest.mark.parametrize(("held_out", "says"), [("val", "validation folder tests"), ("test", "")])
def test_folders_called_train_and_test_are_the_split(held_out: str, says: str, tmp_path: Path):
    found = looked(archive(tmp_path / "a.zip", classes(3, above="top/Train/") | classes(2, above=f"top/{held_out}/")))
    assert found.classes == ("ants", "bees") and found.counts() == ([3, 3], [2, 2])
    assert says in " ".join(found.notes)


@pytest.mark.parametrize("name", ["val", "Validation", "valid"])
def test_folders_train_val_and_test_are_the_three_parts(name: str, tmp_path: Path):
    path = archive(tmp_path / "a.zip", classes(3, above="train/") | classes(1, above=f"{name}/") | classes(2, above="test/"))
    found = looked(path)
    assert found.counts() == ([3, 3], [2, 2], [1, 1]) and any("6 samples train, 2 validate and 4 test" in note for note in found.notes)
    one = added(path, tmp_path / "part", side=12)
    section = kept.section(one)
    assert (one.train, one.valid, one.test, section["valid"], len(one.counts)) == (6, 2, 4, 2, 3)
    # No share of the training part is drawn besides, and what is normalised by is of the training part alone.
    tensors, again = (load(described(section), [], validation=share) for share in (0.0, 0.5))
    assert (len(tensors.train_x), len(tensors.valid_x), len(tensors.test_x), tensors.watched_name) == (6, 2, 4, "validation")
    assert again.mean == tensors.mean and torch.equal(again.valid_x, tensors.valid_x)
    assert tensors.mean == pytest.approx((tensors.train_x.double() / 255).mean((0, 2, 3)).tolist())
    given = {np.moveaxis(np.asarray(Image.open(io.BytesIO(content))), 2, 0).tobytes() for content in classes(1).values()}
    assert {x.numpy().tobytes() for x in tensors.valid_x} == given


def test_parts_without_one_to_train_on_are_refused(tmp_path: Path):
    with pytest.raises(DataError, match="there is a test and a val part and none to train on"):
        bring(archive(tmp_path / "a.zip", classes(2, above="val/") | classes(2, above="test/")), Choices())


def test_what_an_earlier_version_kept_is_opened(sound: Path, tmp_path: Path):
    """Version 1 of the record knew no validation part."""
    one = added(sound, tmp_path / "part", side=12)
    file = kept.place(one.sha256) / kept.RECORD
    record = json.loads(file.read_text())
    file.write_text(json.dumps({name: value for name, value in record.items() if name != "valid"} | {"version": 1}))
    assert kept.listed() == [one] and "valid" not in kept.section(one)
    file.write_text(json.dumps(record | {"version": 3}))
    assert not kept.listed()


def test_a_sample_stays_in_its_part_when_another_class_grows():
    names, labels = [f"{label}/{number}" for label in "ab" for number in range(20)], [0] * 20 + [1] * 20
    before = dict(zip(names, split(names, labels, 0.25, 3), strict=True))
    more = dict(zip([*names, "b/new"], split([*names, "b/new"], [*labels, 1], 0.25, 3), strict=True))
    assert all(more[name] == before[name] for name in names[:20])
    assert [list(before.values())[place:place + 20].count("test") for place in (0, 20)] == [5, 5]
    assert list(before.values()) != split(names, labels, 0.25, 4)


def test_classes_of_very_different_size_are_told_with_what_always_guessing_would_give(tmp_path: Path):
    found = bring(archive(tmp_path / "a.zip", classes(12, ("ants",)) | classes(3, ("bees",))), Choices(side=8))
    assert any("'ants' has 12 samples, 'bees' 3" in note and "80 % of the time" in note for note in found.notes)


MODES = {"grey": picture(9, "L"), "alpha": picture(9, "RGBA"), "cmyk": picture(9, "CMYK", form="JPEG"), "sixteen": picture(9, "I;16"),
         "palette": picture(9, "P", transparency=0), "bit": picture(9, "1"), "la": picture(9, "LA"), "gif": picture(9, "P", form="GIF"),
         "webp": picture(9, form="WEBP"), "bmp": picture(9, form="BMP"), "float": picture(9, "F", form="TIFF"),
         "progressive": picture(9, form="JPEG", progressive=True), "dot": picture(9, size=(1, 1)), "wide": picture(9, size=(300, 2))}


@pytest.mark.parametrize("fit", pictures.FITS)
def test_pictures_of_every_mode_and_size_become_bytes_of_one_size(fit: str, tmp_path: Path):
    path = archive(tmp_path / "a.zip", {f"{'ab'[place % 2]}/{name}.png": content for place, (name, content) in enumerate(MODES.items())})
    found = bring(path, Choices(side=16, fit=fit))
    assert found.x.shape == (len(MODES), 3, 16, 16) and found.x.dtype == np.uint8 and not found.broken
    assert sum(found.sizes.values()) == len(MODES) and found.sizes[2, 300] == 1


def test_a_16_bit_grey_a_float_and_an_8_bit_one_give_the_same_pixels():
    plain, *others = (np.asarray(pictures.decoded(picture(9, mode, form=form), 10**6)) for mode, form in (("RGB", "PNG"), ("I;16", "PNG"), ("F", "TIFF")))
    assert all(np.array_equal(plain[:, :, 0], other) for other in others)


def test_what_is_transparent_is_white_and_a_camera_held_upright_gives_an_upright_picture():
    clear = Image.new("RGBA", (4, 4), (200, 0, 0, 0))
    stream = io.BytesIO()
    clear.save(stream, "PNG")
    assert set(pictures.decoded(stream.getvalue(), 10**6).tobytes()) == {255}
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    assert pictures.decoded(picture(9, size=(20, 10), form="JPEG", exif=exif), 10**6).size == (10, 20)


def test_pictures_without_colours_are_kept_in_one_channel_unless_colour_is_asked_for(tmp_path: Path):
    files = {f"{name}/{number}.png": picture(number, mode) for name, mode in (("a", "L"), ("b", "L")) for number in range(3)}
    path = archive(tmp_path / "a.zip", files)
    grey, colour = bring(path, Choices()), bring(path, Choices(colours="colour"))
    assert grey.shape == (1, 12, 12) and colour.shape == (3, 12, 12)
    assert np.array_equal(np.repeat(grey.x, 3, 1), colour.x)


PNG, JPEG = picture(9), picture(9, form="JPEG", quality=95)
BAD_PICTURES = {
    "ants/cut.jpg": (JPEG[: len(JPEG) // 2], "cut or damaged"), "ants/head.jpg": (JPEG[:10], "it is "), "ants/none.jpg": (b"", "empty"),
    "ants/text.png": (b"I am a text", "no picture"), "ants/cut.png": (PNG[: len(PNG) // 2], "cut or damaged"), "bees/crc.png": (damaged(PNG), "cut or damaged"),
    "bees/page.jpg": (b"<!DOCTYPE html><p>Not found", "no picture"), "bees/claims.png": (png_header(100_000, 100_000), "far more pixels"),
    "bees/large.png": (png_header(9_000, 9_000), "9,000×9,000 pixels"), "bees/code.png": (b"\x80\x04cos\nsystem\n", "no picture"),
    "bees/script.ps.png": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 1 1\n", "no picture")}


def test_every_broken_picture_is_named_with_its_reason_and_skipped_only_by_choice(tmp_path: Path):
    path = archive(tmp_path / "a.zip", classes(3) | {name: content for name, (content, _) in BAD_PICTURES.items()})
    found = looked(path)
    assert broken(found).keys() == BAD_PICTURES.keys() and len(found.labels) == 6
    assert [name for name, (_, why) in BAD_PICTURES.items() if why not in broken(found)[name]] == []
    with pytest.raises(DataError, match="11 items of a.zip cannot be used: .*Leave out what is broken .--skip-broken."):
        bring(path, Choices())
    assert len(bring(path, Choices(skip=True)).x) == 6


def names_out(tmp_path: Path) -> Path:
    files = classes(2) | {name: picture(1) for name in ("../up.png", "ants/../../up3.png", "/tmp/absolute.png", "C:\\drive.png", "..\\back.png", "ants/link.png")}
    return archive(tmp_path / "out.zip", files, links=["ants/link.png"])


def test_names_that_lead_out_of_the_archive_and_links_are_refused_and_nothing_is_written(tmp_path: Path):
    path = names_out(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    found = looked(path)
    assert len(found.labels) == 4 and len(found.broken) == 6
    assert broken(found)["ants/link.png"] == "it is a link, and links are not followed"
    assert sorted(tmp_path.rglob("*")) == before


def test_an_entry_that_unpacks_to_more_than_a_picture_may_have_is_not_unpacked(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(places, "MOST_FILE", 100_000)
    path = archive(tmp_path / "a.zip", classes(2) | {"bees/big.png": bytes(1_000_000)})
    assert broken(looked(path)) == {"bees/big.png": "it unpacks to 1 MB; a picture's file may have 0"}
    with zipfile.ZipFile(path) as opened:
        # One that lies about its size is cut where it said it would end.
        opened.getinfo("bees/big.png").file_size = 50_000
        listing = places._archive(path, opened)
        [item] = [item for item in listing.items if item.parts[-1] == "big.png"]
        with pytest.raises(DataError, match="damaged in the archive"):
            item.read()


@pytest.mark.parametrize(("limit", "value", "says"), [("MOST_UNPACKED", 100, "would unpack to"), ("MOST_FILES", 3, "more than 3 files")])
def test_archives_of_too_much_are_refused_before_anything_is_unpacked(limit: str, value: int, says: str, sound: Path, monkeypatch):
    monkeypatch.setattr(places, limit, value)
    monkeypatch.setattr(places, "_unpacked", lambda *_: pytest.fail("it was unpacked"))
    with pytest.raises(DataError, match=says):
        looked(sound)


def test_samples_that_would_not_fit_are_refused_before_any_is_read(sound: Path, monkeypatch):
    monkeypatch.setattr("builder.data.own.decoding.Pile.add", lambda *_: pytest.fail("a sample was kept"))
    size = 8 * 3 * 1024 * 1024
    with pytest.raises(DataError, match="8 pictures of 3×1024×1024 are 0.0 GB; 0.0251658 GB are allowed: choose a smaller side, or allow more"):
        bring(sound, Choices(side=1024, most=size - 1))
    monkeypatch.setattr(pile, "IN_MEMORY", size - 1)
    monkeypatch.setattr("shutil.disk_usage", lambda _: shutil._ntuple_diskusage(0, 0, pile.RESERVE + 2 * size - 1))
    with pytest.raises(DataError, match="take 0.1 GB of the disk while they are read, and 0.1 GB are free there beside a reserve of 2 GB"):
        bring(sound, Choices(side=1024))


@pytest.mark.parametrize("colours", ["auto", "grey"])
def test_more_samples_than_memory_should_hold_go_through_a_file_and_are_kept_as_the_same_bytes(colours: str, tmp_path: Path, monkeypatch):
    path = archive(tmp_path / "a.zip", {f"{part}{name}": content for part in ("train/", "val/", "test/") for name, content in classes(3).items()})
    masked = archive(tmp_path / "m.zip", {f"{folder}/{n}.png": picture(n, "L") if folder == "masks" else picture(n) for n in range(6) for folder in ("images", "masks")})
    few = [added(one, tmp_path / "part", colours=colours) for one in (path, masked)]
    before = [(kept.place(one.sha256) / kept.FILE).read_bytes() for one in few]
    for one in few:
        kept.remove(one)
    monkeypatch.setattr(pile, "IN_MEMORY", 500)
    monkeypatch.setattr(pile, "CHUNK_BYTES", 1000)
    many = [added(one, tmp_path / "part", colours=colours, room=tmp_path) for one in (path, masked)]
    assert many == few and [(kept.place(one.sha256) / kept.FILE).read_bytes() for one in many] == before
    # The package's own writer gives these bytes too.
    held = load_file(kept.place(many[0].sha256) / kept.FILE)
    save_file(held, tmp_path / "again.safetensors", {"classes": json.dumps(list(many[0].classes))})
    assert (tmp_path / "again.safetensors").read_bytes() == before[0] and len(held) == 6


# In a process of its own: what other tests have freed may be memory that this one is given without asking the system.
PILES = """
import sys
from pathlib import Path
import numpy as np
from builder.data.own import pile
from builder.runs.limits import restrained
pile.IN_MEMORY = pile.CHUNK_BYTES = 1_000_000
folder, one = Path(sys.argv[1]), np.arange(1_000_000, dtype=np.uint32).astype(np.uint8)
with restrained(30_000_000):
    try:
        np.ones((60, 1_000_000), np.uint8)
    except MemoryError:
        print("at once it does not fit")
    many = pile.Pile(one.shape, folder)
    for number in range(60):
        many.add(one + np.uint8(number))
    pile.write(folder / "a.safetensors", {"test_x": (many, np.array([7, 5])), "train_x": (many, np.arange(58))}, {})
"""


def test_a_pile_takes_no_more_memory_the_larger_it_is(tmp_path: Path):
    done = subprocess.run([sys.executable, "-c", PILES, str(tmp_path)], capture_output=True, text=True, cwd=Path(__file__).parents[2])
    assert (done.returncode, done.stdout, done.stderr) == (0, "at once it does not fit\n", "")
    one = np.arange(1_000_000, dtype=np.uint32).astype(np.uint8)
    with safe_open(tmp_path / "a.safetensors", "np") as stream:
        assert np.array_equal(stream.get_tensor("test_x"), np.stack([one + np.uint8(7), one + np.uint8(5)])) and stream.get_slice("train_x").get_shape() == [58, 1_000_000]


def test_what_pages_show_of_large_data_is_read_from_its_file(tmp_path: Path, monkeypatch):
    one = added(archive(tmp_path / "a.zip", classes(6)), tmp_path / "part", side=12)
    dataset, roots = described(kept.section(one)), paths.data_roots()
    whole, sample = shown(dataset, roots, validation=0.2), Samples(roots).take(dataset, {"image": (3, 12, 12)}, 2)
    monkeypatch.setattr("builder.data.records.GLANCE", 1000)
    again = shown(dataset, roots, validation=0.2)
    assert np.array_equal(again.pictures, whole.pictures) and (again.mean, again.counts, again.sizes) == (whole.mean, whole.counts, whole.sizes)
    assert torch.equal(Samples(roots).take(dataset, {"image": (3, 12, 12)}, 2).inputs["image"], sample.inputs["image"])
    assert isinstance(load(dataset, roots, most=1000).train_x, Rows)


def test_what_a_process_left_that_was_ended_while_it_wrote_is_taken_away():
    gone = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True, check=True).stdout.strip()
    left, used = (kept.root() / f".{process}-abc" for process in (gone, os.getppid()))
    for folder in (left, used):
        folder.mkdir(parents=True)
        (folder / "samples.safetensors").write_bytes(b"half")
    with kept.workroom() as folder:
        assert folder.is_dir() and folder.parent == kept.root() and not left.exists() and used.exists() and not kept.listed()
    assert not folder.exists()
    part = photos.kept_file("food101", 96).with_name(f".food101-96.safetensors.{gone}.part")
    part.parent.mkdir(parents=True)
    part.write_bytes(b"half")
    with pytest.raises(FileNotFoundError):
        photos.read_photos(Where("food101", part.parent), 96)
    assert not part.exists()


def test_a_disk_that_is_full_is_said(sound: Path, monkeypatch):
    class Full(io.BytesIO):
        def write(self, _):
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("tempfile.SpooledTemporaryFile", lambda *_, **__: Full())
    with pytest.raises(DataError, match="the disk has no room for sample 1 .No space left on device.: free some, or choose a smaller side"):
        bring(sound, Choices(side=12))


def cut(tmp_path: Path) -> Path:
    path = archive(tmp_path / "cut.zip", classes())
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * 0.6)])
    return path


def written(tmp_path: Path, name: str, content: bytes) -> Path:
    (tmp_path / name).write_bytes(content)
    return tmp_path / name


REFUSED = {
    "cut.zip": (cut, "no whole zip archive"),
    "text.zip": (lambda t: written(t, "text.zip", b"this is a text"), "no zip, no npz, no table and no folder"),
    "empty.zip": (lambda t: written(t, "empty.zip", b""), "is empty"),
    "nothing.zip": (lambda t: archive(t / "nothing.zip", {}), "no picture in it"),
    "password.zip": (lambda t: encrypted(t / "password.zip"), "protected by a password"),
    "flat.zip": (lambda t: archive(t / "flat.zip", {f"{n}.png": picture(n) for n in range(4)}), "no class folders"),
    "parts without classes.zip": (lambda t: archive(t / "parts.zip", {f"set/{part}/{n}.png": picture(n) for part in ("train", "val") for n in range(4)}),
                                  "no class folders in train, val: 8 pictures"),
    "only texts": (lambda t: archive(t / "texts.zip", {"a/readme.txt": b"x", "b/notes.md": b"y"}), "none that ends in .png"),
    "pickle": (lambda t: written(t, "batch", b"\x80\x02}q\x00."), "a pickle, which would run code"),
    "one picture": (lambda t: written(t, "one.png", picture(1)), "one picture, and a data set is many: it has 12×12"),
    "a bomb": (lambda t: written(t, "bomb.png", png_header(30_000, 30_000)), "far more pixels"),
    "gzip": (lambda t: written(t, "images.gz", b"\x1f\x8b\x08"), "neither a table .* nor an idx file"),
    "single": (lambda t: archive(t / "single.zip", {"a/1.png": picture(1)}), "cannot be split"),
    "only test": (lambda t: archive(t / "tests.zip", classes(above="test/")), "no train folder"),
    "workbook": (lambda t: archive(t / "book.xlsx", {"xl/workbook.xml": b"<x/>"}), "a spreadsheet .* save it there as CSV"),
    "missing": (lambda t: t / "missing.zip", "cannot be read: No such file")}


@pytest.mark.parametrize("case", REFUSED)
def test_what_holds_no_data_set_is_refused_with_what_to_do(case: str, tmp_path: Path):
    make, says = REFUSED[case]
    with pytest.raises(DataError, match=says):
        bring(make(tmp_path), Choices())


def test_empty_classes_capitals_twice_the_same_name_and_other_files_are_said(tmp_path: Path):
    files = [*classes(2).items(), ("bees/b0.png", picture(3)), ("Ants/a9.png", picture(4)), ("readme.txt", b"hello"), ("__MACOSX/ants/._a0.png", b"x"),
             (".DS_Store", b"x"), ("ants/Thumbs.db", b"x")]
    with pytest.warns(UserWarning, match="Duplicate name"):
        path = archive(tmp_path / "a.zip", files, folders=["wasps/"])
    found = looked(path)
    said = " ".join(found.notes)
    assert found.classes == ("Ants", "ants", "bees") and len(found.labels) == 6 and not found.broken
    for says in ("'wasps' has no picture", "'Ants' and 'ants' differ in capitals only", "occurs more than once", "1 other file that is no picture"):
        assert says in said


def test_classes_that_only_one_part_has_are_said_and_the_others_keep_their_names(tmp_path: Path):
    found = looked(archive(tmp_path / "a.zip", classes(3, ("ants", "bees"), "train/") | classes(3, ("ants", "wasps"), "val/")))
    assert found.classes == ("ants", "bees", "wasps") and found.counts() == ([3, 3, 0], [3, 0, 3])
    assert "'bees' is not in val" in " ".join(found.notes) and "No training sample is of 'wasps'" in " ".join(found.notes)


def test_names_in_any_language_are_kept_and_those_that_hide_text_are_made_plain(tmp_path: Path):
    found = looked(archive(tmp_path / "a.zip", classes(2, ("蟻 #1", "Bi\u202ene%20", "x" * 184))))
    assert set(found.classes) == {"蟻 #1", "Bi�ne%20", f"{'x' * 39}…{'x' * 40}"}


def test_names_that_a_mac_or_an_old_program_of_windows_wrote_are_those_that_were_meant(tmp_path: Path):
    """Without the mark of UTF-8, with accents as letters of their own, with backslashes between folders."""
    mac = archive(tmp_path / "mac.zip", {f"Mul!-{name}": content for name, content in classes(2).items()})
    mac.write_bytes(mac.read_bytes().replace(b"Mul!", "Mül".encode()))
    assert looked(mac).classes == ("Mül-ants", "Mül-bees")
    old = archive(tmp_path / "old.zip", {f"Mul-{name}": content for name, content in classes(2).items()})
    old.write_bytes(old.read_bytes().replace(b"Mul", "Mül".encode("cp437")))
    assert looked(old).classes == ("Mül-ants", "Mül-bees")
    assert looked(archive(tmp_path / "two.zip", classes(2, ("caf\u00e9",)) | classes(3, ("cafe\u0301", "tea")))).classes == ("caf\u00e9", "tea")
    parted = archive(tmp_path / "windows.zip", {name.replace("/", "\\"): content for name, content in classes(2, above="set/").items()})
    assert looked(parted).classes == ("ants", "bees") and not looked(parted).broken


def test_a_path_of_very_many_folders_takes_no_room(tmp_path: Path):
    path = archive(tmp_path / "a.zip", classes(2) | {"a/" * 30_000 + "a.png": picture(1)})
    with places.opened(path) as listing:
        assert len(listing.folders) < 30
    found = looked(path)
    assert len(found.labels) == 4 and [one.why for one in found.broken] == ["it lies more than 20 folders deep"]


@pytest.mark.parametrize(("others", "says"), [({f"test/{n}.png": picture(n) for n in range(3)}, {"train/ants/a0.png": None, "test/0.png": "it lies in no class folder"}),
                                              ({"preview.png": picture(1)}, {"preview.png": "it lies in no class folder"}),
                                              ({"train/preview.png": picture(1)}, {"train/preview.png": "it lies in no class folder"})])
def test_pictures_beside_the_class_folders_make_no_classes_of_what_is_above_them(others: dict[str, bytes], says: dict[str, str | None], tmp_path: Path):
    found = looked(archive(tmp_path / "a.zip", classes(12, above="train/") | others))
    assert found.classes == ("ants", "bees") and len(found.labels) == 24
    assert {name: broken(found).get(name) for name in says} == says


def test_a_picture_beside_the_one_folder_that_holds_the_classes_is_none_of_them(tmp_path: Path):
    found = looked(archive(tmp_path / "a.zip", classes(12, above="set/") | {"set/about.png": picture(1), "a.png": picture(2)}, folders=["set/wasps/"]))
    assert found.classes == ("ants", "bees") and sorted(broken(found)) == ["a.png", "set/about.png"] and "'wasps' has no picture" in " ".join(found.notes)


def test_a_folder_that_is_a_link_or_cannot_be_read_is_named(sound: Path, tmp_path: Path, monkeypatch):
    zipfile.ZipFile(sound).extractall(tmp_path / "set")
    (tmp_path / "set" / "bees").rename(tmp_path / "bees")
    (tmp_path / "set" / "bees").symlink_to(tmp_path / "bees")
    (tmp_path / "set" / "secret").mkdir()
    scandir = os.scandir

    def refusing(path: str):
        if Path(path).name == "secret":
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    assert broken(looked(tmp_path / "set")) == {"bees": "it is a link or no plain file, and links are not followed", "secret": "the folder cannot be read: Permission denied"}


def npz(path: Path, **arrays: np.ndarray) -> Path:
    np.savez(path, **arrays)
    return path


IMAGES = np.random.default_rng(0).integers(0, 256, (20, 8, 6, 3), dtype=np.uint8)
TWO = np.arange(20) % 2


@pytest.mark.parametrize("x", [IMAGES, np.moveaxis(IMAGES, 3, 1), IMAGES / 255, (IMAGES / 255).astype(np.float32), IMAGES.astype(np.int64)])
def test_images_of_an_npz_are_read_wherever_their_channels_and_however_their_values_are(x: np.ndarray, tmp_path: Path):
    found = bring(npz(tmp_path / "a.npz", x=x, y=TWO, classes=np.array(["cat", "dog"])), Choices())
    assert found.classes == ("cat", "dog") and np.array_equal(found.x, np.moveaxis(IMAGES, 3, 1)) and found.labels == tuple(TWO)


def test_the_parts_of_an_npz_are_its_split_and_grey_images_have_one_channel(tmp_path: Path):
    found = bring(npz(tmp_path / "a.npz", x_train=IMAGES[:15, :, :, 0], y_train=TWO[:15], x_test=IMAGES[15:, :, :, 0], y_test=TWO[15:]), Choices())
    assert found.shape == (1, 8, 6) and found.parts == ("train",) * 15 + ("test",) * 5 and found.classes == ("0", "1")


def test_values_of_an_npz_that_are_no_numbers_and_labels_that_are_no_classes_are_named(tmp_path: Path):
    x, y = (IMAGES / 255).astype(np.float32), TWO.copy()
    x[3, 0, 0, 0], x[7, 1, 1, 1], y[4], y[5] = np.nan, np.inf, -1, 7
    found = looked(npz(tmp_path / "a.npz", x=x, y=y, classes=np.array(["cat", "dog"])))
    assert broken(found) == {"x[3]": "it holds NaN or infinite values", "x[4]": "its label is -1; there are 2 classes, from 0",
                             "x[5]": "its label is 7; there are 2 classes, from 0", "x[7]": "it holds NaN or infinite values"}
    with pytest.raises(DataError, match="20 images and y 19 labels.* 2 images hold NaN or infinite values .3, 7"):
        looked(npz(tmp_path / "b.npz", x=x, y=y[:19]))
    gap = looked(npz(tmp_path / "c.npz", x=IMAGES, y=np.where(TWO == 1, 7, -1) * 1))
    assert gap.classes == ("7",) and len(gap.broken) == 10 and any("without a gap" in note for note in gap.notes)


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
def test_numbers_of_any_width_are_kept_as_the_same_bytes_without_a_warning(kind: type, tmp_path: Path, recwarn):
    values = np.linspace(-1, 1, 20 * 48).reshape(20, 8, 6).astype(kind)
    whole = bring(npz(tmp_path / "a.npz", x=values, y=TWO), Choices())
    parts = bring(npz(tmp_path / "b.npz", x_train=values[:15], y_train=TWO[:15], x_test=values[15:], y_test=TWO[15:]), Choices())
    assert np.array_equal(parts.x, whole.x) and (whole.x.min(), whole.x.max()) == (0, 255) and not recwarn.list


def test_the_parts_of_an_npz_are_kept_on_one_scale(tmp_path: Path):
    """A value becomes the same byte wherever it stands, though the parts go from other values to others."""
    x = np.linspace(-3, 3, 20 * 16, dtype=np.float32).reshape(20, 4, 4)
    found = bring(npz(tmp_path / "a.npz", x_train=x[5:15], y_train=TWO[5:15], x_test=np.concatenate([x[:5], x[15:], x[5:15]]), y_test=TWO), Choices())
    assert np.array_equal(found.x[:10], found.x[20:]) and found.x.min() == 0 and found.x.max() == 255
    assert [note for note in found.notes if "256 steps" in note] == ["The values of the pictures go from -3 to 3; they are kept as 256 steps between the two."]


def huge(tmp_path: Path) -> Path:
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(head, {"descr": "|u1", "fortran_order": False, "shape": (2**31, 28, 28)})
    labels = io.BytesIO()
    np.lib.format.write_array(labels, TWO)
    return archive(tmp_path / "huge.npz", {"x.npy": head.getvalue(), "y.npy": labels.getvalue()})


BAD_ARRAYS = {
    "objects": (lambda t: npz(t / "a.npz", x=np.array([{}, []], dtype=object), y=np.arange(2)), "x.npy holds Python objects, which are a pickle"),
    "five axes": (lambda t: npz(t / "a.npz", x=np.zeros((20, 4, 4, 4, 1)), y=TWO), "N×height×width"),
    "which": (lambda t: npz(t / "a.npz", a=IMAGES, b=IMAGES, c=TWO), "cannot be known which array"),
    "channels": (lambda t: npz(t / "a.npz", x=np.zeros((20, 5, 8, 7), np.uint8), y=TWO), "where are the channels"),
    "text labels": (lambda t: npz(t / "a.npz", x=IMAGES, y=np.array(["a"] * 20)), "one whole number a sample"),
    "huge": (huge, "too large: 2147483648×28×28"),
    "sizes": (lambda t: npz(t / "a.npz", x_train=IMAGES, y_train=TWO, x_test=IMAGES[:, :4], y_test=TWO), "different sizes"),
    "cut": (lambda t: written(t, "a.npz", npz(t / "b.npz", x=IMAGES, y=TWO).read_bytes()[:900]), "no whole npz file"),
    "single array": (lambda t: (np.save(t / "a.npy", IMAGES), t / "a.npy")[1], "a single array without labels")}


@pytest.mark.parametrize("case", BAD_ARRAYS)
def test_arrays_that_cannot_be_pictures_with_labels_are_refused_by_name(case: str, tmp_path: Path):
    make, says = BAD_ARRAYS[case]
    with pytest.raises(DataError, match=says):
        bring(make(tmp_path), Choices())


def test_the_process_that_reads_needs_no_torch():
    assert os.system(f'"{os.sys.executable}" -c "import sys, builder.data.own; sys.exit(\'torch\' in sys.modules)"') == 0
