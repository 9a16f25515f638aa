"""What a picture file claims to hold, counted in its bytes before anything is decoded.

A file of some megabytes can have millions of frames, pages or passes, each of which costs a decoder as much as a whole
picture, and cannot be stopped. Counting them takes a glance.

Sources: GIF89a, https://www.w3.org/Graphics/GIF/spec-gif89a.txt; TIFF 6.0, section 2, and for eight bytes
https://www.awaresystems.be/imaging/tiff/bigtiff.html; ITU-T T.81, B.1.1 (markers of JPEG).
"""

from __future__ import annotations

import mmap
from collections.abc import Callable
from pathlib import Path

from pliant.apps.server.problems import Problem
from pliant.media.read import read_frames

PAGES = 1000  # of a TIFF, of which the first is used
SCANS = 500  # of a JPEG; progressive ones have about ten, and libjpeg's own tools stop at as many
LEAST = 10_000  # pixels that a frame counts at least: the smallest one takes its time too
SCAN = b"\xff\xda"  # stands nowhere else: in compressed data, another byte follows 255
BIG = 43  # the version of TIFF with eight bytes for each place


def frames(path: Path, kind: str, pixels: int, most: int) -> int:
    """How many frames of `pixels` a moving picture has; 1 for others. `kind` is Pillow's name of the format.

    Raises Problem (413) if all frames have more than `most` pixels together, or there are more pages or passes than
    any picture needs.
    """
    allowed = most // max(pixels, LEAST)
    if kind == "GIF":
        found = _counted(path, lambda data: _gif(data, allowed))
    elif kind in ("PNG", "WEBP", "AVIF"):  # say it at their beginning
        found = read_frames(path)
    else:
        _check_parts(path, kind)
        return 1
    if found > max(1, allowed):
        raise Problem(
            413,
            f"The picture has more than {allowed:,} frames, whose pixels together are more than the {most:,} that this "
            "server takes; send fewer or smaller ones.",
        )
    return max(1, found)


def _check_parts(path: Path, kind: str) -> None:
    if kind == "TIFF" and _counted(path, _pages) > PAGES:
        raise Problem(413, f"The file has more than {PAGES:,} pages; send a single one.")
    if kind in ("JPEG", "MPO") and _counted(path, _scans) > SCANS:
        raise Problem(413, f"The file has more than {SCANS:,} passes over its picture; save it as an ordinary JPEG.")


def _counted(path: Path, count: Callable[[mmap.mmap], int]) -> int:
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        try:
            return count(data)
        except IndexError:  # ends too early; what reads the picture says so
            return 1


def _gif(data: mmap.mmap, most: int) -> int:
    found, at = 0, 13 + _palette(data[10])
    while at < len(data) and data[at] != 0x3B and found <= most:
        if data[at] == 0x2C:  # a frame
            found += 1
            at = _behind(data, at + 11 + _palette(data[at + 9]))
        elif data[at] == 0x21:  # something about the next
            at = _behind(data, at + 2)
        else:
            at += 1
    return found


def _palette(flags: int) -> int:
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _behind(data: mmap.mmap, at: int) -> int:
    """Where a row of blocks ends that begins at `at`: each with its length before it, the last one empty."""
    while length := data[at]:
        at += length + 1
    return at + 1


def _pages(data: mmap.mmap) -> int:
    order = "little" if data[:2] == b"II" else "big"
    big = int.from_bytes(data[2:4], order) == BIG
    wide, counted, entry = (8, 8, 20) if big else (4, 2, 12)  # bytes of a place, of the number of entries, of an entry
    seen, at = set[int](), int.from_bytes(data[8:16] if big else data[4:8], order)
    while at and at not in seen and at < len(data) and len(seen) <= PAGES:
        seen.add(at)
        behind = at + counted + entry * int.from_bytes(data[at : at + counted], order)
        at = int.from_bytes(data[behind : behind + wide], order)
    return len(seen)


def _scans(data: mmap.mmap) -> int:
    found, at = 0, data.find(SCAN)
    while at >= 0 and found <= SCANS:
        found, at = found + 1, data.find(SCAN, at + 2)
    return found
