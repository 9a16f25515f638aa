"""Where the pictures of a batch are in every value of a graph: the proof that no result mixes them.

A value is

* FREE: the same for every picture and for any number of them;
* SAMPLES: one part for each picture, one after the other along its first axis;
* a tuple, for a vector of sizes: each element a number, FREE, COUNT for a multiple of the number of pictures, or BATCH
  where that number has another part in it;
* MIXED otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import onnx_ir as ir

from pliant.lowering.builder import array_of, attribute

FREE, SAMPLES, COUNT, BATCH, MIXED = "free", "samples", "count", "batch", "mixed"
MANY = {COUNT, BATCH}
State: TypeAlias = str | tuple[int | str, ...]
Following: TypeAlias = Callable[[ir.Node, list[State]], State]

# ruff: noqa: SIM905 - fifty quoted words are longer than a screen
ELEMENTWISE = frozenset(
    "Abs Acos Add And Asin Atan Cast Ceil Celu Clip Cos Div Dropout Elu Equal Erf Exp Floor Gelu Greater "
    "GreaterOrEqual HardSigmoid HardSwish Identity IsInf IsNaN LeakyRelu Less LessOrEqual Log Max Min Mish Mod Mul Neg "
    "Not Or PRelu Pow Reciprocal Relu Round Selu Sigmoid Sign Sin Softplus Softsign Sqrt Sub Sum Tan Tanh "
    "ThresholdedRelu Where Xor".split(" ")
)
PICTURES = frozenset(
    "AveragePool BatchNormalization Conv ConvTranspose DepthToSpace GlobalAveragePool GlobalMaxPool "
    "InstanceNormalization GroupNormalization LpPool MaxPool SpaceToDepth".split(" ")
)  # work on each element of the first axis by itself; all operands but the first are weights
TOGETHER = frozenset({"DeformConv", "GridSample"})  # the same, with several operands that have a part for each picture
MAKING = frozenset({"ConstantOfShape", "Expand", "Tile"})  # write data of a size that is given
ONE_AXIS = {"Softmax": -1, "LogSoftmax": -1, "ArgMax": 0, "ArgMin": 0, "LayerNormalization": -1, "TopK": -1}


def follow(graph: ir.Graph, states: dict[ir.Value, State]) -> dict[ir.Value, State]:
    """The states of all values of a graph; `states` has those of its inputs and of what lies outside, and grows."""
    for value in graph.initializers.values():
        states[value] = FREE
    for node in graph:
        results = _of(node, states)
        states.update(dict(zip(node.outputs, results, strict=True)))
    return states


def _of(node: ir.Node, states: dict[ir.Value, State]) -> list[State]:
    bodies = [a.as_graph() for a in node.attributes.values() if a.type == ir.AttributeType.GRAPH]
    if bodies:
        return _flow(node, bodies, states)
    operands = [FREE if v is None else states[v] for v in node.inputs]
    if all(s == FREE for s in operands) and node.op_type != "Constant":
        return [FREE] * len(node.outputs)
    return [FREE if node.op_type == "Constant" else _following(node, operands)] * len(node.outputs)


def _flow(node: ir.Node, bodies: list[ir.Graph], states: dict[ir.Value, State]) -> list[State]:
    """Both branches alike where the condition is the same for all; a loop that leaves what it carries as it was."""
    given = [FREE if v is None else states[v] for v in node.inputs]
    found: list[list[State]] = []
    for body in bodies:
        inner = dict(states)
        inner.update(dict(zip(body.inputs, [FREE, FREE, *given[2:]], strict=False)))
        follow(body, inner)
        results = [inner[v] for v in body.outputs]
        found.append(results if node.op_type == "If" else results[1:])
    if node.op_type == "Loop" and found[0][: len(given) - 2] == given[2:]:
        kept = given[2:]
        scanned = [s if s == FREE else MIXED for s in found[0][len(kept) :]]
        return [*kept, *scanned] if given[0] == FREE else [MIXED] * len(node.outputs)
    if node.op_type == "If" and given[0] == FREE:
        return [a if a == b else MIXED for a, b in zip(found[0], found[-1], strict=True)]
    return [MIXED] * len(node.outputs)


def _following(node: ir.Node, operands: list[State]) -> State:
    """The state of the results of a node with an operand that is not FREE."""
    if MIXED in operands or node.domain not in ("", "ai.onnx"):
        return MIXED
    if node.op_type in ("Shape", "Size"):
        return _shape(node)
    sizes = any(isinstance(s, tuple) for s in operands) and SAMPLES not in operands
    if sizes and node.op_type not in MAKING and (isinstance(operands[0], tuple) or node.op_type != "Reshape"):
        return _tidy(_vector(node, operands))
    if node.op_type in ELEMENTWISE:
        return _elementwise(node, operands)
    rule = RULES.get(node.op_type)
    return rule(node, operands) if rule is not None else MIXED


def _rank(value: ir.Value | None) -> int | None:
    if value is None:
        return None
    array = array_of(value)
    return array.ndim if array is not None else None if value.shape is None else len(value.shape)


def _shape(node: ir.Node) -> State:
    rank = _rank(node.inputs[0])
    if rank is None:
        return MIXED
    if node.op_type == "Size":
        return (COUNT,)
    return (COUNT, *[FREE] * (rank - 1))[attribute(node, "start") : attribute(node, "end")]


def _elements(value: ir.Value | None, state: State) -> tuple[int | str, ...] | None:
    """A vector of sizes element by element; None if its length is not known."""
    if isinstance(state, tuple):
        return state
    array, made = array_of(value), None if value is None else value.producer()
    if made is not None and made.op_type == "Concat":
        parts = [_elements(v, FREE) for v in made.inputs]
        return None if None in parts else tuple(e for part in parts if part is not None for e in part)
    if array is None and value is not None and (made := value.producer()) is not None and made.op_type == "Constant":
        array = np.asarray(_constant(made))
    if array is not None and array.ndim < 2:
        return tuple(int(n) for n in array.reshape(-1))
    if state != FREE or value is None or value.shape is None:
        return None
    if len(value.shape) == 0:
        return (FREE,)
    length = value.shape[0]
    return (FREE,) * length if len(value.shape) == 1 and isinstance(length, int) else None


def _constant(node: ir.Node) -> Any:
    (found,) = node.attributes.values()
    return found.as_tensor().numpy() if found.type == ir.AttributeType.TENSOR else found.value


def _vector(node: ir.Node, operands: list[State]) -> State:
    """Sizes that are computed from sizes."""
    parts = [_elements(v, s) for v, s in zip(node.inputs, operands, strict=True) if v is not None]
    if any(p is None for p in parts):
        return MIXED
    known: list[tuple[int | str, ...]] = [p for p in parts if p is not None]
    if node.op_type == "Concat":
        return tuple(e for part in known for e in part)
    if node.op_type in ("Identity", "Cast", "Unsqueeze", "Squeeze") or (
        node.op_type == "Reshape" and len(known[0]) == 1
    ):
        return known[0]
    if node.op_type == "Gather" and all(isinstance(k, int) for k in known[1]):
        return tuple(known[0][int(k)] for k in known[1])
    if node.op_type == "Slice" and all(isinstance(k, int) for part in known[1:] for k in part):
        step = int(known[4][0]) if len(known) > 4 else 1
        return known[0][int(known[1][0]) : int(known[2][0]) : step]
    if node.op_type in ELEMENTWISE:
        return _arithmetic(known, product=node.op_type in ("Mul", "Cast", "Identity"))
    return MIXED


def _tidy(state: State) -> State:
    return state if isinstance(state, str) or MANY & set(state) else FREE


def _arithmetic(parts: list[tuple[int | str, ...]], *, product: bool) -> State:
    length = max(map(len, parts))
    if any(len(p) not in (1, length) for p in parts):
        return MIXED
    rows = zip(*(p * length if len(p) == 1 else p for p in parts), strict=True)
    return tuple(_number(row, product=product) for row in rows)


def _number(row: tuple[int | str, ...], *, product: bool) -> str:
    many = [e for e in row if e in MANY]
    return FREE if not many else COUNT if product and many == [COUNT] else BATCH


def _elementwise(node: ir.Node, operands: list[State]) -> State:
    """Operands that have a part for each picture have as many axes as the result; others do not reach the first."""
    ranks = [_rank(v) for v in node.inputs]
    known = [r for r in ranks if r is not None]
    if len(known) < sum(v is not None for v in node.inputs):
        return MIXED
    rank = max(known)
    for value, state, own in zip(node.inputs, operands, ranks, strict=True):
        if isinstance(state, tuple) or (state == SAMPLES and own != rank):
            return MIXED
        if state == FREE and own == rank and not _is_one(value):
            return MIXED
    return SAMPLES


def _is_one(value: ir.Value | None) -> bool:
    """Whether the first axis has length 1."""
    array = array_of(value)
    if array is not None:
        return array.shape[0] == 1
    return value is not None and value.shape is not None and value.shape[0] == 1


def _pictures(node: ir.Node, operands: list[State]) -> State:
    return SAMPLES if operands[0] == SAMPLES and all(s == FREE for s in operands[1:]) else MIXED


def _together(node: ir.Node, operands: list[State]) -> State:
    given = [(k, s) for k, (v, s) in enumerate(zip(node.inputs, operands, strict=True)) if v is not None]
    weights = (1, 3) if node.op_type == "DeformConv" else ()
    return SAMPLES if all(s == (FREE if k in weights else SAMPLES) for k, s in given) else MIXED


def _product(node: ir.Node, operands: list[State]) -> State:
    """Stacks of matrices of equal length, or one stack and a matrix."""
    ranks = [_rank(v) for v in node.inputs]
    if None in ranks or any(isinstance(s, tuple) for s in operands):
        return MIXED
    first, second = (int(r or 0) for r in ranks)
    if operands[0] == operands[1]:
        return SAMPLES if first == second and first > 2 else MIXED
    own, other, free = (first, second, node.inputs[1]) if operands[0] == SAMPLES else (second, first, node.inputs[0])
    if operands[0] == SAMPLES and own == 2 and other == 2:
        return SAMPLES
    return SAMPLES if own > 2 and (other < own or (other == own and _is_one(free))) else MIXED


def _gemm(node: ir.Node, operands: list[State]) -> State:
    rows = operands[0] == SAMPLES and not attribute(node, "transA", 0) and all(s == FREE for s in operands[1:])
    bias = node.inputs[2] if len(node.inputs) > 2 else None
    return SAMPLES if rows and (bias is None or _rank(bias) == 1 or _is_one(bias)) else MIXED


def _axes_of(node: ir.Node, at: int, name: str) -> list[int] | None:
    """Constant axes, counted from the first; None if they are not known or not given."""
    rank = _rank(node.inputs[0])
    value = node.inputs[at] if len(node.inputs) > at else None
    given = attribute(node, name) if value is None else _elements(value, FREE)
    if given is None or rank is None or any(not isinstance(a, int) for a in given):
        return None
    return [int(a) % rank for a in given]


def _along(node: ir.Node, operands: list[State]) -> State:
    """Operators along one axis that is given as an attribute; all operands that are no numbers have parts."""
    rank = _rank(node.inputs[0])
    axis = attribute(node, "axis", ONE_AXIS.get(node.op_type, 0))
    if rank is None or operands[0] != SAMPLES or int(axis) % rank == 0:
        return MIXED
    return SAMPLES if all(s in (SAMPLES, FREE) for s in operands[1:]) else MIXED


def _joined(node: ir.Node, operands: list[State]) -> State:
    rank = _rank(node.inputs[0])
    apart = rank is not None and int(attribute(node, "axis")) % rank != 0
    return SAMPLES if apart and all(s == SAMPLES for s in operands) else MIXED


def _gathered(node: ir.Node, operands: list[State]) -> State:
    rank, axis = _rank(node.inputs[0]), int(attribute(node, "axis", 0))
    if rank is None:
        return MIXED
    if operands == [SAMPLES, FREE]:
        return SAMPLES if axis % rank != 0 else MIXED
    return SAMPLES if operands == [FREE, SAMPLES] and axis % rank == 0 else MIXED


def _reduced(node: ir.Node, operands: list[State]) -> State:
    axes = _axes_of(node, 1, "axes")
    return SAMPLES if operands[0] == SAMPLES and axes and 0 not in axes else MIXED


def _cut(node: ir.Node, operands: list[State]) -> State:
    axes = _axes_of(node, 3, "axes")
    return SAMPLES if operands[0] == SAMPLES and axes and 0 not in axes and _no_batch(operands) else MIXED


def _no_batch(operands: list[State]) -> bool:
    return all(not isinstance(s, tuple) or not MANY & set(s) for s in operands[1:])


def _moved(node: ir.Node, operands: list[State]) -> State:
    perm = attribute(node, "perm", [1])
    return SAMPLES if operands[0] == SAMPLES and int(perm[0]) == 0 else MIXED


def _inserted(node: ir.Node, operands: list[State]) -> State:
    """Unsqueeze and Squeeze behind the first axis."""
    value = node.inputs[1] if len(node.inputs) > 1 else None
    given = attribute(node, "axes") if value is None else _elements(value, FREE)
    rank = _rank(node.inputs[0])
    if operands[0] != SAMPLES or given is None or rank is None or any(not isinstance(a, int) for a in given):
        return MIXED
    total = rank + len(given) if node.op_type == "Unsqueeze" else rank
    return SAMPLES if all(int(a) % total != 0 for a in given) else MIXED


def _reshaped(node: ir.Node, operands: list[State]) -> State:
    """The first length takes in the number of pictures, and no other one does: each picture keeps its part."""
    wanted = _elements(node.inputs[1], operands[1])
    if operands[0] != SAMPLES or not wanted:
        return MIXED
    first, rest = wanted[0], wanted[1:]
    if MANY & set(rest) or (first == BATCH and -1 in rest):
        return MIXED
    return SAMPLES if first in (COUNT, BATCH, 0, -1) else MIXED


def _flattened(node: ir.Node, operands: list[State]) -> State:
    return SAMPLES if operands[0] == SAMPLES and int(attribute(node, "axis", 1)) > 0 else MIXED


def _expanded(node: ir.Node, operands: list[State]) -> State:
    wanted, rank = _elements(node.inputs[1], operands[1]), _rank(node.inputs[0])
    if not wanted or rank is None or MANY & set(wanted[1:]):
        return MIXED
    if operands[0] == SAMPLES:
        return SAMPLES if len(wanted) <= rank and (len(wanted) < rank or wanted[0] in (1, COUNT)) else MIXED
    small = rank < len(wanted) or _is_one(node.inputs[0])
    return SAMPLES if operands[0] == FREE and small and wanted[0] == COUNT else MIXED


def _filled(node: ir.Node, operands: list[State]) -> State:
    wanted = _elements(node.inputs[0], operands[0])
    return SAMPLES if wanted and wanted[0] == COUNT and not MANY & set(wanted[1:]) else MIXED


def _tiled(node: ir.Node, operands: list[State]) -> State:
    repeats = _elements(node.inputs[1], operands[1])
    return SAMPLES if operands[0] == SAMPLES and repeats and repeats[0] == 1 and not MANY & set(repeats) else MIXED


def _padded(node: ir.Node, operands: list[State]) -> State:
    """Nothing before or behind the first axis."""
    amounts, rank = _elements(node.inputs[1], operands[1]), _rank(node.inputs[0])
    if operands[0] != SAMPLES or rank is None or not _no_batch(operands):
        return MIXED
    if len(node.inputs) > 3 and node.inputs[3] is not None:
        axes = _axes_of(node, 3, "axes")
        return SAMPLES if axes and 0 not in axes else MIXED
    return SAMPLES if amounts and amounts[0] == 0 and amounts[rank] == 0 else MIXED


RULES: dict[str, Following] = {
    **dict.fromkeys(PICTURES, _pictures),
    **dict.fromkeys(TOGETHER, _together),
    **dict.fromkeys((*ONE_AXIS, "Split"), _along),
    **dict.fromkeys(
        ("ReduceMax", "ReduceMean", "ReduceMin", "ReduceSum", "ReduceL1", "ReduceL2", "ReduceProd"), _reduced
    ),
    "Concat": _joined,
    "ConstantOfShape": _filled,
    "Expand": _expanded,
    "Flatten": _flattened,
    "Gather": _gathered,
    "Gemm": _gemm,
    "MatMul": _product,
    "Pad": _padded,
    "Reshape": _reshaped,
    "Slice": _cut,
    "Squeeze": _inserted,
    "Tile": _tiled,
    "Transpose": _moved,
    "Unsqueeze": _inserted,
}
