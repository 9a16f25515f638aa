"""The promise of exact tiles: whatever the size, the factor and the tiles, they equal the whole."""

from __future__ import annotations

import math
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pliant.engines.base import load
from pliant.imaging.grid import Axis, cores, span, usual
from pliant.imaging.locality import EXACT, Locality, measured
from pliant.imaging.network import Network
from pliant.imaging.picture import Prepared, upscale_array
from pliant.imaging.sizes import plan
from pliant.imaging.strips import Strips
from pliant.imaging.tiles import Tile, Tiler
from tests.imaging.networks import KINDS, made

FACTORS = (2.0, 3.0, 2.5, 1.7, math.pi / 2)
SHARE = 1e-3  # of the pixels that may be rounded to the neighbouring level, where a value lies between two


@pytest.fixture(scope="module", params=KINDS)
def network(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Network:
    return opened(request.param, tmp_path_factory.mktemp("models"))


@cache
def opened(kind: str, folder: Path) -> Network:
    return Network.of(load(made(kind, folder)))


_found: dict[tuple[int, float], Locality] = {}


def local(network: Network, factor: float) -> Locality:
    """The locality of a network, found once."""
    key = (id(network.session), factor)
    if key not in _found:
        _found[key] = measured(network, factor)
    return _found[key]


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(20, 130), st.integers(20, 130), st.sampled_from(FACTORS), st.integers(17, 90), st.integers(0, 99))
def test_values_of_tiles_are_those_of_the_whole(
    network: Network, height: int, width: int, factor: float, side: int, seed: int
) -> None:
    found = local(network, factor)
    assert found.exact
    values = np.random.default_rng(seed).random((1, 3, height, width), np.float32)
    whole = network(values, factor)
    tiles = assembled(network, found, values, factor, side)
    assert tiles.shape == whole.shape
    assert np.abs(tiles - whole).max() <= EXACT


def assembled(network: Network, found: Locality, values: np.ndarray, factor: float, side: int) -> np.ndarray:
    """Network values of a result, made of tiles."""
    axes = [Axis(n, n, factor, int(n * factor), int(n * factor), found.step) for n in values.shape[2:]]
    tiler = Tiler(network, found.parts, factor, axes[0], axes[1])
    result = np.full((1, 3, axes[0].result, axes[1].result), np.nan, np.float32)
    for rows in cores(axes[0], side):
        for columns in cores(axes[1], side):
            halo = found.radius
            for _ in range(4):  # what blocks of pixels lose is known only when it is known where the tile lies
                tile = Tile(span(axes[0], rows, halo[0]), span(axes[1], columns, halo[1]))
                lost = tiler.placed(tile).lost
                halo = (max(halo[0], found.radius[0] + lost[0]), max(halo[1], found.radius[1] + lost[1]))
            crop = values[:, :, slice(*tile.rows.crop), slice(*tile.columns.crop)]
            result[:, :, slice(*tile.rows.own), slice(*tile.columns.own)] = tiler(tile, crop)
    return result


@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(20, 110), st.integers(20, 110), st.sampled_from(FACTORS), st.integers(17, 90), st.integers(1, 4))
def test_pictures_in_tiles_are_the_same_bytes(
    network: Network, height: int, width: int, factor: float, side: int, channels: int
) -> None:
    pixels = np.random.default_rng(height).integers(0, 256, (height, width, channels)).astype(np.uint8)
    assert_same_bytes(network, pixels, side, factor=factor)


@pytest.mark.parametrize("size", [(301, 157), (90, None), (75, 300)])
def test_what_is_reduced_afterwards_too(network: Network, size: tuple[int, int | None]) -> None:
    pixels = np.random.default_rng(5).integers(0, 256, (60, 70, 4)).astype(np.uint8)
    assert_same_bytes(network, pixels, 31, size=size)


def assert_same_bytes(network: Network, pixels: np.ndarray, side: int, **wanted: object) -> None:
    made = plan(network, (pixels.shape[1], pixels.shape[0]), **wanted)  # type: ignore[arg-type]
    whole = upscale_array(network, pixels, made)
    shares: list[float] = []
    strips = Strips(network, local(network, made.factor), made, Prepared(pixels), side, shares.append)
    tiles = np.concatenate(list(strips))
    assert tiles.shape == whole.shape
    difference = np.abs(tiles.astype(int) - whole)
    assert difference.max() <= 1
    assert (difference > 0).mean() <= SHARE
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_tiles_of_a_picture_a_little_longer_than_a_tile_are_halves() -> None:
    """And no crop is longer than a half and what it sees around it: the network would compute everything twice."""
    axis = Axis(500, 500, 4.0, 2000, 2000)
    length = usual(axis, 491, 4)
    crops = [span(axis, core, 4, 0, length).crop for core in cores(axis, 491)]
    assert [last - first for first, last in crops] == [254, 254]
