"""Turning what PyTorch raises into what a user can act on: the line, the reason, the fix."""

from __future__ import annotations

import linecache
import re
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

import onnx_ir
import onnxscript
import sympy
import torch

from pliant.errors import CaptureError

LIBRARIES = tuple(str(Path(package.__file__ or "").parent) for package in (torch, onnxscript, onnx_ir, sympy))
PLIANT = str(Path(__file__).parent.parent)
STANDARD = str(Path(linecache.__file__ or "").parent)

CONTROL = (
    "Python needs the number itself here (an `if`, a loop, an index or a call into C), and it is known only at run "
    "time",
    "compute it with arithmetic, min/max, torch.where or torch.cond, or wrap the model so that the value is fixed "
    "and no input",
)


def users_line(error: BaseException) -> str:
    """ "file:line: source" of the innermost frame in the user's own code, or an empty text."""
    found = ""
    for current in chain(error):
        for filename, line in _frames(current.__traceback__):
            if users_own(filename):
                found = place(filename, line)
        if found:
            break
    return found


def chain(error: BaseException) -> Iterator[BaseException]:
    """An error and what caused it, outermost first."""
    current: BaseException | None = error
    while current is not None:
        yield current
        current = current.__cause__ or current.__context__


def _frames(traceback: TracebackType | None) -> Iterator[tuple[str, int]]:
    while traceback is not None:
        yield traceback.tb_frame.f_code.co_filename, traceback.tb_lineno
        traceback = traceback.tb_next


def users_own(filename: str) -> bool:
    """Whether a source file is the model's, not a library's."""
    if filename.startswith("<") or (filename.startswith(STANDARD) and "site-packages" not in filename):
        return False
    ours = filename.startswith(PLIANT) and not filename.startswith(f"{PLIANT}/architectures")
    return not ours and not filename.startswith(LIBRARIES)


def place(filename: str, line: int) -> str:
    """ "file:line: source"."""
    return f"{filename}:{line}: {linecache.getline(filename, line).strip()}"


def refusal(error: Exception, stage: str) -> CaptureError:
    """The reason why `stage` failed, as one error."""
    where = users_line(error)
    reason, fix = _explain(error)
    at = f"\n  at {where}" if where else ""
    return CaptureError(
        f"The model cannot be exported with its values live ({stage}).{at}\n  Reason: {reason}.\n  Fix: {fix}."
    )


def _explain(error: Exception) -> tuple[str, str]:
    for current in chain(error):
        text = re.sub(r"\x1b\[\d+m", "", " ".join(str(current).split()))
        kind = type(current).__name__
        if kind in ("GuardOnDataDependentSymNode", "PendingUnbackedSymbolNotFound") or "data-dependent" in text:
            return CONTROL
        match = re.search(r"No ONNX function found for <OpOverload\(op='([\w:.]+)'", text)
        if match:
            return (
                f"the operator {match.group(1)} has no ONNX translation in this version of torch and onnxscript",
                "write the step with other operators, or give an autograd.Function a `symbolic` method",
            )
        if kind == "ValueError" and "ONNX form" in text:
            return text, "change the call"
    last = list(chain(error))[-1]
    text = re.sub(r"\x1b\[\d+m", "", " ".join(str(last).split()))
    return f"{type(last).__name__}: {text[:300].rstrip('.')}", "change the line, or fix the value that reaches it"
