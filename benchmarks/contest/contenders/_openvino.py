"""What someone who knows OpenVINO would write."""

from __future__ import annotations

from typing import Any

from benchmarks.contest.base import Array, Run, UnavailableError


def opened(graph: str, precision: str) -> Run:
    """The graph for the size of the picture, which is quicker than for any size: compiled again when that changes."""
    import openvino

    core: Any = openvino.Core()
    can = core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    if precision == "bf16" and "BF16" not in can:
        raise UnavailableError("the processor has no bfloat16")
    settings = {"INFERENCE_PRECISION_HINT": precision, "PERFORMANCE_HINT": "LATENCY"}
    requests: dict[tuple[int, ...], Any] = {}

    def run(image: Array) -> Array:
        if image.shape not in requests:
            requests.clear()
            model = core.read_model(graph)
            model.reshape(image.shape)
            requests[image.shape] = core.compile_model(model, "CPU", settings).create_infer_request()
        return requests[image.shape].infer([image], share_inputs=True, share_outputs=True)[0]

    return run
