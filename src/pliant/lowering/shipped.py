"""What goes to a machine without pliant: the network in an engine's format, and what has to be computed before it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

import onnx_ir as ir

from pliant.contract import Contract
from pliant.errors import LoweringError
from pliant.lowering.dialect import Dialect
from pliant.lowering.lower import Network, Undecided, lower, read
from pliant.lowering.runtime import serialized


def shipped(
    model: bytes,
    contract: Contract,
    dialect: Dialect,
    write: Callable[[ir.Model], Mapping[str, bytes]],
    settings: Mapping[str, str] | None = None,
) -> dict[str, bytes]:
    """The files of a model for one engine, by suffix: those of `write`, ".prologue.onnx" and ".json".

    The prologue is there if sizes or values have to be turned into further inputs first; any ONNX runtime runs it. The
    JSON file says what each input is and where it comes from, and with which `settings` of the engine the network is to
    be opened so that it computes what was verified.

    Raises LoweringError if the network depends on decisions that are made at run time, or the engine lacks an operator.
    """
    lowered = lower(read(model, dialect), contract, dialect)
    if isinstance(lowered, Undecided):
        asked = ", ".join(repr(v.name) for v in lowered.question.graph.outputs[:3])
        raise LoweringError(
            f"The network for engine {dialect.name!r} depends on values that are decided at run time ({asked}): one "
            "file cannot hold it. pliant.load runs it with a network for each outcome; for a file, export with those "
            "values fixed (fixed={...}, or --fixed)."
        )
    if lowered.body is None:
        raise LoweringError("The results of this model depend on sizes and values alone: there is no network to build.")
    files = dict(write(lowered.body))
    if lowered.prologue is not None:
        files[".prologue.onnx"] = serialized(lowered.prologue)
    told = {**described(lowered, contract), "settings": dict(settings or {})}
    return {**files, ".json": json.dumps(told, indent=1).encode()}


def described(network: Network, contract: Contract) -> dict[str, object]:
    """Inputs and outputs of the prologue and of the network, for people and programs."""
    assert network.body is not None
    first = network.prologue.graph if network.prologue is not None else None
    return {
        "contract": json.loads(contract.to_json()),
        "prologue": None if first is None else {"inputs": _told(first.inputs), "outputs": _told(first.outputs)},
        "network": {
            "inputs": [{**v, "from": _origin(v, network)} for v in _told(network.body.graph.inputs)],
            "outputs": _told(network.body.graph.outputs),
        },
    }


def _origin(value: dict[str, object], network: Network) -> str:
    inputs = [] if network.prologue is None else [v.name for v in network.prologue.graph.outputs]
    return "prologue" if value["name"] in inputs else "caller"


def _told(values: object) -> list[dict[str, object]]:
    told: list[dict[str, object]] = []
    for value in values:  # type: ignore[attr-defined]
        dims = None if value.shape is None else [d if isinstance(d, int) else str(d.value or "?") for d in value.shape]
        told.append({"name": value.name, "dtype": value.dtype.numpy().name if value.dtype else "", "dims": dims})
    return told
