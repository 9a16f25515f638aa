"""Complex numbers in a trace, so that PyTorch's exporter can write them as pairs of real ones."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, _meta_registrations
from torch.fx import Graph, Node

aten = torch.ops.aten
SCALED = (aten.mul.Tensor, aten.div.Tensor)
SHIFTED = (aten.add.Tensor, aten.sub.Tensor)


def as_pairs(graph: Graph) -> None:
    """Rewrite what the exporter cannot say of complex numbers: the length of an axis, and steps with a plain number."""
    for node in list(graph.nodes):
        if node.target is aten.sym_size.int and _complex(node.args[0]):
            with graph.inserting_before(node):
                node.args = (_pairs(graph, node.args[0]), *node.args[1:])
        elif node.target in (*SCALED, *SHIFTED) and _complex(node.args[0]) and isinstance(node.args[1], (int, float)):
            with graph.inserting_before(node):
                node.replace_all_uses_with(_with_number(graph, node))
            graph.erase_node(node)


def _with_number(graph: Graph, node: Node) -> Node:
    """A product with a number is one of both parts, a sum is one of the real part."""
    target: Any = node.target
    pairs = _pairs(graph, node.args[0])
    if target in SCALED:
        result = graph.call_function(target, (pairs, node.args[1]))
        result.meta = {**node.meta, "val": pairs.meta["val"]}
        whole = graph.call_function(aten.view_as_complex.default, (result,))
    else:
        parts = [graph.call_function(aten.select.int, (pairs, -1, k)) for k in (0, 1)]
        shifted = graph.call_function(target, (parts[0], node.args[1]), dict(node.kwargs))
        for step in (*parts, shifted):
            step.meta = {**node.meta, "val": pairs.meta["val"].select(-1, 0)}
        whole = graph.call_function(aten.complex.default, (shifted, parts[1]))
    whole.meta = dict(node.meta)
    return whole


def _pairs(graph: Graph, source: Any) -> Node:
    pairs = graph.call_function(aten.view_as_real.default, (source,))
    pairs.meta = {**source.meta, "val": torch.view_as_real(source.meta["val"])}
    return pairs


def _complex(value: Any) -> bool:
    known = value.meta.get("val") if isinstance(value, Node) else None
    return isinstance(known, Tensor) and known.is_complex()


@contextmanager
def any_layout() -> Generator[None]:
    """Within the block, the fake result of a Fourier transform is contiguous.

    PyTorch works out how the real one lies in memory, and turns live lengths into numbers on the way. In ONNX memory
    has no order.
    """
    usual = _meta_registrations._exec_fft  # the same in torch 2.13 and 2.14

    def plain(out: Any, source: Any, out_sizes: Any, dim: Any, *, forward: bool) -> Any:
        del source, dim, forward
        return out.new_empty(out_sizes)

    _meta_registrations._exec_fft = plain
    try:
        yield
    finally:
        _meta_registrations._exec_fft = usual
