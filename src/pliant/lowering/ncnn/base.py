"""What a file of the family declares: how ONNX operators become layers of ncnn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import onnx_ir as ir

from pliant.lowering.dialect import Check, accept
from pliant.lowering.ncnn._network import Network
from pliant.registry import load, names

FAMILY = "pliant.lowering.ncnn"

Emit = Callable[[ir.Node, Network], None]
"""Writes the layers of a node and tells the network which blobs hold its outputs. May raise Refused or Sizes."""


@dataclass(frozen=True)
class Layer:
    """How nodes of one operator are written.

    `check` gives None where ncnn computes exactly what ONNX does, else a phrase. `constants` are the positions of the
    operands whose content the layers depend on.
    """

    emit: Emit
    check: Check = accept
    constants: tuple[int, ...] = ()


def layers() -> dict[str, Layer]:
    """All operators that can be written, from all files of the family."""
    found: dict[str, Layer] = {}
    for name in names(FAMILY):
        found.update(load(FAMILY, name, "LAYERS", extra="ncnn"))
    return found
