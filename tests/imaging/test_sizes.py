from __future__ import annotations

from collections.abc import Iterator
from math import floor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pliant.contract import Contract, Dim, Image, Input, Output, Range
from pliant.engines.base import Session
from pliant.errors import ContractError, PictureError, UsageError
from pliant.imaging import limits, sizes
from pliant.imaging.network import Network
from pliant.imaging.sizes import plan

ONE_TO_FOUR = Range(1, 4)
PICTURE = Input("x", "float32", (Dim("n"), Dim(size=3), Dim("h"), Dim("w")), "image")


@pytest.fixture(autouse=True, scope="module")
def _memory() -> Iterator[None]:
    """Results must not depend on the memory that happens to be free."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(limits, "available_memory", lambda: 1 << 40)
        yield


class _Nothing:
    def run(self, feeds: object) -> list[np.ndarray]:
        raise AssertionError("planning runs nothing")

    def close(self) -> None:
        pass


def network(
    dtype: str | None = "float64", values: Range = ONE_TO_FOUR, scale: float | None = None, dims: tuple[Dim, ...] = ()
) -> Network:
    factor = () if dtype is None else (Input("f", dtype, dims, "value", values),)
    contract = Contract(
        (PICTURE, *factor), (Output("y", "float32"),), image=Image(), factor="f" if dtype else None, scale=scale
    )
    return Network.of(Session(_Nothing(), contract, "none"))


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (network(), 4),
        (network(values=Range(1, 3)), 3),
        (network(values=Range(6, 8)), 6),
        (network(values=Range()), 4),
        (network(None, scale=2), 2),
    ],
)
def test_the_default_factor(made: Network, expected: float) -> None:
    assert plan(made, (10, 20)).result == (10 * expected, 20 * expected)


@given(st.integers(1, 3000), st.integers(1, 3000), st.floats(1, 4), st.sampled_from(["float64", "float32"]))
def test_a_factor_floors_as_python_does(width: int, height: int, factor: float, dtype: str) -> None:
    made = plan(network(dtype), (width, height), factor)
    seen = float(np.dtype(dtype).type(factor))
    assert made.factor == seen
    assert made.result == made.computed == (floor(width * seen), floor(height * seen))


@pytest.mark.parametrize("dtype", ["float64", "float32", "int64", None])
@given(data=st.data())
def test_a_size_is_covered_and_no_more_than_needed(dtype: str | None, data: st.DataObject) -> None:
    source = data.draw(st.tuples(st.integers(1, 400), st.integers(1, 400)))
    size = data.draw(st.tuples(st.integers(1, 4 * source[0]), st.integers(1, 4 * source[1])))
    made = plan(network(dtype, scale=4), source, size=size)
    assert made.result == size
    assert all(computed >= side for computed, side in zip(made.computed, size, strict=True))
    if dtype and made.factor > 1 and "float" in dtype:
        assert any(computed == side for computed, side in zip(made.computed, size, strict=True))


@pytest.mark.parametrize(("size", "expected"), [((1920, None), (1920, 1440)), ((None, 9), (12, 9)), ((4, 3), (4, 3))])
def test_a_side_left_out_keeps_the_proportions(size: tuple[int | None, int | None], expected: tuple[int, int]) -> None:
    made = plan(network(values=Range()), (800, 600), size=size)
    assert made.result == expected
    assert made.notes == ()


def test_stretching_is_noted() -> None:
    assert plan(network(), (800, 600), size=(1600, 900)).notes == (
        "The proportions change from 800 x 600 to 1,600 x 900.",
    )
    assert plan(network(), (799, 600), size=(1600, 1201)).notes == ()


@pytest.mark.parametrize(("side", "wanted"), [(11, 15), (13, 30), (19, 53)])
def test_rounding_never_leaves_a_size_one_pixel_short(side: int, wanted: int) -> None:
    assert floor(side * (wanted / side)) < wanted
    assert plan(network(), (side, side), size=(wanted, wanted)).computed == (wanted, wanted)


def test_a_size_below_the_least_factor_is_reduced_to() -> None:
    made = plan(network(values=Range(2, 4)), (100, 50), size=(60, 30))
    assert (made.factor, made.computed, made.result) == (2, (200, 100), (60, 30))


@pytest.mark.parametrize(("dtype", "used"), [("int64", 3), (None, 4)])
def test_a_factor_the_network_does_not_have_is_reduced_to(dtype: str | None, used: float) -> None:
    made = plan(network(dtype, scale=4), (10, 10), 2.5)
    assert (made.factor, made.computed, made.result) == (used, (10 * used, 10 * used), (25, 25))
    assert made.notes == (f"The model upscaled by {used}; its result was reduced to 2.5 times.",)


@pytest.mark.parametrize("factor", [0, -1, float("nan"), float("inf"), -float("inf"), 1e308])
def test_a_factor_that_is_none(factor: float) -> None:
    with pytest.raises(UsageError, match="The factor is"):
        plan(network(), (100, 100), factor)


def test_a_factor_that_leaves_nothing() -> None:
    with pytest.raises(UsageError, match=r"Factor 0\.001 makes 0 x 0 of 10 x 20 pixels"):
        plan(network(values=Range()), (10, 20), 0.001)


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"factor": 5}, "5 times the picture, but the model goes up to 4 times, which is 40 x 80"),
        ({"factor": 0.5}, "is 0.5, but the model takes 1 to 4"),
        ({"size": (41, 80)}, "4.1 times"),
    ],
)
def test_outside_the_range_of_the_model(kwargs: dict, message: str) -> None:
    with pytest.raises(ContractError, match=message):
        plan(network(), (10, 20), **kwargs)


def test_a_network_of_one_scale_goes_no_further() -> None:
    with pytest.raises(ContractError, match="up to 2 times"):
        plan(network(None, scale=2), (10, 20), 3)


def test_the_limit_comes_before_the_range() -> None:
    with pytest.raises(PictureError, match="256,000,000,000 x 256,000,000,000"):
        plan(network(), (256, 256), 1e9)


def test_only_what_is_held_must_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the model computes is made in tiles, and a result that is written strip by strip is never in memory."""
    checked: list[tuple[int, int]] = []
    monkeypatch.setattr(sizes, "check_memory", lambda *size: checked.append(size))
    plan(network(None, scale=4), (100, 100), size=(10, 10))
    assert checked == [(10, 10)]
    plan(network(None, scale=4), (100, 100), size=(10, 10), held=False)
    plan(network(), (100, 100), 2, held=False)
    assert checked == [(10, 10)]


@pytest.mark.parametrize("size", [(0, 5), (None, None), (5, -1)])
def test_no_size(size: tuple[int | None, int | None]) -> None:
    with pytest.raises(UsageError, match="at least 1 pixel"):
        plan(network(), (10, 20), size=size)


def test_factor_and_size_together() -> None:
    with pytest.raises(UsageError, match="both"):
        plan(network(), (10, 20), 2, (20, 40))
