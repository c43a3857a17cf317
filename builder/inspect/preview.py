"""One sample's value at every brick, as a small record each: pictures for maps, bars for vectors, and numbers."""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from .pictures import grid, photograph, sheet

MOST_MAPS, MOST_BARS, MOST_SCORES = 9, 64, 10
# Pixels of a map's side by the number of bricks: a drawing of many bricks is seen from further away, and its file stays small.
SIDES = ((40, 56), (150, 32), (10**9, 16))

Record = dict[str, object]
# (name of the brick that gives it, which of its outputs)
Value = tuple[str, int]


def run(network: nn.Module | None, entered: Mapping[str, Tensor], results: Sequence[Value]) -> dict[Value, Tensor]:
    """What a network makes of one sample: `entered` by the Inputs' names and its `results`; in evaluation mode, without gradients."""
    table: dict[Value, Tensor] = {(name, 0): value for name, value in entered.items()}
    if network is None:
        return table
    network.eval()
    with torch.inference_mode():
        given = network(*entered.values())
    return table | dict(zip(results, given if isinstance(given, tuple) else (given,), strict=True))


def records(values: Mapping[str, Tensor], pictures: Mapping[str, Tensor], answers: Mapping[str, tuple[Sequence[str], int | None]]) -> dict[str, Record]:
    """A record a value (1 ...) of one sample.

    `pictures` are samples as they were before they became numbers for a network, uint8 (C H W); `answers` are the outputs that hold one score
    a class, with the classes' names and the true class.
    """
    side = next(pixels for most, pixels in SIDES if len(values) <= most)
    made = {}
    for name, value in values.items():
        value = value.detach()[0]
        shown = _scores(value, *answers[name]) if name in answers else _image(pictures[name], side) if name in pictures else _shown(value, side)
        made[name] = {**shown, **numbers(value)}
    return made


def _shown(value: Tensor, side: int) -> Record:
    """A picture of a value without its batch axis: maps for two axes and more, bars for fewer."""
    value = value.to(torch.float32)
    # A map of one pixel is a number: side by side they say more.
    if value.ndim < 2 or value.ndim > 2 and value[0].numel() == 1:
        return _bars(value.reshape(-1))
    # Of a volume the middle slice; T E of a sequence is one map.
    while value.ndim > 3:
        value = value[:, value.shape[1] // 2]
    maps = value if value.ndim == 3 else value[None]
    return {**_maps(maps[:MOST_MAPS], side), "of": len(maps)}


def _maps(maps: Tensor, side: int) -> Record:
    return {"kind": "maps", "png": base64.b64encode(sheet(maps, side)).decode("ascii"), "count": len(maps), "across": grid(len(maps))[0],
            "down": grid(len(maps))[1]}


def _image(pixels: Tensor, side: int) -> Record:
    return {"kind": "image", "png": base64.b64encode(photograph(pixels, side)).decode("ascii"), "count": 1, "across": 1, "down": 1, "of": 1}


def _bars(values: Tensor) -> Record:
    """All values, or of each of 64 neighbourhoods the one that is furthest from zero."""
    if len(values) > MOST_BARS:
        parts = values.tensor_split(MOST_BARS)
        bars = [part[part.nan_to_num(math.inf).abs().argmax()].item() for part in parts]
    else:
        bars = values.tolist()
    return {"kind": "bars", "values": [rounded(value) for value in bars], "of": len(values)}


def _scores(value: Tensor, classes: Sequence[str], truth: int | None) -> Record:
    """Scores with their classes' names, all or the highest ones and the true one; `share` is the probability where the scores say one."""
    value = value.reshape(-1).to(torch.float32)
    shares, order = probabilities(value), value.nan_to_num(-math.inf).argsort(descending=True).tolist()
    kept = range(len(value)) if len(value) <= MOST_SCORES else sorted({*order[:MOST_SCORES - 1], order[MOST_SCORES - 1] if truth is None else truth})
    rows = [{"label": classes[i], "value": rounded(value[i].item()), "share": rounded(shares[i].item()), "truth": i == truth, "answer": i == order[0]}
            for i in kept]
    return {"kind": "scores", "rows": rows, "of": len(value)}


def probabilities(scores: Tensor) -> Tensor:
    """The probabilities that scores (C) mean: themselves when they add up to 1, their exponentials when those do, else their softmax."""
    for meant in (scores, scores.exp()):
        if (meant >= 0).all() and abs(meant.sum().item() - 1) < 1e-3:
            return meant
    return scores.softmax(0)


def rounded(value: float) -> float | None:
    """Four digits of a number; None for what JSON has no number for."""
    return float(f"{value:.4g}") if math.isfinite(value) else None


def numbers(value: Tensor) -> Record:
    """Least, mean and greatest finite value, the share of zeros, and in words what is wrong with the values."""
    value = value.to(torch.float64)
    finite = value[torch.isfinite(value)]
    zeros = (value == 0).sum().item()
    said = {"shape": list(value.shape), "zeros": rounded(zeros / value.numel()) if value.numel() else 0.0,
            "dead": bool(value.numel()) and zeros == value.numel(), "broken": finite.numel() < value.numel(), "says": _words(value, finite)}
    if not finite.numel():
        return {**said, "min": None, "mean": None, "max": None}
    return {**said, "min": rounded(finite.min().item()), "mean": rounded(finite.mean().item()), "max": rounded(finite.max().item())}


def _words(value: Tensor, finite: Tensor) -> str:
    count = value.numel()
    if finite.numel() < count:
        nan = int(value.isnan().sum())
        parts = [f"{nan:,} NaN"] * (nan > 0) + [f"{count - finite.numel() - nan:,} infinite"] * (count - finite.numel() > nan)
        return f"{count - finite.numel():,} of {count:,} values are not finite: {', '.join(parts)}."
    if not count or count == 1:
        return ""
    if not value.any():
        return f"All {count:,} values are 0: nothing of this sample gets past here."
    if finite.min() == finite.max():
        return f"All {count:,} values are {rounded(finite[0].item())}."
    if value.ndim >= 3 and (dead := int((value.flatten(1) == 0).all(1).sum())):
        return f"{dead:,} of {len(value):,} maps are all 0."
    return ""
