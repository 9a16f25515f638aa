"""The whole resize family against eager PyTorch: sizes, factors and shapes drawn by hypothesis.

Each model is exported once and then run thousands of times. Shapes must be equal, values within 1e-4 of the range;
ONNX Runtime keeps a summation order of its own, so far smaller differences are expected and asserted.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
import torch.nn.functional as F
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

import pliant

CASES = settings(
    max_examples=250,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
MOST = 1e-4  # of the range [0, 1] of the data, as the project promises
USUAL = 5e-6  # what is reached
TYPES = {
    "tensor(float)": np.float32,
    "tensor(double)": np.float64,
    "tensor(int64)": np.int64,
    "tensor(uint8)": np.uint8,
}

lengths = st.one_of(st.integers(1, 40), st.integers(1, 150))
factors = st.one_of(
    st.integers(1, 80).map(lambda k: k / 10), st.floats(0.1, 8.0), st.sampled_from([1.0, 2.0, 0.5, 1 / 3, 15 / 14])
)
SMOOTH = ("bilinear", "bicubic")


class Scales(nn.Module):
    """Every mode of a picture by a factor."""

    def forward(self, x: Tensor, factor: float) -> tuple[Tensor, ...]:
        modes = ("nearest", "nearest-exact", *SMOOTH, "area")
        results = [F.interpolate(x, scale_factor=factor, mode=mode) for mode in modes]
        results += [F.interpolate(x, scale_factor=factor, mode=mode, antialias=True) for mode in SMOOTH]
        results.append(F.interpolate(x, scale_factor=(factor, 1.5), mode="bicubic", recompute_scale_factor=True))
        return tuple(results)


class Sizes(nn.Module):
    """Every mode of a picture to a size, and both poolings."""

    def forward(self, x: Tensor, size: Tensor) -> tuple[Tensor, ...]:
        h, w = size.tolist()
        results = [F.interpolate(x, (h, w), mode=mode) for mode in ("nearest", "nearest-exact", "bicubic")]
        results += [F.interpolate(x, (h, w), mode=mode, align_corners=True) for mode in SMOOTH]
        results.append(F.interpolate(x, (h, w), mode="bicubic", align_corners=True, antialias=True))
        results.append(F.interpolate(x, (h, w), mode="lanczos", antialias=True))
        results += [F.adaptive_avg_pool2d(x, (h, w)), F.adaptive_max_pool2d(x, (h, w))]
        return tuple(results)


class Lines(nn.Module):
    """Every mode along one axis."""

    def forward(self, x: Tensor, factor: float, size: int) -> tuple[Tensor, ...]:
        results = [F.interpolate(x, scale_factor=factor, mode=m) for m in ("nearest", "nearest-exact", "linear")]
        results.append(F.interpolate(x, size=size, mode="linear", align_corners=True))
        return (*results, F.adaptive_avg_pool1d(x, size), F.adaptive_max_pool1d(x, size))


class Bytes(nn.Module):
    """Pictures of whole numbers, which PyTorch resizes in whole numbers."""

    def forward(self, x: Tensor, factor: float) -> tuple[Tensor, ...]:
        results = [F.interpolate(x, scale_factor=factor, mode=mode) for mode in ("nearest", *SMOOTH)]
        results.append(F.interpolate(x, scale_factor=factor, mode="bicubic", antialias=True))
        return tuple(results)


class Runner:
    """An exported file beside the module it comes from."""

    def __init__(self, module: nn.Module, args: tuple[Any, ...], folder: Path, **how: Any) -> None:
        self.module = module
        path = pliant.export(module, args, **how).save(folder / "model.onnx")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # threads that wait for each other cost more than such sizes do
        self.session = onnxruntime.InferenceSession(str(path), options)

    def run(self, args: Sequence[Any]) -> list[np.ndarray]:
        feeds = {i.name: np.asarray(a, TYPES[i.type]) for i, a in zip(self.session.get_inputs(), args, strict=True)}
        return self.session.run(None, feeds)

    def check(self, *args: Any, most: float = USUAL) -> None:
        """Run both; shapes equal, values within `most`."""
        assert most <= MOST
        for k, (got, tensor) in enumerate(zip(self.run(args), self.module(*args), strict=True)):
            expected = tensor.numpy()
            assert got.shape == expected.shape, (k, args[0].shape, args[1:])
            difference = np.abs(got.astype(np.float64) - expected.astype(np.float64)).max()
            assert difference <= most * max(1.0, float(np.abs(expected).max())), (k, args[0].shape, args[1:])


@pytest.fixture(scope="module")
def scales(tmp_path_factory: pytest.TempPathFactory) -> Runner:
    return Runner(Scales(), (data(1, 2, 16, 20), 1.5), tmp_path_factory.mktemp("scales"))


@pytest.fixture(scope="module")
def sizes(tmp_path_factory: pytest.TempPathFactory) -> Runner:
    return Runner(Sizes(), (data(1, 2, 16, 20), torch.tensor([21, 9])), tmp_path_factory.mktemp("sizes"))


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> Runner:
    return Runner(Lines(), (data(1, 2, 16), 1.5, 9), tmp_path_factory.mktemp("lines"), dims={"x": "n c h"})


@pytest.fixture(scope="module")
def whole_numbers(tmp_path_factory: pytest.TempPathFactory) -> Runner:
    example = (data(1, 3, 16, 20) * 256).to(torch.uint8)
    return Runner(Bytes(), (example, 1.5), tmp_path_factory.mktemp("bytes"), dims={"x": "n c h w"})


def data(*shape: int) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(sum(shape)))


@CASES
@given(h=lengths, w=lengths, factor=factors)
def test_factor(scales: Runner, h: int, w: int, factor: float) -> None:
    assume(min(h, w) * factor >= 1 and h * w * factor**2 < 60_000)
    scales.check(data(1, 2, h, w), factor)


@CASES
@given(h=lengths, w=lengths, height=lengths, width=lengths)
def test_size(sizes: Runner, h: int, w: int, height: int, width: int) -> None:
    sizes.check(data(1, 2, h, w), torch.tensor([height, width]))


@CASES
@given(h=st.integers(1, 3000), factor=factors, size=st.integers(1, 3000))
def test_one_axis(lines: Runner, h: int, factor: float, size: int) -> None:
    assume(h * factor >= 1)
    lines.check(data(1, 2, h), factor, size)


@CASES
@given(h=lengths, w=lengths, factor=factors, channels=st.integers(1, 6))
def test_bytes_are_equal(whole_numbers: Runner, h: int, w: int, factor: float, channels: int) -> None:
    assume(min(h, w) * factor >= 1 and h * w * factor**2 < 60_000)
    whole_numbers.check((data(1, channels, h, w) * 256).to(torch.uint8), factor, most=1e-7)


@pytest.mark.parametrize(("h", "w"), [(1000, 37), (37, 1021), (601, 599)])
@pytest.mark.parametrize("factor", [0.03, 0.37, 0.5, 0.999, 1.3])
def test_large_pictures(scales: Runner, h: int, w: int, factor: float) -> None:
    scales.check(data(1, 2, h, w), factor)


class Row(nn.Module):
    """One axis by a factor, the other as it is: what its length becomes is all that matters."""

    def forward(self, x: Tensor, factor: Any) -> Tensor:
        f = factor.item() if isinstance(factor, Tensor) else factor
        return F.interpolate(x, scale_factor=(f, 1.0))


def pairs(factor: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(heights, factors, heights times factors rounded down in double) of all pairs, each [80, 1024]."""
    h, f = np.meshgrid(np.arange(1, 1025), factor.astype(np.float64))
    return h, f, np.floor(h * f)


