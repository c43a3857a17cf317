"""The augmentations of a training as text: the very functions that the app trains with, and one that calls them in their order."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping, Sequence

from builder.catalogue.augmentation import Augmentation

Row = Sequence[tuple[Augmentation, Mapping[str, object]]]

# Further on than the seed of any order of samples.
DRAW = """\
        # What happens to a sample in an epoch follows from the seed, the epoch and its number alone.
        chance = torch.rand(len(labels), {draws}, generator=torch.Generator().manual_seed(seed * 1_000_000 + 500_000 + epoch)).to(device)
"""
AUGMENTED = '''\
def augmented(images, {masks}chance, mean, std):
    """Training images uint8 ({axes}) as floats, each changed by its row of random numbers{along}."""
    images = images{first}.float().div_(255)
{moved}\
{calls}
    return images{last}.sub_(mean).div_(std){also}
'''
MOVED = "    moved = masks[:, None].float()\n"


def inputs(masks: bool) -> str:
    """The inputs and targets of a batch; with `masks` these move along."""
    return (f"augmented(images.index_select(0, batch), {'labels.index_select(0, batch), ' if masks else ''}chance[batch], mean, std)"
            + ("" if masks else ", labels[batch]"))


def draws(row: Row) -> int:
    """How many random numbers an image takes."""
    return sum(record.taken(given) for record, given in row)


def code(row: Row, layout: bool, masks: bool = False) -> str:
    """The functions of a row and what they need, and `augmented`; with `layout` images lie as N H W C, with `masks` these move along."""
    calls, first, moves = [], 0, any(record.masks is not None for record, _ in row)
    for record, given in row:
        end = first + record.taken(given)
        own, arguments = f"chance[:, {first}:{end}]", record.arguments(given)
        calls.append(_call(record.function, "images", own, arguments))
        if masks and record.masks is not None:
            calls.append(_call(record.function, "moved", own, {**arguments, **record.masks}))
        first = end
    whole = AUGMENTED.format(
        calls="\n".join(calls), axes="N H W C" if layout else "N C H W", first=".permute(0, 3, 1, 2)" if layout else "",
        last=".contiguous(memory_format=torch.channels_last)" if layout else "", masks="masks, " if masks else "",
        along=", and the masks moved along" if masks else "", moved=MOVED if masks and moves else "",
        also=f", {'moved[:, 0].to(torch.uint8)' if moves else 'masks'}" if masks else "")
    return "\n\n".join([*functions([record.function for record, _ in row]), whole])


def _call(function: str, what: str, chance: str, arguments: Mapping[str, object]) -> str:
    return f"    {what} = {function}({what}, {chance}{''.join(f', {name}={value!a}' for name, value in arguments.items())})"


def functions(wanted: Sequence[str]) -> list[str]:
    """The texts of the functions of these names and of all that they call, as they stand below each other in their files."""
    from builder.train.augment import FUNCTIONS

    texts = {name: inspect.getsource(one) for name, one in FUNCTIONS.items()}
    taken, left = set(), list(wanted)
    while left:
        name = left.pop()
        taken.add(name)
        left += [other for other in texts if other not in taken and re.search(rf"\b{other}\(", texts[name])]
    return [text for name, text in texts.items() if name in taken]
