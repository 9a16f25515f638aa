"""Reading the graph of an ONNX file without the package `onnx`.

Weights are skipped; only constants of up to `SMALL` numbers are decoded. Source of the field numbers:
onnx.proto3, the message that each function names.
"""

from __future__ import annotations

import struct
from collections import defaultdict
from math import prod

from pliant.errors import InputError
from pliant.graph import Body, Graph, Node, Tensor, Value
from pliant.protobuf import BYTES, VARINT, Field, fields, varints

SMALL = 16

# TensorProto.DataType -> NumPy's name, and the format character of `struct` if there is one
_TYPES = {
    1: ("float32", "f"),
    2: ("uint8", "B"),
    3: ("int8", "b"),
    4: ("uint16", "H"),
    5: ("int16", "h"),
    6: ("int32", "i"),
    7: ("int64", "q"),
    8: ("str", ""),
    9: ("bool", "?"),
    10: ("float16", "e"),
    11: ("float64", "d"),
    12: ("uint32", "I"),
    13: ("uint64", "Q"),
    16: ("bfloat16", ""),
}
# TensorProto field -> format character of its elements; "" are varints
_STORED = {4: "f", 5: "", 7: "", 10: "d", 11: ""}
_Parts = dict[int, list[Field]]


def read(data: bytes, name: str = "the model") -> Graph:
    """The graph in a serialised ONNX model.

    Raises InputError if `data` is not a serialised ONNX model.
    """
    try:
        model = _parts(data)  # ModelProto
        return Graph(
            body=_body(model[7][0]),
            functions=dict(_function(part) for part in model[25]),
            opsets=dict(_opset(part) for part in model[8]),
            ir_version=_integer(model, 1),
            producer=f"{_text(model, 2)} {_text(model, 3)}".strip(),
        )
    except (ValueError, IndexError, struct.error) as error:
        raise InputError(f"{name} is not an ONNX model, or it is damaged ({len(data):,} bytes).") from error


def _parts(data: bytes | memoryview) -> _Parts:
    found: _Parts = defaultdict(list)
    for part in fields(data):
        found[part.number].append(part)
    return found


def _text(parts: _Parts, number: int) -> str:
    return parts[number][-1].text if parts[number] else ""


def _integer(parts: _Parts, number: int) -> int:
    return parts[number][-1].integer if parts[number] else 0


def _dtype(kind: int) -> str:
    return _TYPES[kind][0] if kind in _TYPES else f"type {kind}"


def _opset(message: Field) -> tuple[str, int]:
    parts = _parts(message.payload)  # OperatorSetIdProto
    return _domain(parts, 1), _integer(parts, 2)


def _domain(parts: _Parts, number: int) -> str:
    domain = _text(parts, number)
    return "" if domain == "ai.onnx" else domain


def _body(message: Field) -> Body:
    parts = _parts(message.payload)  # GraphProto
    constants = tuple(_tensor(part) for part in parts[5])
    names = {tensor.name for tensor in constants}
    inputs = (_value(part) for part in parts[11])
    return Body(
        nodes=tuple(_node(part) for part in parts[1]),
        # files of IR version 3 list their weights among the inputs
        inputs=tuple(value for value in inputs if value.name not in names),
        outputs=tuple(_value(part) for part in parts[12]),
        constants=constants,
    )


def _function(message: Field) -> tuple[tuple[str, str], Body]:
    parts = _parts(message.payload)  # FunctionProto
    body = Body(
        nodes=tuple(_node(part) for part in parts[7]),
        inputs=tuple(Value(part.text) for part in parts[4]),
        outputs=tuple(Value(part.text) for part in parts[5]),
    )
    return (_domain(parts, 10), _text(parts, 1)), body


def _node(message: Field) -> Node:
    parts = _parts(message.payload)  # NodeProto
    attributes = [_parts(part.payload) for part in parts[5]]  # AttributeProto
    outputs = tuple(part.text for part in parts[2])
    return Node(
        op=_text(parts, 4),
        domain=_domain(parts, 7),
        name=_text(parts, 3),
        inputs=tuple(part.text for part in parts[1]),
        outputs=outputs,
        attributes={_text(a, 1): bytes(a[4][0].payload).decode(errors="replace") for a in attributes if a[4]},
        tensor=_content(attributes[0], outputs[0]) if _text(parts, 4) == "Constant" and attributes else None,
        bodies=tuple(_body(part) for a in attributes for part in (*a[6], *a[11])),
    )


def _content(attribute: _Parts, name: str) -> Tensor | None:
    """What a Constant node makes, from its one attribute."""
    if attribute[5]:
        tensor = _tensor(attribute[5][0])
        return Tensor(name, tensor.dtype, tensor.dims, tensor.values)
    for dtype, single, several, letter in (("float32", 2, 7, "f"), ("int64", 3, 8, "")):
        if attribute[single] or attribute[several]:
            values = _numbers(attribute[single] + attribute[several], letter)
            return Tensor(name, dtype, () if attribute[single] else (len(values),), values)
    return None


def _tensor(message: Field) -> Tensor:
    parts = _parts(message.payload)  # TensorProto
    dims = tuple(int(length) for length in _numbers(parts[1], ""))
    kind = _integer(parts, 2)
    values = _elements(parts, kind) if prod(dims) <= SMALL else None
    return Tensor(_text(parts, 8), _dtype(kind), dims, values)


def _elements(parts: _Parts, kind: int) -> tuple[float, ...] | None:
    letter = _TYPES.get(kind, ("", ""))[1]
    if not letter or (kind == 10 and not parts[9]) or parts[13]:
        return None  # text, bfloat16, float16 stored as bit patterns, and what lies in another file
    if parts[9]:
        return _unpack(parts[9][-1].payload, letter)
    return next((_numbers(parts[number], stored) for number, stored in _STORED.items() if parts[number]), ())


def _numbers(parts: list[Field], letter: str) -> tuple[float, ...]:
    """A repeated number, packed into one field or one field for each."""
    found: list[float] = []
    for part in parts:
        if letter:
            found += _unpack(part.payload, letter)
        else:
            found += varints(part.payload) if part.wire in (BYTES, VARINT) else ()
    return tuple(found)


def _unpack(payload: memoryview, letter: str) -> tuple[float, ...]:
    count = len(payload) // struct.calcsize(f"<{letter}")
    return struct.unpack(f"<{count}{letter}", payload)


def _value(message: Field) -> Value:
    parts = _parts(message.payload)  # ValueInfoProto
    kind = _parts(parts[2][0].payload) if parts[2] else defaultdict[int, list[Field]](list)  # TypeProto
    if not kind[1]:
        return Value(_text(parts, 1))
    tensor = _parts(kind[1][0].payload)  # TypeProto.Tensor
    dims = tuple(_dim(part) for part in fields(tensor[2][0].payload)) if tensor[2] else None
    return Value(_text(parts, 1), _dtype(_integer(tensor, 1)), dims)


def _dim(message: Field) -> int | str:
    parts = _parts(message.payload)  # TensorShapeProto.Dimension
    return _integer(parts, 1) if parts[1] else _text(parts, 2)
