"""PyTorch's optimisation of a translated model, but nothing that changes a number.

Its rules for operations without effect (x + 0, x * 1) compare constants with a tolerance: they drop `x + 1e-9`, which
keeps many a network from dividing by zero. They are left out here, and only what is exactly without effect goes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx_ir as ir
from onnx_ir.passes import common
from onnxscript import optimizer, rewriter
from onnxscript.rewriter import onnx_fusions
from onnxscript.rewriter.rules.common import _no_op

ROUNDS = 2  # as PyTorch's
NEUTRAL = {"Add": (0.0, True), "Sub": (0.0, False), "Mul": (1.0, True), "Div": (1.0, False)}
"""The number that has no effect on the other operand, and whether it may stand on the left as well."""

NO_TENSORS = {"Constant", "SequenceEmpty", "SequenceInsert", "SequenceConstruct"}
"""Operators that make nothing which could be left out, or no tensor."""


def optimise(model: ir.Model) -> None:
    """Fold constants, simplify, and remove what is not needed; `model` is changed.

    The rules are those of `onnxscript.optimizer` (onnxscript 0.7), in its order.
    """
    common.InlinePass()(model)
    for _ in range(ROUNDS):
        optimizer.fold_constants(model, onnx_shape_inference=True)
        rewriter.RewritePass(_exact_rules())(model)
        _remove_neutral(model)
        _remove_empty(model)
        common.RemoveUnusedNodesPass()(model)
        common.RemoveUnusedFunctionsPass()(model)
        common.RemoveUnusedOpsetsPass()(model)
    for step in (
        common.LiftConstantsToInitializersPass(lift_all_constants=True, size_limit=0),
        common.LiftSubgraphInitializersToMainGraphPass(),
        common.DeduplicateInitializersPass(),
        common.CommonSubexpressionEliminationPass(),
        common.OutputFixPass(),
        common.NameFixPass(),
    ):
        step(model)
    onnx_fusions.fuse(model)


def _exact_rules() -> list[Any]:
    """PyTorch's rules without those that change numbers.

    Rules for several nodes at once (two slices that are one split) look through the whole graph for every node of it:
    minutes for a large transformer, and no engine needs what they do.
    """
    left_out = {id(rule) for rule in _no_op.rules}
    return [
        _ForOneOperator(rule)
        for rule in rewriter._DEFAULT_REWRITE_RULES
        if id(rule) not in left_out and rule._matcher.pattern.has_single_output_node
    ]


class _ForOneOperator:
    """A rule that looks at nodes of its operator alone; else every rule sets out to match every node."""

    def __init__(self, rule: Any) -> None:
        self.rule, self.operator = rule, str(rule._matcher.pattern.output_node.op)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.rule, name)

    def try_rewrite(self, model: Any, graph: Any, node: Any, **options: Any) -> Any:
        return self.rule.try_rewrite(model, graph, node, **options) if node.op_type == self.operator else None


def _remove_neutral(model: ir.Model) -> None:
    """Let the other operand stand for `x + 0`, `x - 0`, `x * 1` and `x / 1` with a constant number."""
    for node in list(ir.traversal.RecursiveGraphIterator(model.graph)):
        kept = _unchanged(node) if node.domain == "" and node.op_type in NEUTRAL else None
        if kept is not None:
            identity = ir.Node("", "Identity", [kept], num_outputs=1, metadata_props=dict(node.metadata_props))
            identity.meta.update(node.meta)
            _put_in_place(identity, node)


def _remove_empty(model: ir.Model) -> None:
    """Let a constant stand for every result that has no elements whatever the picture is: engines refuse to compute it.

    A network made narrow has such results: a layer of `channels // 16` features.
    """
    for node in list(ir.traversal.RecursiveGraphIterator(model.graph)):
        plain = node.domain == "" and len(node.outputs) == 1 and node.op_type not in NO_TENSORS
        if not plain or not (shape := _empty_shape(node.outputs[0])):
            continue
        dtype = node.outputs[0].dtype
        assert dtype is not None
        nothing = ir.tensor(np.empty(shape, dtype.numpy()))
        _put_in_place(ir.Node("", "Constant", [], [ir.AttrTensor("value", nothing)], num_outputs=1), node)


def _empty_shape(value: ir.Value) -> list[int]:
    """The lengths of a tensor that never has elements; no lengths if it may have some, or its type is not known."""
    lengths = list(value.shape or ())
    known = [length for length in lengths if isinstance(length, int)]
    return known if 0 in known and len(known) == len(lengths) and value.dtype is not None else []


def _put_in_place(new: ir.Node, old: ir.Node) -> None:
    new.outputs[0].name = old.outputs[0].name
    new.outputs[0].shape, new.outputs[0].type = old.outputs[0].shape, old.outputs[0].type
    graph = old.graph
    assert graph is not None
    ir.convenience.replace_nodes_and_values(graph, old, [old], [new], old.outputs, new.outputs)


def _unchanged(node: ir.Node) -> ir.Value | None:
    """The operand that `node` returns as it is, if the other one is exactly neutral and has no axes."""
    number, either = NEUTRAL[node.op_type]
    left, right = node.inputs
    for value, other in ((left, right), (right, left)) if either else ((left, right),):
        constant = ir.convenience.get_const_tensor(other) if other is not None else None
        if constant is not None and constant.shape.rank() == 0 and constant.numpy().item() == number:
            return value
    return None
