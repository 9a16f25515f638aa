"""NumPy arrays of numbers that are known only at run time: a handful of sizes or factors, never pictures."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from functools import partial, reduce
from typing import Any

import numpy as np
import torch

from pliant.capture.live import mathematics as functions
from pliant.capture.live import numbers
from pliant.capture.live.choices import is_live
from pliant.capture.live.symbols import any_live, once, scalar

ROUNDED = {np.dtype(np.float32): torch.float32, np.dtype(np.float16): torch.float16}


def sign(value: Any) -> Any:
    """-1, 0 or 1, of the type of the value."""
    found = numbers.choose(value > 0, 1, numbers.choose(value < 0, -1, 0))
    return numbers.to_float(found) if isinstance(value, (float, torch.SymFloat)) else found


def whole(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A rounding, which leaves integers as they are and gives floats otherwise."""

    def body(value: Any) -> Any:
        return value if isinstance(value, (int, torch.SymInt)) else numbers.to_float(function(value))

    return body


def clipped(value: Any, low: Any, high: Any) -> Any:
    """`np.clip` of one number."""
    return numbers.smaller(numbers.larger(value, low), high)


def reciprocal(value: Any) -> Any:
    """1 / value."""
    return 1 / value


def square(value: Any) -> Any:
    """value * value."""
    return value * value


ELEMENTWISE: dict[str, Callable[..., Any]] = {
    "absolute": abs,
    "add": operator.add,
    "bitwise_and": operator.and_,
    "bitwise_or": operator.or_,
    "bitwise_xor": operator.xor,
    "ceil": whole(math.ceil),
    "clip": clipped,
    "divide": operator.truediv,
    "equal": operator.eq,
    "float_power": functions.power,
    "floor": whole(math.floor),
    "floor_divide": operator.floordiv,
    "fmax": numbers.larger,
    "fmin": numbers.smaller,
    "greater": operator.gt,
    "greater_equal": operator.ge,
    "isfinite": functions.is_finite,
    "left_shift": operator.lshift,
    "less": operator.lt,
    "less_equal": operator.le,
    "maximum": numbers.larger,
    "minimum": numbers.smaller,
    "multiply": operator.mul,
    "negative": operator.neg,
    "not_equal": operator.ne,
    "positive": operator.pos,
    "power": operator.pow,
    "reciprocal": reciprocal,
    "remainder": operator.mod,
    "right_shift": operator.rshift,
    "rint": whole(round),
    "sign": sign,
    "sqrt": functions.square_root,
    "square": square,
    "subtract": operator.sub,
    "trunc": whole(math.trunc),
} | {
    name: functions.REPLACEMENTS[getattr(math, python)]
    for name, python in {
        "arccos": "acos",
        "arccosh": "acosh",
        "arcsin": "asin",
        "arcsinh": "asinh",
        "arctan": "atan",
        "arctan2": "atan2",
        "arctanh": "atanh",
        "deg2rad": "radians",
        "rad2deg": "degrees",
        **{n: n for n in ("cbrt", "copysign", "cos", "cosh", "degrees", "exp", "exp2", "expm1", "fabs", "fmod", "gcd")},
        **{n: n for n in ("hypot", "isinf", "isnan", "lcm", "log", "log10", "log1p", "log2", "radians", "sin", "sinh")},
        **{n: n for n in ("tan", "tanh")},
    }.items()
}


def converted(value: Any, dtype: Any) -> Any:
    """A number as one of a NumPy `dtype`: cut to an integer, or rounded to float32."""
    dtype = np.dtype(dtype)
    if dtype.kind in "iu":
        return numbers.to_int(value)
    if dtype.kind == "b":
        return numbers.to_bool(value)
    if dtype.kind != "f" or not is_live(value):
        return dtype.type(value).item() if dtype.kind == "f" else value
    if dtype not in ROUNDED:
        return numbers.to_float(value)
    return once((dtype.name, value), lambda: scalar(value).to(ROUNDED[dtype]).item())


class LiveArray(np.ndarray):
    """An array of Python objects that computes with live numbers. `declared` is the dtype that it stands for."""

    declared: np.dtype[Any] | None = None

    def __array_finalize__(self, parent: Any) -> None:
        self.declared = getattr(parent, "declared", None)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        body = ELEMENTWISE.get(ufunc.__name__)
        options = {key: value for key, value in options.items() if value not in (None, ()) and key != "out"}
        if body is None or method not in ("__call__", "reduce"):
            return NotImplemented
        if method == "reduce":
            return reduced(body, inputs[0], options.get("axis"), bool(options.get("keepdims", False)))
        return elementwise(body, *inputs)

    def astype(self, dtype: Any, *rest: Any, **options: Any) -> Any:
        """Element by element; what is live stays so."""
        del rest, options
        return live_array(elementwise(partial(converted, dtype=dtype), self), np.dtype(dtype))

    def round(self, decimals: Any = 0, out: Any = None) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        """`np.round`."""
        del out
        return elementwise(partial(decimal, decimals=decimals), self)


def decimal(value: Any, decimals: int = 0) -> Any:
    """`np.round` of one number: multiplied, rounded half to even, and divided again."""
    if decimals == 0:
        return ELEMENTWISE["rint"](value)
    power = 10.0 ** abs(decimals)
    if decimals > 0:
        return ELEMENTWISE["rint"](value * power) / power
    return ELEMENTWISE["rint"](value / power) * power


def live_array(values: Any, declared: np.dtype[Any] | None = None) -> Any:
    """Nested lists, an array or a single number as a LiveArray; a 0-d one is its number."""
    array = np.array(values, dtype=object)
    if not array.ndim:
        return array.item()
    result = array.view(LiveArray)
    result.declared = declared
    return result


def elementwise(body: Callable[..., Any], *inputs: Any) -> Any:
    """`body` of every element of the broadcast inputs."""
    arrays = np.broadcast_arrays(*(np.array(v, dtype=object) for v in inputs))
    result = np.empty(arrays[0].shape, dtype=object)
    for index in np.ndindex(*result.shape):
        result[index] = body(*(plain(a[index]) for a in arrays))
    return live_array(result)


def plain(value: Any) -> Any:
    """A NumPy scalar as a Python number."""
    return value.item() if isinstance(value, np.generic) else value


def reduced(body: Callable[..., Any], array: Any, axis: Any, keep: bool) -> Any:
    """`body` between all elements along `axis`, or between all there are."""
    values = np.array(array, dtype=object)
    if axis is None:
        found = reduce(body, (plain(v) for v in values.ravel()))
        return live_array(np.full((1,) * values.ndim, found, dtype=object)) if keep else found
    rows = np.moveaxis(values, axis, 0)
    found = reduce(lambda a, b: elementwise(body, a, b), rows)
    return live_array(np.expand_dims(np.array(found, dtype=object), axis) if keep else found)


def of_objects(value: Any) -> bool:
    """Whether `value` is an array that may hold live numbers: those NumPy made of them have no other dtype."""
    return isinstance(value, np.ndarray) and value.dtype == object


def has_live(value: Any) -> bool:
    """Whether an argument of a NumPy function is, or contains, a live number."""
    return of_objects(value) or (any_live(value) if isinstance(value, (list, tuple)) else is_live(value))
