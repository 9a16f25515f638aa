"""What a client asks of a picture, from the query or the fields of a form."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

from pliant.apps.server.problems import Problem
from pliant.apps.steps import ALPHA, Sides, Wish
from pliant.errors import MissingExtra, UsageError
from pliant.media.formats import FORMATS, by_name

NAMES = ("factor", "size", "format", "model", "alpha", "strip")
SIZE = re.compile(r"(\d{0,9})x(\d{0,9})", re.ASCII)
TRUE, FALSE = ("1", "true", "yes"), ("0", "false", "no", "")
PARAMETERS: list[dict[str, Any]] = [
    {"name": "factor", "schema": {"type": "number", "exclusiveMinimum": 0}, "example": 2.7,
     "description": "Sides become floor(side * factor). The model's default without it and `size`."},
    {"name": "size", "schema": {"type": "string", "pattern": r"^(\d{1,9}x\d{0,9}|x\d{1,9})$"}, "example": "1920x",
     "description": "Width and height of the result instead; one may be left out, which keeps the proportions."},
    {"name": "format", "schema": {"type": "string"}, "example": "png",
     "description": "png, jpeg, webp, tiff, avif, bmp or gif; that of the source without it."},
    {"name": "model", "schema": {"type": "string"}, "example": "anyscale", "description": "A name of /v1/models."},
    {"name": "alpha", "schema": {"enum": list(ALPHA)}, "description": "What upscales transparency."},
    {"name": "strip", "schema": {"type": "boolean"},
     "description": "Leave out EXIF, XMP, resolution and profile; colours become sRGB."},
]  # fmt: skip
QUERY = [{"in": "query", "required": False, **parameter} for parameter in PARAMETERS]


@dataclass(frozen=True)
class Asked:
    """A wish, and the name of the model that it is for; None for the default."""

    wish: Wish
    model: str | None = None

    @classmethod
    def of(cls, given: Mapping[str, str]) -> Asked:
        """Raises Problem (400) or UsageError for what makes no sense; names that are not known are refused."""
        if unknown := [name for name in given if name not in NAMES]:
            raise Problem(400, f"There is no parameter {unknown[0][:60]!r}; there are: {', '.join(NAMES)}.")
        factor, size, name = _factor(given.get("factor")), _size(given.get("size")), given.get("format") or None
        if factor is not None and size is not None:
            raise Problem(400, "Got both a factor and a size; give one of them.")
        alpha = given.get("alpha") or ALPHA[0]
        if alpha not in ALPHA:
            raise Problem(400, f"alpha is {alpha[:60]!r}; give 'network' or 'resize'.")
        wish = Wish(factor, size, None if name is None else _format(name), alpha, _truth(given.get("strip", "")))
        return cls(wish, given.get("model") or None)


def _factor(text: str | None) -> float | None:
    if not text:
        return None
    try:
        factor = float(text)
    except ValueError:
        factor = 0.0
    if not (isfinite(factor) and factor > 0):
        raise Problem(400, f"The factor is {text[:60]!r}; give a number above 0, for example 4 or 2.5.")
    return factor


def _size(text: str | None) -> Sides | None:
    if not text:
        return None
    found = SIZE.fullmatch(text)
    width, height = (int(side) if side else None for side in found.groups()) if found else (0, 0)
    if width == 0 or height == 0 or (width is None and height is None):
        raise Problem(400, f"The size is {text[:60]!r}; give 1920x1080, 1920x or x1080.")
    return width, height


def _format(name: str) -> str:
    """A format that is one file, and that can be written here."""
    try:
        if by_name(name[:60]).only_written:  # a folder of files
            raise UsageError(name)
    except MissingExtra as error:
        raise Problem(400, f"This server cannot write {name[:60]!r}; use png, jpeg or webp.") from error
    except UsageError as error:
        known = ", ".join(form.name.lower() for form in FORMATS if not form.only_written)
        raise Problem(400, f"The format {name[:60]!r} is not written; use one of: {known}.") from error
    return name


def _truth(text: str) -> bool:
    if text.lower() not in (*TRUE, *FALSE):
        raise Problem(400, f"strip is {text[:60]!r}; give true or false.")
    return text.lower() in TRUE
