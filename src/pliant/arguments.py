"""The arguments of a call as arrays that fit a contract, or a sentence that says why they do not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pliant.contract import Contract, Dim, Input
from pliant.errors import ContractError

Array = NDArray[Any]


def bind(contract: Contract, args: Sequence[object], kwargs: Mapping[str, object]) -> dict[str, Array]:
    """One array for each input of the contract, checked: names, types, rank, lengths and ranges of values.

    Arrays pass unchanged and are never copied; numbers are accepted for live values and take the type of the
    input. Raises ContractError.
    """
    given = _named(contract, args, kwargs)
    arrays = {i.name: _array(i, given[i.name]) for i in contract.inputs}
    lengths: dict[str, tuple[int, str]] = {}
    for i in contract.inputs:
        _check_shape(i, arrays[i.name].shape, lengths)
        if i.role == "value":
            _check_values(i, arrays[i.name])
    return arrays


def _named(contract: Contract, args: Sequence[object], kwargs: Mapping[str, object]) -> dict[str, object]:
    names = [i.name for i in contract.inputs]
    if len(args) > len(names):
        raise ContractError(f"Got {len(args)} arguments, but {_expected(names)}.")
    given = dict(zip(names, args, strict=False))
    for name, value in kwargs.items():
        if name not in names:
            raise ContractError(f"There is no input named {name!r}; {_expected(names)}.")
        if name in given:
            raise ContractError(f"Input {name!r} is given twice, by position and by name; give it once.")
        given[name] = value
    if missing := [name for name in names if name not in given]:
        raise ContractError(f"Input {missing[0]!r} is missing; {_expected(names)}.")
    return given


def _expected(names: Sequence[str]) -> str:
    """The end of a sentence. Sentences are put together only when they are needed, for calls are many."""
    return f"the model takes {', '.join(names) or 'nothing'}, in this order"


def _array(i: Input, value: object) -> Array:
    if isinstance(value, np.ndarray):
        if value.dtype != np.dtype(i.dtype):
            raise ContractError(
                f"Input {i.name!r} is {value.dtype}, but the model takes {i.dtype}; "
                f"convert it with .astype({i.dtype!r})."
            )
        return value
    if i.role == "value":
        return _numbers(i, value)
    kind = type(value).__name__
    raise ContractError(f"Input {i.name!r} is of type {kind}; give a NumPy array of {i.dtype}, rank {len(i.dims)}.")


def _numbers(i: Input, value: object) -> Array:
    """A number, or a sequence of numbers, in the type of the input and without loss of a fraction."""
    try:
        given = np.asarray(value)
    except ValueError as error:
        raise ContractError(f"Input {i.name!r} got {_shown(value)}; give numbers.") from error
    if given.dtype.kind not in "iuf" and not (given.dtype.kind == i.dtype[0] == "b"):
        raise ContractError(f"Input {i.name!r} got {_shown(value)}; give a number, for example {i.name}=2.")
    with np.errstate(over="ignore", invalid="ignore"):
        cast = given.astype(i.dtype)
    if cast.dtype.kind in "iu" and not np.array_equal(cast, given):
        raise ContractError(f"Input {i.name!r} got {_shown(value)}, but the model takes whole numbers ({i.dtype}).")
    # a number is also welcome where the model takes a vector of one
    return cast.reshape(1) if cast.ndim == 0 and [dim.size for dim in i.dims] == [1] else cast


def _shown(value: object) -> str:
    return repr(value)[:40]


def _check_shape(i: Input, shape: tuple[int, ...], lengths: dict[str, tuple[int, str]]) -> None:
    """`lengths` collects, by name of a live dim, its length and the input that set it."""
    if len(shape) != len(i.dims):
        raise ContractError(f"{_subject(i, shape)}.")
    for axis, (dim, length) in enumerate(zip(i.dims, shape, strict=True)):
        if reason := _misfit(dim, length):
            raise ContractError(f"{_subject(i, shape)}: axis {axis} {reason}.")
        if dim.live and dim.name:
            expected, other = lengths.setdefault(dim.name, (length, i.name))
            if expected != length:
                raise ContractError(
                    f"{_subject(i, shape)}: axis {axis} is {dim.name!r}, which is {expected} in {other!r}."
                )


def _subject(i: Input, shape: tuple[int, ...]) -> str:
    """The beginning of a sentence."""
    takes = f"the model takes [{', '.join(str(dim) for dim in i.dims)}]" if i.dims else "the model takes a number"
    return f"Input {i.name!r} has shape {list(shape)}, but {takes}"


def _misfit(dim: Dim, length: int) -> str:
    if dim.size is not None:
        return "" if length == dim.size else f"must be {dim.size}"
    if length < dim.minimum:
        return f"must be at least {dim.minimum}"
    if dim.maximum is not None and length > dim.maximum:
        return f"must be at most {dim.maximum}"
    return f"must be a multiple of {dim.multiple}" if length % dim.multiple else ""


def _check_values(i: Input, array: Array) -> None:
    for element in array.reshape(-1).tolist():
        if not (isfinite(element) and i.values.contains(element)):
            bounds = str(i.values)
            allowed = "any finite number" if bounds == "any" else bounds
            raise ContractError(f"Input {i.name!r} is {element:g}, but the model takes {allowed}.")
