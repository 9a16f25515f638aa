from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pliant.contract import Contract, Dim, Image, Input, Output, Provenance, Range, Resize

FULL = Contract(
    inputs=(
        Input("größe", "float32", (Dim("n"), Dim(size=3), Dim("h", None, 6, 640, 2), Dim("w")), "image"),
        Input("scales", "float32", (Dim(size=2),), "value", Range(1, 4.5), (2.0, 3.25)),
    ),
    outputs=(Output("result", "float32", ("n", "3", "floor(h*scales[0])", "w")), Output("count", "int64")),
    image=Image("BGR", "NCHW", -1.0, 255.0, "truncate"),
    factor="scales",
    scale=2.5,
    resizes=(Resize("resize_1", "bicubic", "size", ("scales", "größe")),),
    provenance=Provenance("a.b.Net", "ab" * 32, (("torch", "2.13"), ("pliant", "0.1"))),
    notes=('Says "no".', "Second."),
    inferred=True,
)
MINIMAL = Contract((Input("x", "float32"),), ())

bounds = st.none() | st.floats(allow_nan=False)
ranges = st.builds(Range, bounds, bounds)
counts = st.integers(1, 10**6)
dims = st.builds(Dim, st.none() | st.text(), st.none() | counts, counts, st.none() | counts, counts)


def changed(**fields: Any) -> str:
    return json.dumps({**json.loads(FULL.to_json()), **fields})


@pytest.mark.parametrize("contract", [FULL, MINIMAL], ids=["full", "minimal"])
def test_json_round_trip(contract: Contract) -> None:
    back = Contract.from_json(contract.to_json())
    assert back == contract
    assert hash(back) == hash(contract)  # lists in place of tuples would fail here


@given(ranges, st.lists(dims, max_size=4))
def test_ranges_and_dims_round_trip(values: Range, axes: list[Dim]) -> None:
    contract = Contract((Input("x", "float32", tuple(axes), "value", values),), ())
    assert Contract.from_json(contract.to_json()) == contract


def test_json_names_its_version_and_keeps_text_readable() -> None:
    assert json.loads(FULL.to_json())["version"] == 1
    assert "größe" in FULL.to_json()


@pytest.mark.parametrize("version", [2, 0, "1", None])
def test_another_version_is_refused(version: Any) -> None:
    with pytest.raises(ValueError, match=rf"contract version {version!r}; this pliant reads version 1"):
        Contract.from_json(changed(version=version))


@pytest.mark.parametrize(
    "name", sorted(set(json.loads(FULL.to_json())) - {"version", "network"})
)  # the first files have no network
def test_a_missing_field_is_named(name: str) -> None:
    data = json.loads(FULL.to_json())
    del data[name]
    with pytest.raises(ValueError, match=f"lacks or misspells '{name}'"):
        Contract.from_json(json.dumps(data))


def test_a_misspelt_field_inside_is_named() -> None:
    with pytest.raises(ValueError, match=r"lacks or misspells .*'colors'"):
        Contract.from_json(changed(image={"colors": "RGB"}))


def test_a_missing_field_of_an_input_is_named() -> None:
    with pytest.raises(ValueError, match="lacks or misspells 'dtype'"):
        Contract.from_json(changed(inputs=[{"name": "x", "dims": []}]))


@pytest.mark.parametrize("text", ["", "{", "hello", '{"version": 1'])
def test_what_is_no_json_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"line 1 column"):
        Contract.from_json(text)


@pytest.mark.parametrize("text", ["[]", "1", "null", '"text"'])
def test_json_that_is_no_object_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match="contract"):
        Contract.from_json(text)


@given(bounds, bounds, st.floats(allow_nan=False))
def test_a_range_contains_what_lies_between(low: float | None, high: float | None, value: float) -> None:
    expected = (-math.inf if low is None else low) <= value <= (math.inf if high is None else high)
    assert Range(low, high).contains(value) is expected


def test_nan_lies_in_no_range() -> None:
    assert not Range().contains(math.nan)
    assert not Range(1, 4).contains(math.nan)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Range(), "any"),
        (Range(1), "1 or more"),
        (Range(None, 0), "0 or less"),
        (Range(0, 2.5), "0 to 2.5"),
        (Dim(size=3), "3"),
        (Dim("h"), "h"),
        (Dim(), "?"),
        (Dim("h", multiple=8), "h (multiple of 8)"),
    ],
)
def test_how_it_reads(value: Range | Dim, text: str) -> None:
    assert str(value) == text


def test_only_a_dim_without_size_is_live() -> None:
    assert Dim("h").live
    assert not Dim("h", size=3).live


def test_an_input_is_found_by_name() -> None:
    assert FULL.input("scales") is FULL.inputs[1]
    with pytest.raises(KeyError, match="nothing"):
        FULL.input("nothing")
