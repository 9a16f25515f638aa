"""Reading an ONNX file made elsewhere, and refusing in one sentence what is none or cannot run."""

from __future__ import annotations

import os
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import onnx_ir as ir

from pliant.artifact import CONTRACT_KEY, read_metadata, read_model
from pliant.errors import InputError, UsageError
from pliant.lowering.fold import fold
from pliant.lowering.inline import write_out
from pliant.lowering.opset import converted
from pliant.lowering.opset import nodes as all_nodes

STANDARD = ("", "ai.onnx")
OLDEST, MOVED = 11, 18  # opsets: the oldest that is worked on as it is, and the one that older ones are moved to
CONTRIBUTED = "com.microsoft"  # ONNX Runtime's own


@dataclass(frozen=True)
class Original:
    """A file as it came: its serialised model, weights included, and its place."""

    model: bytes
    path: Path
    opset: int


def read(path: str | os.PathLike[str]) -> Original:
    """The file at `path`.

    Raises:
        InputError: it is missing, damaged, empty or newer than this computer's ONNX, weights beside it are missing, or
            it uses operators that nobody ships.
        UsageError: it has a contract already.
    """
    onnx: Any = import_module("onnx")
    data = read_model(path)
    if CONTRACT_KEY in read_metadata(data, str(path)):
        raise UsageError(
            f"{path} has a contract already: there is nothing to import. `pliant inspect {path}` shows it."
        )
    try:
        proto = onnx.ModelProto.FromString(data)
    except Exception as error:  # protobuf's error class has another name in each of its packages
        raise InputError(f"{path} is not an ONNX model, or it is damaged ({len(data):,} bytes).") from error
    _with_weights(onnx, proto, Path(path))
    opset = _checked(onnx, proto, str(path))
    return Original(proto.SerializeToString(), Path(path), opset)


def _with_weights(onnx: Any, proto: Any, path: Path) -> None:
    """Read what lies in other files."""
    try:
        onnx.load_external_data_for_model(proto, str(path.parent))
    except (OSError, ValueError, onnx.checker.ValidationError) as error:
        places = {e.value for t in proto.graph.initializer for e in t.external_data if e.key == "location"}
        raise InputError(
            f"The weights of {path} lie in {', '.join(sorted(places)) or 'another file'}, which cannot be read; put "
            "that file beside the model."
        ) from error


def _checked(onnx: Any, proto: Any, name: str) -> int:
    """The opset of a model that can be understood."""
    if not proto.graph.node:
        raise InputError(f"{name} holds no operators: it computes nothing. Export the model again.")
    if not proto.graph.input or not proto.graph.output:
        raise InputError(f"{name} has no {'outputs' if proto.graph.input else 'inputs'}. Export the model again.")
    if proto.ir_version > onnx.IR_VERSION:
        raise InputError(
            f"{name} has IR version {proto.ir_version}, and the package onnx here reads up to {onnx.IR_VERSION}: "
            "pip install --upgrade onnx, or export the model with an older IR version."
        )
    opset = next((o.version for o in proto.opset_import if o.domain in STANDARD), 0)
    newest = onnx.defs.onnx_opset_version()
    if opset > newest:
        raise InputError(
            f"{name} has opset {opset}, and the package onnx here knows up to {newest}: pip install --upgrade onnx, or "
            "export the model with an older opset."
        )
    _check_operators(onnx, proto, opset, name)
    try:
        onnx.checker.check_model(proto)
    except (ValueError, onnx.checker.ValidationError) as error:
        first = str(error).strip().splitlines()[0].rstrip(" :.")
        raise InputError(f"{name} is no valid ONNX model: {first}. Export the model again.") from error
    return opset


def _check_operators(onnx: Any, proto: Any, opset: int, name: str) -> None:
    functions = {(f.domain, f.name) for f in proto.functions}
    bodies = [n for f in proto.functions for n in f.node]
    foreign: dict[str, None] = {}
    for node in [*all_nodes(proto.graph), *bodies]:
        known = node.domain == CONTRIBUTED or (node.domain, node.op_type) in functions
        if not known and not (node.domain in STANDARD and onnx.defs.has(node.op_type, max(opset, 1), "")):
            foreign[f"{node.domain or 'ai.onnx'}::{node.op_type}"] = None
    if foreign:
        operators, it = ("operators", "them") if len(foreign) > 1 else ("operator", "it")
        raise InputError(
            f"{name} uses the {operators} {', '.join(foreign)}, which neither ONNX (opset {opset}) nor ONNX Runtime "
            f"has: the file runs nowhere without the library that defines {it}. Export the PyTorch model with pliant, "
            "or with standard operators."
        )


def parsed(model: bytes) -> ir.Model:
    """A model to work on: functions written out, constants computed, weights that are no inputs.

    Models of an opset before 11, whose Resize and Slice are others, are moved to a later one. Raises InputError where
    that is not possible.
    """
    proto = import_module("onnx").ModelProto.FromString(model)
    opset = next((o.version for o in proto.opset_import if o.domain in STANDARD), 0)
    if opset < OLDEST:
        try:
            proto = converted(proto, MOVED)
        except RuntimeError as error:
            raise InputError(f"Opset {opset} cannot be moved to {MOVED}: {error}. Export the model again.") from error
    made = ir.from_proto(proto)
    graph = made.graph
    stored = {v.name for v in graph.initializers.values()}
    graph.inputs[:] = [v for v in graph.inputs if v.name not in stored]
    if made.functions:
        write_out(made, lambda domain, name: False)
    fold(made)
    return made
