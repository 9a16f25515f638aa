"""Faults planted in copies of files: what `pliant verify` has to find."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import ModelProto, NodeProto, helper, numpy_helper

Fault = Callable[[ModelProto], str]  # plants it and gives the name of the node that is at fault


def plant(source: Path, target: Path, fault: Fault) -> str:
    """A copy of a file with a fault in it, the contract included; the name of the faulty node."""
    model = onnx.load(str(source))
    name = fault(model)
    onnx.save(model, str(target))
    return name


def every(nodes: Any) -> Iterator[NodeProto]:
    """Nodes, with those in the bodies of If and Loop."""
    for node in nodes:
        yield node
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield from every(attribute.g.node)


def the(model: ModelProto, operator: str, which: int = 0) -> NodeProto:
    """One of the nodes of an operator, in the graph first, then in functions."""
    bodies = (model.graph.node, *(function.node for function in model.functions))
    return [n for body in bodies for n in every(body) if n.op_type == operator][which]


def weight(name: str, change: float) -> Fault:
    """One number of a weight is another; its reader is at fault."""

    def fault(model: ModelProto) -> str:
        tensor = next(t for t in model.graph.initializer if t.name == name)
        array = numpy_helper.to_array(tensor).copy()
        array[(0,) * array.ndim] += np.float32(change)
        tensor.CopyFrom(numpy_helper.from_array(array, name))
        return next(n.name for n in every(model.graph.node) if name in n.input)

    return fault


def attribute(operator: str, name: str, value: Any, which: int = 0) -> Fault:
    """An attribute of a node has another value."""

    def fault(model: ModelProto) -> str:
        node = the(model, operator, which)
        kept = [a for a in node.attribute if a.name != name]
        assert all(helper.get_attribute_value(a) != value for a in node.attribute if a.name == name)
        del node.attribute[:]
        node.attribute.extend([*kept, helper.make_attribute(name, value)])
        return node.name

    return fault


def operator(old: str, new: str, which: int = 0) -> Fault:
    """A node computes something else."""

    def fault(model: ModelProto) -> str:
        node = the(model, old, which)
        node.op_type = new
        return node.name

    return fault


def swapped_inputs(old: str, which: int = 0) -> Fault:
    """A node reads its first two inputs the wrong way round."""

    def fault(model: ModelProto) -> str:
        node = the(model, old, which)
        node.input[:] = [node.input[1], node.input[0], *node.input[2:]]
        return node.name

    return fault
