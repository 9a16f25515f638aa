from __future__ import annotations

import pytest

from pliant.exporter.formulas import FACTOR_NAMES, Symbols, upscaling

SYMBOLS = Symbols({"s77": "n", "s53": "h", "s0": "w", "zuf0": "factor", "u1": "scales[2]"}, {})


@pytest.mark.parametrize(
    ("traced", "read"),
    [
        ("s53", "h"),
        (3, "3"),
        ("2*s53", "2*h"),
        ("TruncToInt(zuf0*ToFloat(s53))", "floor(factor*h)"),
        ("FloorToInt(ToFloat(s53)*zuf0)", "floor(h*factor)"),
        ("CeilToInt(u1*ToFloat(s0))", "ceil(scales[2]*w)"),
        ("RoundToInt(zuf0*ToFloat(s0))", "round(factor*w)"),
        ("2*((s53//2)) + 1", "2*(h//2)+1"),
        ("s53 + s530", "h+s530"),
        ("u0 + u10", "u0+u10"),
        ("Max(1, s0)", "Max(1,w)"),
    ],
)
def test_lengths_as_people_read_them(traced: object, read: str) -> None:
    assert SYMBOLS.read(traced) == read


def test_a_name_that_looks_like_a_symbol_is_not_replaced_again() -> None:
    assert Symbols({"s1": "s2", "s2": "s1"}, {}).read("s1 - s2") == "s2-s1"


def dims(height: str, width: str = "?") -> tuple[str, ...]:
    return ("n", "3", height, width)


@pytest.mark.parametrize("formula", ["floor({0}*h)", "floor(h*{0})", "h*{0}", "{0}*h"])
@pytest.mark.parametrize("name", ["factor", "r", "x_1"])
def test_a_live_factor_is_seen_in_the_formula(formula: str, name: str) -> None:
    assert upscaling("h", dims(formula.format(name)), ["other", name]) == (name, None)


def test_an_element_of_a_vector_is_the_factor() -> None:
    assert upscaling("h", dims("floor(scales[2]*h)"), ["scales"]) == ("scales", None)


@pytest.mark.parametrize(("formula", "scale"), [("h", 1.0), ("2*h", 2.0), ("16*h", 16.0)])
def test_a_fixed_scale(formula: str, scale: float) -> None:
    assert upscaling("h", dims(formula), []) == (None, scale)
    assert upscaling("h", dims(formula), ["factor"]) == (None, scale)


@pytest.mark.parametrize("name", FACTOR_NAMES)
def test_a_telling_name_is_enough(name: str) -> None:
    assert upscaling("h", dims("2*(u0//2)"), ["noise", name]) == (name, None)


@pytest.mark.parametrize(
    ("height", "shape", "names"),
    [
        ("h", dims("2*(u0//2)"), ["noise"]),
        ("h", dims("w"), []),
        ("h", dims("2*h+1"), []),
        ("h", dims("2*hh"), []),
        ("h", dims("floor(noise*w)"), ["noise"]),
        ("h", ("n", "3", "h"), ["factor"]),
        ("h", (), ["factor"]),
        ("a.b", dims("2*a_b"), []),
    ],
)
def test_what_is_no_upscaling(height: str, shape: tuple[str, ...], names: list[str]) -> None:
    assert upscaling(height, shape, names) == (None, None)
