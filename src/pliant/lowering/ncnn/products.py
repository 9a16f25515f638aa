"""Products of matrices."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from pliant.lowering.builder import array_of, attribute
from pliant.lowering.ncnn._layout import MOST, Dims, Groups, Refused, Sizes, dims_of
from pliant.lowering.ncnn._network import Network
from pliant.lowering.ncnn.base import Layer


def _matmul(node: ir.Node, network: Network) -> None:
    a, b = node.inputs
    assert a is not None
    assert b is not None
    x, y = dims_of(a), dims_of(b)
    if len(x) == 1 or len(y) == 1:
        return _with_vector(node, network, a, b)
    rank = max(len(x), len(y))
    stack = _stack(node, x, y, rank)
    left, right = (_matrices(stack, d, rank) for d in (x, y))
    blob = network.layer("MatMul", [network.view(a, left), network.view(b, right)])
    network.put(node.outputs[0], blob, (*stack, (rank - 2,), (rank - 1,)))
    return None


def _stack(node: ir.Node, x: Dims, y: Dims, rank: int) -> Groups:
    """The axes in front of the matrices, at most two groups of them, along which operands meet."""
    first, second = ([1] * (rank - len(d)) + d for d in (x, y))
    apart = [k for k in range(rank - 2) if first[k] != 1 or second[k] != 1]
    if len(apart) <= MOST - 2:
        return tuple((k,) for k in apart)
    for one, other in ((first, second), (second, first)):
        if all(one[k] == 1 for k in apart):
            return _together(node, apart, other)
    groups: list[tuple[int, ...]] = []
    for k in apart:
        here = (first[k] == 1, second[k] == 1)
        if groups and here == (first[groups[-1][0]] == 1, second[groups[-1][0]] == 1):
            groups[-1] = (*groups[-1], k)
        else:
            groups.append((k,))
    lengths = [d[k] for k in apart for d in (first, second)]
    if not all(isinstance(n, int) for n in lengths):
        raise Sizes(f"the shapes {x} and {y} of its operands")
    if len(groups) > MOST - 2:
        raise Refused(f"repeats matrices along too many axes: {x} and {y}")
    return tuple(groups)


def _together(node: ir.Node, apart: list[int], dims: Dims) -> Groups:
    unknown = [k for k in apart if not isinstance(dims[k], int)]
    if len(unknown) > 1:
        raise Sizes(f"the shape {dims} of an operand")
    return (tuple(apart),)


def _matrices(stack: Groups, dims: Dims, rank: int) -> Groups:
    """The layout of an operand."""
    shift = rank - len(dims)
    leading = tuple(tuple(k - shift for k in g if k >= shift and dims[k - shift] != 1) for g in stack)
    while leading and leading[0] == ():
        leading = leading[1:]
    return (*leading, (len(dims) - 2,), (len(dims) - 1,))


def _with_vector(node: ir.Node, network: Network, a: ir.Value, b: ir.Value) -> None:
    """A vector is a matrix of one row or one column."""
    x, y = dims_of(a), dims_of(b)
    if len(x) > 3 or len(y) > 3:
        raise Refused("multiplies a vector by a stack of stacks of matrices")
    left: Groups = tuple((k,) for k in range(len(x))) if len(x) > 1 else ((), (0,))
    right: Groups = tuple((k,) for k in range(len(y))) if len(y) > 1 else ((0,), ())
    blob = network.layer("MatMul", [network.view(a, left), network.view(b, right)])
    rank = len(dims_of(node.outputs[0]))
    held: list[tuple[int, ...]] = [(k,) for k in range(rank)]
    if len(y) == 1:
        held.append(())
    if len(x) == 1:
        held.insert(max(len(held) - 1, 0), ())
    network.put(node.outputs[0], blob, tuple(held))


def _gemm(node: ir.Node, network: Network) -> None:
    """alpha * A' B' + beta * C."""
    turned = [bool(attribute(node, name, 0)) for name in ("transA", "transB")]
    a, b = (_turned(network, value, turn) for value, turn in zip(node.inputs[:2], turned, strict=True))
    blob = network.layer("MatMul", [a, b])
    if (alpha := float(attribute(node, "alpha", 1.0))) != 1:
        blob = network.layer("BinaryOp", [blob], {0: 2, 1: 1, 2: alpha})
    c = node.inputs[2] if len(node.inputs) > 2 else None
    if c is not None:
        rank = len(dims_of(c))
        other = network.view(c, (*[()] * (2 - rank), *((k,) for k in range(rank))))
        if (beta := float(attribute(node, "beta", 1.0))) != 1:
            other = network.layer("BinaryOp", [other], {0: 2, 1: 1, 2: beta})
        blob = network.layer("BinaryOp", [blob, other], {0: 0})
    network.put(node.outputs[0], blob, ((0,), (1,)))


def _turned(network: Network, value: ir.Value | None, turn: bool) -> str:
    constant = array_of(value)
    if constant is not None:
        return network.constant(np.ascontiguousarray(constant.T if turn else constant))
    blob = network.view(value, ((0,), (1,)))
    return network.layer("Permute", [blob], {0: 1}) if turn else blob


LAYERS = {"Gemm": Layer(_gemm), "MatMul": Layer(_matmul)}
