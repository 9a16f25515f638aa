"""A contact sheet: pictures side by side, and below each the same part of it enlarged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Array = NDArray[Any]
SIDE = 480  # pixels that a picture may have on the sheet
GAP, TEXT = 12, 18
PAPER, INK, MARK = (250, 250, 250), (30, 30, 30), (230, 60, 40)
PART = 60  # pixels of a picture that are enlarged, at most


@dataclass(frozen=True)
class Panel:
    """One picture, uint8 [h, w, 3], with what is written above it."""

    title: str
    pixels: Array


def part_size(width: int, height: int) -> tuple[int, int]:
    """Width and height of the part of a picture that is enlarged."""
    return min(width, PART), min(height, PART)


def contact_sheet(panels: Sequence[Panel], corner: tuple[int, int]) -> Image.Image:
    """The panels in a row, each with its part below it. All pictures have one size.

    `corner` is the left and upper edge of the part. Parts are enlarged by whole factors without smoothing, so that one
    sees pixels.
    """
    height, width = panels[0].pixels.shape[:2]
    scale = min(1.0, SIDE / max(width, height))
    shown = max(1, round(width * scale)), max(1, round(height * scale))
    part = part_size(width, height)
    times = max(1, SIDE // max(part))
    column = max(shown[0], part[0] * times)
    size = (GAP + (column + GAP) * len(panels), 3 * GAP + TEXT + shown[1] + part[1] * times)
    sheet = Image.new("RGB", size, PAPER)
    for k, panel in enumerate(panels):
        _place(sheet, panel, GAP + k * (column + GAP), shown, (*corner, *part), times)
    return sheet


def _place(
    sheet: Image.Image, panel: Panel, left: int, shown: tuple[int, int], part: tuple[int, int, int, int], times: int
) -> None:
    x, y, w, h = part
    picture = Image.fromarray(np.ascontiguousarray(panel.pixels))
    draw = ImageDraw.Draw(sheet)
    draw.text((left, GAP // 2), panel.title, fill=INK, font=ImageFont.load_default(size=TEXT - 4))
    top = GAP + TEXT
    scale = shown[0] / picture.width
    sheet.paste(picture if scale == 1 else picture.resize(shown, Image.Resampling.LANCZOS), (left, top))
    frame = [left + x * scale, top + y * scale, left + (x + w) * scale - 1, top + (y + h) * scale - 1]
    draw.rectangle([*frame[:2], max(frame[0], frame[2]), max(frame[1], frame[3])], outline=MARK)
    enlarged = picture.crop((x, y, x + w, y + h)).resize((w * times, h * times), Image.Resampling.NEAREST)
    sheet.paste(enlarged, (left, top + shown[1] + GAP))
