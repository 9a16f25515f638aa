"""Kernels of a user's in ncnn: functions of NumPy arrays, and subclasses of `ncnn.Layer`.

A blob of ncnn holds float32, and has no axes of length 1 that are known to be so: neither the batch, nor a single
channel. A function of NumPy arrays gets its arguments with the axes that the operator sees; a subclass of `ncnn.Layer`
gets the blobs as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from pliant.errors import UsageError
from pliant.kernels import Kernel
from pliant.lowering.dialect import key_of
from pliant.lowering.kernels import Bound, Use, finished, uses
from pliant.lowering.ncnn._layout import Groups, Refused, dims_of, separate
from pliant.lowering.ncnn._network import Network
from pliant.lowering.ncnn.base import Layer
from pliant.lowering.opset import name_of
from pliant.lowering.runtime import run

DOMAIN = "pliant.kernel"


def usable(model: bytes, kernels: Sequence[Kernel]) -> tuple[Kernel, ...]:
    """Those of operators with one result: a layer of ncnn in Python has one, and other calls run by their bodies."""
    if not kernels:
        return ()
    import onnx

    functions = onnx.ModelProto.FromString(model).functions
    several = {f"{f.domain}::{name_of(f)}" for f in functions if len(f.output) > 1}
    return tuple(kernel for kernel in kernels if kernel.key not in several)


@dataclass
class Layers:
    """The layer types that the kernels used in a body make.

    In `body` their calls are nodes of DOMAIN, which `writers` write; `register` is called on a net before it loads its
    layers, and this object lives as long as the net. `bound` are the kernels in NumPy: what they raise shows in them.
    """

    body: ir.Model
    makers: dict[str, Callable[[], Any]] = field(default_factory=dict[str, Callable[[], Any]])
    writers: dict[str, Layer] = field(default_factory=dict[str, Layer])
    bound: list[Bound] = field(default_factory=list[Bound])
    _alive: list[Any] = field(default_factory=list[Any])

    @classmethod
    def of(cls, body: ir.Model, kernels: Sequence[Kernel]) -> Layers:
        """Those of a body, which stays as it is.

        Raises UsageError for a compiled library: ncnn loads none.
        """
        if not kernels:
            return cls(body)
        found = cls(body.clone())
        for k, use in enumerate(uses(found.body, kernels)):
            found._add(use, f"PliantKernel{k}")
        finished(found.body)
        return found

    def _add(self, use: Use, name: str) -> None:
        if use.kernel.run is None:
            raise UsageError(
                f"The kernel of {use.kernel.operator!r} for 'ncnn' is a library, and ncnn loads none; give a function "
                "of NumPy arrays or a subclass of ncnn.Layer."
            )
        if use.kernel.native:
            self.makers[name] = use.kernel.run
        else:
            self.bound.append(bound := Bound(use))
            self.makers[name] = _layer(bound)
        use.become(name, DOMAIN)
        self.writers[f"{DOMAIN}::{name}"] = Layer(_write)

    def register(self, net: Any) -> None:
        """Let `net` know the layer types."""
        for name, make in self.makers.items():
            net.register_custom_layer(name, self._creator(make), self._alive.remove)

    def _creator(self, make: Callable[[], Any]) -> Callable[[], Any]:
        def create() -> Any:
            self._alive.append(layer := make())
            return layer

        return create


def shapes_of_results(
    body: ir.Model, kernels: Sequence[Kernel], feeds: Mapping[str, NDArray[Any]]
) -> dict[str, tuple[int, ...]]:
    """The shapes of what the kernels give in one run, by name: the bodies are run, which say no more than that."""
    keys = {kernel.key for kernel in kernels}
    names = [str(node.outputs[0].name) for node in body.graph if key_of(node) in keys]
    if not names:
        return {}
    probe = body.clone()
    values = ir.convenience.create_value_mapping(probe.graph, include_subgraphs=False)
    probe.graph.outputs[:] = [values[name] for name in names]
    return {name: result.shape for name, result in zip(names, run(probe, feeds), strict=True)}


def _write(node: ir.Node, network: Network) -> None:
    """One layer, with every operand in the layout that keeps its axes apart."""
    groups = [separate(dims_of(value)) for value in (*node.inputs, *node.outputs) if value is not None]
    if len(node.outputs) != 1 or None in groups:
        raise Refused("has several results, or one with more axes than a blob has")
    blobs = [network.view(v, g) for v, g in zip(node.inputs, groups[:-1], strict=True) if g is not None]
    last = groups[-1]
    assert last is not None
    network.put(node.outputs[0], network.layer(node.op_type, blobs), last)


def _layer(bound: Bound) -> Callable[[], Any]:
    """A subclass of `ncnn.Layer` that runs a function of NumPy arrays."""
    ncnn: Any = import_module("ncnn")
    given = [(separate(dims_of(value)) or (), len(dims_of(value))) for value in bound.use.present]
    kept = [group[0] for group in separate(dims_of(bound.use.node.outputs[0])) or () if group]

    class Function(ncnn.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.one_blob_only = False
            self.support_inplace = False

        def forward(self, bottoms: Any, tops: Any, options: Any) -> int:
            arrays = [
                _with_ones(np.array(blob), groups, rank) for blob, (groups, rank) in zip(bottoms, given, strict=True)
            ]
            found = bound(*arrays)[0]
            if bound.failures:
                return -1
            lengths = [found.shape[axis] for axis in kept] or [1]
            plain = np.ascontiguousarray(found.reshape(lengths), np.float32)
            tops[0].clone_from(ncnn.Mat(plain), options.blob_allocator)
            return 0

    return Function


def _with_ones(array: Any, groups: Groups, rank: int) -> Any:
    """With the axes of length 1 that a blob leaves out."""
    shape = [1] * rank
    for group, length in zip(groups, array.shape, strict=True):
        if group:
            shape[group[0]] = length
    return array.reshape(shape)
