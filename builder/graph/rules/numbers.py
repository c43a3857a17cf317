"""Whole numbers and real ones: which kind every value is, and who reads the wrong kind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ..analysis import Analysis, Placed
from ..kinds import INPUT, OUTPUT
from ..memo import by_identity
from ..problems import Problem, batch

FLOAT, INT, ANY, SAME = "float", "int", "any", "same"
WORDS = {FLOAT: "real numbers", INT: "whole numbers"}
FEWEST_WORDS = 2  # what an index may be wherever there is a choice at all
OF_DTYPE = {"float32": FLOAT, "int64": INT, "bool": INT}


def numbers(analysis: Analysis) -> Iterator[Problem]:
    """Bricks that are given whole numbers and read real ones, or the other way round."""
    if not _has_whole(analysis):
        return
    _, wrong = _types(analysis, ())
    for name, reads, source in wrong:
        yield Problem(name, None, "error", f"it reads {WORDS[reads]}; {source} gives {WORDS[INT if reads == FLOAT else FLOAT]}",
                      "words and indices are whole numbers (int64), what layers compute with is real (float32)",
                      tuple(_fixes(analysis, source, reads)), "numbers")


def _fixes(analysis: Analysis, source: str, reads: str):
    placed = analysis.placed.get(source)
    if placed is not None and placed.node.kind == "Input":
        dtype = "float32" if reads == FLOAT else "int64"
        yield batch(f"Let {source} give {WORDS[reads]} ({dtype})", {"op": "set", "id": source, "params": {"dtype": dtype}})


def _types(analysis: Analysis, entering: Sequence[str]) -> tuple[Mapping[tuple[str, int], str], list[tuple[str, str, str]]]:
    """The kind of numbers of every value, and (brick, what it reads, who gives something else)."""
    types: dict[tuple[str, int], str] = {}
    wrong: list[tuple[str, str, str]] = []
    ports = dict(zip((node.id for node in analysis.network.nodes if node.kind == INPUT), entering, strict=False))
    for name, placed in analysis.placed.items():
        edges = analysis.network.into(name)
        given = [types.get((edge.source, edge.output), FLOAT) for edge in edges]
        if placed.layer is None or placed.node.muted:
            types[name, 0] = given[0] if given else FLOAT
        elif placed.body is not None:
            left, inside = _through(placed, given)
            wrong += [(name, reads, edges[0].source if edges else name) for _, reads, _ in inside[:1]]
            types.update({(name, output): kind for output, kind in enumerate(left)})
        else:
            made = ports.get(name) or _gives(placed, given)
            types.update({(name, output): made for output in range(max(1, len(placed.shapes)))})
            wrong += [(name, reads, edge.source) for edge, kind, reads in zip(edges, given, _reads(placed, len(edges)), strict=False)
                      if reads not in (ANY, kind)]
    return types, wrong


def _reads(placed: Placed, count: int) -> list[str]:
    """What each input reads: one word for all of them, or one each, the last for the rest."""
    words = placed.layer.reads.split()
    return [words[min(i, len(words) - 1)] for i in range(count)]


def _gives(placed: Placed, given: Sequence[str]) -> str:
    gives = placed.layer.gives
    if param := placed.layer.param(gives):
        return OF_DTYPE.get(param.normal(placed.node.params.get(gives, param.default)), FLOAT)
    return (given[0] if given else FLOAT) if gives == SAME else gives


def _through(placed: Placed, given: Sequence[str]) -> tuple[list[str], list[tuple[str, str, str]]]:
    """The kinds that leave a block, and what is wrong inside."""
    if INT not in given and not any(whole(inner) for inner, _ in placed.body.runs):
        return [FLOAT] * len(placed.body.outputs), []
    wrong: list[tuple[str, str, str]] = []
    for inner, _ in placed.body.runs:
        types, more = _types(inner, given)
        ends = [node.id for node in inner.network.nodes if node.kind == OUTPUT]
        given, wrong = [types[end, 0] for end in ends], wrong + more
    return list(given), wrong


def _has_whole(analysis: Analysis) -> bool:
    """Is there a brick, or one inside a block, that reads or gives whole numbers by itself?"""
    return any(any(whole(inner) for inner, _ in placed.body.runs) if placed.body is not None else _is_whole(placed)
               for placed in analysis.placed.values() if placed.layer is not None)


# Only of the insides of blocks, which many edits share: every edit makes another analysis of the whole drawing.
whole = by_identity(1024)(_has_whole)


def _is_whole(placed: Placed) -> bool:
    layer = placed.layer
    return INT in layer.reads or (layer.gives != SAME and _gives(placed, ()) == INT)


def words(analysis: Analysis, name: str) -> int | None:
    """Below which whole number everything from an Input of whole numbers has to stay: the smallest vocabulary that reads it; None for real ones."""
    placed = analysis.placed.get(name)
    if placed is None or placed.layer is None or _gives(placed, ()) != INT:
        return None
    return min(_vocabularies(analysis, {(name, 0)}), default=FEWEST_WORDS)


def _vocabularies(analysis: Analysis, given: set[tuple[str, int]]) -> Iterator[int]:
    """Sizes of the vocabularies that read values, or what bricks make of them that only move numbers about; also inside blocks."""
    for name, placed in analysis.placed.items():
        ports = [edge.port for edge in analysis.network.into(name) if (edge.source, edge.output) in given]
        if not ports or placed.layer is None:
            continue
        if size := placed.layer.param("num_embeddings"):
            yield size.normal(placed.node.params.get(size.name, size.default))
        elif placed.body is not None:
            inner = placed.body.runs[0][0]
            ends = [node.id for node in inner.network.nodes if node.kind == INPUT]
            yield from _vocabularies(inner, {(ends[port], 0) for port in ports if port < len(ends)})
        elif placed.node.muted or placed.layer.gives == SAME:
            given = given | {(name, output) for output in range(max(1, len(placed.shapes)))}
