"""Requests that wait are computed together, and each gets what it would have got alone."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from pliant.apps.server.batching import LARGEST, MOST, Batcher, Waiting
from pliant.errors import InputError

PATIENCE = 60.0  # seconds; nothing waits for so long unless something is wrong


class Engine:
    """Doubles its input and remembers how many it was given; `spoil` changes what several get."""

    def __init__(self, spoil: float = 0.0) -> None:
        self.runs: list[int] = []
        self.spoil = spoil

    def __call__(self, inputs: dict[str, Any]) -> tuple[Any, ...]:
        x = inputs["x"]
        self.runs.append(len(x))
        if np.isnan(x).any():
            raise InputError("It cannot be computed.")
        return (x * 2 + (self.spoil if len(x) > 1 else 0.0), x[:, :1])


def waiting(batcher: Batcher, engine: Callable[..., Any], value: float, kind: object = "a", pixels: int = 1) -> Waiting:
    made = Waiting(kind, {"x": np.full((1, 4), value)}, "x", pixels, engine)
    batcher.add(made)
    return made


def results(batcher: Batcher, those: list[Waiting]) -> list[float]:
    """In turn, as one worker does."""
    return [float(batcher.compute(one, lambda: None)[0][0, 0]) for one in those]


def test_the_first_takes_along_those_that_wait() -> None:
    batcher, engine = Batcher(), Engine()
    assert results(batcher, [waiting(batcher, engine, value) for value in range(4)]) == [0, 2, 4, 6]
    assert engine.runs == [4, 1, 1, 1, 1], "the first time, all of them alone too"
    assert results(batcher, [waiting(batcher, engine, value) for value in range(4)]) == [0, 2, 4, 6]
    assert engine.runs[5:] == [4]
    assert batcher.joined == 8


def test_a_lone_one_is_computed_at_once() -> None:
    batcher, engine = Batcher(), Engine()
    assert results(batcher, [waiting(batcher, engine, 3)]) == [6]
    assert (engine.runs, batcher.joined) == ([1], 0)


def test_others_are_left_where_they_are() -> None:
    batcher, engine = Batcher(), Engine()
    those = [waiting(batcher, engine, value, kind=value % 2) for value in range(4)]
    assert results(batcher, those) == [0, 2, 4, 6]
    assert [run for run in engine.runs if run > 1] == [2, 2]


def test_no_more_than_the_limits() -> None:
    batcher, engine = Batcher(), Engine()
    results(batcher, [waiting(batcher, engine, value) for value in range(MOST + 3)])
    assert max(engine.runs) == MOST
    engine = Engine()
    results(batcher, [waiting(batcher, engine, value, "large", LARGEST // 2) for value in range(5)])
    assert max(engine.runs) == 2


def test_where_any_bit_differs_they_are_not_joined_again() -> None:
    batcher, engine = Batcher(), Engine(spoil=1e-9)
    for _ in range(2):
        assert results(batcher, [waiting(batcher, engine, value) for value in range(3)]) == [0, 2, 4]
    assert engine.runs.count(3) == 1


def test_one_that_fails_does_not_fail_the_others() -> None:
    batcher, engine = Batcher(), Engine()
    those = [waiting(batcher, engine, value) for value in (1.0, np.nan, 3.0)]
    assert results(batcher, [those[0], those[2]]) == [2, 6]
    with pytest.raises(InputError, match="cannot be computed"):
        batcher.compute(those[1], lambda: None)


def test_one_whose_client_has_gone_is_not_taken_along() -> None:
    batcher, engine = Batcher(), Engine()
    those = [waiting(batcher, engine, value) for value in range(3)]
    batcher.remove(those[1])
    assert results(batcher, [those[0], those[2]]) == [0, 4]
    assert engine.runs[0] == 2


def test_whoever_was_taken_along_by_another_thread_waits_for_it() -> None:
    batcher, begun, go = Batcher(), threading.Event(), threading.Event()

    def slow(inputs: dict[str, Any]) -> tuple[Any, ...]:
        begun.set()
        assert go.wait(PATIENCE)
        return (inputs["x"] * 2,)

    those = [waiting(batcher, slow, value) for value in range(2)]
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(batcher.compute, those[0], lambda: None)
        assert begun.wait(PATIENCE)
        second = threads.submit(batcher.compute, those[1], go.set)  # it is asked whether to go on while it waits
        assert [done.result(PATIENCE)[0][0, 0] for done in (first, second)] == [0, 2]
    assert batcher.joined == 2


def test_a_failure_of_the_inside_leaves_nobody_waiting() -> None:
    batcher = Batcher()

    def broken(inputs: dict[str, Any]) -> tuple[Any, ...]:
        raise RuntimeError(f"of {len(inputs['x'])}")

    those = [waiting(batcher, broken, value) for value in range(2)]
    with pytest.raises(RuntimeError, match="of 2"):
        batcher.compute(those[0], lambda: None)
    assert those[1].done.is_set()
    with pytest.raises(RuntimeError, match="of 1"):
        batcher.compute(those[1], lambda: None)
