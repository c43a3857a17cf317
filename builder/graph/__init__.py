"""The document: frozen projects, edits with undo, and everything that can be said of a drawing without running it."""

from .analysis import Analysis, analyse
from .check import Report, check, untrainable
from .datasets import dataset_of
from .document import DocumentError, Edge, FrozenDict, Network, Node, Project, dumps, from_json, loads, order, to_json
from .edits import EditError, apply
from .history import History
from .mend import fix_all
from .problems import Fix, Problem

__all__ = [
    "Analysis", "DocumentError", "Edge", "EditError", "Fix", "FrozenDict", "History", "Network", "Node", "Problem", "Project", "Report",
    "analyse", "apply", "check", "dataset_of", "dumps", "fix_all", "from_json", "loads", "order", "to_json", "untrainable",
]
