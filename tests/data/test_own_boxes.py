"""Boxes on pictures: Pascal VOC's files, and pictures kept whole with their boxes for detection, of VOC and COCO alike."""

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
from builder.data.own import Choices, bring, save
from builder.data.own.detections import moved
from builder.data.own.pictures import brought, decoded
from tests.data.bad_files import mask
from tests.data.files import real_data
from tests.data.own_files import archive, classes, picture

SIZE = (40, 30)
PICTURES = {f"VOC/JPEGImages/{n}.png": picture(50 * n, size=SIZE) for n in range(6)}
THINGS = {n: [("cat" if n % 2 else "dog", (1 + n, 3, 12 + n, 20)), ("bird", (21, 11, 40, 30))][:1 + n % 2] for n in range(6)}


def xml(things, size=SIZE, head: str = "", name: str = "") -> bytes:
    """A file of boxes as VOC writes them."""
    said = "" if size is None else f"<size><width>{size[0]}</width><height>{size[1]}</height><depth>3</depth></size>"
    objects = "".join(f"<object><name>{what}</name><pose>Left</pose><bndbox>" + "".join(
        f"<{side}>{value}</{side}>" for side, value in zip(("xmin", "ymin", "xmax", "ymax"), box, strict=True)) + "</bndbox></object>" for what, box in things)
    return f"{head}<annotation><filename>{name}</filename>{said}{objects}</annotation>".encode()


def marked(things=None, **more: bytes) -> dict[str, bytes]:
    return PICTURES | {f"VOC/Annotations/{n}.xml": xml(boxes) for n, boxes in (things or THINGS).items()} | more


def looked(path: Path, **choices):
    return bring(path, Choices(**choices), look=True)


def test_boxes_of_voc_are_cut_out_with_the_first_and_the_last_pixel(tmp_path: Path):
    found = bring(archive(tmp_path / "a.zip", marked()), Choices(side=8))
    assert found.classes == ("bird", "cat", "dog") and len(found.x) == 9 and not found.broken and found.task == "classification"
    whole = np.asarray(Image.open(io.BytesIO(PICTURES["VOC/JPEGImages/0.png"])))
    # Its pixels count from 1: 1 to 12 are the first twelve.
    assert any(np.array_equal(pixels, brought(Image.fromarray(whole[2:20, 0:12]), (8, 8), 3, "crop")) for pixels in found.x)


def test_the_lists_of_imagesets_are_the_parts_where_they_name_every_picture(tmp_path: Path):
    lists = {f"VOC/ImageSets/Main/{name}.txt": "\n".join(map(str, numbers)).encode() for name, numbers in
             (("train", (0, 1, 2)), ("val", (3,)), ("trainval", (0, 1, 2, 3)), ("test", (4, 5)), ("cat_train", (1,)))}
    found = looked(archive(tmp_path / "a.zip", marked() | lists), task="detection")
    assert [found.parts.count(part) for part in ("train", "val", "test")] == [3, 1, 2]
    part = looked(archive(tmp_path / "b.zip", marked() | {name: content for name, content in lists.items() if "test" not in name}), task="detection")
    assert set(part.parts) == {"train", "test"} and any("2 pictures are in none of the lists or folders train, val and test" in note for note in part.notes)


@pytest.mark.parametrize("form", ["voc", "coco"])
def test_folders_called_train_valid_and_test_are_the_parts_of_boxes(form: str, tmp_path: Path):
    """As annotation services give them, with the same names in every folder."""
    files = {f"{part}/{n}.png": picture(40 * n + shade, size=SIZE) for shade, part in enumerate(("train", "valid", "test")) for n in range(3)}
    for part in ("train", "valid", "test"):
        if form == "voc":
            files |= {f"{part}/{n}.xml": xml(THINGS[n]) for n in range(3)}
        else:
            record = {"images": [{"id": n, "file_name": f"{n}.png", "width": SIZE[0], "height": SIZE[1]} for n in range(3)], "categories": [{"id": 1, "name": "cat"}],
                      "annotations": [{"id": n, "image_id": n, "category_id": 1, "bbox": [8, 5, 10, 10]} for n in range(3)]}
            files[f"{part}/_annotations.coco.json"] = json.dumps(record).encode()
    found = looked(archive(tmp_path / "a.zip", files), task="detection")
    assert [found.parts.count(part) for part in ("train", "val", "test")] == [3, 3, 3] and not found.broken
    cut = looked(tmp_path / "a.zip")
    assert any("3 pictures train, 3 validate and 3 test" in note for note in cut.notes)


