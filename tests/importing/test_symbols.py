from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pliant.importing.arithmetic import Arithmetic
from pliant.importing.symbols import (
    Inconsistent,
    Length,
    add,
    at_least,
    divided,
    floor,
    minus,
    parts,
    scaled,
    substituted,
    symbol,
    text,
    times,
    value,
)

H, W, N = symbol("h"), symbol("w"), symbol("n")
numbers = st.integers(-9, 9)
sizes = st.fixed_dictionaries({name: st.integers(1, 99) for name in "nhw"})
lengths = st.recursive(
    st.one_of(numbers, st.sampled_from([H, W, N])),
    lambda inner: st.one_of(
        st.builds(add, inner, inner),
        st.builds(minus, inner, inner),
        st.builds(times, inner, numbers),
        st.builds(floor, inner, st.integers(1, 9)),
    ),
    max_leaves=6,
)


@given(lengths, lengths, st.integers(1, 9), sizes)
def test_arithmetic_is_that_of_numbers(a: Length, b: Length, k: int, at: dict[str, int]) -> None:
    x, y = value(a, at), value(b, at)
    assert value(add(a, b), at) == x + y
    assert value(times(a, b), at) == x * y
    assert value(minus(a, b), at) == x - y
    assert value(floor(a, k), at) == x // k


@given(lengths, sizes)
def test_a_proven_bound_holds(a: Length, at: dict[str, int]) -> None:
    if at_least(a, 1, lambda name: 1):
        assert value(a, at) >= 1 or "floor" in text(a)


@given(lengths, st.integers(1, 9), sizes)
def test_a_substitution_is_one_of_numbers(a: Length, k: int, at: dict[str, int]) -> None:
    assert value(substituted(a, {"h": times(k, H)}), at) == value(a, {**at, "h": k * at["h"]})


def test_equal_lengths_are_equal_objects() -> None:
    assert floor(add(times(4, H), 3), 2) == add(times(2, H), 1)
    assert times(H, W) == times(W, H)
    assert minus(add(H, 3), 3) == H
    assert floor(add(H, 1), 2) == floor(add(1, H), 2) != floor(H, 2)


def test_quotients_are_exact_or_none() -> None:
    assert divided(times(12, times(H, W)), times(4, W)) == times(3, H)
    assert divided(times(3, H), 2) is None
    assert divided(H, W) is None
    assert set(parts(times(6, times(H, W)))) == {1, H, W, times(H, W)}


def test_float32_scales_are_those_of_onnx() -> None:
    assert scaled(H, 1.5) == floor(times(3, H), 2)
    assert scaled(10, 1.3) in (12, 13)
    assert value(scaled(H, 1.3), {"h": 20}) == 26


def test_formulas_are_written_in_whole_lengths() -> None:
    assert text(times(3, H), {"h": 8}) == "3*h/8"
    assert text(times(16, times(H, W)), {"h": 8, "w": 8}) == "h*w/4"
    assert text(add(H, -1)) == "h-1"


def test_lengths_that_do_not_meet_at_every_size() -> None:
    arithmetic = Arithmetic(lambda vector: None, most=64)
    assert arithmetic.broadcast(H, 1) == H
    with pytest.raises(Inconsistent, match="a length of h meets one of 64"):
        arithmetic.broadcast(H, 64)


def test_a_comparison_that_needs_a_bound_says_so() -> None:
    arithmetic = Arithmetic(lambda vector: None, most=64)
    assert arithmetic.smaller(H, 4) == 4
    assert arithmetic.least == 4
