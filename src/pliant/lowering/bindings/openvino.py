"""Kernels in OpenVINO: functions of NumPy arrays, subclasses of `openvino.Op`, and compiled extensions."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from itertools import count
from typing import Any

import onnx_ir as ir

from pliant.kernels import Kernel
from pliant.lowering.kernels import Bound, finished, uses

DOMAIN = "pliant.kernel"
_numbers = count()  # OpenVINO keeps the first extension of a name


def extended(core: Any, body: ir.Model, kernels: Sequence[Kernel]) -> list[Bound]:
    """Teach `core` the kernels that `body` uses, and make their calls in `body` nodes that it knows.

    The kernels in NumPy are returned: what they raise shows in them after a run.
    """
    found: list[Bound] = []
    for path in sorted({str(kernel.library) for kernel in kernels if kernel.library is not None}):
        core.add_extension(path)
    for use in uses(body, kernels):
        if use.kernel.library is not None:
            domain, _, name = (use.kernel.node or use.kernel.key).rpartition("::")
            attributes = dict(use.node.attributes)
            use.become(name, domain)
            use.node.attributes.update(attributes)
            continue
        bound = None if use.kernel.native else Bound(use)
        found += [bound] if bound is not None else []
        kind, attributes = (use.kernel.run, dict(use.attributes)) if bound is None else (_operation(bound), {})
        _add(core, name := f"use_{next(_numbers)}", kind, attributes)
        use.become(name, DOMAIN)
    finished(body)
    return found


def _add(core: Any, name: str, kind: Any, attributes: dict[str, Any]) -> None:
    def convert(node: Any) -> Any:
        return kind([node.get_input(k) for k in range(node.get_input_size())], **attributes).outputs()

    core.add_extension(import_module("openvino.frontend.onnx").ConversionExtension(name, DOMAIN, convert))


def _operation(bound: Bound) -> Any:
    """A subclass of `openvino.Op` that runs a function of NumPy arrays."""
    ov: Any = import_module("openvino")
    dtypes = bound.use.dtypes
    shapes = [_partial(ov, shape) for shape in bound.use.shapes]

    class Operation(ov.Op):
        def __init__(self, inputs: Any = None) -> None:
            super().__init__(self, inputs)

        def validate_and_infer_types(self) -> None:
            for k, (dtype, shape) in enumerate(zip(dtypes, shapes, strict=True)):
                self.set_output_type(k, ov.Type(dtype), shape)

        def clone_with_new_inputs(self, inputs: Any) -> Any:
            return Operation(inputs)

        def evaluate(self, outputs: Any, inputs: Any) -> bool:
            for output, result in zip(outputs, bound(*(tensor.data for tensor in inputs)), strict=True):
                output.shape = result.shape
                output.data[...] = result
            return True

        def has_evaluate(self) -> bool:
            return True

    return Operation


def _partial(ov: Any, shape: Sequence[int | None] | None) -> Any:
    return ov.PartialShape.dynamic() if shape is None else ov.PartialShape([-1 if n is None else n for n in shape])
