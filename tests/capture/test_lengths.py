"""Lengths in their simplest form."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

import pliant
from tests.idioms import picture

OUTPUT = ("n", "3", "8*((h+7)//8)", "8*((w+7)//8)")


class InEveryWay(nn.Module):
    """To whole windows of 8: by a remainder, twice a remainder, a quotient, under an `if`, on both sides."""

    def forward(self, x: Tensor) -> list[Tensor]:
        h, w = x.shape[-2:]
        below, right = (8 - h % 8) % 8, -(-w // 8) * 8 - w
        guarded = x
        if h % 8 or w % 8:
            guarded = F.pad(x, (0, -w % 8, 0, -h % 8))
        one_side = F.pad(x, (0, 0, 0, 8 - h % 8)) if h % 8 != 0 else x
        return [
            F.pad(x, (0, right, 0, below)),
            guarded,
            F.pad(one_side, (0, (8 - w % 8) % 8)),
            F.pad(x, (right // 2, right - right // 2, below // 2, below - below // 2)),
        ]


class ToASize(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        h, w = x.shape[-2:]
        return F.pad(x, (0, max(64 - w, 0), 0, max(h, 24) - h))


def test_a_padded_length_is_a_multiple_of_the_window() -> None:
    contract = pliant.export(InEveryWay(), (picture(10, 13),)).contract
    assert [output.dims for output in contract.outputs] == [OUTPUT] * 4


def test_other_pads_keep_their_formula() -> None:
    (output,) = pliant.export(ToASize(), (picture(10, 13),)).contract.outputs
    assert "//" not in "".join(output.dims)
