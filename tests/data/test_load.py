"""Data sets by name, against scikit-learn and torchvision as the oracles."""

from __future__ import annotations

import stat
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from torchvision import datasets

from builder.catalogue.datasets import DATASETS
from builder.data import DataError, available, grid_image, load, sample_grid, samples_per_class
from builder.data.load import statistics
from builder.data.where import FOLDERS, IDX_FILES
from tests.data.files import idx, real_data, write_mnist


def test_digits_are_scikit_learns_digits_enlarged_and_need_no_folder():
    tensors = load("digits", [])
    assert tensors.train_x.shape == (1437, 1, 28, 28) and tensors.test_x.shape == (360, 1, 28, 28)
    assert tensors.train_x.dtype == torch.uint8 and tensors.train_y.dtype == torch.int64
    digits = load_digits()
    # Enlarging keeps the mean brightness to within the rounding at the borders.
    both = torch.cat([tensors.train_x, tensors.test_x]).double() / 255
    assert abs(both.mean().item() - digits.images.mean() / 16) < 0.005
    labels = torch.cat([tensors.train_y, tensors.test_y])
    assert samples_per_class(labels, 10) == np.bincount(digits.target).tolist()


def test_digits_split_is_the_same_every_time_disjoint_and_even_over_classes():
    from builder.data.validation import held_out

    labels = torch.from_numpy(load_digits().target).long()
    train, test = held_out(labels, 360)
    again = held_out(labels, 360)
    assert torch.equal(train, again[0]) and torch.equal(test, again[1])
    assert sorted([*train.tolist(), *test.tolist()]) == list(range(1797))
    for label, count in enumerate(samples_per_class(labels, 10)):
        assert abs(samples_per_class(labels[test], 10)[label] - count * 360 / 1797) <= 1


def test_digits_split_does_not_depend_on_torchs_global_seed():
    torch.manual_seed(1)
    first = load("digits", []).test_y
    torch.manual_seed(2)
    assert torch.equal(first, load("digits", []).test_y)


@pytest.mark.parametrize("name", DATASETS)
def test_the_catalogue_says_what_the_data_set_is(name: str, tmp_path: Path):
    dataset = DATASETS[name]
    if dataset.module:
        assert dataset.dtype == "uint8" and len(dataset.shape) == 3
        assert hasattr(datasets, dataset.module.removeprefix("torchvision.datasets.")) and name in FOLDERS
    # Beside the checkout CIFAR-10 is a part of the whole, so only its shape can be compared.
    for root in real_data(name) if dataset.module else [tmp_path]:
        tensors = load(name, [root])
        assert tensors.shape == dataset.shape and tensors.classes == dataset.classes
        assert name == "cifar10" or (len(tensors.train_x), len(tensors.test_x)) == (dataset.train, dataset.test)


@pytest.mark.parametrize("layout", ["MNIST/raw", "mnist/MNIST/raw"])
@pytest.mark.parametrize("packed", [True, False])
def test_files_in_torchvisions_layout_are_found_packed_or_not_and_read_as_torchvision_reads_them(tmp_path: Path, layout: str, packed: bool):
    write_mnist(tmp_path / layout, packed)
    where = available("mnist", [tmp_path / "empty", tmp_path])
    assert where is not None and where.folder == tmp_path / layout and where.packed is packed
    tensors = load("mnist", [tmp_path / "empty", tmp_path])
    plain = tmp_path / "oracle"
    write_mnist(plain / "MNIST" / "raw", packed=False)
    oracle = datasets.MNIST(plain, train=True)
    assert torch.equal(tensors.train_x[:, 0], oracle.data) and torch.equal(tensors.train_y, oracle.targets)
    assert torch.equal(tensors.test_x[:, 0], datasets.MNIST(plain, train=False).data)


