from __future__ import annotations

import numpy as np
import pytest

from pliant.contract import Image
from pliant.imaging.pixels import to_levels, to_network

CONVENTIONS = [
    Image(),
    Image(colours="BGR", minimum=0, maximum=255, rounding="truncate"),
    Image(minimum=-1, maximum=1),
    Image(colours="GREY"),
]


@pytest.mark.parametrize(
    ("image", "dtype"),
    # truncating 16 bits is left out: it needs a range in which every level is exact
    [(i, d) for i in CONVENTIONS for d in (np.uint8, np.uint16) if (i.rounding, d) != ("truncate", np.uint16)],
    ids=str,
)
def test_every_level_comes_back(image: Image, dtype: type) -> None:
    top = np.iinfo(dtype).max
    channels = 1 if image.colours == "GREY" else 3
    levels = np.arange((top + 1) * channels, dtype=np.int64).reshape(-1, 32, channels) % (top + 1)
    levels = levels.astype(dtype)
    np.testing.assert_array_equal(to_levels(to_network(levels, image), image, np.dtype(dtype)), levels)


def test_values_order_and_layout() -> None:
    levels = np.array([[[255, 51, 0]]], np.uint8)
    rgb = to_network(levels, Image())
    assert (rgb.shape, rgb.dtype) == ((1, 3, 1, 1), np.float32)
    np.testing.assert_allclose(rgb.ravel(), [1, 0.2, 0], atol=1e-7)
    assert to_network(levels, Image(colours="BGR", maximum=255)).ravel().tolist() == [0, 51, 255]
    np.testing.assert_allclose(to_network(levels, Image(minimum=-1)).ravel(), [1, -0.6, -1], atol=1e-6)


@pytest.mark.parametrize(
    ("rounding", "expected"), [("half up", [0, 0, 10, 11, 255, 255]), ("truncate", [0, 0, 10, 10, 255, 255])]
)
def test_rounding_and_clipping(rounding: str, expected: list[int]) -> None:
    values = np.array([-3, 0.49, 10.49, 10.5, 255.9, 400], np.float32).reshape(1, 1, 1, 6)
    image = Image(colours="GREY", maximum=255, rounding=rounding)  # type: ignore[arg-type]
    assert to_levels(values, image, np.dtype(np.uint8)).ravel().tolist() == expected
