"""What is too large to try, decided before any work."""

from __future__ import annotations

import os
from pathlib import Path

from pliant.errors import PictureError

BYTES_PER_PIXEL = 1024  # of the result, at the peak; SRCNN 9-1-5 in ONNX Runtime was measured at 400 to 480
FALLBACK = 4 << 30  # where the system does not tell
GIB = 1 << 30


def check_memory(width: int, height: int, what: str = "The result", available: int | None = None) -> None:
    """Raise PictureError if a picture of this size cannot be computed in the memory that is free.

    `what` names the picture in the message. `available` is in bytes; asked from the system if None.
    """
    free = available_memory() if available is None else available
    if (needed := width * height * BYTES_PER_PIXEL) > free:
        raise PictureError(
            f"{what} would be {_count(width)} x {_count(height)} pixels ({_count(width * height // 10**6)} MP), which "
            f"needs about {_gib(needed)} of memory, but {_gib(free)} are free; use a smaller factor or size."
        )


def check_format(width: int, height: int, name: str, ceiling: int) -> None:
    """Raise PictureError if a side is longer than the file format called `name` can store."""
    if max(width, height) > ceiling:
        raise PictureError(
            f"The result would be {width:,} x {height:,}, but {name} stores at most {ceiling:,} pixels on a "
            "side; write a PNG or use a smaller factor or size."
        )


def _count(number: int) -> str:
    """In digits, or as a power of ten from a million million on: a mistyped factor makes any number."""
    return f"{number:,}" if number < 10**12 else f"10^{len(str(number)) - 1}"


def _gib(size: int) -> str:
    return f"{size / GIB:.1f} GiB" if size < 100 * GIB else f"{_count(size // GIB)} GiB"


def available_memory() -> int:
    """Bytes that can be allocated now without swapping, or `FALLBACK`; a container's own limit counts."""
    free = [bytes_ for bytes_ in (_system(), _container()) if bytes_ is not None]
    return min(free, default=FALLBACK)


def _system() -> int | None:
    try:
        text = Path("/proc/meminfo").read_text()
        return int(text.split("MemAvailable:")[1].split()[0]) * 1024
    except (OSError, IndexError, ValueError):
        pass
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    except (AttributeError, ValueError, OSError):
        return None


def _container(root: Path = Path("/sys/fs/cgroup")) -> int | None:
    """What a version 2 control group still allows; file caches are given back, so they count as free."""
    try:
        limit = int((root / "memory.max").read_text())
        used = int((root / "memory.current").read_text())
        caches = (root / "memory.stat").read_text().split("inactive_file ")[1].split()[0]
    except (OSError, IndexError, ValueError):  # "max" is no number: there is no limit
        return None
    return max(0, limit - used + int(caches))
