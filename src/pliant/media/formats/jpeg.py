"""JPEG: 8 bits, no transparency."""

from __future__ import annotations

from pliant.media.formats.base import Format

# the format itself allows 65,535, libjpeg refuses more than 65,500;
# a network sharpens edges; chroma at half size would blur them again
FORMAT = Format(
    "JPEG",
    "JPEG",
    (".jpg", ".jpeg", ".jpe"),
    65_500,
    (1, 3),
    names=("MPO",),  # several JPEGs in one file, as some cameras write
    options={"quality": 95, "subsampling": 0},
)
