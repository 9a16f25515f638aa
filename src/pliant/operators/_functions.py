"""Bodies as ONNX functions: a use of an operator is one node, and what it computes is a function in the same file.

An engine with a kernel of its own claims the node by its name and attributes; every other engine writes the function
out in place of the node, which the ONNX standard asks of it. The functions are kept beside the model while PyTorch's
exporter works, because its optimiser would write out those it knows of.

The recorder is that of torch.onnx (`torch.onnx._internal.exporter`), the same in torch 2.13 and 2.14.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from inspect import signature
from typing import Any

from onnx_ir.passes import common
from onnxscript import evaluator, ir
from torch.onnx._internal.exporter._building import OpRecorder
from torch.onnx._internal.exporter._tensors import SymbolicTensor

from pliant.kernels import BASE
from pliant.operators._onnx import EXACT, OPSET, op

DOMAIN, USERS = "pliant", "pliant.user"
IR_VERSION = 10


@dataclass(frozen=True)
class Label:
    """How a use of an operator appears in the file.

    `inputs` are the parameters whose arguments become inputs of the node: tensors and numbers, the latter also where
    they are fixed, so that one function serves all. Everything else is fixed, and belongs into `name` or `attributes`
    (texts, numbers and lists of numbers), which say what is meant.
    """

    name: str
    inputs: tuple[str, ...]
    attributes: Mapping[str, Any] = field(default_factory=dict)
    domain: str = DOMAIN


@dataclass
class Functions:
    """The functions that one translation has made so far, by (domain, name)."""

    made: dict[tuple[str, str], ir.Function] = field(default_factory=dict)
    contents: dict[tuple[str, str], bytes] = field(default_factory=dict)

    def name_of(self, function: ir.Function) -> str:
        """The name under which `function` is kept: its own, with a number behind if another body has that already."""
        content = ir.serde.serialize_function(function).SerializeToString(deterministic=True)
        name, count = function.name, 1
        while self.contents.setdefault((function.domain, name), content) != content:
            count += 1
            name = f"{function.name}_{count}"
        if (function.domain, name) not in self.made:
            if name != function.name:
                function.metadata_props[BASE] = function.name
            function.name = name
            self.made[function.domain, name] = function
        return name

    def attach(self, model: ir.Model) -> None:
        """Add to `model` those functions that it calls, graphs inside control flow included."""
        for node in ir.traversal.RecursiveGraphIterator(model.graph):
            function = self.made.get((node.domain, node.op_type))
            if function is not None:
                model.functions[function.identifier()] = function
                model.opset_imports[function.domain] = 1


_collected: ContextVar[Functions] = ContextVar("functions")


@contextmanager
def collecting() -> Generator[Functions]:
    """Within the block, bodies become functions, which are collected; outside it, they are written in place."""
    functions = Functions()
    token = _collected.set(functions)
    try:
        yield functions
    finally:
        _collected.reset(token)


def call(label: Label, inputs: Mapping[str, Any], body: Callable[..., Any]) -> Any:
    """What `body` gives for the values of `inputs`, as one node that calls a function.

    `inputs` are ONNX values by name, None for one that is left out; `body` takes them in this order and returns one
    value or a list of them. It may use no other values.
    """
    functions = _collected.get(None)
    if functions is None:
        return body(*inputs.values())
    outer: Any = evaluator.default()
    formal = [None if value is None else _parameter(name, value, outer.opset) for name, value in inputs.items()]
    with evaluator.default_as(recorder := OpRecorder(outer.opset, {})):
        results = body(*formal)
        single = not isinstance(results, (list, tuple))
        outputs = _distinct([results] if single else list(results), formal)
    parameters = [ir.Value(name=n) if v is None else v for n, v in zip(inputs, formal, strict=True)]
    name = functions.name_of(_function(label, parameters, outputs, recorder))
    made: Any = [SymbolicTensor(outer.opset) for _ in outputs]
    attributes = ir.convenience.convert_attributes(label.attributes)
    outer.nodes.append(ir.Node(label.domain, name, list(inputs.values()), attributes, outputs=made, version=1))
    return made[0] if single else made


def outlined(translation: Callable[..., Any], label: Callable[..., Label]) -> Callable[..., Any]:
    """`translation` as a call of a function. `label` gets the same arguments and says which become inputs."""

    def translate(*args: Any, **kwargs: Any) -> Any:
        described = label(*args, **kwargs)
        bound = signature(translation).bind(*args, **kwargs)
        bound.apply_defaults()
        given = bound.arguments
        inputs = {name: as_input(given.get(name)) for name in described.inputs}
        several = {name: len(given[name]) for name in inputs if isinstance(given.get(name), (list, tuple))}

        def body(*values: Any) -> Any:
            inside = dict(zip(inputs, values, strict=True))
            inside |= {name: elements(inside[name], count) for name, count in several.items()}
            return translation(**(given | inside))

        return call(described, inputs, body)

    return translate


def as_input(value: Any) -> Any:
    """An argument as one ONNX value: a number becomes 0-d, int64 or double, and a list of numbers a vector."""
    if value is None:
        return None
    if isinstance(value, (list, tuple)):
        parts: list[Any] = [as_input(part) for part in value]
        if any(part.dtype == ir.DataType.DOUBLE for part in parts):
            parts = [op.Cast(part, to=ir.DataType.DOUBLE) for part in parts]
        if not parts:
            return op.Constant(value=ir.tensor([], dtype=ir.DataType.INT64))
        return op.Concat(*(op.Reshape(part, op.Constant(value_ints=[1])) for part in parts), axis=0)
    if isinstance(value, (int, float)):
        dtype = ir.DataType.DOUBLE if isinstance(value, float) else ir.DataType.INT64
        constant = op.Constant(value=ir.tensor(value, dtype=dtype))
        constant.dtype = dtype
        return constant
    return value.meta.get(EXACT, value)


def elements(vector: Any, count: int) -> list[Any]:
    """The elements of a vector as 0-d values."""
    return [op.Gather(vector, op.Constant(value_int=k)) for k in range(count)]


def _parameter(name: str, value: Any, opset: Any) -> Any:
    return SymbolicTensor(opset, name=name, shape=value.shape, type=value.type)


def _distinct(outputs: list[Any], inputs: Sequence[Any]) -> list[Any]:
    """The results of a function may be neither one value twice nor an input as it is."""
    seen = {id(value) for value in inputs}
    found: list[Any] = []
    for value in outputs:
        found.append(op.Identity(value) if id(value) in seen else value)
        seen.add(id(value))
    return found


def _function(label: Label, inputs: list[Any], outputs: list[Any], recorder: OpRecorder) -> ir.Function:
    graph = ir.Graph(inputs, outputs, nodes=recorder.nodes, opset_imports={"": OPSET}, name=label.name)
    functions: Any = [
        f if isinstance(f, ir.Function) else ir.serde.deserialize_function(f.to_function_proto())
        for f in recorder.functions.values()
    ]
    scratch = ir.Model(graph, ir_version=IR_VERSION, functions=functions)
    if functions:
        common.InlinePass()(scratch)
    common.CommonSubexpressionEliminationPass()(scratch)
    common.RemoveUnusedNodesPass()(scratch)
    _check_self_contained(graph, label.name)
    _name(graph, label.name)
    attributes = ir.convenience.convert_attributes(label.attributes)
    return ir.Function(label.domain, label.name, graph=graph, attributes=attributes)


def _check_self_contained(graph: ir.Graph, name: str) -> None:
    known = {id(value) for value in graph.inputs}
    for node in ir.traversal.RecursiveGraphIterator(graph):
        known |= {id(value) for value in node.outputs}
        inner = [a.as_graph() for a in node.attributes.values() if a.type == ir.AttributeType.GRAPH]
        known |= {id(value) for body in inner for value in (*body.inputs, *body.initializers.values())}
    for node in ir.traversal.RecursiveGraphIterator(graph):
        if node.domain not in ("", "ai.onnx"):
            raise ValueError(f"the body of {name} uses {node.domain}::{node.op_type}, which has no ONNX form")
        if any(value is not None and id(value) not in known for value in node.inputs):
            raise ValueError(f"the body of {name} uses a value that is no argument of it, which has no ONNX form")


def _name(graph: ir.Graph, label: str) -> None:
    """Names that depend on the content alone, and that no graph has where the function may be written out."""
    for k, node in enumerate(ir.traversal.RecursiveGraphIterator(graph)):
        node.name = f"{label}/{node.op_type}_{k}"
        node.metadata_props.clear()
        for j, value in enumerate(node.outputs):
            value.name = f"{node.name}.{j}" if j else node.name
            value.shape = value.type = None
            value.metadata_props.clear()
    for value in graph.inputs:
        value.shape = value.type = None
