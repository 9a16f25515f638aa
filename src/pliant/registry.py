"""Families of plug-in files: the file name is the registered name, a constant in it is what is registered.

A new member of a family is one new file in the family's package; nothing else lists it.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from pliant.errors import MissingExtra, UsageError


def names(package: str) -> list[str]:
    """Names of the members of `package`, sorted, without importing any of them."""
    path = import_module(package).__path__
    return sorted(m.name for m in iter_modules(path) if m.name != "base" and not m.name.startswith("_"))


def load(package: str, name: str, constant: str, *, extra: str) -> Any:
    """The `constant` that file `name` of `package` declares.

    Args:
        constant: its name in the file, in capitals.
        extra: the optional-dependency group to install when a package is missing.

    Raises:
        UsageError: there is no such file; the message lists those there are.
        MissingExtra: the file needs a package that is not installed.
    """
    if name not in (known := names(package)):
        raise UsageError(f"There is no {constant.lower()} named {name!r}; there are: {', '.join(known)}.")
    try:
        return getattr(import_module(f"{package}.{name}"), constant)
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("pliant"):
            raise
        raise MissingExtra(f"{constant.capitalize()} {name!r}", error.name or "?", extra) from error
