from __future__ import annotations

import numpy as np
import pytest

from pliant.choosing.deviation import deviation
from pliant.choosing.samples import factors, is_scalable, samples
from pliant.contract import Contract, Dim, Image, Input, Output, Range
from tests.support import live_model


def contract(*inputs: Input, factor: str | None = None, image: Image | None = None) -> Contract:
    return Contract(inputs, (Output("y", "float32"),), image=image, factor=factor)


PICTURE = Input("x", "float32", (Dim("n"), Dim(size=3), Dim("h", minimum=8, multiple=8), Dim("w")), "image")


def test_pictures_are_as_the_contract_says() -> None:
    found = samples(contract(PICTURE, image=Image(minimum=-1, maximum=1)), 30)
    (only,) = found
    picture = only.feeds["x"]
    assert (only.label, picture.shape, picture.dtype) == ("", (1, 3, 24, 30), np.float32)
    assert -1 <= picture.min() < -0.2
    assert 0.2 < picture.max() <= 1


def test_they_are_the_same_each_time() -> None:
    one, other = (samples(live_model(1, 4).contract, 32) for _ in range(2))
    for a, b in zip(one, other, strict=True):
        np.testing.assert_array_equal(a.feeds["image"], b.feeds["image"])


@pytest.mark.parametrize(
    ("low", "high", "dtype", "expected"),
    [
        (None, None, "float64", [4.0, 2.5]),
        (1, 3, "float64", [3.0, 2.5]),
        (6, 8, "float64", [6.0]),
        (1, 8, "int64", [4.0]),
    ],
)
def test_factors_lie_within_the_range(low: float | None, high: float | None, dtype: str, expected: list[float]) -> None:
    factor = Input("factor", dtype, (), "value", Range(low, high))
    assert factors(contract(PICTURE, factor, factor="factor")) == expected


def test_a_vector_of_scales_has_the_factor_last() -> None:
    scales = Input("scales", "float32", (Dim(size=4),), "value")
    found = samples(contract(PICTURE, scales, factor="scales"), 16)
    assert found[0].feeds["scales"].tolist() == [1, 1, 4, 4]


def test_other_values_are_those_of_the_export() -> None:
    strength = Input("strength", "float32", (), "value", Range(2, 3), (2.5,))
    assert samples(contract(PICTURE, strength), 16)[0].feeds["strength"] == 2.5
    without = Input("strength", "float32", (), "value", Range(2, 3))
    assert samples(contract(PICTURE, without), 16)[0].feeds["strength"] == 2


def test_a_fixed_size_stays() -> None:
    fixed = Input("x", "float32", (Dim("n"), Dim(size=1), Dim(size=20), Dim(size=33)), "image")
    assert not is_scalable(contract(fixed))
    assert is_scalable(contract(PICTURE))
    assert samples(contract(fixed), 128)[0].feeds["x"].shape == (1, 1, 20, 33)


def test_figures_of_a_deviation() -> None:
    right = np.linspace(0, 1, 100, dtype=np.float32).reshape(1, 1, 10, 10)
    off = right.copy()
    off[0, 0, 5, :5] += 2 / 255
    found = deviation([off], [right], Image())
    assert found.largest == pytest.approx(2, abs=1e-4)
    assert found.mean == pytest.approx(0.1, abs=1e-4)
    assert found.beyond == pytest.approx(0.05)
    assert found.psnr == pytest.approx(10 * np.log10(255**2 / 0.2), abs=1e-3)
    assert deviation([right], [right], Image()).psnr is None


def test_values_outside_the_range_are_clipped_as_in_a_picture() -> None:
    right, beyond = np.full((1, 1, 2, 2), 1.0, np.float32), np.full((1, 1, 2, 2), 1.5, np.float32)
    found = deviation([beyond], [right], Image())
    assert found.largest == 0
    assert found.relative == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("got", "reason"),
    [
        ([np.zeros((1, 1, 2, 3), np.float32)], r"gives shape \[1, 1, 2, 3\]"),
        ([np.full((1, 1, 2, 2), np.nan, np.float32)], "NaN or infinity in other places"),
        ([], "gives 0 outputs, not 1"),
    ],
)
def test_what_no_number_says(got: list[np.ndarray], reason: str) -> None:
    import re

    found = deviation(got, [np.zeros((1, 1, 2, 2), np.float32)], Image())
    assert re.search(reason, found.wrong)
