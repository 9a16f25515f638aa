"""The form of a capture family, and the table made from all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pliant import registry


@dataclass(frozen=True)
class Capture:
    """How one family of idioms keeps its values live.

    `functions` maps a function that PyTorch's override protocol reports (see `torch.overrides`) to a handler,
    called with the same arguments in its place; a handler answers `NotImplemented` to let the original run.

    `calls` maps any other Python callable, such as the builtin `int`, to what is called in its place where the
    *model's own source* calls it. A replacement must give what the original gives for ordinary arguments.
    """

    functions: Mapping[Callable[..., Any], Callable[..., Any]] = field(default_factory=dict)
    calls: Mapping[Callable[..., Any], Callable[..., Any]] = field(default_factory=dict)


def families() -> Capture:
    """All families merged into one table."""
    functions: dict[Callable[..., Any], Callable[..., Any]] = {}
    calls: dict[Callable[..., Any], Callable[..., Any]] = {}
    for name in registry.names("pliant.capture.families"):
        family: Capture = registry.load("pliant.capture.families", name, "CAPTURE", extra="export")
        functions.update(family.functions)
        calls.update(family.calls)
    return Capture(functions, calls)
