"""Numbers that are known only at run time, as they appear while a model is traced."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from typing import Any

import sympy
import torch
from torch import SymBool, SymFloat, SymInt, Tensor
from torch._guards import detect_fake_mode
from torch.fx.experimental.proxy_tensor import get_proxy_mode, get_proxy_slot

from pliant.operators.renamed import in_terms_of
from pliant.operators.structure import merge


@dataclass
class Choices:
    """How numbers that depend on a decision are made, and how many there were.

    With a formula more can be proved about shapes. But PyTorch cannot work with every formula that has cases in it;
    an `opaque` number has none, only what it is in the example. What PyTorch assumed on the way is forgotten then.
    """

    opaque: bool = False
    made: int = 0


_choices: ContextVar[Choices] = ContextVar("choices")
ENOUGH = 5  # points that show something
LIVE = (SymInt, SymFloat, SymBool)


def is_live(value: Any) -> bool:
    """Whether `value` is a number or a truth known only at run time."""
    return isinstance(value, LIVE)


def is_number(value: Any) -> bool:
    """Whether `value` is a number or a truth, live or not."""
    return isinstance(value, (bool, int, float, *LIVE))


def expression(value: SymInt | SymFloat | SymBool) -> Any:
    """The formula (sympy) that a live number stands for."""
    return value.node.expr


def known(condition: Any) -> bool | None:
    """What a live truth is for all values of its symbols; None if that depends on them."""
    if not isinstance(condition, SymBool):
        return bool(condition)
    static = condition.node.shape_env._maybe_evaluate_static(condition.node.expr)
    return None if static is None else bool(static)


def in_example(condition: SymBool) -> bool | None:
    """What a live truth is for the arguments that the model is traced with; None if tracing does not know."""
    environment = condition.node.shape_env
    values = {**environment.backed_var_to_val, **environment.real_tensor_prop_unbacked_vals}
    found = condition.node.expr.xreplace(values)
    return None if found.free_symbols else bool(found)


def truth_of(value: Any) -> Any:
    """What `bool(value)` means, as a SymBool if it is known only at run time."""
    if isinstance(value, Tensor) and value.numel() == 1:
        value = value.item()
    if isinstance(value, (SymInt, SymFloat)):
        return value != 0
    return value


def both(a: Any, b: Any) -> Any:
    """`a and b` of two truths."""
    if not is_live(a) or not is_live(b):
        return (b if a else False) if not is_live(a) else (a if b else False)
    both_live: Any = a
    return both_live & b


def either(a: Any, b: Any) -> Any:
    """`a or b` of two truths."""
    return opposite(both(opposite(a), opposite(b)))


def opposite(a: Any) -> Any:
    """`not a` of a truth."""
    return torch.sym_not(a) if isinstance(a, SymBool) else not a


def choose(condition: SymBool, then: Any, otherwise: Any) -> Any:
    """`then if condition else otherwise` of two numbers or two truths. An int beside a float becomes a float."""
    if isinstance(then, (bool, SymBool)) and isinstance(otherwise, (bool, SymBool)):
        return either(both(condition, then), both(opposite(condition), otherwise))
    whole = all(isinstance(v, (bool, int, SymInt, SymBool)) for v in (then, otherwise))
    if whole and isinstance(then, SymInt) and _covers(then, otherwise, condition, False):
        return then
    if whole and isinstance(otherwise, SymInt) and _covers(otherwise, then, condition, True):
        return otherwise
    chosen: Any = as_int(condition)
    choices = _choices.get()
    choices.made += 1
    if choices.opaque:
        return _chosen_opaquely(condition, chosen, then, otherwise, whole=whole)
    if whole and isinstance(then, SymInt) is not isinstance(otherwise, SymInt):
        # a case that is a plain number is lost on PyTorch when it writes the formula down as code
        first, second = as_number(then), as_number(otherwise)
        return second + chosen * (first - second)
    if expression(condition).has(sympy.Piecewise):
        return _chosen_opaquely(condition, chosen, then, otherwise, whole=whole)
    return torch.sym_ite(condition, _as_live(then, chosen, whole), _as_live(otherwise, chosen, whole))


def _covers(formula: SymInt, other: Any, condition: SymBool, answer: bool) -> bool:
    """Whether `formula` gives `other` wherever `condition` has this answer, as far as a grid of lengths shows.

    `h + (-h) % 4 if h % 4 else h` is `h + (-h) % 4`: one formula without cases, which PyTorch can work with.
    """
    asked, first = expression(condition), expression(formula)
    second = expression(other) if is_live(other) else sympy.Integer(other)
    environment = condition.node.shape_env
    first, second = (in_terms_of(f, asked.free_symbols, environment) for f in (first, second))
    symbols = sorted(asked.free_symbols | first.free_symbols | second.free_symbols, key=str)
    if not 0 < len(symbols) <= 2 or not set(symbols) <= set(environment.backed_var_to_val):
        return False
    named = {int(n) for f in (asked, first, second) for n in f.atoms(sympy.Integer) if 0 < n < 4096}
    constants = {n + d for n in named for d in (-1, 0, 1, 2)} | {n + m for n in named for m in named}
    multiples = {n * m for n in constants for m in range(2, 7)} if len(symbols) == 1 else set[int]()
    lengths = sorted(n for n in {*range(1, 12), 16, 24, 2 * max(named, default=0) + 3, *constants, *multiples} if n > 0)
    points = 0
    for chosen in itertools.product(lengths, repeat=len(symbols)):
        values = {symbol: sympy.Integer(n) for symbol, n in zip(symbols, chosen, strict=True)}
        if (asked.xreplace(values) == sympy.true) is answer:
            points += 1
            if first.xreplace(values) != second.xreplace(values):
                return False
    return points >= ENOUGH


def _chosen_opaquely(condition: SymBool, chosen: Any, then: Any, otherwise: Any, *, whole: bool) -> Any:
    """A number of which tracing knows what it is in the example, and not how it comes about."""
    dtype = torch.int64 if whole else torch.float64
    first, second = (torch.scalar_tensor(as_number(v), dtype=dtype) for v in (then, otherwise))
    example = in_example(condition)
    number = merge(chosen, first, second, [], 0).item()
    return number if example is None else set_example(number, then if example else otherwise)


def as_number(value: Any) -> Any:
    """A truth as 1 or 0, a number as it is."""
    return as_int(value) if isinstance(value, (bool, SymBool)) else value


def _as_live(value: Any, some: SymInt, whole: bool) -> Any:
    """A number in the form of a live one; `some` is any live whole number."""
    if isinstance(value, SymBool):
        value = torch.sym_ite(value, 1, 0)
    if whole:
        return value if isinstance(value, SymInt) else some * 0 + int(value)
    return torch.sym_float(value) if is_live(value) else _zero(some) + float(value)


def same(a: Any, b: Any) -> bool:
    """Whether two numbers are equal whatever the live values are, and of one type."""
    if is_live(a) or is_live(b):
        return type(a) is type(b) and expression(a) == expression(b)
    return type(a) is type(b) and a == b


def as_int(condition: Any) -> Any:
    """A truth as 1 or 0.

    Where the truth is about a number with cases, sympy would draw them out, into a form that PyTorch does not read.
    """
    if not isinstance(condition, SymBool):
        return int(condition)
    if not expression(condition).has(sympy.Piecewise):
        return torch.sym_ite(condition, 1, 0)
    example = in_example(condition)
    number = torch.scalar_tensor(condition, dtype=torch.int64).item()  # type: ignore[arg-type]
    return number if example is None else set_example(number, int(example))


def _zero(some: SymInt) -> Any:
    number: Any = torch.sym_float(some)
    return number * 0.0


def example_of(value: Any) -> Any:
    """What a number is in the example, as a Python number; None if tracing does not know."""
    if not is_live(value):
        return value
    environment = value.node.shape_env
    found = expression(value).xreplace({**environment.backed_var_to_val, **environment.real_tensor_prop_unbacked_vals})
    if found.free_symbols or not found.is_number:
        return None
    return int(found) if isinstance(value, SymInt) else float(found)


def set_example(value: Any, example: Any) -> Any:
    """`value`, for which tracing knows from now on what it is in the example; `example` may be live itself."""
    if not is_live(value):
        return value
    environment = value.node.shape_env
    known_values = {**environment.backed_var_to_val, **environment.real_tensor_prop_unbacked_vals}
    number = expression(example).xreplace(known_values) if is_live(example) else sympy.sympify(example)
    symbols = expression(value).free_symbols
    if not number.free_symbols and len(symbols) == 1 and not isinstance(value, SymBool):
        (symbol,) = symbols
        if expression(value) == symbol:
            environment.set_real_tensor_prop_unbacked_vals(symbol, number)
            environment._log_real_tensor_propagation = partial(_only_truths, environment)
    return value


def _only_truths(environment: Any, asked: Any, answer: Any) -> None:
    """Called when PyTorch is about to answer with the example's value.

    For a truth, such as "is the pad less than the length", that is good enough: it is tested afterwards. Where the
    number itself is asked for, as by a stride, it would be frozen.
    """
    if answer not in (sympy.true, sympy.false):
        raise environment._make_data_dependent_error(asked.xreplace(environment.backed_var_to_val), asked)


def new_symbols() -> Callable[[Any], bool]:
    """A function that tells whether a number depends on what is traced from now on."""
    environment = current_environment()
    old = set(environment.var_to_range) if environment is not None else set[Any]()

    def is_new(value: Any) -> bool:
        return is_live(value) and bool(expression(value).free_symbols - old)

    return is_new


def forget_checks() -> None:
    """Let PyTorch not write down as code what it has assumed about live values; the audit tests the file instead.

    It cannot write down every formula, and no such check reaches an ONNX file.
    """
    environment = current_environment()
    if environment is not None:
        environment.deferred_runtime_asserts.clear()
        environment.num_deferred_runtime_asserts = 0


def current_environment() -> Any:
    """PyTorch's record of the symbols of the trace that is running."""
    mode = detect_fake_mode()
    return mode.shape_env if mode is not None else None


@contextmanager
def choosing(choices: Choices) -> Generator[None]:
    """Within the block, numbers are chosen as `choices` says."""
    token = _choices.set(choices)
    try:
        yield
    finally:
        _choices.reset(token)


def step_of(tensor: Tensor) -> torch.fx.Node | None:
    """The step of the trace that made a tensor; None outside of a trace."""
    mode = get_proxy_mode()
    slot = None if mode is None else get_proxy_slot(tensor, mode.tracer, None)
    return getattr(getattr(slot, "proxy", None), "node", None)
