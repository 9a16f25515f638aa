"""Writing a network anew for a part of the picture.

A side of the part is either *real*, a border of the picture, where the network pads as it does; or it lies inside,
where nothing is padded and the result is smaller by what is missing. With all sides inside, a network that follows from
a part of the picture alone is left: it can be computed in blocks of any size, which need not overlap in what they
compute, only in what they read.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from pliant.lowering.builder import Builder
from pliant.lowering.whole.field import NONE, Field, Sides, added, most, only, times, without
from pliant.lowering.whole.taps import Upsampling

Array = NDArray[Any]
Real = tuple[bool, bool, bool, bool]
INSIDE: Real = (False, False, False, False)
BOTH = (2, 3)  # the axes of rows and columns
LANES = 16  # numbers that a processor with AVX-512 computes at once; engines compute as many channels at once


def lanes(weight: Array, group: int) -> float:
    """The multiply-adds of a convolution for each pixel, counting lanes that compute nothing."""
    each = weight.shape[0] / group
    return group * -(-each // LANES) * LANES * weight[0].size if each > 1 else weight.size


@dataclass
class Region:
    """What is written of a network, for one part.

    `phases` is the factor whose phases are kept as channels as long as that is possible, 0 for never. `work` counts the
    multiply-adds of what is written for each pixel of the small picture, `usual` those of the network as it is, both
    with the lanes of the processor that stay empty. `widest` is the most numbers that one step makes for a pixel.
    """

    build: Builder
    real: Real
    phases: int
    work: float = 0
    usual: float = 0
    widest: int = 0
    _plain: dict[int, Field] = field(default_factory=dict[int, Field])

    def conv(
        self, x: ir.Value, weight: Array, bias: Array | None, pads: Sides = NONE, scale: int = 1, **attributes: Any
    ) -> Any:
        """A convolution of a map `scale` times as large as the picture, padded by zeros on real sides only."""
        constants = [self.build.constant(weight.astype(np.float32))]
        constants += [] if bias is None else [self.build.constant(bias.astype(np.float32))]
        self.work += scale * scale * lanes(weight, attributes.get("group", 1))
        self.widest = max(self.widest, weight.shape[0] * scale * scale)
        return self.build("Conv", x, *constants, pads=list(only(pads, self.real)), **attributes)

    def cut(self, value: ir.Value, by: Sides) -> ir.Value:
        """`value` without so many rows and columns on each side."""
        if not any(by):
            return value
        ends = [-by[2] or np.iinfo(np.int64).max, -by[3] or np.iinfo(np.int64).max]
        given = (self.build.constant(v) for v in ([by[0], by[1]], ends, list(BOTH)))
        return self.build("Slice", value, *given)

    def plain(self, f: Field) -> Field:
        """`f` as the map itself, enlarged and with its phases put in place."""
        if not f.phased and f.enlarged is None:
            return f
        if id(f) not in self._plain:
            self._plain[id(f)] = self._interleaved(f) if f.phased else self._enlarged(f, f.enlarged)
        return self._plain[id(f)]

    def _interleaved(self, f: Field) -> Field:
        whole = f.value if len(f.parts) == 1 else self.build("Concat", *f.parts, axis=1)
        placed = self.build("DepthToSpace", whole, blocksize=self.phases, mode="DCR")
        return replace(f, parts=(placed,), phased=False)

    def _enlarged(self, f: Field, by: Upsampling | None) -> Field:
        """A convolution of each channel by itself that makes all phases, and these in place."""
        assert by is not None
        table, _ = by.taps()
        k, taps = table.shape
        kernel = np.einsum("pa,qb->pqab", table, table).reshape(k * k, 1, taps, taps)
        weight = np.tile(kernel, (f.channels, 1, 1, 1))
        phases = self.conv(self._extended(f, by), weight, None, scale=f.scale, group=f.channels)
        placed = self.build("DepthToSpace", phases, blocksize=k, mode="CRD")
        margins = times(added(f.margins, without(by.reach(), self.real)), k)
        damage = self.spread(f, by.reach(), k)
        return replace(f, parts=(placed,), scale=f.scale * k, margins=margins, damage=damage, enlarged=None)

    def _extended(self, f: Field, by: Upsampling) -> ir.Value:
        """`f` with its edge repeated on real sides as far as the resize reaches."""
        pads = only(by.reach(), self.real)
        if not any(pads):
            return f.value
        return self.build(
            "Pad", f.value, self.build.constant(list(pads)), None, self.build.constant(list(BOTH)), mode="edge"
        )

    def spread(self, f: Field, reach: Sides, k: int) -> Sides:
        """The damage of the map enlarged from `f`, which reads so far around a pixel."""
        if f.clamped:
            return times(f.damage, k)
        return without(times(added(f.damage, reach), k), self.real)

    def met(self, fields: list[Field], *, plain: bool = False) -> list[Field]:
        """Several maps brought to the same form and the same part, so that they can be added."""
        alike = all(f.phased and len(f.parts) == len(fields[0].parts) for f in fields)
        if plain or not alike or any(f.margins != fields[0].margins for f in fields):
            fields = [self.plain(f) for f in fields]
        margins, damage = fields[0].margins, fields[0].damage
        for f in fields[1:]:
            margins, damage = most(margins, f.margins), most(damage, f.damage)
        return [self._shrunk(f, margins, damage) for f in fields]

    def _shrunk(self, f: Field, margins: Sides, damage: Sides) -> Field:
        by: Any = tuple(wanted - has for wanted, has in zip(margins, f.margins, strict=True))
        parts = tuple(self.cut(part, by) for part in f.parts)
        return replace(f, parts=parts, margins=margins, damage=damage)

    def each(self, f: Field, make: Callable[[ir.Value], ir.Value]) -> Field:
        """A step that treats every pixel by itself."""
        return replace(f, parts=tuple(make(part) for part in f.parts))
