from __future__ import annotations

import numpy as np
import pytest

from pliant.contract import Contract, Dim, Image, Input, Output
from pliant.engines.base import Session, load
from pliant.imaging.network import Network
from pliant.imaging.picture import upscale_array
from pliant.imaging.sizes import plan
from tests.support import gradient, live_model


def upscaled(pixels: np.ndarray, network: Network | None = None, **kwargs: object) -> np.ndarray:
    network = network or Network.of(load(live_model()))
    return upscale_array(network, pixels, plan(network, (pixels.shape[1], pixels.shape[0]), **kwargs))  # type: ignore[arg-type]


class _Repeat:
    """A network that repeats pixels twice, whatever the order of colours; it records what it sees."""

    def __init__(self) -> None:
        self.seen: list[np.ndarray] = []

    def run(self, feeds: dict[str, np.ndarray]) -> list[np.ndarray]:
        self.seen.append(feeds["x"])
        return [feeds["x"].repeat(2, axis=2).repeat(2, axis=3)]

    def close(self) -> None: ...


def repeating(image: Image) -> tuple[Network, _Repeat]:
    backend = _Repeat()
    dims = (Dim("n"), Dim(size=1 if image.colours == "GREY" else 3), Dim("h"), Dim("w"))
    contract = Contract((Input("x", "float32", dims, "image"),), (Output("y", "float32"),), image=image, scale=2)
    return Network.of(Session(backend, contract, "none")), backend


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("colours", ["RGB", "BGR", "GREY"])
def test_every_kind_of_picture_through_every_kind_of_network(channels: int, dtype: type, colours: str) -> None:
    levels = np.random.default_rng(channels).integers(0, np.iinfo(dtype).max, (4, 6, channels), endpoint=True)
    levels = levels.astype(dtype)
    network, _ = repeating(Image(colours=colours))  # type: ignore[arg-type]
    result = upscaled(levels, network)
    assert result.dtype == dtype
    np.testing.assert_array_equal(result, levels.repeat(2, axis=0).repeat(2, axis=1))


def test_factor_1_changes_nothing() -> None:
    pixels = gradient(9, 7, 4)
    np.testing.assert_array_equal(upscaled(pixels, factor=1), pixels)


@pytest.mark.parametrize(("width", "height"), [(1, 1), (1, 500), (500, 1), (2, 3)])
def test_small_and_narrow_pictures(width: int, height: int) -> None:
    assert upscaled(gradient(width, height), factor=2.5).shape == (int(height * 2.5), int(width * 2.5), 3)


def test_grey_stays_grey() -> None:
    grey = gradient(8, 8, 1)
    result = upscaled(grey, factor=3)
    assert result.shape == (24, 24, 1)
    np.testing.assert_array_equal(result, upscaled(grey.repeat(3, axis=2), factor=3)[..., :1])


def test_hidden_colours_do_not_bleed() -> None:
    """A red square on transparent green; the green must not be seen at its edge."""
    pixels = np.zeros((16, 16, 4), np.uint8)
    pixels[..., 1] = 255
    pixels[4:12, 4:12] = (255, 0, 0, 255)
    result = upscaled(pixels, factor=4)
    seen = result[result[..., 3] > 0]
    assert seen[:, 1].max() == 0
    assert seen[:, 0].min() == 255


def test_alpha_goes_through_the_network_and_stays_exact_where_it_is_flat() -> None:
    pixels = gradient(16, 16, 4)
    pixels[..., 3] = 0
    pixels[:, 8:, 3] = 255
    alpha = upscaled(pixels, factor=4)[..., 3]
    assert (alpha[:, :20] == 0).all()
    assert (alpha[:, 44:] == 255).all()
    assert 0 < alpha[:, 30:34].mean() < 255


class _Uneven(_Repeat):
    """Adds 0.03, 0 and 0.12 to the channels, as a network that is not quite exact."""

    def run(self, feeds: dict[str, np.ndarray]) -> list[np.ndarray]:
        (result,) = super().run(feeds)
        return [result + np.array([0.03, 0, 0.12], np.float32).reshape(1, 3, 1, 1)]


def test_flat_alpha_is_exact_even_if_the_network_is_not() -> None:
    network, _ = repeating(Image())
    pixels = np.dstack([gradient(16, 16), np.zeros((16, 16), np.uint8)])
    pixels[:, 8:, 3] = 100
    alpha = upscaled(pixels, Network.of(Session(_Uneven(), network.session.contract, "none")))[..., 3]
    assert (alpha[:, :12] == 0).all()
    assert (alpha[:, 20:] == 100).all()


def test_grey_is_the_mean_of_what_the_network_makes_of_it() -> None:
    network, _ = repeating(Image())
    result = upscaled(np.full((4, 4, 1), 100, np.uint8), Network.of(Session(_Uneven(), network.session.contract, "")))
    assert (result == int(100 + 0.05 * 255 + 0.5)).all()


def test_constant_alpha_costs_no_run() -> None:
    network, backend = repeating(Image())
    pixels = np.dstack([gradient(5, 5), np.full((5, 5), 77, np.uint8)])
    assert (upscaled(pixels, network)[..., 3] == 77).all()
    assert len(backend.seen) == 1


def test_a_size_is_met_exactly() -> None:
    for size in ((50, 20), (17, 60), (3, 3), (40, 30)):
        assert upscaled(gradient(20, 15), size=size).shape[:2] == size[::-1]


def test_reducing_does_not_alias() -> None:
    """Stripes finer than the result can show become grey, not other stripes."""
    stripes = np.zeros((40, 64, 3), np.uint8)
    stripes[:, ::2] = 255
    network, _ = repeating(Image())
    reduced = upscaled(stripes, network, size=(21, 20))[5:-5, 5:-5]
    assert abs(int(reduced.max()) - int(reduced.min())) < 40


def test_a_model_that_rounds_up_is_cut_to_the_promised_size() -> None:
    class Larger(_Repeat):
        def run(self, feeds: dict[str, np.ndarray]) -> list[np.ndarray]:
            (result,) = super().run(feeds)
            return [np.pad(result, ((0, 0), (0, 0), (0, 1), (0, 1)))]

    pixels = gradient(6, 5)
    network, _ = repeating(Image())
    session = Session(Larger(), network.session.contract, "none")
    np.testing.assert_array_equal(upscaled(pixels, Network.of(session)), pixels.repeat(2, axis=0).repeat(2, axis=1))
