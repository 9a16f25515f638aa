"""The values inside a graph, computed on ONNX Runtime."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from pliant.bisection.flat import Flat, cut
from pliant.contract import Contract
from pliant.engines.base import Options, engines
from pliant.errors import PliantError

REFERENCE = "onnxruntime"


@dataclass(frozen=True)
class Values:
    """Values by name. `failed` is the index of the first step that could not be computed, `reason` why."""

    found: Mapping[str, Any] = field(default_factory=dict)
    failed: int | None = None
    reason: str = ""


def compute(flat: Flat, feeds: Mapping[str, NDArray[Any]], contract: Contract) -> Values:
    """All values of a graph, or those before the first step that fails."""
    try:
        return Values(_run(flat, len(flat.steps), feeds, contract))
    except PliantError as error:
        reason = str(error)
    good, bad = 0, len(flat.steps)
    found: dict[str, Any] = {}
    while bad - good > 1:
        middle = (good + bad) // 2
        try:
            found = _run(flat, middle, feeds, contract)
            good = middle
        except PliantError as error:
            bad, reason = middle, str(error)
    return Values(found, good, reason)


def _run(flat: Flat, count: int, feeds: Mapping[str, NDArray[Any]], contract: Contract) -> dict[str, Any]:
    names = [name for step in flat.steps[:count] for name in step.outputs]
    given = {name: feeds[name] for name in flat.inputs if name in feeds}
    if not names:
        return dict(given)
    results = run_file(cut(flat, names).SerializeToString(), given, contract)
    return {**given, **dict(zip(names, results, strict=True))}


def run_file(model: bytes, feeds: Mapping[str, NDArray[Any]], contract: Contract) -> Sequence[Any]:
    """The outputs of a serialised model on ONNX Runtime. Raises PliantError if it does not load or run."""
    engine = next(e for e in engines() if e.name == REFERENCE)
    backend = engine.open(model, contract, Options())
    try:
        return backend.run(feeds)
    finally:
        backend.close()
