"""A network of one scale that takes any factor."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

import pliant
from pliant.apps.export import weights_model
from pliant.architectures.base import ImageModel, with_any_factor
from pliant.architectures.srcnn import SRCNN
from pliant.contract import Image
from pliant.errors import UsageError


class Shuffled(nn.Module):
    """A network that upscales by 3."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 27, 3, padding=1)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return F.pixel_shuffle(self.conv(image), 3)


def test_the_result_is_pytorchs_antialiased_resize() -> None:
    torch.manual_seed(0)
    network = Shuffled().eval()
    model = with_any_factor(ImageModel(network, (torch.rand(1, 3, 9, 7),), Image(), scale=3))
    session = pliant.load(pliant.export(model.module, model.example, values=model.values))

    for size, factor in [((5, 33), 1.0), ((24, 17), 1.5), ((11, 8), 2.0), ((7, 5), 3.0), ((6, 9), 4.7), ((50, 3), 0.6)]:
        picture = torch.rand(1, 3, *size)
        with torch.no_grad():
            result = F.interpolate(network(picture), scale_factor=factor / 3, mode="bicubic", antialias=True)
        np.testing.assert_allclose(session(picture.numpy(), factor=factor), result.numpy(), atol=1e-5)


def test_a_network_that_takes_a_factor_stays_as_it_is() -> None:
    model = ImageModel(SRCNN(), (torch.rand(1, 3, 9, 7), 2.0), Image())

    assert with_any_factor(model) is model


@pytest.mark.parametrize(("factor", "words"), [("native", "takes any factor"), ("3", "live or native")])
def test_a_factor_that_does_not_fit_the_weights(factor: str, words: str, tmp_path: Path) -> None:
    torch.save(SRCNN(features=(4, 2)).state_dict(), tmp_path / "srcnn.pth")

    with pytest.raises(UsageError, match=words):
        weights_model(str(tmp_path / "srcnn.pth"), factor)
