from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as Late
from typing import Any

import numpy as np
import pytest

from pliant.apps.batch.channel import STRIPS, Abandoned, Budget, Channel

STRIP = np.zeros((1, 1, 3), np.uint8)


def in_a_thread(function: Callable[..., Any], *arguments: Any) -> Future[Any]:
    return ThreadPoolExecutor(1).submit(function, *arguments)


def waits(future: Future[Any]) -> bool:
    try:
        future.result(0.1)
    except Late:
        return True
    return False


def test_strips_and_notes_arrive_in_order() -> None:
    channel = Channel()
    got = in_a_thread(lambda: [int(strip[0, 0, 0]) for strip in channel])
    for k in range(10):
        channel.put(STRIP + k)
    channel.close(("slow",))
    assert got.result(5) == list(range(10))
    assert channel.notes == ("slow",)


def test_strips_do_not_pile_up() -> None:
    channel = Channel()
    for _ in range(STRIPS):
        channel.put(STRIP)
    late = in_a_thread(channel.put, STRIP)
    assert waits(late)
    next(iter(channel))
    late.result(5)


def test_a_writer_that_waits_learns_that_the_reader_has_given_up() -> None:
    channel = Channel()
    for _ in range(STRIPS):
        channel.put(STRIP)
    late = in_a_thread(channel.put, STRIP)
    assert waits(late)
    channel.give_up()
    with pytest.raises(Abandoned):
        late.result(5)


def test_the_reader_gets_the_error_of_the_writer() -> None:
    channel = Channel()
    channel.put(STRIP)
    channel.fail(MemoryError())
    strips = iter(channel)
    next(strips)
    with pytest.raises(MemoryError):
        next(strips)


def test_what_is_complete_does_not_fail_any_more() -> None:
    channel = Channel()
    channel.put(STRIP)
    channel.close(())
    channel.fail(MemoryError())
    assert len(list(channel)) == 1


def test_a_budget_holds_until_something_is_given_back() -> None:
    budget = Budget(100, 9)
    assert budget.take(60, wait=False)
    assert not budget.take(60, wait=False)
    late = in_a_thread(budget.take, 60, True)
    assert waits(late)
    budget.give_back(60)
    assert late.result(5)


def test_one_alone_may_have_more_and_the_number_counts_too() -> None:
    budget = Budget(100, 2)
    assert budget.take(1000, wait=True)
    assert not budget.take(1, wait=False)
    budget.give_back(1000)
    assert [budget.take(1, wait=False) for _ in range(3)] == [True, True, False]
