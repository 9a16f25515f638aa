"""Upscale the frames of an animated picture, one at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pliant.imaging.upscaling import Work
from pliant.media.colours import in_srgb
from pliant.media.formats import Format
from pliant.media.picture import Motion, Picture
from pliant.media.write import write_motion


def upscale_frames(picture: Picture, work: Work, path: Path, target: Format) -> tuple[str, ...]:
    """Write every frame of `picture`, which moves, upscaled to `path`.

    `work` is done once for each frame, and tells the share of all of them that is done. Returns sentences about what
    the format cannot hold. Raises as `upscale`.
    """
    before = len(picture.notes)
    if "icc" not in target.holds:
        picture = in_srgb(picture)
    motion = picture.motion
    assert motion is not None
    lost = write_motion(picture, _upscaled(motion, work), work.plan.result, path, target)
    return (*picture.notes[before:], *lost)


def _upscaled(motion: Motion, work: Work) -> Iterator[NDArray[Any]]:
    tell, count = work.tell, len(motion.durations)
    for k, frame in enumerate(motion.frames()):
        work.tell = _part_of(tell, k, count)
        whole = np.concatenate(list(work.strips(frame, kept=True)))
        tell((k + 1) / count)
        yield whole


def _part_of(tell: Callable[[float], None], k: int, count: int) -> Callable[[float], None]:
    """The share of one frame as that of all."""
    return lambda share: tell((k + share) / count)
