"""Moving pictures that Pillow writes, fed frame by frame: it would hold all of them otherwise."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, BinaryIO

from PIL import Image

from pliant.media.formats._pillow import as_image, metadata
from pliant.media.formats.base import Format
from pliant.media.picture import Array, Motion, Picture


class Frames(Image.Image):
    """A moving picture to Pillow, which holds one frame and makes the next when it is asked for."""

    is_animated = True

    def __init__(self, frames: Iterable[Array], count: int) -> None:
        super().__init__()
        self.n_frames = count
        self._left, self._at = iter(frames), -1
        self.seek(0)

    def seek(self, frame: int) -> None:
        """The next frame; going back, which Pillow does when it is done, has no effect."""
        if frame >= self.n_frames:
            raise EOFError(f"frame {frame} of {self.n_frames}")
        while self._at < frame:
            image: Any = as_image(next(self._left))
            self.im, self._mode, self._size = image.im, image.mode, image.size
            self._at += 1

    def tell(self) -> int:
        """The number of the frame that is held."""
        return self._at


def write_sequence(
    file: BinaryIO, picture: Picture, motion: Motion, frames: Iterable[Array], target: Format, **options: Any
) -> None:
    """Write all frames, whose metadata are those of `picture`."""
    durations = [round(duration) for duration in motion.durations]
    shown = Frames(frames, len(durations))
    given = {**target.options, **options, **metadata(picture)}
    shown.save(file, target.name, save_all=True, duration=durations, **given)
