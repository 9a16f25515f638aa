"""Whose code is whose: the model's own, which is rewritten while it is traced, or a library's, which is left alone."""

from __future__ import annotations

import sys

FOREIGN = frozenset({"torch", "numpy", "onnx", "onnxscript", "onnx_ir", "onnxruntime", "sympy"})
OWN = ("pliant.capture", "pliant.operators", "pliant.exporter")
STATIC = ("einops.parsing",)  # reads patterns, which are text: nothing live gets there, and rewriting it costs much


def users_own(name: str | None) -> bool:
    """Whether a Python module, by name, may hold code of the model's."""
    name = name or ""
    root = name.partition(".")[0]
    known = root in FOREIGN or root in sys.stdlib_module_names - {"__main__"}
    return not known and not name.startswith(OWN) and name not in STATIC
