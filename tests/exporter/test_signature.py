from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import pliant
from pliant.contract import Dim, Input, Range
from pliant.errors import PliantError, UsageError
from pliant.exporter.signature import MOST_VALUES, Signature, read_signature


class Net(nn.Module):
    def forward(self, image: Tensor, factor: Any = 2.0, *rest: Any, mode: str = "cubic", other: Any = None) -> Tensor:
        return image


def picture(height: int = 16, width: int = 20, n: int = 1, channels: int = 3) -> Tensor:
    return torch.rand(n, channels, height, width)


def read(*args: Any, kwargs: Any = None, **options: Any) -> Signature:
    filled: dict[str, Any] = {"dims": {}, "values": {}, "names": None, **options}
    return read_signature(Net(), args, kwargs or {}, **filled)


def names(signature: Signature) -> list[str]:
    return [i.name for i in signature.inputs]


def axes(entry: Input) -> list[str]:
    return [str(d) for d in entry.dims]


def test_a_picture_and_a_number() -> None:
    image, factor = read(picture(), 3.0).inputs
    assert image == Input("image", "float32", (Dim("n"), Dim(size=3), Dim("h"), Dim("w")), "image")
    assert factor == Input("factor", "float64", (), "value", Range(), (3.0,))


@pytest.mark.parametrize(
    ("value", "dtype", "example"),
    [
        (3, "int64", (3,)),
        (2.5, "float64", (2.5,)),
        (torch.tensor(2.5), "float32", (2.5,)),
        (torch.tensor(3, dtype=torch.int32), "int32", (3,)),
        (torch.tensor([1.0, 1.0, 3.0]), "float32", (1.0, 1.0, 3.0)),
    ],
)
def test_live_values(value: Any, dtype: str, example: tuple[float, ...]) -> None:
    entry = read(picture(), value).inputs[1]
    assert (entry.role, entry.dtype, entry.example) == ("value", dtype, example)
    assert all(not d.live for d in entry.dims)


@pytest.mark.parametrize("value", [torch.tensor(True), torch.zeros(MOST_VALUES + 1), torch.zeros(2, 2)])
def test_other_tensors_are_no_values(value: Tensor) -> None:
    entry = read(picture(), value).inputs[1]
    assert (entry.role, entry.example) == ("tensor", ())
    assert axes(entry) == [str(s) for s in value.shape]


def test_sixteen_elements_are_still_values() -> None:
    assert read(picture(), torch.zeros(MOST_VALUES)).inputs[1].role == "value"


@pytest.mark.parametrize("fixed", [True, False, "cubic", None, torch.float32, object()])
def test_what_is_fixed_is_no_input(fixed: Any) -> None:
    signature = read(picture(), fixed)
    assert names(signature) == ["image"]
    args, kwargs = signature.assemble(["picture"])
    assert args == ("picture", fixed)
    assert kwargs == {}


def test_names_come_from_forward() -> None:
    assert names(read(picture(), 2.0, 3.0, 4, kwargs={"other": 5, "mode": "x"})) == [
        "image",
        "factor",
        "input_2",
        "input_3",
        "other",
    ]


def test_nested_arguments_are_named_by_their_path() -> None:
    signature = read([picture(), picture()], {"a": 1, "b": (2.0, "text", 3)})
    assert names(signature) == ["image_0", "image_1", "factor_a", "factor_b_0", "factor_b_2"]


def test_assemble_puts_values_back_where_they_were() -> None:
    signature = read([picture(), None], {"a": 1, "b": (2.0, "text")}, kwargs={"other": [3], "mode": "x"})
    args, kwargs = signature.assemble(["p", "q", "r", "s"])
    assert args == (["p", None], {"a": "q", "b": ("r", "text")})
    assert kwargs == {"other": ["s"], "mode": "x"}


def test_keyword_arguments_keep_the_callers_order() -> None:
    signature = read(kwargs={"other": 1.0, "factor": 2, "image": picture()})
    assert names(signature) == ["other", "factor", "image"]
    assert signature.assemble([1, 2, 3]) == ((), {"other": 1, "factor": 2, "image": 3})


def test_names_of_the_callers() -> None:
    assert names(read(picture(), 3.0, names=["x", "y"])) == ["x", "y"]


def test_only_the_first_picture_is_the_image() -> None:
    first, _, second = read(picture(), 2.0, picture(8, 9, channels=1)).inputs
    assert (first.role, second.role) == ("image", "tensor")
    assert axes(first) == ["n", "3", "h", "w"]
    assert axes(second) == ["n", "1", "input_2_h", "input_2_w"]


def test_a_fixed_batch() -> None:
    assert axes(read(picture(n=2), fixed_batch=True).inputs[0]) == ["2", "3", "h", "w"]


