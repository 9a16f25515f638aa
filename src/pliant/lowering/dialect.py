"""What an engine accepts, and the check that a graph keeps to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from onnx_ir import Graph, Node
from onnx_ir.traversal import RecursiveGraphIterator

from pliant.errors import LoweringError

Check = Callable[[Node], str | None]
"""Takes a node of the operator; gives None if the engine runs it, else a phrase that says what it cannot do."""


@dataclass(frozen=True)
class Dialect:
    """What one engine accepts.

    `operators` maps each ONNX operator (or "domain::name") to a check of its attributes and types; `anything` accepts
    every operator of ONNX, with the checks of those that are listed. `dtypes` are NumPy's names of the element types
    that a network may hold. `constants` maps an operator to the positions of the operands that must be known when the
    network is built: a session makes one network for each value of theirs. `claims` are the functions of a model
    ("domain::name", with "*" at the end for any rest) that the engine, or a rule for it, takes whole; all others are
    written out. `flow` are the control-flow operators that may stay in a network, `opset` is the version it reads.
    """

    name: str
    operators: Mapping[str, Check] = field(default_factory=dict[str, Check])
    anything: bool = False
    dtypes: frozenset[str] = frozenset({"float32", "int64", "int32", "bool"})
    constants: Mapping[str, tuple[int, ...]] = field(default_factory=dict[str, tuple[int, ...]])
    claims: frozenset[str] = frozenset()
    flow: frozenset[str] = frozenset()
    opset: int = 18

    def claimed(self, domain: str, name: str) -> bool:
        """Whether a function stays one node."""
        return any(
            full == claim or (claim.endswith("*") and full.startswith(claim[:-1]))
            for full in [f"{domain}::{name}"]
            for claim in self.claims
        )

    def objection(self, node: Node) -> str | None:
        """Why the engine does not accept `node`, as a phrase; None if it does."""
        key = key_of(node)
        if key in ("If", "Loop", "Scan"):
            if key not in self.flow:
                return "decides or repeats on data of the picture, which this engine cannot"
            check = self.operators.get(key)
            return check(node) if check else None
        if check := self.operators.get(key):
            return check(node) or self._types(node)
        if not self.anything or node.domain not in ("", "ai.onnx"):
            return "is an operator that this engine does not have"
        return self._types(node)

    def _types(self, node: Node) -> str | None:
        for value in node.outputs:
            if value.dtype is not None and value.dtype.numpy().name not in self.dtypes:
                return f"gives {value.dtype.numpy().name}, and the engine computes in {', '.join(sorted(self.dtypes))}"
        return None


def accept(node: Node) -> str | None:
    """The check of an operator that an engine runs with all its attributes."""
    del node
    return None


def key_of(node: Node) -> str:
    """The name under which dialects and rules know the operator of `node`."""
    return node.op_type if node.domain in ("", "ai.onnx") else f"{node.domain}::{node.op_type}"


def check_legal(graph: Graph, dialect: Dialect) -> None:
    """Raise LoweringError if `dialect` does not accept a node of `graph`; the first ones are named with the reason."""
    found = [(node, reason) for node in RecursiveGraphIterator(graph) if (reason := dialect.objection(node))]
    if not found:
        return
    told = [f"{key_of(node)} {node.name or node.outputs[0].name!r} {reason}" for node, reason in found[:3]]
    more = f" ({len(found) - 3} more nodes)" if len(found) > 3 else ""
    raise LoweringError(
        f"Engine {dialect.name!r} cannot run this model: {'; '.join(told)}{more}. No rule in pliant.lowering.rules "
        f"turns {key_of(found[0][0])!r} into what the engine has: add one, or use the engine 'onnxruntime'."
    )
