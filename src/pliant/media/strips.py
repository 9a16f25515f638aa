"""Writing a picture that comes strip by strip: whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pliant.artifact import written_atomically
from pliant.media.fitting import fit_metadata, fit_pixels
from pliant.media.formats import Format
from pliant.media.picture import Picture
from pliant.media.write import write_picture

Array = NDArray[Any]
HELD = 1 << 26  # bytes of a result that is collected first: Pillow packs a little better


def streamed(target: Format, size: tuple[int, int]) -> bool:
    """Whether a result of (width, height) pixels in this format is written strip by strip."""
    return target.only_written or (target.stream is not None and size[0] * size[1] * 3 > HELD)


def write_strips(
    picture: Picture,
    strips: Iterable[Array],
    size: tuple[int, int],
    path: Path,
    target: Format,
    report: Callable[[str], None],
) -> tuple[str, ...]:
    """Write what `strips` give, levels [rows, width, c] that make (width, height) pixels, to `path` in one step.

    `picture` is the source, whose metadata are kept. `report` is called before the
    work that follows the last strip. Returns sentences about what the format cannot hold. Raises
    InputError if the file cannot be written.
    """
    if target.stream is None or not streamed(target, size):
        pixels = whole(strips)
        report(f"writing {path.name}")
        return write_picture(replace(picture, pixels=pixels), path, target)
    like, lost = fit_pixels(picture.pixels, target)
    fitted, left_out = fit_metadata(replace(picture, pixels=like), target)
    kept = (fitted.icc, fitted.exif, fitted.dpi, fitted.xmp, fitted.chunks)
    with written_atomically(path) as file:
        stream = target.stream(file, path, size, like.shape[2], like.dtype, *kept)
        for strip in _all_rows(strips, size[1]):
            stream.write(fit_pixels(strip, target)[0])
        stream.close()
    return (*lost, *left_out)


def whole(strips: Iterable[Array]) -> Array:
    """The picture that strips make; a single one is not copied."""
    found = list(strips)
    return found[0] if len(found) == 1 else np.concatenate(found)


def _all_rows(strips: Iterable[Array], height: int) -> Iterator[Array]:
    """The strips; raises ValueError if they are not `height` rows, rather than leave a broken file."""
    rows = 0
    for strip in strips:
        rows += len(strip)
        if len(strip):
            yield strip
    if rows != height:
        raise ValueError(f"{rows} rows of {height}")
