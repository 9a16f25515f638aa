"""Work on a video that outlives the process: encoded segments in a hidden folder beside the result.

`job.json` says what the segments are of. A segment is `N.packets`, the bytes of its packets one after the other, and
`N.json`, which says where each begins; that is written last, so that a segment without it does not count.
"""

from __future__ import annotations

import json
import os
import shutil
from base64 import b64decode, b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from pliant.artifact import write_atomically
from pliant.errors import UsageError, VideoError
from pliant.media.video.encoder import Coded
from pliant.media.video.frames import Moment


@dataclass(frozen=True)
class Segment:
    """One finished segment: `moments` are its frames in the order of showing, `packets` (pts, key, size) as coded."""

    path: Path
    extradata: bytes
    moments: tuple[Moment, ...]
    packets: tuple[tuple[int, bool, int], ...]

    def read(self) -> Iterator[Coded]:
        """The packets in the order of decoding."""
        with self.path.open("rb") as file:
            for pts, key, size in self.packets:
                yield Coded(pts, key, file.read(size))


class Folder:
    """The folder of one result. Only one process works in it at a time."""

    def __init__(self, destination: Path) -> None:
        self.path = destination.parent / f".{destination.name}.pliant"
        self._lock: BinaryIO | None = None

    def open(self, job: dict[str, Any]) -> tuple[list[Segment], bool]:
        """The finished segments of the same job, and whether segments of another one were thrown away.

        Raises UsageError if another process works here, VideoError if the folder cannot be made.
        """
        try:
            job = json.loads(json.dumps(job))
            self.path.mkdir(exist_ok=True)
            self._take()
            other = self._json("job.json") not in (None, job)
            if other:
                self._empty()
            write_atomically(self.path / "job.json", json.dumps(job).encode())
        except OSError as error:
            raise VideoError(f"{self.path} cannot be written: {error.strerror}. Choose another folder.") from error
        return self._finished(), other

    def close(self) -> None:
        """Let other processes work here; a folder without a finished segment is removed."""
        if self._lock is not None:
            if not self._finished():
                self.remove()
            self._release()

    def remove(self) -> None:
        """Remove everything."""
        self._release()
        shutil.rmtree(self.path, ignore_errors=True)

    def _release(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _take(self) -> None:
        lock = (self.path / "lock").open("ab")
        try:
            _lock(lock)
        except OSError as error:
            lock.close()
            raise UsageError(
                f"Another process is writing this result (in {self.path}); wait for it, or choose another destination."
            ) from error
        self._lock = lock

    def _empty(self) -> None:
        for path in self.path.iterdir():
            if path.name != "lock":
                path.unlink()

    def _finished(self) -> list[Segment]:
        found: list[Segment] = []
        while (segment := self._segment(len(found))) is not None:
            found.append(segment)
        return found

    def _segment(self, number: int) -> Segment | None:
        index = self._json(f"{number}.json")
        path = self.path / f"{number}.packets"
        if index is None or not path.exists():
            return None
        packets = tuple((int(pts), bool(key), int(size)) for pts, key, size in index["packets"])
        if path.stat().st_size != sum(size for _, _, size in packets):
            return None
        return Segment(path, b64decode(index["extradata"]), tuple(Moment(*m) for m in index["moments"]), packets)

    def _json(self, name: str) -> Any:
        try:
            return json.loads((self.path / name).read_bytes())
        except (OSError, ValueError):
            return None


class Writer:
    """Segment `number` of a folder, being written."""

    def __init__(self, folder: Folder, number: int) -> None:
        self._folder, self._number = folder, number
        self._path = folder.path / f"{number}.packets"
        self._file = self._path.open("wb")
        self._packets: list[tuple[int, bool, int]] = []

    def add(self, packets: list[Coded]) -> None:
        """Append packets, in the order of decoding."""
        for packet in packets:
            self._file.write(packet.data)
            self._packets.append((packet.pts, packet.key, len(packet.data)))

    def finish(self, extradata: bytes, moments: list[Moment]) -> Segment:
        """Make the segment count, once its bytes are on the disk. Raises VideoError if frames are missing."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        if sorted(pts for pts, _, _ in self._packets) != [moment.pts for moment in moments]:
            raise VideoError("The encoder returned other frames than it was given; choose another --codec.")
        index = {
            "extradata": b64encode(extradata).decode(),
            "moments": [[moment.pts, moment.duration] for moment in moments],
            "packets": self._packets,
        }
        write_atomically(self._folder.path / f"{self._number}.json", json.dumps(index).encode())
        return Segment(self._path, extradata, tuple(moments), tuple(self._packets))

    def abandon(self) -> None:
        """Close the file of a segment that will not be finished; it does not count."""
        self._file.close()


def _lock(file: BinaryIO) -> None:
    """Lock a file until it is closed or the process ends, however it ends. Raises OSError if another has it."""
    if os.name == "nt":
        import msvcrt

        locking: Any = msvcrt
        locking.locking(file.fileno(), locking.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
