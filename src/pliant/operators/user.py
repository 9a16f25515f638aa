"""`pliant.operator`: operators of a model's own.

One decorated function is the place for all that is known about an operator: what it computes in PyTorch, the shape
of its result, its ONNX body, and arguments to try it on. In eager PyTorch the function runs as it is, under autograd
too. While `pliant.export` traces, a call is one node, and what runs inside is not looked at.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial, wraps
from pathlib import Path
from typing import Any, ParamSpec, Protocol, TypeVar, cast

import torch
from torch import SymBool, SymFloat, SymInt, Tensor
from torch.utils._python_dispatch import _disable_current_modes

from pliant.errors import UsageError
from pliant.kernels import Kernel
from pliant.operators._calls import DTYPES, is_recording, record, recorded, results_like
from pliant.operators._check import check
from pliant.operators._definition import Definition, Sample
from pliant.operators.base import Operator

P = ParamSpec("P")
R = TypeVar("R", covariant=True)
B = TypeVar("B", bound=Callable[..., Any])


class UserOperator(Protocol[P, R]):
    """A function decorated by `pliant.operator`: it runs as before, and knows its form in ONNX."""

    __name__: str

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """The reference."""
        ...

    def onnx(self, body: B) -> B:
        """Decorator: `body(op, ...)` takes ONNX values for tensors and numbers and returns one, or a tuple of them."""
        ...

    @property
    def kernels(self) -> list[Kernel]:
        """What computes the operator natively, engine by engine; `pliant.load(..., kernels=[operator])` uses them."""
        ...

    def kernel(self, *engines: str) -> Callable[[B], B]:
        """Decorator: a function of NumPy arrays, or a class of the engine's own, computes the operator on `engines`.

        See `pliant.Kernel`. Raises UsageError for a function with other parameters than the operator's.
        """
        ...

    def library(self, engine: str, path: str | os.PathLike[str], node: str | None = None) -> None:
        """A compiled library computes the operator on `engine`, where it is known as `node`, "domain::name"."""
        ...

    def check(self) -> None:
        """Run the samples in ONNX Runtime; raises OperatorError unless shape and body do what the reference does."""
        ...


def operator(
    *,
    shape: Callable[..., Any],
    samples: Sequence[Sample],
    dtype: torch.dtype | Sequence[torch.dtype] | None = None,
    name: str | None = None,
) -> Callable[[Callable[P, R]], UserOperator[P, R]]:
    """Make an operator of a function of tensors and numbers; its ONNX body is added with `.onnx`.

    Positional parameters become inputs in ONNX, and the body gets them as values: tensors; ints and floats as 0-d
    int64 and double, live or not; lists of numbers as a vector; lists of tensors as a list of values; None as None.
    Parameters after `*`, and bools and texts, are attributes: fixed, and the body gets them as they are.

    Args:
        shape: called with the same arguments, which may be live: the shape of the result, or a list of shapes if
            there are several results.
        samples: tuples of arguments on which shape and body are tried; keyword arguments in a dict at the end.
        dtype: of the result, or one for each; that of the first tensor if None.
        name: of the operator in the file; that of the function if None. It becomes `pliant.user::name`.

    Raises:
        UsageError: there are no samples, or the function or its name has no form in ONNX.
    """

    def decorate(reference: Callable[P, R]) -> UserOperator[P, R]:
        called = name or getattr(reference, "__name__", "")
        definition = Definition(called, reference, shape, dtype, tuple(samples), _signature(reference, called))
        if not samples:
            raise UsageError(f"The operator {called!r} has no samples: give arguments on which it can be checked.")

        @wraps(reference)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            # in this order: torch.compile, which looks into the reference, knows the first two
            if torch.compiler.is_exporting() and not torch.compiler.is_dynamo_compiling() and is_recording():
                # a closure over `shape`, so that it is found among the functions whose source is made symbolic
                return cast(R, _traced(definition, shape, args, kwargs))
            return reference(*args, **kwargs)

        def onnx(body: B) -> B:
            definition.body, definition.checked = body, False
            return body

        vars(call).update(onnx=onnx, check=lambda: check(definition), kernels=definition.kernels)
        vars(call).update(kernel=partial(_kernel, definition), library=partial(_library, definition))
        return cast(UserOperator[P, R], call)

    return decorate


def _kernel(definition: Definition, *engines: str) -> Callable[[B], B]:
    def add(run: B) -> B:
        made = [Kernel(definition.name, engine, run) for engine in engines]
        if not all(kernel.native for kernel in made):
            _check_parameters(definition, run)
        definition.kernels.extend(made)
        return run

    return add


def _library(definition: Definition, engine: str, path: str | os.PathLike[str], node: str | None = None) -> None:
    definition.kernels.append(Kernel(definition.name, engine, library=Path(path), node=node))


def _check_parameters(definition: Definition, run: Callable[..., Any]) -> None:
    """A kernel takes all that may be live, and as many of the attributes as it needs, by the operator's names."""
    accepted = inspect.signature(run).parameters
    rest = any(p.kind is p.VAR_KEYWORD for p in accepted.values())
    known = definition.signature.parameters
    missing = [n for n in known if n not in accepted and n not in definition.attributes and not rest]
    unknown = [n for n, p in accepted.items() if n not in known and p.kind is not p.VAR_KEYWORD]
    if missing or unknown:
        raise UsageError(
            f"The kernel of {definition.name} takes ({', '.join(accepted)}); it has to take what the operator takes, "
            f"by the same names: ({', '.join(known)})."
        )


