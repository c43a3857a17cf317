"""The command line: everything the app does, without a browser. Commands import what they need when they run."""

from .main import main

__all__ = ["main"]
