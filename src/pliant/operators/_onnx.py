"""ONNX's operators for writing bodies, without the static types of onnxscript: those describe its eager mode, in
which operators take and return arrays, and reject every nested call.
"""

from __future__ import annotations

from typing import Any

import onnxscript

op: Any = onnxscript.opset18
