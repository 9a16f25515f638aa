"""The protocol's requests, answers and errors, for the OpenAPI document."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from pliant.apps.server.inference.datatypes import DATATYPES

ERRORS: dict[int | str, dict[str, Any]] = {
    status: {
        "description": HTTPStatus(status).phrase,
        "content": {
            "application/json": {
                "schema": {"type": "object", "required": ["error"], "properties": {"error": {"type": "string"}}},
                "example": {"error": "Input 'factor' is missing; the model takes: image, factor."},
            }
        },
    }
    for status in (400, 401, 403, 404, 405, 408, 413, 415, 421, 422, 429, 500, 503, 507)
}
PARAMETERS = {"type": "object", "description": "Those that are not known are left alone."}
SHAPE = {"type": "array", "items": {"type": "integer", "minimum": 0}}
DATATYPE = {"enum": list(DATATYPES.values())}
OUTPUT = {
    "type": "object",
    "required": ["name"],
    "properties": {"name": {"type": "string"}, "parameters": PARAMETERS},
}
INPUT = {
    "type": "object",
    "required": ["name", "datatype", "shape"],
    "properties": {
        "name": {"type": "string"},
        "datatype": DATATYPE,
        "shape": SHAPE,
        "data": {"description": "Nested as the shape says, or flat; or the parameter binary_data_size in its place."},
        "parameters": PARAMETERS,
    },
}
REQUEST = {
    "type": "object",
    "required": ["inputs"],
    "properties": {
        "id": {"type": "string"},
        "inputs": {"type": "array", "items": INPUT},
        "outputs": {"type": "array", "items": OUTPUT},
        "parameters": PARAMETERS,
    },
}
EXAMPLE = {
    "id": "42",
    "inputs": [
        {"name": "image", "datatype": "FP32", "shape": [1, 3, 1, 2], "data": [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]},
        {"name": "factor", "datatype": "FP64", "shape": [], "data": [2.5]},
    ],
}
BINARY = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
BODY: dict[str, Any] = {
    "required": True,
    "content": {"application/json": {"schema": REQUEST, "example": EXAMPLE}, **BINARY},
}
INDEX: dict[str, Any] = {
    "required": False,
    "content": {"application/json": {"schema": {"type": "object", "properties": {"ready": {"type": "boolean"}}}}},
}
ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The outputs: JSON, and binary data behind it if that was asked for.",
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["model_name", "model_version", "outputs"],
                    "properties": {
                        "model_name": {"type": "string"},
                        "model_version": {"type": "string"},
                        "id": {"type": "string"},
                        "outputs": {"type": "array", "items": INPUT},
                    },
                }
            },
            **BINARY,
        },
    }
}
