"""Deep Zoom: a pyramid of small tiles that a page in a browser shows, NAME.dzi and the folder NAME_files. Only written.

Source: https://learn.microsoft.com/previous-versions/windows/silverlight/dotnet-windows-silverlight/cc645077(v=vs.95).
"""

from __future__ import annotations

import os
import shutil
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO

from numpy.typing import NDArray

from pliant.errors import MissingExtra, PictureError
from pliant.media.formats.base import Format
from pliant.media.tiffstream import TiffStream

Array = NDArray[Any]
OPAQUE, CLEAR = ".jpg[Q=95,subsample_mode=off]", ".png"  # files of the tiles, without and with transparency


class DziStream:
    """Collects the rows in a temporary file beside the destination, and lets libvips make the pyramid of it."""

    def __init__(self, file: BinaryIO, path: Path, size: tuple[int, int], channels: int, *rest: Any) -> None:
        self._file, self._path, self._suffix = file, path, CLEAR if channels in (2, 4) else OPAQUE
        self._folder = TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent)
        self._name = Path(self._folder.name) / "whole.tif"
        self._rows = self._name.open("wb")
        self._stream = TiffStream(self._rows, size, channels, *rest)

    def write(self, rows: Array) -> None:
        """See `Stream`."""
        self._stream.write(rows)

    def close(self) -> None:
        """See `Stream`."""
        pyvips = package()
        self._stream.close()
        self._rows.close()
        made = Path(self._folder.name) / self._path.stem
        try:
            pyvips.Image.new_from_file(str(self._name), access="sequential").dzsave(str(made), suffix=self._suffix)
        except pyvips.Error as error:
            fault = " ".join(str(error).split()).rstrip(".")
            raise PictureError(f"{self._path} cannot be written ({fault}); use PNG or TIFF.") from error
        self._file.write(made.with_suffix(".dzi").read_bytes())
        tiles = self._path.with_name(f"{self._path.stem}_files")
        if tiles.is_dir():  # of the result that is replaced
            shutil.rmtree(tiles)
        os.replace(f"{made}_files", tiles)
        self._folder.cleanup()


def package() -> Any:
    """The package pyvips. Raises MissingExtra."""
    try:
        return import_module("pyvips")
    except (ImportError, OSError) as error:
        raise MissingExtra("Writing a Deep Zoom pyramid", "pyvips", "vips") from error


def needs() -> None:
    """See `Format.needs`."""
    package()


FORMAT = Format(
    "Deep Zoom",
    "DZI",
    (".dzi",),
    2**31 - 1,
    holds=frozenset({"icc", "exif", "xmp"}),
    needs=needs,
    stream=DziStream,
    only_written=True,
)
