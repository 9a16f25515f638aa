"""A part of a picture, and where its result lies in the result of the whole."""

from __future__ import annotations

from dataclasses import dataclass

Size = tuple[int, int]  # rows, columns


@dataclass(frozen=True)
class Window:
    """A crop of a picture. All are (rows, columns) in pixels of the picture."""

    whole: Size
    start: Size
    size: Size

    @property
    def end(self) -> Size:
        """Behind the last row and column."""
        return self.start[0] + self.size[0], self.start[1] + self.size[1]


@dataclass(frozen=True)
class Placed:
    """Where the result of a crop lies in the result of the whole, (rows, columns) of the result.

    `lost` is how many rows and columns of the *crop*, at either of its inner edges, have results for which something
    outside of the crop was needed because blocks of pixels are computed together.
    """

    start: Size
    size: Size
    lost: Size = (0, 0)
