"""An encoder with everything that it has to be told, and the packets that it makes of frames."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any, TypeVar

from pliant.errors import VideoError
from pliant.media.video.codecs import quiet
from pliant.media.video.colour import Colours
from pliant.media.video.frames import Moment
from pliant.media.video.library import library

Made = TypeVar("Made")
GLOBAL_HEADER = 1 << 22  # AV_CODEC_FLAG_GLOBAL_HEADER: parameters go before the packets, not into them


@dataclass(frozen=True)
class Settings:
    """What an encoder is set to. `encoder` is av's name, `size` (width, height), `aspect` that of one pixel."""

    encoder: str
    size: tuple[int, int]
    pixel_format: str
    rate: Fraction
    time_base: Fraction
    aspect: Fraction | None
    colours: Colours
    options: dict[str, str]
    global_header: bool

    def plain(self) -> dict[str, Any]:
        """For JSON."""
        return {
            **asdict(self),
            "size": list(self.size),
            **{name: str(getattr(self, name)) for name in ("rate", "time_base", "aspect")},
        }


@dataclass(frozen=True)
class Coded:
    """One packet in the order of decoding: when its frame is shown, whether one can begin there, and its bytes."""

    pts: int
    key: bool
    data: bytes


def configure(context: Any, settings: Settings) -> None:
    """Set what `settings` say on an encoder that is not open yet."""
    context.width, context.height = settings.size
    context.pix_fmt = settings.pixel_format
    context.time_base = settings.time_base
    context.framerate = settings.rate
    if settings.aspect:
        context.sample_aspect_ratio = settings.aspect
    colours = settings.colours
    context.colorspace, context.color_range = colours.matrix, colours.range
    context.color_primaries, context.color_trc = colours.primaries, colours.transfer
    context.bit_rate = 0
    context.thread_count = 0
    context.thread_type = "AUTO"  # av's own default makes x264 cut frames into slices, which costs quality
    context.options = dict(settings.options)


class Encoder:
    """Frames in, packets out. Raises VideoError if the encoder does not take these settings."""

    def __init__(self, settings: Settings) -> None:
        av = library()
        self._settings = settings
        self._context: Any = av.codec.CodecContext.create(settings.encoder, "w")
        configure(self._context, settings)
        if settings.global_header:
            self._context.flags |= GLOBAL_HEADER
        self._tried(self._context.open)

    @property
    def extradata(self) -> bytes:
        """What a decoder needs before the first packet."""
        return bytes(self._context.extradata or b"")

    def encode(self, frame: Any, moment: Moment) -> list[Coded]:
        """The packets that are ready."""
        frame.pts, frame.time_base = moment.pts, self._settings.time_base
        frame.duration = moment.duration
        _tag(frame, self._settings.colours)
        return [_coded(packet) for packet in self._tried(lambda: self._context.encode(frame))]

    def finish(self) -> list[Coded]:
        """The packets that are left. The encoder cannot be used after that."""
        return [_coded(packet) for packet in self._tried(lambda: self._context.encode(None))]

    def _tried(self, action: Callable[[], Made]) -> Made:
        av = library()
        try:
            with quiet():
                return action()
        except (av.FFmpegError, ValueError) as error:
            width, height = self._settings.size
            raise VideoError(
                f"The encoder {self._settings.encoder} does not take {width} x {height} in "
                f"{self._settings.pixel_format} with these options ({_reason(error)}); choose another --codec, or "
                "another size or preset."
            ) from error


def _tag(frame: Any, colours: Colours) -> None:
    """The scaler has marked the frame with what it assumed; some encoders believe that more than their own settings."""
    frame.colorspace, frame.color_range = colours.matrix, colours.range
    frame.color_primaries, frame.color_trc = colours.primaries, colours.transfer


def _coded(packet: Any) -> Coded:
    return Coded(int(packet.pts), bool(packet.is_keyframe), bytes(packet))


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error).rstrip(".")
