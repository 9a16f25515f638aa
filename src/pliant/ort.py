"""What is odd about ONNX Runtime's Python package, in one place."""

from __future__ import annotations

from importlib import import_module

FATAL = 4  # a log level: every error is raised too, so logging it as well would only repeat it


def errors() -> tuple[type[Exception], ...]:
    """ONNX Runtime's exception classes, which share no base of their own, and what its bindings raise themselves."""
    state = import_module("onnxruntime.capi.onnxruntime_pybind11_state")
    kinds = (value for value in vars(state).values() if isinstance(value, type))
    own = (kind for kind in kinds if issubclass(kind, Exception))
    return (*own, ValueError, RuntimeError, TypeError)
