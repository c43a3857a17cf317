"""Feature maps as small PNG pictures; colours say how large a value is among its own map's."""

from __future__ import annotations

import io
import math

import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

# Viridis at equal steps (van der Walt & Smith 2015, https://bids.github.io/colormap): dark is small, and it reads on white and on black.
VIRIDIS = ("440154", "482878", "3e4989", "31688e", "26828e", "1f9e89", "35b779", "6ece58", "b5de2b", "fde725")
# Few enough for a palette that is smaller than the pictures: a drawing has hundreds of them.
LEVELS = 62
NOT_FINITE, GAP = 62, 63  # the last two entries of the palette: red, and transparent between the tiles


def palette() -> bytes:
    """R G B of the 64 colours of a sheet."""
    stops = torch.tensor([[int(stop[i:i + 2], 16) for i in (0, 2, 4)] for stop in VIRIDIS], dtype=torch.float32)  # 10 3
    colours = functional.interpolate(stops.T[None], size=LEVELS, mode="linear", align_corners=True)[0].T
    return bytes(colours.round().to(torch.uint8).flatten().tolist()) + bytes((230, 30, 30, 0, 0, 0))


def smaller(maps: Tensor, side: int) -> Tensor:
    """Maps (K H W) with at most `side` pixels each way, averaged over areas; where values are not finite, one of every few is taken."""
    height, width = (min(size, side) for size in maps.shape[1:])
    if (height, width) == tuple(maps.shape[1:]):
        return maps
    if torch.isfinite(maps).all():
        return functional.adaptive_avg_pool2d(maps[None], (height, width))[0]
    rows, columns = (torch.linspace(0, size - 1, less).round().long() for size, less in zip(maps.shape[1:], (height, width), strict=True))
    return maps[:, rows][:, :, columns]


def levels(maps: Tensor) -> Tensor:
    """Palette entries uint8 (K H W): each map from its smallest to its largest finite value; a map of one value is dark."""
    finite = torch.isfinite(maps)
    flat = maps.flatten(1)
    low = torch.where(finite.flatten(1), flat, math.inf).amin(1)[:, None, None]
    high = torch.where(finite.flatten(1), flat, -math.inf).amax(1)[:, None, None]
    # In double, so that the spread of the largest numbers is still a number.
    spread = (high.double() - low.double()).clamp(min=0)
    share = torch.where(spread > 0, (maps.double() - low) / torch.where(spread > 0, spread, 1.0), 0.0)
    entries = (share.nan_to_num(0.0).clamp(0, 1) * (LEVELS - 1)).round().to(torch.uint8)
    return torch.where(finite, entries, torch.tensor(NOT_FINITE, dtype=torch.uint8))


def grid(count: int) -> tuple[int, int]:
    """Columns and rows for `count` maps, as square as it gets."""
    across = math.ceil(math.sqrt(count))
    return across, math.ceil(count / across)


def sheet(maps: Tensor, side: int) -> bytes:
    """Maps (K H W) side by side as one PNG, in the order of their channels, each at most `side` pixels; one pixel between them."""
    tiles = levels(smaller(maps.float(), side))
    (across, down), (height, width) = grid(len(tiles)), tiles.shape[1:]
    canvas = torch.full((down * (height + 1) - 1, across * (width + 1) - 1), GAP, dtype=torch.uint8)
    for number, tile in enumerate(tiles):
        top, left = number // across * (height + 1), number % across * (width + 1)
        canvas[top:top + height, left:left + width] = tile
    picture = Image.fromarray(canvas.numpy())
    picture.putpalette(palette())
    return png(picture, transparency=GAP)


def photograph(pixels: Tensor, side: int) -> bytes:
    """A sample's own pixels, uint8 (C H W) with one channel or three, as a PNG of at most `side` pixels each way."""
    if max(pixels.shape[1:]) > side:
        pixels = smaller(pixels.float(), side).round().to(torch.uint8)
    return png(Image.fromarray(pixels[0].numpy() if len(pixels) == 1 else pixels.permute(1, 2, 0).contiguous().numpy()))


def png(picture: Image.Image, **options: object) -> bytes:
    """The bytes of a PNG file."""
    stream = io.BytesIO()
    picture.save(stream, "PNG", **options)
    return stream.getvalue()
