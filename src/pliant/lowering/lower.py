"""From an artifact to what one engine runs: written out, answered, decided, cut and checked."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import onnx_ir as ir
from numpy.typing import NDArray
from onnx_ir.passes import common

from pliant.contract import Contract
from pliant.errors import InputError
from pliant.lowering.base import ROUNDS, apply
from pliant.lowering.dialect import Dialect, check_legal
from pliant.lowering.identities import leave_out_identities
from pliant.lowering.inline import write_out, write_out_refused
from pliant.lowering.kernels import overload
from pliant.lowering.opset import converted
from pliant.lowering.prologue import PICTURES, Network, answer_shapes, beforehand, cut, extract
from pliant.lowering.specialise import decide, decisions, write_out_decided
from pliant.lowering.unused import remove_unused


@dataclass(frozen=True)
class Undecided:
    """A model whose network depends on values: `question` computes them from the arguments."""

    model: ir.Model
    question: ir.Model


def pictures(contract: Contract) -> frozenset[str]:
    """Names of the inputs whose content only the network may see: all but live values and small vectors of numbers."""
    return frozenset(i.name for i in contract.inputs if i.role != "value")


def read(model: bytes, dialect: Dialect) -> ir.Model:
    """A serialized model with the functions that `dialect` does not claim written out, in an opset that it reads.

    Raises InputError if it is no ONNX model that can be read.
    """
    import onnx

    try:
        proto = onnx.ModelProto.FromString(model)
        loaded = ir.serde.deserialize_model(converted(proto, dialect.opset, dialect.claimed))
        overload(loaded)
        write_out(loaded, dialect.claimed)
    except (ValueError, TypeError, RuntimeError) as error:
        raise InputError(f"The model cannot be read ({error}); export it again.") from error
    return loaded


def lower(model: ir.Model, contract: Contract, dialect: Dialect) -> Network | Undecided:
    """The network of a model, or the question that has to be answered first. `model` is changed.

    Raises LoweringError if `dialect` does not accept what is left for the engine to run.
    """
    held = pictures(contract)
    model.graph.meta[PICTURES] = held
    write_out_decided(model)
    left = True  # whether a question for a shape is left
    for _ in range(ROUNDS):
        infer(model)
        answered = left = True
        while answered and left:
            answered, left = answer_shapes(model.graph, held)
            remove_unused(model)
            if answered:
                infer(model)
        changed = apply(model.graph, dialect, _working(model.graph, held))
        written_out = write_out_refused(model, dialect)
        if written_out:
            write_out_decided(model)
        if not changed and not written_out:
            break
        remove_unused(model)
    leave_out_identities(model)
    remove_unused(model)  # or the network gets inputs that nothing in it uses
    known = beforehand(model.graph, held)
    open_values = decisions(model.graph, known, dialect, unanswered=left)
    if open_values:
        return Undecided(model, extract(model, list(model.graph.inputs), open_values))
    network = cut(model, held)
    if network.body is not None:
        check_legal(network.body.graph, dialect)
    return network


def decided(undecided: Undecided, contents: Mapping[str, NDArray[Any]]) -> ir.Model:
    """The model with the answers to its question fixed; `undecided` stays as it is."""
    model = undecided.model.clone()
    decide(model, contents)
    return model


def _working(graph: ir.Graph, held: Collection[str]) -> list[ir.Node]:
    known = beforehand(graph, held)
    return [node for node in graph if not all(v in known for v in node.outputs)]


def infer(model: ir.Model) -> None:
    """Types and shapes of all values, by ONNX's own inference; what it cannot tell stays open."""
    common.ShapeInferencePass(check_type=False, strict_mode=False, data_prop=True)(model)
