"""Maps as PNG sheets: each on its own scale, whatever the numbers are."""

from __future__ import annotations

import io

import pytest
import torch
from PIL import Image

from builder.inspect.pictures import GAP, LEVELS, NOT_FINITE, grid, levels, palette, photograph, sheet, smaller


def opened(png: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(png), formats=["PNG"])
    picture.load()
    return picture


@pytest.mark.parametrize(("count", "wanted"), [(1, (1, 1)), (2, (2, 1)), (3, (2, 2)), (4, (2, 2)), (6, (3, 2)), (9, (3, 3))])
def test_maps_stand_as_square_as_it_gets(count, wanted):
    assert grid(count) == wanted


def test_every_map_has_its_own_scale_from_dark_to_bright():
    entries = levels(torch.tensor([[[0.0, 1.0, 2.0]], [[-1e6, 0.0, 1e6]]]))
    assert entries[0].tolist() == [[0, round((LEVELS - 1) / 2), LEVELS - 1]] == entries[1].tolist()


def test_a_map_of_one_value_is_dark_and_what_is_not_finite_is_red():
    assert levels(torch.full((1, 2, 2), 7.0)).unique().tolist() == [0]
    entries = levels(torch.tensor([[[float("nan"), float("inf"), -float("inf"), 1.0, 2.0]]]))
    assert entries[0, 0].tolist() == [NOT_FINITE, NOT_FINITE, NOT_FINITE, 0, LEVELS - 1]
    assert levels(torch.full((1, 1, 2), float("nan"))).unique().tolist() == [NOT_FINITE]
    greatest = torch.finfo(torch.float32).max
    assert levels(torch.tensor([[[-greatest, greatest]]]))[0, 0].tolist() == [0, LEVELS - 1]


def test_a_sheet_is_a_small_png_with_gaps_one_can_see_through():
    picture = opened(sheet(torch.rand(9, 24, 24), 56))
    assert picture.size == (74, 74) and picture.mode == "P"
    assert picture.getpixel((24, 24)) == GAP and picture.convert("RGBA").getpixel((24, 24))[3] == 0
    assert picture.convert("RGBA").getpixel((0, 0))[3] == 255
    assert len(palette()) == 3 * 64


@pytest.mark.parametrize("shape", [(1, 500, 500), (9, 1, 3000), (2, 7, 90)])
def test_large_maps_become_small_and_small_ones_stay(shape):
    tiles = smaller(torch.rand(shape), 32)
    assert tiles.shape == (shape[0], min(shape[1], 32), min(shape[2], 32))
    with_nan = torch.rand(shape)
    with_nan[0, 0, 0] = float("nan")
    assert smaller(with_nan, 32).shape == tiles.shape


def test_a_sample_keeps_its_own_colours():
    pixels = torch.tensor([[[255, 0]], [[0, 128]], [[0, 7]]], dtype=torch.uint8)
    picture = opened(photograph(pixels, 56))
    assert [picture.getpixel((x, 0)) for x in (0, 1)] == [(255, 0, 0), (0, 128, 7)]
    assert opened(photograph(torch.zeros(1, 200, 100, dtype=torch.uint8), 56)).size == (56, 56)
