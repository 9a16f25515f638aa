"""What is odd about ONNX Runtime's Python package, in one place."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import Any

TELEMETRY = "ORT_DISABLE_TELEMETRY"
FATAL = 4  # a log level: every error is raised too, so logging it as well would only repeat it


def library() -> Any:
    """ONNX Runtime's package. Raises ImportError if it cannot be loaded.

    Some builds report to their maker unless told not to while they are loaded (1.32 on Linux writes an identity of the
    machine below ~/.cache/Microsoft); a user's own choice in ORT_DISABLE_TELEMETRY stands.
    """
    if "onnxruntime" in sys.modules or TELEMETRY in os.environ:
        return import_module("onnxruntime")
    os.environ[TELEMETRY] = "1"
    try:
        return import_module("onnxruntime")
    finally:
        os.environ.pop(TELEMETRY, None)


def errors() -> tuple[type[Exception], ...]:
    """ONNX Runtime's exception classes, which share no base of their own, and what its bindings raise themselves."""
    state = import_module("onnxruntime.capi.onnxruntime_pybind11_state")
    kinds = (value for value in vars(state).values() if isinstance(value, type))
    own = (kind for kind in kinds if issubclass(kind, Exception))
    return (*own, ValueError, RuntimeError, TypeError)
