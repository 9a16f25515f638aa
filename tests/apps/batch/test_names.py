from __future__ import annotations

import itertools

import pytest

from pliant.apps.batch.names import result_names


def as_png(*sources: str) -> dict[str, str]:
    return dict.fromkeys(sources, ".png")


@pytest.mark.parametrize(
    ("suffixes", "results"),
    [
        (as_png("a.jpg", "b.bmp", "c.png"), ["a.png", "b.png", "c.png"]),
        (as_png("a.jpg", "a.png"), ["a.jpg.png", "a.png"]),
        (as_png("a.jpg", "a.bmp"), ["a.jpg.png", "a.bmp.png"]),
        (as_png("a.jpg", "sub/a.png"), ["a.png", "sub/a.png"]),
        (as_png("a.jpg", "a.png", "a.jpg.png"), ["a.jpg.jpg.png", "a.png", "a.jpg.png"]),
        (as_png("a.jpg", "a.bmp", "a.jpg.jpg"), ["a.jpg.png", "a.bmp.png", "a.jpg.jpg.png"]),
        ({"a.jpg": ".jpg", "a.png": ".png"}, ["a.jpg", "a.png"]),
        ({"a.gif": ".png", "a.png": ".png"}, ["a.gif.png", "a.png"]),
        (as_png("A.png", "a.png"), ["A.png", "a.png.png"]),
        (as_png("A.jpg", "a.jpg"), ["A.jpg.png", "a.jpg.jpg.png"]),
        ({"a.JPG": ".JPG"}, ["a.JPG"]),
    ],
)
def test_names(suffixes: dict[str, str], results: list[str]) -> None:
    assert result_names(suffixes) == dict(zip(suffixes, results, strict=True))


def test_no_two_results_share_a_name_and_the_order_does_not_matter() -> None:
    sources = ["a.jpg", "a.JPG", "A.png", "a.png", "a.jpg.png", "a.JPG.png", "a.bmp", "a.bmp.jpg"]
    for some in itertools.combinations(sources, 5):
        results = result_names(as_png(*some))
        assert len({result.casefold() for result in results.values()}) == len(some)
        assert result_names(as_png(*reversed(some))) == results
