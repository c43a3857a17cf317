"""Drawings to PyTorch: trace, source, module. torch is imported only when a text is written or run."""

from .trace import BuildError, Step, Trace, trace

__all__ = ["BuildError", "Step", "Trace", "trace"]
