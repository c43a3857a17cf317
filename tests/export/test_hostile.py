"""No document puts code into a text that is exported: each is compared, as the syntax that its readers see, with that of a harmless twin.

    BRICKWORK_HOSTILE=10000 python -m pytest tests/export/test_hostile.py -o faulthandler_timeout=0
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from random import Random
from xml.etree import ElementTree

import nbformat
import pytest

from builder.compile import BuildError
from builder.compile.diagram import dot
from builder.compile.source import source
from builder.export import ExportError
from builder.export.notebook import notebook
from builder.export.script import script
from builder.graph import DocumentError, Project, loads, to_json
from tests.compile.test_source import DRAWINGS, EVIL, hostile, hostile_blocks, skeleton
from tests.export.test_script import PROJECTS

DOCUMENTS = int(os.environ.get("BRICKWORK_HOSTILE", "200"))
# Of neither Python, Markdown nor dot; no name that a brick could have, and one for where hostile words together happen to be a name.
HARMLESS = ("two words", "word")
FIELDS = ("loss", "optimizer", "initializer", "epochs", "batch_size", "seed", "surprise")


def hostile_settings(random: Random, record: dict, word: str | None = None) -> dict:
    """A document with hostile texts (or with `word` in their place) in its training, its data and what its bricks may say besides their parameters."""
    evil = "".join(random.choices(EVIL, k=random.choice((1, 1, 2))))
    evil = evil if word is None else word
    training, node = record["training"], random.choice(record["networks"]["network"]["nodes"])
    field = random.choice(FIELDS)
    match random.randrange(7):
        case 0:
            training[field] = random.choice((evil, [evil], {"kind": evil}, {evil: 1}))
        case 1:
            training.setdefault("optimizer", {"kind": "SGD"})[random.choice(("lr", "kind", "momentum", evil))] = evil
        case 2:
            training["loss"] = {"kind": "CrossEntropyLoss", random.choice(("label_smoothing", evil)): evil}
        case 3:
            training["initializer"] = {"kind": random.choice(("Normal", evil)), "std": evil}
        case 4:
            record[random.choice(("data", "task"))] = {"source": evil, "kind": random.choice(("classification", evil))}
        case 5:
            record[random.choice(("recipes", "about", "weights"))] = {evil: {"optimizer": {"kind": evil}}, "sha256": evil, "title": evil}
        case 6:
            node[random.choice(("of", "silent", "frozen", "muted", "at"))] = random.choice((evil, [evil], {evil: evil}))
    record["name"] = (evil + record["name"])[:200]
    return record


def code(text: str) -> object:
    """The syntax tree of a Python text, its texts left out."""
    return skeleton(text)


def cells(text: str) -> object:
    """The syntax trees of a notebook's code, and of its Markdown all that is not words."""
    book = nbformat.reads(text, as_version=4)
    nbformat.validate(book)
    return [(cell.cell_type, cell.metadata, skeleton(cell.source) if cell.cell_type == "code" else signs(cell.source)) for cell in book.cells]


def signs(markdown: str) -> str:
    """What Markdown could read as more than words: everything but letters, digits, spaces and characters written as numbers."""
    return "".join(c for c in re.sub(r"&#\d+;", "", markdown) if c == "\n" or (c.isascii() and not c.isalnum() and c != " "))


def figure(text: str) -> object:
    """A dot text without what stands in its strings, and its labels as trees of tags; every label must be well formed."""
    parts = re.findall(r'"(?:\\.|[^"\\])*"|<(?:[^<>]|<[^<>]*>)*>(?=[,\]\n])|[^"<]+|.', text, re.DOTALL)
    return [('""' if part[0] == '"' else tags(part[1:-1]) if part[0] == "<" and len(part) > 1 else part) for part in parts]


def tags(label: str) -> object:
    tree = ElementTree.fromstring(f"<label>{label}</label>")
    return [(one.tag, sorted(one.attrib.items())) for one in tree.iter()]


TEXTS: dict[str, tuple[Callable[[Project], str], Callable[[str], object]]] = {
    "python": (source, code), "script": (script, code), "notebook": (notebook, cells), "diagram": (dot, figure)}
BLOCKS = [DRAWINGS[name] for name in ("block_residual", "block_once", "block_nested", "block_ports", "block_muted")]
SORTS = ((hostile, list(DRAWINGS.values())), (hostile_blocks, BLOCKS), (hostile_settings, list(PROJECTS.values())))


def written(write: Callable[[Project], str], record: dict) -> str | None:
    """The export of a document; None when it is refused."""
    try:
        return write(loads(json.dumps(record)))
    except (DocumentError, BuildError, ExportError):
        return None


def twins(seed: int) -> tuple[dict, ...]:
    """A hostile document, and the same with harmless words in the places of hostile ones: once no names, once names."""
    spoil, projects = SORTS[seed % len(SORTS)]
    records = []
    for word in (None, *HARMLESS):
        random = Random(seed)
        records.append(spoil(random, to_json(random.choice(projects)), word))
    return tuple(records)


@pytest.mark.slow
@pytest.mark.parametrize("kind", TEXTS)
def test_what_is_exported_of_a_hostile_document_has_the_syntax_of_its_harmless_twin(kind):
    write, read = TEXTS[kind]
    compared = 0
    for seed in range(DOCUMENTS):
        evil, *harmless = (written(write, record) for record in twins(seed))
        if evil is not None:
            assert read(evil) in [read(one) for one in harmless if one is not None], f"document {seed}"
            compared += 1
    assert compared > DOCUMENTS // 10


@pytest.mark.parametrize(("read", "one", "other"), [
    (code, "x = 'a'", "x = 'a', print()"), (figure, 'a [label="b"]', 'a [label="b", image="c"]'), (figure, "a [label=<<B>b</B>>]", "a [label=<<B>b</B><I>c</I>>]"),
    (figure, "a [label=<b>]", 'a [label=<b>]; "c" -> "d"'), (signs, "# A title", "# A ![title](x)"), (signs, "# A title", "# A <b>title"), (signs, "# A title", "# A\n# title")])
def test_the_comparison_tells_injected_syntax_from_words(read, one, other):
    assert read(one) != read(other) and read(one) == read(one.replace("title", "heading").replace("'a'", "'zz'").replace('"b"', '"zz"'))
