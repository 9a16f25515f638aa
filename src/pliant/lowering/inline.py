"""Writing out the functions of a model, for engines that read none, and weights given as nodes."""

from __future__ import annotations

from collections.abc import Callable

import onnx_ir as ir
from onnx_ir.passes import common

from pliant.lowering.dialect import Dialect


def without_functions(model: bytes) -> bytes:
    """The same ONNX model with each call of a function replaced by what the function computes.

    Inputs, outputs, weights and metadata stay as they are; calls in control flow and in functions are replaced too.
    Raises ValueError (onnx_ir's) where a function and the model import different versions of one operator set.
    """
    import onnx

    proto = onnx.ModelProto.FromString(model)
    if not proto.functions:
        return model
    written = ir.serde.deserialize_model(proto)
    write_out(written, lambda domain, name: False)
    return ir.to_proto(written).SerializeToString()


def write_out(model: ir.Model, stays: Callable[[str, str], bool]) -> None:
    """Write out the functions of `model` in place of their calls, but those that stay (by domain and name)."""
    common.InlinePass(criteria=lambda function: not stays(function.domain, function.name))(model)
    common.RemoveUnusedFunctionsPass()(model)
    common.RemoveUnusedOpsetsPass()(model)


def write_out_refused(model: ir.Model, dialect: Dialect) -> bool:
    """Write out the functions that `dialect` claims but does not accept as they are used; whether there were any.

    Rules have had their turn: what is left are uses that none of them is for.
    """
    calls = [n for n in ir.traversal.RecursiveGraphIterator(model.graph) if n.op_identifier() in model.functions]
    refused = {(n.domain, n.op_type) for n in calls if dialect.objection(n) is not None}
    if refused:
        write_out(model, lambda domain, name: (domain, name) not in refused)
    return bool(refused)
