"""A length with a long formula gets a symbol of its own, so that what is computed from it stays short.

A picture padded to whole windows has lengths such as `8*((Max(16, h) + 7)//8)`. Everything that a network of windows
does with them repeats the formula, and PyTorch compares such formulas at every step: seconds become minutes, and some
equations it cannot prove. With a symbol in its place the formulas of a padded picture are those of any other. What the
symbol stands for is kept; the audit puts it back into the assumptions that tracing made.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

import sympy
import torch
from torch import SymInt, Tensor
from torch._dynamo.source import ConstantSource
from torch.fx.experimental.symbolic_shapes import DimDynamic, ShapeEnv, free_unbacked_symbols
from torch.utils._sympy.functions import FloorDiv

from pliant.operators._onnx import op
from pliant.operators.base import Operator

LARGEST = 4096  # that a length may be found to be a multiple of


@dataclass
class _Record:
    """What one trace has renamed: `symbols` in order, each with the factor before it and the formula it stands for."""

    symbols: list[tuple[Any, int, Any]] = field(default_factory=list)
    guards: list[Any] = field(default_factory=list)  # what the trace assumed about the symbols

    @property
    def meanings(self) -> dict[Any, Any]:
        return {symbol: formula for symbol, _, formula in self.symbols}


_records: WeakKeyDictionary[ShapeEnv, _Record] = WeakKeyDictionary()


@torch.library.custom_op("pliant::renamed", mutates_args=())
def renamed(x: Tensor, numbers: Sequence[int]) -> Tensor:
    """The same tensor; while it is traced, axis k has the length with number `numbers[k]`, its own if that is -1."""
    del numbers
    return x.clone()


@renamed.register_fake
def _(x: Tensor, numbers: Sequence[int]) -> Tensor:
    # by number, since PyTorch traces a program again and may then write the formula in another way
    return x.new_empty([_numbered(length, k) for length, k in zip(x.shape, numbers, strict=True)])


def _numbered(length: Any, number: int) -> Any:
    if number < 0 or not isinstance(length, SymInt):
        return length
    environment: Any = length.node.shape_env
    symbol, factor, _ = _records[environment].symbols[number]
    return factor * environment.create_symintnode(symbol, hint=int(environment.backed_var_to_val[symbol]))


def is_long(length: Any) -> bool:
    """Whether a length is given by a formula with cases or roundings over the lengths of the inputs."""
    if not isinstance(length, SymInt) or free_unbacked_symbols(length):
        return False
    formula: Any = length.node.expr
    return not formula.is_polynomial(*formula.free_symbols) or len(formula.free_symbols) > 1


def number_of(length: Any) -> int:
    """The number of a long length, the same for the same formula within one trace; -1 for any other length."""
    if not is_long(length):
        return -1
    environment: ShapeEnv = length.node.shape_env
    record = _records.setdefault(environment, _Record())
    factor, formula = sympy.factor_terms(length.node.expr).as_coeff_Mul()
    if not (factor.is_Integer and factor > 0):
        factor, formula = sympy.Integer(1), length.node.expr
    if factor == 1 and (unit := _unit(formula.xreplace(meanings(environment)))) > 1:
        factor, formula = sympy.Integer(unit), FloorDiv(length.node.expr, sympy.Integer(unit))
    for number, (_, times, meaning) in enumerate(record.symbols):
        if (times, meaning) == (factor, formula):
            return number
    name = f"pliant_length_{len(record.symbols)}"
    hint = _unlike(length.node.hint // int(factor), int(factor), environment)
    symbol = environment.create_symbol(hint, ConstantSource(name), DimDynamic.DYNAMIC, do_not_specialize_zero_one=True)
    record.symbols.append((symbol, int(factor), formula))
    return len(record.symbols) - 1


def _unit(formula: Any) -> int:
    """The largest number in a formula that divides its value, wherever it was tried; 1 if there is none.

    `h + -h % 16` is a multiple of 16, and windows of 16 can be counted in it.
    """
    constants = sorted({abs(int(n)) for n in formula.atoms(sympy.Integer) if 1 < abs(n) <= LARGEST}, reverse=True)
    symbols = sorted(formula.free_symbols, key=str)
    if not constants or not 0 < len(symbols) <= 2:
        return 1
    lengths = sorted({*range(1, 20), *(c + d for c in constants for d in (-1, 0, 1, 2)), 2 * constants[0] + 3} - {0})
    drawn = itertools.product(lengths, repeat=len(symbols))
    values = {formula.xreplace(dict(zip(symbols, map(sympy.Integer, chosen), strict=True))) for chosen in drawn}
    return next((c for c in constants if all(v.is_Integer and v % c == 0 for v in values)), 1)


def _unlike(hint: int, factor: int, environment: ShapeEnv) -> int:
    """A length for the example near `hint` that no other symbol has.

    A picture that needs no padding is as long as the padded one. PyTorch would see that in the example, take the two
    lengths for one, and the file would be right without padding only.
    """
    taken = {int(value) for value in environment.backed_var_to_val.values()}
    while hint in taken or hint * factor in taken:
        hint += 1
    return hint


def meanings(environment: Any) -> dict[Any, Any]:
    """What the symbols made here stand for, in the symbols of the inputs."""
    known = dict(_records[environment].meanings) if environment in _records else {}
    for symbol, formula in known.items():
        known[symbol] = formula.xreplace(known)  # earlier ones are complete already
    return known


def in_terms_of(formula: Any, symbols: set[Any], environment: ShapeEnv) -> Any:
    """A formula with the meaning of every symbol made here that is not among `symbols`, as long as there is one."""
    known = _records[environment].meanings if environment in _records else {}
    while foreign := (formula.free_symbols - symbols) & set(known):
        formula = formula.xreplace({symbol: known[symbol] for symbol in foreign})
    return formula


def environment_of(tensors: Iterable[Tensor]) -> Any:
    """PyTorch's record of the lengths of some tensors, None if none of them is symbolic."""
    lengths = (length for tensor in tensors for length in tensor.shape)
    return next((length.node.shape_env for length in lengths if isinstance(length, SymInt)), None)


def set_guards_aside(environment: ShapeEnv) -> None:
    """Keep the guards on symbols made here where `guards_of` finds them.

    At the end of a trace, PyTorch writes every guard as a check of the inputs, and these symbols are no inputs.
    """
    if environment not in _records:
        return
    record = _records[environment]
    made = set(record.meanings)
    record.guards += [guard for guard in environment.guards if guard.expr.free_symbols & made]
    environment.guards = [guard for guard in environment.guards if not guard.expr.free_symbols & made]


def guards_of(environment: ShapeEnv) -> list[Any]:
    """All guards of a trace, PyTorch's own objects."""
    return [*environment.guards, *(_records[environment].guards if environment in _records else ())]


def translate(x: Any, numbers: Sequence[int]) -> Any:
    """The operator in ONNX."""
    del numbers
    return op.Identity(x)


OPERATOR = Operator(
    translations={torch.ops.pliant.renamed.default: translate},
    samples=((torch.arange(12.0).reshape(1, 2, 3, 2), [-1] * 4),),
)