TENTHS = np.array([float(f"{k / 10:.1f}") for k in range(1, 81)])
HEIGHTS, PLAIN, EXACT = pairs(TENTHS)
_, ROUNDED, EXACT_OF_ROUNDED = pairs(TENTHS.astype(np.float32))  # Python numbers that come from a float32 tensor
SINGLE = np.floor(HEIGHTS.astype(np.float32) * ROUNDED.astype(np.float32)).astype(np.float64)


def test_there_are_4097_pairs() -> None:
    """Of 81,920. Multiplying in float32 goes wrong for a factor that is a float32 number far more often."""
    assert HEIGHTS.size == 81_920
    assert int((SINGLE != EXACT_OF_ROUNDED).sum()) == 4097
    assert int((SINGLE != EXACT).sum()) == 755
    assert int((EXACT != EXACT_OF_ROUNDED).sum()) == 4124


@pytest.mark.parametrize(("single", "chosen"), [(False, SINGLE != EXACT), (True, SINGLE != EXACT_OF_ROUNDED)])
def test_sizes_where_float32_is_wrong(single: bool, chosen: np.ndarray, tmp_path: Path) -> None:
    """A factor as a Python float, and as a float32 tensor: the size is PyTorch's in every pair."""
    chosen = chosen | (EXACT != EXACT_OF_ROUNDED)
    example = torch.tensor(1.5) if single else 1.5
    row = Runner(Row(), (data(1, 1, 16, 2), example), tmp_path, dims={"x": "1 1 h 2"})
    x = np.zeros((1, 1, 1024, 2), np.float32)
    for h, factor, expected in zip(
        HEIGHTS[chosen],
        (ROUNDED if single else PLAIN)[chosen],
        (EXACT_OF_ROUNDED if single else EXACT)[chosen],
        strict=True,
    ):
        if expected >= 1:
            (got,) = row.run((x[:, :, :h], factor))
            assert got.shape[2] == int(expected) == math.floor(h * float(factor)), (h, factor)
    assert F.interpolate(torch.zeros(1, 1, 30, 2), scale_factor=(2.1, 1.0)).shape[2] == int(30 * 2.1) == 63
