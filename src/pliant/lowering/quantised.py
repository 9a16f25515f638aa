"""A model whose convolutions and matrix products compute in int8, calibrated on examples.

The form is the standard one, which every engine reads: QuantizeLinear and DequantizeLinear around each layer, weights
as int8 with a scale for each output channel, activations as uint8. Only layers of the main graph with weights of their
own take part; what computes sizes, positions and resizes stays as it is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import onnx
from google.protobuf.message import DecodeError
from numpy.typing import NDArray

from pliant.errors import InputError, LoweringError
from pliant.lowering.opset import converted, version_of
from pliant.ort import errors

Array = NDArray[Any]
LAYERS = ("Conv", "MatMul")
SMALLEST = 256  # weights of a layer; fewer are not worth the steps around it
LEAST_OPSET, OPSET = 13, 18  # from 13 on weights can have a scale for each channel
PREPARED = ("onnx.quant.pre_process", "onnxruntime.quant")  # or ONNX Runtime warns, by the root logger


class Quantiser:
    """A model to be quantised: `layers` are the names of those that can be, in order.

    `first` of them see the arguments, `last` make the results: their errors show most. Raises InputError if `model` is
    no ONNX model, LoweringError if it has no such layer.
    """

    def __init__(self, model: bytes) -> None:
        try:
            proto = onnx.ModelProto.FromString(model)
            self._model: Any = proto if version_of(proto, OPSET) >= LEAST_OPSET else converted(proto, OPSET)
        except (DecodeError, ValueError, TypeError, RuntimeError) as error:
            raise InputError(f"The model cannot be read ({error}); export it again.") from error
        graph = self._model.graph
        weights = {tensor.name: tensor for tensor in graph.initializer}
        for k, node in enumerate(graph.node):
            node.name = node.name or f"{node.op_type}_{k}"
        self.layers = [node.name for node in graph.node if _is_layer(node, weights)]
        if not self.layers:
            raise LoweringError(
                "The model has no convolution and no matrix product with weights of its own in its main graph: there "
                "is nothing to compute in int8."
            )
        self.first = _seeing(graph.node, {value.name for value in graph.input}, self.layers, forward=True)
        self.last = _seeing(graph.node, {value.name for value in graph.output}, self.layers, forward=False)

    def __call__(self, layers: Collection[str], examples: Iterable[Mapping[str, Array]]) -> bytes:
        """The model with these of its layers in int8, calibrated on arguments by name.

        Raises InputError if it cannot be run on the examples, or not be quantised.
        """
        tools: Any = import_module("onnxruntime.quantization")
        prepared = onnx.ModelProto()
        prepared.CopyFrom(self._model)
        prepared.metadata_props.add(key=PREPARED[0], value=PREPARED[1])
        with TemporaryDirectory() as folder:
            path = Path(folder) / "model.onnx"
            try:
                tools.quantize_static(
                    prepared,
                    path,
                    _reader(tools, examples),
                    quant_format=tools.QuantFormat.QDQ,
                    nodes_to_quantize=list(layers),
                    op_types_to_quantize=list(LAYERS),
                    per_channel=True,
                    activation_type=tools.QuantType.QUInt8,
                    weight_type=tools.QuantType.QInt8,
                )
            except errors() as error:
                raise InputError(f"ONNX Runtime cannot quantise the model: {error}.") from error
            made = onnx.load(path)
        return _standard(made, self._model)


def _is_layer(node: Any, weights: Mapping[str, Any]) -> bool:
    if node.op_type not in LAYERS or node.domain not in ("", "ai.onnx"):
        return False
    found = weights.get(node.input[1])
    return found is not None and found.data_type == onnx.TensorProto.FLOAT and np.prod(found.dims) >= SMALLEST


def _seeing(nodes: Sequence[Any], start: set[str], layers: Collection[str], forward: bool) -> list[str]:
    """The layers that are reached from values without another layer between."""
    reached, found = set(start), list[str]()
    for node in nodes if forward else reversed(nodes):
        came, goes = (list(_reads(node)), node.output) if forward else (node.output, list(_reads(node)))
        if reached.isdisjoint(came):
            continue
        if node.name in layers:
            found.append(node.name)
        else:
            reached.update(goes)
    return found


def _reads(node: Any) -> Iterator[str]:
    """What a node takes, its bodies included."""
    yield from (name for name in node.input if name)
    for attribute in node.attribute:
        for graph in (attribute.g, *attribute.graphs):
            for inner in graph.node:
                yield from _reads(inner)


def _reader(tools: Any, examples: Iterable[Mapping[str, Array]]) -> Any:
    class Reader(tools.CalibrationDataReader):
        """Examples as ONNX Runtime asks for them: one after the other, then None."""

        def __init__(self) -> None:
            self._rest = iter(examples)

        def get_next(self) -> dict[str, Array] | None:
            found = next(self._rest, None)
            return None if found is None else dict(found)

    return Reader()


def _standard(made: Any, before: Any) -> bytes:
    """The model without what the tool leaves in it: its own note, and domains that nothing uses."""
    del made.metadata_props[:]
    made.metadata_props.extend(before.metadata_props)
    used = {node.domain for node in made.graph.node} | {domain.domain for domain in before.opset_import} | {""}
    kept = [entry for entry in made.opset_import if entry.domain in used]
    del made.opset_import[:]
    made.opset_import.extend(kept)
    made.producer_name, made.producer_version = before.producer_name, before.producer_version
    return made.SerializeToString()
