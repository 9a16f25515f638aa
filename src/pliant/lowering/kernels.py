"""Calls of a user's operators for which an engine has a kernel: they stay one node, and become the engine's node.

An engine asks for `claiming(dialect, kernels)` before a model is lowered, and for `uses(body, kernels)` of what it is
about to compile. It gives each use a node of its own with `become`, or reads the node as it stands.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from inspect import Parameter, signature
from typing import Any

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray
from onnx_ir.passes import common

from pliant.errors import InputError, LoweringError
from pliant.kernels import BASE, Kernel
from pliant.lowering.builder import attribute
from pliant.lowering.dialect import Dialect, accept, key_of

Array = NDArray[Any]


def claiming(dialect: Dialect, kernels: Sequence[Kernel]) -> Dialect:
    """`dialect` with the calls of these operators among what its engine takes whole."""
    keys = {kernel.key for kernel in kernels}
    operators = {**dialect.operators, **dict.fromkeys(keys, accept)}
    return replace(dialect, claims=dialect.claims | keys, operators=operators)


def overload(model: ir.Model) -> None:
    """Give functions that are further bodies of one operator the operator's name, with an overload to tell them apart.

    So that dialects, rules and kernels find all calls of an operator under one name.
    """
    renamed = {f.identifier(): f.metadata_props[BASE] for f in model.functions.values() if BASE in f.metadata_props}
    if not renamed:
        return
    bodies = [ir.traversal.RecursiveGraphIterator(model.graph), *(iter(f) for f in model.functions.values())]
    for node in (node for body in bodies for node in body):
        if node.op_identifier() in renamed:
            node.overload, node.op_type = node.op_type, renamed[node.op_identifier()]
    for identifier, base in renamed.items():
        function = model.functions.pop(identifier)
        function.overload, function.name = function.name, base
        model.functions[function.identifier()] = function


@dataclass(frozen=True)
class Use:
    """One call of an operator that has a kernel.

    `present` are the inputs that are there, in order; `arguments` say where each parameter of the operator finds its
    value among them: a position, a list of positions, or None. `attributes` are the fixed ones.
    """

    node: ir.Node
    kernel: Kernel
    present: tuple[ir.Value, ...]
    arguments: Mapping[str, int | list[int] | None]
    attributes: Mapping[str, Any]

    @property
    def dtypes(self) -> list[Any]:
        """Of the outputs, as NumPy's. Raises LoweringError if one is not known."""
        return [_dtype(value, self.node) for value in self.node.outputs]

    @property
    def shapes(self) -> list[list[int | None] | None]:
        """Of the outputs: None for a length known at run time only, or for a rank that is not known."""
        return [
            None if v.shape is None else [n if isinstance(n, int) else None for n in v.shape] for v in self.node.outputs
        ]

    def become(self, op: str, domain: str) -> None:
        """Make the node one of the engine's, with the inputs that are there and no attributes."""
        self.node.op_type, self.node.domain, self.node.overload, self.node.version = op, domain, "", None
        self.node.resize_inputs(len(self.present))
        for k, value in enumerate(self.present):
            self.node.replace_input_with(k, value)
        self.node.attributes.clear()


def uses(model: ir.Model, kernels: Sequence[Kernel]) -> list[Use]:
    """The calls in `model` that have a kernel. The model holds their functions, and has inferred types."""
    known = {kernel.key: kernel for kernel in kernels}
    found = [node for node in ir.traversal.RecursiveGraphIterator(model.graph) if key_of(node) in known]
    return [_use(node, known[key_of(node)], model.functions[node.op_identifier()]) for node in found]


def finished(model: ir.Model) -> ir.Model:
    """`model` after its calls have become nodes of the engine: without functions that nothing calls."""
    common.RemoveUnusedFunctionsPass()(model)
    for node in ir.traversal.RecursiveGraphIterator(model.graph):
        model.graph.opset_imports.setdefault(node.domain, 1)
    return model


