"""Whether the shape and the ONNX body of a user's operator do what its reference does.

Both are tried on the samples, and on what the samples become with an axis longer by one, wherever the reference
accepts that; the shape is also tried with other numbers. The body runs in ONNX Runtime, as a function in a model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from onnxscript import evaluator, ir
from onnxscript.values import Opset
from torch import Tensor
from torch.onnx._internal.exporter._building import OpRecorder
from torch.onnx._internal.exporter._tensors import SymbolicTensor

from pliant.errors import OperatorError
from pliant.operators._definition import Definition, leaves
from pliant.operators._functions import IR_VERSION, collecting
from pliant.operators._onnx import OPSET
from pliant.ort import library
from pliant.verifier.compare import compare_all

MOST_VARIANTS = 12  # longer axes that are tried per sample
Arguments = Mapping[str, Any]


def check(definition: Definition) -> None:
    """Try an operator on its samples, once.

    Raises OperatorError if it has no body, or if its shape or body differs from the reference.
    """
    if definition.checked:
        return
    name = definition.name
    if definition.body is None:
        parameters = ", ".join(("op", *definition.signature.parameters))
        raise OperatorError(
            f"The operator {name} has no ONNX body. Give it one: a function of ({parameters}) under @{name}.onnx."
        )
    with torch.no_grad():
        for k, sample in enumerate(definition.samples, 1):
            *args, last = (*sample, None) if not sample or not isinstance(sample[-1], dict) else sample
            _check_sample(definition, _bound(definition, args, last or {}, k), f"sample {k}")
    definition.checked = True


def _bound(definition: Definition, args: list[Any], kwargs: Arguments, k: int) -> dict[str, Any]:
    try:
        return definition.bind(args, kwargs)
    except TypeError as error:
        raise OperatorError(f"Sample {k} of the operator {definition.name} does not fit it: {error}.") from error


def _check_sample(definition: Definition, arguments: Arguments, label: str) -> None:
    try:
        expected = _reference(definition, arguments)
    except OperatorError:
        raise
    except Exception as error:
        raise OperatorError(f"The operator {definition.name} itself fails on {label} ({_short(error)}).") from error
    _check_shape(definition, arguments, expected, label)
    _check_body(definition, arguments, expected, label)
    for what, varied in _longer(arguments):
        _check_variant(definition, varied, f"{label} with {what}", body=True)
    for what, varied in _other_numbers(definition, arguments):
        _check_variant(definition, varied, f"{label} with {what}", body=False)


def _check_variant(definition: Definition, arguments: Arguments, label: str, *, body: bool) -> None:
    try:
        expected = _reference(definition, arguments)
    except Exception as refusal:  # noqa: BLE001 - any error of the reference's means: outside what it accepts
        del refusal
        return
    _check_shape(definition, arguments, expected, label)
    if body:
        _check_body(definition, arguments, expected, label)


def _reference(definition: Definition, arguments: Arguments) -> list[Tensor]:
    copies = _mapped(arguments, lambda value: value.clone() if isinstance(value, Tensor) else value)
    results = definition.run(copies)
    pairs = zip(leaves(copies.values()), leaves(arguments.values()), strict=True)
    if any(not torch.equal(a.nan_to_num(), b.nan_to_num()) for a, b in pairs if isinstance(a, Tensor)):
        raise OperatorError(f"The operator {definition.name} changes an argument in place; no ONNX operator does.")
    listed: list[Any] = list(results) if isinstance(results, (tuple, list)) else [results]
    if not all(isinstance(result, Tensor) for result in listed):
        raise OperatorError(
            f"The operator {definition.name} returns {type(results).__name__}; it has to return a tensor or several."
        )
    return listed


def _check_shape(definition: Definition, arguments: Arguments, expected: list[Tensor], label: str) -> None:
    try:
        shapes, _ = definition.shapes(arguments, definition.shape)
        dtypes = definition.dtypes(arguments, len(shapes))
    except OperatorError:
        raise
    except Exception as error:
        raise OperatorError(f"The shape function of {definition.name} fails on {label} ({_short(error)}).") from error
    real = [list(result.shape) for result in expected]
    if shapes != real:
        raise OperatorError(
            f"The shape function of {definition.name} gives {_shown(shapes)} on {label}, and the reference returns "
            f"{_shown(real)}. Mend the shape function: files would have wrong sizes."
        )
    if dtypes != [result.dtype for result in expected]:
        raise OperatorError(
            f"The operator {definition.name} is said to return {_types(dtypes)}, and on {label} the reference returns "
            f"{_types([r.dtype for r in expected])}. State it with dtype=, or mend the reference."
        )


def _shown(shapes: list[list[int]]) -> str:
    return " and ".join(map(str, shapes)) or "nothing"


def _types(dtypes: list[torch.dtype]) -> str:
    return ", ".join(str(dtype).removeprefix("torch.") for dtype in dtypes)


def _check_body(definition: Definition, arguments: Arguments, expected: list[Tensor], label: str) -> None:
    try:
        model, feeds = _model(definition, arguments, expected)
    except Exception as error:
        raise OperatorError(
            f"The ONNX body of {definition.name} fails on {label} ({_short(error)}). It gets ONNX values for tensors "
            "and numbers, and Python values for parameters after `*` only."
        ) from error
    try:
        ort = library()
        options = ort.SessionOptions()
        options.log_severity_level = 4
        options.intra_op_num_threads = 1
        session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        got: Any = session.run(None, feeds)
    except Exception as error:
        raise OperatorError(
            f"The ONNX body of {definition.name} does not run in ONNX Runtime on {label}: {_short(error)}"
        ) from error
    difference = compare_all(got, [result.numpy() for result in expected])
    if not difference.agrees:
        raise OperatorError(
            f"The ONNX body of {definition.name} is wrong on {label}: it {difference.reason}. Mend the body or the "
            "reference: they have to compute the same."
        )


def _model(
    definition: Definition, arguments: Arguments, expected: list[Tensor]
) -> tuple[bytes, dict[str, NDArray[Any]]]:
    """A model that is one use of the operator, and what to feed it."""
    opset, feeds, inputs = Opset("", OPSET), dict[str, NDArray[Any]](), list[Any]()

    def symbolic(value: Any) -> Any:
        if isinstance(value, (bool, str)) or not isinstance(value, (Tensor, int, float)):
            return value
        array = value.numpy() if isinstance(value, Tensor) else np.asarray(value)
        name = f"input_{len(inputs)}"
        kind = ir.TensorType(ir.DataType.from_numpy(array.dtype))
        inputs.append(SymbolicTensor(opset, name=name, shape=ir.Shape(array.shape), type=kind))
        feeds[name] = array
        return inputs[-1]

    positional = {name: value for name, value in arguments.items() if name not in definition.attributes}
    lists = {n for n, v in positional.items() if isinstance(v, (list, tuple)) and any(isinstance(p, Tensor) for p in v)}
    values = {**arguments, **_mapped(positional, symbolic)}
    with collecting() as functions, evaluator.default_as(recorder := OpRecorder(opset, {})):
        outputs = definition.call(values, lists)
    for output, result in zip(outputs, expected, strict=True):
        output.type = ir.TensorType(ir.DataType.from_numpy(result.numpy().dtype))
    graph = ir.Graph(inputs, outputs, nodes=recorder.nodes, opset_imports={"": OPSET}, name="sample")
    model = ir.Model(graph, ir_version=IR_VERSION)
    functions.attach(model)
    return ir.to_proto(model).SerializeToString(), feeds


def _longer(arguments: Arguments) -> Iterator[tuple[str, Arguments]]:
    """The arguments with all axes of one length longer by one, then with single axes."""
    tensors = [value for value in leaves(arguments.values()) if isinstance(value, Tensor)]
    axes = [(k, axis, n) for k, tensor in enumerate(tensors) for axis, n in enumerate(tensor.shape) if n]
    groups = [[(k, axis) for k, axis, n in axes if n == length] for length in dict.fromkeys(n for *_, n in axes)]
    # a single axis of length 1 is left alone, for it would be broadcast
    groups += [[(k, axis)] for k, axis, length in axes if length > 1 and [(k, axis)] not in groups]
    for group in groups[:MOST_VARIANTS]:
        varied = list(tensors)
        for k, axis in group:
            length = varied[k].shape[axis] + 1
            varied[k] = varied[k].index_select(axis, torch.arange(length) % (length - 1)).contiguous()
        shapes = ", ".join(str(list(tensor.shape)) for tensor in varied)
        yield f"shapes {shapes}", _mapped(arguments, _replacing(iter(varied)))


def _other_numbers(definition: Definition, arguments: Arguments) -> Iterator[tuple[str, Arguments]]:
    """The arguments with one of the numbers that may be live a little larger."""
    for name, value in arguments.items():
        if name not in definition.attributes and any(_is_number(part) for part in leaves([value])):
            other = _mapped({name: value}, lambda v: v + (0.3 if isinstance(v, float) else 1) if _is_number(v) else v)
            yield f"{name} = {other[name]}", {**arguments, **other}


def _replacing(tensors: Iterator[Tensor]) -> Callable[[Any], Any]:
    return lambda value: next(tensors) if isinstance(value, Tensor) else value


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _mapped(arguments: Arguments, change: Callable[[Any], Any]) -> dict[str, Any]:
    """The arguments with `change` done to every member, those of lists too."""

    def mapped(value: Any) -> Any:
        return [mapped(part) for part in value] if isinstance(value, (list, tuple)) else change(value)

    return {name: mapped(value) for name, value in arguments.items()}


def _short(error: Exception) -> str:
    cause: BaseException = error
    while cause.__cause__ is not None:
        cause = cause.__cause__
    return f"{type(cause).__name__}: {' '.join(str(cause).split())[:200]}"
