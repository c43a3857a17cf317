"""What is wrong or surely not meant in a row of augmentations, by itself and for the data set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from builder.catalogue import Dataset, losses_of, usual_loss
from builder.catalogue.augmentation import AUGMENTATIONS, Augmentation

from ..augmentation import MOST, OFF, PATH, SECTION, are_characters, edit, parameters, row
from ..document import Project, thaw
from ..problems import Problem, batch
from .answer import kind_of

# What turns characters into others, or into none.
MIRRORS = ("RandomHorizontalFlip", "RandomVerticalFlip")
WIDE_TURNS = {"TrivialAugmentWide": 135.0}


def legal(project: Project) -> Iterator[Problem]:
    """Everything that keeps the row from being used on any images."""
    given = project.training.get(SECTION, ())
    if not isinstance(given, tuple):
        yield _error("", f"{SECTION} must be a list, such as [{{\"kind\": \"RandomCrop\"}}]; received {given!r:.60}", [], "Remove it")
        return
    if len(given) > MOST:
        yield _error("", f"there are {len(given):,} augmentations in a row; {MOST} are allowed", given[:MOST], f"Keep the first {MOST}")
        return
    for place, entry in enumerate(given):
        kind = entry.get("kind") if isinstance(entry, Mapping) else entry
        if not isinstance(entry, Mapping) or kind not in AUGMENTATIONS:
            yield _error(f".{place}", f"there is no augmentation called {kind!r:.60}; there are {', '.join(AUGMENTATIONS)}", _without(given, place), "Remove it")
            continue
        if not isinstance(entry.get(OFF, False), bool):
            yield _error(f".{place}.{OFF}", f"{OFF} of {kind} must be true or false, received {entry[OFF]!r:.40}", _put(given, place, {**entry, OFF: True}), f"Switch {kind} off")
        for problem in AUGMENTATIONS[kind].check(parameters(entry)):
            yield _error(f".{place}.{problem.field}", str(problem) if str(problem).startswith(kind) else f"{kind}: {problem}", _put(given, place, {"kind": kind}), f"Use {kind} with its defaults")


def fitting(project: Project, dataset: Dataset | None) -> Iterator[Problem]:
    """What does not fit the samples, or surely does not mean what they are; of a row that is legal."""
    if dataset is None or any(True for _ in legal(project)):
        return
    given = row(project)
    used = [(place, AUGMENTATIONS[entry["kind"]], parameters(entry)) for place, entry in enumerate(given) if not entry.get(OFF)]
    if used and len(dataset.shape) != 3:
        yield _error("", f"augmentations change images, and the samples of {dataset.title} are rows of numbers", [], "Remove them", "augmentation")
        return
    yield from _mixing(project, dataset, [(place, record.kind) for place, record, _ in used if record.mixes], given)
    characters = are_characters(dataset)
    for place, record, values in used:
        if said := _too_large(record, record.values(values), dataset):
            yield _error(f".{place}", said, _put(given, place, {"kind": record.kind}) if not _too_large(record, record.values({}), dataset) else _without(given, place),
                         f"Use {record.kind} with its defaults" if not _too_large(record, record.values({}), dataset) else f"Remove {record.kind}", "augmentation")
        elif record.colour and dataset.shape[0] != 3:
            yield _odd(place, given, f"{record.kind} does nothing to images of {dataset.shape[0]} channel{'s' if dataset.shape[0] > 1 else ''}", "it takes colours out, and there are none")
        elif characters and (record.kind in MIRRORS or (turn := WIDE_TURNS.get(record.kind, record.values(values).get("degrees", 0.0))) > 90):
            what = "mirrored" if record.kind in MIRRORS else f"turned by up to {turn:g}°"
            yield _odd(place, given, f"{record.kind} on {dataset.title}: a character that is {what} is another one, or none", f"the label stays: a {dataset.classes[2]} is still called {dataset.classes[2]}"
                       if len(dataset.classes) > 2 else "the label stays")
        elif record.masks is not None and project.task.get("kind") == "regression":
            yield _odd(place, given, f"{record.kind} moves what is in the image, and the numbers to find stay as they are", "a box or a place in the image would be wrong afterwards")


def _mixing(project: Project, dataset: Dataset, mixing: Sequence[tuple[int, str]], given: Sequence[object]) -> Iterator[Problem]:
    """What keeps images from being mixed with others: their classes are to be told in shares."""
    losses, loss = losses_of(dataset.task), kind_of(project.training.get("loss", {}), usual_loss(dataset.task))
    for turn, (place, kind) in enumerate(mixing):
        if dataset.task != "classification":
            yield _error(f".{place}", f"{kind} mixes the classes of two samples in shares, and what is told of {dataset.title} is no class of a sample", _without(given, place),
                         f"Remove {kind}", "augmentation")
        elif turn:
            yield _error(f".{place}", f"{kind} and {mixing[0][1]} both mix an image with the one before it: one of them is allowed in a row", _without(given, place), f"Remove {kind}",
                         "augmentation")
        elif loss in losses and not losses[loss].soft:
            takes = [name for name, one in losses.items() if one.soft]
            use = batch(f"Use {takes[0]}", {"op": "settings", "path": "training.loss", "value": {"kind": takes[0]}}, sure=True)
            remove = batch(f"Remove {kind}", _fix(_without(given, place), f"Remove {kind}"))
            yield Problem(None, f"{PATH}.{place}", "error", f"{loss} asks for one class a sample, and {kind} gives shares of two",
                          f"a mixed image is so much of one class and the rest of another; {', '.join(takes)} take that", (use, remove), "augmentation")


def _too_large(record: Augmentation, values: Mapping[str, object], dataset: Dataset) -> str:
    """Why the numbers are too large for the images; empty when they are not."""
    side = min(dataset.shape[1:])
    if record.kind == "RandomCrop" and values["padding"] >= side:
        return f"RandomCrop by up to {values['padding']} pixels can move an image of {'×'.join(map(str, dataset.shape[1:]))} pixels out of sight: padding must be below {side}"
    if record.kind == "GaussianBlur" and values["kernel_size"] // 2 >= side:
        return f"the window of GaussianBlur reaches {values['kernel_size'] // 2} pixels to either side, and an image has {side}: kernel_size must be below {2 * side}"
    return ""


def _put(entries: Sequence[object], place: int, entry: Mapping[str, object]) -> list[object]:
    return [*entries[:place], dict(entry), *entries[place + 1:]]


def _without(entries: Sequence[object], place: int) -> list[object]:
    return [*entries[:place], *entries[place + 1:]]


def _fix(entries: Sequence[object], label: str) -> dict[str, object]:
    return {**edit((), label), "value": thaw(tuple(entries))}


def _error(where: str, says: str, better: Sequence[object], label: str, code: str = "settings") -> Problem:
    return Problem(None, f"{PATH}{where}", "error", says, "", (batch(label, _fix(better, label), sure=True),), code)


def _odd(place: int, given: Sequence[Mapping[str, object]], says: str, because: str) -> Problem:
    label = f"Remove {given[place]['kind']}"
    return Problem(None, f"{PATH}.{place}", "warning", says, because, (batch(label, _fix(_without(given, place), label), sure=True),), "augmentation")
