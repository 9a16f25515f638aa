"""NonMaxSuppression where an engine drops boxes whose overlap *equals* the threshold, too.

ONNX drops those whose overlap is larger. In float32, "larger than t" is "at least the number after t"; for t = 0 that
is the smallest number that no processor takes for zero.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx_ir as ir

from pliant.lowering.base import Rule
from pliant.lowering.builder import Builder, array_of
from pliant.lowering.dialect import Dialect

REACHED = "pliant.reached"  # metadata of a node whose threshold is the smallest overlap that is dropped
SMALLEST = np.finfo(np.float32).tiny


def drops_equal(node: ir.Node) -> str | None:
    """The check of an engine that drops what equals the threshold."""
    return None if REACHED in node.metadata_props else "drops boxes whose overlap equals the threshold, too"


def _check(node: ir.Node, dialect: Dialect) -> str | None:
    if dialect.operators.get("NonMaxSuppression") is not drops_equal:
        return "is for engines that drop what equals the threshold"
    value = node.inputs[3] if len(node.inputs) > 3 else None
    return None if value is None or array_of(value) is not None else "has a threshold that is computed"


def _rewrite(node: ir.Node, build: Builder) -> Sequence[ir.Value]:
    known = array_of(node.inputs[3]) if len(node.inputs) > 3 else None
    given = np.zeros(1, np.float32) if known is None else known.astype(np.float32)
    raised = np.maximum(np.nextafter(given, np.float32(np.inf)), SMALLEST).astype(np.float32)
    inputs = [*node.inputs, None, None][:5]
    inputs[3] = build.constant(raised)
    while inputs[-1] is None:
        inputs.pop()
    attributes = {name: a.value for name, a in node.attributes.items()}
    found: ir.Value = build("NonMaxSuppression", *inputs, **attributes)
    made = found.producer()
    assert made is not None
    made.metadata_props[REACHED] = "yes"
    return [found]


RULE = Rule(("NonMaxSuppression",), "OpenVINO drops overlaps that equal the threshold.", _rewrite, _check)
