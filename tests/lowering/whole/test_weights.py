"""Whole factors on paper: what a resize reads, and the convolutions of the small picture that follow from it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from pliant.lowering.whole.taps import Upsampling
from pliant.lowering.whole.weights import Small, composite

MODES = {"cubic": "bicubic", "linear": "bilinear", "nearest": "nearest"}


def enlarged(values: torch.Tensor, by: Upsampling) -> torch.Tensor:
    """By PyTorch, in double precision."""
    corners: dict[str, Any] = {} if by.mode == "nearest" else {"align_corners": False}
    return F.interpolate(values, scale_factor=by.factor, mode=MODES[by.mode], **corners)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("factor", [2, 3, 4, 5, 7, 8])
def test_the_weights_of_a_resize_are_those_of_pytorch(mode: str, factor: float) -> None:
    by = Upsampling(mode, int(factor))
    table, first = by.taps()
    row = torch.from_numpy(np.random.default_rng(0).random((1, 1, 1, 20)))
    expected = enlarged(row.expand(1, 1, 20, 20), by)[0, 0, 0].numpy()
    for pixel in range(3, 16):
        source = row[0, 0, 0, pixel + first : pixel + first + table.shape[1]].numpy()
        assert np.allclose(table @ source, expected[factor * pixel : factor * (pixel + 1)], rtol=0, atol=1e-13)


@settings(max_examples=40, deadline=None)
@given(
    mode=st.sampled_from(sorted(MODES)),
    factor=st.integers(2, 5),
    kernel=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    shift=st.tuples(st.integers(0, 9), st.integers(0, 9)),
    seed=st.integers(0, 99),
)
def test_phases_are_the_convolution_of_the_enlarged_picture(
    mode: str, factor: int, kernel: tuple[int, int], shift: tuple[int, int], seed: int
) -> None:
    random, by = np.random.default_rng(seed), Upsampling(mode, factor)
    weight = random.standard_normal((2, 3, *kernel))
    before = (min(shift[0], kernel[0] - 1), min(shift[1], kernel[1] - 1))
    pads = (*before, kernel[0] - 1 - before[0], kernel[1] - 1 - before[1])
    small = Small.of(weight, pads, by)
    x = torch.from_numpy(random.random((1, 3, 24, 25)))
    large = F.pad(enlarged(x, by), (pads[1], pads[3], pads[0], pads[2]))
    expected = F.conv2d(large, torch.from_numpy(weight))[0].numpy()
    parts = []
    for weights, (top, left, bottom, right) in small.parts:
        source = x[:, :, top : 24 - bottom, left : 25 - right]
        parts.append(F.conv2d(source, torch.from_numpy(weights))[0].numpy())
    phases = np.concatenate(parts).reshape(factor, factor, 2, *parts[0].shape[1:])
    made = phases.transpose(2, 3, 0, 4, 1).reshape(2, factor * phases.shape[3], factor * phases.shape[4])
    reach = [side * factor for side in small.reach]
    inside = expected[:, reach[0] : expected.shape[1] - reach[2], reach[1] : expected.shape[2] - reach[3]]
    assert made.shape == inside.shape
    assert np.allclose(made, inside, rtol=0, atol=1e-12)


def test_no_more_taps_than_are_needed() -> None:
    """A 9 x 9 convolution of a picture enlarged by 4 with a cubic reads 6 rows of the small one for each phase."""
    weight = np.random.default_rng(0).standard_normal((1, 1, 9, 9))
    small = Small.of(weight, (4, 4, 4, 4), Upsampling("cubic", 4))
    assert [part.shape for part, _ in small.parts] == [(4, 1, 6, 7)] * 4
    kernels, _ = composite(weight, (4, 4), Upsampling("nearest", 4))
    assert kernels.shape[-2:] == (3, 3)
