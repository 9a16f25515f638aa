"""The networks that take the place of one for a whole factor: its interior in blocks, and strips along the borders."""

from __future__ import annotations

from dataclasses import dataclass

import onnx_ir as ir

from pliant.contract import Contract
from pliant.lowering.builder import Builder, store
from pliant.lowering.dialect import Dialect, key_of
from pliant.lowering.lower import infer, read
from pliant.lowering.specialise import write_out_decided
from pliant.lowering.whole.blocks import PICTURE, RESULT, SIDES
from pliant.lowering.whole.field import Field, UnsuitedError
from pliant.lowering.whole.layers import LAYERS, constant_of, enlarge
from pliant.lowering.whole.region import INSIDE, Real, Region
from pliant.lowering.whole.taps import upsampling

SOURCE = Dialect("whole factors", anything=True, claims=frozenset({"pliant::resize_*"}))
OPSET, IR_VERSION = 18, 10


@dataclass(frozen=True)
class Made:
    """A network for a part, with what is known of its result: see `Field` and `Region`."""

    model: ir.Model
    result: Field
    work: float
    usual: float
    widest: int


def fixed(model: bytes, contract: Contract, factor: int) -> ir.Model:
    """The model with its factor, if that is live, fixed, and what follows from it computed.

    Raises UnsuitedError if it takes other values than a picture and a factor.
    """
    loaded = read(model, SOURCE)
    for value in [v for v in loaded.graph.inputs if v.name != picture_of(contract)]:
        if value.name != contract.factor or value.shape is None or value.dtype is None or len(value.shape):
            raise UnsuitedError(f"it takes {value.name!r} besides the picture")
        number = store(loaded.graph, value.dtype.numpy().type(factor), f"{value.name}/fixed")  # type: ignore[arg-type]
        value.replace_all_uses_with(number)
        loaded.graph.inputs.remove(value)
    infer(loaded)
    write_out_decided(loaded)
    return loaded


def picture_of(contract: Contract) -> str:
    """The name of the picture. Raises UnsuitedError if the model is not from one float32 picture to one."""
    pictures = [i for i in contract.inputs if i.role == "image"]
    if len(pictures) != 1 or len(contract.outputs) != 1 or pictures[0].dtype != "float32":
        raise UnsuitedError("it is not from one float32 picture to one")
    return pictures[0].name


def interior(source: ir.Model, contract: Contract, factor: int) -> Made:
    """The network without what it does at the borders of the picture; see `Region`."""
    return _written(source, contract, factor, INSIDE, PICTURE)


def strips(source: ir.Model, contract: Contract, factor: int) -> list[Made]:
    """The network for a strip along each side of the picture: its other long side lies inside."""
    sides: list[Real] = [
        (True, True, False, True),
        (True, True, True, False),
        (False, True, True, True),
        (True, False, True, True),
    ]
    return [_written(source, contract, factor, real, name) for real, name in zip(sides, SIDES, strict=True)]


def _written(source: ir.Model, contract: Contract, factor: int, real: Real, name: str) -> Made:
    """`source` for a part, from an input called `name` to an output called `name`/result."""
    graph = ir.Graph([], [], nodes=[], opset_imports={"": OPSET}, name=name)
    region = Region(Builder(graph, None, name), real, factor if real == INSIDE else 0)
    entry = contract.input(picture_of(contract))
    channels = entry.dims[1].size if len(entry.dims) == 4 else None
    if channels is None:
        raise UnsuitedError("its pictures have no fixed number of channels")
    shape = ir.Shape([None, channels, None, None])
    picture = ir.Value(name=name, type=ir.TensorType(ir.DataType.FLOAT), shape=shape)
    graph.inputs.append(picture)
    result = region.plain(_walked(source, region, entry.name, Field((picture,), channels, clamped=True)))
    if result.scale != factor:
        raise UnsuitedError("its result is not so many times as large")
    value = region.build("Identity", result.value)
    value.name, value.type, value.shape = name + RESULT, ir.TensorType(ir.DataType.FLOAT), None
    graph.outputs.append(value)
    return Made(ir.Model(graph, ir_version=IR_VERSION), result, region.work, region.usual, region.widest)


def _walked(source: ir.Model, region: Region, picture: str, start: Field) -> Field:
    graph = source.graph
    fields: dict[ir.Value, Field] = {v: start for v in graph.inputs if v.name == picture}
    for node in graph:
        if node.op_type in ("Shape", "Size") or not any(v in fields for v in node.inputs if v is not None):
            continue
        by = upsampling(node)
        if by is not None and node.inputs[0] in fields:
            fields[node.outputs[0]] = enlarge(by, fields[node.inputs[0]])
            continue
        layer = LAYERS.get(key_of(node))
        if layer is None or len(node.outputs) != 1:
            raise UnsuitedError(f"{key_of(node)} {node.name!r} may look anywhere in the picture")
        operands = [fields[v] if v in fields else constant_of(v) for v in node.inputs]
        fields[node.outputs[0]] = layer(region, node, operands)
    (output,) = graph.outputs
    if output not in fields:
        raise UnsuitedError("its result does not follow from the picture")
    return fields[output]
