"""`functools.lru_cache`: its table needs numbers that can be compared, so a live number is never looked up in it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from pliant.capture.base import Capture


def uncached(callee: Any) -> Callable[..., Any] | None:
    """The function behind a cache, which a call for live numbers or traced tensors must not fill or use."""
    return callee.__wrapped__ if isinstance(callee, functools._lru_cache_wrapper) else None


CAPTURE = Capture(resolve=uncached)
