"""Whose code is whose: the model's own, which is rewritten while it is traced, or a library's, which is left alone."""

from __future__ import annotations

import sys

FOREIGN = frozenset({"torch", "numpy", "onnx", "onnxscript", "onnx_ir", "onnxruntime", "sympy"})
OWN = ("pliant.capture", "pliant.operators", "pliant.exporter")


def users_own(name: str | None) -> bool:
    """Whether a Python module, by name, may hold code of the model's."""
    root = (name or "").partition(".")[0]
    return (
        root not in FOREIGN and root not in sys.stdlib_module_names - {"__main__"} and not (name or "").startswith(OWN)
    )
