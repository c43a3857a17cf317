"""Starting weights: tensors by name in files of this machine, each known by its sha256, and how much of them fits a network."""

from .store import WeightsError, keep, look, place, section

__all__ = ["WeightsError", "keep", "look", "place", "section"]
