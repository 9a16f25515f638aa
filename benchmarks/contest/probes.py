"""Looking into sessions of pliant: how long the engine itself runs, and on which nodes."""

from __future__ import annotations

import json
import os
import tempfile
from collections import defaultdict
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from importlib import import_module
from time import perf_counter, time
from typing import Any

CALLS = {  # what computes, by engine: everything else that a session does is wrapping
    "onnxruntime": (("onnxruntime", "InferenceSession", ("run", "run_with_iobinding", "run_with_ort_values")),),
    "openvino": (
        ("openvino", "InferRequest", ("infer", "start_async", "wait")),
        ("openvino", "CompiledModel", ("__call__",)),
    ),
}


@dataclass
class Inside:
    """`seconds` that an engine has computed; `depth` of its calls, of which only the outermost counts."""

    seconds: float = 0.0
    depth: int = 0


@contextmanager
def inside(engine: str) -> Generator[Inside, None, None]:
    """Count the time in calls of an engine, "onnxruntime" or "openvino", one after the other while this is open."""
    counted = Inside()
    kept: list[tuple[Any, str, Any]] = []
    for module, name, methods in CALLS[engine]:
        owner = getattr(import_module(module), name)
        for method in methods:
            if (original := getattr(owner, method, None)) is not None:
                kept.append((owner, method, original))
                setattr(owner, method, _counting(original, counted))
    try:
        yield counted
    finally:
        for owner, method, original in kept:
            setattr(owner, method, original)


def _counting(original: Callable[..., Any], counted: Inside) -> Callable[..., Any]:
    @wraps(original)
    def timed(*args: Any, **named: Any) -> Any:
        counted.depth += 1
        started = perf_counter()
        try:
            return original(*args, **named)
        finally:
            counted.depth -= 1
            if counted.depth == 0:
                counted.seconds += perf_counter() - started

    return timed


def nodes_onnxruntime(run: Callable[[], Any]) -> list[tuple[str, str, float]]:
    """(type, name, milliseconds) of the nodes that one call of `run`'s result computes, the longest first.

    `run` opens what it runs, twice called, with the profiler of ONNX Runtime on; the second call counts.
    """
    ort: Any = import_module("onnxruntime")
    sessions: list[Any] = []
    original = ort.InferenceSession.__init__

    with tempfile.TemporaryDirectory() as folder:

        def opened(self: Any, source: Any, sess_options: Any = None, *args: Any, **named: Any) -> None:
            settings = sess_options or ort.SessionOptions()
            settings.enable_profiling = True
            settings.profile_file_prefix = os.path.join(folder, f"{len(sessions)}_")
            sessions.append(self)
            original(self, source, settings, *args, **named)

        ort.InferenceSession.__init__ = opened
        try:
            call = run()
            call()
            started = [session.get_profiling_start_time_ns() / 1000 for session in sessions]
            begin = _now(started[0])
            call()
        finally:
            ort.InferenceSession.__init__ = original
        return _longest(_events([session.end_profiling() for session in sessions], started, begin))


def _now(like: float) -> float:
    """Microseconds on the clock that `like` was read from: which one ONNX Runtime takes depends on how it was built."""
    return min((time() * 1e6, perf_counter() * 1e6), key=lambda now: abs(now - like))


def _events(files: list[str], started: list[float], begin: float) -> list[tuple[str, str, float]]:
    """Of kernels that began after `begin`, a time in microseconds on the clock that `started` is on, by file."""
    found: list[tuple[str, str, float]] = []
    for file, zero in zip(files, started, strict=True):
        with open(file) as content:
            events: list[dict[str, Any]] = json.load(content)
        for event in events:
            if event["name"].endswith("_kernel_time") and event["ts"] + zero >= begin:
                name = event["name"].removesuffix("_kernel_time")
                found.append((event["args"]["op_name"], name, event["dur"] / 1000))
    return found


def nodes_openvino(run: Callable[[], Any]) -> list[tuple[str, str, float]]:
    """As `nodes_onnxruntime`, of OpenVINO."""
    openvino: Any = import_module("openvino")
    found: list[tuple[str, str, float]] = []
    kept = openvino.Core.compile_model, openvino.InferRequest.infer

    def compiled(self: Any, model: Any, device: str = "CPU", config: Any = None, **named: Any) -> Any:
        return kept[0](self, model, device, {**(config or {}), "PERF_COUNT": "YES"}, **named)

    def inferred(self: Any, *args: Any, **named: Any) -> Any:
        results = kept[1](self, *args, **named)
        found.extend(
            (f"{node.node_type} {node.exec_type}", node.node_name, node.real_time.total_seconds() * 1000)
            for node in self.get_profiling_info()
        )
        return results

    openvino.Core.compile_model, openvino.InferRequest.infer = compiled, inferred
    try:
        call = run()
        call()
        found.clear()
        call()
    finally:
        openvino.Core.compile_model, openvino.InferRequest.infer = kept
    return _longest(found)


def _longest(found: list[tuple[str, str, float]]) -> list[tuple[str, str, float]]:
    """Several runs of one node as one, the longest first."""
    summed: dict[tuple[str, str], float] = defaultdict(float)
    for kind, name, took in found:
        summed[kind, name] += took
    return sorted(((*key, took) for key, took in summed.items()), key=lambda entry: -entry[2])
