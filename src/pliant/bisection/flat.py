"""A graph as one list of steps, with the functions that the file defines written out and constants set apart.

Every step remembers what it is part of, so that it can be told to people who look at the file; and any value of the
list can become an output of a copy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from pliant.artifact import SOURCE_KEY

if TYPE_CHECKING:
    from onnx import AttributeProto, FunctionProto, GraphProto, ModelProto, NodeProto, TensorProto

Rename = Callable[[str], str]
Stays = Callable[["NodeProto"], bool]


@dataclass(frozen=True)
class Step:
    """One node. `node` has the names of this list; `name` and `inside` are what the file calls it and its place.

    `reads` are all values that it depends on, those that its bodies take from outside included.
    """

    node: NodeProto
    name: str
    inside: tuple[str, ...]
    source: str
    reads: tuple[str, ...]

    @property
    def op(self) -> str:
        """The operator, with its domain unless that is ONNX's own."""
        return f"{self.node.domain}::{self.node.op_type}" if self.node.domain else self.node.op_type

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the values that it makes."""
        return tuple(name for name in self.node.output if name)


@dataclass(frozen=True)
class Flat:
    """The whole graph. `constants` are weights and Constant nodes by name, `inputs` and `outputs` those of the file."""

    model: ModelProto
    steps: tuple[Step, ...]
    constants: Mapping[str, TensorProto]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    stays: Stays = field(repr=False, compare=False)


def flatten(model: bytes | ModelProto, stays: Stays = lambda node: False) -> Flat:
    """The graph of a serialised model; calls that are to stay are steps, others are written out."""
    import onnx

    proto = onnx.ModelProto.FromString(model) if isinstance(model, bytes) else model
    graph = proto.graph
    constants = {tensor.name: tensor for tensor in graph.initializer}
    steps = _Walk(proto, constants, stays).graph(graph.node, lambda name: name, ())
    inputs = tuple(value.name for value in graph.input if value.name not in constants)
    return Flat(proto, tuple(steps), constants, inputs, tuple(value.name for value in graph.output), stays)


class _Walk:
    """Turns nodes into steps; `constants` grows by the Constant nodes that are met."""

    def __init__(self, model: ModelProto, constants: dict[str, TensorProto], stays: Stays) -> None:
        self._functions = {(f.domain, f.name): f for f in model.functions}
        self._constants = constants
        self._stays = stays

    def graph(
        self, nodes: Iterable[NodeProto], rename: Rename, inside: tuple[str, ...], source: str = ""
    ) -> list[Step]:
        """Steps for `nodes`, whose names become others through `rename`."""
        steps: list[Step] = []
        for original in nodes:
            line = source_of(original) or source
            node = renamed(original, rename)
            function = self._functions.get((node.domain, node.op_type))
            if function is not None and not self._stays(original):
                steps += self._call(node, function, inside, line)
            elif (tensor := constant(node)) is not None:
                self._constants[node.output[0]] = tensor
            else:
                steps.append(Step(node, original.name, inside, line, reads(node)))
        return steps

    def _call(self, call: NodeProto, function: FunctionProto, inside: tuple[str, ...], line: str) -> list[Step]:
        title = f"{function.domain}::{function.name}" if function.domain else function.name
        names = dict(zip(function.input, [*call.input, *[""] * len(function.input)], strict=False))
        names |= {inner: outer for inner, outer in zip(function.output, call.output, strict=False) if outer}
        prefix = next((name for name in call.output if name), call.name)
        given = {a.name: a for a in function.attribute_proto} | {a.name: a for a in call.attribute}
        nodes = [with_attributes(node, given) for node in function.node]
        place = f"function {title} called by node {call.name!r}"
        return self.graph(nodes, lambda n: names.get(n, f"{prefix}::{n}"), (*inside, place), line)


def constant(node: NodeProto) -> TensorProto | None:
    """What a Constant node makes, named as its output; None for other nodes and for texts."""
    from onnx import helper, numpy_helper

    if node.op_type != "Constant" or node.domain or len(node.attribute) != 1:
        return None
    attribute = node.attribute[0]
    if attribute.name == "value":
        tensor = type(attribute.t)()
        tensor.CopyFrom(attribute.t)
        tensor.name = node.output[0]
        return tensor
    kinds = {"value_int": "int64", "value_ints": "int64", "value_float": "float32", "value_floats": "float32"}
    if attribute.name not in kinds:
        return None
    import numpy as np

    return numpy_helper.from_array(
        np.array(helper.get_attribute_value(attribute), kinds[attribute.name]), node.output[0]
    )


def source_of(node: NodeProto) -> str:
    """ "file.py:line" that the exporter kept, or an empty text."""
    return next((entry.value for entry in node.metadata_props if entry.key == SOURCE_KEY), "")


def graphs(node: NodeProto) -> list[GraphProto]:
    """The bodies of an If, a Loop or a Scan."""
    return [g for a in node.attribute for g in ([a.g] if a.HasField("g") else list(a.graphs))]


def free(graph: GraphProto) -> list[str]:
    """Names that a body uses and does not define."""
    known = {v.name for v in graph.input} | {t.name for t in graph.initializer}
    found: list[str] = []
    for node in graph.node:
        found += [name for name in reads(node) if name not in known]
        known.update(node.output)
    return [*found, *(v.name for v in graph.output if v.name not in known)]


def reads(node: NodeProto) -> tuple[str, ...]:
    """All values that a node depends on, each once."""
    names = [*node.input, *(name for graph in graphs(node) for name in free(graph))]
    return tuple(name for name in dict.fromkeys(names) if name)


def renamed(node: NodeProto, rename: Rename) -> NodeProto:
    """A copy with other names of values; those that a body defines itself stay."""
    copy = type(node)()
    copy.CopyFrom(node)
    _rename(copy, rename)
    return copy


def _rename(node: NodeProto, rename: Rename) -> None:
    for names in (node.input, node.output):
        names[:] = [rename(name) if name else "" for name in names]
    for graph in graphs(node):
        own = {v.name for v in graph.input} | {t.name for t in graph.initializer}
        own.update(name for inner in graph.node for name in inner.output)
        within = _except(own, rename)
        for inner in graph.node:
            _rename(inner, within)
        for value in graph.output:
            value.name = within(value.name)


def _except(own: set[str], rename: Rename) -> Rename:
    return lambda name: name if name in own else rename(name)


def with_attributes(node: NodeProto, given: Mapping[str, AttributeProto]) -> NodeProto:
    """A copy of a node of a function, with the attributes of the call where it refers to them."""
    copy = type(node)()
    copy.CopyFrom(node)
    kept: list[Any] = []
    for attribute in copy.attribute:
        if not attribute.ref_attr_name:
            kept.append(attribute)
        elif attribute.ref_attr_name in given:
            filled = type(attribute)()
            filled.CopyFrom(given[attribute.ref_attr_name])
            filled.name = attribute.name
            kept.append(filled)
    fresh = [type(a).FromString(a.SerializeToString()) for a in kept]
    del copy.attribute[:]
    copy.attribute.extend(fresh)
    for graph in graphs(copy):
        inner = [with_attributes(n, given) for n in graph.node]
        del graph.node[:]
        graph.node.extend(inner)
    return copy


def ancestors(flat: Flat, names: Sequence[str]) -> list[Step]:
    """The steps that some values depend on, in order."""
    needed, found = set(names), []
    for step in reversed(flat.steps):
        if needed.intersection(step.outputs):
            found.append(step)
            needed.update(step.reads)
    return found[::-1]


def cut(
    flat: Flat, names: Sequence[str], types: Mapping[str, Any] | None = None, *, all_inputs: bool = True
) -> ModelProto:
    """A copy that computes only `names`, which are its outputs.

    `types` has an array for each whose element type and rank are to be declared; others are left to the engine to
    infer. Inputs that nothing needs stay only if `all_inputs`.
    """
    import onnx
    from onnx import helper

    steps = ancestors(flat, names)
    used = {name for step in steps for name in step.reads} | set(names)
    model = onnx.ModelProto()
    model.CopyFrom(_without_graph(flat.model))
    graph = model.graph
    graph.name = flat.model.graph.name or "graph"
    graph.node.extend(step.node for step in steps)
    graph.initializer.extend(_named(tensor, name) for name, tensor in flat.constants.items() if name in used)
    graph.input.extend(v for v in flat.model.graph.input if v.name in flat.inputs and (all_inputs or v.name in used))
    for name in names:
        known = (types or {}).get(name)
        if known is None:
            graph.output.append(onnx.ValueInfoProto(name=name))
        else:
            kind = helper.np_dtype_to_tensor_dtype(known.dtype)
            graph.output.append(helper.make_tensor_value_info(name, kind, [None] * known.ndim))
    _complete_opsets(model)
    return model


def _without_graph(model: ModelProto) -> ModelProto:
    """All of a model but its graph and metadata."""
    kept = type(model)(ir_version=model.ir_version, producer_name=model.producer_name)
    kept.opset_import.extend(model.opset_import)
    kept.functions.extend(model.functions)
    return kept


def _named(tensor: TensorProto, name: str) -> TensorProto:
    if tensor.name == name:
        return tensor
    copy = type(tensor)()
    copy.CopyFrom(tensor)
    copy.name = name
    return copy


def _complete_opsets(model: ModelProto) -> None:
    """Functions that were written out may use domains that only they import."""
    known = {entry.domain for entry in model.opset_import}
    for function in model.functions:
        for entry in function.opset_import:
            if entry.domain not in known:
                known.add(entry.domain)
                model.opset_import.append(entry)


def branch(flat: Flat, at: int, which: str) -> Flat:
    """The steps before the If at index `at`, then those of its branch "then" or "else", without what follows."""
    step = flat.steps[at]
    body = next(a.g for a in step.node.attribute if a.name == f"{which}_branch")
    return _opened(flat, at, body, f"{which} branch of If {step.name!r}", f"{step.outputs[0]}/{which}", {})


def iteration(flat: Flat, at: int, count: int) -> Flat:
    """The steps before the Loop at index `at`, then those of its first `count` iterations, without what follows."""
    import numpy as np
    from onnx import numpy_helper

    step = flat.steps[at]
    body = next(a.g for a in step.node.attribute if a.name == "body")
    carried = list(step.node.input[2:])
    result = replace(flat, steps=flat.steps[:at])
    for k in range(count):
        prefix = f"{step.outputs[0] if step.outputs else step.name}/{k}"
        fixed = {f"{prefix}/trip": np.int64(k), f"{prefix}/go": np.bool_(True)}
        tensors = {name: numpy_helper.from_array(np.asarray(v), name) for name, v in fixed.items()}
        result = replace(result, constants={**result.constants, **tensors})
        names = dict(zip((v.name for v in body.input), [*fixed, *carried], strict=False))
        opened = _opened(
            result, len(result.steps), body, f"iteration {k + 1} of Loop {step.name!r}", prefix, names, step
        )
        carried = [names.get(v.name, f"{prefix}/{v.name}") for v in body.output[1 : 1 + len(carried)]]
        result = opened
    return result


def _opened(
    flat: Flat, at: int, body: GraphProto, place: str, prefix: str, names: dict[str, str], of: Step | None = None
) -> Flat:
    """The first `at` steps, then those of a body whose own values are called after `prefix`."""
    step = of or flat.steps[at]
    own = {name for node in body.node for name in node.output} | {t.name for t in body.initializer}
    constants = {**flat.constants, **{f"{prefix}/{t.name}": t for t in body.initializer}}

    def rename(name: str) -> str:
        return names.get(name, f"{prefix}/{name}" if name in own else name)

    inner = _Walk(flat.model, constants, flat.stays).graph(body.node, rename, (*step.inside, place), step.source)
    return replace(flat, steps=(*flat.steps[:at], *inner), constants=constants)
