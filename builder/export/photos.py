"""A set of photographs in an exported training: fetched by torchvision, brought to squares by the very function of the app."""

from __future__ import annotations

import inspect

from builder.catalogue import Dataset
from builder.data.photos import squared

# How torchvision's class of a set is asked for its training and its test part.
PARTS = {"Flowers102": (('"train"', '"val"'), ('"test"',)), "OxfordIIITPet": (('"trainval"',), ('"test"',)), "Food101": (('"train"',), ('"test"',))}
IMPORTS = ("import itertools", "import torch", "import torchvision", "from PIL import Image, ImageOps")


def text(dataset: Dataset) -> str:
    """The functions that read the set."""
    kind, side = dataset.module.rpartition(".")[2], dataset.shape[1]
    what = ANSWERS[dataset.task]
    asked = [", ".join(f"torchvision.datasets.{kind}(folder, {part}, {what['target']}download=True)" for part in parts) for parts in PARTS[kind]]
    square = inspect.getsource(squared).replace("    from PIL import Image, ImageOps\n\n", "")
    return f"{square}\n\n{READ.format(side=side, train=asked[0], test=asked[1], **{name: value.format(side=side) for name, value in what.items()})}"


# What an answer is asked for, called, made of and put together as.
ANSWERS = {
    "classification": {"target": "", "says": "labels", "of": "answer", "whole": "torch.tensor(answers)"},
    # The masks count their classes from 1.
    "segmentation": {"target": 'target_types="segmentation", ', "says": "masks uint8 (N {side} {side}) of class numbers", "of": "pixels_of(answer)",
                     "whole": "torch.stack(answers).reshape(-1, {side}, {side}) - 1"}}
READ = '''\
def read_data(folder):
    """Training images uint8 (N 3 {side} {side}) and {says}, test images and the same."""

    def pixels_of(image):
        return torch.frombuffer(bytearray(squared(image, {side})), dtype=torch.uint8)

    parts = []
    for part in (({train},), ({test},)):
        pixels, answers = [], []
        for image, answer in itertools.chain(*part):
            pixels.append(pixels_of(image))
            answers.append({of})
        parts += [torch.stack(pixels).reshape(-1, {side}, {side}, 3).permute(0, 3, 1, 2).contiguous(), {whole}]
    return tuple(parts)
'''
