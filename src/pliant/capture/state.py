"""What a piece of the model's code may change: variables, lists and dicts, attributes of modules.

Both ways of a decision begin with the same state, and what they leave behind is merged.
"""

from __future__ import annotations

import dis
import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import CellType, CodeType, FunctionType
from typing import Any

from torch import Tensor

from pliant.capture.merging import UNBOUND, Apart
from pliant.capture.modules import NOTHING_INSIDE, Attributes, Modules, is_plain_object

NEVER = -1  # the version of modules whose attributes no run has left in this way
DEEPEST = 3  # how far containers are followed into one another


def content(cell: CellType) -> Any:
    """What a variable holds, UNBOUND if nothing."""
    try:
        return cell.cell_contents
    except ValueError:
        return UNBOUND


def fill(cell: CellType, value: Any) -> None:
    """Let a variable hold `value`."""
    if value is not UNBOUND:
        cell.cell_contents = value
    elif content(cell) is not UNBOUND:
        del cell.cell_contents


@dataclass(frozen=True)
class State:
    """A moment: what each variable, container and module held.

    `cells` maps the names of variables to their cells; `containers` are the attributes of `modules`, and the lists,
    dicts and sets found in both; `values` and `contents` are what they held when the modules had this `version`.
    """

    cells: dict[str, CellType]
    containers: list[Any]
    values: dict[str, Any]
    contents: list[Any]
    modules: Modules
    version: int

    @staticmethod
    def of(function: FunctionType, modules: Modules) -> State:
        """What `function` can change, now."""
        names = function.__code__.co_freevars
        cells = {n: c for n, c in zip(names, function.__closure__ or (), strict=True) if n != "__class__"}
        found: dict[int, Any] = {}
        attributes = modules.now()
        for value in attributes.values:
            _containers(value, found, DEEPEST)
        if _sets_globals(function.__code__):
            found[id(function.__globals__)] = function.__globals__
        for cell in cells.values():
            _containers(content(cell), found, DEEPEST)
        return State._read(cells, [*modules.places, *found.values()], modules, attributes)

    @staticmethod
    def _read(cells: dict[str, CellType], containers: list[Any], modules: Modules, attributes: Attributes) -> State:
        values = {name: content(cell) for name, cell in cells.items()}
        contents = [*attributes.contents, *(container.copy() for container in containers[len(modules.places) :])]
        return State(cells, containers, values, contents, modules, attributes.version)

    def now(self) -> State:
        """The same places with what they hold now."""
        return State._read(self.cells, self.containers, self.modules, self.modules.now())

    def restore(self) -> None:
        """Put back what every place held."""
        for name, cell in self.cells.items():
            fill(cell, self.values[name])
        start = len(self.modules.places) if self.modules.now().version == self.version else 0
        for container, kept in zip(self.containers[start:], self.contents[start:], strict=True):
            _refill(container, kept)
        if not start:
            self.modules.changed()

    def versions(self) -> dict[int, tuple[Tensor, int]]:
        """How often each tensor in these places was changed in place, by identity."""
        return {id(t): (t, t._version) for t in self.tensors()}

    def tensors(self) -> Iterator[Tensor]:
        """All tensors in these places."""
        for value in (*self.values.values(), *self.contents):
            if isinstance(value, Tensor):
                yield value
            elif isinstance(value, (list, tuple, set)):
                yield from (v for v in value if isinstance(v, Tensor))
            elif isinstance(value, dict):
                yield from (v for v in value.values() if isinstance(v, Tensor))

    def joined(self, other: State, join: Callable[[Any, Any], Any]) -> State:
        """Both ways as one. Raises Apart with the name of what cannot be."""
        values = {
            name: _joined(f"variable {name!r}", value, other.values[name], join) for name, value in self.values.items()
        }
        contents = [_contents(a, b, join) for a, b in zip(self.contents, other.contents, strict=True)]
        return State(self.cells, self.containers, values, contents, self.modules, NEVER)


def _joined(what: str, a: Any, b: Any, join: Callable[[Any, Any], Any]) -> Any:
    try:
        return join(a, b)
    except Apart as apart:
        raise Apart(f"{what}: {apart}") from None


def _contents(a: Any, b: Any, join: Callable[[Any, Any], Any]) -> Any:
    if isinstance(a, dict):
        keys = [*a, *(k for k in b if k not in a)]
        return {k: _joined(f"{k!r}", a.get(k, UNBOUND), b.get(k, UNBOUND), join) for k in keys}
    return _joined("a list", a, b, join) if a is not b else a


@functools.lru_cache(maxsize=4096)
def _sets_globals(code: CodeType) -> bool:
    inner = [c for c in code.co_consts if isinstance(c, CodeType)]
    own = any(step.opname in ("STORE_GLOBAL", "DELETE_GLOBAL") for step in dis.get_instructions(code))
    return own or any(_sets_globals(c) for c in inner)


def _containers(value: Any, found: dict[int, Any], deep: int) -> None:
    if id(value) in found or not deep:
        return
    if not isinstance(value, (list, dict, set, tuple)):
        if is_plain_object(value):
            _containers(vars(value), found, deep)
        return
    if type(value) in (list, dict, set):
        found[id(value)] = value
    for part in value.values() if isinstance(value, dict) else value:
        if type(part) not in NOTHING_INSIDE:  # asked here, for a call costs ten times as much
            _containers(part, found, deep - 1)


def _refill(container: Any, kept: Any) -> None:
    if isinstance(container, list):
        if len(container) != len(kept) or any(a is not b for a, b in zip(container, kept, strict=True)):
            container[:] = kept
        return
    if isinstance(container, dict):
        for key in [k for k in container if k not in kept]:
            del container[key]
        container.update(kept)
        return
    container.clear()
    container.update(kept)
