"""TensorRT's Python package, of which there are two with one interface, and its log.

TensorRT for RTX (`tensorrt_rtx`) comes first: it builds without a GPU. TensorRT itself (`tensorrt`, 10 and later) has
the same classes and methods as far as they are used here.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from pliant.errors import MissingExtra

PACKAGES = ("tensorrt_rtx", "tensorrt")


def package() -> str | None:
    """The name of the package that is installed, or None."""
    return next((name for name in PACKAGES if find_spec(name) is not None), None)


def tensorrt() -> Any:
    """The package. Raises MissingExtra if there is none."""
    name = package()
    if name is None:
        raise MissingExtra("Engine 'tensorrt'", "tensorrt_rtx", "tensorrt")
    return import_module(name)


@cache
def logger() -> Any:
    """The one log of this process: TensorRT keeps the first it is given for as long as anything it made lives."""
    trt = tensorrt()

    class Log(trt.ILogger):  # type: ignore[misc, name-defined]
        """Hands errors to those who listen."""

        def __init__(self) -> None:
            trt.ILogger.__init__(self)
            self.listeners: list[list[str]] = []

        def log(self, severity: Any, message: str) -> None:
            if severity <= trt.ILogger.Severity.ERROR:
                for heard in tuple(self.listeners):
                    heard.append(message)

    return Log()


@contextmanager
def listening() -> Generator[list[str]]:
    """The errors that TensorRT reports within the block, those of other threads included."""
    listeners, heard = logger().listeners, list[str]()
    listeners.append(heard)
    try:
        yield heard
    finally:
        listeners[:] = [other for other in listeners if other is not heard]


def first_sentence(errors: list[str], otherwise: str) -> str:
    """The first error in one line, without where in TensorRT's source it comes from, and without a full stop.

    What follows it is noise: without a driver each error drags another one about that along.
    """
    text = errors[0] if errors else otherwise
    text = text.strip().splitlines()[0]
    for mark in ("] Error Code ", "Error Code "):
        _, found, rest = text.partition(mark)
        if found:
            text = rest.partition(": ")[2] or rest
            break
    return " ".join(text.split()).rstrip(".")
