"""From the body of a lowered model to the two files of an ncnn network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from pliant.errors import LoweringError
from pliant.lowering.dialect import key_of
from pliant.lowering.ncnn._layout import Groups, Refused, Sizes, dims_of, is_empty, ones, separate
from pliant.lowering.ncnn._network import Network
from pliant.lowering.ncnn.base import Layer

ENGINE = "ncnn"


@dataclass(frozen=True)
class Port:
    """An input or output of a network: `blob` holds the axes `groups` of what the model calls `name`.

    `rank` is the number of axes there, and `dtype` the type of the elements; a blob has float32 always.
    """

    name: str
    blob: str
    groups: Groups
    rank: int
    dtype: str

    def blob_of(self, array: NDArray[np.generic]) -> NDArray[np.float32]:
        """The content of an input, as its blob has it."""
        axes = dict(enumerate(array.shape))
        shape = [int(np.prod([axes[a] for a in group], dtype=np.int64)) for group in self.groups]
        return np.ascontiguousarray(array, np.float32).reshape(shape)

    def array_of(self, blob: NDArray[np.float32], lengths: dict[int, int]) -> NDArray[Any]:
        """An output of the model from its blob; `lengths` are those of axes that the blob has merged."""
        found = {group[0]: n for group, n in zip(self.groups, blob.shape, strict=True) if len(group) == 1}
        return blob.reshape([found.get(k, lengths.get(k, 1)) for k in range(self.rank)]).astype(self.dtype)


@dataclass(frozen=True)
class Written:
    """A network as files, with what has to be put in and taken out.

    `merged` are the lengths of the axes of outputs that a blob has merged.
    """

    text: str
    data: bytes
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    merged: tuple[dict[int, int], ...]


def write(body: ir.Model, layers: dict[str, Layer]) -> Written:
    """The network of a body.

    Raises Sizes where it can be written for known sizes only, LoweringError (naming the node) where not at all.
    """
    network = Network()
    inputs = tuple(_input(network, value, k) for k, value in enumerate(body.graph.inputs))
    for node in body.graph:
        _emit(node, network, layers)
    pairs = [_output(network, value, k) for k, value in enumerate(body.graph.outputs)]
    outputs, merged = tuple(p for p, _ in pairs), tuple(m for _, m in pairs)
    used = {blob for line in network.lines for blob in line.inputs}
    network.lines = [line for line in network.lines if line.kind != "Input" or line.output in used]
    return Written(network.text(), network.data(), tuple(p for p in inputs if p.blob in used), outputs, merged)


def _emit(node: ir.Node, network: Network, layers: dict[str, Layer]) -> None:
    try:
        if all(is_empty(v) for v in node.outputs):
            return  # ncnn has no such blobs; a Concat leaves them out, and any other reader is refused
        layer = layers.get(key_of(node))
        if layer is None:
            raise Refused("is an operator that this engine does not have")
        layer.emit(node, network)
    except Refused as reason:
        name = node.name or node.outputs[0].name
        raise LoweringError(
            f"Engine {ENGINE!r} cannot run this model: {key_of(node)} {name!r} {reason}. Use the engine 'onnxruntime'."
        ) from reason
    except Sizes as reason:
        raise Sizes(f"{key_of(node)} {node.name!r} needs {reason}") from reason


def _input(network: Network, value: ir.Value, k: int) -> Port:
    dims = dims_of(value)
    groups = separate(dims) or (tuple(range(len(dims))),)
    blob = network.layer("Input", [], name=f"in{k}")
    network.put(value, blob, groups)
    return Port(str(value.name), blob, groups, len(dims), _dtype(value))


def _output(network: Network, value: ir.Value, k: int) -> tuple[Port, dict[int, int]]:
    dims = dims_of(value)
    groups = separate(dims)
    merged: dict[int, int] = {}
    if groups is None:
        merged = {axis: n for axis, n in enumerate(dims) if isinstance(n, int)}
        if len(merged) < len(dims):
            raise Sizes(f"the shape {dims} of the result {value.name!r}")
        groups = (tuple(a for a in range(len(dims)) if a not in ones(dims)),)
    blob = network.layer("Noop", [network.view(value, groups)], name=f"out{k}")
    return Port(str(value.name), blob, groups, len(dims), _dtype(value)), merged


def _dtype(value: ir.Value) -> str:
    return "float32" if value.dtype is None else value.dtype.numpy().name
