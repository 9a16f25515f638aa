"""Moving a model to the opset that an engine reads.

onnx's version converter does most of it. It has no way for operators that are younger than the target, nor for some
that changed: those are expanded by the definition in their own schema where they have one, and otherwise set aside
while the converter works, and written in the form of the target.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from pliant.kernels import BASE

ASIDE = "pliant.aside"  # domain of a node that the converter is not to see
REDEFINED = {("GroupNormalization", 21)}  # same name, another meaning from this version on: expanded


def _none(domain: str, name: str) -> bool:
    del domain, name
    return False


def converted(proto: Any, opset: int, stays: Callable[[str, str], bool] = _none) -> Any:
    """An `onnx.ModelProto` in version `opset` of ONNX's own domain; the same object if it is in that already.

    Functions of a model in another version are written out, but those that stay (by domain and name).

    Raises RuntimeError (onnx's) where an operator cannot be expressed in that version.
    """
    from onnx import version_converter

    current = version_of(proto, opset)
    if current == opset:
        return proto
    proto, functions = _written_out(proto, stays)
    if current > opset:
        proto = _without_younger(proto, current, opset)
    if current < 13 <= opset:
        proto = _flattened(proto)
    kept = _set_aside(proto, current, opset)
    made = version_converter.convert_version(proto, opset)
    if current < 11 <= opset:
        _asymmetric(made.graph)
    made.functions.extend(functions)
    return _put_back(made) if kept else made


def _written_out(proto: Any, stays: Callable[[str, str], bool]) -> tuple[Any, list[Any]]:
    """A model with calls of those functions alone that stay, which are given apart: each keeps its version."""
    from onnx import inliner

    names = {f"{f.domain}::{f.name}": stays(f.domain, name_of(f)) for f in proto.functions}
    if not any(names.values()):
        return (inliner.inline_local_functions(proto, convert_version=True) if names else proto), []
    others = [(f.domain, f.name) for f in proto.functions if not names[f"{f.domain}::{f.name}"]]
    made = inliner.inline_selected_functions(proto, others)
    kept = list(made.functions)
    del made.functions[:]
    return made, kept


def name_of(function: Any) -> str:
    """The name of the operator that a function is a body of."""
    return next((entry.value for entry in function.metadata_props if entry.key == BASE), function.name)


def _asymmetric(graph: Any) -> None:
    """Before opset 11, pixel k of a result was at k / scale; onnx's converter forgets to say so."""
    from onnx import helper

    for node in nodes(graph):
        if node.op_type == "Resize" and not any(a.name == "coordinate_transformation_mode" for a in node.attribute):
            node.attribute.append(helper.make_attribute("coordinate_transformation_mode", "asymmetric"))
            node.attribute.append(helper.make_attribute("nearest_mode", "floor"))


def version_of(proto: Any, default: int = 0) -> int:
    """The version of ONNX's own domain that a model imports."""
    return next((entry.version for entry in proto.opset_import if entry.domain in ("", "ai.onnx")), default)


def _without_younger(proto: Any, current: int, opset: int) -> Any:
    """With operators that `opset` does not have, or means otherwise, replaced by what their schema says they are."""
    from onnx import helper, inliner, shape_inference

    younger = {("", node.op_type) for node in nodes(proto.graph) if _is_younger(node, current, opset)}
    if not younger:
        return proto
    typed = shape_inference.infer_shapes(proto)  # a definition can depend on the types of what it is given
    for weight in typed.graph.initializer:
        typed.graph.value_info.append(helper.make_tensor_value_info(weight.name, weight.data_type, weight.dims))
    made = inliner.inline_selected_functions(typed, sorted(younger), inline_schema_functions=True)
    del made.graph.value_info[:]
    return made


def _flattened(proto: Any) -> Any:
    """Before opset 13, Hardmax took all from its axis on as one; onnx's converter knows that of Softmax alone."""
    from onnx import ModelProto, helper

    made = ModelProto.FromString(proto.SerializeToString())
    for graph in (made.graph, *(g for node in nodes(made.graph) for g in _graphs(node))):
        changed: list[Any] = []
        for node in graph.node:
            if node.op_type != "Hardmax" or node.domain not in ("", "ai.onnx"):
                changed.append(node)
                continue
            axis = next((a.i for a in node.attribute if a.name == "axis"), 1)
            x, y = node.input[0], node.output[0]
            changed += [
                helper.make_node("Shape", [x], [f"{y}/shape"]),
                helper.make_node("Flatten", [x], [f"{y}/flat"], axis=axis),
                helper.make_node("Hardmax", [f"{y}/flat"], [f"{y}/hard"], name=node.name, axis=1),
                helper.make_node("Reshape", [f"{y}/hard", f"{y}/shape"], [y]),
            ]
        del graph.node[:]
        graph.node.extend(changed)
    return made


def _is_younger(node: Any, current: int, opset: int) -> bool:
    from onnx import defs

    if node.domain not in ("", "ai.onnx") or not defs.has(node.op_type):
        return False
    schema: Any = defs.get_schema(node.op_type, current)
    if not (schema.has_function or schema.has_context_dependent_function) or schema.since_version <= opset:
        return False
    if any(node.op_type == name and current >= since > opset for name, since in REDEFINED):
        return True
    try:
        defs.get_schema(node.op_type, opset)
    except defs.SchemaError:
        return True
    return False


def nodes(graph: Any) -> Iterator[Any]:
    """The nodes of a graph, and of the graphs inside them."""
    for node in graph.node:
        yield node
        for inner in _graphs(node):
            yield from nodes(inner)


def _graphs(node: Any) -> list[Any]:
    return [a.g for a in node.attribute if a.HasField("g")]


def _set_aside(proto: Any, current: int, opset: int) -> bool:
    """Write nodes that the converter cannot move as the target has them, under a domain that it leaves alone."""
    changed = False
    for node in nodes(proto.graph):
        change = CHANGES.get(node.op_type) if node.domain in ("", "ai.onnx") else None
        if change is not None and change(node, current, opset):
            node.domain, changed = ASIDE, True
    if changed:
        proto.opset_import.add(domain=ASIDE, version=1)
    return changed


def _put_back(proto: Any) -> Any:
    for node in nodes(proto.graph):
        node.domain = "" if node.domain == ASIDE else node.domain
    kept = [entry for entry in proto.opset_import if entry.domain != ASIDE]
    del proto.opset_import[:]
    proto.opset_import.extend(kept)
    return proto


def _grid_sample(node: Any, current: int, opset: int) -> bool:
    """Opset 20 has other names for the modes, and volumes, which an older one leaves to the engine to refuse."""
    if not current >= 20 > opset:
        return False
    names = {b"linear": b"bilinear", b"cubic": b"bicubic"}
    modes = [attribute for attribute in node.attribute if attribute.name == "mode"]
    for mode in modes:
        mode.s = names.get(mode.s, mode.s)
    return True


CHANGES: dict[str, Callable[[Any, int, int], bool]] = {"GridSample": _grid_sample}
