"""How far a value that is computed beforehand can be from what it is at the ends of the ranges of sizes and values.

An engine that plans for ranges is told the smallest and the largest of each size. Most sizes grow with those of the
picture; what is rounded up to a multiple does not, and says itself how much it can vary.
"""

from __future__ import annotations

from dataclasses import dataclass

import onnx_ir as ir

_KEY = "pliant.varies"


@dataclass(frozen=True)
class Margin:
    """Elements are at least `least`, and at most `margin` away from what they are at any other size and value near."""

    least: int
    margin: int


def vary(value: ir.Value, least: int, margin: int) -> ir.Value:
    """`value`, an int64 tensor, marked with its margin."""
    value.metadata_props[_KEY] = f"{least} {margin}"
    return value


def margin_of(value: ir.Value) -> Margin | None:
    """The margin that `value` was marked with."""
    found = value.metadata_props.get(_KEY)
    return Margin(*map(int, found.split())) if found else None
