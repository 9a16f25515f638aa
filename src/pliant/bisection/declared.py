"""Faults that show without running: a file that contradicts itself, or the weights it says it was made from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pliant.bisection.align import shown
from pliant.bisection.flat import flatten, graphs
from pliant.verifier.report import Finding

if TYPE_CHECKING:
    from onnx import FunctionProto, ModelProto, NodeProto

EVERY = "every input"
WRAPPER = "module."  # what the export puts before the names of a module's weights
FOLDING = 1e-6  # of the largest weight


def contradictions(model: bytes) -> list[Finding]:
    """Calls that state an attribute for which their function has another fixed answer.

    Our functions have one body for each combination of attributes, and state them for engines with a kernel of their
    own: where the two differ, engines differ.
    """
    import onnx

    proto = onnx.ModelProto.FromString(model)
    functions = {(f.domain, f.name): f for f in proto.functions}
    found: list[Finding] = []
    for node, inside in _nodes(proto):
        function = functions.get((node.domain, node.op_type))
        for name, got, fixed in _contradicted(node, function) if function is not None else ():
            operator = f"{node.domain}::{node.op_type}"
            cause = f"Its attribute {name!r} is {got}; the function that it calls computes {fixed}."
            output = node.output[0] if node.output else ""
            source = next((e.value for e in node.metadata_props if e.key == "pliant.source"), "")
            found.append(Finding(node.name, operator, output, "is not what it states", EVERY, inside, source, (cause,)))
    return found


def _contradicted(node: NodeProto, function: FunctionProto) -> Iterator[tuple[str, str, str]]:
    from onnx import helper

    used = set(_references(function.node))
    defaults = {a.name: a for a in function.attribute_proto if a.name not in used}
    for attribute in node.attribute:
        if attribute.name in defaults:
            got, fixed = (shown(helper.get_attribute_value(a)) for a in (attribute, defaults[attribute.name]))
            if got != fixed:
                yield attribute.name, got, fixed


def _references(nodes: Any) -> Iterator[str]:
    for node in nodes:
        yield from (a.ref_attr_name for a in node.attribute if a.ref_attr_name)
        for graph in graphs(node):
            yield from _references(graph.node)


def _nodes(model: ModelProto) -> Iterator[tuple[NodeProto, tuple[str, ...]]]:
    yield from _within(model.graph.node, ())
    for function in model.functions:
        yield from _within(function.node, (f"function {function.domain}::{function.name}",))


def _within(nodes: Any, inside: tuple[str, ...]) -> Iterator[tuple[NodeProto, tuple[str, ...]]]:
    for node in nodes:
        yield node, inside
        for graph in graphs(node):
            yield from _within(graph.node, (*inside, f"{node.op_type} {node.name!r}"))


def weights_of(model: bytes) -> dict[str, NDArray[Any]]:
    """The weights of a file, under the names that the module has for them."""
    import onnx
    from onnx import numpy_helper

    tensors = onnx.ModelProto.FromString(model).graph.initializer
    return {tensor.name.removeprefix(WRAPPER): numpy_helper.to_array(tensor) for tensor in tensors}


def changed_weights(model: bytes, weights: Mapping[str, NDArray[Any]]) -> list[Finding]:
    """Weights of the file that are not those of the same name, type and shape in `weights`.

    What differs by less than the rounding of a float32 computation does not count: an exporter may have folded other
    weights into one.
    """
    from onnx import numpy_helper

    flat = flatten(model)
    found: list[Finding] = []
    for name, tensor in flat.constants.items():
        expected = weights.get(name.removeprefix(WRAPPER))
        if expected is None or list(tensor.dims) != list(expected.shape):
            continue
        got = numpy_helper.to_array(tensor)
        if got.dtype != expected.dtype:
            continue
        off = _different(got, expected)
        if off.any():
            found += [_weight_finding(flat, name, got, expected, off)]
    return found


def _different(got: NDArray[Any], expected: NDArray[Any]) -> NDArray[np.bool_]:
    unequal = (got != expected) & ~((got != got) & (expected != expected))
    if got.dtype.kind != "f" or not expected.size:
        return unequal
    return unequal & ~(np.abs(got - expected) <= FOLDING * np.abs(expected).max())


def _weight_finding(flat: Any, name: str, got: Any, expected: Any, off: Any) -> Finding:
    reader = next((step for step in flat.steps if name in step.reads), None)
    at = tuple(int(n) for n in np.argwhere(off)[0])
    most = float(np.abs(got.astype(np.float64) - expected.astype(np.float64)).max())
    cause = (
        f"Its weight {name!r} differs from the module's in {int(off.sum()):,} of {off.size:,} elements, by {most:.2g} "
        f"at most, first at {list(at)}: {got[at]:g} instead of {expected[at]:g}."
    )
    if reader is None:
        return Finding(name, "initializer", name, "is read by no node", EVERY, causes=(cause,))
    out = reader.outputs[0] if reader.outputs else ""
    told = "is computed from a weight that is not the module's"
    return Finding(reader.name, reader.op, out, told, EVERY, reader.inside, reader.source, (cause,))
