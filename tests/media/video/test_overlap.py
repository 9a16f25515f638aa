from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator

import pytest

from pliant.media.video.overlap import ahead, behind


def alive() -> list[str]:
    """Both threads by their names: other tests of this process may leave threads of their own."""
    names = ("pliant-decoding", "pliant-encoding")
    return [thread.name for thread in threading.enumerate() if thread.name in names]


def failing(after: int) -> Iterator[int]:
    yield from range(after)
    raise ValueError("broken")


def passed(items: Iterable[int], consume: Callable[[int], None], stop: int = -1) -> None:
    """Hand every item on; be interrupted at `stop`."""
    with behind(consume) as put, ahead(items) as made:
        for item in made:
            put(item)
            if item == stop:
                raise KeyboardInterrupt


def test_everything_passes_in_order() -> None:
    taken: list[int] = []
    passed(range(50), taken.append)
    assert taken == list(range(50))
    assert alive() == []


def test_what_making_raises_is_raised_where_it_is_taken() -> None:
    with pytest.raises(ValueError, match="broken"):
        passed(failing(3), lambda item: None)
    assert alive() == []


@pytest.mark.parametrize("count", [1, 50])
def test_what_consuming_raises_is_raised_at_last(count: int) -> None:
    def consume(item: int) -> None:
        raise ValueError(f"broken at {item}")

    with pytest.raises(ValueError, match="broken at 0"):
        passed(range(count), consume)
    assert alive() == []


def test_an_interrupt_ends_both_threads() -> None:
    made: list[int] = []

    def endless() -> Iterator[int]:
        while True:
            made.append(len(made))
            yield made[-1]

    with pytest.raises(KeyboardInterrupt):
        passed(endless(), lambda item: None, stop=5)
    assert alive() == []
    assert len(made) < 20


def test_making_is_bounded() -> None:
    made: list[int] = []

    def noted() -> Iterator[int]:
        for k in range(100):
            made.append(k)
            yield k

    with ahead(noted(), depth=2) as items:
        assert next(iter(items)) == 0
        threading.Event().wait(0.3)
        assert len(made) <= 5
