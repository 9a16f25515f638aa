"""Moving a model to the opset that an engine reads."""

from __future__ import annotations

from typing import Any


def converted(proto: Any, opset: int) -> Any:
    """An `onnx.ModelProto` in version `opset` of ONNX's own domain; the same object if it is in that already.

    Raises RuntimeError (onnx's) where an operator cannot be expressed in that version.
    """
    from onnx import version_converter

    current = next((entry.version for entry in proto.opset_import if entry.domain in ("", "ai.onnx")), opset)
    if current == opset or proto.functions:
        return proto
    return version_converter.convert_version(proto, opset)
