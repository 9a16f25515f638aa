"""The shape that an Expand spreads a value to."""

from __future__ import annotations

from itertools import product

import onnx_ir as ir

from pliant.importing.arithmetic import Arithmetic
from pliant.importing.base import Alternative, Reading, Rule, constant, live
from pliant.importing.symbols import Inconsistent, Length, Shape, symbol

MOST = 32


def alternatives(node: ir.Node, reading: Reading, arithmetic: Arithmetic) -> list[Alternative] | None:
    """Axes that are live already stay; one of length 1 becomes the number in the file, or a length that is it there."""
    target, data = constant(node, 1), reading.shape(node.inputs[0])
    if target is None:
        return None
    rank = max(len(target), len(data))
    wanted = [1] * (rank - len(target)) + target
    padded: Shape = [*([1] * (rank - len(data))), *data]
    choices = [_choices(n, length, reading) for n, length in zip(wanted, padded, strict=True)]
    if reading.literal and not reading.axes.declared and any(len(choice) > 1 for choice in choices):
        raise Inconsistent(f"its shape {target} may hold lengths of the picture")
    found: list[Alternative] = []
    for chosen in list(product(*choices))[:MOST]:
        shape = [arithmetic.broadcast(n, c) for n, c in zip(padded, chosen, strict=True)]
        changed = list(chosen) != list(wanted)
        found.append(Alternative([shape], {1: list(chosen)} if changed else {}))
    return found[:1] if reading.literal else found


def _choices(wanted: int, length: Length, reading: Reading) -> list[Length]:
    if live(length):
        return [1] if wanted in (1, reading.value(length)) else [wanted]
    if wanted == 1 or length != 1:
        return [wanted]
    axes: list[Length] = [symbol(n) for n, size in reading.axes.sizes.items() if size == wanted]
    seen = {n for s in reading.shapes.values() for n in s if live(n) and reading.value(n) == wanted}
    return list(dict.fromkeys([wanted, *axes, *sorted(seen, key=str)]))


RULE = Rule(("Expand",), alternatives)
