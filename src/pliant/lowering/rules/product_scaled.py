"""A product of two matrices that are both computed, scaled by column: the second one is scaled instead.

OpenVINO 2026.4.1 joins such a scale to the product and then does not compile it ("Check 'any_of(scale.size(), OC,
1U)' failed").
"""

from __future__ import annotations

from collections.abc import Sequence

import onnx_ir as ir

from pliant.lowering.base import Rule
from pliant.lowering.builder import Builder, array_of


def _parts(node: ir.Node) -> tuple[ir.Node, ir.Value] | None:
    """The MatMul without weights and the constants, one for each column; None for another node."""
    for product, scale in (node.inputs, reversed(node.inputs)):
        made = product.producer() if product is not None else None
        known = array_of(scale)
        if made is None or made.op_type != "MatMul" or known is None or scale is None:
            continue
        columns = known.ndim >= 1 and known.shape[-1] == known.size > 1
        if columns and known.ndim <= 2 and all(array_of(operand) is None for operand in made.inputs):
            return made, scale
    return None


def obstacle(node: ir.Node) -> str | None:
    """None for a Mul that scales by column a product of computed matrices which is used for nothing else."""
    parts = _parts(node)
    if parts is None:
        return "is no product of matrices scaled by column"
    result = parts[0].outputs[0]
    alone = len(list(result.uses())) == 1 and not result.is_graph_output()
    return None if alone else "has a product that is used elsewhere as well"


def rewrite(node: ir.Node, build: Builder) -> Sequence[ir.Value]:
    """(a @ b) * c = a @ (b * c) for c by column."""
    parts = _parts(node)
    assert parts is not None
    product, scale = parts
    return [build("MatMul", product.inputs[0], build("Mul", product.inputs[1], scale))]


RULE = Rule(
    ("Mul",),
    "OpenVINO does not compile a product of computed matrices with a scale behind it",
    rewrite,
    lambda node, _: obstacle(node),
)
