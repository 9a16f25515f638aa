from __future__ import annotations

import pytest

from pliant.contract import Dim
from pliant.errors import ContractError
from pliant.graph import Body, Graph, Value
from pliant.inferred import infer


def _infer(*inputs: Value):
    return infer(Graph(Body(inputs=inputs, outputs=(Value("y", "float32", ("n", 3, "", 8)),))))


@pytest.mark.parametrize(("channels", "colours"), [(3, "RGB"), (1, "GREY")])
def test_a_picture(channels: int, colours: str) -> None:
    contract = _infer(Value("x", "float32", ("n", channels, "h", "")))
    (x,) = contract.inputs
    assert (x.role, x.dims) == ("image", (Dim("n"), Dim(size=channels), Dim("h"), Dim()))
    assert contract.image is not None
    assert contract.image.colours == colours
    assert contract.inferred
    assert contract.outputs[0].dims == ("n", "3", "?", "8")


@pytest.mark.parametrize(
    ("value", "role"),
    [
        (Value("f", "float64", ()), "value"),
        (Value("f", "int64", (1,)), "value"),
        (Value("f", "float32", (4,)), "value"),
        (Value("f", "int64", (4,)), "tensor"),
        (Value("f", "float32", (3,)), "tensor"),
        (Value("f", "bool", ()), "tensor"),
    ],
)
def test_numbers_beside_a_picture(value: Value, role: str) -> None:
    contract = _infer(Value("x", "float32", (1, 3, "h", "w")), value)
    assert contract.inputs[1].role == role
    assert contract.factor == ("f" if role == "value" else None)
    assert any("upscale factor" in note for note in contract.notes) == (role == "value")


def test_without_a_picture_nothing_is_a_factor() -> None:
    contract = _infer(Value("x", "float32", (1, 80)), Value("f", "float32", (4,)))
    assert (contract.image, contract.factor, [i.role for i in contract.inputs]) == (None, None, ["tensor", "tensor"])


def test_of_two_values_none_is_guessed_to_be_the_factor() -> None:
    x = Value("x", "float32", (1, 3, "h", "w"))
    assert _infer(x, Value("a", "float32", ()), Value("b", "float32", ())).factor is None


def test_negative_and_zero_dims_are_live() -> None:
    assert _infer(Value("x", "float32", (-1, 3, 0, 8))).inputs[0].dims == (Dim(), Dim(size=3), Dim(), Dim(size=8))


@pytest.mark.parametrize("value", [Value("x", "float32", None), Value("x", "", None)])
def test_what_is_missing_is_said(value: Value) -> None:
    with pytest.raises(ContractError, match="input 'x' declares no"):
        _infer(value)
