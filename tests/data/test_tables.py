"""Tables: how their text is read, what their columns are, what is missing, wrong or says too much, and the numbers that come out."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from builder import paths
from builder.catalogue import described
from builder.data import DataError, kept, load, plane
from builder.data.own import Choices, TableChoices, bring, save
from tests.data.files import real_data


def written(tmp_path: Path, text: str | bytes, name: str = "table.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def looked(path: Path, **choices):
    return bring(path, Choices(table=TableChoices(**choices)), look=True)


PLAIN = "height,width,label\n" + "".join(f"{number},{number / 2},{'ab'[number % 2]}\n" for number in range(20))


@pytest.mark.parametrize("text", [
    PLAIN, PLAIN.replace("\n", "\r\n"), PLAIN.replace("\n", "\r"), PLAIN.replace(",", ";"), PLAIN.replace(",", "\t"), PLAIN.replace(",", "|"),
    PLAIN.replace(",", ";").replace(".", ","), b"\xef\xbb\xbf" + PLAIN.encode(), PLAIN.encode("utf-16"), gzip.compress(PLAIN.encode()),
    PLAIN.replace("a\n", '"a"\n').replace("height", '"height"'), PLAIN.replace(",", " , ")],
    ids=["plain", "crlf", "cr", "semicolon", "tab", "bar", "decimal comma", "mark", "utf-16", "gzip", "quoted", "blanks"])
def test_a_table_is_the_same_however_its_text_is_written(text: str | bytes, tmp_path: Path):
    found = bring(written(tmp_path, text), Choices())
    assert found.classes == ("a", "b") and found.more["features"] == ["height", "width"] and not found.broken
    assert found.x.dtype == np.float32 and np.array_equal(found.x, [[number, number / 2] for number in range(20)])
    assert found.labels == tuple(number % 2 for number in range(20)) and [sum(counts) for counts in found.counts()] == [16, 4]


def test_text_that_is_no_utf_8_is_refused_with_how_it_may_read_and_read_when_its_encoding_is_said(tmp_path: Path):
    path = written(tmp_path, "größe,label\n1,ä\n2,b\n3,ä\n4,b\n".encode("latin-1"))
    with pytest.raises(DataError, match=r"line 1 has the byte f6.*windows-1252 the line is 'größe,label'; choose its encoding .*latin-1"):
        looked(path)
    found = looked(path, encoding="latin-1")
    assert found.classes == ("b", "ä") and found.more["features"] == ["größe"]


REFUSED = {
    "one column": ("a\n1\n2\n", {}, "no comma, semicolon, tab or bar parts its lines"),
    "said wrongly": (PLAIN, {"delimiter": "tab"}, "a single column"),
    "names only": ("a,b,label\n", {}, "no rows below it"),
    "blank": ("\n\n \n", {}, "no comma, semicolon|has no rows"),
    "binary": (b"a,b\0,c\n1,2,3\n", {}, "zero bytes"),
    "which label": ("a,b\n1,2\n3,4\n", {}, "cannot be known which column is the label.*'a', 'b'"),
    "no such label": (PLAIN, {"label": ("colour",)}, "no column 'colour'; it has 'height', 'width', 'label'"),
    "a name a row": ("label,b\n" + "".join(f"name{n},{n}\n" for n in range(40)), {}, "40 different values in 40 rows, which are no classes"),
    "only a label": ("a,label\n1,x\n1,y\n", {}, "nothing but its label"),
    "all wrong": ("a,b,label\n1,2\n", {}, "no row of table.csv can be used: line 2: it has 2 cells"),
    "an open quotation": ('a,b,label\n1,2,"x\n' + "3,4,y\n" * 40_000, {}, "A quotation mark may not be closed"),
    "no labels": ("a,b,label\n1,2,\n3,4,NA\n", {}, "no row of table.csv can be used: line 2: its label, 'label', is missing"),
    "all missing": ("a,b,label\n1,,x\n,3,y\n", {"missing": "drop"}, "every row has a cell that is missing"),
    "labels that look alike": ("a,label\n1,x\u202e\n2,x\u202d\n", {}, "differ only in characters that cannot be shown")}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_table_to_learn_from_is_refused_with_what_to_do(case: str, tmp_path: Path):
    text, choices, says = REFUSED[case]
    with pytest.raises(DataError, match=says):
        looked(written(tmp_path, text), **choices)


@pytest.mark.parametrize(("limit", "value", "says"), [("MOST_BYTES", 100, "larger than"), ("MOST_CELLS", 20, "more than 20 cells"), ("MOST_COLUMNS", 2, "3 columns in line 1")])
def test_tables_of_too_much_are_refused(limit: str, value: int, says: str, tmp_path: Path, monkeypatch):
    monkeypatch.setattr(f"builder.data.own.sheet.{limit}", value)
    with pytest.raises(DataError, match=says):
        looked(written(tmp_path, PLAIN), delimiter="comma")


def test_a_gzip_bomb_is_unpacked_no_further_than_a_table_may_be_large(tmp_path: Path, monkeypatch):
    monkeypatch.setattr("builder.data.own.sheet.MOST_BYTES", 10_000)
    with pytest.raises(DataError, match="larger than"):
        looked(written(tmp_path, gzip.compress(bytes(5_000_000)), "table.csv.gz"))


def test_a_first_line_with_a_number_is_a_row_and_what_is_said_goes_before(tmp_path: Path):
    path = written(tmp_path, "".join(f"{n},{'ab'[n % 2]}\n" for n in range(6)))
    found = looked(path)
    assert len(found.labels) == 6 and [column["name"] for column in found.more["columns"]] == ["column 1", "column 2"]
    assert any("read as a row" in note for note in found.notes)
    assert len(looked(path, header="yes").labels) == 5
    words = written(tmp_path, "".join(f"{'uvw'[n % 3]},{'ab'[n % 2]}\n" for n in range(6)))
    assert [len(looked(words, header=header).labels) for header in ("auto", "yes", "no")] == [5, 5, 6]


def kinds(found) -> dict[str, str]:
    return {column["name"]: column["kind"] for column in found.more["columns"]}


def test_columns_are_numbers_categories_text_or_say_nothing(tmp_path: Path):
    frame = pd.DataFrame({"number": range(120), "sign": ["plus", "minus", "zero"] * 40, "two": ["yes", "no"] * 60, "name": [f"name {n}" for n in range(120)], "same": ["x"] * 120,
                          "none": [""] * 120, "code": [n % 4 for n in range(120)], "label": ["a", "b", "b"] * 40})
    path = tmp_path / "table.csv"
    frame.to_csv(path, index=False)
    found = bring(path, Choices(table=TableChoices(category=("code",), without=("number",))))
    assert kinds(found) == {"number": "without", "sign": "category", "two": "category", "name": "text", "same": "constant", "none": "empty", "code": "category", "label": "label"}
    # The oracle is pandas' own table of indicators; of two categories one says both.
    indicators = pd.get_dummies(frame[["sign", "two", "code"]].astype(str), dtype=np.float32)
    assert found.more["features"] == [name.replace("_", " = ") for name in indicators if name != "two_no"]
    assert np.array_equal(found.x, indicators.drop(columns="two_no").to_numpy())
    said = " ".join(found.notes)
    assert "'name' has text with too many different values and is left out" in said and "'same' has one value in every row" in said and "'none' has no values" in said


def test_rows_of_another_width_are_named_by_their_lines_past_quoted_line_ends(tmp_path: Path):
    found = looked(written(tmp_path, 'a,b,label\n1,2,x\n3,4\n5,6,y,7\n\n8,9,"y\n"\n1,2,x\n5,5\n'))
    assert [(one.name, one.why) for one in found.broken] == [("line 3", "it has 2 cells, and the table 3 columns"), ("line 4", "it has 4 cells, and the table 3 columns"),
                                                             ("line 9", "it has 2 cells, and the table 3 columns")]
    assert len(found.labels) == 3 and "1 line without a value: line 5." in found.notes


def test_text_among_numbers_and_numbers_too_large_are_named_by_line_and_counted_by_column(tmp_path: Path):
    path = written(tmp_path, "a,a,c,label\n1,,3,x\nNA,2,three,y\n,nan,1e400,x\n2,1,4,x\n3,3,5,y\n2,1,4,x\n3,3,5,y\n")
    found = looked(path)
    assert [(one.name, one.why) for one in found.broken] == [("line 3", "c is 'three', and the column holds numbers"),
                                                             ("line 4", "c is 1e400, more than a number of 32 bits can be")]
    assert [(column["name"], column["missing"], column["wrong"]) for column in found.more["columns"]] == [("a", 2, 0), ("a (2)", 2, 0), ("c", 0, 2), ("label", 0, 0)]
    assert any("2 columns are called 'a'" in note for note in found.notes)
    with pytest.raises(DataError, match="cells of table.csv are missing .a 2, a .2. 2"):
        bring(path, Choices(skip=True))


def test_missing_numbers_become_the_training_parts_median_and_missing_categories_one_of_their_own(tmp_path: Path):
    lines = [f"{'' if n % 5 == 0 else n * n},{'' if n % 7 == 0 else 'uv'[n % 2]},{'ab'[n % 2]}" for n in range(40)]
    path = written(tmp_path, "number,kind,label\n" + "\n".join(lines))
    found = bring(path, Choices(table=TableChoices(missing="fill")))
    train = [n * n for n in range(40) if n % 5 and found.parts[n] == "train"]
    assert found.more["features"] == ["number", "kind = u", "kind = v", "kind = (missing)"]
    for n, row in enumerate(found.x):
        kind = [1, 0, 0] if n % 7 and n % 2 == 0 else [0, 1, 0] if n % 7 else [0, 0, 1]
        assert row.tolist() == [np.float32(n * n if n % 5 else np.median(train)), *kind]
    dropped = bring(path, Choices(table=TableChoices(missing="drop")))
    assert dropped.x[:, 0].tolist() == [n * n for n in range(40) if n % 5 and n % 7] and dropped.more["features"] == ["number", "kind = v"]


def test_several_columns_of_numbers_are_told_together_each_kept_as_suits_it(tmp_path: Path):
    lines = "".join(f"{n},{n % 5},{1000 * n},{n / 7},{'uv'[n % 2]}\n" for n in range(40))
    path = written(tmp_path, f"a,b,far,near,kind\n{lines}")
    chosen = Choices(table=TableChoices(label=("near", "far")))
    found = bring(path, chosen)
    train = np.array([part == "train" for part in found.parts])
    far = 1000.0 * np.arange(40)
    assert (found.task, found.targets, found.more["features"]) == ("regression", ("far, standardised", "near"), ["a", "b", "kind = v"])
    assert np.allclose(found.y[:, 0], (far - far[train].mean()) / far[train].std()) and np.allclose(found.y[:, 1], np.arange(40) / 7)
    assert any("'far' is kept as (value − " in note and "'near'" not in note for note in found.notes)
    tensors = load(described(kept.section(save(found, chosen, tmp_path))), [])
    assert tensors.targets == found.targets and tensors.train_y.shape == (32, 2)
    with pytest.raises(DataError, match="'kind' holds none"):
        looked(path, label=("near", "kind"))
    with pytest.raises(DataError, match="several columns to be told are numbers"):
        bring(path, Choices(task="classification", table=TableChoices(label=("near", "far"))))
    written(tmp_path, f"a,b,far,near,kind\n{lines}3,4,many,5,u\n")
    assert [(one.name, one.why) for one in looked(path, label=("near", "far")).broken] == [("line 42", "far is 'many', and the column holds numbers")]


def test_columns_that_repeat_the_label_and_rows_that_repeat_are_said(tmp_path: Path):
    found = looked(written(tmp_path, "a,again,label\n" + "".join(f"{n // 2},{'yn'[n % 2]},{'ab'[n % 2]}\n" for n in range(20)) + "0,y,a\n"))
    said = " ".join(found.notes)
    assert "'again' says the label" in said and "1 row repeats another one" in said and "'a' says" not in said


def test_a_table_is_kept_with_what_its_numbers_are_called_and_loaded_as_a_project_says(tmp_path: Path):
    chosen = Choices("Heights", table=TableChoices(label=("label",)))
    one = save(bring(written(tmp_path, PLAIN), chosen), chosen, tmp_path)
    assert (one.shape, one.classes, one.features, one.how) == ((2,), ("a", "b"), ("height", "width"), {"label": ["label"], "test": 0.2, "seed": 0})
    tensors = load(described(kept.section(one)), paths.data_roots())
    assert tensors.train_x.shape == (16, 2) and sorted(tensors.train_x[:, 0].tolist() + tensors.test_x[:, 0].tolist()) == list(range(20))
    points, titles = plane(tensors, one.features)
    assert titles == ("height", "width") and points[0][0] == tensors.train_x.tolist()


def test_more_than_two_numbers_are_shown_along_their_principal_components(tmp_path: Path):
    from sklearn.decomposition import PCA
    from sklearn.preprocessing import StandardScaler

    random = np.random.default_rng(0)
    values = random.normal(size=(60, 5)) @ random.normal(size=(5, 5))
    lines = "\n".join(",".join(map(repr, row.tolist())) + f",{'ab'[n % 2]}" for n, row in enumerate(values))
    one = save(bring(written(tmp_path, f"a,b,c,d,e,label\n{lines}"), Choices()), Choices(), tmp_path)
    tensors = load(described(kept.section(one)), [])
    (train, test), titles = plane(tensors)
    scaled = StandardScaler().fit(tensors.train_x.double().numpy())
    oracle = PCA(2).fit(scaled.transform(tensors.train_x.double().numpy()))
    for shown, x in ((train, tensors.train_x), (test, tensors.test_x)):
        assert np.allclose(np.abs(shown[0]), np.abs(oracle.transform(scaled.transform(x.double().numpy()))), atol=1e-4)
    assert f"{100 * oracle.explained_variance_ratio_[0]:.0f} %" in titles[0]


REAL = {"iris.csv": ({}, 150, 4, ("setosa", "versicolor", "virginica")), "penguins.csv": ({"label": ("species",), "missing": "drop"}, 333, 9, ("Adelie", "Chinstrap", "Gentoo")),
        "titanic.csv": ({"label": ("survived",), "missing": "fill", "without": ("alive", "class")}, 891, 27, ("0", "1"))}


@pytest.mark.parametrize("folder", real_data("tabular"), ids=lambda _: "real")
@pytest.mark.parametrize("name", REAL)
def test_well_known_tables_are_read(name: str, folder: Path):
    choices, rows, features, classes = REAL[name]
    found = bring(folder / "tabular" / name, Choices(table=TableChoices(**choices)))
    assert found.x.shape == (rows, features) and found.classes == classes and np.isfinite(found.x).all()
