"""Colours of a video: what its tags say, and frames as RGB levels and back without changing that.

The numbers are those of ITU-T H.273, which av uses too: matrix, primaries, transfer characteristics; the range is 1 for
limited (16 to 235 of 8 bits) and 2 for full. A frame goes to RGB and back with one matrix and one range, so that they
cancel out. Transfer characteristics and primaries are tags alone: a network sees the levels as they are stored.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pliant.media.video.library import library

Array = NDArray[Any]

UNSPECIFIED, LIMITED, FULL = 2, 1, 2
RGB, BT709, BT470BG, SMPTE170M = 0, 1, 5, 6
SD_LINES = 576  # players take an untagged video of more lines for BT.709, of fewer for BT.601
KNOWN = {1: 1, 4: 4, 5: 5, 6: 5, 7: 7, 9: 9, 10: 9}  # matrix -> the scaler's number for it
TOP, SHIFTED = 65535, 255 << 8  # the highest of 16 bits; the highest of 8 bits as the scaler writes it in 16
DEEP = {False: "rgb48le", True: "rgba64le"}
FLAT = {False: "rgb24", True: "rgba"}


@dataclass(frozen=True)
class Colours:
    """The tags of a video, 0 being an unspecified range and 2 an unspecified matrix, primaries or transfer."""

    matrix: int = UNSPECIFIED
    range: int = 0
    primaries: int = UNSPECIFIED
    transfer: int = UNSPECIFIED

    def applied(self, lines: int) -> tuple[int, int]:
        """The scaler's matrix and the range that a frame of so many lines is decoded with, as players do."""
        guessed = SMPTE170M if lines <= SD_LINES else BT709
        matrix = guessed if self.matrix in (UNSPECIFIED, RGB) else self.matrix
        return KNOWN.get(matrix, BT709), self.range or LIMITED


def for_result(found: Colours, before: int, after: int) -> tuple[Colours, tuple[str, ...]]:
    """Tags for a result of `after` lines, when the source has `before`, and a note if they are not the source's.

    An untagged video of few lines that grows beyond them would be taken for another matrix.
    """
    if found.matrix != UNSPECIFIED or (before <= SD_LINES) == (after <= SD_LINES):
        return found, ()
    if before > SD_LINES:
        matrix, name = BT709, "BT.709"
    else:
        matrix, name = (SMPTE170M, "BT.601") if before <= 480 else (BT470BG, "BT.601")
    return replace(found, matrix=matrix), (
        f"The video does not say its colour matrix; the result is marked {name}, which players take for the source.",
    )


def unknown_matrix(found: Colours) -> str:
    """A sentence about a matrix that can only be approximated; empty otherwise."""
    if found.matrix in (*KNOWN, UNSPECIFIED, RGB):
        return ""
    return f"The colour matrix {found.matrix} is computed as BT.709, there and back; the network sees other colours."


@dataclass
class Conversion:
    """Frames to RGB levels and back. `source` and `target` are (matrix, range), as `Colours.applied` gives them.

    `deep` says whether levels are uint16, else uint8; `alpha` whether there are four channels. One object serves one
    thread.
    """

    source: tuple[int, int]
    target: tuple[int, int]
    deep: bool
    alpha: bool

    def __post_init__(self) -> None:
        """Each object has a scaler of its own, which is set up once."""
        home = library().video.reformatter
        self._scaler: Any = home.VideoReformatter()
        kinds = home.Interpolation
        self._quality = (
            kinds.BICUBIC | kinds.ACCURATE_RND | kinds.FULL_CHR_H_INT | kinds.FULL_CHR_H_INP | kinds.BITEXACT
        )

    @property
    def levels(self) -> str:
        """The name of the RGB format."""
        return (DEEP if self.deep else FLAT)[self.alpha]

    def to_levels(self, frame: Any) -> Array:
        """RGB or RGBA levels [h, w, c] of a decoded frame."""
        matrix, limits = self.source
        if frame.format.is_rgb:
            return self._scaler.reformat(frame, format=self.levels, interpolation=self._quality).to_ndarray()
        made = self._scaler.reformat(
            frame,
            format=self.levels,
            src_colorspace=matrix,
            dst_colorspace=matrix,
            src_color_range=limits,
            dst_color_range=FULL,
            interpolation=self._quality,
        ).to_ndarray()
        return _scaled(made, TOP / self._white(frame.format)) if self.deep else made

    def _white(self, kind: Any) -> int:
        """What the scaler makes of white: not the highest of 16 bits, because it shifts levels to the left."""
        bits = max(part.bits for part in kind.components)
        return SHIFTED if self.source[1] == LIMITED else ((1 << bits) - 1) << (16 - bits)

    def to_frame(self, levels: Array, pixel_format: str) -> Any:
        """A frame for the encoder, of RGB or RGBA levels [h, w, c]."""
        av = library()
        rgb = av.VideoFormat(pixel_format, 16, 16).is_rgb
        given = _scaled(levels, SHIFTED / TOP) if self.deep and not rgb else np.ascontiguousarray(levels)
        frame = av.VideoFrame.from_ndarray(given, format=self.levels)
        if rgb:
            return self._scaler.reformat(frame, format=pixel_format, interpolation=self._quality)
        matrix, limits = self.target
        return self._scaler.reformat(
            frame,
            format=pixel_format,
            src_colorspace=matrix,
            dst_colorspace=matrix,
            src_color_range=FULL,
            dst_color_range=limits,
            interpolation=self._quality,
        )


def _scaled(levels: Array, by: float) -> Array:
    """uint16 levels times `by`, rounded, at most the highest; alpha, the fourth channel, is the scaler's own."""
    made = levels.copy()
    made[..., :3] = np.minimum(levels[..., :3] * np.float32(by) + np.float32(0.5), TOP)
    return made
