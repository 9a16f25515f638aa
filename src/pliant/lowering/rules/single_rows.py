"""Products of single rows with matrices, [..., 1, k] @ [..., k, c], as sums of products.

That is how resizes weigh the pixels they have gathered. TensorRT for RTX has no float32 matrix product for compute
capability 7.5 (measured: "FP32 GEMM is not supported", TensorRT-RTX 1.7.1), and rows gain nothing from one.
"""

from __future__ import annotations

from collections.abc import Sequence

import onnx_ir as ir

from pliant.lowering.base import Rule
from pliant.lowering.builder import Builder
from pliant.lowering.dialect import Dialect


def is_single(node: ir.Node) -> bool:
    """Whether a MatMul multiplies rows of which each matrix of its first operand has one."""
    shapes = [v.shape for v in node.inputs if v is not None and v.shape is not None]
    return len(shapes) == 2 and all(len(s) >= 2 for s in shapes) and shapes[0][-2] == 1


def check(node: ir.Node, dialect: Dialect) -> str | None:
    """None where a row is all there is of each matrix."""
    del dialect
    return None if is_single(node) else "multiplies matrices"


def rewrite(node: ir.Node, build: Builder) -> Sequence[ir.Value]:
    """The row becomes a column, which weighs the rows of the matrix that are summed."""
    rows, matrices = node.inputs
    assert rows is not None
    assert rows.shape is not None
    rank = len(rows.shape)
    column = build("Transpose", rows, perm=[*range(rank - 2), rank - 1, rank - 2])
    return [build("ReduceSum", build("Mul", column, matrices), build.constant([-2]), keepdims=1)]


RULE = Rule(("MatMul",), "single rows need no matrix product, which some GPUs do not have in float32", rewrite, check)
