"""Shapes as formulas people read: "floor(factor*h)" for what tracing calls "TruncToInt(zuf0*ToFloat(s53))"."""

from __future__ import annotations

import operator
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from sympy.printing.precedence import PRECEDENCE
from sympy.printing.str import StrPrinter
from torch.export import ExportedProgram
from torch.fx import Graph, Node

from pliant.contract import Input
from pliant.operators.renamed import environment_of, meanings

FACTOR_NAMES = ("factor", "scale", "scales", "scale_factor", "upscale", "upscale_factor")


@dataclass(frozen=True)
class Symbols:
    """What the symbols of a traced program stand for.

    `names` maps a symbol to the name of a live axis or value; `axes` maps a symbol to the (input, axis) pairs
    that have its length. `meanings` has the formulas of symbols that stand for one, see `operators/renamed.py`.
    """

    names: dict[str, str]
    axes: dict[str, list[tuple[int, int]]]
    meanings: dict[Any, Any] = field(default_factory=dict)

    def read(self, expression: Any) -> str:
        """A symbolic length as a formula over the names of the contract."""
        text = _Cases().doprint(expression.xreplace(self.meanings) if self.meanings else expression)
        text = re.sub(r"\b[a-z]+\d+\b", lambda m: self.names.get(m.group(), m.group()), text)
        for raw, word in (
            ("TruncToInt", "floor"),
            ("FloorToInt", "floor"),
            ("CeilToInt", "ceil"),
            ("RoundToInt", "round"),
        ):
            text = text.replace(raw, word)
        text = re.sub(r"ToFloat\((\w+)\)", r"\1", text).replace(" ", "")
        text = re.sub(r"\(\((\w+//\w+|\([^()]*\)//\w+)\)\)", r"(\1)", text)
        for call in ("FloatTrueDiv(", "IntTrueDiv("):
            while call in text:
                text = _quotient(text, call)
        return re.sub(r"\(\(([^()]*)\)\)", r"(\1)", text).replace("~", " ")


class _Cases(StrPrinter):
    """Formulas with cases as Python writes them; "~" is a blank that is to stay."""

    def _print_ToFloat(self, expr: Any) -> str:  # noqa: N802 - sympy's name
        return self.parenthesize(expr.args[0], PRECEDENCE["Mul"])

    def _print_Piecewise(self, expr: Any) -> str:  # noqa: N802 - sympy's name
        *cases, (last, _) = expr.args
        parts = [f"{self._print(value)}~if~{self._print(condition)}~else~" for value, condition in cases]
        return f"({''.join(parts)}{self._print(last)})"

    def _print_Equality(self, expr: Any) -> str:  # noqa: N802 - sympy's name
        return f"{self._print(expr.lhs)}=={self._print(expr.rhs)}"

    def _print_Unequality(self, expr: Any) -> str:  # noqa: N802 - sympy's name
        return f"{self._print(expr.lhs)}!={self._print(expr.rhs)}"

    def _print_And(self, expr: Any) -> str:  # noqa: N802 - sympy's name
        return "~and~".join(sorted(f"{self._print(part)}" for part in expr.args))

    def _print_Or(self, expr: Any) -> str:  # noqa: N802 - sympy's name
        return "(" + "~or~".join(sorted(f"{self._print(part)}" for part in expr.args)) + ")"

    def _print_Not(self, expr: Any) -> str:  # noqa: N802 - sympy's name
        return f"not~({self._print(expr.args[0])})"


def _quotient(text: str, call: str) -> str:
    """`text` with its last "call(a,b)" written as "a/b"."""
    before, _, rest = text.rpartition(call)
    depth, commas, end = 0, [0], len(rest)
    for k, letter in enumerate(rest):
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if depth < 0:
            end = k
            break
        if letter == "," and depth == 0:
            commas.append(k)
    above, below = rest[: commas[-1]], rest[commas[-1] + 1 : end]
    above = f"({above})" if re.search(r"[-+]|//", above) else above
    below = below if re.fullmatch(r"[\w.\[\]]+", below) else f"({below})"
    return f"{before}{above}/{below}{rest[end + 1 :]}"


