from __future__ import annotations

import math

import numpy as np
import pytest

from pliant.verifier.compare import SMALLEST_RANGE, TOLERANCE, compare, compare_all

NAN, INF = math.nan, math.inf
RAMP = np.linspace(-2, 1, 12, dtype=np.float32).reshape(3, 4)


def test_equal_arrays_agree() -> None:
    difference = compare(RAMP.copy(), RAMP)
    assert difference.agrees
    assert (difference.relative, difference.reason) == (0.0, "")


@pytest.mark.parametrize(("part", "agrees"), [(0.5, True), (0.99, True), (1.01, False), (50, False)])
def test_tolerance_is_a_fraction_of_the_largest_magnitude(part: float, agrees: bool) -> None:
    got = RAMP.astype(np.float64)
    got[1, 1] += part * TOLERANCE * 2
    difference = compare(got, RAMP)
    assert difference.agrees is agrees
    assert difference.relative == pytest.approx(part * TOLERANCE)


def test_the_reason_has_the_difference() -> None:
    assert compare(RAMP + np.float32(0.5), RAMP).reason == "differs from PyTorch by 0.5 (2.5e-01 of the range)"


def test_the_sign_counts() -> None:
    assert not compare(-RAMP, RAMP).agrees


def test_a_tolerance_of_the_callers() -> None:
    assert compare(RAMP + np.float32(0.1), RAMP, tolerance=0.06).agrees
    assert not compare(RAMP + np.float32(0.1), RAMP, tolerance=0.04).agrees


def test_tiny_results_are_held_against_the_smallest_range() -> None:
    zeros = np.zeros(4)
    assert compare(zeros + 0.9 * TOLERANCE * SMALLEST_RANGE, zeros).agrees
    assert not compare(zeros + 1.1 * TOLERANCE * SMALLEST_RANGE, zeros).agrees


@pytest.mark.parametrize("shape", [(4, 3), (12,), (3, 5), (1, 3, 4)])
def test_other_shapes_are_told(shape: tuple[int, ...]) -> None:
    difference = compare(np.resize(RAMP, shape), RAMP)
    assert difference.reason == f"gives shape {list(shape)}, and PyTorch [3, 4]"
    assert math.isnan(difference.relative)


def test_shapes_do_not_broadcast() -> None:
    assert not compare(np.zeros((1, 4)), np.zeros((3, 4))).agrees


@pytest.mark.parametrize("values", [[NAN], [INF], [-INF], [NAN, 1, INF, -INF]])
def test_equal_nan_and_infinity_agree(values: list[float]) -> None:
    difference = compare(np.array(values), np.array(values))
    assert (difference.agrees, difference.relative) == (True, 0.0)


@pytest.mark.parametrize(
    ("got", "expected"),
    [([NAN, 1], [0, 1]), ([0, 1], [NAN, 1]), ([INF, 1], [-INF, 1]), ([INF, 1], [NAN, 1]), ([1, NAN], [NAN, 1])],
)
def test_nan_and_infinity_must_match(got: list[float], expected: list[float]) -> None:
    difference = compare(np.array(got), np.array(expected))
    assert difference.reason == "gives NaN or infinity in other places than PyTorch"
    assert difference.relative == INF


def test_finite_values_beside_nan_still_count() -> None:
    assert not compare(np.array([NAN, 2.0]), np.array([NAN, 1.0])).agrees


def test_empty_arrays_agree() -> None:
    assert compare(np.zeros((0, 3)), np.zeros((0, 3))).agrees
    assert not compare(np.zeros((0, 3)), np.zeros((3, 0))).agrees


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.bool_, np.float16])
def test_all_dtypes_compare(dtype: type[np.generic]) -> None:
    zeros, ones = np.zeros(3, dtype), np.ones(3, dtype)
    assert compare(ones, ones).agrees
    assert compare(zeros, ones).relative == 1.0  # unsigned numbers do not wrap round


def test_another_number_of_outputs_is_told() -> None:
    assert compare_all([RAMP], [RAMP, RAMP]).reason == "gives 1 outputs, and PyTorch 2"


def test_all_outputs_agree() -> None:
    assert compare_all([], []).agrees
    near = compare_all([RAMP, RAMP + np.float32(1e-5), RAMP], [RAMP] * 3)
    assert near.agrees
    assert near.relative == pytest.approx(5e-6, rel=0.1)


@pytest.mark.parametrize("place", [0, 1, 2])
def test_one_output_that_differs_is_reported(place: int) -> None:
    got = [RAMP, RAMP, RAMP]
    got[place] = RAMP + 1
    assert compare_all(got, [RAMP] * 3).relative == pytest.approx(0.5)


def test_the_worst_output_is_reported() -> None:
    assert compare_all([RAMP + np.float32(0.1), RAMP + 1], [RAMP, RAMP]).relative == pytest.approx(0.5)
