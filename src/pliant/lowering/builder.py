"""Writing new nodes into a graph."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from pliant.lowering.unused import release


class Builder:
    """Writes nodes into `graph`, in front of `before`, or behind all others where that is None.

    Names begin with that of `step`; none is used twice. Nodes get the metadata of `before`, so that a message about one
    of them still tells the source line.
    """

    def __init__(self, graph: ir.Graph, before: ir.Node | None, step: str = "") -> None:
        self.graph = graph
        self.before = before
        self.step = step or (before.name if before is not None and before.name else "lowered")

    def __call__(self, op: str, *inputs: ir.Value | None, outputs: int = 1, **attributes: Any) -> Any:
        """One node of ONNX's own domain; its value, or the list of them if there are several."""
        made = [ir.Value() for _ in range(outputs)]
        node = ir.Node(
            "", op, inputs, ir.convenience.convert_attributes(attributes), outputs=made, metadata_props=self._metadata()
        )
        node.name = self.unused(f"{self.step}/{op}")
        for k, value in enumerate(made):
            value.name = node.name if outputs == 1 else f"{node.name}.{k}"
        if self.before is None:
            self.graph.append(node)
        else:
            self.graph.insert_before(self.before, node)
        return made[0] if outputs == 1 else made

    def constant(self, content: NDArray[Any] | Sequence[int] | float | int, dtype: Any = None) -> ir.Value:
        """A stored constant; whole numbers are int64 and others float32 unless `dtype` says otherwise."""
        array = np.asarray(content, dtype)
        if dtype is None and array.dtype.kind in "if" and not isinstance(content, np.ndarray):
            array = array.astype(np.int64 if array.dtype.kind == "i" else np.float32)
        return store(self.graph, array, self.unused(f"{self.step}/constant"))

    def _metadata(self) -> dict[str, str]:
        return dict(self.before.metadata_props) if self.before is not None else {}

    def unused(self, wish: str) -> str:
        """`wish` with a number behind that no value or node of the graph has yet."""
        counter = self.graph.meta.setdefault("pliant.count", 0) + 1
        self.graph.meta["pliant.count"] = counter
        return f"{wish}_{counter}"


def store(graph: ir.Graph, array: NDArray[Any], name: str) -> ir.Value:
    """`array` as an initializer of `graph` called `name`."""
    array = np.ascontiguousarray(array) if array.ndim else array
    tensor = ir.tensor(array, name=name)
    value = ir.Value(name=name, type=ir.TensorType(tensor.dtype), shape=ir.Shape(array.shape), const_value=tensor)
    graph.register_initializer(value)
    return value


def replace(node: ir.Node, *values: ir.Value) -> None:
    """Let `values` stand for the outputs of `node`, and remove it. Results of the model keep their names."""
    graph = node.graph
    assert graph is not None
    for old, new in zip(node.outputs, values, strict=True):
        if old.is_graph_output():
            new = _named_as(old, new, node)
        new.shape = new.shape if new.shape is not None else old.shape
        new.type = new.type if new.type is not None else old.type
        old.replace_all_uses_with(new, replace_graph_outputs=True)
    release(node)
    graph.remove(node, safe=True)


def _named_as(old: ir.Value, new: ir.Value, node: ir.Node) -> ir.Value:
    """`new` with the name of `old`, a result; what has a name that counts itself passes an Identity."""
    if new.producer() is None or new.is_graph_output():
        assert node.graph is not None
        new = Builder(node.graph, node)("Identity", new)
    name, old.name = old.name, f"{old.name}/replaced"
    new.name = name
    return new


def array_of(value: ir.Value | None) -> NDArray[Any] | None:
    """The content of a constant, else None."""
    if value is None or value.const_value is None or value.is_graph_input():
        return None
    return value.const_value.numpy()


def attribute(node: ir.Node, name: str, default: Any = None) -> Any:
    """The value of an attribute as a Python number, text or list, or `default`."""
    found = node.attributes.get(name)
    return default if found is None or found.value is None else found.value