def _signature(reference: Callable[..., Any], name: str) -> inspect.Signature:
    signature = inspect.signature(reference)
    if not name.isidentifier():
        raise UsageError(f"The operator {name!r} needs a name that is an identifier: give one with name=.")
    for parameter in signature.parameters.values():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise UsageError(
                f"The operator {name!r} takes {parameter}; name every parameter, and pass several tensors as a list."
            )
    return signature


@dataclass(frozen=True)
class Slot:
    """A tensor among those of a traced call; `number` if it stands for a live number."""

    index: int
    number: bool = False


@dataclass(frozen=True)
class Call:
    """One use of an operator. `arguments` has slots in the place of tensors and live numbers."""

    definition: Definition
    arguments: Mapping[str, Any]

    def filled(self, tensors: Sequence[Any], number: Callable[[Any], Any]) -> dict[str, Any]:
        """The arguments with `tensors` in their slots, and those that stand for a number through `number`."""

        def fill(value: Any) -> Any:
            if isinstance(value, Slot):
                return number(tensors[value.index]) if value.number else tensors[value.index]
            return [fill(part) for part in value] if isinstance(value, list) else value

        return {name: fill(value) for name, value in self.arguments.items()}


def _traced(definition: Definition, shape: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    with torch._C.DisableTorchFunction(), _disable_current_modes():
        check(definition)
    bound = definition.bind(args, kwargs)
    tensors: list[Tensor] = []

    def slot(name: str, value: Any) -> Any:
        if isinstance(value, (list, tuple)):
            return [slot(name, part) for part in cast("Sequence[Any]", value)]
        if not isinstance(value, (Tensor, SymInt, SymFloat, SymBool)):
            return value
        if name in definition.attributes or isinstance(value, SymBool):
            raise ValueError(
                f"the argument {name!r} of the operator {definition.name} is live, and as an attribute it has no ONNX "
                "form; make it a positional parameter, a number or a tensor"
            )
        number = not isinstance(value, Tensor)
        if number:
            dtype = torch.int64 if isinstance(value, SymInt) else torch.float64
            value = torch.scalar_tensor(cast(float, value), dtype=dtype)
        tensors.append(value)
        return Slot(len(tensors) - 1, number)

    arguments = {name: slot(name, value) for name, value in bound.items()}
    shapes, single = definition.shapes(bound, shape)
    dtypes = [DTYPES.index(d) for d in definition.dtypes(bound, len(shapes))]
    lengths = [length for lengths in shapes for length in lengths]
    call = record(Call(definition, arguments))
    results = user_operator(tensors, call, lengths, [len(s) for s in shapes], dtypes)
    return results[0] if single else tuple(results)


@torch.library.custom_op("pliant::operator", mutates_args=())
def user_operator(
    tensors: Sequence[Tensor], call: int, lengths: Sequence[int], ranks: Sequence[int], dtypes: Sequence[int]
) -> list[Tensor]:
    """The outputs of recorded call number `call`, whose shapes and types are as in `results_like`."""
    del lengths, ranks, dtypes
    found: Call = recorded(call)
    results = found.definition.run(found.filled(tensors, lambda tensor: tensor.item()))
    return list(results) if isinstance(results, (tuple, list)) else [results]


@user_operator.register_fake
def _(
    tensors: Sequence[Tensor], call: int, lengths: Sequence[int], ranks: Sequence[int], dtypes: Sequence[int]
) -> list[Tensor]:
    del call
    return results_like(tensors, lengths, ranks, dtypes)


def translate(tensors: Sequence[Any], call: int, *shape: Any) -> Any:
    """The operator's own body."""
    del shape
    found: Call = recorded(call)
    lists = {
        name
        for name, value in found.arguments.items()
        if isinstance(value, list) and any(isinstance(part, Slot) and not part.number for part in value)
    }
    return found.definition.call(found.filled(tensors, lambda value: value), lists)


OPERATOR = Operator(translations={torch.ops.pliant.operator.default: translate})
