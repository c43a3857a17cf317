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
INPUTS = "augmented(images.index_select(0, batch), chance[batch], mean, std)"
AUGMENTED = '''\
def augmented(images, chance, mean, std):
    """Training images uint8 ({axes}) as floats, each changed by its row of random numbers."""
    images = images{first}.float().div_(255)
{calls}
    return images{last}.sub_(mean).div_(std)
'''


def draws(row: Row) -> int:
    """How many random numbers an image takes."""
    return sum(record.draws for record, _ in row)


def code(row: Row, layout: bool) -> str:
    """The functions of a row and what they need, and `augmented`; with `layout` images lie as N H W C."""
    calls, first = [], 0
    for record, given in row:
        arguments = "".join(f", {name}={value!a}" for name, value in record.arguments(given).items())
        calls.append(f"    images = {record.function}(images, chance[:, {first}:{first + record.draws}]{arguments})")
        first += record.draws
    whole = AUGMENTED.format(calls="\n".join(calls), axes="N H W C" if layout else "N C H W", first=".permute(0, 3, 1, 2)" if layout else "",
                             last=".contiguous(memory_format=torch.channels_last)" if layout else "")
    return "\n\n".join([*functions([record.function for record, _ in row]), whole])


def functions(wanted: Sequence[str]) -> list[str]:
    """The texts of the functions of these names and of all that they call, as they stand below each other in their file."""
    from builder.train import augmentations

    texts = {name: inspect.getsource(one) for name, one in vars(augmentations).items() if inspect.isfunction(one)}
    taken, left = set(), list(wanted)
    while left:
        name = left.pop()
        taken.add(name)
        left += [other for other in texts if other not in taken and re.search(rf"\b{other}\(", texts[name])]
    return [text for name, text in texts.items() if name in taken]
