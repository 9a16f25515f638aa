"""What changes from one frame of a moving picture to the next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from pliant.media.picture import Array


def changed_parts(frames: Iterable[Array]) -> Iterator[tuple[tuple[int, int], Array]]:
    """(left, top) and the pixels of the smallest rectangle in which a frame differs from the one before it.

    The first frame is whole. Of a frame that does not differ there is one pixel. Put in place of what was there, the
    rectangles make the frames exactly. Two frames are held at a time.
    """
    before: Array | None = None
    for frame in frames:
        if before is None:
            yield (0, 0), frame
        else:
            differs = (frame != before).any(axis=2)
            rows, columns = _ends(differs.any(axis=1)), _ends(differs.any(axis=0))
            yield (columns[0], rows[0]), frame[slice(*rows), slice(*columns)]
        before = frame


def _ends(differs: Array) -> tuple[int, int]:
    """From the first to behind the last; 0 to 1 if there is none."""
    found = np.nonzero(differs)[0]
    return (int(found[0]), int(found[-1]) + 1) if found.size else (0, 1)
