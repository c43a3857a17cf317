"""idx files, sound and broken."""

from __future__ import annotations

import gzip
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from builder.data import DataError
from builder.data.idx import read_idx
from tests.data.files import idx, idx_bytes, real_data

VALUES = np.random.default_rng(0).integers(0, 256, (6, 5, 4), dtype=np.uint8)


@pytest.mark.parametrize("name", ["x", "x.gz"])
def test_values_come_back_as_they_were_written(tmp_path: Path, name: str):
    idx(tmp_path / name, VALUES)
    assert torch.equal(read_idx(tmp_path / name, 3), torch.from_numpy(VALUES))


BROKEN = {
    "cut in the header": (idx_bytes(VALUES)[:9], "too short for an idx file: 9 bytes, its header alone needs 16"),
    "of floats": (b"\0\0\x0d\x03" + idx_bytes(VALUES)[4:], "should start with 00000803, and starts with 00000d03"),
    "with one axis": (idx_bytes(VALUES.reshape(-1)) + bytes(20), "should start with 00000803, and starts with 00000801"),
    "short of values": (idx_bytes(VALUES)[:-1], "says 6×5×4 = 120 bytes"),
    "too long": (idx_bytes(VALUES) + b"\0", "more bytes follow than the 6×5×4 = 120"),
    "without samples": (idx_bytes(VALUES[:0]), "is empty: its header says 0×5×4"),
}


@pytest.mark.parametrize("kind", BROKEN)
@pytest.mark.parametrize("name", ["x", "x.gz"])
def test_a_broken_file_is_refused_with_its_name_and_the_numbers(tmp_path: Path, kind: str, name: str):
    content, says = BROKEN[kind]
    path = tmp_path / name
    path.write_bytes(gzip.compress(content) if path.suffix else content)
    with pytest.raises(DataError) as caught:
        read_idx(path, 3)
    assert str(path) in str(caught.value) and says in str(caught.value)


def test_a_cut_gzip_stream_is_refused(tmp_path: Path):
    whole = gzip.compress(idx_bytes(VALUES))
    (tmp_path / "x.gz").write_bytes(whole[:-9])
    with pytest.raises(DataError, match="cut"):
        read_idx(tmp_path / "x.gz", 3)


def test_a_header_that_claims_two_terabytes_allocates_nothing(tmp_path: Path):
    path = tmp_path / "x.gz"
    path.write_bytes(gzip.compress(b"\0\0\x08\x03\x7f\xff\xff\xff\0\0\0\x1c\0\0\0\x1c" + bytes(64)))
    tracemalloc.start()
    try:
        with pytest.raises(DataError, match="2,147,483,647×28×28 = 1,683,627,179,248 bytes, and the whole file has"):
            read_idx(path, 3)
        assert tracemalloc.get_traced_memory()[1] < 5e6
    finally:
        tracemalloc.stop()


def test_a_missing_file_and_a_folder_are_errors_for_people(tmp_path: Path):
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(DataError, match="cannot be read"):
            read_idx(path, 3)


@given(st.data())
def test_no_change_of_bytes_gives_anything_but_values_or_a_data_error(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject):
    content = bytearray(gzip.compress(idx_bytes(VALUES), mtime=0))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.getbasetemp() / "mutated.gz"
    path.write_bytes(content[:data.draw(st.integers(0, len(content)))])
    try:
        assert read_idx(path, 3).numel() > 0
    except DataError as error:
        assert str(path) in str(error)


def test_the_collected_broken_files_where_they_are_at_hand_are_refused_and_the_sound_ones_read():
    for root in real_data("bad"):
        for name in ("truncated_images", "short_images", "wrong_magic_images", "huge_count_images"):
            with pytest.raises(DataError):
                read_idx(root / "bad" / f"idx_{name}.gz", 3)
        assert len(read_idx(root / "bad" / "idx_ok_images.gz", 3)) == len(read_idx(root / "bad" / "idx_ok_labels.gz", 1)) == 100
