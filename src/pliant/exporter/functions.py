"""Writing out the functions of a model, for engines that read none."""

from __future__ import annotations

import onnx
import onnx_ir as ir
from onnx_ir.passes import common


def without_functions(model: bytes) -> bytes:
    """The same ONNX model with each call of a function replaced by what the function computes.

    Inputs, outputs, weights and metadata stay as they are; calls in control flow and in functions are replaced too.
    Raises ValueError (onnx_ir's) where a function and the model import different versions of one operator set.
    """
    proto = onnx.ModelProto.FromString(model)
    if not proto.functions:
        return model
    written = ir.serde.deserialize_model(proto)
    common.InlinePass()(written)
    common.RemoveUnusedFunctionsPass()(written)
    common.RemoveUnusedOpsetsPass()(written)
    return ir.to_proto(written).SerializeToString()
