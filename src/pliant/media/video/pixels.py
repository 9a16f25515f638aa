"""Pixel formats: what a format holds, and which of an encoder's formats holds a source best."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pliant.media.video.library import library

FLOATS = ("f16le", "f32le", "f16be", "f32be")
# what it costs to lose one bit, half of the chroma, the transparency, or to go from RGB to YUV; and to have too much
BIT, CHROMA, ALPHA, MODEL, EXCESS = 50, 60, 40, 30, 1


@dataclass(frozen=True)
class Kind:
    """What a pixel format holds. `across` and `down` are how many pixels share one chroma value."""

    name: str
    bits: int
    across: int
    down: int
    rgb: bool
    grey: bool
    alpha: bool

    def text(self) -> str:
        """For people: 10-bit 4:2:0."""
        if self.rgb or self.grey:
            colours = "RGB" if self.rgb else "grey"
        else:
            colours = {(1, 1): "4:4:4", (2, 1): "4:2:2", (2, 2): "4:2:0", (1, 2): "4:4:0", (4, 1): "4:1:1"}.get(
                (self.across, self.down), "4:1:0"
            )
        return f"{self.bits}-bit {colours}{' with transparency' if self.alpha else ''}"


def kind_of(name: str) -> Kind:
    """What the format that av calls `name` holds."""
    made = library().VideoFormat(name, 16, 16)
    parts = made.components
    palette = name == "pal8"
    grey = not (made.is_rgb or palette) and sum(not part.is_alpha for part in parts) == 1
    across, down = (1, 1) if grey or made.is_rgb or palette else (16 // made.chroma_width(), 16 // made.chroma_height())
    alpha = any(part.is_alpha for part in parts)
    return Kind(name, 8 if palette else max(p.bits for p in parts), across, down, made.is_rgb or palette, grey, alpha)


def nearest(wanted: Kind, names: Iterable[str]) -> Kind:
    """The format among `names` that loses least of `wanted`, and then the smallest."""
    usable = [name for name in names if not name.endswith(FLOATS) and not name.startswith(("yuvj", "nv"))]
    return min((kind_of(name) for name in usable), key=lambda kind: (_cost(wanted, kind), usable.index(kind.name)))


def _cost(wanted: Kind, kind: Kind) -> int:
    coarser = max(0, kind.across - wanted.across) + max(0, kind.down - wanted.down)
    finer = max(0, wanted.across - kind.across) + max(0, wanted.down - kind.down)
    return (
        BIT * max(0, wanted.bits - kind.bits)
        + EXCESS * max(0, kind.bits - wanted.bits)
        + CHROMA * coarser
        + 2 * EXCESS * finer
        + ALPHA * (wanted.alpha and not kind.alpha)
        + 5 * EXCESS * (kind.alpha and not wanted.alpha)
        + MODEL * (wanted.rgb != kind.rgb)
        + 10 * CHROMA * (kind.grey and not wanted.grey)
        + 3 * EXCESS * (wanted.grey and not kind.grey)
    )


def lost(wanted: Kind, kind: Kind, codec: str) -> tuple[str, ...]:
    """Sentences about what `kind` cannot hold of `wanted`."""
    notes: list[str] = []
    if kind.bits < wanted.bits or kind.across * kind.down > wanted.across * wanted.down:
        notes.append(f"{codec} holds no {wanted.text()} here; {kind.text()} was written. FFV1 (--codec ffv1) keeps it.")
    if wanted.rgb and not kind.rgb:
        notes.append(f"The RGB of the source became YUV ({kind.text()}), as {codec} has it.")
    if wanted.alpha and not kind.alpha:
        notes.append(f"{codec} has no transparency here, which was left out; --codec ffv1 or prores keep it.")
    return tuple(notes)
