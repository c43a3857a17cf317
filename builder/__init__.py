"""Brickwork: draw a neural network, train it, take it away as plain PyTorch.

    import builder
    project = builder.gallery("mnist-cnn")
    builder.check(project).params          # 21840
    print(builder.source(project))         # plain PyTorch
    for event in builder.train(project):
        print(event)
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType

__all__ = ["check", "diagram", "export", "from_json", "gallery", "import_from", "import_module", "keep_weights", "load", "module", "source", "test", "to_json", "train",
           "with_settings"]

# These are packages and functions at once: `builder.train` holds the loop, `builder.train(project)` runs it.
_PACKAGES = ("export", "gallery", "train")


class _CallablePackage(ModuleType):
    def __call__(self, *args: object, **kwargs: object) -> object:
        return getattr(importlib.import_module("builder.api"), self.__name__.rpartition(".")[2])(*args, **kwargs)


class _Brickwork(ModuleType):
    def __setattr__(self, name: str, value: object) -> None:
        # The import system binds a package to its parent here, whoever imports it first.
        if name in _PACKAGES and isinstance(value, ModuleType):
            value.__class__ = _CallablePackage
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Brickwork


def __getattr__(name: str) -> object:
    # Looked up on first use, so that a page which needs only one part of Brickwork does not import the others.
    if name in _PACKAGES:
        return importlib.import_module(f"builder.{name}")
    if name in __all__:
        return getattr(importlib.import_module("builder.api"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
