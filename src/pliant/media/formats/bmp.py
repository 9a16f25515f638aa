"""BMP: 8 bits, no transparency that all programs agree on, and no metadata but the resolution."""

from __future__ import annotations

from pliant.media.formats.base import Format

# the size of the file is a number of 32 bits
FORMAT = Format(
    "BMP", "BMP", (".bmp", ".dib"), 2**31 - 1, (1, 3), holds=frozenset({"dpi"}), size_limit=2**32 - 4096, names=("DIB",)
)
