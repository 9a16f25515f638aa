"""What is too large to try, decided before any work."""

from __future__ import annotations

import os
from pathlib import Path

from pliant.errors import PictureError

BYTES_PER_PIXEL = 16  # of a result that is held: four channels of 16 bits, and once more while they are encoded
LONGEST = 2**31 - 1  # pixels of a side
FALLBACK = 4 << 30  # where the system does not tell
GIB = 1 << 30


def check_memory(width: int, height: int, what: str = "The result", available: int | None = None) -> None:
    """Raise PictureError if a picture of this size cannot be held in the memory that is free.

    `what` names the picture in the message. `available` is in bytes; asked from the system if None.
    """
    free = available_memory() if available is None else available
    if (needed := width * height * BYTES_PER_PIXEL) > free:
        raise PictureError(
            f"{what} would be {_count(width)} x {_count(height)} pixels ({_count(width * height // 10**6)} MP), which "
            f"needs about {_gib(needed)} of memory, but {_gib(free)} are free; use a smaller factor or size."
        )


def check_sides(width: int, height: int) -> None:
    """Raise PictureError if a side is longer than any format can store."""
    if max(width, height) > LONGEST:
        raise PictureError(
            f"The result would be {_count(width)} x {_count(height)} pixels, but no format stores more than "
            f"{LONGEST:,} on a side; use a smaller factor or size."
        )


def check_format(
    width: int, height: int, name: str, ceiling: int, area: int | None = None, size: tuple[int, int | None] = (0, None)
) -> None:
    """Raise PictureError if the file format called `name` cannot store so many pixels.

    `ceiling` is the longest side and `area` the most pixels it takes. `size` has the bytes of a pixel of the result,
    and how many bytes the format takes.
    """
    if max(width, height) > ceiling:
        raise PictureError(
            f"The result would be {_count(width)} x {_count(height)}, but {name} stores at most {ceiling:,} pixels on "
            f"a side; {'' if name == 'PNG' else 'write a PNG or '}use a smaller factor or size."
        )

    most = [area, size[1] // size[0] if size[0] and size[1] else None]
    limit = min((pixels for pixels in most if pixels is not None), default=None)
    if limit is not None and width * height > limit:
        raise PictureError(
            f"The result would be {_count(width)} x {_count(height)} ({_count(width * height // 10**6)} MP), but "
            f"{name} stores at most {limit // 10**6:,} MP of this kind; write a PNG or use a smaller factor or size."
        )


def check_disk(folder: Path, width: int, height: int, free: int | None = None) -> None:
    """Raise PictureError if a result that is written strip by strip may not fit on the disk of `folder`."""
    import shutil

    try:
        left = shutil.disk_usage(folder).free if free is None else free
    except OSError:
        return
    if (needed := width * height * 3) > left:
        raise PictureError(
            f"The result would be {_count(width)} x {_count(height)} pixels, for which up to {_gib(needed)} of disk "
            f"may be needed, but {folder} has {_gib(left)} free; use a smaller factor or size, or another disk."
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


def _container(root: Path = Path("/sys/fs/cgroup"), own: Path = Path("/proc/self/cgroup")) -> int | None:
    """What the version 2 control groups of this process still allow, its own and those above it; None for no limit.

    A container sees its own group as the root, a service of systemd's does not. Format: cgroups(7), /proc/pid/cgroup.
    """
    try:
        line = next(line for line in own.read_text().splitlines() if line.startswith("0::/"))
    except (OSError, StopIteration):
        line = "0::/"
    group = root / line.removeprefix("0::/")
    groups = (group, *(above for above in group.parents if above.is_relative_to(root)))
    return min((room for g in groups if (room := _group(g)) is not None), default=None)


def _group(folder: Path) -> int | None:
    """What one control group still allows; file caches are given back, so they count as free."""
    try:
        limit = int((folder / "memory.max").read_text())
        used = int((folder / "memory.current").read_text())
        caches = (folder / "memory.stat").read_text().split("inactive_file ")[1].split()[0]
    except (OSError, IndexError, ValueError):  # "max" is no number: there is no limit
        return None
    return max(0, limit - used + int(caches))
