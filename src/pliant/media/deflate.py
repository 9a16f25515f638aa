"""A zlib stream that several threads compress, block by block; the bytes do not depend on how many they are.

Sources: RFC 1950 (the header and the checksum around the data) and RFC 1951 (blocks; an empty one ends at a byte).
"""

from __future__ import annotations

import os
import struct
from collections import deque
from collections.abc import Callable
from threading import Thread

from isal import isal_zlib

Data = bytes | memoryview
LEVEL = 2  # of ISA-L: six times as quick as zlib's level 4, and some percent larger, see docs/formats.md
HEAD, END = b"\x78\x5e", b"\x03\x00"  # a window of 32 KiB, a quick level; and a last block with nothing in it
BASE = 65521  # of Adler-32


class Deflater:
    """An open zlib stream. `put` is called with its bytes, in order, by the thread that calls `write` and `close`.

    What makes the data of a block, and compressing it, runs in other threads if there are several blocks; twice as many
    as there are cores are under way at the same time.
    """

    def __init__(self, put: Callable[[bytes], None]) -> None:
        self._put, self._begun, self._sum = put, False, 1
        self._blocks: deque[_Block] = deque()
        self._most = 2 * (os.cpu_count() or 1)

    def write(self, make: Callable[[], Data]) -> None:
        """The next block, of the bytes that `make` gives. Raises what making an earlier one raised."""
        if len(self._blocks) >= self._most:
            self._take()
        self._blocks.append(_Block(make))
        if len(self._blocks) > 1:  # the only one of a small picture needs no thread: `close` does it
            for block in self._blocks:
                block.begin()

    def close(self) -> None:
        """Finish the stream. Raises as `write`."""
        while self._blocks:
            self._take()
        self._put((b"" if self._begun else HEAD) + END + struct.pack(">I", self._sum))

    def _take(self) -> None:
        block = self._blocks.popleft()
        block.finish()
        if block.error is not None:
            raise block.error
        self._sum = combined(self._sum, block.sum, block.length)
        self._put(block.packed if self._begun else HEAD + block.packed)
        self._begun = True


class _Block(Thread):
    """One block on its way: compressed by itself, up to a whole byte, so that blocks can stand behind each other."""

    def __init__(self, make: Callable[[], Data]) -> None:
        super().__init__(name="pliant-packing", daemon=True)
        self._make: Callable[[], Data] | None = make
        self.packed, self.sum, self.length = b"", 1, 0
        self.error: BaseException | None = None

    def begin(self) -> None:
        """Start, if that was not done."""
        if self.ident is None:
            self.start()

    def finish(self) -> None:
        """Return when it is done, which this thread does if no other has begun."""
        if self.ident is None:
            self.run()
        else:
            self.join()

    def run(self) -> None:
        """See `Thread.run`."""
        assert self._make is not None
        try:
            data = memoryview(self._make()).cast("B")
            compressor = isal_zlib.compressobj(LEVEL, isal_zlib.DEFLATED, -isal_zlib.MAX_WBITS)
            self.packed = compressor.compress(data) + compressor.flush(isal_zlib.Z_SYNC_FLUSH)
            self.sum, self.length = isal_zlib.adler32(data), data.nbytes
        except BaseException as error:  # noqa: BLE001 - raised in the thread that takes the block
            self.error = error
        finally:
            self._make = None  # and the pixels it holds


def combined(first: int, second: int, length: int) -> int:
    """The Adler-32 of two pieces of data behind each other, from those of both and the length of the second.

    Both sums of the second begin at 1 and 0 where those of the whole go on from the first.
    """
    low, high = first & 0xFFFF, first >> 16
    then_low, then_high = second & 0xFFFF, second >> 16
    return (high + then_high + length * (low - 1)) % BASE << 16 | (low + then_low - 1) % BASE