def placeholders(program: ExportedProgram) -> list[Node]:
    """The user's inputs in the traced graph, in order."""
    wanted = program.graph_signature.user_inputs
    by_name = {node.name: node for node in program.graph.nodes if node.op == "placeholder"}
    return [by_name[str(name)] for name in wanted]


def read_symbols(program: ExportedProgram, inputs: Sequence[Input]) -> Symbols:
    """Find what each symbol of `program` stands for."""
    return symbols_of(program.graph, placeholders(program), inputs)


def symbols_of(graph: Graph, nodes: list[Node], inputs: Sequence[Input]) -> Symbols:
    """Find what each symbol of a graph, complete or not, stands for; `nodes` are its placeholders for `inputs`."""
    names: dict[str, str] = {}
    axes: dict[str, list[tuple[int, int]]] = {}
    for k, (node, entry) in enumerate(zip(nodes, inputs, strict=True)):
        for axis, length in enumerate(node.meta["val"].shape):
            if isinstance(length, torch.SymInt):
                symbol = str(length.node.expr)
                names.setdefault(symbol, entry.dims[axis].name or f"{entry.name}.{axis}")
                axes.setdefault(symbol, []).append((k, axis))
    for node in graph.nodes:
        value = node.meta.get("val")
        if isinstance(value, (torch.SymInt, torch.SymFloat)) and "item" in str(node.target):
            source = _origin(node.args[0], nodes)
            if source is not None:
                k, index = source
                names[str(value.node.expr)] = inputs[k].name + index
    return Symbols(names, axes, meanings(environment_of(node.meta["val"] for node in nodes)))


def _origin(node: Any, nodes: list[Node]) -> tuple[int, str] | None:
    """The input that a scalar tensor comes from, and which element of it."""
    index = ""
    while node not in nodes:
        target = str(node.target)
        if "select" in target and isinstance(node.args[2], int):
            index = f"[{node.args[2]}]"
        elif node.target is operator.getitem and "unbind" in str(node.args[0].target):
            index, node = f"[{node.args[1]}]", node.args[0]
        elif not any(word in target for word in ("alias", "detach", "_to_copy", "to.dtype", "view", "squeeze")):
            return None
        node = node.args[0]
    return nodes.index(node), index


def output_shapes(program: ExportedProgram, symbols: Symbols) -> list[tuple[str, tuple[str, ...]]]:
    """(dtype, formulas) of every output; None among the outputs is left out."""
    (output,) = (node for node in program.graph.nodes if node.op == "output")
    shapes: list[tuple[str, tuple[str, ...]]] = []
    for node in output.args[0]:
        value = node.meta["val"] if isinstance(node, Node) else node
        if value is None:  # the exporter leaves it out too
            continue
        if isinstance(value, torch.Tensor):
            dims = tuple(symbols.read(d.node.expr) if isinstance(d, torch.SymInt) else str(d) for d in value.shape)
            shapes.append((str(value.dtype).removeprefix("torch."), dims))
        else:
            shapes.append(("int64" if isinstance(value, (int, torch.SymInt)) else "float32", ()))
    return shapes


def upscaling(height: str, dims: tuple[str, ...], names: Sequence[str]) -> tuple[str | None, float | None]:
    """(live factor, fixed scale) of an output of [n, c, height, width] dims; None where it is neither.

    `height` is the name of the input's live height, `names` are the live values. A value with a telling name is
    the factor where the formula does not show it.
    """
    if len(dims) != 4:
        return None, None
    length = re.escape(height)
    for name in names:
        value = rf"{re.escape(name)}(?:\[\d+\])?"
        product = rf"(?:{value}\*{length}|{length}\*{value})"
        if re.fullmatch(rf"floor\({product}\)|{product}", dims[2]):
            return name, None
    product = rf"(?:(\d+(?:\.\d+)?)\*)?{length}"
    if match := re.fullmatch(rf"floor\({product}\)|{product}", dims[2]):
        return None, float(match.group(1) or match.group(2) or 1)
    telling = [name for name in names if name in FACTOR_NAMES]
    return (telling[0] if telling else None), None
