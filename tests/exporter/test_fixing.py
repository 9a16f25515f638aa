from __future__ import annotations

from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import pliant
from pliant.errors import UsageError
from pliant.exporter.fixing import fix
from tests.idioms import picture


class Several(nn.Module):
    def forward(self, x: Tensor, step: Any, scales: Tensor, gain: float = 1.0, mode: str = "nearest") -> Tensor:
        y = F.max_pool2d(x, 1, int(step))
        return F.interpolate(y, scale_factor=scales.tolist()[-2:], mode=mode) * gain


SCALES = torch.tensor([1.0, 1.0, 2.0, 2.0])


@pytest.mark.parametrize("step", [1, torch.tensor(1)])
def test_fixed_values_are_constants_of_the_file(step: Any) -> None:
    fixed = {"step": 2, "scales": [1, 1, 1.5, 2.5]}
    artifact = pliant.export(Several(), (picture(16, 20), step, SCALES, 2.0), fixed=fixed)
    assert [i.name for i in artifact.contract.inputs] == ["x", "gain"]
    assert artifact.contract.notes == ("step is fixed at 2.", "scales is fixed at (1, 1, 1.5, 2.5).")
    session = onnxruntime.InferenceSession(artifact.model)
    for gain in (0.5, 3.0):
        x = picture(9, 7)
        (got,) = session.run(None, {"x": x.numpy(), "gain": np.array(gain)})
        expected = Several()(x, 2, torch.tensor([1, 1, 1.5, 2.5]), gain)
        assert got.shape == expected.shape
        assert np.abs(got - expected.numpy()).max() < 1e-6


def test_a_fixed_factor_is_a_scale() -> None:
    contract = pliant.export(_Factor(), (picture(16, 20), 3.0), fixed=["factor"]).contract
    assert (contract.factor, contract.scale) == (None, 3.0)


class _Factor(nn.Module):
    def forward(self, x: Tensor, factor: float) -> Tensor:
        return F.interpolate(x, scale_factor=factor)


def fixed(choice: Any, names: list[str] | None = None) -> tuple[tuple[Any, ...], dict[str, Any], tuple[str, ...]]:
    return fix(Several(), (picture(4, 4), torch.tensor(1), SCALES), {"gain": 2.0, "mode": "nearest"}, names, choice)


def test_names_alone_keep_the_example() -> None:
    args, kwargs, notes = fixed(["step", "gain"])
    assert args[1] == 1
    assert kwargs == {"gain": 2.0, "mode": "nearest"}
    assert notes == ("step is fixed at 1.", "gain is fixed at 2.")


def test_what_is_given_becomes_what_the_example_is() -> None:
    args, kwargs, _ = fixed({"step": 3, "gain": torch.tensor(0.5), "scales": (1, 1, 3, 3)})
    assert args[1].dtype == torch.int64
    assert (args[1].shape, args[1].item()) == ((), 3)
    assert args[2].dtype == torch.float32
    assert type(kwargs["gain"]) is float


def test_names_of_the_caller_are_used() -> None:
    assert fixed({"stride": 3}, ["image", "stride", "by", "strength"])[2] == ("stride is fixed at 3.",)


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ({"nothing": 2}, "'nothing', which is no live value; the live values are .*step.*scales.*gain"),
        ({"x": 2}, "'x', which is no live value"),
        (["mode"], "'mode', which is no live value"),
        ("step", "give fixed={'step': 2} or fixed=\\['step'\\]"),
        ({"step": 2.5}, "whole numbers"),
        ({"step": [1, 2]}, "the example is a tensor of rank 0"),
        ({"scales": 2.0}, "the example is a tensor of 4 numbers"),
        ({"scales": "much"}, "which is no tensor of 4 numbers"),
        ({"gain": "much"}, "give a number"),
        ({"gain": True}, "give a number"),
    ],
)
def test_what_cannot_be_fixed(choice: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        fixed(choice)


def test_options_for_a_fixed_value_are_a_mistake() -> None:
    with pytest.raises(UsageError, match="'factor' is fixed, and values is about live inputs"):
        pliant.export(_Factor(), (picture(4, 4), 2.0), fixed={"factor": 2}, values={"factor": (1, 4)})
