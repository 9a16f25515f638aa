"""Steps of a trace that change a tensor in place, as steps that give a new one.

ONNX has no tensor that changes. `part = x[:, :4]; part.fill_(1)` becomes `x = slice_scatter(x, fill(part, 1), ...)`;
whatever shows the memory of `x` is taken from the new one afterwards. PyTorch does the same by running the whole trace
twice with symbolic shapes; here the steps are rewritten as they stand, which takes no time and proves nothing anew.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import torch
from torch._ops import OpOverload
from torch.fx import Graph, Node
from torch.fx.node import map_arg

aten = torch.ops.aten


class Unsupported(Exception):  # noqa: N818 - never leaves the exporter
    """A step that is left to PyTorch's own pass."""


def _scattered(target: Any) -> Callable[[Graph, Node, Node, Node], Node]:
    def put(graph: Graph, whole: Node, part: Node, step: Node) -> Node:
        return graph.call_function(target, (whole, part, *step.args[1:]), dict(step.kwargs))

    return put


def _inverse(target: Any, arguments: Callable[[Node], tuple[Any, ...]]) -> Callable[[Graph, Node, Node, Node], Node]:
    def put(graph: Graph, whole: Node, part: Node, step: Node) -> Node:
        del whole
        return graph.call_function(target, (part, *arguments(step)))

    return put


def _undone(step: Node) -> tuple[Any, ...]:
    order: Any = step.args[1]
    rank = len(order)
    return ([[d % rank for d in order].index(k) for k in range(rank)],)


# A view, and how the tensor that it shows a part of looks once the part is another: (whole, part, step) -> new whole.
VIEWS: dict[Any, Callable[[Graph, Node, Node, Node], Node]] = {
    aten.slice.Tensor: _scattered(aten.slice_scatter.default),
    aten.select.int: _scattered(aten.select_scatter.default),
    aten.unsqueeze.default: _inverse(aten.squeeze.dim, lambda step: (step.args[1],)),
    aten.transpose.int: _inverse(aten.transpose.int, lambda step: (step.args[1], step.args[2])),
    aten.permute.default: _inverse(aten.permute.default, _undone),
    aten.alias.default: _inverse(aten.alias.default, lambda step: ()),
    aten.detach.default: _inverse(aten.alias.default, lambda step: ()),
}
# They give back their argument if it has the type already.
CONVERSIONS = {aten.type_as.default, aten.to.dtype, aten.to.other, aten.to.device, aten.to.dtype_layout}
# Composite operators that never give back their argument, although nothing in their declaration says so.
FRESH = {
    aten.conv1d.default,
    aten.conv2d.default,
    aten.conv3d.default,
    aten.conv1d.padding,
    aten.conv2d.padding,
    aten.conv3d.padding,
    aten.conv_transpose1d.default,
    aten.conv_transpose2d.input,
    aten.conv_transpose3d.input,
    aten.linear.default,
    aten.matmul.default,
    aten.layer_norm.default,
    aten.group_norm.default,
    aten.instance_norm.default,
    aten.batch_norm.default,
    aten.softmax.int,
}
# In-place operators whose result has the type of what they change, whatever the type of the rest.
KEEPING = {
    aten.fill_.Scalar,
    aten.fill_.Tensor,
    aten.copy_.default,
    aten.zero_.default,
    aten.masked_fill_.Scalar,
    aten.masked_fill_.Tensor,
    aten.index_put_.default,
    aten.scatter_.value,
    aten.scatter_.src,
    aten.scatter_add_.default,
    aten.index_add_.default,
    aten.index_copy_.default,
    aten.index_fill_.int_Scalar,
    aten.masked_scatter_.default,
}


def changes(node: Node) -> bool:
    """Whether a step changes a tensor in place."""
    return isinstance(node.target, OpOverload) and node.target._schema.is_mutable


def _shows(node: Node) -> list[Node]:
    """The arguments whose memory the result of a step may be."""
    if not isinstance(node.target, OpOverload):
        is_part = node.op == "call_function" and getattr(node.target, "__name__", "") == "getitem"
        return list(node.all_input_nodes) if is_part else []
    if node.target in FRESH or (node.target in CONVERSIONS and not _is_view(node)):
        return []
    if _is_view(node):
        return node.all_input_nodes[:1]
    schema = node.target._schema
    named = {argument.name for argument in schema.arguments if argument.alias_info is not None}
    if named:
        declared: list[Node] = []
        map_arg([value for name, value in _given(node).items() if name in named], declared.append)
        return declared
    composite = torch._C._dispatch_has_kernel_for_dispatch_key(node.target.name(), "CompositeImplicitAutograd")
    return [n for n in node.all_input_nodes if _is_tensor(n)] if composite else []


def _given(node: Node) -> dict[str, Any]:
    """The arguments of a step by their names."""
    target: Any = node.target
    return {a.name: value for a, value in zip(target._schema.arguments, node.args, strict=False)} | node.kwargs


def _is_view(node: Node) -> bool:
    """Whether a step gives a known view of its first argument."""
    if node.target not in CONVERSIONS:
        return node.op == "call_function" and node.target in VIEWS
    before, after = node.all_input_nodes[0].meta["val"], node.meta["val"]
    return not _given(node).get("copy") and (before.dtype, before.device) == (after.dtype, after.device)


