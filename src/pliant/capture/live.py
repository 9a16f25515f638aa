"""Numbers that are known only at run time, as they appear while a model is traced."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeGuard

import sympy
import torch
from torch import SymBool, SymFloat, SymInt, Tensor
from torch.fx.experimental.sym_node import SymNode, wrap_node

LIVE = (SymInt, SymFloat, SymBool)


def is_live(value: Any) -> TypeGuard[SymInt | SymFloat | SymBool]:
    """Whether `value` is a number or a truth known only at run time."""
    return isinstance(value, LIVE)


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
    return torch.sym_and(a, b) if hasattr(torch, "sym_and") else a & b


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
    node: SymNode = condition.node
    whole = isinstance(then, (int, SymInt)) and isinstance(otherwise, (int, SymInt))
    return wrap_node(node.sym_ite(_node(node, then, whole), _node(node, otherwise, whole)))


def _node(beside: SymNode, value: Any, whole: bool) -> SymNode:
    if whole:
        return value.node if isinstance(value, SymInt) else beside.wrap_int(int(value))
    value = torch.sym_float(value)
    return value.node if isinstance(value, SymFloat) else beside.wrap_float(float(value))


def same(a: Any, b: Any) -> bool:
    """Whether two numbers are equal whatever the live values are, and of one type."""
    if is_live(a) or is_live(b):
        return type(a) is type(b) and expression(a) == expression(b)
    return type(a) is type(b) and a == b


def as_int(condition: Any) -> Any:
    """A truth as 1 or 0."""
    return choose(condition, 1, 0) if isinstance(condition, SymBool) else int(condition)


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
    return value


def new_symbols() -> Callable[[Any], bool]:
    """A function that tells whether a number depends on what is traced from now on."""
    environment = current_environment()
    old = set(environment.var_to_range) if environment is not None else set[Any]()

    def is_new(value: Any) -> bool:
        return is_live(value) and bool(expression(value).free_symbols - old)

    return is_new


def current_environment() -> Any:
    """PyTorch's record of the symbols of the trace that is running."""
    mode = torch._guards.detect_fake_mode()
    return mode.shape_env if mode is not None else None
