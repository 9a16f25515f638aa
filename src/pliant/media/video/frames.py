"""The frames of a video, one after the other, with the time at which each is shown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pliant.errors import VideoError
from pliant.media.video.library import library
from pliant.media.video.source import Facts, opened


@dataclass(frozen=True)
class Moment:
    """When a frame is shown and for how long, in units of the stream's time base; `duration` is 0 if unknown."""

    pts: int
    duration: int


@dataclass
class Frames:
    """The decoded frames of the file that `facts` are of. `notes` are complete when all are taken."""

    facts: Facts
    notes: tuple[str, ...] = ()
    _damaged: int = 0
    _repaired: int = 0
    _last: Moment | None = None
    _step: int = field(init=False)

    def __post_init__(self) -> None:
        """The usual time between two frames, for those that say nothing."""
        self._step = max(1, round(1 / (self.facts.rate * self.facts.time_base)))

    def __iter__(self) -> Iterator[tuple[Any, Moment]]:
        """Each with a time later than the one before. What is damaged is left out and noted. Raises VideoError."""
        with opened(self.facts.path) as container:
            stream = container.streams[self.facts.index]
            stream.thread_type = "AUTO"
            for frame in self._decoded(container, stream):
                if (frame.width, frame.height) != self.facts.stored:
                    raise VideoError(self._resized(frame))
                yield frame, self._moment(frame)
        self._finish()

    def _decoded(self, container: Any, stream: Any) -> Iterator[Any]:
        av = library()
        packets = container.demux(stream)
        while True:
            try:
                packet = next(packets)
            except StopIteration:
                return
            except av.FFmpegError:  # the file ends in the middle of something
                self._damaged += 1
                yield from self._flushed(stream)
                return
            try:
                yield from packet.decode()
            except av.FFmpegError:
                self._damaged += 1

    def _flushed(self, stream: Any) -> list[Any]:
        try:
            return stream.decode(None)
        except library().FFmpegError:
            return []

    def _moment(self, frame: Any) -> Moment:
        expected = 0 if self._last is None else self._last.pts + (self._last.duration or self._step)
        pts = expected if frame.pts is None else frame.pts
        if self._last is not None and pts <= self._last.pts:
            self._repaired += 1
            pts = self._last.pts + 1
        self._last = Moment(pts, frame.duration or 0)
        return self._last

    def _finish(self) -> None:
        if self._last is None:
            raise VideoError(f"No frame of {self.facts.path} can be decoded; get another copy of it.")
        if self._damaged:
            self.notes += (
                f"The file is damaged in {self._damaged} places; frames that cannot be decoded are missing.",
            )
        if self._repaired:
            self.notes += (
                f"{self._repaired} frames had the time of the one before, or an earlier one; they follow it.",
            )
        end = float((self._last.pts + (self._last.duration or self._step)) * self.facts.time_base)
        if self.facts.seconds and end < self.facts.seconds - max(1.0, 2 * self._step * float(self.facts.time_base)):
            self.notes += (
                f"The file says it lasts {self.facts.seconds:.1f} s, but its frames end at {end:.1f} s: it may have "
                "been cut off. What is there was upscaled.",
            )

    def _resized(self, frame: Any) -> str:
        return (
            f"{self.facts.path} changes its size from {self.facts.stored[0]} x {self.facts.stored[1]} to "
            f"{frame.width} x {frame.height} at {float(frame.time or 0):.1f} s; split it there, and upscale each part."
        )
