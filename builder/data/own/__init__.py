"""Reading what a person brings: a zip or folder of class folders, an npz, a table, idx files. Files are data; what is broken in them is named, item by item.

Everything is read in memory, within limits that hold before anything is unpacked or decoded; nothing is ever written where an archive says. It
runs in a process of its own (`data add`), which a hostile file can at most end.
"""

from .choices import Choices, TableChoices
from .reading import Brought, bring, save
from .report import Broken
from .tables import LabelUnknown

__all__ = ["Broken", "Brought", "Choices", "LabelUnknown", "TableChoices", "bring", "save"]
