"""The files of a network for one whole factor."""

from __future__ import annotations

import onnx_ir as ir

from pliant.contract import Contract
from pliant.lowering.runtime import serialized
from pliant.lowering.whole.blocks import SIDES
from pliant.lowering.whole.field import UnsuitedError
from pliant.lowering.whole.forms import END
from pliant.lowering.whole.geometry import Geometry
from pliant.lowering.whole.models import fixed, interior, picture_of, strips
from pliant.lowering.whole.tail import shortened

WORTH = 0.85  # of the work of the network as it is: above, blocks and strips cost more than they spare
TRIED = 256  # pixels of a side of the picture for which that is worked out


def files(model: bytes, contract: Contract, factor: int, *, in_blocks: bool) -> dict[str, bytes]:
    """Serialised networks and what is known of them, by suffix: a network with a shorter end, or one in blocks.

    Raises UnsuitedError, with a phrase, where the network cannot be computed so, or would be no quicker.
    """
    source = fixed(model, contract, factor)
    try:
        return {END: serialized(shortened(source.clone(), picture_of(contract), factor))}
    except UnsuitedError:
        if not in_blocks:
            raise
    return _blocks(source, contract, factor)


def _blocks(source: ir.Model, contract: Contract, factor: int) -> dict[str, bytes]:
    inner, outer = interior(source, contract, factor), strips(source, contract, factor)
    geometry = Geometry(
        factor,
        inner.result.channels,
        inner.widest,
        inner.result.margins,
        inner.result.damage,
        tuple(made.result.margins[(k + 2) % 4] for k, made in enumerate(outer)),  # type: ignore[arg-type]
    )
    shares = [length / TRIED for length in geometry.strips]
    if inner.work + sum(shares) * inner.usual > WORTH * inner.usual:
        raise UnsuitedError("that would be no less work")
    made = {f".{name}.onnx": serialized(m.model) for name, m in zip(("inner", *SIDES), (inner, *outer), strict=True)}
    return {**made, ".json": geometry.to_json()}
