"""The form of a capture family, and the table made from all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pliant.registry import load as load_member
from pliant.registry import names as member_names


@dataclass(frozen=True)
class Capture:
    """How one family of idioms keeps its values live.

    `functions` maps a function that PyTorch's override protocol reports (see `torch.overrides`) to a handler,
    called with the same arguments in its place; a handler answers `NotImplemented` to let the original run.

    `calls` maps any other Python callable, such as the builtin `int`, to what is called in its place where the
    *model's own source* calls it. A replacement must give what the original gives for ordinary arguments. `resolve`
    does the same for callables that cannot be listed; it answers None for all others.

    A `fallback` family takes part only in a second attempt, after tracing or checking without it has failed.
    """

    functions: Mapping[Callable[..., Any], Callable[..., Any]] = field(default_factory=dict)
    calls: Mapping[Callable[..., Any], Callable[..., Any]] = field(default_factory=dict)
    resolve: Callable[[Any], Callable[..., Any] | None] | None = None
    fallback: bool = False


@dataclass(frozen=True)
class Table:
    """The families that take part in one attempt, merged."""

    functions: Mapping[Callable[..., Any], Callable[..., Any]]
    calls: Mapping[Callable[..., Any], Callable[..., Any]]
    resolvers: tuple[Callable[[Any], Callable[..., Any] | None], ...]

    def instead_of(self, callee: Any) -> Any:
        """What the model's source calls where it says `callee`."""
        try:
            found = self.calls.get(callee)
        except TypeError:  # not hashable, so not listed
            found = None
        for resolve in self.resolvers if found is None else ():
            found = found or resolve(callee)
        return callee if found is None else found


def families(*, fallbacks: bool = False) -> Table:
    """All families merged into one table."""
    functions: dict[Callable[..., Any], Callable[..., Any]] = {}
    calls: dict[Callable[..., Any], Callable[..., Any]] = {}
    resolvers: list[Callable[[Any], Callable[..., Any] | None]] = []
    for name in member_names("pliant.capture.families"):
        family: Capture = load_member("pliant.capture.families", name, "CAPTURE", extra="export")
        if fallbacks or not family.fallback:
            functions.update(family.functions)
            calls.update(family.calls)
            resolvers += [family.resolve] if family.resolve else []
    return Table(functions, calls, tuple(resolvers))