def _use(node: ir.Node, kernel: Kernel, function: ir.Function) -> Use:
    inputs = [*node.inputs, *[None] * (len(function.inputs) - len(node.inputs))]
    present = tuple(v for v in inputs if v is not None)
    places, position = dict[str, int | None](), 0
    for formal, value in zip(function.inputs, inputs, strict=True):
        places[str(formal.name)] = None if value is None else position
        position += value is not None
    attributes = {name: attribute(node, name) for name in node.attributes}
    return Use(node, kernel, present, _arguments(places, kernel), attributes)


def _arguments(places: Mapping[str, int | None], kernel: Kernel) -> dict[str, int | list[int] | None]:
    """Inputs by parameter; those named p_0, p_1, ... are the list p, if the kernel has a parameter p."""
    wanted = [] if kernel.run is None or kernel.native else list(signature(kernel.run).parameters)
    found: dict[str, Any] = {}
    for name, place in places.items():
        stem, _, number = name.rpartition("_")
        if name not in wanted and number.isdigit() and stem in wanted:
            found.setdefault(stem, []).append(place)
        else:
            found[name] = place
    return found


def _dtype(value: ir.Value, node: ir.Node) -> Any:
    if value.dtype is None:
        raise LoweringError(
            f"The element type of {value.name!r} is not known, and the kernel of {key_of(node)!r} needs it; leave the "
            "kernel out, so that the body runs."
        )
    return value.dtype.numpy()


@dataclass
class Bound:
    """A Python kernel for one use: takes the inputs that are there, gives the outputs in the types of the graph.

    It never raises, because some engines die of that: `failures` keeps what was raised, and the results are zeros.
    """

    use: Use
    failures: list[BaseException] = field(default_factory=list[BaseException])

    def __post_init__(self) -> None:
        self._dtypes, self._shapes = self.use.dtypes, self.use.shapes
        run: Any = self.use.kernel.run
        self._run: Callable[..., Any] = run
        accepted = signature(run).parameters
        rest = any(p.kind is Parameter.VAR_KEYWORD for p in accepted.values())
        self._fixed = {n: v for n, v in self.use.attributes.items() if rest or n in accepted}
        missing = [n for n in self.use.arguments if n not in accepted and not rest]
        if missing:
            raise LoweringError(
                f"The kernel of {self.use.kernel.operator!r} for {self.use.kernel.engine!r} has no parameter "
                f"{missing[0]!r}; name its parameters as those of the operator: {', '.join(self.use.arguments)}."
            )

    def __call__(self, *arrays: Array) -> list[Array]:
        """The outputs, contiguous."""
        try:
            return self._results(arrays)
        except BaseException as error:  # noqa: BLE001 - raised again by `raised`, behind the engine
            self.failures.append(error)
            shapes = [[1 if n is None else n for n in shape or ()] for shape in self._shapes]
            return [np.zeros(shape, dtype) for shape, dtype in zip(shapes, self._dtypes, strict=True)]

    def _results(self, arrays: Sequence[Array]) -> list[Array]:
        given = {name: _taken(place, arrays) for name, place in self.use.arguments.items()}
        found = self._run(**given, **self._fixed)
        listed = list(found) if isinstance(found, (tuple, list)) else [found]
        if len(listed) != len(self._dtypes):
            raise ValueError(f"it returns {len(listed)} arrays, and the operator has {len(self._dtypes)} results")
        arrays = [np.asarray(a, dtype) for a, dtype in zip(listed, self._dtypes, strict=True)]
        return [np.ascontiguousarray(a) if a.ndim else a for a in arrays]


def _taken(place: int | list[int] | None, arrays: Sequence[Array]) -> Any:
    if isinstance(place, list):
        return [_taken(k, arrays) for k in place]
    return None if place is None else arrays[place]


def raised(bound: Sequence[Bound]) -> None:
    """Raise what kernels raised since the last time: InputError with the operator's name."""
    for kernel in bound:
        if kernel.failures:
            error = kernel.failures[0]
            kernel.failures.clear()
            if not isinstance(error, Exception):
                raise error  # an interrupt
            name = kernel.use.kernel.operator
            raise InputError(
                f"The kernel of the operator {name!r} for {kernel.use.kernel.engine!r} failed: "
                f"{type(error).__name__}: {error}."
            ) from error
