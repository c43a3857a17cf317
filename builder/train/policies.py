"""Augmentations that draw one of fourteen operations for each image, or two: RandAugment, TrivialAugmentWide, AutoAugment.

The operations are numbered: 0 Identity, 1 ShearX, 2 ShearY, 3 TranslateX, 4 TranslateY, 5 Rotate, 6 Brightness, 7 Color, 8 Contrast, 9 Sharpness,
10 Posterize, 11 Solarize, 12 AutoContrast, 13 Equalize, 14 Invert. What is said in builder.train.augmentations of its functions holds for these.
"""

from __future__ import annotations

import torch

from .augmentations import equalized, grey, mean_grey, mixed, places, posterized, sampled, sharpened, stretched


def rand_augment(images, chance, num_ops, magnitude, num_magnitude_bins, interpolation, fill, colours=True):
    """Every image under num_ops operations drawn for it, one after the other, all of one strength."""
    table = strengths(num_magnitude_bins, False, images)
    for draw in range(0, 2 * num_ops, 2):
        which = (14 * chance[:, draw]).long()
        images = altered(images, which, signed(which, table[which, magnitude], chance[:, draw + 1]), interpolation, fill, colours)
    return images


def trivial_augment_wide(images, chance, num_magnitude_bins, interpolation, fill, colours=True):
    """Every image under one operation drawn for it, of a strength drawn for it."""
    which = (14 * chance[:, 0]).long()
    amount = strengths(num_magnitude_bins, True, images)[which, (num_magnitude_bins * chance[:, 1]).long()]
    return altered(images, which, signed(which, amount, chance[:, 2]), interpolation, fill, colours)


def auto_augment(images, chance, policy, interpolation, fill, colours=True):
    """Every image under the pair of operations that was drawn for it from 25 of a policy, each with its own probability and strength."""
    pairs, table = policies(policy).to(images.device), strengths(10, False, images)
    drawn = pairs[(25 * chance[:, 0]).long()]  # N 2 3
    for place in range(2):
        number, share, strength = drawn[:, place].unbind(1)
        which = torch.where(chance[:, 1 + 2 * place] < share, number, 0).long()
        amount = signed(which, table[which, strength.long()], chance[:, 2 + 2 * place])
        images = altered(images, which, amount, interpolation, fill, colours)
    return images


def strengths(bins, wide, images):
    """How strong each operation is in so many steps (15 bins): shears as slopes, shifts in pixels, turns in degrees, posterize in bits."""
    height, width = images.shape[2:]
    ends = (0.99, 0.99, 32, 32, 135, 0.99) if wide else (0.3, 0.3, 150 / 331 * width, 150 / 331 * height, 30, 0.9)
    table = torch.zeros(15, bins)
    for number, end in enumerate((*ends, *ends[-1:] * 3), 1):
        table[number] = torch.linspace(0, end, bins)
    table[3:5] = table[3:5].trunc()
    table[10] = (8 - torch.arange(bins) / ((bins - 1) / (6 if wide else 4))).round()
    table[11] = torch.linspace(1, 0, bins)
    return table.to(images.device)


def signed(which, amount, chance):
    """The amounts, half of them negative where the operation has two directions."""
    return torch.where((which >= 1) & (which <= 9) & (chance < 0.5), -amount, amount)


def altered(images, which, amount, interpolation, fill, colours):
    """Each image under the operation of its number in `which` (N), as strongly as `amount` (N) says; without `colours` only those that move pixels are made."""
    changed = images.clone()
    made = {(1, 5): lambda one: moved(images[one], which[one], amount[one], interpolation, fill)}
    if colours:
        made |= {(6, 6): lambda one: mixed(images[one], torch.zeros_like(images[one]), 1 + amount[one]),
                 (7, 7): lambda one: mixed(images[one], grey(images[one]), 1 + amount[one]) if images.shape[1] == 3 else images[one],
                 (8, 8): lambda one: mixed(images[one], mean_grey(images[one]), 1 + amount[one]),
                 (9, 9): lambda one: sharpened(images[one], 1 + amount[one]),
                 (10, 10): lambda one: posterized(images[one], (1 << amount[one].long())[:, None, None, None]),
                 (11, 11): lambda one: torch.where(images[one] >= amount[one][:, None, None, None], 1 - images[one], images[one]),
                 (12, 12): lambda one: stretched(images[one], one >= 0),
                 (13, 13): lambda one: equalized(images[one]),
                 (14, 14): lambda one: 1 - images[one]}
    for (first, last), change in made.items():
        one = ((which >= first) & (which <= last)).nonzero()[:, 0]
        if len(one):
            changed[one] = change(one)
    return changed


def moved(images, which, amount, interpolation, fill):
    """Images slanted from their corner, shifted by whole pixels or turned around their middle, by the operations 1 to 5."""
    x, y = places(images)
    height, width = images.shape[2:]
    across, down, left, up, turn = (torch.where(which == number, amount, 0.0)[:, None, None] for number in range(1, 6))
    cos, sin = turn.deg2rad().cos(), turn.deg2rad().sin()
    at_x = cos * x - sin * y + across * (y + height / 2) - left
    at_y = sin * x + cos * y + down * (x + width / 2) - up
    return sampled(images, at_x + (width - 1) / 2, at_y + (height - 1) / 2, fill, interpolation)


