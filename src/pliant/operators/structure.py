"""Decisions and loops that are taken at run time, as they stand in a traced program.

A traced program is one flat list of steps. Where the model decides on a live value, both ways are in that list, and
`merge` chooses between their results; where it repeats something a live number of times, the steps of one iteration
are in it, between `carried` (what an iteration begins with) and `loop` (what it ends with). In ONNX these become
nodes of the private domain DOMAIN, and `exporter/structure.py` moves the steps that belong to one way, or to an
iteration, into the bodies of `If` and `Loop` nodes. None of the private nodes is left in a file.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from onnx import defs
from onnxscript import evaluator, ir
from torch import Tensor

from pliant.operators._onnx import op
from pliant.operators.base import Operator

DOMAIN = "pliant.structure"
FLOATS = ["float", "double", "float16", "bfloat16", "bool"]
INTEGERS = [f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)]
TENSORS = [f"tensor({name})" for name in (*FLOATS, *INTEGERS)]
TYPES = [*TENSORS, *(f"seq({name})" for name in TENSORS)]


@torch.library.custom_op("pliant::merge", mutates_args=())
def merge(condition: int, then: Tensor, otherwise: Tensor, lengths: Sequence[int], site: int) -> Tensor:
    """`then` where `condition` is 1, `otherwise` where it is 0. Both have one dtype and rank.

    `lengths` is the shape of the result; `site` is the same for all that is decided together.
    """
    del lengths, site
    return (then if condition else otherwise).clone()


@merge.register_fake
def _(condition: int, then: Tensor, otherwise: Tensor, lengths: Sequence[int], site: int) -> Tensor:
    del condition, otherwise, site
    return then.new_empty(list(lengths))


@torch.library.custom_op("pliant::carried", mutates_args=())
def carried(initial: Tensor, lengths: Sequence[int], loop: int, position: int) -> Tensor:
    """Variable number `position` of loop number `loop` as an iteration finds it. `lengths` is its shape."""
    del lengths, loop, position
    return initial.clone()


@carried.register_fake
def _(initial: Tensor, lengths: Sequence[int], loop: int, position: int) -> Tensor:
    del loop, position
    return initial.new_empty(list(lengths))


@torch.library.custom_op("pliant::iteration", mutates_args=())
def iteration(anchor: Tensor, loop: int) -> Tensor:
    """The number of the iteration of loop number `loop`, from 0: int64, 0-d. `anchor` is any tensor."""
    del loop
    return torch.zeros((), dtype=torch.int64, device=anchor.device)


@iteration.register_fake
def _(anchor: Tensor, loop: int) -> Tensor:
    del loop
    return anchor.new_empty((), dtype=torch.int64)


@torch.library.custom_op("pliant::loop", mutates_args=())
def loop(times: int, first: int, again: int, initial: Sequence[Tensor], final: Sequence[Tensor], number: int) -> Tensor:
    """Loop `number`: a handle for `result`.

    At most `times` iterations (-1: no limit); the first runs if `first` is 1, a further one while `again` is 1.
    `initial` are its variables before, `final` after one iteration.
    """
    del times, first, again, final, number
    return initial[0].new_zeros(()) if initial else torch.zeros(())


@loop.register_fake
def _(times: int, first: int, again: int, initial: Sequence[Tensor], final: Sequence[Tensor], number: int) -> Tensor:
    del times, first, again, number
    return final[0].new_empty(())


@torch.library.custom_op("pliant::result", mutates_args=())
def result(handle: Tensor, initial: Tensor, lengths: Sequence[int], loop: int, position: int) -> Tensor:
    """Variable number `position` of a loop after its last iteration. `lengths` is its shape."""
    del handle, lengths, loop, position
    return initial.clone()


@result.register_fake
def _(handle: Tensor, initial: Tensor, lengths: Sequence[int], loop: int, position: int) -> Tensor:
    del handle, loop, position
    return initial.new_empty(list(lengths))


def _schema(name: str, attributes: Sequence[str]) -> Any:
    """The schema of a private node: any number of inputs of any types, one output."""
    variadic = defs.OpSchema.FormalParameterOption.Variadic
    return defs.OpSchema(
        name,
        DOMAIN,
        1,
        inputs=[defs.OpSchema.FormalParameter("inputs", "T", param_option=variadic, is_homogeneous=False)],
        outputs=[defs.OpSchema.FormalParameter("output", "U")],
        type_constraints=[("T", TYPES, ""), ("U", TYPES, "")],
        attributes=[defs.OpSchema.Attribute(a, defs.OpSchema.AttrType.INT, "", required=True) for a in attributes],
    )


MERGE = _schema("Merge", ["site"])
CARRIED = _schema("Carried", ["loop", "position"])
ITERATION = _schema("Iteration", ["loop"])
LOOP = _schema("Loop", ["loop"])
RESULT = _schema("Result", ["loop", "position"])


def _node(schema: Any, inputs: Sequence[Any], **attributes: int) -> Any:
    recorder: Any = evaluator.default()
    return recorder.eval(schema, list(inputs), attributes)


def _truth(value: Any) -> Any:
    """A number as a 0-d bool."""
    if isinstance(value, int):
        return op.Constant(value=ir.tensor(bool(value)))
    return value if value.dtype == ir.DataType.BOOL else op.Cast(value, to=ir.DataType.BOOL)


def _count(value: Any) -> Any:
    """A number as a 0-d int64."""
    return op.Constant(value_int=value) if isinstance(value, int) else value


def _translate_merge(condition: Any, then: Any, otherwise: Any, lengths: Any, site: int) -> Any:
    del lengths
    return _node(MERGE, [_truth(condition), then, otherwise], site=site)


def _translate_carried(initial: Any, lengths: Any, loop: int, position: int) -> Any:
    del lengths
    return _node(CARRIED, [initial], loop=loop, position=position)


def _translate_iteration(anchor: Any, loop: int) -> Any:
    return _node(ITERATION, [anchor], loop=loop)


def _translate_loop(times: Any, first: Any, again: Any, initial: Any, final: Any, number: int) -> Any:
    return _node(LOOP, [_count(times), _truth(first), _truth(again), *initial, *final], loop=number)


def _translate_result(handle: Any, initial: Any, lengths: Any, loop: int, position: int) -> Any:
    del initial, lengths
    return _node(RESULT, [handle], loop=loop, position=position)


OPERATOR = Operator(
    translations={
        torch.ops.pliant.merge.default: _translate_merge,
        torch.ops.pliant.carried.default: _translate_carried,
        torch.ops.pliant.iteration.default: _translate_iteration,
        torch.ops.pliant.loop.default: _translate_loop,
        torch.ops.pliant.result.default: _translate_result,
    }
)
