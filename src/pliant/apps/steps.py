"""The steps of upscaling a picture, which one picture and a folder of them have in common."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from pliant.errors import UsageError
from pliant.imaging.limits import check_disk, check_format, check_memory
from pliant.imaging.network import Network
from pliant.imaging.sizes import Plan, plan
from pliant.imaging.upscaling import Work
from pliant.media.colours import in_srgb
from pliant.media.formats import Format
from pliant.media.picture import Motion, Picture
from pliant.media.read import read_picture
from pliant.media.strips import streamed, whole, write_strips
from pliant.media.write import write_motion

Array = NDArray[Any]
PathLike = str | os.PathLike[str]
Sides = tuple[int | None, int | None]
ALPHA = ("network", "resize")


@dataclass(frozen=True)
class Wish:
    """What is wanted of a picture.

    `factor` or `size`; the name of a `format`, or None for that of the source; whether `alpha` goes through the
    "network" or a plain "resize", and whether to `strip` everything but the pixels.
    """

    factor: float | None = None
    size: Sides | None = None
    format: str | None = None
    alpha: str = "network"
    strip: bool = False

    def __post_init__(self) -> None:
        if self.alpha not in ALPHA:
            raise UsageError(f"alpha is {self.alpha!r}; give 'network' or 'resize'.")

    def planned(self, network: Network, source: tuple[int, int]) -> Plan:
        """The plan for a picture of a size. Raises as `pliant.imaging.sizes.plan`."""
        return plan(network, source, self.factor, self.size, held=False)


def check(planned: Plan, folder: Path | None, target: Format, picture: Picture | None = None) -> None:
    """Raise PictureError if the result is too large for its format, the free memory, or the disk of `folder`.

    Without a folder, no disk is looked at.
    """
    pixel = picture.pixels[0, 0].nbytes if picture else 0
    check_format(*planned.result, target.title, target.ceiling, target.area, (pixel, target.size_limit))
    if streamed(target, planned.result):
        if folder is not None:
            check_disk(folder, *planned.result)
    else:
        check_memory(*planned.result)


def decoded(
    network: Network, source: Path, planned: Plan, wish: Wish, folder: Path, target: Format
) -> tuple[Picture, Plan]:
    """The picture in `source`, and its plan: another than `planned` where the pixels have another size.

    Raises PictureError if it cannot be read, or its result cannot be written to `folder` in the format `target`.
    """
    picture = read_picture(source, moving=target.animate is not None)
    if picture.size != planned.source:  # a PNG may hold its orientation behind the pixels
        planned = wish.planned(network, picture.size)
    check(planned, folder, target, picture)
    if picture.motion is not None and "icc" not in target.holds:
        picture = in_srgb(picture)
    if wish.strip:  # in sRGB, which is what programs take a picture without a profile for
        picture = replace(in_srgb(picture), exif=None, xmp=None, dpi=None)
    return picture, planned


def computed(picture: Picture, work: Work, target: Format) -> Iterator[Array]:
    """What `written` takes: the strips of the result, or its frames if the picture moves."""
    if picture.motion is None:
        return work.strips(picture.pixels, kept=not streamed(target, work.plan.result))
    return _frames(picture.motion, work)


def written(
    picture: Picture,
    pieces: Iterable[Array],
    planned: Plan,
    path: Path,
    target: Format,
    report: Callable[[str], None],
) -> tuple[str, ...]:
    """Write what `computed` gives to `path`, whole or not at all; sentences about what the format cannot hold."""
    if picture.motion is not None:
        return write_motion(picture, pieces, planned.result, path, target)
    return write_strips(picture, pieces, planned.result, path, target, report)


def _frames(motion: Motion, work: Work) -> Iterator[Array]:
    tell, count = work.tell, len(motion.durations)
    for k, frame in enumerate(motion.frames()):
        work.tell = _part_of(tell, k, count)
        result = whole(work.strips(frame, kept=True))
        tell((k + 1) / count)
        yield result
        del result  # or two are held while the next is computed


def _part_of(tell: Callable[[float], None], k: int, count: int) -> Callable[[float], None]:
    """The share of one frame as that of all."""
    return lambda share: tell((k + share) / count)
