from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pliant.contract import Contract, Dim, Input, Range
from pliant.verifier.cases import around, at, disagreements, edges, fill, room, sizes, values

N, C, H, W = Dim("n"), Dim(size=3), Dim("h"), Dim("w")
EXAMPLE = {"n": 2, "h": 16, "w": 20}


def picture(h: Dim = H, w: Dim = W, n: Dim = N) -> Contract:
    return Contract((Input("x", "float32", (n, C, h, w), "image"),), ())


def value(
    example: tuple[float, ...], low: float | None = None, high: float | None = None, dtype: str = "float64"
) -> Input:
    return Input("v", dtype, (Dim(size=len(example)),) if len(example) > 1 else (), "value", Range(low, high), example)


def test_the_first_size_is_the_example() -> None:
    assert next(sizes(picture(), EXAMPLE)) == EXAMPLE


def test_sizes_are_odd_and_not_square_and_one_pixel() -> None:
    drawn = list(sizes(picture(), EXAMPLE))
    assert all(set(d) == set(EXAMPLE) for d in drawn)
    assert any(d["h"] % 2 and d["w"] % 2 for d in drawn)
    assert any(d["h"] > d["w"] for d in drawn)
    assert any(d["h"] < d["w"] for d in drawn)
    assert any((d["h"], d["w"]) == (1, 1) for d in drawn)
    assert sum(d["h"] == d["w"] for d in drawn) <= len(drawn) // 3
    assert {d["n"] for d in drawn} == {1, 2, 3}


def test_sizes_differ_from_the_example() -> None:
    drawn = list(sizes(picture(), EXAMPLE))[1:]
    assert sum((d["h"], d["w"]) == (16, 20) for d in drawn) == 0


def test_sizes_vary_the_batch_alone() -> None:
    contract = Contract((Input("x", "float32", (N, Dim(size=8))),), ())
    assert [d["n"] for d in sizes(contract, {"n": 2})] == [2, 1]


def test_fixed_sizes_give_only_the_example() -> None:
    assert not any(sizes(Contract((Input("v", "float64"),), ()), {}))


@pytest.mark.parametrize("multiple", [2, 4, 8, 64])
def test_sizes_respect_multiples(multiple: int) -> None:
    drawn = list(sizes(picture(Dim("h", multiple=multiple)), {"n": 1, "h": 64, "w": 20}))
    assert all(d["h"] % multiple == 0 and d["h"] > 0 for d in drawn)
    assert len({d["h"] for d in drawn}) > 1


@pytest.mark.parametrize(("low", "high"), [(6, None), (1, 18), (15, 17), (16, 16)])
def test_sizes_respect_bounds(low: int, high: int | None) -> None:
    drawn = list(sizes(picture(Dim("h", minimum=low, maximum=high)), EXAMPLE))
    assert all(low <= d["h"] <= (high or 10**9) for d in drawn)


@given(st.integers(1, 40), st.integers(0, 100), st.integers(1, 16), st.booleans())
def test_sizes_respect_bounds_and_multiples_together(low: int, span: int, multiple: int, open_ended: bool) -> None:
    smallest = -(-low // multiple) * multiple
    high = None if open_ended else low + span
    assume(high is None or smallest <= high)
    drawn = sizes(picture(Dim("h", None, low, high, multiple)), {"n": 1, "h": smallest, "w": 20})
    for length in (d["h"] for d in drawn):
        assert low <= length <= (high or 10**9)
        assert length % multiple == 0


def test_values_begin_with_the_example_and_differ() -> None:
    drawn = values(value((3.0,)))
    assert drawn[0] == (3.0,)
    assert len(drawn) == len(set(drawn)) >= 5


def test_some_values_make_no_whole_length() -> None:
    drawn = [v[0] for v in values(value((3.0,)))]
    heights = [d["h"] for d in sizes(picture(), EXAMPLE)]
    assert any((h * f) % 1 for h in heights for f in drawn)
    assert any(f < 1 for f in drawn)
    assert any(f % 1 == 0 for f in drawn[1:])


@pytest.mark.parametrize(("low", "high"), [(1, 4), (1, 64), (2, 3), (3, 3), (0, None), (None, 3)])
@pytest.mark.parametrize("dtype", ["float64", "int64"])
def test_values_respect_the_range(low: float | None, high: float | None, dtype: str) -> None:
    entry = value((3,), low, high, dtype)
    drawn = values(entry)
    assert drawn
    assert drawn[0] == (3,)
    contract = Contract((entry,), ())
    arrays = [fill(contract, {}, {"v": chosen}, 0).arrays["v"] for chosen in drawn]
    assert all(entry.values.contains(float(a)) for a in arrays)


@pytest.mark.parametrize("high", [4, 64, 10_000])
def test_edges_try_the_declared_ends(high: int) -> None:
    entry = value((3.0,), 1, high)
    assert {(1.0,), (float(high),)} <= {*values(entry), *edges(entry)}


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (value((3,), dtype="int64"), [(1,), (0,), (-1,)]),
        (value((5,), 0, 7, "int64"), [(2,), (1,), (0,)]),
        (value((2,), 1, 5, "int64"), [(5,)]),
        (value((2,), dtype="uint8"), [(0,)]),
        (value((3,), 1.5, 4.5, "int64"), []),
        (value((2.0,)), [(0.0,), (-1.0,)]),
        (value((0.5,), 0, 1), [(1.0,), (0.0,)]),
        (value((1.0, 1.0, 3.0), 1, 4), [(1.0, 1.0, 4.0), (1.0, 1.0, 1.0)]),
    ],
)
def test_edges_are_small_zero_and_negative_where_admitted(entry: Input, expected: list[tuple[float, ...]]) -> None:
    known = set(values(entry))
    assert edges(entry) == [e for e in expected if e not in known]
    assert {*expected} <= {*known, *edges(entry)}


