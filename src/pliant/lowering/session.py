"""Running a model on an engine that needs it lowered: the prologue beforehand, then the network."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import onnx_ir as ir

from pliant.arguments import Array
from pliant.contract import Contract
from pliant.lowering.dialect import Dialect
from pliant.lowering.lower import Undecided, decided, lower, pictures, read
from pliant.lowering.precision import halved_body
from pliant.lowering.remembered import Remembered
from pliant.lowering.runtime import Compile, Network
from pliant.lowering.windows import Windowed

KEPT = 16  # networks that a session keeps, for as many sets of decisions


@dataclass
class _Ready:
    """A network with what is computed before it."""

    prologue: Remembered | None
    network: Network | None

    def __call__(self, feeds: Mapping[str, Array]) -> dict[str, Array]:
        results = self.prologue(feeds) if self.prologue else {}
        return {**results, **self.network({**feeds, **results})} if self.network else results


@dataclass
class _Asking:
    """A model that has to be decided first; `kept` holds what became of it, the one used last at the end."""

    undecided: Undecided
    question: Remembered
    kept: OrderedDict[bytes, _Ready | _Asking] = field(default_factory=OrderedDict[bytes, Any])


class Lowered:
    """A model on an engine, which is given by its dialect and by how it compiles a network.

    With `half`, networks compute in float16 where that holds, and take and give what they did. Safe to call from
    several threads.
    """

    def __init__(
        self, model: bytes, contract: Contract, dialect: Dialect, compile_: Compile, *, half: bool = False
    ) -> None:
        self._half, self._model = half, model
        self._contract = contract
        self._dialect = dialect
        self._compile = compile_
        self._outputs = [output.name for output in contract.outputs]
        self._lock = Lock()
        self._root: _Ready | _Asking | None = self._prepared(read(model, dialect))

    def run(self, feeds: Mapping[str, Array]) -> Sequence[Array]:
        """See `Backend.run`."""
        with self._lock:
            ready = self._ready(feeds)
        results = ready(feeds)
        beforehand = ready.prologue.outputs if ready.prologue is not None else ()
        return [results[name].copy() if name in beforehand else results[name] for name in self._outputs]

    def windowed(self) -> Windowed:
        """See `Session.windowed`."""
        return Windowed(self._model, self._contract, self._dialect, self._compile)

    def close(self) -> None:
        """See `Backend.close`."""
        self._root = None

    def _ready(self, feeds: Mapping[str, Array]) -> _Ready:
        found = self._root
        while isinstance(found, _Asking):
            found = self._answered(found, feeds)
        assert found is not None
        return found

    def _answered(self, asking: _Asking, feeds: Mapping[str, Array]) -> _Ready | _Asking:
        answers = asking.question(feeds)
        key = b"|".join(repr(a.shape).encode() + a.tobytes() for a in answers.values())
        if key in asking.kept:
            asking.kept.move_to_end(key)
        else:
            asking.kept[key] = self._prepared(decided(asking.undecided, answers))
            if len(asking.kept) > KEPT:
                asking.kept.popitem(last=False)
        return asking.kept[key]

    def _prepared(self, model: ir.Model) -> _Ready | _Asking:
        lowered = lower(model, self._contract, self._dialect)
        if isinstance(lowered, Undecided):
            return _Asking(lowered, Remembered(lowered.question, pictures(self._contract)))
        prologue = Remembered(lowered.prologue, pictures(self._contract)) if lowered.prologue is not None else None
        if lowered.body is None:
            return _Ready(prologue, None)
        body = halved_body(lowered.body, prologue, self._contract) if self._half else lowered.body
        return _Ready(prologue, self._compile(body))
