"""Places in the user's own source."""

from __future__ import annotations

import linecache
from functools import cache
from pathlib import Path

import onnx_ir
import onnxscript
import sympy
import torch

LIBRARIES = tuple(str(Path(package.__file__ or "").parent) for package in (torch, onnxscript, onnx_ir, sympy))
PLIANT = str(Path(__file__).parent.parent)
STANDARD = str(Path(linecache.__file__ or "").parent)


@cache
def users_own(filename: str) -> bool:
    """Whether a source file is the model's, not a library's."""
    if filename.startswith(("<", "torch/")) or (filename.startswith(STANDARD) and "site-packages" not in filename):
        return False
    ours = filename.startswith(PLIANT) and not filename.startswith(f"{PLIANT}/architectures")
    return not ours and not filename.startswith(LIBRARIES)


def place(filename: str, line: int) -> str:
    """ "file:line: source"."""
    return f"{filename}:{line}: {linecache.getline(filename, line).strip()}"
