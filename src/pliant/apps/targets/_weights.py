"""The files beside an ONNX file in which weights of it lie."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from pliant.artifact import read_model
from pliant.errors import InputError


def beside(model: Path) -> tuple[str, ...]:
    """Their paths, relative to the folder of `model`, each once, in the order of the file.

    Raises InputError if `model` is no ONNX file, or if one of them is missing or lies outside of that folder.
    """
    data = read_model(model)
    if b"location" not in data:  # the key under which a tensor names its file
        return ()
    import onnx

    try:
        proto: Any = onnx.ModelProto.FromString(data)
    except Exception as error:  # protobuf's error class has another name in each of its packages
        raise InputError(f"{model} is not an ONNX model, or it is damaged ({len(data):,} bytes).") from error
    external = onnx.TensorProto.EXTERNAL
    entries = (e for t in _tensors(proto) if t.data_location == external for e in t.external_data)
    found = dict.fromkeys(e.value for e in entries if e.key == "location")
    for location in found:
        _check(model, location)
    return tuple(found)


def _tensors(proto: Any) -> Iterator[Any]:
    yield from _of_graph(proto.graph)
    for function in proto.functions:
        yield from _of_nodes(function.node)


def _of_graph(graph: Any) -> Iterator[Any]:
    yield from graph.initializer
    yield from _of_nodes(graph.node)


def _of_nodes(nodes: Any) -> Iterator[Any]:
    for attribute in (a for node in nodes for a in node.attribute):
        yield from (attribute.t, *attribute.tensors)
        for graph in (attribute.g, *attribute.graphs):
            yield from _of_graph(graph)


def _check(model: Path, location: str) -> None:
    place = PurePosixPath(location)
    if place.is_absolute() or ".." in place.parts:
        raise InputError(
            f"The weights of {model} lie in {location}, outside of its folder; save the model anew with its weights "
            "beside it."
        )
    if not (model.parent / place).is_file():
        raise InputError(f"The weights of {model} lie in {location}, which is missing; put that file beside the model.")
