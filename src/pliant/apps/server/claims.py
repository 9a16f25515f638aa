"""What a picture file claims to hold, counted in its bytes before anything is decoded.

A file of some megabytes can have millions of parts, each of which costs a decoder some work, or as much as a whole
picture, and a decoder cannot be stopped. Counting them takes a glance.

Sources: Portable Network Graphics Specification, https://www.w3.org/TR/png-3/, 5.3; GIF89a,
https://www.w3.org/Graphics/GIF/spec-gif89a.txt; TIFF 6.0, section 2, and for eight bytes
https://www.awaresystems.be/imaging/tiff/bigtiff.html; ITU-T T.81, B.1.1 (markers of JPEG).
"""

from __future__ import annotations

import mmap
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from pliant.apps.server.problems import Problem
from pliant.media.read import read_frames

T = TypeVar("T")
Data = mmap.mmap

LEAST = 10_000  # pixels that a frame counts at least: the smallest one takes its time too
CHUNKS = 50_000  # of a PNG; writers make them of some thousand bytes
PAGES, ENTRIES = 1000, 100_000  # of a TIFF, and in the directories of all its pages
SCANS, SEGMENTS = 500, 10_000  # of a JPEG: passes, of which progressive ones have about ten, and what stands before
ASIDE = 1 << 20  # bytes of a GIF that are no picture: comments and the like
SCAN = b"\xff\xda"  # stands nowhere else: in compressed data, another byte follows 255
BIG = 43  # the version of TIFF with eight bytes for each place


def check(path: Path) -> None:
    """Raise Problem (413) if a file has more parts than any picture needs. A file that is none is not noticed."""
    for beginning, count in COUNTED:
        fault = _asked(path, beginning, count)
        if fault:
            raise Problem(413, f"The file has {fault}, more than this server takes; save it as an ordinary picture.")


def frames(path: Path, kind: str, pixels: int, most: int) -> int:
    """How many frames of `pixels` a moving picture has; 1 for others. `kind` is Pillow's name of the format.

    Raises Problem (413) if all frames have more than `most` pixels together, and PictureError.
    """
    allowed = max(1, most // max(pixels, LEAST))
    if kind == "GIF":
        found = _with(path, lambda data: _gif(data, allowed), 1)
    elif kind in ("PNG", "WEBP", "AVIF"):  # say it at their beginning
        found = read_frames(path)
    else:
        return 1
    if found > allowed:
        raise Problem(
            413,
            f"The picture has more than {allowed:,} frames, which together are more than the {most:,} pixels that this "
            "server takes; send fewer or smaller ones.",
        )
    return max(1, found)


def _asked(path: Path, beginning: bytes, count: Callable[[Data], str]) -> str:
    with path.open("rb") as file:
        if file.read(len(beginning)) != beginning:
            return ""
    return _with(path, count, "")


def _with(path: Path, count: Callable[[Data], T], otherwise: T) -> T:
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        try:
            return count(data)
        except IndexError:  # ends too early; what reads the picture says so
            return otherwise


def _png(data: Data) -> str:
    found, at = 0, 8
    while at < len(data) and found <= CHUNKS:
        found, at = found + 1, at + 12 + int.from_bytes(data[at : at + 4], "big")
    return f"over {CHUNKS:,} chunks" if found > CHUNKS else ""


def _gif(data: Data, most: int) -> int:
    """Frames, as far as `most` and one more."""
    found, at = 0, 13 + _palette(data[10])
    while at < len(data) and data[at] != 0x3B and found <= most:
        if data[at] == 0x2C:  # a frame
            found += 1
            at = _behind(data, at + 11 + _palette(data[at + 9]))
        else:
            at = _behind(data, at + 2) if data[at] == 0x21 else at + 1
    return found


def _comments(data: Data) -> str:
    aside, at = 0, 13 + _palette(data[10])
    while at < len(data) and data[at] != 0x3B and aside <= ASIDE:
        if data[at] == 0x2C:
            at = _behind(data, at + 11 + _palette(data[at + 9]))
        elif data[at] == 0x21:  # something about the next frame, or a comment
            behind = _behind(data, at + 2, ASIDE)
            aside, at = aside + (behind - at if data[at + 1] != 0xF9 else 0), behind
        else:
            at += 1
    return f"over {ASIDE >> 20} MiB of comments" if aside > ASIDE else ""


def _palette(flags: int) -> int:
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _behind(data: Data, at: int, most: int | None = None) -> int:
    """Where a row of blocks ends that begins at `at`: each with its length before it, the last one empty.

    With `most`, some place behind so many bytes where it is longer.
    """
    end = len(data) if most is None else at + most
    while (length := data[at]) and at <= end:
        at += length + 1
    return at + 1


def _tiff(data: Data) -> str:
    order = "little" if data[:2] == b"II" else "big"
    big = int.from_bytes(data[2:4], order) == BIG
    wide, counted, entry = (8, 8, 20) if big else (4, 2, 12)  # bytes of a place, of the number of entries, of an entry
    seen, entries, at = set[int](), 0, int.from_bytes(data[8:16] if big else data[4:8], order)
    while at and at not in seen and at < len(data) and len(seen) <= PAGES and entries <= ENTRIES:
        seen.add(at)
        here = int.from_bytes(data[at : at + counted], order)
        entries, behind = entries + here, at + counted + entry * here
        at = int.from_bytes(data[behind : behind + wide], order)
    if entries > ENTRIES:
        return f"over {ENTRIES:,} tags"
    return f"over {PAGES:,} pages" if len(seen) > PAGES else ""


def _jpeg(data: Data) -> str:
    found, at = 0, data.find(SCAN)
    while at >= 0 and found <= SCANS:
        found, at = found + 1, data.find(SCAN, at + 2)
    if found > SCANS:
        return f"over {SCANS:,} passes"
    segments, at = 0, 2
    while at + 4 <= len(data) and data[at : at + 2] != SCAN and segments <= SEGMENTS:
        long = data[at] == 0xFF and data[at + 1] not in (0, 0xFF)
        segments, at = segments + long, at + (2 + int.from_bytes(data[at + 2 : at + 4], "big") if long else 1)
    return f"over {SEGMENTS:,} segments" if segments > SEGMENTS else ""


COUNTED: tuple[tuple[bytes, Callable[[Data], str]], ...] = (
    (b"\x89PNG", _png),
    (b"GIF8", _comments),
    (b"II", _tiff),
    (b"MM", _tiff),
    (b"\xff\xd8", _jpeg),
)
