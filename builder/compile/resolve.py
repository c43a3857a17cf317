"""Dotted names of the catalogue to the torch objects they name."""

from __future__ import annotations

import importlib


def resolve(path: str) -> object:
    """The object called `path`, such as "torch.nn.Conv2d"; imports its module. Only the catalogue's own paths come here."""
    module, _, name = path.rpartition(".")
    # The package first: while another thread imports torch, asking for a part of it would break that import for good.
    importlib.import_module(module.partition(".")[0])
    return getattr(importlib.import_module(module), name)
