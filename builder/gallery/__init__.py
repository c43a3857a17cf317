"""The ready-made networks of the lectures and of their papers, each with where it comes from and what to look at."""

from . import first
from .entry import DECKS, ENTRIES, TASKS, Entry, network, recipe

__all__ = ["DECKS", "ENTRIES", "TASKS", "Entry", "network", "recipe"]

# Imported for what they register; the first project is the one that the app opens on.
FAMILIES = (first,)
