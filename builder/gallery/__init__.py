"""The ready-made projects, each with the recipe of the lecture it comes from."""

from .projects import ENTRIES, Entry, chain

__all__ = ["ENTRIES", "Entry", "chain"]
