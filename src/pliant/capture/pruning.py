"""Steps of a trace that nothing needs any more.

An attempt to trace a loop that finds out something new is thrown away, and its steps stay in the trace. Those that
change a tensor in place look as if they mattered. They do not if all that shares the memory of that tensor is of the
attempt too. Neither does a tensor that is copied onto itself, as Python does for `x[0] += 1` after the sum.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from torch.fx import GraphModule, Node
from torch.utils import _pytree as pytree

CHECKS = (torch.ops.aten._assert_tensor_metadata.default, torch.ops.aten._assert_scalar.default)
COPY = torch.ops.aten.copy_.default


def prune(module: GraphModule) -> None:
    """Take out of the graph of `module` what no output and no tensor from outside depends on."""
    graph = module.graph
    for node in list(graph.nodes):
        if node.target is COPY and _onto_itself(node):
            node.replace_all_uses_with(node.args[0])
            graph.erase_node(node)
    needed = _Needed(list(graph.nodes)).found
    for node in reversed(list(graph.nodes)):
        if node not in needed and not node.users:
            graph.erase_node(node)
    module.recompile()


class _Needed:
    """`found`: the nodes that an output needs, that change memory which such nodes see, or that check such nodes."""

    def __init__(self, nodes: list[Node]) -> None:
        self.found: set[Node] = set()
        self.seen: set[int] = set()
        self.changes: dict[int, list[Node]] = defaultdict(list)
        roots: list[Node] = []
        for node in nodes:
            written = [memory for argument in _written(node) for memory in _memory(argument)]
            for memory in written:
                self.changes[memory].append(node)
            if node.op in ("placeholder", "output") or (node.is_impure() and not written and node.target not in CHECKS):
                roots.append(node)
        self.add(roots)
        for node in nodes:
            if node.target in CHECKS and all(origin in self.found for origin in _origins(node)):
                self.add([node])

    def add(self, nodes: list[Node]) -> None:
        """Take in nodes with all that they depend on."""
        waiting = list(nodes)
        while waiting:
            node = waiting.pop()
            if node in self.found:
                continue
            self.found.add(node)
            waiting += node.all_input_nodes
            for memory in _memory(node):
                if memory not in self.seen:
                    self.seen.add(memory)
                    waiting += self.changes[memory]


def _memory(node: Node) -> list[int]:
    """The memory that the tensors of a node lie in."""
    tensors = [leaf for leaf in pytree.tree_leaves(node.meta.get("val")) if isinstance(leaf, Tensor)]
    return [t.untyped_storage()._cdata for t in tensors if t.layout is torch.strided]


def _written(node: Node) -> list[Node]:
    """The arguments that an operation changes in place."""
    if not isinstance(node.target, torch._ops.OpOverload) or not node.target._schema.is_mutable:
        return []
    found: list[Any] = []
    for place, argument in enumerate(node.target._schema.arguments):
        if argument.alias_info is not None and argument.alias_info.is_write:
            found.append(node.args[place] if place < len(node.args) else node.kwargs.get(argument.name))
    return [leaf for leaf in pytree.tree_leaves(found) if isinstance(leaf, Node)]


def _origins(node: Node) -> Iterator[Node]:
    """What a check is about, behind the arithmetic on numbers that only the check needs."""
    for source in node.all_input_nodes:
        if isinstance(source.target, torch._ops.OpOverload) or source.op != "call_function":
            yield source
        else:
            yield from _origins(source)


def _onto_itself(copy: Node) -> bool:
    """Whether a copy is of a tensor onto the same places of the same memory."""
    target, source = copy.args[:2]
    assert isinstance(target, Node)
    while isinstance(source, Node) and (written := _written(source)):
        source = written[0]  # which an operation in place returns
    return isinstance(source, Node) and _memory(target) == _memory(source) and _same(target, source)


def _same(one: Any, other: Any) -> bool:
    """Whether two arguments are the same, or the same view of the same tensor."""
    if not isinstance(one, Node) or not isinstance(other, Node):
        return type(one) is type(other) and bool(one == other)
    if one is other:
        return True
    view = isinstance(one.target, torch._ops.OpOverload) and one.target.is_view
    if not view or one.target is not other.target or one.kwargs or other.kwargs or len(one.args) != len(other.args):
        return False
    return all(_same(a, b) for a, b in zip(one.args, other.args, strict=True))
