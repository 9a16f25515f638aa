from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pliant.imaging.alpha import bound, fill_hidden
from tests.support import gradient

SHAPES = st.tuples(st.integers(1, 9), st.integers(1, 9))


def test_hidden_colours_become_those_around_them() -> None:
    colour = np.full((16, 16, 3), (0, 255, 0), np.uint8)
    alpha = np.zeros((16, 16), np.uint8)
    colour[4:8, 4:8], alpha[4:8, 4:8] = (200, 10, 20), 255
    assert (fill_hidden(colour, alpha) == (200, 10, 20)).all()


@given(st.data())
def test_visible_colours_stay_and_hidden_ones_are_between_them(data: st.DataObject) -> None:
    rows, columns = data.draw(SHAPES)
    colour = data.draw(arrays(np.uint8, (rows, columns, 3)))
    alpha = data.draw(arrays(np.uint8, (rows, columns), elements=st.sampled_from([0, 1, 255])))
    filled = fill_hidden(colour, alpha)
    visible = alpha > 0
    np.testing.assert_array_equal(filled[visible], colour[visible])
    if visible.any():
        assert (filled >= colour[visible].min(axis=0)).all()
        assert (filled <= colour[visible].max(axis=0)).all()
    else:
        np.testing.assert_array_equal(filled, colour)


def test_a_picture_without_hidden_pixels_is_the_same_object() -> None:
    colour = gradient(5, 4)
    assert fill_hidden(colour, np.full((4, 5), 9, np.uint8)) is colour


@given(st.data())
def test_bound_alpha_stays_within_its_neighbourhood(data: st.DataObject) -> None:
    source = data.draw(arrays(np.uint8, data.draw(SHAPES)))
    result = data.draw(arrays(np.uint8, data.draw(SHAPES)))
    bounded = bound(result, source)
    assert bounded.shape == result.shape
    assert bounded.min() >= source.min()
    assert bounded.max() <= source.max()


def test_flat_alpha_far_from_an_edge_is_exact() -> None:
    source = np.zeros((20, 20), np.uint8)
    source[:, 10:] = 255
    noisy = np.clip(np.repeat(np.repeat(source, 2, 0), 2, 1).astype(int) + 3, 0, 255).astype(np.uint8)
    noisy[5, 35] = 250
    bounded = bound(noisy, source)
    assert (bounded[:, :14] == 0).all()
    assert (bounded[:, 26:] == 255).all()
