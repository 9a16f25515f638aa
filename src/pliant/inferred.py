"""A contract for an ONNX file that carries none, from what its graph says. Every guess is noted."""

from __future__ import annotations

from dataclasses import replace

from pliant.contract import Contract, Dim, Image, Input, Output
from pliant.dataflow import resizes
from pliant.errors import ContractError
from pliant.graph import Graph, Value

CHANNELS = {1: "GREY", 3: "RGB"}


def infer(graph: Graph) -> Contract:
    """The contract that the graph suggests, with `inferred` set.

    A float input of rank 4 with 1 or 3 channels is a picture in [0, 1]. An input of one number is a live
    value; so is a vector of 4 floats beside a picture, which holds the scales of n, c, h and w.

    Raises ContractError if an input has no element type or rank.
    """
    inputs = tuple(_input(value) for value in graph.body.inputs)
    picture = next((i for i in inputs if i.role == "image"), None)
    if picture is not None:
        inputs = tuple(replace(i, role="value") if _scales(i) else i for i in inputs)
    values = [i.name for i in inputs if i.role == "value"]
    factor = values[0] if picture is not None and len(values) == 1 else None
    return Contract(
        inputs=inputs,
        outputs=tuple(_output(value) for value in graph.body.outputs),
        image=_image(picture),
        factor=factor,
        resizes=resizes(graph, values),
        notes=tuple(_notes(picture, factor)),
        inferred=True,
    )


def _input(value: Value) -> Input:
    dtype = value.dtype
    if value.dims is None or not dtype:
        lacks = "rank" if dtype else "tensor type"
        raise ContractError(
            f"The file carries no contract and its input {value.name!r} declares no {lacks}; export the model again."
        )
    dims = tuple(_dim(dim) for dim in value.dims)
    if dtype.startswith("float") and len(dims) == 4 and dims[1].size in CHANNELS:
        return Input(value.name, dtype, dims, "image")
    if dtype.startswith(("float", "int")) and [d.size for d in dims] in ([], [1]):
        return Input(value.name, dtype, dims, "value")
    return Input(value.name, dtype, dims)


def _dim(dim: int | str) -> Dim:
    if isinstance(dim, str):
        return Dim(name=dim or None)
    return Dim(size=dim) if dim > 0 else Dim()  # some exporters write 0 or -1 for "any"


def _output(value: Value) -> Output:
    return Output(value.name, value.dtype, tuple(str(dim) or "?" for dim in value.dims or ()))


def _scales(candidate: Input) -> bool:
    return candidate.dtype.startswith("float") and [dim.size for dim in candidate.dims] == [4]


def _image(picture: Input | None) -> Image | None:
    if picture is None:
        return None
    return Image(colours="GREY" if picture.dims[1].size == 1 else "RGB")


def _notes(picture: Input | None, factor: str | None) -> list[str]:
    notes = ["The file carries no contract; this one was inferred from the graph."]
    if picture is not None:
        colours = "a grey" if picture.dims[1].size == 1 else "an RGB"
        notes.append(f"Input {picture.name!r} is taken for {colours} picture with values from 0 to 1.")
    if factor is not None:
        notes.append(f"Input {factor!r} is taken for the upscale factor.")
    return notes
