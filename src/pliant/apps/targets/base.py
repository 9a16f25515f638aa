"""What a target is: a server or program of others, for which `pliant build` lays out a folder."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pliant.engines.base import engine_names
from pliant.errors import UsageError
from pliant.registry import load, names

FAMILY = "pliant.apps.targets"


@dataclass(frozen=True)
class Made:
    """The files that were written, in the order in which they are told, and sentences about them for people."""

    files: tuple[Path, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Target:
    """A way to lay out a model.

    `write` takes the path of an ONNX file, the folder to write to, and a device as the target calls it, or None. It
    leaves nothing behind if it fails. It raises InputError for a model that the target cannot take and UsageError for
    a folder or a device that it cannot use.
    """

    name: str
    title: str
    write: Callable[[Path, Path, str | None], Made]


def target_names() -> list[str]:
    """Names of all targets, sorted, without importing any of them."""
    return names(FAMILY)


def find(name: str) -> Target:
    """The target called `name`. Raises UsageError if there is none; the message lists engines and targets."""
    if name not in (known := target_names()):
        raise UsageError(
            f"There is no target named {name!r}; there are the engines {', '.join(engine_names())}, and for servers of "
            f"others: {', '.join(known)}."
        )
    return load(FAMILY, name, "TARGET", extra="lowering")


def build(
    model: str | os.PathLike[str],
    target: str,
    output: str | os.PathLike[str] | None,
    *,
    device: str | None = None,
    precision: str = "f32",
) -> Made:
    """Lay out an ONNX model for `target` in the folder `output`, which is made if it is not there.

    Args:
        device: as the target calls it.
        precision: "f32" alone: a target ships the file as it is.

    Raises:
        UsageError: there is no such target, no folder was given, or it cannot be used; or another precision.
        InputError: the model cannot be read or is nothing for this target, or the folder cannot be written to.
    """
    chosen = find(target)
    if output is None:
        raise UsageError(f"Target {target!r} writes a folder; say which with -o FOLDER.")
    if precision != "f32":
        raise UsageError(
            f"Target {target!r} ships the file as it is, in float32, not in {precision!r}; for int8, make a file with "
            "`pliant quantize` first."
        )
    return chosen.write(Path(model), Path(output), device)
