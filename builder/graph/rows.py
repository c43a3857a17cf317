"""A drawing as rows: a row a layer with its shape and costs, blocks with rows of their own."""

from __future__ import annotations

from builder.catalogue import show, size_text

from .analysis import Analysis, Placed
from .kinds import INPUT, OUTPUT

Row = dict[str, object]


def rows(analysis: Analysis) -> list[Row]:
    """A row a layer, in the order they run: id, kind, output shape, learned numbers, multiply-adds of one sample; a block's `rows` besides.

    Inside a block the id is the layer's path in the state_dict, costs are those of one copy, and `copies` says how many there are of it.
    """
    return [_row(placed, name, 1) for name, placed in analysis.placed.items()]


def _row(placed: Placed, path: str, copies: int) -> Row:
    shape, (params, macs) = placed.shape, placed.cost
    shapes = placed.shapes or (None,)
    row = {"id": path, "kind": placed.node.kind, "output_shape": None if shape is None else [_size(size) for size in shape],
           "output": ", ".join(map(show, shapes)), "params": params, "macs": macs}
    if placed.node.muted:
        row["muted"] = True
    if placed.body:
        row["rows"] = _inside(placed, path, copies)
    return row


def _size(size: int) -> int | str:
    """A size as a number; what grows with the batch as a text, "N"."""
    text = size_text(size)
    return text if text.endswith("N") else size


def _inside(placed: Placed, path: str, copies: int) -> list[Row]:
    made: list[Row] = []
    number, row_of_blocks = 0, sum(count for _, count in placed.body.runs) > 1
    for inner, count in placed.body.runs:
        prefix = f"{path}.{number}" if row_of_blocks else path
        for name, one in inner.placed.items():
            if one.node.kind not in (INPUT, OUTPUT) and name in inner.used:
                made.append({**_row(one, f"{prefix}.{name}", copies * count), "copies": copies * count})
        number += count
    return made
