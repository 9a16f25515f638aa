"""Kernels in ncnn: functions of NumPy arrays, and subclasses of `ncnn.Layer`.

A blob of ncnn has no batch axis and holds float32. A function of NumPy arrays gets its arguments with the axes that the
operator sees, a leading axis of length 1 put in front where a blob lacks one, and its results lose that again. A
subclass of `ncnn.Layer` gets the blobs as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import numpy as np
import onnx_ir as ir

from pliant.errors import UsageError
from pliant.kernels import Kernel
from pliant.lowering.kernels import Bound, finished, uses

DOMAIN = "pliant.kernel"


@dataclass
class Layers:
    """The layer types that the kernels used in a body make; `register` them on a Net before it loads its layers.

    `bound` are the kernels in NumPy: what they raise shows in them after a run.
    """

    makers: dict[str, Callable[[], Any]] = field(default_factory=dict[str, Callable[[], Any]])
    bound: list[Bound] = field(default_factory=list[Bound])
    _alive: list[Any] = field(default_factory=list[Any])

    def register(self, net: Any) -> None:
        """Let `net` know the layer types. This object has to live as long as the net."""
        for name, make in self.makers.items():
            net.register_custom_layer(name, self._creator(make), self._alive.remove)

    def _creator(self, make: Callable[[], Any]) -> Callable[[], Any]:
        def create() -> Any:
            self._alive.append(layer := make())
            return layer

        return create


def layers(body: ir.Model, kernels: Sequence[Kernel]) -> Layers:
    """Make the calls in `body` that have a kernel nodes of DOMAIN; their types are those of the layers.

    Raises UsageError for a compiled library: ncnn loads none.
    """
    found = Layers()
    for k, use in enumerate(uses(body, kernels)):
        if use.kernel.run is None:
            raise UsageError(
                f"The kernel of {use.kernel.operator!r} for 'ncnn' is a library, and ncnn loads none; give a function "
                "of NumPy arrays or a subclass of ncnn.Layer."
            )
        name = f"PliantKernel{k}"
        if use.kernel.native:
            found.makers[name] = use.kernel.run
        else:
            found.bound.append(bound := Bound(use))
            found.makers[name] = _layer(bound)
        use.become(name, DOMAIN)
    finished(body)
    return found


def _layer(bound: Bound) -> Callable[[], Any]:
    """A subclass of `ncnn.Layer` that runs a function of NumPy arrays."""
    ncnn: Any = import_module("ncnn")
    ranks = [None if v.shape is None else len(v.shape) for v in bound.use.present]

    class Function(ncnn.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.one_blob_only = False
            self.support_inplace = False

        def forward(self, bottoms: Any, tops: Any, options: Any) -> int:
            arrays = [np.array(blob) for blob in bottoms]
            added = max((r - a.ndim for r, a in zip(ranks, arrays, strict=True) if r), default=0)
            results = bound(*(_ranked(a, rank) for a, rank in zip(arrays, ranks, strict=True)))
            for top, result in zip(tops, results, strict=True):
                axes = tuple(range(min(max(added, 0), result.ndim - 1)))
                plain = np.ascontiguousarray(result.squeeze(axes), np.float32)
                top.clone_from(ncnn.Mat(plain), options.blob_allocator)
            return -1 if bound.failures else 0

    return Function


def _ranked(array: Any, rank: int | None) -> Any:
    """With leading axes of length 1 up to `rank`, and without them down to it."""
    while rank is not None and array.ndim < rank:
        array = array[None]
    while rank is not None and array.ndim > rank and array.shape[0] == 1:
        array = array[0]
    return array
