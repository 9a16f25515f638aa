"""The video codecs that pliant writes: which encoder, which options, what quality means."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

from pliant.errors import UsageError
from pliant.media.video.library import library

PRORES = ("proxy", "lt", "standard", "hq", "4444", "4444xq")


@dataclass(frozen=True)
class Codec:
    """A codec to write.

    `name` is what a user and av call it, `title` is for people. `encoders` are av's names, the best first. `quality` is
    the usual constant rate factor, with the worst that is allowed; None where there is none. `presets` says which are
    taken, for the message. `full_range` says whether the file can say that levels have the full range.
    """

    name: str
    title: str
    encoders: tuple[str, ...]
    quality: tuple[float, float] | None = None
    presets: tuple[str, ...] = ()
    preset: str = "preset"  # the encoder's own name for it
    full_range: bool = True
    alpha: bool = True


X265_SAFE = 64
X264 = ("ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow", "placebo")
CODECS = (
    Codec("h264", "H.264", ("libx264",), (18, 51), X264),
    Codec("hevc", "HEVC", ("libx265",), (20, 51), X264),
    Codec("av1", "AV1", ("libsvtav1",), (24, 63), tuple(map(str, range(14)))),
    # its transparency is a second stream inside the packets, which av does not hand over
    Codec("vp9", "VP9", ("libvpx-vp9",), (24, 63), tuple(map(str, range(9))), "cpu-used", alpha=False),
    Codec("ffv1", "FFV1", ("ffv1",)),
    Codec("prores", "ProRes", ("prores_ks",), None, PRORES, "profile", full_range=False),
)
SYNONYMS = {"avc": "h264", "x264": "h264", "h265": "hevc", "x265": "hevc", "h.264": "h264", "h.265": "hevc"}


def by_name(name: str) -> Codec:
    """The codec a user calls `name`. Raises UsageError if pliant does not write it, or this av has no encoder of it."""
    wanted = name.lower()
    found = next((c for c in CODECS if c.name == SYNONYMS.get(wanted, wanted)), None)
    if found is None:
        raise UsageError(f"There is no video codec named {name!r}; there are: {', '.join(c.name for c in CODECS)}.")
    if encoder_of(found) is None:
        usable = ", ".join(c.name for c in CODECS if encoder_of(c))
        raise UsageError(f"The installed package av has no encoder of {found.title}; it has: {usable}.")
    return found


def of_source(name: str) -> Codec | None:
    """The codec that av calls `name`, if it can be written here."""
    return next((c for c in CODECS if c.name == name and encoder_of(c)), None)


def encoder_of(codec: Codec) -> str | None:
    """The encoder that is installed; None without one."""
    available = library().codecs_available
    return next((name for name in codec.encoders if name in available and _writes(name)), None)


def _writes(name: str) -> bool:
    av = library()
    try:
        return bool(av.Codec(name, "w").is_encoder)
    except ValueError:  # av's UnknownCodecError is one
        return False


def options_of(
    codec: Codec, size: tuple[int, int], quality: float | None, preset: str | None, hdr: dict[str, str]
) -> dict[str, str]:
    """Options for the encoder of frames of `size`, (width, height). `hdr` is what `hdr.options` gives.

    Raises UsageError for a quality or preset that the codec does not have.
    """
    made: dict[str, str] = {}
    if quality is not None and codec.quality is None:
        instead = " choose a profile with --preset: " + ", ".join(PRORES) if codec.presets else " it is lossless"
        raise UsageError(f"{codec.title} takes no quality;{instead}.")
    if codec.quality is not None:
        usual, worst = codec.quality
        wanted = usual if quality is None else quality
        if not 0 <= wanted <= worst:
            raise UsageError(
                f"The quality is {wanted:g}, but {codec.title} takes 0 (best) to {worst:g}; give for example {usual:g}."
            )
        made["crf"] = f"{wanted:g}"
    if preset is not None:
        if preset not in codec.presets:
            known = f"takes: {', '.join(codec.presets)}" if codec.presets else "has none"
            raise UsageError(f"There is no preset {preset!r} for {codec.title}, which {known}.")
        made[codec.preset] = preset
    return {**made, **_own(codec, size, hdr)}


def _own(codec: Codec, size: tuple[int, int], hdr: dict[str, str]) -> dict[str, str]:
    """What an encoder is always told."""
    if codec.name == "hevc":
        # x265 4.2 writes beyond its memory with frames of less than 64 pixels, unless it is told to use plain C
        plain = {"no-asm": "1"} if min(size) < X265_SAFE else {}
        return {"x265-params": _joined({"log-level": "none", **plain, **hdr})}
    if codec.name == "h264":
        return {"x264-params": _joined(hdr)} if hdr else {}
    if codec.name == "av1":
        return {"svtav1-params": _joined(hdr)} if hdr else {}
    if codec.name == "ffv1":
        return {"level": "3", "slicecrc": "1"}
    if codec.name == "vp9":
        return {"b": "0", "deadline": "good", "row-mt": "1"}
    return {}


def _joined(values: dict[str, str]) -> str:
    return ":".join(f"{key}={value}" for key, value in values.items())


@contextmanager
def quiet() -> Generator[None, None, None]:
    """Within the block, SVT-AV1, which writes to stderr and knows no other switch, is asked for errors alone."""
    before = os.environ.get("SVT_LOG")
    os.environ["SVT_LOG"] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ["SVT_LOG"]
        else:
            os.environ["SVT_LOG"] = before
