"""Windows of a picture taken apart, run in portions by a live loop, and put together again."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import pliant

SIDE, STEP, PORTION = 8, 4, 3


class Chopped(nn.Module):
    """What networks with a position for every pixel of a window do with pictures of any size."""

    def forward(self, x: Tensor) -> Tensor:
        h, w = x.shape[-2:]
        blocks = F.unfold(x, SIDE, stride=STEP).transpose(0, 2).contiguous()
        blocks = blocks.view(blocks.size(0), -1, SIDE, SIDE)
        portions = blocks.size(0) // PORTION + (blocks.size(0) % PORTION != 0)
        done = []
        for i in range(portions):
            done.append(blocks[i * PORTION : (i + 1) * PORTION, ...] * 2)  # noqa: PERF401 - as such networks have it
        joined = torch.cat(done, dim=0)
        columns = joined.view(joined.size(0), -1, 1).transpose(0, 2).contiguous()
        return F.fold(columns, (h - (h - SIDE) % STEP, w - (w - SIDE) % STEP), SIDE, stride=STEP)


def test_blocks_of_a_loop_are_put_together() -> None:
    model = Chopped()
    session = pliant.load(pliant.export(model, (torch.rand(1, 3, 22, 35),), dims={"x": "1 3 h w"}))
    for size in ((8, 8), (17, 23), (9, 40)):
        x = torch.rand(1, 3, *size)
        np.testing.assert_array_equal(session(x.numpy()), model(x).numpy())
    with pytest.raises(pliant.PliantError):  # no window fits
        session(np.zeros((1, 3, 7, 9), np.float32))
