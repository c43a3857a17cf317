"""Which samples train and which test where nothing says so: class by class, by a seed and each sample's own name."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence

TRAIN, TEST, VALID = "train", "test", "val"


def split(names: Sequence[str], labels: Sequence[int], share: float, seed: int) -> list[str]:
    """The part of each sample: `share` of every class tests, at least one where the class has two.

    What a sample's part is follows from the seed, its name and the names of its class, so it stays when other classes change.
    """
    parts = [TRAIN] * len(names)
    classes: dict[int, list[int]] = defaultdict(list)
    for index, label in enumerate(labels):
        classes[label].append(index)
    for members in classes.values():
        for index in sorted(members, key=lambda index: (_draw(names[index], seed), index))[:tested(len(members), share)]:
            parts[index] = TEST
    return parts


def tested(count: int, share: float) -> int:
    """How many of `count` samples of a class test."""
    return min(max(1, round(share * count)), count - 1) if share > 0 else 0


def _draw(name: str, seed: int) -> bytes:
    """A sample's place in the shuffled row of its class: a hash, so that it is the same everywhere and in every version."""
    return hashlib.sha256(f"{seed}\n{name}".encode("utf-8", "surrogatepass")).digest()
