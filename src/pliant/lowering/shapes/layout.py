"""Operators that order, join and repeat axes."""

from __future__ import annotations

import onnx_ir as ir

from pliant.lowering.builder import attribute
from pliant.lowering.lengths import Length, Lengths
from pliant.lowering.shapes.base import Rule, Shape, ShapeOf, numbers, of, operand, together, vector


def transpose(node: ir.Node, shape_of: ShapeOf, a: Lengths) -> list[Shape]:
    """By its permutation, or reversed."""
    del a
    x = of(shape_of, node.inputs[0])
    return [[x[int(k)] for k in attribute(node, "perm", list(reversed(range(len(x)))))]]


def squeeze(node: ir.Node, shape_of: ShapeOf, a: Lengths) -> list[Shape]:
    """With the axes that go given."""
    del a
    x = of(shape_of, node.inputs[0])
    axes = {n % len(x) for n in numbers(node, 1, "axes")}
    return [[n for k, n in enumerate(x) if k not in axes]]


def unsqueeze(node: ir.Node, shape_of: ShapeOf, a: Lengths) -> list[Shape]:
    """With the axes that come given."""
    del a
    x, axes = of(shape_of, node.inputs[0]), numbers(node, 1, "axes")
    rank = len(x) + len(axes)
    new, rest = {n % rank for n in axes}, iter(x)
    return [[1 if k in new else next(rest) for k in range(rank)]]


def flatten(node: ir.Node, shape_of: ShapeOf, a: Lengths) -> list[Shape]:
    """Into two axes."""
    x = of(shape_of, node.inputs[0])
    axis = int(attribute(node, "axis", 1))
    axis += len(x) if axis < 0 else 0
    return [[a.product(x[:axis]), a.product(x[axis:])]]


def reshape(node: ir.Node, shape_of: ShapeOf, a: Lengths) -> list[Shape]:
    """To a vector of lengths, in which 0 keeps an axis and -1 stands for the rest."""
    x, wanted = of(shape_of, node.inputs[0]), vector(node, 1, shape_of, a)
    if not attribute(node, "allowzero", 0):
        wanted = [x[k] if isinstance(n, int) and n == 0 and k < len(x) else n for k, n in enumerate(wanted)]
    return [_without_open(x, wanted, a)]


def _without_open(x: Shape, wanted: list[Length], a: Lengths) -> Shape:
    """`wanted` with what -1 stands for. A length that is computed may be -1 too."""
    if all(isinstance(n, int) and n >= 0 for n in wanted):
        return wanted
    others = [n for n in wanted if not (isinstance(n, int) and n == -1)]
    if len(others) < len(wanted):  # then no other one is open
        above = list(x)
        below = [n for n in others if not _taken_from(above, n)]
        rest = a.floor(a.product(above), a.product(below)) if below else a.product(above)
        return [rest if isinstance(n, int) and n == -1 else n for n in wanted]
    rest = a.floor(a.product(x), a.larger(a.sub(0, a.product(wanted)), 1))
    return [n if isinstance(n, int) else a.where(n, "Equal", -1, rest, n) for n in wanted]


def _taken_from(lengths: list[Length], length: Length) -> bool:
    """Remove one that is `length` itself; whether there was one. Keeps a quotient of long products short."""
    same = next((k for k, n in enumerate(lengths) if n is length or (isinstance(n, int) and n == length)), None)
    if same is not None:
        lengths.pop(same)
    return same is not None


def expand(node: ir.Node, shape_of: ShapeOf, a: Lengths) -> list[Shape]:
    """To a vector of lengths, in which 1 keeps an axis."""
    return [together([of(shape_of, node.inputs[0]), vector(node, 1, shape_of, a)], a)]


def tile(node: ir.Node, shape_of: ShapeOf, a: Lengths) -> list[Shape]:
    """Each length times its number of repeats."""
    x = of(shape_of, node.inputs[0])
    repeats = a.elements(operand(node, 1), len(x))
    return [[a.mul(n, r) for n, r in zip(x, repeats, strict=True)]]


def concat(node: ir.Node, shape_of: ShapeOf, a: Lengths) -> list[Shape]:
    """Lengths of one axis added."""
    shapes = [of(shape_of, value) for value in node.inputs]
    axis, result = int(attribute(node, "axis")) % len(shapes[0]), list(shapes[0])
    for shape in shapes[1:]:
        result[axis] = a.add(result[axis], shape[axis])
    return [result]


def split(node: ir.Node, shape_of: ShapeOf, a: Lengths) -> list[Shape]:
    """Into given lengths, or equal ones of which the last may be shorter."""
    x, count = of(shape_of, node.inputs[0]), len(node.outputs)
    axis = int(attribute(node, "axis", 0)) % len(x)
    if len(node.inputs) > 1 and node.inputs[1] is not None:
        parts = a.elements(node.inputs[1], count)
    else:
        each = a.ceil(x[axis], count)
        parts = [*([each] * (count - 1)), a.sub(x[axis], a.mul(each, count - 1))]
    return [[*x[:axis], part, *x[axis + 1 :]] for part in parts]


def pad(node: ir.Node, shape_of: ShapeOf, a: Lengths) -> list[Shape]:
    """Lengths with what is put before and behind."""
    x = list(of(shape_of, node.inputs[0]))
    axes = numbers(node, 3, "axes", range(len(x)))
    given = len(node.inputs) > 1 and node.inputs[1] is not None
    amounts = a.elements(operand(node, 1), 2 * len(axes)) if given else [int(n) for n in attribute(node, "pads")]
    for k, axis in enumerate(axes):
        axis %= len(x)
        x[axis] = a.add(x[axis], a.add(amounts[k], amounts[k + len(axes)]))
    return [x]


RULES: dict[str, Rule] = {
    "Concat": concat,
    "Expand": expand,
    "Flatten": flatten,
    "Pad": pad,
    "Reshape": reshape,
    "Split": split,
    "Squeeze": squeeze,
    "Tile": tile,
    "Transpose": transpose,
    "Unsqueeze": unsqueeze,
}
