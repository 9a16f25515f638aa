"""`Function.apply` of `torch.autograd.Function` classes with a `symbolic` method.

PyTorch's exporter ignores `symbolic` and traces `forward`. So does pliant first: what `forward` computes is the
truth, and `symbolic` only a claim about it (the tutorial's own is off by one at a factor of 1.3). Where `forward`
cannot be traced, because it uses NumPy or an operator that has no translation, the claim is taken and audited like
everything else.

An opaque `forward` does not say what shape it returns. It is therefore run on real tensors of several sizes, and
every length of the result must be explained in all of them by one formula over the lengths and values that went in.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import SymFloat, SymInt, Tensor
from torch.utils._python_dispatch import _disable_current_modes

from pliant.capture.base import Capture
from pliant.operators.symbolic_function import DTYPES, Call, record, symbolic_function

PROBES = ((7, 2.0), (10, 1.5), (13, 3.0), (9, 2.5))  # added to every live length; taken for every live value
MOST_VALUES = 8  # elements of a tensor that may be factors of its lengths


def apply_of(callee: Any) -> Callable[..., Any] | None:
    """What to call instead of `callee`, if it is the `apply` of a class with a `symbolic` method."""
    function = getattr(callee, "__self__", None)
    ours = isinstance(function, type) and issubclass(function, torch.autograd.Function)
    if not ours or getattr(callee, "__name__", "") != "apply" or not hasattr(function, "symbolic"):
        return None
    return lambda *args: opaque(function, args)


def opaque(function: Any, args: Sequence[Any]) -> Any:
    """Call `function` as one node of the traced program."""
    tensors: list[Tensor] = []
    arguments: list[tuple[int | None, Any]] = []
    for value in args:
        if isinstance(value, (SymInt, SymFloat)):
            dtype = torch.int64 if isinstance(value, SymInt) else torch.float64
            value = torch.scalar_tensor(cast(float, value), dtype=dtype)
        arguments.append((len(tensors), None) if isinstance(value, Tensor) else (None, value))
        tensors += [value] if isinstance(value, Tensor) else []
    shapes, dtypes, single = explain(function, args)
    lengths = [length for shape in shapes for length in shape]
    call = record(Call(function, tuple(arguments)))
    results = symbolic_function(tensors, call, lengths, [len(s) for s in shapes], [DTYPES.index(d) for d in dtypes])
    return results[0] if single else tuple(results)


@dataclass(frozen=True)
class Term:
    """A number in a call's arguments: a length of a tensor, an element of a small one, or a live number itself."""

    argument: int
    axis: int | None = None
    element: int | None = None

    def of(self, args: Sequence[Any]) -> Any:
        """Its value in `args`, which may be real or symbolic."""
        value = args[self.argument]
        if self.axis is not None:
            return value.shape[self.axis]
        if isinstance(value, Tensor):
            return value.item() if self.element is None else value[self.element].item()
        return value


Formula = tuple[Term, ...]  # the product of its terms, cut to a whole number


def evaluate(formula: Formula, args: Sequence[Any]) -> Any:
    """The value of a formula, real or symbolic."""
    value = formula[0].of(args)
    for term in formula[1:]:
        value = value * term.of(args)
    return value if isinstance(value, (int, SymInt)) else torch.sym_int(value)


def explain(function: Any, args: Sequence[Any]) -> tuple[list[list[Any]], list[torch.dtype], bool]:
    """Symbolic shapes and dtypes of the outputs, and whether there is a single one.

    Raises ValueError if a length of the result follows no formula that was tried.
    """
    probes = [real_arguments(args, step, factor) for step, factor in PROBES]
    with torch._C.DisableTorchFunction(), _disable_current_modes():
        results = [function.apply(*probe) for probe in probes]
        known = {formula: [evaluate(formula, probe) for probe in probes] for formula in formulas(args)}
    single = not isinstance(results[0], tuple)
    outputs = [[result] if single else list(result) for result in results]
    shapes: list[list[Any]] = []
    for k, first in enumerate(outputs[0]):
        lengths = [[run[k].shape[axis] for run in outputs] for axis in range(first.dim())]
        shapes.append([_explained(seen, known, args, function.__name__) for seen in lengths])
    return shapes, [output.dtype for output in outputs[0]], single


def formulas(args: Sequence[Any]) -> list[Formula]:
    """Candidates, simple ones first: lengths, lengths times numbers, numbers."""
    lengths: list[Term] = []
    numbers: list[Term] = []
    for k, value in enumerate(args):
        if isinstance(value, Tensor):
            lengths += [Term(k, axis=axis) for axis in range(value.dim())]
            if value.dim() == 0:
                numbers.append(Term(k))
            elif _small(value):
                numbers += [Term(k, element=i) for i in range(value.shape[0])]
        elif isinstance(value, (SymInt, SymFloat)):
            numbers.append(Term(k))
    products = [(length, number) for length in lengths for number in numbers]
    return [*((length,) for length in lengths), *products, *((number,) for number in numbers)]


def _small(tensor: Tensor) -> bool:
    """Whether a tensor may be a handful of live values: a vector of fixed, small length."""
    return tensor.dim() == 1 and not isinstance(tensor.shape[0], SymInt) and tensor.shape[0] <= MOST_VALUES


def real_arguments(args: Sequence[Any], step: int, factor: float) -> list[Any]:
    """Real arguments like `args`. Equal symbolic lengths stay equal, no two live values are alike."""
    seen: dict[str, int] = {}
    real: list[Any] = []
    with torch._C.DisableTorchFunction(), _disable_current_modes():
        for value in args:
            if isinstance(value, SymInt):
                real.append(int(factor) + 1)
            elif isinstance(value, SymFloat):
                real.append(factor)
            elif isinstance(value, Tensor):
                shape = [_length(d, step, seen) for d in value.shape]
                few = value.dim() == 0 or _small(value)
                numbers = factor + torch.arange(math.prod(shape)).reshape(shape) if few else torch.rand(shape)
                real.append(numbers.to(value.dtype))
            else:
                real.append(value)
    return real


def _length(length: Any, step: int, seen: dict[str, int]) -> int:
    return seen.setdefault(str(length), step + 3 * len(seen)) if isinstance(length, SymInt) else length


def _explained(seen: list[int], known: dict[Formula, list[Any]], args: Sequence[Any], name: str) -> Any:
    for formula, values in known.items():
        if values == seen:
            return evaluate(formula, args)
    if len(set(seen)) == 1:
        return seen[0]
    raise ValueError(
        f"the shape that {name} returns follows no formula over its inputs ({seen} at four sizes), so it has no ONNX "
        "form with live lengths"
    )


CAPTURE = Capture(resolve=apply_of, fallback=True)
