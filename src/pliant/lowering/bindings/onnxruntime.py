"""Kernels in ONNX Runtime: Python functions through onnxruntime-extensions, and compiled libraries.

onnxruntime-extensions hands every result back as a list of Python numbers (its `_on_pyop_invocation`), 0.2 s for each
million: a Python kernel there is for what no operator says, a compiled one for what has to be fast. It takes the
process down when a kernel raises, hence `Bound`, which never does.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from itertools import count
from typing import Any

import onnx_ir as ir

from pliant.contract import Contract
from pliant.errors import InputError, LoweringError, UsageError
from pliant.kernels import Kernel
from pliant.lowering.dialect import Dialect
from pliant.lowering.kernels import Bound, Use, claiming, finished, uses
from pliant.lowering.lower import infer, read
from pliant.lowering.precision import examples_of, halved
from pliant.lowering.runtime import serialized

TYPES = frozenset({"float32", "float64", "float16", "int64", "int32", "int16", "int8", "uint8", "uint16", "bool"})


def _resize(node: ir.Node) -> str:
    """A rule makes products of it, which can be cut."""
    del node
    return "begins anew in every crop"


DIALECT = Dialect(
    "onnxruntime", {"Resize": _resize}, anything=True, dtypes=TYPES, flow=frozenset({"If", "Loop", "Scan"})
)
EXTENSIONS = "ai.onnx.contrib"  # the domain of onnxruntime-extensions
_numbers = count()  # an operator stays registered in onnxruntime-extensions as long as the process lives


def whole(source: bytes | str) -> bytes:
    """A serialised model, or the content of an ONNX file together with the weights that lie beside it."""
    if isinstance(source, bytes):
        return source
    import onnx

    try:
        return onnx.load(source).SerializeToString()
    except (OSError, ValueError, onnx.checker.ValidationError) as error:
        raise InputError(f"{source} cannot be read: {error}.") from error


def prepared(
    model: bytes, kernels: Sequence[Kernel], settings: Any, half: Contract | None = None
) -> tuple[bytes, list[Bound]]:
    """A model whose calls of operators with a kernel are nodes of the kernel's; `settings` learn what they need.

    With the contract as `half`, the rest computes in float16 where that holds.

    Raises UsageError if a kernel in Python needs a package that is not installed.
    """
    loaded = read(model, claiming(Dialect("onnxruntime", anything=True), kernels))
    infer(loaded)
    if half is not None:
        halved(loaded, examples_of(half))
    bound = [b for use in uses(loaded, kernels) if (b := _bind(use)) is not None]
    if bound:
        settings.register_custom_ops_library(_extensions().get_library_path())
    for path in sorted({str(kernel.library) for kernel in kernels if kernel.library is not None}):
        settings.register_custom_ops_library(path)
    return serialized(finished(loaded)), bound


def _bind(use: Use) -> Bound | None:
    if use.kernel.library is not None:
        domain, _, name = (use.kernel.node or use.kernel.key).rpartition("::")
        attributes = dict(use.node.attributes)
        use.become(name, domain)
        use.node.attributes.update(attributes)
        return None
    if use.kernel.native:
        raise UsageError(
            f"The kernel of {use.kernel.operator!r} for 'onnxruntime' is a class; ONNX Runtime takes a function of "
            "NumPy arrays, or a library."
        )
    bound = Bound(use)
    _register(bound, name := f"{use.kernel.key.replace('::', '_').replace('.', '_')}_{next(_numbers)}")
    use.become(name, EXTENSIONS)
    return bound


def _register(bound: Bound, name: str) -> None:
    extensions, use = _extensions(), bound.use

    def run(*arrays: Any) -> Any:
        results = bound(*arrays)
        return results[0] if len(results) == 1 else tuple(results)

    extensions.onnx_op(
        op_type=name,
        inputs=[_kind(value, use) for value in use.present],
        outputs=[_kind(value, use) for value in use.node.outputs],
    )(run)


def _kind(value: ir.Value, use: Use) -> int:
    """The element type as onnxruntime-extensions numbers it."""
    name = value.dtype.name.lower() if value.dtype is not None else "unknown"
    kind = getattr(_extensions().PyCustomOpDef, f"dt_{name}", None)
    if kind is None:
        raise LoweringError(
            f"{value.name!r} at the kernel of {use.kernel.operator!r} has the element type {name}, which a Python "
            "kernel in ONNX Runtime does not take; leave the kernel out, so that the body runs."
        )
    return kind


def _extensions() -> Any:
    try:
        return import_module("onnxruntime_extensions")
    except ImportError as error:
        raise UsageError(
            f"A kernel in Python for ONNX Runtime needs the package onnxruntime-extensions ({error}): "
            "pip install 'pliant[kernels]'."
        ) from error
