"""Finding something by a live number, or by its text."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pliant.capture.live.texts import text
from tests.idioms import picture
from tests.live import exported

SCALES = [(picture(7, 9), 3), (picture(5, 6, 2), 4), (picture(8, 5), 2), (picture(6, 6), 3)]


class Heads(nn.Module):
    """A head per scale, named in the ways that people use."""

    def __init__(self) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        self.heads = nn.ModuleDict({f"x{s}": nn.Conv2d(3, 3, 1) for s in (2, 3, 4)})
        self.by_number = nn.ModuleDict({str(s): nn.Conv2d(3, 3, 1) for s in (2, 3, 4)})
        self.up2, self.up3, self.up4 = (nn.Conv2d(3, 3, 1) for _ in range(3))
        self.blocks = nn.ModuleList(nn.Conv2d(3, 3, 1) for _ in range(2))
        for parameter in self.parameters():
            parameter.data = torch.rand(parameter.shape, generator=generator)

    def forward(self, x: Tensor, scale: int) -> Any:
        found = [self.heads[f"x{scale}"](x) + self.by_number[str(scale)](x)]
        found.append(getattr(self, f"up{scale}")(x))
        found.append(getattr(self, "up%d" % scale)(x) if hasattr(self, "up" + str(scale)) else x)  # noqa: UP031
        found.append(x * {2: 0.5, 3: 0.7}.get(scale, 1.0))
        return found


class Tables(Heads):
    def forward(self, x: Tensor, scale: int) -> Any:
        y = x
        for block in self.blocks[: scale - 2]:
            y = block(y)
        return y, x * [0.1, 0.2, 0.3, 0.4, 0.5][scale], x * (2 if "x{}".format(scale) in {"x2": 1} else 3)  # noqa: UP032


class Matched(Heads):
    def forward(self, x: Tensor, scale: int) -> Tensor:
        match scale:
            case 2:
                return self.up2(x)
            case 3 | 5:
                return F.interpolate(x, scale_factor=float(scale), mode="nearest")
            case _ if x.shape[2] > 5:
                return x * scale
            case other:
                return x - other


@pytest.mark.parametrize("module", [Heads, Tables, Matched])
def test_look_ups(module: type[nn.Module]) -> None:
    exported(module(), (picture(6, 8), 2), SCALES)


def test_text_of_plain_numbers_is_plain() -> None:
    assert text("x", 3, "/", 2.5, True) == "x3/2.5True"
    assert type(text("x", 3)) is str
