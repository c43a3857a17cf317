"""Every brick's picture on one sheet, for reports and terminals without a canvas."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Mapping, Sequence

from PIL import Image, ImageDraw, ImageFont

TILE, TEXT, GAP, ACROSS = 168, 40, 20, 6
INK, QUIET, LINE, BAR, TRUE = "#1d2129", "#596070", "#dcdfe5", "#4453d4", "#2e7d4f"


def contact_sheet(records: Mapping[str, Mapping[str, object]]) -> bytes:
    """A PNG with a tile a brick in their order: its name, its picture or bars, and its range."""
    across = max(1, min(ACROSS, len(records)))
    down = max(1, math.ceil(len(records) / across))
    canvas = Image.new("RGB", (across * (TILE + GAP) + GAP, down * (TILE + TEXT + GAP) + GAP), "white")
    pen, large, small = ImageDraw.Draw(canvas), ImageFont.load_default(14), ImageFont.load_default(11)
    for number, (name, record) in enumerate(records.items()):
        left, top = GAP + number % across * (TILE + GAP), GAP + number // across * (TILE + TEXT + GAP)
        pen.text((left, top), _fitting(name, large), INK, large)
        shape = " x ".join(map(str, record["shape"]))
        low, high = (("?" if record[key] is None else f"{record[key]:.3g}") for key in ("min", "max"))
        pen.text((left, top + 18), _fitting(f"{shape}   {low} to {high}", small), QUIET, small)
        _draw(canvas, pen, record, (left, top + TEXT), small)
    stream = io.BytesIO()
    canvas.save(stream, "PNG", optimize=True)
    return stream.getvalue()


def _fitting(text: str, font: ImageFont.FreeTypeFont) -> str:
    while font.getlength(text) > TILE:
        text = text[:-2].rstrip("…") + "…"
    return text


def _draw(canvas: Image.Image, pen: ImageDraw.ImageDraw, record: Mapping[str, object], corner: tuple[int, int], font: ImageFont.FreeTypeFont) -> None:
    if record["kind"] in ("maps", "image"):
        picture = Image.open(io.BytesIO(base64.b64decode(record["png"])), formats=["PNG"]).convert("RGBA")
        scale = TILE / max(picture.size)
        picture = picture.resize((max(1, round(picture.width * scale)), max(1, round(picture.height * scale))), Image.Resampling.NEAREST)
        canvas.paste(picture, corner, picture)
    elif record["kind"] == "bars":
        _bars(pen, [value or 0.0 for value in record["values"]], corner)
    else:
        _scores(pen, record["rows"], corner, font)


def _bars(pen: ImageDraw.ImageDraw, values: Sequence[float], corner: tuple[int, int]) -> None:
    high, low = max(0.0, *values), min(0.0, *values)
    scale, width = TILE / ((high - low) or 1.0), TILE / max(1, len(values))
    zero = corner[1] + high * scale
    for i, value in enumerate(values):
        ends = sorted((zero, zero - value * scale))
        pen.rectangle((corner[0] + i * width, ends[0], corner[0] + (i + 1) * width - (width > 2), ends[1]), BAR)
    pen.line((corner[0], zero, corner[0] + TILE, zero), LINE)


def _scores(pen: ImageDraw.ImageDraw, rows: Sequence[Mapping[str, object]], corner: tuple[int, int], font: ImageFont.FreeTypeFont) -> None:
    height = min(18, TILE // max(1, len(rows)))
    for i, row in enumerate(rows):
        top = corner[1] + i * height
        pen.text((corner[0], top), str(row["label"])[:10], TRUE if row["truth"] else QUIET, font)
        pen.rectangle((corner[0] + 70, top + 3, corner[0] + 70 + (row["share"] or 0.0) * (TILE - 70), top + height - 4), TRUE if row["truth"] else BAR)
