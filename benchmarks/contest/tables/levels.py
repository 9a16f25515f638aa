"""Whether an engine turns bytes into float32 and back faster than pliant does around it."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from time import perf_counter
from typing import Any

import numpy as np
from benchmarks.contest.apart import call
from benchmarks.contest.base import FACTOR
from benchmarks.contest.pictures import picture
from benchmarks.contest.tables.base import Data, Machine, Options, Table, grid, no_claims, no_plots, seconds

SIDE, TURNS, QUICK = 256, 25, (48, 2)
ENGINES = ("onnxruntime", "openvino")
AROUND = "float32 in the graph, bytes around it: what pliant does"
SAME = "bytes in the graph, by the same arithmetic"
QUANTIZED = "bytes in the graph, by `QuantizeLinear`"
Run = Callable[[Any], Any]


def measure(options: Options) -> Data:
    """See `Table.measure`."""
    side, turns = QUICK if options.quick else (SIDE, TURNS)
    found: Data = {}
    for engine in ENGINES:
        options.say(engine)
        found[engine] = call("tables.levels:rows", engine, side, turns)
    return {"side": side, "engines": found}


def rows(engine: str, side: int, turns: int) -> list[Data]:
    """Of each way the median "seconds", and the "share" of levels that are not those of pliant."""
    levels = picture(side, side)
    ways = _ways(engine)
    expected = ways[AROUND](levels)
    results = {name: run(levels) for name, run in ways.items()}
    took: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(turns):
        for name, run in ways.items():
            started = perf_counter()
            run(levels)
            took[name].append(perf_counter() - started)
    assert all(np.abs(results[name].astype(int) - expected).max() <= 1 for name in ways)
    return [
        {
            "way": name,
            "seconds": statistics.median(times),
            "share": float((results[name] != expected).mean()),
        }
        for name, times in took.items()
    ]


def _ways(engine: str) -> dict[str, Run]:
    from pliant.contract import Image
    from pliant.imaging.pixels import to_levels, to_network

    opened = {"onnxruntime": _onnxruntime, "openvino": _openvino}[engine]
    plain = opened(_short_form())

    def around(levels: Any) -> Any:
        return to_levels(plain(to_network(levels, Image())), Image(), levels.dtype)

    def within(model: bytes) -> Run:
        run = opened(model)
        return lambda levels: run(levels[None])[0]

    return {AROUND: around, SAME: within(_in_bytes(quantized=False)), QUANTIZED: within(_in_bytes(quantized=True))}


def _short_form() -> bytes:
    """The default model for this factor, as it ships: from float32 [n, 3, h, w] to float32."""
    from hashlib import sha256

    from pliant import cache
    from pliant.lowering.whole.forms import END
    from pliant.lowering.whole.session import name_of
    from pliant.models import path

    name = name_of(sha256(path().read_bytes()).hexdigest(), FACTOR)
    files, _ = cache.files(name, dict)
    return files[END]


def _in_bytes(*, quantized: bool) -> bytes:
    """The same from bytes [n, h, w, 3] to bytes; `quantized` in one step, in which halves become even."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    model = onnx.load_from_string(_short_form())
    graph, nodes = model.graph, list(model.graph.node)
    picture_name, result = graph.input[0].name, graph.output[0].name
    constants = {
        "white": np.float32(255),
        "black": np.float32(0),
        "half": np.float32(0.5),
        "step": np.float32(1 / 255),
        "zero": np.uint8(0),
    }
    graph.initializer.extend(numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items())
    make = helper.make_node
    before = [
        make("Transpose", ["bytes"], ["planes"], perm=[0, 3, 1, 2]),
        make("Cast", ["planes"], ["floats"], to=TensorProto.FLOAT),
        make("Div", ["floats", "white"], [picture_name]),
    ]
    after = [
        make("Mul", [result, "white"], ["scaled"]),
        make("Add", ["scaled", "half"], ["shifted"]),
        make("Clip", ["shifted", "black", "white"], ["clipped"]),
        make("Cast", ["clipped"], ["rounded"], to=TensorProto.UINT8),
    ]
    if quantized:
        after = [make("QuantizeLinear", [result, "step", "zero"], ["rounded"])]
    last = make("Transpose", ["rounded"], ["levels"], perm=[0, 2, 3, 1])
    for entries in (graph.node, graph.input, graph.output):
        del entries[:]
    graph.node.extend([*before, *nodes, *after, last])
    graph.input.append(helper.make_tensor_value_info("bytes", TensorProto.UINT8, ["n", "h", "w", 3]))
    graph.output.append(helper.make_tensor_value_info("levels", TensorProto.UINT8, None))
    return model.SerializeToString()


def _onnxruntime(model: bytes) -> Run:
    """With the settings that pliant takes."""
    import onnxruntime as ort

    settings = ort.SessionOptions()
    settings.log_severity_level = 4
    settings.enable_mem_pattern = False
    settings.add_session_config_entry("session.force_spinning_stop", "1")
    session = ort.InferenceSession(model, settings, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda given: session.run(None, {name: np.ascontiguousarray(given)})[0]


def _openvino(model: bytes) -> Run:
    """With the settings that pliant takes."""
    import openvino as ov

    core = ov.Core()
    settings = {"INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "LATENCY"}
    request = core.compile_model(core.read_model(model), "CPU", settings).create_infer_request()
    return lambda given: request.infer([np.ascontiguousarray(given)], share_inputs=True)[0]


def text(data: Data, machine: Machine) -> str:
    """See `Table.text`."""
    del machine
    table = [
        [engine, row["way"], seconds(row["seconds"]), f"{row['share']:.2g}"]
        for engine, found in data["engines"].items()
        for row in found
    ]
    side = data["side"]
    return f"""The default model at {side}² x {FACTOR}, from uint8 [h, w, 3] to uint8; medians of runs in turns. In the
graph a result that is not finite goes by unseen, which around it is refused: seeing it would take a reduction more.

{grid(["", "way", "time", "share of levels that differ (by one)"], table, left=2)}"""


TABLE = Table("Bytes in the graph", 5, measure, text, no_claims, no_plots)
