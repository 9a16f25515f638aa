"""CastLike as Cast, where the type to cast to is known: only the type of the second operand counts, not its content."""

from __future__ import annotations

from collections.abc import Sequence

import onnx_ir as ir

from pliant.lowering.base import Rule
from pliant.lowering.builder import Builder
from pliant.lowering.dialect import Dialect


def check(node: ir.Node, dialect: Dialect) -> str | None:
    """The type is known."""
    del dialect
    like = node.inputs[1]
    return None if like is not None and like.dtype is not None else "casts to a type that is not known"


def rewrite(node: ir.Node, build: Builder) -> Sequence[ir.Value]:
    """The type as an attribute; without the picture, a cast of a number can be computed beforehand."""
    like = node.inputs[1]
    assert like is not None
    assert like.dtype is not None
    return [build("Cast", node.inputs[0], to=int(like.dtype))]


RULE = Rule(("CastLike",), "Some engines cast to types that are named only.", rewrite, check)
