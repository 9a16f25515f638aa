"""Where every live value and axis of an export goes, as data and as a drawing. Made by pliant.exporter.explain."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

WIDEST = 64  # characters of a source line that are drawn
MOST_STEPS = 12  # lines drawn for one value; `as_dict` has all


@dataclass(frozen=True)
class Landing:
    """An operation on picture data that takes a live number.

    `what` says it in words, "resize bicubic, by scale". `nodes` are the names of the ONNX nodes that it became, and
    `operators` their operators, each once, in order.
    """

    what: str
    nodes: tuple[str, ...]
    operators: tuple[str, ...]


@dataclass(frozen=True)
class Station:
    """A line of the model's source that a live value passes: "file", number and text.

    `formulas` are the numbers made there, in the words of the contract; `landings` are where it meets picture data.
    """

    file: str
    line: int
    source: str
    formulas: tuple[str, ...]
    landings: tuple[Landing, ...]


@dataclass(frozen=True)
class Course:
    """The way of one live value or axis.

    `argument` says what it is for the caller, `graph_input` where it enters the file. `outputs` are the output axes
    whose length depends on it, "output axis 2 = floor(factor*h)".
    """

    name: str
    argument: str
    graph_input: str
    stations: tuple[Station, ...]
    outputs: tuple[str, ...]


@dataclass(frozen=True)
class Explanation:
    """The ways of all live values, then of all live axes. `str()` draws them."""

    courses: tuple[Course, ...]

    def as_dict(self) -> dict[str, Any]:
        """The content as JSON has it."""
        return asdict(self)

    def __str__(self) -> str:
        return "\n\n".join("\n".join(_drawn(course)) for course in self.courses)


def _drawn(course: Course) -> Iterator[str]:
    yield f"{course.name}: {course.argument}"
    shown = course.stations[:MOST_STEPS]
    width = max((len(_text(s)) for s in shown), default=0)
    place_width = max((len(_place(s)) for s in shown), default=0)
    yield f"├─ graph input {course.graph_input}"
    for station in shown:
        formulas = ", ".join(station.formulas)
        yield f"├─ {_place(station):<{place_width}}  {_text(station):<{width}}  {formulas}".rstrip()
        for k, landing in enumerate(station.landings):
            yield f"│  {'└' if k + 1 == len(station.landings) else '├'}▶ {_landing(landing)}"
    if len(course.stations) > len(shown):
        yield f"├─ … {len(course.stations) - len(shown)} more lines"
    if not course.stations:
        yield "├─ no line of the model asks for it: it follows the picture through the layers"
    yield f"└▶ {', '.join(course.outputs) or 'the numbers in the result, not its size'}"


def _landing(landing: Landing) -> str:
    first, last = landing.nodes[0], landing.nodes[-1]
    count = len(landing.nodes)
    return f"{landing.what}: {first if count == 1 else f'{count} nodes, {first} to {last}'}"


def _place(station: Station) -> str:
    try:
        relative = os.path.relpath(station.file)
    except ValueError:  # on another drive
        relative = station.file
    return f"{station.file if relative.startswith('..') else relative}:{station.line}"


def _text(station: Station) -> str:
    return station.source if len(station.source) <= WIDEST else station.source[: WIDEST - 1] + "…"
