"""Masks, boxes and amounts that a person brings: what they become, held against Pillow, numpy and the files' own numbers."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from builder.catalogue import described
from builder.data import DataError, kept, load
from builder.data.own import Choices, TableChoices, bring, save
from tests.data.bad_files import mask
from tests.data.files import real_data
from tests.data.own_files import archive, classes, picture

CHANCE = np.random.default_rng(0)
MASKS = [CHANCE.integers(0, 3, (10, 10), dtype=np.uint8) for _ in range(6)]


def looked(path: Path, **choices):
    return bring(path, Choices(**choices), look=True)


def loaded(found, folder: Path, **choices):
    return load(described(kept.section(save(found, Choices(**choices), folder))), [])


def masked(path: Path, masks=MASKS, **more: bytes) -> Path:
    """Pictures and masks in two folders."""
    size = masks[0].shape[::-1]
    return archive(path, {f"images/{n}.png": picture(n, size=size) for n in range(len(masks))} | {f"masks/{n}.png": mask(one) for n, one in enumerate(masks)} | more)


def test_pictures_and_masks_are_kept_together_pixel_by_pixel(tmp_path: Path):
    masks = [one.copy() for one in MASKS]
    masks[2][0, 0] = 255
    found = bring(masked(tmp_path / "a.zip", masks), Choices())
    assert (found.task, found.classes, found.shape, found.side) == ("segmentation", ("0", "1", "2"), (3, 10, 10), 10) and np.array_equal(found.y, np.stack(masks))
    assert found.counts()[0] == [sum(int((one == label).sum()) for one, part in zip(masks, found.parts, strict=True) if part == "train") for label in range(3)]
    assert any("Pixels of 255 are of no class" in note for note in found.notes)
    tensors = loaded(found, tmp_path)
    assert tensors.task == "segmentation" and tensors.train_y.dtype == torch.uint8 and len(tensors.train_y) == 5
    given = {(picture_of(n), masks[n].tobytes()) for n in range(6)}
    assert {(x.numpy().tobytes(), y.numpy().tobytes()) for part in ("train", "test") for x, y in
            zip(getattr(tensors, f"{part}_x"), getattr(tensors, f"{part}_y"), strict=True)} == given


def picture_of(number: int) -> bytes:
    return np.moveaxis(np.asarray(Image.open(io.BytesIO(picture(number, size=(10, 10))))), 2, 0).tobytes()


@pytest.mark.parametrize("fit", ["crop", "pad", "stretch"])
def test_a_mask_stays_on_its_picture_when_both_are_brought_to_one_size(fit: str, tmp_path: Path):
    shape = np.zeros((40, 60), np.uint8)
    shape[10:30, 20:40] = 1
    white = io.BytesIO()
    Image.fromarray(shape * 255).save(white, "PNG")
    files = {f"images/{n}.png": white.getvalue() for n in range(2)} | {f"masks/{n}.png": mask(shape) for n in range(2)}
    found = bring(archive(tmp_path / "a.zip", files), Choices(side=20, fit=fit))
    assert found.shape == (1, 20, 20)
    for x, y in zip(found.x, found.y, strict=True):
        agree = (x[0] > 127) == (y == 1)
        assert agree[y != 255].mean() > 0.97 and (y == 1).sum() > 20
        assert ((y == 255).sum() > 0) == (fit == "pad"), "what is beside a picture is of no class"


@pytest.mark.parametrize(("names", "known", "ignored"), [
    (b"id,name,color\n0,sky,#fff\n1,road,#000\n2,unlabelled,#f00\n", ("sky", "road"), 2), (b"sky\nroad\nvoid\n", ("sky", "road"), 2),
    (b"sky\nroad\ncar\nbus\n", ("sky", "road", "car", "bus"), None)])
def test_a_file_beside_names_the_classes_and_which_number_is_none(names: bytes, known: tuple, ignored: int | None, tmp_path: Path):
    found = bring(masked(tmp_path / "a.zip", **{"classes.csv" if b"id" in names else "classes.txt": names}), Choices())
    assert found.classes == known and np.array_equal(found.y[:] == 255, np.stack(MASKS) == ignored)
    if len(known) == 4:
        assert any("No pixel is of 'bus'" in note for note in found.notes)


MASK_CASES = {
    "0 and 255 are two classes": ([one % 2 * 255 for one in MASKS], {}, ("0", "255"), lambda one: one // 255),
    "levels of grey in every mask": ([one * 100 for one in MASKS], {}, ("0", "100", "200"), lambda one: one // 100),
    "a number that is ignored": (MASKS, {"ignore": 0}, ("1", "2"), lambda one: np.where(one == 0, 255, one - 1))}


@pytest.mark.parametrize("case", MASK_CASES)
def test_numbers_of_masks_become_classes(case: str, tmp_path: Path):
    masks, choices, known, meant = MASK_CASES[case]
    found = bring(masked(tmp_path / "a.zip", masks), Choices(**choices))
    assert found.classes == known and np.array_equal(found.y, np.stack([meant(one) for one in masks]))


def test_masks_of_a_palette_and_of_one_bit_and_with_longer_names_are_read_by_their_numbers(tmp_path: Path):
    palette = Image.fromarray(MASKS[0])
    palette = palette.convert("P")
    palette.putdata(MASKS[0].reshape(-1).tolist())
    streams = [io.BytesIO(), io.BytesIO()]
    palette.save(streams[0], "PNG")
    Image.fromarray(MASKS[1] == 1).save(streams[1], "PNG")
    files = {f"img/Photo{n}.jpg": picture(n, size=(10, 10), form="JPEG") for n in range(2)} | {f"gt/photo{n}_mask.png": one.getvalue() for n, one in enumerate(streams)}
    found = bring(archive(tmp_path / "a.zip", files), Choices())
    assert not found.broken and np.array_equal(found.y[0], MASKS[0]) and np.array_equal(found.y[1], MASKS[1] == 1)


def test_what_is_wrong_with_masks_is_said_mask_by_mask(tmp_path: Path):
    files = {f"images/{n}.png": picture(n, size=(10, 10)) for n in (*range(8), 10, 11)} | {f"masks/{n}.png": mask(MASKS[0]) for n in range(3)}
    files |= {"masks/3.png": mask(MASKS[0][:5]), "masks/4.png": mask(MASKS[0] + 200), "masks/5.jpg": picture(5, "L", (10, 10), "JPEG"),
              "masks/6.png": picture(6, size=(10, 10)), "masks/9.png": mask(MASKS[0]), "masks/10.webp": picture(5, "L", (10, 10), "WEBP"), "masks/11.tif": picture(6, "F", (10, 10), "TIFF")}
    found = looked(archive(tmp_path / "a.zip", files))
    assert {one.name: one.why for one in found.broken} == {
        "images/3.png": "its mask has 10×5 pixels, and it 10×10", "images/4.png": "its mask holds 200, 201, 202, which is no class: the classes are 0, 1, 2",
        "images/5.png": "its mask: it is a JPEG, which changes the numbers of a mask; save masks as PNG",
        "images/6.png": "its mask: it is a picture of colours (mode RGB); a mask has one whole number a pixel, grey or of a palette",
        "images/10.png": "its mask: it is a WebP, which changes the numbers of a mask; save masks as PNG",
        "images/11.png": "its mask: it is a picture of fractions (mode F); a mask has one whole number a pixel, grey or of a palette",
        "images/7.png": "it has no mask of its name", "masks/9.png": "there is no picture of its name"}
    assert len(found.parts) == 3 and found.more["tiles"]["rows"] == ["pictures", "masks"]
    with pytest.raises(DataError, match="8 items of a.zip cannot be used"):
        bring(tmp_path / "a.zip", Choices())


def coco(boxes, **more) -> bytes:
    record = {"images": [{"id": n, "file_name": f"images/{n}.png", "width": 40, "height": 30} for n in range(4)],
              "categories": [{"id": 7, "name": "zebra"}, {"id": 3, "name": "ant"}],
              "annotations": [{"id": place, "image_id": image, "category_id": category, "bbox": box} for place, (image, category, box) in enumerate(boxes)]}
    return json.dumps(record | more).encode()


PICTURES = {f"images/{n}.png": picture(50 * n, size=(40, 30)) for n in range(4)}
BOXES = [(n, (7, 3)[n % 2], [4 * n, 2, 8, 8]) for n in range(4)] + [(0, 3, [0, 0, 40, 30]), (1, 7, [31.5, 21.5, 9, 8.5])]


def test_boxes_are_cut_out_and_named_by_their_categories(tmp_path: Path):
    found = bring(archive(tmp_path / "a.zip", PICTURES | {"annotations.json": coco(BOXES)}), Choices(side=8))
    assert found.classes == ("ant", "zebra") and len(found.x) == 6 and not found.broken
    cut = {(found.classes[label], pixels.tobytes()) for label, pixels in zip(found.labels, found.x, strict=True)}
    for image, category, (x, y, width, height) in BOXES[:4]:
        whole = np.asarray(Image.open(io.BytesIO(PICTURES[f"images/{image}.png"])))
        assert ({7: "zebra", 3: "ant"}[category], np.moveaxis(whole[y:y + height, x:x + width], 2, 0).tobytes()) in cut
    assert found.sizes[30, 40] == 1 and found.sizes[9, 9] == 1, "a box of parts of pixels holds every pixel that it touches"


def test_boxes_of_one_picture_never_both_train_and_test(tmp_path: Path):
    boxes = [(n % 4, 7, [n, n, 5, 5]) for n in range(16)]
    found = looked(archive(tmp_path / "a.zip", PICTURES | {"a.json": coco(boxes)}), test=0.25)
    assert sorted(found.parts) == ["test"] * 4 + ["train"] * 12


def test_masks_and_annotation_files_of_three_parts_are_kept_as_three(tmp_path: Path):
    files = {f"{part}/{folder}/{n}.png": picture(n) if folder == "images" else mask(np.full((12, 12), n % 2, np.uint8))
             for part, count in (("train", 4), ("val", 3), ("test", 2)) for folder in ("images", "masks") for n in range(count)}
    tensors = loaded(bring(archive(tmp_path / "a.zip", files), Choices()), tmp_path)
    assert [len(y) for y in (tensors.train_y, tensors.valid_y, tensors.test_y)] == [4, 3, 2] and tensors.valid_y[:, 0, 0].tolist() == [0, 1, 0]
    parts = {f"instances_{part}.json": coco([(n, 7, [0, 0, 9, 9])]) for n, part in enumerate(("train", "val", "test"))}
    found = looked(archive(tmp_path / "b.zip", PICTURES | parts))
    assert set(found.parts) == {"train", "val", "test"} and found.counts() == ([1], [1], [1])


def test_several_annotation_files_are_parts_by_their_names(tmp_path: Path):
    train, test = (coco([(n, 7, [0, 0, 9, 9]), (n, 3, [9, 9, 9, 9])]) for n in (0, 1))
    found = looked(archive(tmp_path / "a.zip", PICTURES | {"x/instances_train2017.json": train, "x/instances_test.json": test}))
    assert found.counts() == ([1, 1], [1, 1]) and any("2 pictures without a box that can be used are left aside" in note for note in found.notes)
    with pytest.raises(DataError, match="its name says which, or its folder's: train, val or test"):
        looked(archive(tmp_path / "b.zip", PICTURES | {"one.json": train, "two.json": test}))


WRONG = {
    "no box": (coco([]), "has no box that can be used"), "a picture of another size": (coco([(0, 7, [0, 0, 5, 5])], images=[
        {"id": 0, "file_name": "0.png", "width": 20, "height": 15}]), "it has 40×30 pixels, and its boxes were drawn on 20×15"),
    "a path that leads out": (coco([(0, 7, [0, 0, 5, 5])], images=[{"id": 0, "file_name": "../images/0.png", "width": 40, "height": 30}]), "is missing"),
    "no number": (coco([(0, 7, [0, 0, "5", True])]), "its bbox is not four numbers"), "two categories of one name": (
        coco([], categories=[{"id": 1, "name": "a"}, {"id": 2, "name": "a"}]), "two categories have one name"),
    "cut": (coco(BOXES)[:-30], "annotations.json is no whole JSON file"), "deep": (b"[" * 100_000, "no whole JSON file")}


@pytest.mark.parametrize("case", WRONG)
def test_annotations_that_cannot_be_used_are_refused_in_words(case: str, tmp_path: Path):
    content, says = WRONG[case]
    with pytest.raises(DataError, match=says):
        looked(archive(tmp_path / "a.zip", PICTURES | {"annotations.json": content}))


def test_a_column_of_amounts_is_a_regression_and_what_is_said_goes_before(tmp_path: Path):
    path = tmp_path / "a.csv"
    path.write_text("a,b,target\n" + "".join(f"{n},{n % 3},{n * 0.5}\n" for n in range(20)) + "1,2,much\n")
    found = bring(path, Choices(skip=True))
    assert (found.task, found.targets, found.classes) == ("regression", ("target",), ()) and np.array_equal(found.y[:, 0], np.arange(20) / 2)
    assert [one.why for one in found.broken] == ["target is 'much', and the column holds numbers"]
    tensors = loaded(found, tmp_path)
    assert tensors.targets == ("target",) and torch.equal(tensors.train_y[:, 0], tensors.train_x[:, 0] / 2)
    far = tmp_path / "far.csv"
    far.write_text("a,target\n" + "".join(f"{n},{n * 100 + 0.5}\n" for n in range(20)))
    scaled = bring(far, Choices())
    values, train = np.arange(20) * 100 + 0.5, np.array(scaled.parts) == "train"
    assert scaled.targets == ("target, standardised",) and np.allclose(scaled.y[:, 0], (values - values[train].mean()) / values[train].std())
    assert any(f"(value − {values[train].mean():g})" in note for note in scaled.notes)
    assert bring(far, Choices(table=TableChoices(amounts="plain"))).y[:, 0].tolist() == values.tolist()
    few = tmp_path / "b.csv"
    few.write_text("a,target\n" + "".join(f"{n},{n % 3}\n" for n in range(20)))
    assert looked(few).task == "classification" and looked(few, task="regression").task == "regression"
    assert looked(few, task="regression", table=TableChoices(label=("a",))).targets == ("a",)
    with pytest.raises(DataError, match="segmentation is of images"):
        looked(few, task="segmentation")


IMAGES = CHANCE.integers(0, 256, (10, 6, 8, 3), dtype=np.uint8)
AMOUNTS = CHANCE.normal(size=(10, 2))


def test_amounts_and_masks_of_an_npz_are_read_and_those_that_are_none_named(tmp_path: Path):
    np.savez(tmp_path / "a.npz", images=IMAGES, targets=np.where(np.arange(10)[:, None] == 4, np.nan, AMOUNTS))
    found = bring(tmp_path / "a.npz", Choices(skip=True))
    assert found.task == "regression" and found.targets == ("targets[0]", "targets[1]") and np.array_equal(found.y, np.delete(AMOUNTS, 4, 0).astype(np.float32))
    assert [(one.name, one.why) for one in found.broken] == [("images[4]", "what is to be told of it is NaN, infinite or too large")]
    masks = (IMAGES[..., 0] > 99).astype(np.int64)
    masks[3, 0, 0] = -5
    np.savez(tmp_path / "b.npz", x=IMAGES, masks=masks)
    found = bring(tmp_path / "b.npz", Choices(skip=True))
    assert found.task == "segmentation" and np.array_equal(found.y, np.delete(masks, 3, 0)) and "its mask holds -5 to 1" in found.broken[0].why
    np.savez(tmp_path / "d.npz", x_train=IMAGES, y_train=AMOUNTS, x_test=IMAGES, y_test=AMOUNTS[:, :1])
    with pytest.raises(DataError, match="tell different things of a sample .1, 2 numbers"):
        looked(tmp_path / "d.npz")
    rows = CHANCE.normal(size=(10, 3))
    np.savez(tmp_path / "c.npz", x=rows, y=np.arange(10) % 2)
    assert np.array_equal(bring(tmp_path / "c.npz", Choices()).x, rows.astype(np.float32))
    assert bring(tmp_path / "c.npz", Choices(task="regression")).task == "regression"


@pytest.mark.parametrize("folder", real_data("segmentation"), ids=lambda _: "real")
def test_well_known_sets_of_masks_and_boxes_are_read(folder: Path):
    streets = looked(folder / "segmentation" / "camvid_240x180.zip")
    assert [streets.parts.count(part) for part in ("train", "val", "test")] == [220, 50, 50] and (streets.task, len(streets.classes)) == ("segmentation", 11) and not streets.broken
    shares = np.array(streets.areas.sum(0)) / streets.areas.sum()
    assert streets.classes[int(shares.argmax())] == "Road" and round(100 * shares[streets.classes.index("Building")]) == 25
    cells = looked(folder / "segmentation" / "isbi2012_em.zip")
    assert cells.classes == ("0", "255") and len(cells.parts) == 30 and cells.shape[0] == 1
    blood = looked(folder / "detection" / "bccd_voc_coco.zip")
    with zipfile.ZipFile(folder / "detection" / "bccd_voc_coco.zip") as opened:
        boxes = sum(len(json.loads(opened.read(f"BCCD/coco/instances_{part}.json"))["annotations"]) for part in ("train", "val", "test"))
    assert blood.classes == ("Platelets", "RBC", "WBC") and len(blood.parts) == boxes and not blood.broken
    insects = looked(folder / "imagefolder" / "hymenoptera.zip")
    assert insects.counts() == ([123, 121], [70, 83])


def test_class_folders_with_other_json_beside_stay_class_folders(tmp_path: Path):
    assert looked(archive(tmp_path / "a.zip", classes(2) | {"about.json": b'{"made": 1}', "bad.json": b"{"})).classes == ("ants", "bees")


def test_parts_and_folders_below_pictures_and_masks_keep_what_has_one_name_apart(tmp_path: Path):
    files = {f"set/{folder}/{part}/{scene}/{n}.png": picture(n) if folder == "images" else mask(np.full((12, 12), n % 2, np.uint8))
             for part, count in (("train", 4), ("val", 3), ("test", 2)) for scene in ("day", "night") for folder in ("images", "masks") for n in range(count)}
    found = bring(archive(tmp_path / "a.zip", files), Choices())
    assert [found.parts.count(part) for part in ("train", "val", "test")] == [8, 6, 4] and not found.broken
    named = {name.replace("masks/train/day", "masks/train/day_masks").replace("masks/train/night", "masks/train/night_masks"): content for name, content in files.items()}
    assert len(looked(archive(tmp_path / "b.zip", {name: content for name, content in named.items() if "night" not in name})).labels) == 9


def test_masks_without_a_pixel_of_a_class_are_refused(tmp_path: Path):
    none = [np.full((10, 10), 255, np.uint8)] * 4
    path = masked(tmp_path / "a.zip", none, **{"classes.csv": b"0,sky\n1,road\n"})
    assert any("No pixel is of 'sky', 'road'" in note for note in looked(path).notes)
    with pytest.raises(DataError, match="no training pixel is of a class"):
        bring(path, Choices())
    parts = {f"{part}/{folder}/{n}.png": picture(n) if folder == "images" else mask(np.full((12, 12), 255 if part == "test" else n, np.uint8))
             for part in ("train", "test") for folder in ("images", "masks") for n in range(2)}
    with pytest.raises(DataError, match="no test pixel is of a class"):
        bring(archive(tmp_path / "b.zip", parts), Choices())


def test_a_picture_lies_as_its_mask_does(tmp_path: Path):
    whole = Image.new("RGB", (40, 30), "white")
    exif = whole.getexif()
    exif[0x0112] = 6
    stream = io.BytesIO()
    whole.save(stream, "JPEG", exif=exif)
    files = {f"images/{n}.jpg": stream.getvalue() for n in range(4)} | {f"masks/{n}.png": mask(np.eye(*((30, 40) if n % 2 else (40, 30)), dtype=np.uint8)) for n in range(4)}
    assert looked(archive(tmp_path / "a.zip", files)).sizes == {(30, 40): 2, (40, 30): 2}
