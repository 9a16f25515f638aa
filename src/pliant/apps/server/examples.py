"""What OpenAPI shows of the answers of the core's own routes."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path

Name = Annotated[str, Path(description="A name of /v1/models.", examples=["anyscale"])]

MODEL: dict[str, Any] = {
    "name": "anyscale",
    "default": True,
    "engine": "onnxruntime",
    "factor": {"minimum": 1.0, "maximum": 8.0, "default": 4.0, "live": True},
    "contract": {
        "inputs": [
            {"name": "x", "dtype": "float32", "dims": ["n", 3, "h", "w"], "role": "image"},
            {"name": "factor", "dtype": "float64", "dims": [], "role": "value", "values": {"minimum": 1, "maximum": 8}},
        ],
        "outputs": [{"name": "y", "dtype": "float32", "dims": ["n", "3", "floor(h*factor)", "floor(w*factor)"]}],
    },
    "bytes": 1_234_567,
    "file": "/v1/models/anyscale/file",
}
MODELS = {"models": [MODEL]}
TILES = {"radius": [8, 8], "step": 1, "exact": True, "factor": 2.7}
PLAN: dict[str, Any] = {
    "source_size": [256, 256],
    "result_size": [691, 691],
    "factor": 2.7,
    "model": "anyscale",
    "engine": "onnxruntime",
    "memory": 250_000_000,
    "seconds": 0.4,
    "notes": [],
}
LIVE, READY = {"status": "live"}, {"status": "ready"}


def shown(example: dict[str, Any]) -> dict[int | str, dict[str, Any]]:
    """For `responses` of a route that answers such JSON."""
    return {200: {"description": "As asked for.", "content": {"application/json": {"example": example}}}}
