"""The validation part: samples of the training part that no weight learns from, by which epochs and runs are chosen between.

Which samples these are follows from their classes and a seed of its own, so that every run of one data set and share has the same ones, whatever its
own seed. An exported training holds the text of `held_out`.
"""

from __future__ import annotations

from dataclasses import replace

from builder.catalogue.datasets import validation_samples

from .records import DataError, Tensors


def with_validation(tensors: Tensors, share: float) -> Tensors:
    """The data set with `share` of its training part as validation part; unchanged for 0, and where it came with one. `mean` and `std` are left for the caller to take anew.

    Raises DataError where that leaves nothing to train on.
    """
    count = validation_samples(len(tensors.train_x), share)
    if not count or tensors.valid_x is not None:
        return tensors
    if count >= len(tensors.train_x):
        raise DataError(f"A validation share of {share:g} of {len(tensors.train_x):,} training samples leaves none to train on: choose a smaller share.")
    from .rows import chosen

    train, valid = held_out(tensors.train_y, count)
    return replace(tensors, train_x=chosen(tensors.train_x, train), train_y=chosen(tensors.train_y, train), valid_x=chosen(tensors.train_x, valid), valid_y=chosen(tensors.train_y, valid))


def held_out(labels, count):
    """Numbers of the samples of the training and of the validation part, which has `count`, both ascending.

    Every class gives the same share to within one sample; answers that are no classes are not told apart.
    """
    import torch

    shuffled = torch.randperm(len(labels), generator=torch.Generator().manual_seed(0))
    classes = labels[shuffled] if labels.ndim == 1 else torch.zeros(len(labels), dtype=torch.int64)
    # Each sample's rank within its class, as a share of the class: those of lowest share are held out.
    share = torch.empty(len(labels), dtype=torch.float64)
    for label in classes.unique():
        members = shuffled[classes == label]
        share[members] = (torch.arange(len(members), dtype=torch.float64) + 0.5) / len(members)
    order = share.argsort(stable=True)
    return order[count:].sort().values, order[:count].sort().values
