"""PSNR and SSIM against their definitions, one window at a time."""

from __future__ import annotations

from math import inf, isclose
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from pliant.errors import UsageError
from pliant.imaging.quality import difference, inside, levels, quality, ssim, worst_place
from pliant.imaging.sheet import Panel, contact_sheet, part_size


def picture(seed: int, height: int = 20, width: int = 25, channels: int = 3) -> NDArray[Any]:
    return np.random.default_rng(seed).integers(0, 256, (height, width, channels), np.uint8)


def test_luma_is_that_of_matlab() -> None:
    """rgb2ycbcr gives 16 for black, 235 for white, and 81.481 for red."""
    pixels = np.array([[[0, 0, 0], [255, 255, 255], [255, 0, 0]]], np.uint8)
    assert np.allclose(levels(pixels, "luma")[0, :, 0], [16.0, 235.0, 81.481])


def test_grey_transparency_and_depth() -> None:
    grey = picture(1, channels=1)
    alike = grey.repeat(3, axis=2)
    with_alpha = np.dstack([alike, picture(2, channels=1)])
    deep = alike.astype(np.uint16) * 257
    for other in (alike, with_alpha, deep):
        for colours in ("luma", "rgb"):
            assert np.allclose(levels(grey, colours), levels(other, colours))


def test_psnr() -> None:
    """One level everywhere is 20 log10(255) dB."""
    one = levels(picture(1) // 2, "rgb")
    found = quality(one, one + 1.0)
    assert isclose(found.psnr, 20 * np.log10(255))
    assert (found.largest, found.mean, found.differing) == (1.0, 1.0, 1.0)
    equal = quality(one, one)
    assert equal.psnr == inf
    assert isclose(equal.ssim or 0, 1.0)
    assert (equal.largest, equal.differing) == (0.0, 0.0)


def test_ssim_is_the_mean_of_all_windows() -> None:
    a, b = levels(picture(1), "luma"), levels(picture(2) // 2 + picture(1) // 2, "luma")
    steps = np.arange(11) - 5
    weights = np.exp(-(steps[:, None] ** 2 + steps[None] ** 2) / (2 * 1.5**2))
    weights /= weights.sum()
    found: list[float] = []
    for row in range(a.shape[0] - 10):
        for column in range(a.shape[1] - 10):
            x, y = (p[row : row + 11, column : column + 11, 0] for p in (a, b))
            mx, my = (weights * x).sum(), (weights * y).sum()
            vx, vy = (weights * (x - mx) ** 2).sum(), (weights * (y - my) ** 2).sum()
            both = (weights * (x - mx) * (y - my)).sum()
            c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
            found.append((2 * mx * my + c1) * (2 * both + c2) / ((mx**2 + my**2 + c1) * (vx + vy + c2)))
    assert isclose(ssim(a, b), float(np.mean(found)), rel_tol=1e-9)


def test_small_pictures_have_no_ssim() -> None:
    assert quality(levels(picture(1, 10, 40), "rgb"), levels(picture(2, 10, 40), "rgb")).ssim is None


def test_the_border_does_not_count() -> None:
    one = levels(picture(1), "rgb")
    framed = one.copy()
    framed[:3], framed[-3:], framed[:, :3], framed[:, -3:] = 0, 0, 0, 0
    assert quality(one, framed, 3).psnr == inf
    assert quality(one, framed, 2).psnr < inf


@pytest.mark.parametrize("border", [-1, 10, 11])
def test_a_border_that_leaves_nothing_is_refused(border: int) -> None:
    with pytest.raises(UsageError, match="a border of 0 to 9"):
        inside(picture(1), border)


def test_unknown_colours_are_refused() -> None:
    with pytest.raises(UsageError, match="luma or rgb"):
        levels(picture(1), "cmyk")


def test_difference_and_where_it_is_largest() -> None:
    one = levels(picture(1) // 2, "rgb")
    other = one.copy()
    other[12:15, 7:10] += 3.0
    assert set(np.unique(difference(one, other, 8.0))) == {0, 24}
    assert worst_place(one, other, 3, 3) == (7, 12)
    assert worst_place(one, other, 25, 20) == (0, 0)


def test_a_sheet_shows_pixels_of_the_part() -> None:
    left, right = picture(1, 70, 90), picture(2, 70, 90)
    sheet = np.asarray(contact_sheet([Panel("one", left), Panel("other", right)], (30, 10)))
    width, height = part_size(90, 70)
    part = left[10 : 10 + height, 30 : 30 + width].repeat(480 // 60, axis=0).repeat(480 // 60, axis=1)
    places = [
        (row, column)
        for row in range(sheet.shape[0] - part.shape[0] + 1)
        for column in range(40)
        if (sheet[row, column : column + part.shape[1]] == part[0]).all()
    ]
    assert any((sheet[r : r + part.shape[0], c : c + part.shape[1]] == part).all() for r, c in places)


@pytest.mark.parametrize("size", [(1, 1), (3, 500), (700, 2)])
def test_sheets_of_odd_sizes(size: tuple[int, int]) -> None:
    panel = Panel("a picture", picture(1, *size))
    assert contact_sheet([panel, panel], (0, 0)).width > 0
