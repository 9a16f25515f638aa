"""What a table is: how it is measured, and what is said about the figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Data = dict[str, Any]
Machine = Mapping[str, Any]


@dataclass(frozen=True)
class Options:
    """How to measure.

    `folder` is for files that can be made again. `quick` asks for the smallest run that goes through everything.
    `peers` is the Python of the environment that peers are in, this one if None; `reference` the folder of reference
    data, if there is one. `say` is called with what is going on.
    """

    folder: Path
    quick: bool
    peers: str | None
    reference: Path | None
    say: Callable[[str], None]


@dataclass(frozen=True)
class Claim:
    """What the project wants of a figure. `measured` is None if it could not be measured; `note` says more."""

    text: str
    wanted: float
    measured: float | None
    most: bool = False  # whether `wanted` is the most, not the least
    note: str = ""
    asked: bool = True  # whether it is wanted of this machine

    @property
    def verdict(self) -> str:
        """In words."""
        if self.measured is None:
            return "not measured"
        if not self.asked:
            return "not wanted here"
        return (
            "reached"
            if (self.measured <= self.wanted if self.most else self.measured >= self.wanted)
            else "falls short"
        )


@dataclass(frozen=True)
class Table:
    """A part of the page. `order` is its place there.

    `measure` gives figures as JSON can hold them; `text` is the Markdown made of them and of the machine, `claims` what
    is wanted of them, `plots` pictures as SVG by their names.
    """

    title: str
    order: int
    measure: Callable[[Options], Data]
    text: Callable[[Data, Machine], str]
    claims: Callable[[Data, Machine], list[Claim]]
    plots: Callable[[Data, Machine], dict[str, str]]


def no_plots(data: Data, machine: Machine) -> dict[str, str]:
    """Of a table that needs none."""
    del data, machine
    return {}


def no_claims(data: Data, machine: Machine) -> list[Claim]:
    """Of a table of which nothing is wanted."""
    del data, machine
    return []


def grid(head: list[str], rows: list[list[str]], left: int = 1) -> str:
    """A table in Markdown; the first `left` columns are words, the others figures."""
    rule = ["---" if k < left else "---:" for k in range(len(head))]
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, rule, *rows))


def seconds(value: float) -> str:
    """With three digits that count."""
    return f"{value * 1000:.3g} ms" if value < 0.1 else f"{value:.2f} s" if value < 9.995 else f"{value:.1f} s"
