"""The augmentations of a project: the list `training.augmentation`, an entry {"kind": "RandomCrop", "padding": 4} a change, in their order.

An entry with "off": true stays in the row and does nothing. What is read here must be legal, which `check` says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from builder.catalogue import Dataset
from builder.catalogue.augmentation import AUGMENTATIONS, Augmentation

from .document import Project, thaw

SECTION = "augmentation"
PATH = f"training.{SECTION}"
OFF = "off"
MOST = 16


def row(project: Project) -> list[dict[str, object]]:
    """The entries as plain tables, those that are switched off too; none where the section is no list of tables of known kinds."""
    given = project.training.get(SECTION, ())
    known = isinstance(given, tuple) and all(isinstance(entry, Mapping) and entry.get("kind") in AUGMENTATIONS for entry in given)
    return thaw(given) if known else []


def parameters(entry: Mapping[str, object]) -> dict[str, object]:
    """What an entry gives its augmentation."""
    return {name: value for name, value in entry.items() if name not in ("kind", OFF)}


def augmentations(project: Project) -> list[tuple[Augmentation, dict[str, object]]]:
    """The augmentations that are switched on, each with what it is given, in their order."""
    return [(AUGMENTATIONS[entry["kind"]], parameters(entry)) for entry in row(project) if not entry.get(OFF)]


def said(entry: Mapping[str, object]) -> str:
    """An entry in words: "RandomCrop (padding 2)", with the parameters that are not the defaults."""
    values = AUGMENTATIONS[entry["kind"]].values(parameters(entry))
    changed = [f"{param.name} {f'{value:g}' if isinstance(value := values[param.name], float) else value}" for param in AUGMENTATIONS[entry["kind"]].params if values[param.name] != param.default]
    return entry["kind"] + (f" ({', '.join(changed)})" if changed else "") + (", switched off" if entry.get(OFF) else "")


def edit(entries: Sequence[Mapping[str, object]], label: str) -> dict[str, object]:
    """The edit that makes these the entries."""
    return {"op": "settings", "path": PATH, "value": [dict(entry) for entry in entries], "label": label}


def added(project: Project, kind: str) -> dict[str, object]:
    """The edit that puts an augmentation with its defaults behind the others."""
    return edit([*row(project), {"kind": kind}], f"Add {kind}")


def removed(project: Project, place: int) -> dict[str, object]:
    """The edit that takes one out."""
    entries = row(project)
    return edit([*entries[:place], *entries[place + 1:]], f"Remove {entries[place]['kind']}")


def moved(project: Project, place: int, by: int) -> dict[str, object]:
    """The edit that moves one by so many places, as far as there are any."""
    entries = row(project)
    entry = entries.pop(place)
    entries.insert(max(0, min(len(entries), place + by)), entry)
    return edit(entries, f"Move {entry['kind']}")


def switched(project: Project, place: int, on: bool) -> dict[str, object]:
    """The edit that switches one on or off."""
    entries = row(project)
    entries[place] = {name: value for name, value in entries[place].items() if name != OFF} | ({} if on else {OFF: True})
    return edit(entries, f"Switch {entries[place]['kind']} {'on' if on else 'off'}")


def changed(project: Project, place: int, name: str, value: object) -> dict[str, object]:
    """The edit that gives a parameter of one another value."""
    entries = row(project)
    entries[place] = {**entries[place], name: value}
    return edit(entries, f"Set {name} of {entries[place]['kind']}")


def usual(dataset: Dataset) -> list[dict[str, object]]:
    """What is usual for images like these: characters are moved and turned a little, photographs shifted and mirrored; none for rows of numbers."""
    if len(dataset.shape) != 3:
        return []
    if are_characters(dataset):
        return [{"kind": "RandomAffine"}]
    # As in He et al. 2016, arXiv:1512.03385, section 4.2, on 32 pixels.
    return [{"kind": "RandomCrop", "padding": max(1, min(dataset.shape[1:]) // 8)}, *([] if dataset.task == "regression" else [{"kind": "RandomHorizontalFlip"}])]


def are_characters(dataset: Dataset) -> bool:
    """Whether the classes are characters, which mean something else when they are mirrored."""
    return len(dataset.classes) > 1 and all(len(name) == 1 for name in dataset.classes)


def meant(value: object) -> object:
    """What is written for a list: names alone for entries with their defaults, one name, or several with commas between."""
    if isinstance(value, str):
        value = [name.strip() for name in value.split(",") if name.strip() not in ("", "None")]
    return [{"kind": entry} if isinstance(entry, str) else entry for entry in value] if isinstance(value, list | tuple) else value