def _is_tensor(node: Node) -> bool:
    value = node.meta.get("val")
    return isinstance(value, (torch.Tensor, list, tuple))


@dataclass
class _Memory:
    """Nodes that may share memory: `members` with their place in the trace."""

    members: list[Node] = field(default_factory=list)


def functional(graph: Graph) -> None:
    """Rewrite every step that changes a tensor in place.

    Raises Unsupported, with the graph unchanged, if one of them cannot be.
    """
    if not any(changes(node) for node in graph.nodes):
        return
    _check(graph)
    _Rewriting(graph).run()


def _groups(graph: Graph) -> dict[Node, _Memory]:
    """The memory of every node that shares one with another."""
    found: dict[Node, _Memory] = {}
    for node in graph.nodes:
        for shown in _shows(node) if node.op == "call_function" else ():
            first = found.setdefault(shown, _Memory([shown]))
            second = found.setdefault(node, _Memory([node]))
            if first is not second:
                first.members += second.members
                found.update(dict.fromkeys(second.members, first))
    return found


def _chain(node: Node) -> Iterator[Node]:
    """A node, what it is a view of, and so on as far as the views are known ones."""
    yield node
    while node.op == "call_function" and (_is_view(node) or changes(node)):
        node = _first(node)
        yield node


def _first(node: Node) -> Node:
    argument = node.args[0]
    if not isinstance(argument, Node):
        raise Unsupported(f"{node.target} changes more than one tensor")
    return argument


def _root(node: Node) -> Node:
    return list(_chain(node))[-1]


def _check(graph: Graph) -> None:
    """Raise Unsupported for a change that might show where it is not seen."""
    places = {node: k for k, node in enumerate(graph.nodes)}
    groups = _groups(graph)
    for node in graph.nodes:
        if not changes(node):
            continue
        _functional_form(node)
        changed, now = _first(node), places[node]
        root = _root(changed)
        if root.op != "call_function" or _shows(root):
            raise Unsupported(f"{node.target} changes an input, a weight or memory of unknown owner")
        members = groups[changed].members if changed in groups else [changed]
        for other in members:
            used_later = any(places[user] > now for user in other.users)
            if places[other] < now and used_later and _root(other) is not root:
                raise Unsupported(f"{other} may show what {node.target} changes")


def _functional_form(node: Node) -> Any:
    """The operator that gives what an in-place one leaves behind."""
    target: Any = node.target
    schema = target._schema
    written = [a.name for a in schema.arguments if a.alias_info is not None and a.alias_info.is_write]
    packet = getattr(aten, target._opname.removesuffix("_"), None) if target.namespace == "aten" else None
    if written != ["self"] or packet is None or target._overloadname not in packet.overloads():
        raise Unsupported(f"{target} has no form that gives a new tensor")
    if target not in KEEPING:
        kinds = {n.meta["val"].dtype for n in node.all_input_nodes if isinstance(n.meta.get("val"), torch.Tensor)}
        if len(kinds) > 1:
            raise Unsupported(f"{target} mixes types")
    return getattr(packet, target._overloadname)


class _Rewriting:
    """The nodes that stand for others by now: `current` has them with the number of changes their memory has seen."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.seen: dict[Node, int] = {}  # changes of a memory, by its root
        self.current: dict[Node, tuple[int, Node]] = {}
        # as the trace has it; the arguments change on the way
        self.chains = {node: [step for step in _chain(node) if not changes(step)] for node in graph.nodes}

    def run(self) -> None:
        done: list[Node] = []
        for node in list(self.graph.nodes):
            with self.graph.inserting_before(node):
                if changes(node):
                    self.change(node)
                    done.append(node)
                else:
                    node.args = map_arg(node.args, self.now)
                    node.kwargs = map_arg(node.kwargs, self.now)
                    self.current[node] = (self.seen.get(self.chains[node][-1], 0), node)
        for node in reversed(done):
            self.graph.erase_node(node)

    def now(self, node: Node) -> Node:
        """The node that has what `node` shows at this place of the trace."""
        chain = self.chains[node]
        node, version = chain[0], self.seen.get(chain[-1], 0)
        known, standing = self.current[node]
        if known < version:
            arguments = (self.now(chain[1]), *node.args[1:])
            standing = self.graph.call_function(node.target, arguments, dict(node.kwargs))  # type: ignore[arg-type]
            standing.meta = dict(node.meta)
            self.current[node] = (version, standing)
        return standing

    def change(self, node: Node) -> None:
        """Put the step that gives the new tensor before `node`, and those that put it into what it is a part of."""
        chain = self.chains[node]
        arguments, keywords = map_arg(node.args, self.now), map_arg(node.kwargs, self.now)
        new = self.graph.call_function(_functional_form(node), arguments, keywords)
        new.meta = {**node.meta, "val": chain[0].meta["val"]}
        news = [new]
        for step, whole in itertools.pairwise(chain):
            new = VIEWS.get(step.target, VIEWS[aten.alias.default])(self.graph, self.now(whole), new, step)
            new.meta = {**node.meta, "val": whole.meta["val"]}
            news.append(new)
        version = self.seen[chain[-1]] = self.seen.get(chain[-1], 0) + 1
        self.current.update({step: (version, standing) for step, standing in zip(chain, news, strict=True)})
