"""What the protocol tells about the server and its models."""

from __future__ import annotations

from typing import Any

from pliant.apps.server.inference.datatypes import datatype_of
from pliant.apps.server.models import Offered
from pliant.contract import Dim
from pliant.version import VERSION

MODEL_VERSION = "1"  # a name always means the same file; another file is another name
PLATFORM = "onnx_onnxv1"  # the protocol's name for ONNX files
EXTENSIONS = ("binary_tensor_data",)
LIVE = -1  # the protocol's length of an axis that is chosen at run time


def server() -> dict[str, Any]:
    """$metadata_server_response."""
    return {"name": "pliant", "version": VERSION, "extensions": list(EXTENSIONS)}


def model(offered: Offered) -> dict[str, Any]:
    """$metadata_model_response. Raises Problem (422) for a model whose tensors the protocol cannot carry."""
    contract = offered.session.contract
    return {
        "name": offered.name,
        "versions": [MODEL_VERSION],
        "platform": PLATFORM,
        "inputs": [_tensor(i.name, i.dtype, [_length(dim) for dim in i.dims]) for i in contract.inputs],
        "outputs": [_tensor(o.name, o.dtype, [_number(dim) for dim in o.dims]) for o in contract.outputs],
    }


def _tensor(name: str, dtype: str, shape: list[int]) -> dict[str, Any]:
    return {"name": name, "datatype": datatype_of(dtype), "shape": shape}


def _length(dim: Dim) -> int:
    return LIVE if dim.size is None else dim.size


def _number(formula: str) -> int:
    """A length that is written as a number; all else depends on the inputs."""
    return int(formula) if formula.isascii() and formula.isdigit() else LIVE