def test_words_for_dims() -> None:
    image, other = read(picture(), torch.rand(3, 7), dims={"image": "1 3 rows 20", "factor": "k 7"}).inputs
    assert image.dims == (Dim(size=1), Dim(size=3), Dim("rows"), Dim(size=20))
    assert axes(other) == ["k", "7"]


def test_values_bound_an_input() -> None:
    assert read(picture(), 3.0, values={"factor": (1, None)}).inputs[1].values == Range(1, None)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dims": {"image": "n c h"}}, r"dims of 'image' is 'n c h', 3 words; .* shape \(1, 3, 16, 20\): one word per"),
        ({"dims": {"image": ""}}, "0 words"),
        ({"dims": {"image": "n 4 h w"}}, "dims of 'image' fixes an axis to 4, but the example has 3 there"),
        ({"dims": {"image": "n 3 h w-1"}}, "has the word 'w-1'; use a name for a live axis"),
        ({"dims": {"image": "n -1 h w"}}, "has the word '-1'"),
        ({"dims": {"factor": "n"}}, r"dims of 'factor' is 'n', 1 words; the example has shape \(\)"),
        ({"dims": {"x": "n c h w"}}, r"dims names \['x'\], which are no inputs; .* \['image', 'factor'\]"),
        ({"values": {"mode": (1, 2)}}, r"values names \['mode'\], which are no inputs"),
        ({"names": ["x"]}, r"names has 1 entries; the arguments give 2 inputs: \['image', 'factor'\]"),
        ({"names": ["x", "x"]}, r"Input names must differ; got \['x', 'x'\]"),
        ({"names": ["x", "y"], "dims": {"image": "n 3 h w"}}, r"dims names \['image'\].*the inputs are \['x', 'y'\]"),
    ],
)
def test_options_that_do_not_fit(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        read(picture(), 3.0, **options)


def test_one_name_for_two_lengths_is_refused() -> None:
    with pytest.raises(UsageError, match="'side'"):
        read(picture(16, 20), dims={"image": "n 3 side side"})


def test_a_range_without_numbers_is_refused() -> None:
    with pytest.raises(UsageError, match="factor"):
        read(picture(), 3.0, values={"factor": (8, 1)})


def test_live_axes_of_length_one_are_doubled_for_tracing() -> None:
    signature = read(picture(1, 20))
    assert signature.leaves[0].example.shape == (2, 3, 2, 20)
    assert signature.leaves[0].live == (0, 2, 3)
    assert read(picture(1, 20), dims={"image": "1 3 1 w"}).leaves[0].example.shape == (1, 3, 1, 20)


def test_examples_carry_no_gradient() -> None:
    assert not read(picture().requires_grad_()).leaves[0].example.requires_grad


def test_a_live_axis_with_a_greatest_length() -> None:
    artifact = pliant.export(nn.Conv2d(3, 3, 3), (torch.rand(1, 3, 9, 8),), dims={"input": "n 3 h<=16 w"})
    _, _, height, width = artifact.contract.inputs[0].dims
    assert (height.maximum, width.maximum) == (16, None)
    session = pliant.load(artifact)
    assert session(np.zeros((1, 3, 16, 40), np.float32)).shape == (1, 3, 14, 38)
    with pytest.raises(PliantError, match="16"):
        session(np.zeros((1, 3, 17, 8), np.float32))


@pytest.mark.parametrize("word", ["h<=8", "h<=", "<=9", "9<=h", "h<=x"])
def test_a_greatest_length_that_makes_no_sense(word: str) -> None:
    with pytest.raises(UsageError, match="<="):
        pliant.export(nn.Conv2d(3, 3, 3), (torch.rand(1, 3, 9, 8),), dims={"input": f"n 3 {word} w"})


class OnePicture(nn.Module):
    """Refuses more than one picture at a time; the second argument shares its batch axis."""

    def forward(self, image: Tensor, mask: Tensor) -> Tensor:
        if image.shape[0] != 1:
            raise ValueError("one picture at a time")
        return image * mask


class Multiplied(nn.Module):
    def forward(self, image: Tensor, mask: Tensor) -> Tensor:
        return image * mask


@pytest.mark.parametrize(("module", "batch"), [(OnePicture(), "1"), (Multiplied(), "n")])
def test_an_axis_is_live_if_the_model_allows_it(module: nn.Module, batch: str) -> None:
    dims = {"image": "n? 3 h w", "mask": "n? 1 h w"}
    artifact = pliant.export(module, (torch.rand(1, 3, 9, 8), torch.rand(1, 1, 9, 8)), dims=dims)
    assert artifact.contract.outputs[0].dims == (batch, "3", "h", "w")
    image, mask = np.ones((1, 3, 5, 7), np.float32), np.ones((1, 1, 5, 7), np.float32)
    assert pliant.load(artifact)(image, mask).shape == (1, 3, 5, 7)
