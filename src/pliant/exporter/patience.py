"""Ending Python code that takes too long: `while size < 30: size = 2 * size - 1` never ends for a size of 1."""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager


class TooLong(Exception):  # noqa: N818 - an answer: the model does not end for these arguments
    """The block did not end in time."""


@contextmanager
def at_most(seconds: float) -> Generator[None]:
    """Within the block, TooLong is raised in this thread after so many seconds, as soon as it is in Python code."""
    thread, lock = ctypes.c_ulong(threading.get_ident()), threading.Lock()
    ended = sent = arrived = False

    def interrupt() -> None:
        nonlocal sent
        with lock:
            if not ended:
                sent = bool(ctypes.pythonapi.PyThreadState_SetAsyncExc(thread, ctypes.py_object(TooLong)))

    timer = threading.Timer(seconds, interrupt)
    timer.daemon = True
    timer.start()
    try:
        yield
    except TooLong:
        arrived = True
        raise
    finally:
        timer.cancel()
        try:
            with lock:
                ended = True
            if sent and not arrived:
                time.sleep(0.01)  # one that is on its way arrives here, too late
        except TooLong:
            pass
