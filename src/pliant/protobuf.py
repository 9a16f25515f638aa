"""The protobuf wire format, as far as ONNX files need it.

Source: https://protobuf.dev/programming-guides/encoding/. Every function raises ValueError or IndexError on
bytes that are not a message.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5  # wire types


class Field(NamedTuple):
    """One field of a message.

    `payload` is the content without tag and length (a varint stays encoded); `whole` is the field as it stands
    in the message. Both are views: nothing is copied.
    """

    number: int
    wire: int
    payload: memoryview
    whole: memoryview

    @property
    def text(self) -> str:
        """The payload as UTF-8 text."""
        return bytes(self.payload).decode()

    @property
    def integer(self) -> int:
        """A varint as a signed 64-bit number."""
        if self.wire != VARINT:
            raise ValueError(f"field {self.number} is no integer")
        return signed(varint(self.payload, 0)[0])


def fields(data: bytes | memoryview) -> Iterator[Field]:
    """Top-level fields of a message, in order."""
    view = memoryview(data)
    at = 0
    while at < len(view):
        start = at
        tag, at = varint(view, at)
        number, wire = tag >> 3, tag & 7
        if wire == BYTES:
            length, at = varint(view, at)
        elif wire == VARINT:
            length = varint(view, at)[1] - at
        elif wire in (FIXED64, FIXED32):
            length = 8 if wire == FIXED64 else 4
        else:
            raise ValueError(f"wire type {wire}")
        if number == 0 or at + length > len(view):
            raise ValueError("truncated")
        yield Field(number, wire, view[at : at + length], view[start : at + length])
        at += length


def varint(data: bytes | memoryview, at: int) -> tuple[int, int]:
    """The unsigned varint at `at`, and the position after it."""
    value = 0
    for shift in range(0, 70, 7):
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise ValueError("varint too long")


def varints(data: bytes | memoryview) -> Iterator[int]:
    """Packed varints as signed 64-bit numbers."""
    at = 0
    while at < len(data):
        value, at = varint(data, at)
        yield signed(value)


def signed(value: int) -> int:
    """An unsigned 64-bit number read as two's complement."""
    return value - (1 << 64) if value >= 1 << 63 else value


def delimited(number: int, payload: bytes) -> bytes:
    """A field that holds `payload` with its length before it."""
    return encode(number << 3 | BYTES) + encode(len(payload)) + payload


def encode(value: int) -> bytes:
    """`value`, which is not negative, as a varint."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])
