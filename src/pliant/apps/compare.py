"""Comparing pictures in files: one with another, and a folder with the truth."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pliant.errors import PictureError, PliantError, UsageError
from pliant.imaging.quality import Quality, difference, levels, quality, worst_place
from pliant.media.formats import SUFFIXES, by_suffix
from pliant.media.picture import Picture
from pliant.media.read import read_picture
from pliant.media.write import write_picture

PathLike = str | os.PathLike[str]
GAIN = 8.0  # of difference pictures: one grey level can be seen


@dataclass(frozen=True)
class Comparison:
    """What was compared: `result` with `truth`, of `size` (width, height), by "luma" or "rgb", without `border`.

    `notes` are sentences about what was left out.
    """

    result: Path
    truth: Path
    size: tuple[int, int]
    colours: str
    border: int
    quality: Quality
    notes: tuple[str, ...] = ()


def compare(
    result: PathLike,
    truth: PathLike,
    *,
    colours: str = "luma",
    border: int = 0,
    difference_to: PathLike | None = None,
    sheet_to: PathLike | None = None,
) -> Comparison:
    """Compare the picture in `result` with that in `truth`; the order matters only for what is written.

    Args:
        colours: "luma", as in papers on super-resolution, or "rgb".
        border: pixels left out on each side; papers leave out as many as the upscale factor.
        difference_to: a file for the absolute difference, eight times enlarged.
        sheet_to: a file for both and the difference side by side, with the part that differs most enlarged.

    Raises:
        PictureError: a picture cannot be read or written, or their sizes differ.
        UsageError: colours or border make no sense.
    """
    one, other = read_picture(Path(result)), read_picture(Path(truth))
    if one.size != other.size:
        raise PictureError(
            f"{result} has {_size(one)} pixels and {truth} has {_size(other)}; pictures to compare have one size."
        )
    for path in (difference_to, sheet_to):
        if path is not None:
            _check_place(Path(path), (Path(result), Path(truth)))
    a, b = levels(one.pixels, colours), levels(other.pixels, colours)
    found = Comparison(
        Path(result), Path(truth), one.size, colours, border, quality(a, b, border), tuple(_notes(one, other))
    )
    if difference_to is not None:
        _write(_shown(difference(a, b, GAIN)), Path(difference_to))
    if sheet_to is not None:
        _write(_sheet(found, one, other), Path(sheet_to))
    return found


@dataclass(frozen=True)
class Metrics:
    """The pictures of a folder beside those of another one.

    `failed` has (name, why) for each picture that could not be compared, those without a counterpart included.
    """

    rows: tuple[Comparison, ...]
    failed: tuple[tuple[str, str], ...]

    @property
    def psnr(self) -> float:
        """The mean of the PSNR in dB; infinite if that of a picture is."""
        return float(np.mean([row.quality.psnr for row in self.rows])) if self.rows else 0.0

    @property
    def ssim(self) -> float | None:
        """The mean of the SSIM; None if a picture is too small for it."""
        found = [row.quality.ssim for row in self.rows]
        return None if None in found or not found else float(np.mean([s for s in found if s is not None]))


def metrics(
    folder: PathLike,
    truth: PathLike,
    *,
    colours: str = "luma",
    border: int = 0,
    report: Callable[[int, int, str], None] | None = None,
) -> Metrics:
    """Compare every picture in `folder`, subfolders included, with the one of the same name in `truth`.

    Suffixes do not count, and a name may have something behind an underscore more, as `pliant upscale` writes it:
    `woman_x4.png` belongs to `woman.bmp`. `report` is called with the number done, the number of all, and a name.

    Raises UsageError if one is no folder, or there is no picture in it.
    """
    found, known = _pictures(Path(folder)), _by_name(Path(truth))
    rows: list[Comparison] = []
    failed: list[tuple[str, str]] = []
    for k, path in enumerate(found):
        name = str(path.relative_to(folder))
        if report:
            report(k, len(found), name)
        try:
            rows.append(compare(path, _counterpart(path, Path(folder), known), colours=colours, border=border))
        except PliantError as error:
            failed.append((name, " ".join(str(error).split())))
    return Metrics(tuple(rows), tuple(failed))


def _pictures(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise UsageError(f"{folder} is no folder; give folders with pictures.")
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
    if not found:
        raise UsageError(f"There is no picture in {folder} ({', '.join(SUFFIXES)}).")
    return found


def _by_name(truth: Path) -> dict[str, list[Path]]:
    """Pictures of the truth by their path in it without the suffix."""
    found: dict[str, list[Path]] = {}
    for path in _pictures(truth):
        found.setdefault(path.relative_to(truth).with_suffix("").as_posix(), []).append(path)
    return found


def _counterpart(path: Path, folder: Path, known: dict[str, list[Path]]) -> Path:
    name = path.relative_to(folder).with_suffix("").as_posix()
    whole = name
    while name not in known and "_" in name.rpartition("/")[2]:
        name = name.rpartition("_")[0]
    same = known.get(name, [])
    if len(same) > 1:
        raise PictureError(f"{whole} has several counterparts: {', '.join(p.name for p in same)}.")
    if not same:
        raise PictureError(f"{whole} has no counterpart in the truth.")
    return same[0]


def _check_place(path: Path, sources: tuple[Path, Path]) -> None:
    """Before the work, not after it."""
    by_suffix(path)
    if not path.parent.is_dir():
        raise PictureError(f"There is no folder {path.parent}; create it or choose another place for {path.name}.")
    if path.exists() and any(path.samefile(source) for source in sources):
        raise PictureError(f"{path} is one of the pictures to compare, which are never overwritten.")


def _sheet(found: Comparison, one: Picture, other: Picture) -> NDArray[Any]:
    from pliant.imaging.sheet import Panel, contact_sheet, part_size

    a, b = levels(one.pixels, "rgb"), levels(other.pixels, "rgb")
    panels = [
        Panel(f"{found.result.name}: {figures(found.quality)}", _shown(a.round().astype(np.uint8))),
        Panel(found.truth.name, _shown(b.round().astype(np.uint8))),
        Panel(f"difference, times {GAIN:g}", _shown(difference(a, b, GAIN))),
    ]
    return np.asarray(contact_sheet(panels, worst_place(a, b, *part_size(*one.size))))


def figures(found: Quality) -> str:
    """PSNR and SSIM in words."""
    psnr = "equal" if found.psnr == inf else f"{found.psnr:.2f} dB"
    return psnr if found.ssim is None else f"{psnr}, SSIM {found.ssim:.4f}"


def _shown(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return pixels.repeat(3, axis=2) if pixels.shape[2] == 1 else pixels


def _write(pixels: NDArray[np.uint8], path: Path) -> None:
    write_picture(Picture(pixels, ""), path, by_suffix(path))


def _notes(one: Picture, other: Picture) -> list[str]:
    notes: list[str] = []
    if {one.pixels.shape[2], other.pixels.shape[2]} & {2, 4}:
        notes.append("Transparency was left out.")
    if one.icc != other.icc:
        notes.append("The colour profiles differ; levels were compared as they are stored.")
    return [*notes, *dict.fromkeys((*one.notes, *other.notes))]


def _size(picture: Picture) -> str:
    return "{:,} x {:,}".format(*picture.size)
