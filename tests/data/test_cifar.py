"""CIFAR-10's batches, read without unpickling."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.data import DataError, load
from builder.data.cifar import read_batch
from tests.data.files import cifar_batch, real_data


def test_a_batch_is_read_as_the_pickle_module_reads_it(tmp_path: Path):
    path = tmp_path / "data_batch_1"
    path.write_bytes(cifar_batch(20))
    # The oracle; the file is our own.
    entry = pickle.loads(cifar_batch(20), encoding="latin1")
    images, labels = read_batch(path)
    assert np.array_equal(images.numpy(), entry["data"].reshape(-1, 3, 32, 32)) and labels.tolist() == entry["labels"]


def test_the_six_batches_make_a_data_set(tmp_path: Path):
    folder = tmp_path / "cifar-10-batches-py"
    folder.mkdir()
    for number, name in enumerate([f"data_batch_{number}" for number in range(1, 6)] + ["test_batch"]):
        (folder / name).write_bytes(cifar_batch(20 + number, seed=number))
    tensors = load("cifar10", [tmp_path])
    assert tensors.train_x.shape == (110, 3, 32, 32) and tensors.test_x.shape == (25, 3, 32, 32) and len(tensors.mean) == 3


class Trap:
    """Pickles to a call of its choice."""

    def __init__(self, call, *arguments):
        self.made = call, arguments

    def __reduce__(self):
        return self.made


@pytest.mark.parametrize("protocol", range(6))
def test_a_pickle_that_runs_code_is_refused_and_does_not_run(tmp_path: Path, protocol: int):
    marker, path = tmp_path / "ran", tmp_path / "data_batch_1"
    path.write_bytes(pickle.dumps({"data": Trap(Path.touch, marker), "labels": [0]}, protocol))
    with pytest.raises(DataError, match="not a CIFAR-10 batch"):
        read_batch(path)
    assert not marker.exists()


def test_a_name_that_no_batch_needs_is_refused_before_anything_else_is_made_of_it(tmp_path: Path):
    path = tmp_path / "data_batch_1"
    path.write_bytes(cifar_batch(2).replace(b"cnumpy\ndtype\n", b"cos\nsystem\n"))
    with pytest.raises(DataError, match="asks to run os.system"):
        read_batch(path)


@pytest.mark.parametrize(("content", "says"), [
    (b"", "cut or damaged"),
    (cifar_batch(20)[:-500], "cut or damaged"),
    (b"\x80\x02" + b"(" * 120_000, "more than 100,000 operations"),
    (b"\x80\x02]q\x00h\x00\x86.", "no dictionary"),
    (b"\x80\x02)\x86.", "too few items"),
    (b"\x80\x02}(K\x01K\x02u.", "dictionary is damaged"),
    (pickle.dumps({"labels": [0]}, 2), "no 'data'"),
    (pickle.dumps({"data": [1, 2], "labels": [0]}, 2), "no numpy array"),
    (cifar_batch(20).replace(b"U\x02u1", b"U\x02f4"), "no array of bytes"),
    (cifar_batch(20).replace(b"M\x00\x0c\x86", b"M\x01\x0c\x86"), "rows of 3,072 bytes, and they have 3,073"),
    (cifar_batch(20).replace(b"K\x01M\x14\x00", b"K\x01M\x15\x00"), "21 images are 64,512 bytes, and it holds 61,440"),
    (cifar_batch(20).replace(b"U\x06labels](K", b"U\x06labels](K\x63K"), "not numbers from 0 to 9"),
    (cifar_batch(20).replace(b"U\x06labels](K", b"U\x06labels](K\x03K"), "20 images and 21 labels"),
])
def test_a_damaged_batch_says_what_is_wrong(tmp_path: Path, content: bytes, says: str):
    path = tmp_path / "data_batch_1"
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_batch(path)
    assert str(path) in str(caught.value) and says in str(caught.value)


@given(st.data())
def test_no_change_of_bytes_gives_anything_but_images_or_a_data_error(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject):
    content = bytearray(cifar_batch(1))
    places = [*range(250), *range(len(content) - 60, len(content))]
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.sampled_from(places))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.getbasetemp() / "mutated_batch"
    path.write_bytes(content)
    try:
        images, labels = read_batch(path)
        assert len(images) == len(labels)
    except DataError as error:
        assert "not a CIFAR-10 batch" in str(error)


def test_real_batches_where_they_are_at_hand_have_twenty_of_each_class():
    for root in real_data("cifar10"):
        _images, labels = read_batch(root / "cifar10" / "cifar-10-batches-py" / "data_batch_3")
        assert labels.bincount().tolist() == [20] * 10


def test_the_collected_trap_where_it_is_at_hand_is_refused_and_prints_nothing(capfd: pytest.CaptureFixture):
    for root in real_data("bad"):
        with pytest.raises(DataError):
            read_batch(root / "bad" / "pickle_runs_code")
    assert "PICKLE-CODE-RAN" not in "".join(capfd.readouterr())