def policies(policy):
    """The 25 pairs of operations of a policy, each with its probability and its strength of ten (25 2 3): Cubuk et al. 2019, tables 7 to 9."""
    names = ("Identity", "ShearX", "ShearY", "TranslateX", "TranslateY", "Rotate", "Brightness", "Color", "Contrast", "Sharpness", "Posterize", "Solarize",
             "AutoContrast", "Equalize", "Invert")
    listed = {
        "imagenet": """
            Posterize 0.4 8 Rotate 0.6 9, Solarize 0.6 5 AutoContrast 0.6 0, Equalize 0.8 0 Equalize 0.6 0, Posterize 0.6 7 Posterize 0.6 6,
            Equalize 0.4 0 Solarize 0.2 4, Equalize 0.4 0 Rotate 0.8 8, Solarize 0.6 3 Equalize 0.6 0, Posterize 0.8 5 Equalize 1.0 0,
            Rotate 0.2 3 Solarize 0.6 8, Equalize 0.6 0 Posterize 0.4 6, Rotate 0.8 8 Color 0.4 0, Rotate 0.4 9 Equalize 0.6 0,
            Equalize 0.0 0 Equalize 0.8 0, Invert 0.6 0 Equalize 1.0 0, Color 0.6 4 Contrast 1.0 8, Rotate 0.8 8 Color 1.0 2,
            Color 0.8 8 Solarize 0.8 7, Sharpness 0.4 7 Invert 0.6 0, ShearX 0.6 5 Equalize 1.0 0, Color 0.4 0 Equalize 0.6 0,
            Equalize 0.4 0 Solarize 0.2 4, Solarize 0.6 5 AutoContrast 0.6 0, Invert 0.6 0 Equalize 1.0 0, Color 0.6 4 Contrast 1.0 8,
            Equalize 0.8 0 Equalize 0.6 0""",
        "cifar10": """
            Invert 0.1 0 Contrast 0.2 6, Rotate 0.7 2 TranslateX 0.3 9, Sharpness 0.8 1 Sharpness 0.9 3, ShearY 0.5 8 TranslateY 0.7 9,
            AutoContrast 0.5 0 Equalize 0.9 0, ShearY 0.2 7 Posterize 0.3 7, Color 0.4 3 Brightness 0.6 7, Sharpness 0.3 9 Brightness 0.7 9,
            Equalize 0.6 0 Equalize 0.5 0, Contrast 0.6 7 Sharpness 0.6 5, Color 0.7 7 TranslateX 0.5 8, Equalize 0.3 0 AutoContrast 0.4 0,
            TranslateY 0.4 3 Sharpness 0.2 6, Brightness 0.9 6 Color 0.2 8, Solarize 0.5 2 Invert 0.0 0, Equalize 0.2 0 AutoContrast 0.6 0,
            Equalize 0.2 0 Equalize 0.6 0, Color 0.9 9 Equalize 0.6 0, AutoContrast 0.8 0 Solarize 0.2 8, Brightness 0.1 3 Color 0.7 0,
            Solarize 0.4 5 AutoContrast 0.9 0, TranslateY 0.9 9 TranslateY 0.7 9, AutoContrast 0.9 0 Solarize 0.8 3, Equalize 0.8 0 Invert 0.1 0,
            TranslateY 0.7 9 AutoContrast 0.9 0""",
        "svhn": """
            ShearX 0.9 4 Invert 0.2 0, ShearY 0.9 8 Invert 0.7 0, Equalize 0.6 0 Solarize 0.6 6, Invert 0.9 0 Equalize 0.6 0,
            Equalize 0.6 0 Rotate 0.9 3, ShearX 0.9 4 AutoContrast 0.8 0, ShearY 0.9 8 Invert 0.4 0, ShearY 0.9 5 Solarize 0.2 6,
            Invert 0.9 0 AutoContrast 0.8 0, Equalize 0.6 0 Rotate 0.9 3, ShearX 0.9 4 Solarize 0.3 3, ShearY 0.8 8 Invert 0.7 0,
            Equalize 0.9 0 TranslateY 0.6 6, Invert 0.9 0 Equalize 0.6 0, Contrast 0.3 3 Rotate 0.8 4, Invert 0.8 0 TranslateY 0.0 2,
            ShearY 0.7 6 Solarize 0.4 8, Invert 0.6 0 Rotate 0.8 4, ShearY 0.3 7 TranslateX 0.9 3, ShearX 0.1 6 Invert 0.6 0,
            Solarize 0.7 2 TranslateY 0.6 7, ShearY 0.8 4 Invert 0.8 0, ShearX 0.7 9 TranslateY 0.8 3, ShearY 0.8 5 AutoContrast 0.7 0,
            ShearX 0.7 2 Invert 0.1 0"""}
    pairs = [pair.split() for pair in listed[policy].split(",")]
    return torch.tensor([[[float(names.index(pair[at])), float(pair[at + 1]), float(pair[at + 2])] for at in (0, 3)] for pair in pairs])
