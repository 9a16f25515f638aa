"""Importing: from an ONNX file made elsewhere to one with a contract, and what is known about it."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec

from pliant.artifact import Artifact
from pliant.errors import MissingExtra
from pliant.importing.options import Colours, Options


@dataclass(frozen=True)
class Imported:
    """What became of a file: sentences about what is live, what stays fixed and why, and what was compared."""

    artifact: Artifact
    live: tuple[str, ...]
    fixed: tuple[str, ...]
    checks: tuple[str, ...]
    notes: tuple[str, ...]


def import_onnx(
    path: str | os.PathLike[str],
    *,
    colours: Colours | None = None,
    range: tuple[float, float] | None = None,  # noqa: A002 - what users and the command line call it
    keep_fixed: bool = False,
    keep_inputs: bool = False,
) -> Artifact:
    """An ONNX file made elsewhere, with a contract, and with sizes and scale live where that is proven safe.

    The notes of its contract say what is live, what stays fixed, and why.

    Args:
        colours: of its pictures, "RGB", "BGR" or "GREY"; by the number of channels if None.
        range: the smallest and the largest value of a pixel; 0 and 1 if None.
        keep_fixed: whether sizes and scales stay as they are.
        keep_inputs: whether a vector of scales stays an input; otherwise a number takes its place.

    Raises:
        InputError: the file is missing, no ONNX model, damaged, or cannot run.
        UsageError: it has a contract already, or the colours do not fit it.
        MissingExtra: the package onnx is not installed.
    """
    return examine(path, Options(colours, range, keep_fixed, keep_inputs)).artifact


def examine(
    path: str | os.PathLike[str], options: Options | None = None, report: Callable[[str], None] | None = None
) -> Imported:
    """Like `import_onnx`, with all that was found out. `report` is called at the beginning of each step."""
    for package in ("onnx", "onnx_ir"):
        if find_spec(package) is None:
            raise MissingExtra("Importing ONNX files", package, "lowering")
    from pliant.importing.reading import read
    from pliant.importing.work import Work

    say = report or _ignore
    say("reading the file")
    work = Work(read(path), options or Options(), say)
    made = work.run()
    return Imported(made, tuple(work.live), tuple(work.fixed), tuple(work.checks), tuple(work.notes))


def _ignore(step: str) -> None:
    del step
