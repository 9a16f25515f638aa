"""The frames of a moving picture, one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from pliant.errors import PictureError
from pliant.media.formats import READ
from pliant.media.metadata import orientation
from pliant.media.picture import Array, Motion
from pliant.media.pixels import upright

FIRST_ONLY = "The picture is animated; only the first frame is used."
MOST = 1_000_000  # frames; a file that claims more is no picture


def motion_of(path: Path) -> tuple[Array, Motion, tuple[str, ...]]:
    """The first frame, how all are shown, and sentences about what is lost.

    All frames are decoded once, one at a time. Raises what Pillow raises on a damaged file.
    """
    durations: list[float] = []
    first: Array | None = None
    clear = False
    with Image.open(path, formats=READ) as image:
        plays, deep = _plays(image), _is_deep(image)
        for frame, duration in _frames(image):
            first = frame if first is None else first
            clear = clear or bool((frame[..., 3] < 255).any())
            durations.append(duration)
    if first is None:
        raise PictureError(f"{path} is animated, but has no frames; get another copy of it.")
    channels = 4 if clear else 3
    notes = ("Of an animated PNG 8 bits are used.",) if deep else ()
    motion = Motion(tuple(durations), plays, lambda: _decoded(path, channels))
    return np.ascontiguousarray(first[..., :channels]), motion, notes


def _decoded(path: Path, channels: int) -> Iterator[Array]:
    with Image.open(path, formats=READ) as image:
        for frame, _ in _frames(image):
            yield np.ascontiguousarray(frame[..., :channels])


def _frames(image: Any) -> Iterator[tuple[Array, float]]:
    """Each frame, RGBA as it is seen, and its duration in milliseconds."""
    count = image.n_frames
    if count > MOST:
        raise ValueError(f"{count} frames")
    hidden = 1 if image.format == "PNG" and getattr(image, "default_image", False) else 0  # shown by others alone
    how, size = orientation(image), None
    for k in range(hidden, count):
        image.seek(k)
        frame = np.asarray(image.convert("RGBA"))
        size = image.size if size is None else size
        if image.size != size:  # Pillow makes a GIF larger for a frame that sticks out
            raise ValueError(f"frame {k + 1} is {image.size[0]} x {image.size[1]} and not {size[0]} x {size[1]}")
        yield upright(frame, how), max(0.0, float(image.info.get("duration") or 0))


def _plays(image: Image.Image) -> int:
    """How often the frames are shown, 0 for ever. A GIF says how often they are repeated, or nothing for once."""
    loop = image.info.get("loop")
    if image.format != "GIF":
        return int(loop or 0)
    return 1 if loop is None else int(loop) + 1 if loop else 0


def _is_deep(image: Any) -> bool:
    return image.format == "PNG" and bool(image.tile) and ";16" in str(image.tile[0][3])
