"""Ending Python code that takes too long: `while size < 30: size = 2 * size - 1` never ends for a size of 1."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Generator
from contextlib import contextmanager


class TooLong(Exception):  # noqa: N818 - an answer: the model does not end for these arguments
    """The block did not end in time."""


@contextmanager
def at_most(seconds: float) -> Generator[None]:
    """Within the block, TooLong is raised in this thread after so many seconds, as soon as it is in Python code."""
    thread, lock, ended = ctypes.c_ulong(threading.get_ident()), threading.Lock(), False

    def interrupt() -> None:
        with lock:
            if not ended:
                ctypes.pythonapi.PyThreadState_SetAsyncExc(thread, ctypes.py_object(TooLong))

    timer = threading.Timer(seconds, interrupt)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        with lock:
            ended = True
        ctypes.pythonapi.PyThreadState_SetAsyncExc(thread, None)  # one that is on its way comes too late
