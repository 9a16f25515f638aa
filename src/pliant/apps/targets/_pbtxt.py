"""Protobuf's text format, as far as configuration files need it.

Source: https://protobuf.dev/reference/protobuf/textformat-spec/.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

STEP = "  "


@dataclass(frozen=True)
class Word:
    """The name of a value of an enumeration, which stands without quotes."""

    name: str


@dataclass(frozen=True)
class Numbers:
    """The values of a repeated field of whole numbers."""

    values: tuple[int, ...]


@dataclass(frozen=True)
class Comment:
    """A line for people; in place of a field."""

    text: str


@dataclass(frozen=True)
class Message:
    """Fields by name, in order; one that is repeated stands there several times."""

    fields: Sequence[tuple[str, Value] | Comment] = ()


Value: TypeAlias = "str | int | Word | Numbers | Message"


def written(message: Message) -> str:
    """A message as the content of a file, one field a line."""
    return "".join(f"{line}\n" for line in _lines(message))


def _lines(message: Message) -> Iterator[str]:
    for field in message.fields:
        if isinstance(field, Comment):
            yield f"# {' '.join(field.text.split())}"
            continue
        name, value = field
        if isinstance(value, Message):
            yield f"{name} {{"
            yield from (STEP + line for line in _lines(value))
            yield "}"
        else:
            yield f"{name}: {_scalar(value)}"


def _scalar(value: str | int | Word | Numbers) -> str:
    if isinstance(value, Numbers):
        return f"[ {', '.join(map(str, value.values))} ]"
    if isinstance(value, Word):
        return value.name
    return _quoted(value) if isinstance(value, str) else str(value)


def _quoted(text: str) -> str:
    """What is not printable is written as its bytes in UTF-8, in octal."""
    parts = (f"\\{c}" if c in '"\\' else c if c.isprintable() else _octal(c) for c in text)
    return f'"{"".join(parts)}"'


def _octal(character: str) -> str:
    return "".join(f"\\{byte:03o}" for byte in character.encode())
