from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pliant.contract import Contract, Dim, Image, Input, Output
from pliant.engines.base import Session, load
from pliant.errors import OutOfMemory
from pliant.imaging import upscaling
from pliant.imaging.locality import measured
from pliant.imaging.network import Network
from pliant.imaging.parts import Alone, AsPart
from pliant.imaging.picture import Prepared, upscale_array
from pliant.imaging.sizes import plan
from pliant.imaging.strips import SHORTEST, Strips
from pliant.imaging.upscaling import Limits, Work
from tests.imaging.networks import made
from tests.support import fixed_model, gradient, live_model

Array = np.ndarray


class Stencil:
    """A network in NumPy of scale 2: each pixel is the mean of the four that are `reach` away.

    With a `step`, squares of that side are added; with `most`, larger crops run out of memory.
    """

    def __init__(self, reach: int = 0, step: int = 1, most: int | None = None) -> None:
        self.reach, self.step, self.most, self.sizes = reach, step, most, list[int]()

    def run(self, feeds: dict[str, Array]) -> list[Array]:
        x = feeds["x"]
        self.sizes.append(x.shape[2] * x.shape[3])
        if self.most is not None and self.sizes[-1] > self.most:
            raise OutOfMemory("Too large.")
        height, width = x.shape[2:]
        rows = np.pad(x, ((0, 0), (0, 0), (self.reach, self.reach), (0, 0)))
        columns = np.pad(x, ((0, 0), (0, 0), (0, 0), (self.reach, self.reach)))
        mean = (rows[:, :, :height] + rows[:, :, 2 * self.reach :]) / 4
        mean = mean + (columns[..., :width] + columns[..., 2 * self.reach :]) / 4
        blocks = x[:, :, :: self.step, :: self.step].repeat(self.step, 2).repeat(self.step, 3)[:, :, :height, :width]
        result = mean if self.step == 1 else mean + blocks
        return [result.repeat(2, axis=2).repeat(2, axis=3)]

    def close(self) -> None: ...


def network(backend: Stencil) -> Network:
    dims = (Dim("n"), Dim(size=3), Dim("h"), Dim("w"))
    contract = Contract((Input("x", "float32", dims, "image"),), (Output("y", "float32"),), image=Image(), scale=2)
    return Network.of(Session(backend, contract, "none"))


@pytest.mark.parametrize("reach", [0, 1, 7, 40, 90])
def test_the_radius_is_what_the_network_reads(reach: int) -> None:
    found = measured(network(Stencil(reach)), 2)
    assert found.exact
    assert found.radius == (reach + 1, reach + 1)


@pytest.mark.parametrize("step", [2, 3, 6, 8])
def test_crops_begin_where_blocks_begin(step: int) -> None:
    found = measured(network(Stencil(2, step)), 2)
    assert found.exact
    assert found.step % step == 0


def test_a_network_that_looks_at_everything(tmp_path: Path) -> None:
    found = measured(Network.of(load(made("level", tmp_path))), 2)
    assert not found.exact


def test_a_live_resize_gets_the_geometry_of_the_whole(srcnn: Path) -> None:
    assert isinstance(measured(Network.of(load(srcnn)), 1.7).parts, AsPart)
    foreign = measured(Network.of(load(live_model())), 1.7)  # ONNX's own Resize
    assert foreign.exact


def test_a_fixed_scale_needs_no_geometry(tmp_path: Path) -> None:
    (tmp_path / "fixed.onnx").write_bytes(fixed_model(3))
    found = measured(Network.of(load(tmp_path / "fixed.onnx")), 3)
    assert found.exact
    assert isinstance(found.parts, Alone)


def strips(model: Network, pixels: Array, limits: Limits, factor: float = 2) -> tuple[Array, Work]:
    work = Work(model, plan(model, (pixels.shape[1], pixels.shape[0]), factor), limits, lambda share: None)
    return np.concatenate(list(work.strips(pixels, kept=True))), work


def test_when_memory_runs_out_tiles_are_halved_and_the_work_goes_on() -> None:
    backend = Stencil(1, most=40 * 40)
    model, pixels = network(backend), gradient(150, 130)
    made = plan(model, (150, 130), 2)
    locality = measured(network(Stencil(1)), 2)
    job = Strips(model, locality, made, Prepared(pixels), 100, lambda share: None)
    job.locality = type(locality)(Alone(model), locality.radius, 1, 0.0)
    result = np.concatenate(list(job))
    assert job.halvings == 2
    assert job.side == 25
    np.testing.assert_array_equal(result, upscale_array(network(Stencil(1)), pixels, made))


def test_when_even_small_tiles_are_too_large() -> None:
    model = network(Stencil(1, most=10))
    locality = type(measured(network(Stencil(1)), 2))(Alone(model), (1, 1), 1, 0.0)
    job = Strips(model, locality, plan(model, (50, 50), 2), Prepared(gradient(50, 50)), 40, lambda share: None)
    with pytest.raises(OutOfMemory, match="not enough memory even for small tiles"):
        next(iter(job))
    assert job.side == SHORTEST


def test_small_pictures_are_not_probed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upscaling, "measured", lambda *args: pytest.fail("probed"))
    result, work = strips(network(Stencil(1)), gradient(40, 30), Limits())
    assert result.shape == (60, 80, 3)
    assert work.notes == ()


def test_a_picture_that_is_too_large_for_the_engine_at_once_is_done_in_tiles() -> None:
    pixels = gradient(300, 260)
    result, _ = strips(network(Stencil(1, most=250 * 250)), pixels, Limits())
    expected, _ = strips(network(Stencil(1)), pixels, Limits())
    np.testing.assert_array_equal(result, expected)


def test_blended_tiles_say_how_far_they_are_from_the_whole(tmp_path: Path) -> None:
    model = Network.of(load(made("level", tmp_path)))
    pixels = gradient(200, 150)
    whole, work = strips(model, pixels, Limits())
    assert work.notes == ()
    tiles, work = strips(model, pixels, Limits(tile=50))
    assert len(work.notes) == 1
    assert "tiles were blended, and differ from the whole by up to" in work.notes[0]
    assert tiles.shape == whole.shape
    difference = np.abs(tiles.astype(int) - whole)
    assert 0 < difference.mean() < 40
    seams = np.abs(np.diff(tiles.astype(int), axis=0)).max()
    assert seams <= np.abs(np.diff(whole.astype(int), axis=0)).max() + 3


def test_a_network_that_looks_at_everything_is_run_at_once_where_memory_allows(tmp_path: Path) -> None:
    model = Network.of(load(made("level", tmp_path)))
    pixels = gradient(90, 80)
    whole, _ = strips(model, pixels, Limits())
    result, work = strips(model, pixels, Limits(memory=8 << 30))
    np.testing.assert_array_equal(result, whole)
    assert work.notes == ()


def test_a_limit_of_memory_makes_tiles_small(srcnn: Path) -> None:
    model, pixels = Network.of(load(srcnn)), gradient(210, 190)
    whole, _ = strips(model, pixels, Limits(), 3)
    result, _ = strips(model, pixels, Limits(memory=1), 3)
    np.testing.assert_array_equal(result, whole)
