"""Formulas that several layers share. L is the length of one spatial axis, in pixels."""

from .sizes import BATCH
from .spec import Rule

DOCS = "https://docs.pytorch.org/docs/stable/generated/torch.nn."

# The axes behind the channels of rows, images and volumes, and what they count.
SPATIAL = {1: ("L",), 2: ("H", "W"), 3: ("D", "H", "W")}
# A small value of each, to show a layer with.
SHOWN = {1: ((BATCH, 16, 28),), 2: (), 3: ((BATCH, 4, 8, 12, 12),)}
UNITS = {1: "entries", 2: "pixels", 3: "voxels"}

# Length of a sliding window's output: Dumoulin & Visin 2016, arXiv:1603.07285, relationship 15.
WINDOW = "(L + 2*padding - dilation*(kernel_size - 1) - 1) // stride + 1"
FITS = Rule("L + 2*padding >= dilation*(kernel_size - 1) + 1",
            "the window ({kernel_size}, dilation {dilation}) is longer than the padded input ({L} + 2·{padding})", "window", "kernel_size")
GROUPS = (Rule("C_in % groups == 0", "{C_in} input channels do not split into {groups} groups", "groups", "groups"),
          Rule("out_channels % groups == 0", "{out_channels} output channels do not split into {groups} groups", "groups", "groups"))