def test_a_folder_that_may_not_be_written_is_read_and_left_alone(tmp_path: Path):
    folder = tmp_path / "MNIST" / "raw"
    write_mnist(folder, packed=True)
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    folder.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        load("mnist", [tmp_path])
    finally:
        folder.chmod(stat.S_IRWXU)
    assert {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == before


def test_the_first_root_that_has_every_file_wins(tmp_path: Path):
    write_mnist(tmp_path / "first" / "MNIST" / "raw", packed=True)
    (tmp_path / "first" / "MNIST" / "raw" / (IDX_FILES[3] + ".gz")).unlink()
    write_mnist(tmp_path / "second" / "MNIST" / "raw", packed=True)
    assert available("mnist", [tmp_path / "first", tmp_path / "second"]).folder == tmp_path / "second" / "MNIST" / "raw"


def test_a_data_set_that_is_not_there_says_where_it_was_looked_for_and_what_to_do(tmp_path: Path):
    with pytest.raises(DataError, match="MNIST is not on this machine") as caught:
        load("mnist", [tmp_path])
    for part in (str(tmp_path / "MNIST" / "raw"), "12 MB", "BRICKWORK_DATA", "'digits'"):
        assert part in str(caught.value)


def test_an_unknown_name_says_which_there_are():
    with pytest.raises(DataError, match="no data set 'mnits'; there are digits, .*mnist, .*, spirals"):
        load("mnits", [])


def test_unequal_numbers_of_images_and_labels_are_named(tmp_path: Path):
    write_mnist(tmp_path / "MNIST" / "raw", packed=True)
    idx(tmp_path / "MNIST" / "raw" / (IDX_FILES[1] + ".gz"), np.zeros(29, np.uint8))
    with pytest.raises(DataError, match="has 30 images and train-labels-idx1-ubyte 29 labels"):
        load("mnist", [tmp_path])


def test_a_label_beyond_the_classes_and_images_of_another_size_are_named(tmp_path: Path):
    folder = tmp_path / "MNIST" / "raw"
    write_mnist(folder, packed=True)
    idx(folder / (IDX_FILES[3] + ".gz"), np.full(12, 10, np.uint8))
    with pytest.raises(DataError, match="a test label is 10, and there are 10 classes"):
        load("mnist", [tmp_path])
    idx(folder / (IDX_FILES[2] + ".gz"), np.zeros((12, 14, 28), np.uint8))
    idx(folder / (IDX_FILES[3] + ".gz"), np.zeros(12, np.uint8))
    with pytest.raises(DataError, match=r"test images should be \(1, 28, 28\) .* and are \(1, 14, 28\)"):
        load("mnist", [tmp_path])


def test_mean_and_spread_are_those_of_the_training_pixels():
    x = torch.randint(0, 256, (50, 3, 7, 5), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    mean, std = statistics(x)
    pixels = x.double().div(255).transpose(0, 1).flatten(1)
    assert mean == pytest.approx(pixels.mean(1).tolist(), abs=1e-12)
    assert std == pytest.approx(pixels.std(1, correction=0).tolist(), abs=1e-12)


def test_a_channel_of_one_value_is_not_divided_by_zero():
    assert statistics(torch.full((4, 1, 3, 3), 7, dtype=torch.uint8))[1] == (1.0,)
    assert statistics(torch.full((4, 2), 7.0)) == ((7.0, 7.0), (1.0, 1.0))


@pytest.mark.parametrize("shape", [(60, 5), (60, 3, 4), (60, 2, 3, 4, 2)])
def test_mean_and_spread_of_floats_are_those_of_each_feature(shape: tuple[int, ...]):
    x = torch.randn(shape, generator=torch.Generator().manual_seed(0)) * 3 + 1e4
    mean, std = statistics(x)
    features = x.double().transpose(0, 1).flatten(1)
    assert mean == pytest.approx(features.mean(1).tolist(), rel=1e-14) and std == pytest.approx(features.std(1, correction=0).tolist(), rel=1e-12)


def test_the_sample_grid_shows_the_first_samples_of_every_class_as_one_picture():
    tensors = load("digits", [])
    grid = sample_grid(tensors, 5)
    assert [len(row) for row in grid] == [5] * 10
    assert all(tensors.train_y[index] == label for label, row in enumerate(grid) for index in row)
    picture = grid_image(tensors, 5)
    assert picture.shape == (10 * 30 - 2, 5 * 30 - 2, 4) and picture.dtype == np.uint8
    assert np.array_equal(picture[30:58, 60:88, 1], tensors.train_x[grid[1][2], 0].numpy())


def test_real_mnist_where_it_is_at_hand_has_the_published_counts_and_statistics():
    for root in real_data("mnist"):
        tensors = load("mnist", [root])
        assert samples_per_class(tensors.train_y, 10) == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
        assert tensors.mean == pytest.approx([0.1307], abs=5e-5) and tensors.std == pytest.approx([0.3081], abs=5e-5)
