"""The kinds of export: one declaration each, which the command line, the app and the tests read."""

from __future__ import annotations

from dataclasses import dataclass


class ExportError(ValueError):
    """An export cannot be made, or would not be right; the message says why."""


@dataclass(frozen=True)
class Kind:
    """One way to take a project away. `trained` ones can hold the weights of a run; `binary` ones are no text for a terminal."""

    name: str
    title: str
    ending: str
    mime: str
    doc: str
    trained: bool = False
    binary: bool = False


@dataclass(frozen=True)
class Exported:
    """What an export gave: a file's content, and a sentence about it where there is something to say."""

    content: bytes
    says: str = ""


KINDS: dict[str, Kind] = {kind.name: kind for kind in (
    Kind("python", "PyTorch", "py", "text/x-python", "the network as a file of plain PyTorch"),
    Kind("script", "Training script", "py", "text/x-python", "the whole training in one file that needs torch (and torchvision for its data sets) alone"),
    Kind("notebook", "Notebook", "ipynb", "application/x-ipynb+json", "the same as cells with headings, for Jupyter and Colab"),
    Kind("onnx", "ONNX", "onnx", "application/octet-stream", "the network for other runtimes, held against the module by onnxruntime first", trained=True, binary=True),
    Kind("weights", "Weights", "safetensors", "application/octet-stream", "the network's numbers as safetensors, by their names in the state_dict", trained=True, binary=True),
    Kind("diagram", "Diagram", "svg", "image/svg+xml", "a picture by graphviz (OUT ends in .svg, .pdf or .png), or its text"),
    Kind("link", "Link", "txt", "text/plain", "an address that opens the drawing as a new project"),
    Kind("json", "Project", "json", "application/json", "the project as a file that the app opens"),
)}
