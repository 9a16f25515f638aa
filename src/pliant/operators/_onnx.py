"""ONNX's operators for writing bodies, without the static types of onnxscript: those describe its eager mode, in
which operators take and return arrays, and reject every nested call.
"""

from __future__ import annotations

from typing import Any

import onnxscript

OPSET = 18  # the oldest with antialiased Resize: the more engines read the file, the better
EXACT = "pliant.exact"  # key in a value's `meta`: the double behind a float32 copy

op: Any = onnxscript.opset18
