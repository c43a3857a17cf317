"""Finding a ready-made network: by words, by deck, by task, by whether the app can train it; in an order that a person chose."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher

from builder.graph import Project
from builder.graph.analysis import Analysis, analyse
from builder.graph.kinds import ENDS, kinds_of

from .entry import ENTRIES, Entry

ALIKE = 0.72  # how alike two words are that may have been meant for each other


@dataclass(frozen=True)
class Wanted:
    """What a person looks for. Every word of `search` must occur; `trains` leaves out what the app cannot train yet."""

    search: str = ""
    deck: str | None = None
    task: str | None = None
    trains: bool = False

    @property
    def words(self) -> tuple[str, ...]:
        """The words of the search, in small letters."""
        return tuple(self.search.casefold().split())

    def fits(self, entry: Entry) -> bool:
        """Is this one of them?"""
        return (self.deck in (None, *entry.decks) and self.task in (None, entry.task) and (entry.trains or not self.trains)
                and all(word in text(entry.name) for word in self.words))


LECTURES = "lectures"
# How a list can be ordered: the words on the page, and what is compared; the order of the lectures is that of the declarations.
ORDERS: Mapping[str, tuple[str, Callable[[Entry], object] | None]] = {
    LECTURES: ("Order of the lectures", None),
    "name": ("Name", lambda entry: entry.title.casefold()),
    "smallest": ("Smallest first", lambda entry: entry.parameters),
    "largest": ("Largest first", lambda entry: -entry.parameters),
}


def found(wanted: Wanted, order: str = LECTURES) -> list[Entry]:
    """The networks that fit. In the order of the lectures, those that are called as one searches come first."""
    fitting = [entry for entry in ENTRIES.values() if wanted.fits(entry)]
    return sorted(fitting, key=ORDERS[order][1] or (lambda entry: not _is_called(entry, wanted.words)))


def _is_called(entry: Entry, words: tuple[str, ...]) -> bool:
    return all(word in f"{entry.name} {entry.title}".casefold() for word in words)


@functools.cache
def text(name: str) -> str:
    """Everything about a network that a search looks at, in small letters: names, deck, paper, task, words, kinds of brick."""
    entry = ENTRIES[name]
    return " ".join((name, entry.title, entry.family, *entry.decks, entry.paper, entry.task, entry.summary, entry.data, *kinds(entry.project))).casefold()


def kinds(project: Project) -> tuple[str, ...]:
    """The kinds of brick that a project is drawn with, those inside its blocks too, in the order in which they are first seen."""
    seen: dict[str, None] = {}
    known = kinds_of(project.blocks)
    for network in project.networks.values():
        _look(analyse(network, known), seen, set())
    return tuple(kind for kind in seen if kind not in ENDS)


def _look(analysis: Analysis, seen: dict[str, None], done: set[int]) -> None:
    done.add(id(analysis))
    for placed in analysis.placed.values():
        seen.setdefault(placed.node.kind)
        for inner, _ in placed.body.runs if placed.body else ():
            if id(inner) not in done:
                _look(inner, seen, done)


def prepare() -> None:
    """Work out what every search looks at, so that the first one need not."""
    for name in ENTRIES:
        text(name)


def counts(of: Callable[[Entry], Iterable[str]]) -> dict[str, int]:
    """How many networks have each of the decks, or each of the tasks, that `of` says."""
    found: dict[str, int] = {}
    for entry in ENTRIES.values():
        for one in of(entry):
            found[one] = found.get(one, 0) + 1
    return found


def meant(search: str, most: int = 3) -> list[str]:
    """Titles that a search which finds nothing may have meant."""
    words = search.casefold().split()
    scores = {entry.title: max((_alike(word, other) for word in words for other in _names(entry)), default=0.0) for entry in ENTRIES.values()}
    return [title for title in sorted(scores, key=lambda title: -scores[title]) if scores[title] >= ALIKE][:most]


def _names(entry: Entry) -> set[str]:
    return {entry.name, *entry.name.split("-"), *entry.title.casefold().split()}


def _alike(one: str, other: str) -> float:
    return SequenceMatcher(None, one, other).ratio() if min(len(one), len(other)) > 2 else float(one == other)
