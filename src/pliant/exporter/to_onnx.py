"""From a traced program to the bytes of a standard ONNX model."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

import onnx_ir as ir
import torch
from torch.export import ExportedProgram
from torch.fx._lazy_graph_module import _use_lazy_graph_module

from pliant.artifact import SOURCE_KEY
from pliant.contract import Input, Output
from pliant.errors import ExportError
from pliant.exporter.decomposition import decompose_in_place
from pliant.exporter.optimise import optimise
from pliant.exporter.paths import users_line
from pliant.exporter.promotion import with_recorded_values
from pliant.exporter.structure import lower_structure
from pliant.exporter.torchlib import read_once
from pliant.operators.base import OPSET, USERS, collecting, translation_table

LIMIT = 2**31 - 1  # bytes a protobuf message can have


@contextlib.contextmanager
def quietly() -> Generator[None]:
    """Within the block, PyTorch's exporter prints, warns and logs nothing: what matters is raised by pliant."""
    disabled = logging.root.manager.disable
    logging.disable(logging.ERROR)
    sink = io.StringIO()
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(sink), contextlib.redirect_stderr(sink):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(disabled)


def to_onnx(program: ExportedProgram, inputs: Sequence[Input], outputs: Sequence[Output], version: str) -> ir.Model:
    """Translate a traced program. Whatever PyTorch's exporter raises passes through.

    A program that holds `.item()` can be translated only once.
    """
    with collecting() as functions, _use_lazy_graph_module(True):  # no step compiles a graph that nobody runs
        decompose_in_place(program)
        with with_recorded_values(), read_once():
            exported = torch.onnx.export(
                program,
                dynamo=True,
                verbose=False,
                optimize=False,
                opset_version=OPSET,
                custom_translation_table=translation_table(),
            )
    assert exported is not None  # it is None only with the deprecated exporter
    model: Any = exported.model
    optimise(model)
    lower_structure(model)
    functions.attach(model)
    _declare(model, inputs, outputs)
    model.producer_name, model.producer_version = "pliant", version
    return model


def _declare(model: Any, inputs: Sequence[Input], outputs: Sequence[Output]) -> None:
    """Name live axes as the contract does, and drop what describes the author's machine or tracing alone."""
    graph = model.graph
    if len(graph.outputs) != len(outputs):
        raise ValueError(f"{len(outputs)} outputs were traced and {len(graph.outputs)} translated")
    _free_names(graph, {entry.name for entry in (*inputs, *outputs)})
    for value, entry in zip(graph.inputs, inputs, strict=True):
        value.name = entry.name
        value.shape = ir.Shape([d.size if d.size is not None else d.name for d in entry.dims])
    for value, entry in zip(graph.outputs, outputs, strict=True):
        value.name = entry.name
        value.shape = ir.Shape([int(d) if d.isdigit() else d for d in entry.dims])
    kept = {id(value) for value in (*graph.inputs, *graph.outputs, *graph.initializers.values())}
    for k, node in enumerate(ir.traversal.RecursiveGraphIterator(graph)):
        step = node.meta.get("node")  # of the trace; a reader, and `pliant inspect`, can see what belongs together
        told = node.op_type if node.domain == USERS else getattr(step, "name", "")
        node.name = f"{told}/{node.op_type}_{k}" if told else f"{node.op_type}_{k}"
        node.metadata_props.clear()
        if line := _source(step):
            node.metadata_props[SOURCE_KEY] = line
        node.doc_string = None
        for value in node.outputs:
            value.metadata_props.clear()
            if id(value) not in kept:
                value.shape = None  # formulas over symbols that mean nothing outside the trace
    for value in (*graph.inputs, *graph.outputs, *graph.initializers.values()):
        value.metadata_props.clear()
    model.metadata_props.clear()
    graph.metadata_props.clear()
    graph.doc_string = model.doc_string = None


def _source(step: Any) -> str:
    """ "file.py:line" of the model's own source that a step of the trace stands for, or an empty text.

    The folder is left out: it would tell about the author's machine, and differ from one machine to the next.
    """
    if not isinstance(step, torch.fx.Node):
        return ""
    file, line = users_line(step)
    return f"{Path(file).name}:{line}" if file else ""


def _free_names(graph: Any, names: set[str]) -> None:
    """Rename whatever inside the graph has a name that an input or output is to have."""
    values = [*graph.inputs, *graph.initializers.values()]
    for node in ir.traversal.RecursiveGraphIterator(graph):
        values += node.outputs
    for value in values:
        if value.name in names:
            value.name = f"{value.name}.inner"


def unused_inputs(model: Any) -> list[str]:
    """Names of graph inputs that no output depends on. What a function does not use does not count as used."""
    used: dict[Any, set[int]] = {}
    needed = _needed(model.graph, model.functions, used)
    return [value.name for value in model.graph.inputs if id(value) not in needed]


def _needed(graph: Any, functions: Any, used: dict[Any, set[int]]) -> set[int]:
    """Ids of the values that the outputs of a graph or function depend on; `used` has what functions do."""
    needed: set[int] = set()
    pending = list(graph.outputs)
    while pending:
        value = pending.pop()
        if value is None or id(value) in needed:
            continue
        needed.add(id(value))
        node = value.producer()
        if node is not None:
            pending += _read(node, functions, used)
    return needed


def _read(node: Any, functions: Any, used: dict[Any, set[int]]) -> list[Any]:
    """The values that a node uses, with all that the graphs inside it use."""
    function = functions.get(node.op_identifier())
    if function is not None:
        if node.op_identifier() not in used:
            inside = _needed(function, functions, used)
            used[node.op_identifier()] = {k for k, value in enumerate(function.inputs) if id(value) in inside}
        return [value for k, value in enumerate(node.inputs) if k in used[node.op_identifier()]]
    found = list(node.inputs)
    for graph in _subgraphs(node):
        found += list(graph.outputs)
        for inner in graph:
            found += _read(inner, functions, used)
    return found


def _subgraphs(node: Any) -> list[Any]:
    found: list[Any] = []
    for attribute in node.attributes.values():
        if attribute.type == ir.AttributeType.GRAPH:
            found.append(attribute.value)
        elif attribute.type == ir.AttributeType.GRAPHS:
            found += attribute.value
    return found


def serialise(model: Any) -> bytes:
    """The model as the bytes of an ONNX file, weights included.

    Raises ExportError for a model that is too large for one file.
    """
    proto = ir.to_proto(model)
    if (size := proto.ByteSize()) > LIMIT:
        raise ExportError(f"The model has {size:,} bytes; one ONNX file holds at most {LIMIT:,}. Use half precision.")
    return proto.SerializeToString()
