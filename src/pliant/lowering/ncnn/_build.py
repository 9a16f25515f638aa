"""The files of a network that is the same for all sizes, for programs that use ncnn without pliant."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import onnx_ir as ir

from pliant.contract import Contract
from pliant.errors import LoweringError
from pliant.lowering.lower import Network, Undecided, lower, read
from pliant.lowering.ncnn._layout import Sizes
from pliant.lowering.ncnn._run import dialect
from pliant.lowering.ncnn._writer import Port, Written, write
from pliant.lowering.ncnn.base import layers
from pliant.lowering.runtime import serialized
from pliant.lowering.samples import one_sample

FORMAT = 1


def files(model: bytes, contract: Contract) -> dict[str, bytes]:
    """By suffix: .param and .bin, .json that says what goes in and comes out, .prologue.onnx if values are computed.

    Raises LoweringError if ncnn cannot run the model, or needs another network for other sizes or values.
    """
    known = layers()
    accepted = dialect(known)
    lowered = lower(read(one_sample(model, contract)[0], accepted), contract, accepted)
    if isinstance(lowered, Undecided):
        raise LoweringError(_several(_deciding(lowered)))
    if lowered.body is None:
        raise LoweringError("Engine 'ncnn' has nothing to run: the model computes numbers only. Use 'onnxruntime'.")
    try:
        written = write(lowered.body, known)
    except Sizes as needs:
        raise LoweringError(_several(str(needs))) from needs
    found = {".param": written.text.encode(), ".bin": written.data, ".json": _described(lowered, written)}
    if lowered.prologue is not None:
        found[".prologue.onnx"] = serialized(lowered.prologue)
    return found


def _several(reason: str) -> str:
    return (
        f"This model has no single ncnn network: {reason}. Export it with these sizes and values fixed to build one, "
        "or run it with pliant.load(..., engine='ncnn'), which makes a network for each set of them."
    )


def _deciding(undecided: Undecided) -> str:
    """Which nodes need numbers."""
    values = ir.convenience.create_value_mapping(undecided.model.graph, include_subgraphs=False)
    names = [str(v.name) for v in undecided.question.graph.outputs]
    nodes = [use.node for name in names for use in values[name].uses()]
    told = list(dict.fromkeys(f"{node.op_type} {node.name!r}" for node in nodes))
    more = f" and {len(told) - 3} more nodes" if len(told) > 3 else ""
    return f"{', '.join(told[:3])}{more} depend on sizes or live values ({', '.join(names[:3])})"


def _described(lowered: Network, written: Written) -> bytes:
    prologue = lowered.prologue
    content: dict[str, Any] = {
        "format": FORMAT,
        "axes": "of a blob, outermost first: each is the run of axes of the named tensor that it merges; "
        "an axis of the tensor that is in none has length 1",
        "inputs": [_port(port, "prologue" if port.name in lowered.passed else "model") for port in written.inputs],
        "outputs": [_port(port, "network") for port in written.outputs],
        "prologue": None,
    }
    if prologue is not None:
        content["prologue"] = {"inputs": _names(prologue.graph.inputs), "outputs": _names(prologue.graph.outputs)}
    return (json.dumps(content, indent=2) + "\n").encode()


def _port(port: Port, source: str) -> dict[str, Any]:
    return {"blob": port.blob, "name": port.name, "from": source, "rank": port.rank, "axes": port.groups}


def _names(values: Sequence[ir.Value]) -> list[str]:
    return [str(v.name) for v in values]
