"""The augmentations of a training as text: the very functions that the app trains with, and one that calls them in their order."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping, Sequence

from builder.catalogue.augmentation import Augmentation, boxed

Row = Sequence[tuple[Augmentation, Mapping[str, object]]]

# Further on than the seed of any order of samples.
DRAW = """\
        # What happens to a sample in an epoch follows from the seed, the epoch and its number alone.
        chance = torch.rand(len(labels), {draws}, generator=torch.Generator().manual_seed(seed * 1_000_000 + 500_000 + epoch)).to(device)
"""
# The order of the samples is that of the batches, one of which may hold a sample more.
BEFORE = """\
        # Each image is mixed with the one before it in the epoch's order.
        order = torch.cat(batches)
        before = torch.empty_like(order).index_copy_(0, order, order.roll(1))
"""
PAIR = "            pair = torch.cat([before[batch[:1]], batch])\n"
KINDS = """\
    kinds, share = nn.functional.one_hot(labels, {classes}).float(), share[:, None]
"""
AUGMENTED = '''\
def augmented(images, {masks}chance, mean, std):
    """Training images uint8 ({axes}) as floats, each changed by its row of random numbers{along}."""
    images = images{first}.float().div_(255)
{moved}\
{calls}
{kinds}\
    return images{last}.sub_(mean).div_(std){also}
'''
# What moves along with the images, and what is left of it in the end.
MOVED = {"masks": "    moved = masks[:, None].float()\n", "boxes": "    moved = coordinates(images)\n"}
ALSO = {"masks": "moved[:, 0].to(torch.uint8)", "boxes": "surrounded(boxes, moved)"}


def inputs(row: Row, moving: str) -> str:
    """The inputs and targets of a batch; `moving` is what moves along, "masks", "boxes" or nothing."""
    if mixes(row):
        return "augmented(images.index_select(0, pair), labels.index_select(0, pair), chance[pair], mean, std)"
    return (f"augmented(images.index_select(0, batch), {'labels.index_select(0, batch), ' if moving else ''}chance[batch], mean, std)"
            + ("" if moving else ", labels[batch]"))


def mixes(row: Row) -> bool:
    """Whether a row mixes each image with another one."""
    return any(record.mixes for record, _ in row)


def draws(row: Row) -> int:
    """How many random numbers an image takes."""
    return sum(record.taken(given) for record, given in row)


def code(row: Row, layout: bool, moving: str = "", classes: int = 0) -> str:
    """The functions of a row and what they need, and `augmented`; with `layout` images lie as N H W C; `moving` is what moves along, "masks", "boxes" or nothing; mixed images have
    shares of `classes`."""
    calls, first, moves = [], 0, any(record.masks is not None for record, _ in row)
    for record, given in row:
        end = first + record.taken(given)
        own, arguments = f"chance[:, {first}:{end}]", record.arguments(given)
        if record.mixes:
            calls += ["    chance = chance[1:]", _call(record.function, "images[1:], images[:-1]", own, arguments, "images, share")]
        else:
            calls.append(_call(record.function, "images", own, arguments))
        if moving and record.masks is not None:
            arguments = {**arguments, **record.masks}
            calls.append(_call(record.function, "moved", own, boxed(arguments) if moving == "boxes" else arguments))
        first = end
    mixed = mixes(row)
    whole = AUGMENTED.format(
        calls="\n".join(calls), kinds=KINDS.format(classes=classes) if mixed else "", axes="N H W C" if layout else "N C H W", first=".permute(0, 3, 1, 2)" if layout else "",
        last=".contiguous(memory_format=torch.channels_last)" if layout else "", masks="labels, " if mixed else f"{moving}, " if moving else "",
        along=", and mixed with the one in front of it; also the shares of the classes" if mixed else f", and the {moving} moved along" if moving else "",
        moved=MOVED[moving] if moving and moves else "",
        also=", share * kinds[1:] + (1 - share) * kinds[:-1]" if mixed else f", {ALSO[moving] if moves else moving}" if moving else "")
    needed = ("coordinates", "surrounded") if moving == "boxes" and moves else ()
    return "\n\n".join([*functions([*(record.function for record, _ in row), *needed]), whole])


def _call(function: str, what: str, chance: str, arguments: Mapping[str, object], given: str = "") -> str:
    return f"    {given or what} = {function}({what}, {chance}{''.join(f', {name}={value!a}' for name, value in arguments.items())})"


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
