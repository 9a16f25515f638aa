"""How a live number is held in an ONNX graph: as a 0-d int64, a bool, or a double with a float32 copy beside it."""

from __future__ import annotations

from typing import Any

from onnxscript import ir

from pliant.operators._onnx import EXACT, op

DOUBLE, FLOAT, INT64, BOOL = ir.DataType.DOUBLE, ir.DataType.FLOAT, ir.DataType.INT64, ir.DataType.BOOL


def constant(value: Any, dtype: ir.DataType) -> Any:
    """A 0-d constant."""
    return op.Constant(value=ir.tensor(value, dtype=dtype))


def exact(value: Any) -> tuple[Any, bool]:
    """A number as (0-d ONNX value, whether it is a double; else it is int64 or bool)."""
    if isinstance(value, bool):
        return constant(value, BOOL), False
    if isinstance(value, int):
        return constant(value, INT64), False
    if isinstance(value, float):
        return constant(value, DOUBLE), True
    if EXACT in value.meta:
        return value.meta[EXACT], True
    if value.dtype in (INT64, BOOL):
        return value, False
    if value.dtype == DOUBLE:
        return value, True
    return op.Cast(value, to=DOUBLE), True


def double(value: Any) -> Any:
    """A number as a 0-d double."""
    found, is_double = exact(value)
    return found if is_double else op.Cast(found, to=DOUBLE)


def number(value: Any) -> Any:
    """The float32 copy of a double, which remembers the double."""
    copy = op.Cast(value, to=FLOAT)
    copy.meta[EXACT] = value
    return copy
