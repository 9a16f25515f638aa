"""Rewritten source: the same behaviour for ordinary arguments, replacements where calls are made."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from torch import nn

from pliant.capture.base import Table
from pliant.capture.helper import Helper
from pliant.capture.paths import Paths
from pliant.capture.source import reachable, rewritten_source


def helper(value: float) -> int:
    return int(value)


def twice(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs) * 2

    return wrapper


def make_adder(amount: float) -> Callable[[float], int]:
    def add(value: float) -> int:
        return int(value) + int(amount)

    return add


class Base(nn.Module):
    def scaled(self, value: float) -> float:
        return float(value) * 10


class Network(Base):
    def __init__(self) -> None:
        super().__init__()
        self.adder = make_adder(100.0)
        self.partial = functools.partial(helper, 3.9)

    def scaled(self, value: float) -> float:
        return super().scaled(value) + self.__private(value)

    def __private(self, value: float) -> int:
        return int(value)

    @property
    def depth(self) -> int:
        return int(2.5)

    @staticmethod
    def still(value: float) -> int:
        return int(value)

    @twice
    def decorated(self, value: float) -> int:
        return int(value)

    def forward(self, value: float) -> dict[str, Any]:
        return {
            "helper": helper(value),
            "scaled": self.scaled(value),
            "adder": self.adder(value),
            "partial": self.partial(),
            "depth": self.depth,
            "still": self.still(value),
            "decorated": self.decorated(value),
            "lambda": (lambda v: int(v))(value),
            "comprehension": [int(v) for v in (value, value + 1)],
            "floor": math.floor(value),
        }


def rewritten(module: nn.Module, calls: dict[Callable[..., Any], Callable[..., Any]]) -> AbstractContextManager[None]:
    return rewritten_source(module, Helper(Table({}, calls, ()), Paths(module)))


def test_nothing_changes_for_ordinary_arguments() -> None:
    network = Network()
    before = network(2.7)
    with rewritten(network, {}):
        assert network(2.7) == before


def test_every_call_in_the_models_source_is_replaced() -> None:
    network = Network()
    with rewritten(network, {int: lambda value: 1000, math.floor: lambda value: -1}):
        result = network(2.7)
    assert result == {
        "helper": 1000,
        "scaled": 1027.0,
        "adder": 2000,
        "partial": 1000,
        "depth": 1000,
        "still": 1000,
        "decorated": 2000,
        "lambda": 1000,
        "comprehension": [1000, 1000],
        "floor": -1,
    }
    assert network(2.7)["helper"] == 2


def test_everything_is_restored_after_an_error() -> None:
    network = Network()
    code, names = Network.forward.__code__, set(globals())
    with pytest.raises(ZeroDivisionError), rewritten(network, {int: lambda value: 1 // 0}):
        network(1.0)
    assert Network.forward.__code__ is code
    assert set(globals()) == names


def test_libraries_are_left_alone() -> None:
    modules = {function.__module__ for function in reachable(nn.Sequential(nn.Conv2d(3, 3, 3), Network()))}
    assert modules == {__name__}


class Pair(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.both = [lambda v: int(v), lambda v: v * 2]  # fmt: skip

    def forward(self, value: float) -> list[float]:
        return [function(value) for function in self.both]


def test_two_lambdas_on_one_line_are_not_mixed_up() -> None:
    network = Pair()
    network.first, network.second = network.both
    with rewritten(network, {}):
        assert network(2.5) == [2, 5.0]


def test_a_function_without_source_still_runs() -> None:
    space: dict[str, Any] = {"nn": nn, "__name__": "typed_in"}
    exec("class Typed(nn.Module):\n    def forward(self, v):\n        return int(v)", space)
    network = space["Typed"]()
    with rewritten(network, {int: lambda value: 1000}):
        assert network(2.5) == 2
