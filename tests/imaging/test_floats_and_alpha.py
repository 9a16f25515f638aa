from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from pliant.apps.models import find
from pliant.engines.base import load
from pliant.imaging.network import Network
from pliant.imaging.picture import upscale_array
from pliant.imaging.resample import resized
from pliant.imaging.sizes import plan
from pliant.imaging.upscaling import Limits, Work
from tests.support import fixed_model

sides = st.integers(1, 24)


def _ignore(share: float) -> None:
    del share


def _shapes(height: int, width: int, channels: int) -> np.ndarray:
    """Colours, and a disc of alpha with soft edges."""
    pixels = np.random.default_rng(1).integers(0, 256, (height, width, channels), np.uint8)
    rows, columns = np.mgrid[:height, :width]
    pixels[..., -1] = np.clip((min(height, width) / 3 - np.hypot(rows - height / 2, columns - width / 2)) * 60, 0, 255)
    return pixels


@settings(deadline=None)
@given(sides, sides, sides, sides)
def test_a_resize_is_pillows(height: int, width: int, rows: int, columns: int) -> None:
    plane = np.random.default_rng(0).random((height, width), np.float32)
    ours = resized(plane, (rows, columns), (slice(None), slice(None)))
    theirs = Image.fromarray(plane).resize((columns, rows), Image.Resampling.BICUBIC)
    if min(height, width) > 4:  # Pillow leaves out what is beyond the edge, here the last pixel goes on
        inner = (
            slice(3 * rows // height + 3, -3 * rows // height - 3),
            slice(3 * columns // width + 3, -3 * columns // width - 3),
        )
        np.testing.assert_allclose(ours[inner], np.asarray(theirs)[inner], atol=1e-5)
    assert ours.shape == (rows, columns)


@settings(deadline=None)
@given(sides, sides, st.integers(1, 60), st.integers(1, 60), st.data())
def test_parts_of_a_resize_are_the_whole(height: int, width: int, rows: int, columns: int, data: st.DataObject) -> None:
    plane = np.random.default_rng(0).integers(0, 256, (height, width), np.uint8)
    top, left = data.draw(st.integers(0, rows - 1)), data.draw(st.integers(0, columns - 1))
    bottom, right = data.draw(st.integers(top + 1, rows)), data.draw(st.integers(left + 1, columns))
    whole = resized(plane, (rows, columns), (slice(0, rows), slice(0, columns)))
    part = resized(plane, (rows, columns), (slice(top, bottom), slice(left, right)))
    np.testing.assert_array_equal(part, whole[top:bottom, left:right])


@pytest.mark.parametrize(("channels", "factor"), [(2, 1.0), (4, 2.5), (4, 4.0)])
def test_resized_alpha_in_tiles_is_that_of_the_whole(channels: int, factor: float) -> None:
    pixels = _shapes(90, 110, channels)
    with load(find(None)) as session:
        network = Network.of(session)
        planned = plan(network, (110, 90), factor)
        whole, tiles = (
            np.concatenate(list(Work(network, planned, limits, _ignore, alpha="resize").strips(pixels, kept=True)))
            for limits in (Limits(), Limits(tile=32))
        )
    np.testing.assert_array_equal(tiles[..., -1], whole[..., -1])
    assert np.abs(tiles.astype(int) - whole).max() <= 1
    assert (whole[..., -1].min(), whole[..., -1].max()) == (0, 255)


def test_resized_alpha_does_not_run_the_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.onnx").write_bytes(fixed_model(2))
    runs: list[int] = []
    with load(tmp_path / "a.onnx") as session:
        network = Network.of(session)
        original = Network.__call__
        monkeypatch.setattr(Network, "__call__", lambda *args: runs.append(1) or original(*args))
        for alpha, count in (("network", 2), ("resize", 3)):
            list(
                Work(network, plan(network, (20, 20)), Limits(), _ignore, alpha=alpha).strips(_shapes(20, 20, 4), True)
            )
            assert len(runs) == count


def test_locality_is_measured_once_for_pictures_of_one_size(monkeypatch: pytest.MonkeyPatch) -> None:
    from pliant.imaging import upscaling

    measurements: list[int] = []
    original = upscaling.measured
    monkeypatch.setattr(upscaling, "measured", lambda *args: measurements.append(1) or original(*args))
    with load(find(None)) as session:
        network = Network.of(session)
        work = Work(network, plan(network, (40, 40), 3), Limits(tile=16), _ignore)
        for _ in range(3):
            list(work.strips(_shapes(40, 40, 3), kept=True))
    assert len(measurements) == 1


@pytest.mark.parametrize("tile", [None, 16])
@pytest.mark.parametrize(("low", "high"), [(0, 1), (-0.5, 20), (0.2, 0.4)])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_floats_keep_their_values(tmp_path: Path, channels: int, low: float, high: float, tile: int | None) -> None:
    (tmp_path / "a.onnx").write_bytes(fixed_model(2))
    pixels = np.random.default_rng(0).uniform(low, high, (40, 30, channels)).astype(np.float32)
    pixels[..., 3:] = 1
    with load(tmp_path / "a.onnx") as session:
        network = Network.of(session)
        work = Work(network, plan(network, (30, 40)), Limits(tile=tile), _ignore)
        result = np.concatenate(list(work.strips(pixels, kept=True)))
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, pixels.repeat(2, axis=0).repeat(2, axis=1), atol=2e-6 * max(1, high))
    assert any("beyond 0 and 1" in note for note in work.notes) == (low < 0 or high > 1)


def test_floats_and_16_bits_agree(live: Path) -> None:
    deep = np.random.default_rng(0).integers(0, 65536, (30, 40, 3), np.uint16)
    with load(live) as session:
        network = Network.of(session)
        planned = plan(network, (40, 30), 2.5)
        levels = upscale_array(network, deep, planned)
        floats = upscale_array(network, (deep / 65535).astype(np.float32), planned)
    assert np.abs(np.clip(floats, 0, 1) * 65535 - levels).max() <= 0.6
    assert floats.max() > 1
