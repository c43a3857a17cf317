"""Every broken file of the collection, and one made here for each, does what its row says: it is refused, or what can be used is read and the rest named."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from builder.data import DataError
from builder.data.own import Choices, bring
from tests.data.bad_files import BAD, PICKLED, made
from tests.data.files import real_data


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("bad"))


def outcome(folder: Path, name: str) -> tuple[int | None, str]:
    """How many items can be used (None when the file is refused), and all that is said."""
    paths = [folder / file for file in (name, *BAD[name].beside)]
    try:
        found = bring(paths if len(paths) > 1 else paths[0], Choices(), look=True)
    except DataError as error:
        return None, str(error)
    said = [*found.notes, *(f"{one.name}: {one.why}" for one in found.broken)]
    if found.broken:
        # What is broken is left out by choice only.
        with pytest.raises(DataError, match="cannot be used|cannot be split|are missing"):
            bring(paths[0], Choices())
    return len(found.parts), " ".join(said)


@pytest.mark.parametrize("name", BAD)
def test_a_broken_file_is_refused_or_its_good_items_are_read_and_the_others_named(name: str, folder: Path, capfd):
    before = sorted(folder.parent.rglob("*"))
    good, said = outcome(folder, name)
    assert good == BAD[name].good and re.search(BAD[name].says, said, re.DOTALL), said
    assert sorted(folder.parent.rglob("*")) == before
    output = "".join(capfd.readouterr())
    assert PICKLED not in output and "Traceback" not in output


@pytest.mark.parametrize("collection", real_data("bad"), ids=lambda _: "real")
def test_every_file_of_the_collection_does_what_its_list_expects(collection: Path, capfd):
    rows = list(csv.DictReader((collection / "bad" / "manifest.csv").open()))
    assert {row["file"] for row in rows} <= BAD.keys()
    wrong = []
    for row in rows:
        name, expected = row["file"], row["expected"]
        good, said = outcome(collection / "bad", name)
        if good is None:
            fits = "refuse" in expected or re.search("limit|raises|report both|unequal|encoding|warns", f"{expected} {row['defect']}", re.IGNORECASE)
        else:
            # Changed bytes inside a JPEG decode to other pixels without an error.
            least = int(row["good_items"] or good)
            fits = not expected.startswith("refuse with") and least <= good <= least + (name == "corrupt_images.zip")
            fits = fits and (said or not expected.startswith(("report", "warn", "detect", "skip", "limit")))
        if not fits or (good is None) != (BAD[name].good is None) or not re.search(BAD[name].says, said, re.DOTALL):
            wrong.append(f"{name}: expected {expected!r} ({row['good_items']}), found {good}: {said}")
    assert not wrong, "\n".join(wrong)
    assert PICKLED not in "".join(capfd.readouterr())
