"""Batches on an engine that works on one picture: each picture by itself, where it is proved that no result mixes them.

What is not proved (pliant.lowering.batches) is no error: such a model runs whole, and the engine may accept one picture
at a time only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx_ir as ir
from onnx_ir.passes import common

from pliant.arguments import Array
from pliant.contract import Contract
from pliant.lowering.batches import FREE, SAMPLES, State, follow
from pliant.lowering.inline import write_out


@dataclass(frozen=True)
class Plan:
    """Which inputs are cut into single pictures, and which outputs are joined again, in the order of the contract."""

    inputs: frozenset[str]
    joined: tuple[bool, ...]


class Samples:
    """A backend that gives another one the pictures of a batch one after the other."""

    def __init__(self, inner: Any, plan: Plan) -> None:
        self._inner, self._plan = inner, plan

    def run(self, feeds: Mapping[str, Array]) -> Sequence[Array]:
        """See `Backend.run`."""
        count = next(len(feeds[name]) for name in self._plan.inputs)
        if count < 2:
            return self._inner.run(feeds)
        rows = [
            self._inner.run({k: v[i : i + 1] if k in self._plan.inputs else v for k, v in feeds.items()})
            for i in range(count)
        ]
        columns = zip(self._plan.joined, zip(*rows, strict=True), strict=True)
        return [np.concatenate(parts) if joined else parts[0] for joined, parts in columns]

    def close(self) -> None:
        """See `Backend.close`."""
        self._inner.close()


def one_sample(model: bytes, contract: Contract) -> tuple[bytes, Plan | None]:
    """The model for one picture, and how batches become that; the model as it is and None where that is not proved."""
    import onnx

    batch = _batch_name(contract)
    if batch is None:
        return model, None
    proto = onnx.ModelProto.FromString(model)
    loaded = ir.serde.deserialize_model(proto)
    write_out(loaded, lambda domain, name: False)
    common.LiftConstantsToInitializersPass(lift_all_constants=True, size_limit=0)(loaded)
    common.ShapeInferencePass(check_type=False, strict_mode=False, data_prop=True)(loaded)
    cut = frozenset(i.name for i in contract.inputs if i.dims and i.dims[0].name == batch)
    states = {v: (SAMPLES if v.name in cut else FREE) for v in loaded.graph.inputs}
    found = follow(loaded.graph, dict(states))
    kinds = [_is_joined(found[v], o.dims[0] if o.dims else "", batch) for v, o in _results(loaded, contract)]
    if None in kinds:
        return model, None
    for value in proto.graph.input:
        if value.name in cut:
            value.type.tensor_type.shape.dim[0].dim_value = 1
    for value in proto.graph.output:
        value.type.tensor_type.ClearField("shape")
    del proto.graph.value_info[:]
    return proto.SerializeToString(), Plan(cut, tuple(bool(k) for k in kinds))


def _batch_name(contract: Contract) -> str | None:
    """The live dim that is the first axis of inputs and no other axis of any."""
    first = {i.dims[0].name for i in contract.inputs if len(i.dims) > 1 and i.dims[0].live and i.role != "value"}
    others = {d.name for i in contract.inputs for d in (i.dims if i.role == "value" else i.dims[1:])}
    return first.pop() if len(first) == 1 and not first & others else None


def _results(model: ir.Model, contract: Contract) -> list[tuple[ir.Value, Any]]:
    by_name = {v.name: v for v in model.graph.outputs}
    return [(by_name[o.name], o) for o in contract.outputs]


def _is_joined(state: State, first: str, batch: str) -> bool | None:
    """Whether an output has one part for each picture, of length 1; None if neither that nor the same for all."""
    if state == FREE:
        return False
    return True if state == SAMPLES and first == batch else None
