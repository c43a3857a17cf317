"""A drawing as rows: a row a layer with its shape and costs, blocks with rows of their own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from builder.catalogue import show, size_text

from .analysis import Analysis, Placed
from .fields import Seen, seen, starts, steps, text
from .kinds import INPUT, OUTPUT

Row = dict[str, object]


def rows(analysis: Analysis) -> list[Row]:
    """A row a layer, in the order they run: id, kind, output shape, learned numbers, multiply-adds and bytes of the output for one sample, and
    the receptive field, an entry a spatial axis, with its size, jump and start as texts; a block's `rows` besides.

    Inside a block the id is the layer's path in the state_dict, costs are those of one copy, `copies` says how many there are of it, and the
    receptive field is that of the last one.
    """
    fields = seen(analysis)
    return [_row(placed, fields, name, 1) for name, placed in analysis.placed.items()]


def flat(rows: Sequence[Row], depth: int = 0) -> Iterator[tuple[int, Row]]:
    """The rows with those inside blocks below their block's, each with how deep it is."""
    for row in rows:
        yield depth, row
        yield from flat(row.get("rows", ()), depth + 1)


def _row(placed: Placed, fields: Seen, path: str, copies: int) -> Row:
    shape, (params, macs) = placed.shape, placed.cost
    shapes = placed.shapes or (None,)
    field = fields.fields(placed.node.id)
    row = {"id": path, "kind": placed.node.kind, "output_shape": None if shape is None else [_size(size) for size in shape],
           "output": ", ".join(map(show, shapes)), "params": params, "trainable": placed.trained, "macs": macs,
           "activation_bytes": placed.bytes, "receptive_field": field and [axis.to_json() for axis in field],
           "field": text(field), "jump": steps(field), "start": starts(field)}
    if placed.node.muted:
        row["muted"] = True
    if placed.node.frozen:
        row["frozen"] = True
    if placed.node.of:
        row["of"] = placed.node.of
    if placed.body:
        row["rows"] = _inside(placed, fields.inside.get(placed.node.id, ()), path, copies)
    return row


def _size(size: int) -> int | str:
    """A size as a number; what grows with the batch as a text, "N"."""
    text = size_text(size)
    return text if text.endswith("N") else size


def _inside(placed: Placed, fields: tuple[Seen, ...], path: str, copies: int) -> list[Row]:
    made: list[Row] = []
    number, row_of_blocks = 0, sum(count for _, count in placed.body.runs) > 1
    for (inner, count), read in zip(placed.body.runs, fields, strict=True):
        prefix = f"{path}.{number}" if row_of_blocks else path
        for name, one in inner.placed.items():
            if one.node.kind not in (INPUT, OUTPUT) and name in inner.used:
                made.append({**_row(one, read, f"{prefix}.{name}", copies * count), "copies": copies * count})
        number += count
    return made