def test_a_large_value_is_tried_on_a_small_picture_and_a_huge_one_not() -> None:
    entry = value((3.0,))
    contract = Contract((*picture().inputs, entry), ())
    assert room(contract, EXAMPLE, entry, (4.0,)) == EXAMPLE
    lengths = room(contract, EXAMPLE, entry, (64.0,))
    assert lengths is not None
    assert lengths["h"] * lengths["w"] < 20
    assert room(contract, EXAMPLE, entry, (1e6,)) is None


def test_around_is_below_at_and_above() -> None:
    assert around(value((3,), dtype="int64"), [2]) == [(1,), (2,), (3,)]
    assert around(value((3,), 2, 8, "int64"), [2]) == [(2,), (3,)]
    (below,), (at_it,), (above,) = around(value((3.0,)), [2.0])
    assert below < at_it == 2.0 < above
    assert np.float32(below) < np.float32(2) < np.float32(above)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_disagreements_are_products_that_float32_gets_wrong(dtype: str) -> None:
    found = disagreements(value((3.0,), dtype=dtype), most=100)
    assert len(found) > 5
    for (factor,), lengths in found:
        given = float(np.float32(factor)) if dtype == "float32" else factor
        for length in lengths:
            wrong = {np.floor(np.float32(length) * np.float32(factor)), np.floor(length * float(np.float32(factor)))}
            assert wrong != {np.floor(length * given)}
    assert 10 in dict(found)[(1.3,)]
    assert disagreements(value((3,), dtype="int64")) == []
    assert all(1.2 <= f <= 1.45 for (f,), _ in disagreements(value((1.3,), 1.2, 1.45, dtype), most=100))


def test_disagreements_keep_the_ones_of_a_vector() -> None:
    found = disagreements(value((1, 1, 3, 3), dtype="float32"))
    assert found
    assert all(elements[:2] == (1, 1) != elements[2:] for elements, _ in found)


def test_lengths_at_a_pair_respect_the_contract() -> None:
    assert at(picture(), EXAMPLE, (10, 30)) == {"n": 2, "h": 10, "w": 30}
    assert at(picture(Dim("h", multiple=4)), EXAMPLE, (10,)) == {"n": 2, "h": 8, "w": 10}


@pytest.mark.parametrize("dtype", ["int64", "int32", "uint8"])
def test_whole_values_are_whole_and_not_negative(dtype: str) -> None:
    drawn = values(value((2,), dtype=dtype))
    assert drawn[0] == (2,)
    assert {(1,), (3,)} <= set(drawn)
    assert all(v == int(v) and v >= 0 for (v,) in drawn)
    assert (0,) in values(value((1,), dtype=dtype))
    assert all(v >= 0 for (v,) in values(value((0,), dtype=dtype)))


def test_whole_values_stay_whole_at_broken_bounds() -> None:
    entry = value((3,), 1.5, 4.5, "int64")
    assert all(v == int(v) for (v,) in values(entry))


@pytest.mark.parametrize("dtype", ["float32", "int64"])
@pytest.mark.parametrize(
    "bounds",
    [
        (None, None),
        (-1000, 1000),
        (1, 4),
    ],
)
def test_vectors_keep_their_ones(dtype: str, bounds: tuple[float | None, float | None]) -> None:
    drawn = values(value((1, 1, 3, 3), *bounds, dtype))
    assert len(drawn) > 1
    assert all(v[:2] == (1, 1) for v in drawn)
    assert any(v[2] != 3 for v in drawn)


def test_a_single_one_does_change() -> None:
    assert len(values(value((1.0,)))) > 1
    assert len(values(value((1,), dtype="int64"))) > 1


def test_a_vector_without_elements_has_no_other_values() -> None:
    entry = Input("v", "float32", (Dim(size=0),), "value", Range(1, 4), ())
    assert values(entry) == [()]


def test_fill_makes_what_the_contract_says() -> None:
    contract = Contract(
        (
            Input("x", "float32", (N, C, H, W), "image"),
            Input("scales", "float32", (Dim(size=2),), "value", Range(), (2.0, 2.0)),
            Input("mask", "bool", (N, H)),
            Input("index", "int64", (Dim(size=5),)),
            Input("factor", "float64", (), "value", Range(), (3.0,)),
        ),
        (),
    )
    case = fill(contract, EXAMPLE, {"scales": (1.5, 2.5), "factor": (1.3,)}, seed=1)
    assert list(case.arrays) == ["x", "scales", "mask", "index", "factor"]
    assert [(a.dtype.name, a.shape) for a in case.arrays.values()] == [
        ("float32", (2, 3, 16, 20)),
        ("float32", (2,)),
        ("bool", (2, 16)),
        ("int64", (5,)),
        ("float64", ()),
    ]
    assert case.arrays["scales"].tolist() == [1.5, 2.5]
    assert float(case.arrays["factor"]) == 1.3
    assert case.label == "n = 2, h = 16, w = 20, scales = (1.5, 2.5), factor = 1.3"


def test_fill_is_seeded() -> None:
    one, same, other = (fill(picture(), EXAMPLE, {}, seed).arrays["x"] for seed in (1, 1, 2))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)
    assert one.min() >= 0
    assert one.max() < 1


def test_a_case_without_choices_is_the_example() -> None:
    assert fill(Contract((Input("x", "int64", (Dim(size=4),)),), ()), {}, {}, 0).label == "the example"
