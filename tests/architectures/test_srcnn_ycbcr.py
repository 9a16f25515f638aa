from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from pliant.architectures._luma import InColours
from pliant.architectures.base import MOST, with_any_factor
from pliant.architectures.srcnn_ycbcr import ARCHITECTURE, Restoration
from tests.architectures.export import compare, lively


def state(
    channels: int = 3, features: tuple[int, int] = (6, 4), kernels: tuple[int, ...] = (9, 1, 5)
) -> dict[str, Tensor]:
    torch.manual_seed(0)
    return dict(lively(Restoration(channels, features, kernels)).state_dict())


@pytest.mark.parametrize("kernels", [(9, 1, 5), (9, 3, 5), (5, 5, 3)])
@pytest.mark.parametrize("channels", [1, 3])
def test_what_is_counted_is_what_convolutions_without_padding_give(channels: int, kernels: tuple[int, ...]) -> None:
    weights = state(channels, kernels=kernels)
    assert ARCHITECTURE.detect(weights) == ""
    restoration = ARCHITECTURE.load(dict(sorted(weights.items())), {}).module.restoration
    assert isinstance(restoration, InColours)
    assert restoration.colours == "full"
    picture = torch.rand(1, channels, 24, 23)
    expected = picture
    for word in ("patch_extraction", "nonlinear_map", "recon"):
        expected = F.conv2d(expected, weights[f"{word}.weight"], weights[f"{word}.bias"])
        expected = expected if word == "recon" else F.relu(expected)
    border = sum(side // 2 for side in kernels)
    with torch.no_grad():
        result = restoration.network(picture)
    assert result.shape == picture.shape
    torch.testing.assert_close(result[..., border:-border, border:-border], expected)


def test_the_factor_is_an_argument_already() -> None:
    model = ARCHITECTURE.load(state(), {})
    assert model.scale is None
    assert model.values == {"factor": (1, MOST)}
    assert with_any_factor(model) is model


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"recon.bias": None}, "no recon.bias"),
        ({"other.weight": torch.ones(1)}, "three convolutions with odd square kernels and nothing else"),
        ({"recon.weight": torch.ones(3, 4, 4, 4)}, "three convolutions with odd square kernels and nothing else"),
        ({"recon.weight": torch.ones(3, 5, 5, 5)}, "three convolutions that follow each other"),
        ({"recon.weight": torch.ones(1, 4, 5, 5)}, "three convolutions that follow each other"),
    ],
)
def test_what_is_no_srcnn(change: dict[str, Tensor | None], reason: str) -> None:
    weights = {name: tensor for name, tensor in {**state(), **change}.items() if tensor is not None}
    assert ARCHITECTURE.detect(weights) == reason


def test_other_channels_are_refused() -> None:
    assert ARCHITECTURE.detect(state(2)) == "1 or 3 colour channels; patch_extraction takes 2"


def test_any_factor_in_a_file() -> None:
    compare(ARCHITECTURE.load(state(1), {}), [(1, 1, 2.0), (7, 9, 1.3), (5, 8, 3.7)])
