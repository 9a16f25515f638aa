"""The parts of a network for one whole factor: made, checked against the network, and kept for later processes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from pliant.arguments import Array
from pliant.contract import Contract
from pliant.lowering.runtime import Network, serialized
from pliant.lowering.whole.blocks import SIDES, Blocks
from pliant.lowering.whole.field import UnsuitedError
from pliant.lowering.whole.geometry import Geometry
from pliant.lowering.whole.models import fixed, interior, strips

WORTH = 0.85  # of the work of the network as it is: above, blocks and strips cost more than they spare
TRIED = 256  # pixels of a side of the picture for which that is worked out
Compile = Callable[[bytes], Network]


def files(model: bytes, contract: Contract, factor: int) -> dict[str, bytes]:
    """Serialised networks and geometry, by suffix.

    Raises UnsuitedError, with a phrase, where the network cannot be computed so, or would be no quicker.
    """
    source = fixed(model, contract, factor)
    inner, outer = interior(source, contract, factor), strips(source, contract, factor)
    damage = inner.result.damage
    geometry = Geometry(
        factor,
        inner.result.channels,
        inner.widest,
        inner.result.margins,
        damage,
        tuple(made.result.margins[(k + 2) % 4] for k, made in enumerate(outer)),  # type: ignore[arg-type]
    )
    shares = [length / TRIED for length in geometry.strips]
    if inner.work + sum(shares) * inner.usual > WORTH * inner.usual:
        raise UnsuitedError("that would be no less work")
    made = {f".{name}.onnx": serialized(m.model) for name, m in zip(("inner", *SIDES), (inner, *outer), strict=True)}
    return {**made, ".json": geometry.to_json()}


def blocks(files: Mapping[str, bytes], compile_: Compile) -> Blocks:
    """The network in parts, on an engine. Raises what `compile_` raises."""
    inner, *outer = (compile_(files[f".{name}.onnx"]) for name in ("inner", *SIDES))
    return Blocks(inner, outer, Geometry.from_json(files[".json"]))


def deviation(made: Blocks, contract: Contract, ordinary: Callable[[Array], Array]) -> float:
    """How far a result in parts is from that of the network as it is, on noise, as a share of the range.

    Raises UnsuitedError if they have different shapes.
    """
    side = max(2 * max(made.geometry.strips), made.geometry.side) + 7
    entry = next(i for i in contract.inputs if i.role == "image")
    picture: Array = np.random.default_rng(0).random((1, entry.dims[1].size or 1, side, side + 5), np.float32)
    expected, result = ordinary(picture), made(picture)
    if expected.shape != result.shape:
        raise UnsuitedError("its result has another size")
    return float(np.abs(result - expected).max() / max(1.0, np.ptp(expected)))
