"""What an augmentation of a batch costs, against torchvision.transforms.v2 on one image after the other, as its data loaders call it.

    python benchmarks/augmentation.py

Paired in rotating order on one thread, by the processor's clock: medians of milliseconds for a batch of 128 colour images of 32×32 pixels. MixUp and CutMix are
torchvision's for a whole batch too, which draws one share for all its images; ours draw one for each.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import torch
import torchvision
from torchvision.transforms import v2

from builder.catalogue.augmentation import AUGMENTATIONS
from builder.train.augment import Augment, in_a_row

SAMPLES, CLASSES, REPEATS = 128, 10, 15
SHARED = {"RandomCrop": {"size": 32, "padding": 4}, "RandomRotation": {"degrees": 10}, "RandomResizedCrop": {"size": 32, "scale": (0.5, 1.0)},
          "RandomAffine": {"degrees": 10, "translate": (0.1, 0.1), "scale": (0.9, 1.1)}, "ColorJitter": {"brightness": 0.2, "contrast": 0.2, "saturation": 0.2},
          "GaussianBlur": {"kernel_size": 5}, "RandomPosterize": {"bits": 4}, "RandomSolarize": {"threshold": 0.5}, "RandomAdjustSharpness": {"sharpness_factor": 2.0}}


def measured(ways: list[Callable[[], object]]) -> list[float]:
    """Medians of milliseconds, each way once before it counts."""
    times: list[list[float]] = [[] for _ in ways]
    for turn in range(REPEATS + 1):
        for step in range(len(ways)):
            way = (turn + step) % len(ways)
            began = time.process_time()
            ways[way]()
            if turn:
                times[way].append(1000 * (time.process_time() - began))
    return [statistics.median(one) for one in times]


def mixed(row: Augment, images: torch.Tensor, both: torch.Tensor, labels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The images of these numbers, each mixed with the one before it, and the shares of their classes, as a run makes them."""
    made, share = row.mixed(images, row.chances(SAMPLES, 0, 1)[both], 1)
    kinds, part = torch.nn.functional.one_hot(labels[both], CLASSES).float(), share[:, None]
    return made, part * kinds[1:] + (1 - part) * kinds[:-1]


def main() -> None:
    """Print a row an augmentation."""
    torch.set_num_threads(1)
    labels = torch.arange(SAMPLES) % CLASSES
    images = torch.rand(SAMPLES, 3, 32, 32, generator=torch.Generator().manual_seed(0)).contiguous(memory_format=torch.channels_last)
    print(f"torch {torch.__version__}, torchvision {torchvision.__version__}; {SAMPLES} images 3×32×32, medians of {REPEATS}\n")
    print(f"| augmentation | batch, ms | one by one, ms | times as fast |\n|{'-|' * 4}")
    for kind, record in AUGMENTATIONS.items():
        row = in_a_row([(record, {})])
        theirs = getattr(v2, kind)(**SHARED.get(kind, {}), **({"num_classes": CLASSES} if record.mixes else {}))
        if record.mixes:
            both = torch.cat([torch.tensor([SAMPLES - 1]), torch.arange(SAMPLES)])
            ways = [lambda row=row, both=both, taken=images[both]: mixed(row, taken, both, labels), lambda theirs=theirs: theirs(images, labels)]
        else:
            ways = [lambda row=row: row.images(images, row.chances(SAMPLES, 0, 1)), lambda theirs=theirs: torch.stack([theirs(image) for image in images])]
        ours, alone = measured(ways)
        print(f"| {kind} | {ours:.2f} | {alone:.2f} | {alone / ours:.1f} |", flush=True)


if __name__ == "__main__":
    main()
