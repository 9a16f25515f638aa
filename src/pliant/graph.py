"""What an ONNX file computes, as frozen data. `pliant.onnxfile` reads it from a file."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import chain
from math import prod


@dataclass(frozen=True)
class Tensor:
    """A constant. `values` is None unless it holds few numbers, which then are a factor, a size or axes."""

    name: str
    dtype: str
    dims: tuple[int, ...]
    values: tuple[float, ...] | None = None

    @property
    def size(self) -> int:
        """Number of elements."""
        return prod(self.dims)


@dataclass(frozen=True)
class Value:
    """An input or output of a graph: a dim is a number, a name, or "" if unknown.

    `dims` is None if the rank is unknown; `dtype` is NumPy's name, or "" for what is no tensor.
    """

    name: str
    dtype: str = ""
    dims: tuple[int | str, ...] | None = None


@dataclass(frozen=True)
class Node:
    """One operation. `attributes` holds those that are text; `tensor` is the content of a Constant.

    `bodies` are the graphs inside an If, a Loop or a Scan.
    """

    op: str
    domain: str
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: dict[str, str] = field(default_factory=dict)
    tensor: Tensor | None = None
    bodies: tuple[Body, ...] = ()

    @property
    def reads(self) -> tuple[str, ...]:
        """Names of all values the node depends on: its inputs, then what its bodies take from outside."""
        captured = chain.from_iterable(body.free for body in self.bodies)
        return tuple(name for name in dict.fromkeys((*self.inputs, *captured)) if name)


@dataclass(frozen=True)
class Body:
    """A graph: the main one, one inside a control-flow node, or that of a function (whose values have no type)."""

    nodes: tuple[Node, ...] = ()
    inputs: tuple[Value, ...] = ()
    outputs: tuple[Value, ...] = ()
    constants: tuple[Tensor, ...] = ()

    @property
    def free(self) -> tuple[str, ...]:
        """Names used but not defined here."""
        known = {value.name for value in self.inputs} | {tensor.name for tensor in self.constants}
        known.update(chain.from_iterable(node.outputs for node in self.nodes))
        used = chain(chain.from_iterable(node.reads for node in self.nodes), (value.name for value in self.outputs))
        return tuple(name for name in used if name not in known)

    def all_nodes(self) -> list[Node]:
        """The nodes of this graph and of the graphs inside it, in order."""
        return [n for node in self.nodes for n in (node, *chain(*(body.all_nodes() for body in node.bodies)))]

    def constant(self, name: str) -> Tensor | None:
        """The constant called `name`: stored with the graph, or made by a Constant node; None if it is neither."""
        stored = (tensor for tensor in self.constants if tensor.name == name)
        made = (node.tensor for node in self.nodes if node.op == "Constant" and name in node.outputs)
        return next(chain(stored, made), None)


@dataclass(frozen=True)
class Graph:
    """The content of an ONNX file.

    `functions` are the operators that the file defines itself, by (domain, name). `opsets` maps a domain to its
    version; "" is ONNX's own domain.
    """

    body: Body
    functions: dict[tuple[str, str], Body] = field(default_factory=dict)
    opsets: dict[str, int] = field(default_factory=dict)
    ir_version: int = 0
    producer: str = ""

    @property
    def parameters(self) -> int:
        """Number of weights: the elements of all floating-point constants."""
        return sum(tensor.size for tensor in self.body.constants if "float" in tensor.dtype)

    def all_nodes(self) -> list[Node]:
        """Every node in the file: of the graph, of the graphs inside it and of the functions."""
        bodies = (self.body, *self.functions.values())
        return list(chain.from_iterable(body.all_nodes() for body in bodies))