@pytest.mark.parametrize("fit", ["crop", "pad", "stretch"])
@pytest.mark.parametrize("size", [(60, 40), (40, 61), (33, 33)])
def test_a_box_stays_on_its_thing_when_the_picture_is_brought_to_a_square(fit: str, size: tuple[int, int]):
    width, height = size
    pixels = np.zeros((height, width), np.uint8)
    box = (width // 2 - 6, height // 2 - 4, width // 2 + 5, height // 2 + 6)
    pixels[box[1]:box[3], box[0]:box[2]] = 255
    [square] = brought(Image.fromarray(pixels), (96, 96), 1, fit)
    left, top, right, bottom = (value * 96 for value in moved(box, (height, width), 96, fit))
    rows, columns = (np.flatnonzero((square > 127).any(axis)) for axis in (1, 0))
    assert [columns[0], rows[0], columns[-1] + 1, rows[-1] + 1] == pytest.approx([left, top, right, bottom], abs=1)


def test_what_is_cut_off_with_the_sides_of_a_picture_is_no_box_and_is_counted(tmp_path: Path):
    assert moved((0, 0, 5, 30), (30, 40), 30, "crop") is None
    assert moved((0, 0, 10, 30), (30, 40), 30, "crop") == pytest.approx((0, 0, 1 / 6, 1))
    found = looked(archive(tmp_path / "a.zip", marked({n: [*THINGS[n], ("edge", (1, 1, 4, 30))] for n in THINGS})), task="detection")
    assert "edge" not in found.classes and any("6 of 15 boxes lie outside what is left of their pictures" in note for note in found.notes)
    assert "edge" in looked(tmp_path / "a.zip", task="detection", fit="pad").classes


@pytest.mark.parametrize("form", ["voc", "coco"])
def test_whole_pictures_are_kept_with_their_boxes_and_loaded_as_a_project_says(form: str, tmp_path: Path):
    boxes = {n: [(name, (left - 1, top - 1, right, bottom)) for name, (left, top, right, bottom) in things] for n, things in THINGS.items()}
    boxes[5] = []
    ids = {"bird": 4, "cat": 2, "dog": 9}
    record = {"images": [{"id": n, "file_name": f"{n}.png", "width": SIZE[0], "height": SIZE[1]} for n in boxes], "categories": [{"id": n, "name": name} for name, n in ids.items()],
              "annotations": [{"id": 10 * n + place, "image_id": n, "category_id": ids[name], "bbox": [box[0], box[1], box[2] - box[0], box[3] - box[1]]}
                              for n, things in boxes.items() for place, (name, box) in enumerate(things)]}
    files = PICTURES | {"boxes.json": json.dumps(record).encode()} if form == "coco" else marked({**THINGS, 5: []})
    chosen = Choices(task="detection", side=40, fit="stretch")
    found = bring(archive(tmp_path / "a.zip", files), chosen)
    assert (found.task, found.classes, found.counts()[0]) == ("detection", ("bird", "cat", "dog"), found.areas[[part == "train" for part in found.parts]].sum(0).tolist())
    assert any("1 picture has no box" in note for note in found.notes) and found.areas.sum() == 7
    one = save(found, chosen, tmp_path)
    tensors = load(described(kept.section(one)), [])
    assert tensors.task == "detection" and tensors.train_y.shape == (len(tensors.train_x), 2, 5) and tensors.train_y.dtype == torch.float32
    wanted = {(Image.open(io.BytesIO(PICTURES[f"VOC/JPEGImages/{n}.png"])).resize((40, 40), Image.Resampling.BILINEAR).tobytes(),
               tuple(sorted((found.classes.index(name), *np.float32([box[0] / 40, box[1] / 30, box[2] / 40, box[3] / 30]).tolist()) for name, box in things)))
              for n, things in boxes.items()}
    given = {(x.permute(1, 2, 0).numpy().tobytes(), tuple(sorted((int(row[4]), *row[:4]) for row in y.tolist() if row[4] >= 0)))
             for part in ("train", "test") for x, y in zip(getattr(tensors, f"{part}_x"), getattr(tensors, f"{part}_y"), strict=True)}
    assert given == wanted


WRONG = {
    "no area": (xml([("cat", (5, 5, 5, 9))]), "object 1", "it is 0 wide and 4 high"), "outside": (xml([("cat", (30, 5, 45, 9))]), "object 1", "it goes from 29, 4 to 45, 9"),
    "no number": (xml([("cat", (5, "five", 9, 9))]), "object 1", "its bndbox is not four numbers"), "no name": (xml([(" ", (5, 5, 9, 9))]), "object 1", "it has no name"),
    "infinite": (xml([("cat", (5, 5, 9, "1e999"))]), "object 1", "its bndbox is not four numbers"), "cut": (xml([])[:-9], "", "it is no whole XML file"),
    "entities": (xml([("&a;", (5, 5, 9, 9))], head='<!DOCTYPE a [<!ENTITY a "aaaa">]>'), "", "it has a DOCTYPE"),
    "another file": (xml([], head='<!DOCTYPE a SYSTEM "file:///etc/passwd">'), "", "it has a DOCTYPE"),
    "too large": (xml([("cat", (5, 5, 9, 9))] * 9000), "", "it has more than 1 MB"),
    "encoding": (b'<?xml version="1.0" encoding="no-such"?>' + xml([]), "", "it is no whole XML file"), "deep": (b"<annotation>" + b"<a>" * 5000, "", "more than 20 deep"),
    "no picture": (xml([], name="../../7.png"), "", "there is no picture of its name")}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_in_an_xml_file_is_named_and_the_others_are_read(case: str, tmp_path: Path):
    content, where, says = WRONG[case]
    files = marked({n: THINGS[n] for n in range(5)}) | {f"VOC/Annotations/{'99' if case == 'no picture' else '5'}.xml": content}
    found = looked(archive(tmp_path / "a.zip", files), task="detection")
    [one] = found.broken
    assert one.name.startswith("VOC/Annotations/") and where in one.name and says in one.why
    with pytest.raises(DataError, match="1 item of a.zip cannot be used"):
        bring(tmp_path / "a.zip", Choices(task="detection"))


def test_a_file_of_boxes_that_is_too_large_is_said_to_be(tmp_path: Path, monkeypatch):
    monkeypatch.setattr("builder.data.own.places.MOST_FILE", 5000)
    files = {f"images/{n}.png": picture(n, size=(4, 4)) for n in range(3)} | {"instances.json": b"[" + b"0, " * 3000 + b"0]"}
    with pytest.raises(DataError, match="instances.json has more than the 64 MB that a file of boxes may have"):
        looked(archive(tmp_path / "a.zip", files))


def test_a_size_that_is_not_said_is_the_pictures_own_and_one_that_is_wrong_is_refused(tmp_path: Path):
    files = marked() | {"VOC/Annotations/1.xml": xml(THINGS[1], (0, 0)), "VOC/Annotations/3.xml": xml(THINGS[3], (80, 60)),
                        "VOC/Annotations/0.xml": xml([("dog", (30, 5, 60, 9))], None)}
    found = looked(archive(tmp_path / "a.zip", files))
    assert {one.name: one.why for one in found.broken} == {"VOC/JPEGImages/3.png": "it has 40×30 pixels, and its boxes were drawn on 80×60",
                                                           "VOC/JPEGImages/0.png#0": "it goes from 29, 4 to 60, 9, and its picture from 0, 0 to 40, 30"}


@pytest.mark.parametrize("task", ["classification", "detection"])
@pytest.mark.parametrize("drawn_on", [(40, 30), (30, 40), None])
def test_boxes_lie_where_they_were_drawn_on_a_picture_that_is_to_be_turned(task: str, drawn_on: tuple[int, int] | None, tmp_path: Path):
    """Some programs turn a camera's picture as its file says before boxes are drawn on it, others do not: the size that they say tells which."""
    whole = Image.new("RGB", SIZE, "white")
    exif = whole.getexif()
    exif[0x0112] = 6  # to be turned by 90 degrees
    upright = drawn_on == (30, 40)
    whole.paste("black", (0, 20, 10, 30) if upright else (0, 0, 10, 10))  # turned, the lower left corner is the upper left one
    stream = io.BytesIO()
    whole.save(stream, "JPEG", exif=exif, quality=95)
    files = {f"{n}.jpg": stream.getvalue() for n in range(4)} | {f"{n}.xml": xml([("corner", (1, 1, 10, 10))], drawn_on) for n in range(4)}
    found = bring(archive(tmp_path / "a.zip", files), Choices(task=task, fit="stretch", side=40, colours="grey"))
    assert found.sizes == ({(40, 30) if upright else (30, 40): 4} if task == "detection" else {(10, 10): 4})
    inside = found.x[0] if task == "classification" else found.x[0][:, :round(40 * found.y[0, 0, 3]), :round(40 * found.y[0, 0, 2])]
    assert inside.size >= 100 and np.median(inside) < 30


def test_pictures_of_one_name_in_two_folders_go_with_the_xml_files_beside_them(tmp_path: Path):
    files = {f"{year}/{folder}/1.{ending}": content for year, shade in (("2007", 0), ("2012", 200)) for folder, ending, content in
             (("JPEGImages", "png", picture(shade, size=SIZE)), ("Annotations", "xml", xml([(f"y{year}", (1, 1, 40, 30))])))}
    found = bring(archive(tmp_path / "a.zip", files), Choices(task="detection", side=30, fit="stretch"))
    shades = {found.classes[int(y[0, 4])]: int(x[2, 5, 5]) for x, y in zip(found.x, found.y, strict=True)}
    assert shades == {"y2007": 0, "y2012": 200}


def test_a_look_at_very_many_takes_some_of_them_and_counts_all(tmp_path: Path, monkeypatch):
    monkeypatch.setattr("builder.data.own.decoding.LOOKED_AT", 3)
    read = []
    monkeypatch.setattr("builder.data.own.decoding.decoded", lambda content, *more, **how: read.append(content) or decoded(content, *more, **how))
    monkeypatch.setattr("builder.data.own.mask_pairs.decoded", lambda content, *more, **how: read.append(content) or decoded(content, *more, **how))
    files = classes(6) | {"ants/a3.png": b"I am a text"}
    found = looked(archive(tmp_path / "a.zip", files))
    # The broken one is not among those that were looked at; it is when they are read.
    assert len(read) == 3 and found.counts() == ([5, 5], [1, 1]) and not found.broken and found.notes[0].startswith("Looked at 3 of 12 pictures")
    with pytest.raises(DataError, match="ants/a3.png: it is no picture"):
        bring(tmp_path / "a.zip", Choices())
    read.clear()
    boxed = looked(archive(tmp_path / "b.zip", marked()), task="detection")
    assert len(read) == 3 and int(boxed.areas.sum()) == 9 and len(boxed.parts) == 6
    read.clear()
    masked = {f"{folder}/{n}.png": picture(n) if folder == "images" else mask(np.full((12, 12), n % 2, np.uint8)) for n in range(7) for folder in ("images", "masks")}
    pairs = looked(archive(tmp_path / "c.zip", masked))
    assert len(pairs.parts) == 7 and int(pairs.areas.sum()) == 3 * 144 and "Looked at 3 of 7 masks, whose pixels are counted" in pairs.notes[0]
    assert len(bring(tmp_path / "c.zip", Choices()).x) == 7


def test_detection_without_boxes_or_with_too_many_is_refused_in_words(tmp_path: Path):
    with pytest.raises(DataError, match="a.zip says no boxes: detection takes pictures with a COCO file, or with an XML file .* or a label file .YOLO. each"):
        looked(archive(tmp_path / "a.zip", PICTURES), task="detection")
    with pytest.raises(DataError, match="no test picture has a box"):
        lists = {f"VOC/ImageSets/Main/{name}.txt": numbers.encode() for name, numbers in (("train", "0 \n1\n2\n3\n4"), ("test", "5"))}
        bring(archive(tmp_path / "b.zip", marked({**THINGS, 5: []}) | lists), Choices(task="detection"))
    found = looked(archive(tmp_path / "c.zip", marked({**THINGS, 0: [("dog", (1, 1, 9, 9))] * 501})), task="detection")
    assert [(one.name, one.why) for one in found.broken] == [("VOC/JPEGImages/0.png", "it has 501 boxes; 500 are allowed in a picture")]


@pytest.mark.parametrize("folder", real_data("detection"), ids=lambda _: "real")
def test_the_blood_cells_are_read_as_voc_and_as_coco(folder: Path, tmp_path: Path):
    with zipfile.ZipFile(folder / "detection" / "bccd_voc_coco.zip") as whole:
        chosen = [f"BloodImage_{n:05d}" for n in (0, 1, 2, 338, 343)]
        voc = archive(tmp_path / "voc.zip", {name: whole.read(name) for one in chosen for name in (f"BCCD/JPEGImages/{one}.jpg", f"BCCD/Annotations/{one}.xml")})
    found = looked(voc, task="detection")
    assert [(one.name.rpartition("/")[2].partition(",")[0], one.why) for one in found.broken] == [
        ("BloodImage_00338.xml", "it is 0 wide and 0 high"), ("BloodImage_00343.xml", "it is 0 wide and 0 high")]
    assert set(found.classes) <= {"Platelets", "RBC", "WBC"} and len(found.parts) == 5 and found.sizes == {(480, 640): 5}
    both = looked(folder / "detection" / "bccd_voc_coco.zip", task="detection", fit="stretch")
    assert [both.parts.count(part) for part in ("train", "val", "test")] == [205, 87, 72] and int(both.areas.sum()) == 4886 and not both.broken


def test_the_label_files_of_yolo_are_read_beside_their_pictures_or_in_the_folder_labels(tmp_path: Path):
    """Things of VOC's boxes, told as shares."""
    def line(what: str, box: tuple[int, int, int, int]) -> str:
        left, top, right, bottom = box[0] - 1, box[1] - 1, *box[2:]
        return f"{('bird', 'cat', 'dog').index(what)} {(left + right) / 80} {(top + bottom) / 60} {(right - left) / 40} {(bottom - top) / 30}"

    texts = {n: "\n".join(line(*thing) for thing in things).encode() for n, things in THINGS.items()}
    voc = bring(archive(tmp_path / "voc.zip", marked()), Choices(task="detection", side=32))
    names = {"data.yaml": b"train: images/train\nnames:\n  0: bird  # flies\n  1: 'cat'\n  2: dog\nnc: 3\n"}
    beside = bring(archive(tmp_path / "a.zip", PICTURES | {f"VOC/JPEGImages/{n}.txt": text for n, text in texts.items()} | names), Choices(task="detection", side=32))
    assert beside.classes == voc.classes == ("bird", "cat", "dog") and np.allclose(beside.y, voc.y, atol=1e-6) and np.array_equal(beside.x, voc.x) and not beside.broken
    part = ("train", "train", "train", "val", "test", "test")
    files = {f"set/images/{part[n]}/{n}.png": PICTURES[f"VOC/JPEGImages/{n}.png"] for n in THINGS} | {f"set/labels/{part[n]}/{n}.txt": text for n, text in texts.items()}
    parted = looked(archive(tmp_path / "b.zip", files | {"set/classes.txt": b"bird\ncat\ndog\n"}), task="detection")
    assert [parted.parts.count(one) for one in ("train", "val", "test")] == [3, 1, 2] and parted.classes == voc.classes
    cut = bring(archive(tmp_path / "c.zip", files), Choices(side=8))
    assert cut.classes == ("0", "1", "2") and len(cut.x) == 9 and any("called by their numbers" in note for note in cut.notes)


@pytest.mark.parametrize("text", ["names: [bird, 'cat', \"the dog\"]", "names: {0: bird, 1: cat, 2: the dog}", "names:\n- bird\n# a remark\n- cat\n- the dog # too\nnc: 3", "names: [\n  bird,\n  cat,\n  the dog]"])
def test_names_are_read_of_what_describes_a_set_of_yolo_and_nothing_else(text: str, tmp_path: Path):
    files = PICTURES | {f"VOC/JPEGImages/{n}.txt": b"2 0.5 0.5 0.5 0.5\n" for n in range(6)} | {"data.yaml": f"path: ../up\r\n{text}\r\ndownload: !!python/object/apply:os.system [ls]\r\n".encode()}
    assert looked(archive(tmp_path / "a.zip", files), task="detection").classes == ("the dog",)


def test_what_is_wrong_in_label_files_is_named_line_by_line_and_outlines_become_boxes(tmp_path: Path):
    lines = {"VOC/JPEGImages/0.txt": b"0 0.5 0.5 0.2 0.2\n\n0 0.5 0.5 0 0.2\nx 0.5 0.5 0.2 0.2\n0 0.9 0.5 0.4 0.2\n0 nan 0.5 0.2 0.2\n7 0.5 0.5 0.2 0.2\n",
             "VOC/JPEGImages/1.txt": b"0 0.1 0.2 0.5 0.2 0.3 0.6\n", "VOC/JPEGImages/2.txt": b"", "VOC/JPEGImages/3.txt": "0 ½".encode(), "classes.txt": b"bird\n"}
    found = bring(archive(tmp_path / "a.zip", PICTURES | lines), Choices(task="detection", side=40, fit="stretch", skip=True))
    assert [(one.name.rpartition("/")[2], one.why) for one in found.broken] == [
        ("0.txt, line 2", "it is 0 wide and 0.2 high"), ("0.txt, line 3", "it is not a class number and four shares, or more for an outline"),
        ("0.txt, line 4", "it goes from 0.7, 0.4 to 1.1, 0.6, and its picture from 0, 0 to 1, 1"), ("0.txt, line 5", "it is not a class number and four shares, or more for an outline"),
        ("0.txt, line 6", "there is no class 7: 1 name of classes is given"), ("3.txt, line 1", "it is not a class number and four shares, or more for an outline")]
    assert sorted(boxes[0].tolist() for boxes in found.y if boxes[0, 4] >= 0) == [pytest.approx([0.1, 0.2, 0.5, 0.6, 0]), pytest.approx([0.4, 0.4, 0.6, 0.6, 0])]
    assert any("2 pictures have no box" in note for note in found.notes) and any("2 pictures that no file of boxes names are left aside" in note for note in found.notes)
    captions = classes(3) | {f"ants/a{n}.txt": b"an ant on a leaf" for n in range(3)}
    assert looked(archive(tmp_path / "b.zip", captions)).classes == ("ants", "bees")


def test_a_coco_file_is_found_behind_very_many_texts_and_need_not_say_the_sizes_of_pictures(tmp_path: Path):
    record = {"images": [{"id": n, "file_name": f"{n}.png", **({"width": 40.0, "height": 30.0} if n % 2 else {})} for n in range(6)], "categories": [{"id": 1, "name": "cat"}],
              "annotations": [{"id": n, "image_id": n, "category_id": 1, "bbox": [4, 3, 20, 15]} for n in range(6)]}
    found = bring(archive(tmp_path / "a.zip", PICTURES | {f"VOC/{n}.txt": b"a text" for n in range(60)} | {"z.json": json.dumps(record).encode()}),
                  Choices(task="detection", side=20, fit="stretch"))
    assert not found.broken and np.allclose(found.y[:, 0], [0.1, 0.1, 0.6, 0.6, 0])
