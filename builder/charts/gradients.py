"""The gradient norms of a run as rows for the browser: few enough to be sent anew, however long the run and however deep its network."""

from __future__ import annotations

from builder.train.events import GradientNorms

# Numbers of the table of steps and layers, and steps at least.
MOST, LEAST = 4000, 40


def kept(rows: list[GradientNorms], more: GradientNorms) -> None:
    """Adds what was measured last; where there are too many, every other goes, and the newest always stays."""
    most = max(LEAST, MOST // (len(more.norms) + 1))
    # Once some have gone, those that come stand as far apart.
    if len(rows) > 2 and rows[-1].step - rows[-2].step < (more.step - rows[0].step) / most:
        rows.pop()
    rows.append(more)
    if len(rows) > most:
        rows[:] = [*rows[:-1:2], rows[-1]]


def table(rows: tuple[GradientNorms, ...], layers: tuple[str, ...]) -> dict[str, object]:
    """The layers' names, and a row a step: the step, the norm over all weights and one over each layer's."""
    return {"layers": list(layers), "rows": [[row.step, row.total, *row.norms] for row in rows]}


def in_words(row: GradientNorms, layers: tuple[str, ...], most: int = 8) -> str:
    """The norms of a step; of more than `most` layers only the smallest and the largest: "0.53 at step 486 (conv1 0.2, fc 0.49)"."""
    of = [(norm, name) for norm, name in zip(row.norms, layers, strict=False) if norm is not None]
    told = [f"{name or 'the network'} {norm:.3g}" for norm, name in of] if len(of) <= most else [f"{says} {name} {norm:.3g}" for says, (norm, name) in (("least", min(of)), ("most", max(of)))]
    total = "not finite" if row.total is None else f"{row.total:.3g}"
    return f"{total} at step {row.step:,}" + (f" ({', '.join(told)})" if told else "")
