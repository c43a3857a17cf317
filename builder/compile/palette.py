"""The colours of a diagram: those of the categories on the canvas, and tints of them. A test holds them against the canvas's style sheet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

LIGHT = {"Other": "#6b7280", "Input and output": "#475569", "Convolution": "#2563eb", "Pooling": "#0f8b8d", "Linear": "#7c3aed",
         "Activation": "#d97706", "Regularisation": "#db2777", "Normalisation": "#2e8b57", "Shape": "#8a6d1b", "Merge": "#c2410c",
         "Attention": "#be123c", "Sequence": "#0369a1", "Resampling": "#4d7c0f", "Arithmetic": "#92400e", "Reduction": "#155e75",
         "Fourier": "#3730a3", "Values": "#57534e"}
DARK = {"Other": "#9ca3af", "Input and output": "#94a3b8", "Convolution": "#5b93f7", "Pooling": "#35b3b0", "Linear": "#a07cf5",
        "Activation": "#eda03a", "Regularisation": "#ee6ba7", "Normalisation": "#5bbf85", "Shape": "#cfae4a", "Merge": "#f0845a",
        "Attention": "#fb7185", "Sequence": "#38bdf8", "Resampling": "#a3d14a", "Arithmetic": "#d6a06a", "Reduction": "#67c4d6",
        "Fourier": "#9098f9", "Values": "#b8b0a6"}


@dataclass(frozen=True)
class Theme:
    """What a picture is painted with: #rrggbb colours, and how strongly a category tints its bricks (0 to 1)."""

    categories: Mapping[str, str]
    page: str
    ink: str
    muted: str
    line: str
    group: str
    error: str
    tint: float

    def category(self, name: str) -> str:
        """The colour of a category, that of "Other" for one without a colour."""
        return self.categories.get(name, self.categories["Other"])

    def fill(self, name: str) -> str:
        """The tint of a category's bricks."""
        return mixed(self.category(name), self.page, self.tint)


def mixed(one: str, other: str, share: float) -> str:
    """`share` of the colour `one` on the colour `other`, as #rrggbb."""
    pairs = zip(bytes.fromhex(one[1:]), bytes.fromhex(other[1:]), strict=True)
    return "#" + bytes(round(a * share + b * (1 - share)) for a, b in pairs).hex()


THEMES = {"light": Theme(LIGHT, "#ffffff", "#1d2129", "#5b6270", "#8b94a5", "#f6f7f9", "#c62828", 0.11),
          "dark": Theme(DARK, "#14171c", "#e8eaee", "#a5adba", "#868d9a", "#1b1f26", "#ff8a80", 0.20)}
