"""A network that returns infinite values or NaN makes no picture, in whichever way it is computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from pliant.contract import Contract, Dim, Image, Input, Output
from pliant.engines.base import Session
from pliant.errors import InputError
from pliant.imaging.finite import is_finite
from pliant.imaging.locality import measured
from pliant.imaging.network import Network
from pliant.imaging.pixels import MANY, to_levels
from pliant.imaging.sizes import plan
from pliant.imaging.upscaling import Limits, Work

REFUSED = "The model returned infinite values or NaN for this picture; use another model."
BAD = (np.nan, np.inf, -np.inf)


class Marked:
    """A network that repeats pixels twice, and returns `value` where the picture is white, or everywhere."""

    def __init__(self, value: float, *, everywhere: bool = False) -> None:
        self.value, self.everywhere = value, everywhere

    def run(self, feeds: Mapping[str, Any]) -> Sequence[Any]:
        result = feeds["x"].repeat(2, axis=2).repeat(2, axis=3)
        result[(result >= 1) | self.everywhere] = self.value
        return [result]

    def close(self) -> None: ...


def network(value: float, *, everywhere: bool = False) -> Network:
    dims = (Dim("n"), Dim(size=3), Dim("h"), Dim("w"))
    contract = Contract((Input("x", "float32", dims, "image"),), (Output("y", "float32"),), image=Image(), scale=2)
    return Network.of(Session(Marked(value, everywhere=everywhere), contract, "none"))


def upscaled(model: Network, pixels: np.ndarray, factor: float, tile: int | None = None) -> np.ndarray:
    height, width = pixels.shape[:2]
    planned = plan(model, (width, height), factor)
    work = Work(model, planned, Limits(tile=tile), lambda share: None)
    return np.concatenate(list(work.strips(pixels, kept=True)))


@pytest.mark.parametrize("value", BAD)
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize(("factor", "tile"), [(2, None), (2, 16), (1.5, None), (1.5, 16)])
def test_one_pixel_that_is_no_number_is_enough(value: float, dtype: str, factor: float, tile: int | None) -> None:
    pixels = np.full((40, 50, 3), 0.25 if dtype == "float32" else 60, dtype)
    fine = upscaled(network(value), pixels, factor, tile)
    assert fine.shape == (int(40 * factor), int(50 * factor), 3)
    pixels[23, 41, 1] = 1 if dtype == "float32" else np.iinfo(dtype).max
    with pytest.raises(InputError, match=REFUSED):
        upscaled(network(value), pixels, factor, tile)


@pytest.mark.parametrize("value", BAD)
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("place", [0, 0.3, 0.999])
def test_a_large_result_is_looked_at_in_all_its_parts(value: float, dtype: str, place: float) -> None:
    side = 600
    values = np.full((1, 3, side, side), 0.5, np.float32)
    assert values.size >= MANY
    white = 128 if dtype == "uint8" else 32768 if dtype == "uint16" else 0.5
    assert (to_levels(values, Image(), np.dtype(dtype)) == white).all()
    values.reshape(-1)[int(place * values.size)] = value
    with pytest.raises(InputError, match=REFUSED):
        to_levels(values, Image(), np.dtype(dtype))


@pytest.mark.parametrize("image", [Image(), Image(minimum=-1), Image(minimum=0, maximum=255)])
def test_numbers_beyond_all_levels_are_numbers(image: Image) -> None:
    """Even those whose level float32 cannot hold."""
    largest = np.finfo(np.float32).max
    values = np.array([-largest, image.minimum, image.maximum, largest], np.float32).reshape(1, 1, 1, 4)
    assert is_finite(values)
    assert to_levels(values, image, np.dtype(np.uint8)).ravel().tolist() == [0, 0, 255, 255]


def test_what_is_found_out_about_a_network_is_found_out_from_numbers() -> None:
    with pytest.raises(InputError, match=REFUSED):
        measured(network(np.nan, everywhere=True), 2)
