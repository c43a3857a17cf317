"""How near answers are, as numbers: sums over each batch, and what they say in all. An exported training holds the text of these functions."""

from __future__ import annotations

import torch


def counts_of_pixels(outputs, targets, classes):
    """How many pixels of each class (rows) were given each class (columns); those of no class (255) are not counted."""
    given = (outputs[:, 0] > 0).long() if classes == 2 and outputs.shape[1] == 1 else outputs.argmax(1)
    # Pixels of no class are counted at a place of their own, which is cut off: picking out the others would wait for the device.
    pairs = torch.where(targets != 255, targets.long() * classes + given, classes**2)
    return pairs.flatten().bincount(minlength=classes**2 + 1)[:classes**2].reshape(classes, classes)


def overlaps(counts):
    """The mean over the classes of intersection over union (IoU, Jaccard), and of Dice's coefficient; a class that is neither there nor named is left out; nothing where none is."""
    counts = counts.double()
    both, union = counts.diagonal(), counts.sum(0) + counts.sum(1) - counts.diagonal()
    there = union > 0
    return {"mean_iou": (both / union)[there].mean().item(), "dice": (2 * both / (union + both))[there].mean().item()} if there.any() else {}


def sums_of_errors(outputs, targets):
    """For each target the sums of squared and absolute errors, of the true numbers and of their squares (4 K)."""
    # Differences of large sums: float32 would lose the digits that R² is made of. Apple's GPU has nothing longer.
    precise = torch.float32 if targets.device.type == "mps" else torch.float64
    error, true = outputs.to(precise) - targets.to(precise), targets.to(precise)
    return torch.stack([error.square().sum(0), error.abs().sum(0), true.sum(0), true.square().sum(0)])


def errors(sums, samples):
    """Mean squared and mean absolute error over all targets; R², 1 - squared errors / squared deviations from the mean, as the mean over the targets whose numbers differ."""
    squared, absolute, total, squares = sums
    spread = squares - total.square() / samples
    found = {"mse": squared.mean().item() / samples, "mae": absolute.mean().item() / samples}
    # What rounding leaves of the spread of equal numbers is none.
    differs = spread > 1e-12 * squares
    return {**found, "r2": (1 - squared[differs] / spread[differs]).mean().item()} if differs.any() else found
