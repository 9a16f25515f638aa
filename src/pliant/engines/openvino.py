"""OpenVINO: on the CPU, and on a GPU or NPU by the name of the device."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from pliant.arguments import Array
from pliant.contract import Contract
from pliant.engines.base import Backend, Engine, Options


def open_model(model: bytes, contract: Contract, options: Options) -> Backend:
    """See `Engine.open`."""
    from pliant.lowering.bindings.openvino import extended
    from pliant.lowering.dialect import Dialect
    from pliant.lowering.kernels import claiming, raised
    from pliant.lowering.runtime import serialized
    from pliant.lowering.session import Lowered

    ov: Any = import_module("openvino")
    core = ov.Core()
    settings: dict[str, Any] = {"INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "LATENCY"}
    if options.threads is not None:
        settings["INFERENCE_NUM_THREADS"] = options.threads

    def compile_(body: Any) -> Any:
        bound = extended(core, body, options.kernels)
        compiled = core.compile_model(core.read_model(serialized(body)), "CPU", settings)
        names = [v.name for v in body.graph.inputs], [v.name for v in body.graph.outputs]

        def run(feeds: Mapping[str, Array]) -> dict[str, Array]:
            try:
                results = compiled.create_infer_request().infer([feeds[n] for n in names[0]])
            finally:
                raised(bound)
            return {name: results[k].copy() for k, name in enumerate(names[1])}

        return run

    dialect = Dialect("openvino", anything=True, flow=frozenset({"If", "Loop"}))
    return Lowered(model, contract, claiming(dialect, options.kernels), compile_)


ENGINE = Engine("openvino", "openvino", "openvino", open_model)
