"""Results that are written strip by strip are the pictures that other programs read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import pliant
from pliant.errors import PictureError
from pliant.media import strips as home
from pliant.media import tiffstream
from pliant.media.formats import by_name
from pliant.media.picture import Picture
from pliant.media.read import read_picture
from pliant.media.strips import write_strips
from tests.support import gradient

RANDOM = np.random.default_rng(0)


def ignore(step: str) -> None:
    del step


def levels(dtype: str, channels: int, height: int = 213, width: int = 57) -> np.ndarray:
    if dtype == "float32":
        return RANDOM.random((height, width, channels), np.float32)
    return RANDOM.integers(0, np.iinfo(dtype).max, (height, width, channels), endpoint=True).astype(dtype)


def cut(pixels: np.ndarray, *ends: int) -> list[np.ndarray]:
    return np.split(pixels, ends)


@pytest.fixture(autouse=True)
def _always(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small pictures too."""
    monkeypatch.setattr(home, "HELD", 0)


CASES = [("png", dtype, c) for dtype in ("uint8", "uint16") for c in (1, 2, 3, 4)]
CASES += [("tiff", dtype, c) for dtype in ("uint8", "uint16", "float32") for c in (1, 3, 4)]


@pytest.mark.parametrize(("name", "dtype", "channels"), CASES)
def test_every_kind_of_pixels(tmp_path: Path, name: str, dtype: str, channels: int) -> None:
    if dtype == "float32" and channels > 1:
        pytest.importorskip("pyvips", reason="pyvips is not installed: Pillow reads no float colours")
    pixels = levels(dtype, channels)
    path = tmp_path / f"a.{name}"
    lost = write_strips(
        Picture(pixels, "PNG", dpi=(300.0, 300.0)), cut(pixels, 1, 2, 64, 130), (57, 213), path, by_name(name), ignore
    )
    assert lost == ()
    found = read_picture(path)
    np.testing.assert_array_equal(found.pixels, pixels)
    assert found.dpi == pytest.approx((300, 300), abs=0.1)


def test_beyond_four_gigabytes_it_is_a_bigtiff(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the limit brought down, so that the test is quick."""
    monkeypatch.setattr(tiffstream, "MOST", 1000)
    pixels = levels("uint8", 3)
    write_strips(Picture(pixels, "PNG"), cut(pixels, 100), (57, 213), tmp_path / "a.tif", by_name("tiff"), ignore)
    assert (tmp_path / "a.tif").read_bytes()[:4] == b"II+\0"
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "a.tif")), pixels)


def test_strips_that_are_not_all_there_leave_nothing(tmp_path: Path) -> None:
    pixels = levels("uint8", 3)
    with pytest.raises(ValueError, match="113 rows of 213"):
        write_strips(Picture(pixels, "PNG"), [pixels[:113]], (57, 213), tmp_path / "a.png", by_name("png"), ignore)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_a_large_result_equals_one_that_is_held(
    tmp_path: Path, srcnn: Path, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    Image.fromarray(levels("uint8", 3, 90, 80)).save(tmp_path / "a.png")
    pliant.upscale(tmp_path / "a.png", tmp_path / f"strips.{suffix}", 2.5, model=srcnn, tile=30)
    monkeypatch.setattr(home, "HELD", 1 << 30)
    pliant.upscale(tmp_path / "a.png", tmp_path / f"held.{suffix}", 2.5, model=srcnn)
    both = [np.asarray(Image.open(tmp_path / f"{name}.{suffix}")) for name in ("strips", "held")]
    np.testing.assert_array_equal(*both)


@pytest.mark.parametrize(("channels", "suffix"), [(3, "jpg"), (4, "png")])
def test_a_deep_zoom_pyramid(tmp_path: Path, channels: int, suffix: str) -> None:
    pytest.importorskip("pyvips", reason="pyvips is not installed")
    pixels = gradient(400, 300, 4)[..., :channels]
    for _ in range(2):  # the second time over what is there
        write_strips(Picture(pixels, "PNG"), cut(pixels, 64), (400, 300), tmp_path / "a.dzi", by_name("dzi"), ignore)
        assert sorted(path.name for path in tmp_path.iterdir()) == ["a.dzi", "a_files"]
    assert 'Width="400"' in (tmp_path / "a.dzi").read_text()
    levels_made = sorted(int(path.name) for path in (tmp_path / "a_files").iterdir() if path.is_dir())
    assert levels_made == list(range(10))
    tile = np.asarray(Image.open(tmp_path / "a_files" / "9" / f"0_0.{suffix}"))
    assert tile.shape == (255, 255, channels)
    assert np.abs(tile.astype(int) - pixels[:255, :255]).mean() < 3


def test_a_pyramid_that_fails_leaves_nothing(tmp_path: Path) -> None:
    pytest.importorskip("pyvips", reason="pyvips is not installed")
    pixels = levels("uint8", 3)
    with pytest.raises(ValueError, match="113 rows of 213"):
        write_strips(Picture(pixels, "PNG"), [pixels[:113]], (57, 213), tmp_path / "a.dzi", by_name("dzi"), ignore)
    assert list(tmp_path.iterdir()) == []


def test_a_pyramid_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "a.dzi").write_text("<Image/>")
    with pytest.raises(PictureError, match="is not a PNG"):
        read_picture(tmp_path / "a.dzi")
