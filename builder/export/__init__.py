"""A project taken away: training script, notebook, ONNX, weights. What cannot be right is refused with a reason; torch is imported when one is made."""

from .kinds import KINDS, Exported, ExportError, Kind

__all__ = ["KINDS", "ExportError", "Exported", "Kind"]
