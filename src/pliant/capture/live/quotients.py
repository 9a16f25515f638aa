"""Quotients and roots of lengths that are whole for every length, such as the number of pictures among windows.

`int(windows.shape[0] / (h * w / 8 / 8))` is written with floats and means a length that is there already. PyTorch keeps
the formula as it is, and everything computed from it grows.
"""

from __future__ import annotations

from typing import Any

import sympy
from torch import SymFloat
from torch.utils._sympy.functions import FloatTrueDiv, FloorDiv, IntTrueDiv, OpaqueUnaryFn_sqrt, ToFloat

# Below 2**53 a float holds every whole number, and the quotient of two that is whole is computed exactly.


def exact_quotient(value: SymFloat) -> Any:
    """The length that `int(value)` is, as a formula without division; None if it is not known to be one.

    Every step on the way must be whole for all lengths: then no float is rounded.
    """
    found = _whole(value.node.expr)
    if found is None or found == 0:
        return None
    if found.is_Integer:
        return int(found)
    environment = value.node.shape_env
    hint = found.xreplace(environment.backed_var_to_val)
    return environment.create_symintnode(found, hint=int(hint)) if hint.is_Integer else None


def _whole(formula: Any) -> Any:
    """A polynomial with whole coefficients that is equal to `formula`, None if none is found."""
    if isinstance(formula, ToFloat):
        return _whole(formula.args[0])
    if isinstance(formula, (FloatTrueDiv, IntTrueDiv)):
        above, below = (_whole(part) for part in formula.args)
        return None if above is None or below is None or below == 0 else _polynomial(sympy.cancel(above / below))
    if isinstance(formula, OpaqueUnaryFn_sqrt):
        inside = _whole(formula.args[0])  # the lengths are positive: the root of 64*h**2 is 8*h
        return None if inside is None else _polynomial(sympy.sqrt(sympy.factor(inside)))
    if formula.is_Float:
        return sympy.Integer(int(formula)) if formula == int(formula) else None
    if formula.is_Mul and any(isinstance(part, (ToFloat, FloatTrueDiv, IntTrueDiv)) for part in formula.args):
        parts = [_whole(part) for part in formula.args]
        return None if None in parts else sympy.prod(parts)
    return _polynomial(formula)


def _polynomial(formula: Any) -> Any:
    if not formula.free_symbols:
        return formula if formula.is_Integer else None
    pieces = {part: sympy.Dummy(integer=True) for part in formula.atoms(FloorDiv)}  # a whole number, whatever it is
    replaced = formula.xreplace(pieces)
    if not replaced.is_polynomial(*replaced.free_symbols):
        return None
    whole = all(c.is_Integer for c in sympy.Poly(replaced, *replaced.free_symbols).coeffs())
    return formula if whole else None
