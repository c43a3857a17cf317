"""A whole training as a Jupyter notebook (nbformat 4.5, https://nbformat.readthedocs.io), for Jupyter and Colab."""

from __future__ import annotations

import json
import string

from builder.graph import Project
from builder.graph.rules.words import listed

from .parts import Part, Training, parts, training
from .script import imports
from .validation import split

# What opens folded in Jupyter and in Colab: nobody reads packed data.
FOLDED = {"cellView": "form", "jupyter": {"source_hidden": True}}


def notebook(project: Project, threads: int | None = None) -> str:
    """The notebook's JSON, for so many threads (those that a run takes here, where none are told); raises ExportError when the project has no training and BuildError when the drawing has errors."""
    made = training(project, threads)
    ordered = [*parts(made), _run(made)]
    cells = [_words(f"# {words(made.name)}\n\n{_about(made)}"), _words("## Set-up"), _code(imports(ordered))]
    for part in ordered:
        cells += [_words(f"## {part.heading}\n\n{part.words}"), _code(part.code) if part.imports else _code(f"# @title {part.heading}\n{part.code}", FOLDED)]
    whole = {"cells": [{"id": f"cell-{number}", **cell} for number, cell in enumerate(cells, 1)],
             "metadata": {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}, "language_info": {"name": "python"},
                          "colab": {"provenance": []}},
             "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


def words(text: str) -> str:
    """A user's text as Markdown that shows just that text: no links, no images, no formulas."""
    return "".join(f"&#{ord(c)};" if c in string.punctuation else c for c in text.replace("$", ""))


def _about(made: Training) -> str:
    title = words(made.dataset.title) if made.own else made.dataset.title
    return (f"The network and its training on {title}, drawn in Brickwork. Run the cells from top to bottom; "
            f"{listed(made.needs)} {'are' if made.needs[1:] else 'is'} all they need.")


def _run(made: Training) -> Part:
    read = "read_data({})".format("" if made.builtin else '"data.safetensors"' if made.own else '"data"')
    code = RUN.format(epochs=made.epochs, seed=made.seed, threads=made.threads, samples="data" if made.validated else read,
                      read=PARTED.format(read=split(read, made.validation)) if made.validated else "",
                      tested=", test=(test_images, test_labels) if test_at_the_end else None" if made.validated else "",
                      weights=', weights="weights.safetensors"' if made.weights else "")
    start = "Put the samples beside the notebook as data.safetensors. " if made.own else ""
    start += "Put the starting weights beside the notebook as weights.safetensors: `python -m builder export --to weights` writes them. " if made.weights else ""
    return Part("The run", f"{start}As many threads as in Brickwork: the order in which they add numbers up decides about the last bit.",
                code if made.images else code.replace("images", "samples"), ("import torch",))


RUN = '''\
torch.set_num_threads({threads})
device = "cuda" if torch.cuda.is_available() else "cpu"
{read}\
network = train({samples}, epochs={epochs}, seed={seed}, device=device{weights}{tested})
'''
PARTED = '''\
test_at_the_end = False  # True prints the figures of the test part: for the end, not for choosing
*data, test_images, test_labels = {read}
'''


def _words(text: str) -> dict[str, object]:
    return {"cell_type": "markdown", "metadata": {}, "source": _lines(text)}


def _code(text: str, metadata: dict[str, object] | None = None) -> dict[str, object]:
    return {"cell_type": "code", "execution_count": None, "metadata": metadata or {}, "outputs": [], "source": _lines(text.rstrip("\n"))}


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)
