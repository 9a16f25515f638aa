from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pliant.protobuf import delimited, encode, fields, signed, varint, varints


@given(st.integers(0, 2**64 - 1))
def test_a_varint_comes_back(value: int) -> None:
    assert varint(encode(value), 0) == (value, len(encode(value)))


@given(st.lists(st.tuples(st.integers(1, 2**20), st.binary(max_size=300))))
def test_fields_come_back_and_cover_the_message(content: list[tuple[int, bytes]]) -> None:
    message = b"".join(delimited(number, payload) for number, payload in content)
    found = list(fields(message))
    assert [(field.number, bytes(field.payload)) for field in found] == content
    assert b"".join(field.whole for field in found) == message


@given(st.integers(-(2**63), 2**63 - 1))
def test_negative_numbers_are_read_as_twos_complement(value: int) -> None:
    assert signed(value % 2**64) == value
    assert list(varints(encode(value % 2**64))) == [value]


@pytest.mark.parametrize(
    "message", [b"\x0a\x05abc", b"\x0b", b"\x02\x01a", b"\xff" * 11], ids=["short", "group", "number 0", "endless"]
)
def test_damage_raises(message: bytes) -> None:
    with pytest.raises((ValueError, IndexError)):
        list(fields(message))
