"""The samples of the registry's operators as small models: one file per operator, one result per sample."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx_ir as ir
import torch
from torch import Tensor, nn
from torch.utils import _pytree as pytree

from pliant.capture.trace import trace
from pliant.contract import Contract
from pliant.exporter.export import _outputs
from pliant.exporter.formulas import read_symbols
from pliant.exporter.signature import read_signature
from pliant.exporter.to_onnx import serialise, to_onnx
from pliant.operators.base import Operator, live, operators, recording
from tests.operators import torchvision_reference

torchvision_reference.provide()


def uses(operator: Operator) -> Iterator[tuple[Any, tuple[Any, ...]]]:
    for key, target in operator.targets.items():
        for sample in operator.samples_of(key):
            yield target, sample


class Samples(nn.Module):
    """Every target on every sample; tensors and live numbers come from outside."""

    def __init__(self, operator: Operator) -> None:
        super().__init__()
        self.uses = [(target, *pytree.tree_flatten(list(sample))) for target, sample in uses(operator)]
        self.labels = list[str]()
        self.given = [v for _, flat, _ in self.uses for v in flat if isinstance(v, (Tensor, live))]

    def forward(self, *given: Any) -> list[Tensor]:
        rest = iter(given)
        results: list[Tensor] = []
        self.labels = []
        for target, flat, spec in self.uses:
            values = [next(rest) if isinstance(v, (Tensor, live)) else v for v in flat]
            found = target(*pytree.tree_unflatten(values, spec))
            made = list(map(tensor, found if isinstance(found, (list, tuple)) else [found]))
            self.labels += [label(target, flat)] * len(made)
            results += made
        return results


def label(target: Any, flat: list[Any]) -> str:
    """What a sample does, in a few words: the target and its arguments."""
    told = [f"{tuple(v.shape)}" if isinstance(v, Tensor) else str(v.value if isinstance(v, live) else v) for v in flat]
    return f"{getattr(target, '__name__', target)}({', '.join(told)})"


def tensor(result: Any) -> Tensor:
    if isinstance(result, Tensor):
        return result
    if isinstance(result, (bool, torch.SymBool)):
        result = torch.sym_ite(result, 1, 0)
    dtype = torch.float64 if isinstance(result, (float, torch.SymFloat)) else torch.int64
    return torch.scalar_tensor(result, dtype=dtype)


WITH_SAMPLES = {name: operator for name, operator in operators().items() if any(True for _ in uses(operator))}


@dataclass(frozen=True)
class Exported:
    """The samples of one operator in one file: each has one or more outputs, `expected` in the same order."""

    model: bytes
    contract: Contract
    feeds: dict[str, Any]
    expected: list[Any]
    labels: list[str]


def exported(name: str) -> Exported:
    """The file of all samples of one operator of the registry."""
    module = Samples(WITH_SAMPLES[name])
    args = tuple(v.value if isinstance(v, live) else v for v in module.given)
    names = [f"given_{k}" for k in range(len(args))]
    pictures = {n: v for n, v in zip(names, args, strict=True) if isinstance(v, Tensor) and v.dim() == 4}
    dims = {name: " ".join(map(str, picture.shape)) for name, picture in pictures.items()}
    signature = read_signature(module, args, {}, dims, {}, names)
    with ExitStack() as stack:
        stack.enter_context(recording())
        program = trace(module, signature.leaves, signature.assemble).program
        outputs = _outputs(program, read_symbols(program, signature.inputs))
        model = serialise(to_onnx(program, signature.inputs, outputs, "0"))
    feeds = {entry.name: np.asarray(v, entry.dtype) for entry, v in zip(signature.inputs, args, strict=True)}
    contract = Contract(tuple(signature.inputs), tuple(outputs))
    return Exported(model, contract, feeds, [e.numpy() for e in module(*args)], module.labels)


def alone(content: bytes, contract: Contract, at: int) -> tuple[bytes, Contract]:
    """The model of one output and its contract, with the inputs that it needs."""
    model = _read(content)
    output = model.graph.outputs[at]
    read = _reached(model.graph, output)
    inputs = [v for v in model.graph.inputs if v in read]
    graph = ir.convenience.extract(model.graph, inputs, [output])
    graph.opset_imports.update(model.graph.opset_imports)
    part = ir.Model(graph, ir_version=model.ir_version, functions=list(model.functions.values()))
    names = {v.name for v in inputs}
    needed = tuple(i for i in contract.inputs if i.name in names)
    return ir.to_proto(part).SerializeToString(), Contract(needed, (contract.outputs[at],))


def _read(content: bytes) -> ir.Model:
    import onnx

    return ir.serde.deserialize_model(onnx.ModelProto.FromString(content))


def _reached(graph: ir.Graph, output: ir.Value) -> set[ir.Value]:
    """What `output` is computed from, captures of inner graphs included."""
    seen: set[ir.Value] = set()
    waiting = [output]
    while waiting:
        value = waiting.pop()
        if value in seen:
            continue
        seen.add(value)
        node = value.producer()
        if node is not None:
            waiting += [v for v in node.inputs if v is not None]
            for attribute in node.attributes.values():
                if attribute.type == ir.AttributeType.GRAPH:
                    for inner in ir.traversal.RecursiveGraphIterator(attribute.as_graph()):
                        waiting += [v for v in inner.inputs if v is not None and v.graph is graph]
                    waiting += [v for v in attribute.as_graph().outputs if v.graph is graph]
    return seen
