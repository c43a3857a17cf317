"""Finding ready-made networks."""

from __future__ import annotations

import pytest

from builder.gallery import ENTRIES
from builder.gallery.find import ORDERS, Wanted, counts, found, kinds, meant, prepare, text


def names(**wanted: object) -> list[str]:
    return [entry.name for entry in found(Wanted(**wanted))]


@pytest.mark.parametrize("name", list(ENTRIES))
def test_a_network_is_found_by_its_name_title_decks_task_and_paper(name):
    entry = ENTRIES[name]
    for words in (name, entry.title.upper(), " ".join(reversed(entry.title.split())), f"{entry.decks[0]} {name}", entry.paper, f"{entry.task} {name}"):
        assert name in names(search=words), words
    assert names(search=entry.title)[0] in [one.name for one in ENTRIES.values() if all(word in f"{one.name} {one.title}".casefold() for word in entry.title.casefold().split())]


def test_a_network_is_found_by_a_brick_inside_its_blocks():
    assert "SqueezeExcite" in kinds(ENTRIES["se-resnet50"].project) and "se-resnet50" in names(search="squeezeexcite")
    assert "AdaptiveAvgPool2d" in kinds(ENTRIES["resnet18"].project) and "Input" not in kinds(ENTRIES["resnet18"].project)


def test_filters_narrow_and_all_words_must_occur():
    assert names() == list(ENTRIES) and names(deck="ECNU", task="segmentation") == [n for n in names(deck="ECNU") if ENTRIES[n].task == "segmentation"]
    assert set(names(search="resnet cifar")) < set(names(search="cifar")) and names(search="resnet nothing-like-it") == []
    assert all(ENTRIES[name].recipes for name in names(trains=True)) and names(deck="Nonsense") == [] == names(task="Nonsense")


def test_the_orders_are_by_size_and_by_name_and_leave_nothing_out():
    sizes = [entry.parameters for entry in found(Wanted(), "smallest")]
    assert sizes == sorted(sizes) and len(sizes) == len(ENTRIES)
    assert [entry.parameters for entry in found(Wanted(), "largest")] == sizes[::-1]
    titles = [entry.title.casefold() for entry in found(Wanted(), "name")]
    assert titles == sorted(titles) and set(ORDERS) == {"lectures", "name", "smallest", "largest"}


def test_counts_add_up():
    assert sum(counts(lambda entry: (entry.task,)).values()) == len(ENTRIES)
    assert counts(lambda entry: entry.decks)["ECNU"] == len(names(deck="ECNU"))


@pytest.mark.parametrize(("typed", "title"), [("lenat", "LeNet on CIFAR-10"), ("u-nte", "U-Net"), ("resnet-15", "ResNet-152"), ("Alexnt", "AlexNet")])
def test_a_slip_finds_what_was_meant(typed, title):
    assert title in meant(typed)


@pytest.mark.parametrize("search", ["", "zzzzzz", "\x00", "(((", "*" * 100, "é" * 50])
def test_nonsense_means_nothing(search):
    assert len(meant(search)) <= 3 and "LeNet on CIFAR-10" not in meant(search)


def test_what_a_search_looks_at_is_worked_out_once():
    prepare()
    before = text.cache_info().misses
    names(search="conv2d")
    assert text.cache_info().misses == before >= len(ENTRIES)
