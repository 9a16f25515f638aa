"""Models that do not end, and results that show nothing."""

from __future__ import annotations

import threading
import time
from contextlib import suppress

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import pliant
from pliant.exporter import audit
from pliant.exporter.patience import TooLong, at_most
from tests.idioms import picture
from tests.live import exported


def test_a_loop_without_end_is_ended() -> None:
    def run() -> None:
        with at_most(0.2):
            while True:
                pass

    with pytest.raises(TooLong):
        run()


def test_what_ends_in_time_is_left_alone() -> None:
    begun = threading.active_count()
    for _ in range(50):
        with at_most(60.0):
            assert sum(range(1000)) == 499500
    time.sleep(0.05)
    assert threading.active_count() <= begun + 1


def test_an_interruption_never_arrives_after_the_block() -> None:
    for k in range(200):
        with suppress(TooLong), at_most(0.0002 * (k % 10)):
            sum(range(1000))
        assert sum(range(1000)) == 499500
    time.sleep(0.05)


class Growing(nn.Module):
    """Never ends for a picture of one column."""

    def forward(self, x: Tensor, target: int) -> Tensor:
        size = x.shape[-1]
        while size < target:
            size = size * 2 - 1
        return F.interpolate(x, size=(x.shape[-2], size), mode="bilinear")


def test_sizes_for_which_the_model_does_not_end_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "LEAST_PATIENCE", 0.5)
    exported(Growing(), (picture(6, 7), 20), [(picture(5, 9), 30), (picture(8, 12), 5)])


class Centred(nn.Module):
    """0 / 0 for a picture of one column, where `grid_sample` has no defined result either."""

    def forward(self, x: Tensor) -> Tensor:
        n, _, h, w = x.shape
        columns = torch.arange(w) / (w - 1) * 2 - 1
        rows = torch.arange(h) / (h - 1) * 2 - 1
        grid = torch.stack([columns.expand(n, h, w), rows[:, None].expand(n, h, w)], 3)
        return F.grid_sample(x, grid, align_corners=True) / columns.abs().max()


class Emptied(nn.Module):
    def forward(self, x: Tensor, keep: float) -> Tensor:
        return F.adaptive_avg_pool2d(x, (int(x.shape[2] * keep), 3))


def test_nan_and_nothing_are_no_results() -> None:
    exported(Centred(), (picture(6, 7),), [(picture(5, 9),), (picture(8, 2),)])
    artifact = pliant.export(Emptied(), (picture(6, 7), 0.5))
    assert artifact.contract.input("keep").values.minimum is None
