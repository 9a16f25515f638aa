"""Frames to segments: the part of the work that an encoder does while the network computes the next frame."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from pliant.media.video.colour import Conversion
from pliant.media.video.encoder import Encoder, Settings
from pliant.media.video.frames import Moment
from pliant.media.video.segments import Folder, Segment, Writer

Levels = NDArray[Any]


class Encoding:
    """Levels go in, `segments` grow. Each of them has `length` frames, the last one perhaps fewer."""

    def __init__(
        self, folder: Folder, settings: Settings, conversion: Conversion, length: int, segments: list[Segment]
    ) -> None:
        self.segments = segments
        self._folder, self._settings, self._conversion, self._length = folder, settings, conversion, length
        self._moments: list[Moment] = []
        self._encoder: Encoder | None = None
        self._writer: Writer | None = None

    def __call__(self, item: tuple[Levels, Moment]) -> None:
        """Encode one frame of at least the size of the settings; what is beyond it is left out."""
        levels, moment = item
        if self._encoder is None or self._writer is None:
            self._encoder, self._writer = Encoder(self._settings), Writer(self._folder, len(self.segments))
        width, height = self._settings.size
        frame = self._conversion.to_frame(levels[:height, :width], self._settings.pixel_format)
        self._writer.add(self._encoder.encode(frame, moment))
        self._moments.append(moment)
        if len(self._moments) == self._length:
            self.finish()

    def finish(self) -> None:
        """End the segment that is being written, if there is one."""
        if self._encoder is None or self._writer is None:
            return
        self._writer.add(self._encoder.finish())
        self.segments.append(self._writer.finish(self._encoder.extradata, self._moments))
        self._encoder, self._writer, self._moments = None, None, []

    def abandon(self) -> None:
        """Close what is open; the frames of an unfinished segment are computed again."""
        if self._writer is not None:
            self._writer.abandon()
        self._encoder = self._writer = None
