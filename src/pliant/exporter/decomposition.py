"""Composite steps of a trace as the operators that ONNX has, one step at a time.

PyTorch decomposes a program by tracing it again, twice, with all its symbolic shapes. That takes longer than the first
trace, and what the first one could show about shapes with pliant's help, the second cannot. Most steps need nothing;
here only those that do are traced, each on its own.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import torch
from torch._export.utils import _check_valid_to_preserve
from torch._guards import detect_fake_mode
from torch._ops import OpOverload
from torch.export import ExportedProgram
from torch.fx import Graph, GraphModule, Node
from torch.fx.experimental.proxy_tensor import make_fx
from torch.fx.node import map_arg
from torch.utils import _pytree as pytree

from pliant.exporter.functional import Unsupported, changes, functional
from pliant.exporter.spectra import any_layout, as_pairs

aten = torch.ops.aten
Table = Mapping[Any, Callable[..., Any]]


def decompose_in_place(program: ExportedProgram) -> None:
    """Let `program.run_decompositions` work on the steps that need it; PyTorch's own remains for what this cannot."""
    whole = program.run_decompositions

    def run(table: Any = None) -> ExportedProgram:
        try:
            _decomposed(program, table or {})
            result = program
        except Unsupported:
            result = whole(table)
        as_pairs(result.graph)
        return result

    program.run_decompositions = run  # type: ignore[method-assign]


def _decomposed(program: ExportedProgram, table: Table) -> None:
    graph = program.graph
    if any(node.op == "get_attr" or isinstance(node.target, torch._ops.HigherOrderOperator) for node in graph.nodes):
        raise Unsupported("graphs inside the graph")
    functional(graph)
    for node in list(graph.nodes):
        if node.op == "call_function" and not _plain(graph, node) and _needs(node, table):
            _expand(graph, node, table)
    graph.eliminate_dead_code()
    program.graph_module.recompile()
    (output,) = (node for node in graph.nodes if node.op == "output")
    for result, spec in zip(output.args[0], program.graph_signature.output_specs, strict=True):
        if isinstance(result, Node):
            spec.arg = replace(spec.arg, name=result.name)


def _plain(graph: Graph, node: Node) -> bool:
    """Steps that are another one, or nothing, once nothing is changed in place and memory has no order."""
    if node.target is aten.reshape.default:
        node.target = aten.view.default
        return True
    nothing = node.target in (aten.contiguous.default, aten.lift_fresh_copy.default)
    if nothing or (node.target is aten.dropout.default and node.args[2] is False):
        source: Any = node.args[0]
        node.replace_all_uses_with(source)
        graph.erase_node(node)
        return True
    return False


def _needs(node: Node, table: Table) -> bool:
    """Whether a step must be decomposed: PyTorch's table has it, or it is composite and cannot be in the table."""
    target = node.target
    if not isinstance(target, OpOverload):
        return False
    if target in table:
        return True
    composite = torch._C._dispatch_has_kernel_for_dispatch_key(target.name(), "CompositeImplicitAutograd")
    return composite and not _check_valid_to_preserve(target)


def _expand(graph: Graph, node: Node, table: Table) -> None:
    """Put the steps that `node` consists of in its place."""
    leaves, form = pytree.tree_flatten((node.args, node.kwargs))
    given = [leaf for leaf in leaves if isinstance(leaf, Node)]
    inner = _traced(node, leaves, form, [n.meta["val"] for n in given], table)
    functional(inner.graph)
    standing: dict[Node, Any] = {}
    inputs = iter(given)
    with graph.inserting_before(node):
        for step in inner.graph.nodes:
            if step.op == "placeholder":
                standing[step] = next(inputs)
            elif step.op == "call_function" and not changes(step):
                copied = graph.node_copy(step, lambda n: standing[n])
                copied.meta = {**node.meta, "val": step.meta.get("val")}
                standing[step] = copied
            elif step.op == "output":
                results = map_arg(step.args[0], lambda n: standing[n])
                _replace(graph, node, results)
            else:
                raise Unsupported(f"{node.target} has {step.op} inside")


def _traced(node: Node, leaves: list[Any], form: Any, values: list[Any], table: Table) -> GraphModule:
    decomposition: Any = table.get(node.target, node.target)

    def call(*tensors: Any) -> Any:
        numbers = iter(tensors)
        args, kwargs = pytree.tree_unflatten([next(numbers) if isinstance(x, Node) else x for x in leaves], form)
        return decomposition(*args, **kwargs)

    # a step without tensors among its arguments, as torch.eye, would else make real ones
    mode = detect_fake_mode([node.meta.get("val"), *values])
    try:
        with mode or nullcontext(), any_layout():
            return make_fx(call, decomposition_table=dict(table))(*values)
    except Exception as error:
        raise Unsupported(f"{node.target}: {error}") from error


def _replace(graph: Graph, node: Node, results: Any) -> None:
    if isinstance(results, (list, tuple)):
        for user in list(node.users):
            if user.target is not operator.getitem:
                raise Unsupported(f"the results of {node.target} are used together")
            user.replace_all_uses_with(results[user.args[1]])  # type: ignore[index]
            graph.erase_node(user)
    else:
        node.replace_all_uses_with(results)
    graph.erase_node(node)
