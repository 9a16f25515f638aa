"""Exporting a model that decides or repeats, and running its file on both sides of every decision."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from torch import Tensor, nn
from torch.utils import _pytree as pytree

import pliant
from pliant.operators.structure import DOMAIN

TYPES = {"tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(int64)": np.int64}


def exported(
    module: nn.Module, example: tuple[Any, ...], cases: Sequence[tuple[Any, ...]], **options: Any
) -> onnx.ModelProto:
    """The file of `module`, after it was found to give what PyTorch gives in all `cases`; none is the example."""
    content = pliant.export(module.eval(), example, **options).model
    session = onnxruntime.InferenceSession(content)
    for args in cases:
        assert_same(session, module, args)
    return onnx.load_from_string(content)


def assert_same(session: onnxruntime.InferenceSession, module: nn.Module, args: tuple[Any, ...]) -> None:
    """Every output as PyTorch gives it: shape and values."""
    arrays = {i.name: np.asarray(a, TYPES[i.type]) for i, a in zip(session.get_inputs(), args, strict=True)}
    with torch.no_grad():
        found = module(*(a.clone() if isinstance(a, Tensor) else a for a in args))
    expected = [v for v in pytree.tree_leaves(found) if v is not None]
    results: Any = session.run(None, arrays)
    told = [tuple(a.shape) if isinstance(a, Tensor) and a.dim() else a for a in args]
    assert len(results) == len(expected)
    for position, (got, wanted) in enumerate(zip(results, expected, strict=True)):
        wanted = np.asarray(wanted)
        assert got.shape == wanted.shape, (position, told, got.shape, wanted.shape)
        np.testing.assert_allclose(got, wanted, rtol=1e-4, atol=1e-5, err_msg=f"output {position} at {told}")


def every_node(graph: onnx.GraphProto) -> Iterator[onnx.NodeProto]:
    """The nodes of a graph and of all bodies in it."""
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.GRAPH:
                yield from every_node(attribute.g)


def kinds(model: onnx.ModelProto) -> list[str]:
    """The types of all nodes, in bodies and functions too. None is of the private domain."""
    nodes = [n for graph in (model.graph, *model.functions) for n in every_node(graph)]  # type: ignore[misc]
    assert not [n.op_type for n in nodes if n.domain == DOMAIN]
    assert DOMAIN not in [o.domain for o in model.opset_import]
    return [n.op_type for n in nodes]
