"""A choice that the picture decides, between branches whose results have the same shapes: both, and then the choice.

Most engines decide nothing while they run. OpenVINO does, and steps behind such a choice can read memory that is in
use for something else (measured: 2026.4.1, a resize behind an If). The price is the time of the other branch.
"""

from __future__ import annotations

from collections.abc import Sequence

import onnx_ir as ir

from pliant.lowering.base import Rule
from pliant.lowering.builder import Builder, attribute
from pliant.lowering.dialect import key_of
from pliant.lowering.prologue import ALIKE, known_beforehand
from pliant.lowering.specialise import insert


def obstacle(node: ir.Node) -> str | None:
    """None for an If that can be a selection: the picture decides, both ways give the same shapes, without loops."""
    if ALIKE not in node.metadata_props:
        return "has branches whose results are not known to have the same shapes"
    if node.graph is None or isinstance(node.graph, ir.Function) or known_beforehand(node.graph, node.inputs[0]):
        return "is decided beforehand"
    inside = (inner for name in ("then_branch", "else_branch") for inner in attribute(node, name))
    return "repeats something in a branch" if any(key_of(inner) in ("Loop", "Scan") for inner in inside) else None


def rewrite(node: ir.Node, build: Builder) -> Sequence[ir.Value]:
    """Both branches in front of the node, and one selection for each result."""
    then, other = (insert(attribute(node, f"{k}_branch"), node, [], k) for k in ("then", "else"))
    return [build("Where", node.inputs[0], a, b) for a, b in zip(then, other, strict=True)]


RULE = Rule(
    ("If",), "engines that cannot decide by the picture, or do it wrongly", rewrite, lambda node, _: obstacle(node)
)
