"""The ready-made networks of the lectures and of their papers, each with where it comes from and what to look at."""

from importlib import import_module

from .entry import DECKS, ENTRIES, TASKS, Entry, network, recipe

__all__ = ["DECKS", "ENTRIES", "TASKS", "Entry", "network", "recipe"]

# Imported for what they register, in the order of the page; the first project is the one that the app opens on.
FAMILIES = tuple(import_module(f".{family}", __name__) for family in (
    "first", "neurons", "classics", "residual", "segmentation", "detection", "pairs", "geometry", "transformers", "generative", "translation", "masks"))
