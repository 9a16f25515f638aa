"""What a frame carries beside its pixels: HDR figures that an encoder can be told, and what is lost."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

MASTERING, LIGHT = "MASTERING_DISPLAY_METADATA", "CONTENT_LIGHT_LEVEL"
# of what cannot be written again, what it is to people
LOST = {
    "DYNAMIC_HDR_PLUS": "HDR10+ dynamic metadata",
    "DYNAMIC_HDR_VIVID": "HDR Vivid dynamic metadata",
    "DOVI_RPU_BUFFER": "Dolby Vision metadata",
    "DOVI_METADATA": "Dolby Vision metadata",
    "A53_CC": "closed captions inside the video",
    "FILM_GRAIN_PARAMS": "film grain that the decoder adds",
    "STEREO3D": "the arrangement of a stereo picture",
    "SPHERICAL": "the projection of a spherical video",
    "ICC_PROFILE": "the ICC profile",
    "AMBIENT_VIEWING_ENVIRONMENT": "the ambient viewing environment",
    "GOP_TIMECODE": "time codes inside the video",
    "S12M_TIMECODE": "time codes inside the video",
}


@dataclass(frozen=True)
class Mastering:
    """A mastering display: chromaticities (x, y) of red, green, blue and white, luminances in cd/m^2."""

    chromaticities: tuple[tuple[float, float], ...]
    darkest: float
    brightest: float


@dataclass(frozen=True)
class Light:
    """The brightest pixel and the brightest average of a frame, in cd/m^2."""

    most: int
    average: int


def side_data(frame: Any) -> dict[str, bytes]:
    """What the decoder attached to a frame, by av's names."""
    return {part.type.name: bytes(part) for part in frame.side_data}


def mastering(data: bytes | None) -> Mastering | None:
    """From libavutil's AVMasteringDisplayMetadata: ten fractions, then two flags."""
    if data is None or len(data) < 88:
        return None
    *numbers, primaries, luminance = struct.unpack("=20i2i", data[:88])
    if not (primaries and luminance):
        return None
    fractions = [a / b if b else 0.0 for a, b in zip(numbers[::2], numbers[1::2], strict=True)]
    points = tuple((fractions[k], fractions[k + 1]) for k in range(0, 8, 2))
    return Mastering(points, fractions[8], fractions[9])


def light(data: bytes | None) -> Light | None:
    """From libavutil's AVContentLightMetadata: two unsigned integers."""
    return Light(*struct.unpack("=2I", data[:8])) if data is not None and len(data) >= 8 else None


def options(found: dict[str, bytes], codec: str) -> dict[str, str]:
    """Parameters for the encoder of `codec` that make it write the same figures; empty where it cannot."""
    display, levels = mastering(found.get(MASTERING)), light(found.get(LIGHT))
    names = {"hevc": ("master-display", "max-cll"), "h264": ("mastering-display", "cll")}.get(codec)
    if names is None and codec == "av1":
        names = ("mastering-display", "content-light")
    made: dict[str, str] = {}
    if names and display:
        made[names[0]] = _numbers(display, scaled=codec != "av1")
    if names and levels:
        made[names[1]] = f"{levels.most},{levels.average}"
    return made


def _numbers(display: Mastering, scaled: bool) -> str:
    """G(x,y)B(x,y)R(x,y)WP(x,y)L(max,min), in units of 1/50000 and 1/10000 for the x26x encoders."""
    red, green, blue, white = display.chromaticities
    xy, nits = (50_000, 10_000) if scaled else (1, 1)

    def pair(a: float, b: float, unit: int) -> str:
        return f"({round(a * unit)},{round(b * unit)})" if scaled else f"({a:.5f},{b:.5f})"

    points = "".join(name + pair(*point, xy) for name, point in zip("GBR", (green, blue, red), strict=True))
    return f"{points}WP{pair(*white, xy)}L{pair(display.brightest, display.darkest, nits)}"


def lost(found: dict[str, bytes], codec: str) -> tuple[str, ...]:
    """A sentence about what frames carry that the result will not have."""
    names = [text for key, text in LOST.items() if key in found]
    if (MASTERING in found or LIGHT in found) and not options(found, codec):
        names.append("HDR mastering figures")
    if not names:
        return ()
    return (f"Not kept, because the encoder cannot write it: {', '.join(dict.fromkeys(names))}.",)
