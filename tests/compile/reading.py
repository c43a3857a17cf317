"""What torch reads: the input positions on which an output position depends, found by sending a number through that spoils what it meets."""

from __future__ import annotations

import torch

from builder import api
from builder.graph import Project
from builder.graph.fields import Axis, Track

NOT_A_NUMBER = float("nan")


def dependence(project: Project, shapes: dict[str, tuple[int, ...]], axis: Axis, kinds: dict[str, torch.dtype]) -> list[torch.Tensor]:
    """For every output of the network, which positions along an axis of an Input each number depends on: positions first, then the output's shape.

    Not-a-number spoils every number that is worked out from it, whatever the weights are; whole numbers are changed and looked for instead.
    """
    name, place = axis
    torch.manual_seed(0)
    network = api.module(project).double().eval()
    plain = {entry: torch.rand(1, *shape, dtype=torch.float64) if kinds[entry].is_floating_point else torch.zeros(1, *shape, dtype=kinds[entry])
             for entry, shape in shapes.items()}
    length = shapes[name][place - 1]
    found: list[list[torch.Tensor]] = []
    with torch.no_grad():
        before = outputs(network(*plain.values()))
        for position in range(length):
            spoiled = dict(plain)
            spoiled[name] = plain[name].clone()
            spoiled[name].select(place, position).fill_(NOT_A_NUMBER if kinds[name].is_floating_point else 1)
            after = outputs(network(*spoiled.values()))
            found.append([(~torch.isclose(one, other, rtol=0, atol=0, equal_nan=True))[0] for one, other in zip(after, before, strict=True)])
    return [torch.stack(column) for column in zip(*found, strict=True)]


def outputs(given: object) -> list[torch.Tensor]:
    """What a network gives, as a list."""
    return list(given) if isinstance(given, tuple) else [given]


def touched(depends: torch.Tensor, track: Track) -> torch.Tensor:
    """Positions of the input by positions of the output along the track: does the one depend on the other?"""
    keep = next(iter(track.on)) if len(track.on) == 1 and not track.scattered else None
    others = tuple(i for i in range(1, depends.ndim) if i != keep)
    found = depends.amax(dim=others) if others else depends
    return found if keep is not None else found.reshape(-1, 1)


def range_of(track: Track, position: int, length: int) -> tuple[int, int]:
    """The positions of the input that an output position is said to read, as they lie inside it: first, and one past the last."""
    first, last = track.slide.at(position) or (0, -1)
    return max(0, first), min(length, last + 1)
