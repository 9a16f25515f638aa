"""NumPy's functions and types on a value that is known only at run time.

`np.floor(h * f)` is a C function, and `np.array([h, w])` wants the numbers. Where the model's own source calls them
with a live number, arrays become arrays of objects that compute symbolically, and functions their equivalents.
`np.float32(f)` rounds to float32 as NumPy does; what is computed from it afterwards is computed in double.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from pliant.capture.base import Capture
from pliant.capture.live.arrays import (
    ELEMENTWISE,
    LiveArray,
    converted,
    decimal,
    elementwise,
    has_live,
    live_array,
    reduced,
)
from pliant.capture.live.numbers import choose, to_sorted
from pliant.capture.live.symbols import any_live

TYPES = (np.float16, np.float32, np.float64, np.int8, np.int16, np.int32, np.int64, np.uint8, np.bool_)


def typed(kind: Any) -> Callable[..., Any]:
    """A NumPy scalar type as a function."""
    return lambda *values: converted(values[0], kind) if any_live(values) else kind(*values)


def array(values: Any, dtype: Any = None, **options: Any) -> Any:
    """`np.array`: floats throughout if there is one."""
    del options
    if dtype is None:
        flat = np.array(values, dtype=object).ravel().tolist()
        floats = any(not hasattr(v, "__index__") for v in flat)
        return live_array(elementwise(partial(converted, dtype=np.float64), values) if floats else values)
    return live_array(elementwise(partial(converted, dtype=dtype), values), np.dtype(dtype))


def folded(name: str) -> Callable[..., Any]:
    """`np.sum` and its like, of nested lists or arrays."""

    def replacement(values: Any, axis: Any = None, **options: Any) -> Any:
        return reduced(ELEMENTWISE[name], values, axis, bool(options.get("keepdims", False)))

    return replacement


def quotient(value: Any, count: int) -> Any:
    """value / count."""
    return value / count


def mean(values: Any, axis: Any = None, **options: Any) -> Any:
    """`np.mean`."""
    items = np.array(values, dtype=object)
    count = items.size if axis is None else items.shape[axis]
    return elementwise(partial(quotient, count=count), folded("add")(values, axis, **options))


def median(values: Any) -> Any:
    """`np.median` of all numbers."""
    items = to_sorted(np.array(values, dtype=object).ravel().tolist())
    return (items[(len(items) - 1) // 2] + items[len(items) // 2]) / 2


def round_to(values: Any, decimals: int = 0) -> Any:
    """`np.round`."""
    return elementwise(partial(decimal, decimals=decimals), values)


def clip(values: Any, low: Any = None, high: Any = None, **named: Any) -> Any:
    """`np.clip`, either bound left out if it is None."""
    low, high = named.get("a_min", named.get("min", low)), named.get("a_max", named.get("max", high))
    values = values if low is None else elementwise(ELEMENTWISE["maximum"], values, low)
    return values if high is None else elementwise(ELEMENTWISE["minimum"], values, high)


def evenly(start: Any, stop: Any, num: int = 50, endpoint: bool = True, **options: Any) -> Any:
    """`np.linspace` of a fixed number of elements. Raises ValueError for a live one."""
    if any_live((num,)):
        raise ValueError("np.linspace of a live number of elements has no ONNX form; use torch.linspace")
    step = (stop - start) / max(num - 1 if endpoint else num, 1)
    found = [start + k * step for k in range(num)]
    if endpoint and num > 1:
        found[-1] = stop
    return array(found, options.get("dtype") or np.float64)


def where(condition: Any, a: Any, b: Any) -> Any:
    """`np.where` with three arguments."""
    return elementwise(choose, condition, a, b)


def every(values: Any, axis: Any = None) -> Any:
    """`np.all`."""
    return reduced(operator.and_, values, axis, False)


def running_sum(values: Any) -> Any:
    """`np.cumsum` of a list."""
    return live_array(np.cumsum(np.array(values, dtype=object)))


def towards_zero(values: Any) -> Any:
    """`np.fix`."""
    return elementwise(ELEMENTWISE["trunc"], values)


def is_scalar(value: Any) -> bool:
    """`np.isscalar`."""
    return not hasattr(value, "shape")


def size(values: Any) -> int:
    """`np.size`."""
    return np.array(values, dtype=object).size


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "all": every,
    "amax": folded("maximum"),
    "amin": folded("minimum"),
    "around": round_to,
    "array": array,
    "asarray": array,
    "clip": clip,
    "cumsum": running_sum,
    "fix": towards_zero,
    "isscalar": is_scalar,
    "linspace": evenly,
    "max": folded("maximum"),
    "mean": mean,
    "median": median,
    "min": folded("minimum"),
    "prod": folded("multiply"),
    "round": round_to,
    "size": size,
    "sum": folded("add"),
    "where": where,
}


def of_numpy(callee: Any) -> Callable[..., Any] | None:
    """What to call instead of a function of NumPy's, if it has an equivalent for live numbers."""
    name, owner = getattr(callee, "__name__", ""), getattr(callee, "__self__", None)
    if isinstance(owner, np.ndarray) and owner.dtype == object and not isinstance(owner, LiveArray):
        return getattr(owner.view(LiveArray), name)
    if isinstance(callee, np.ufunc):
        body = ELEMENTWISE.get(name)
        found = None if body is None else partial(elementwise, body)
    elif callable(callee) and str(getattr(callee, "__module__", "")).partition(".")[0] == "numpy":
        found = FUNCTIONS.get(name) if getattr(np, name, None) is callee else None
    else:
        return None
    if found is None:
        return None
    return lambda *values, **named: (
        found(*values, **named) if any(has_live(v) for v in (*values, *named.values())) else callee(*values, **named)
    )


CAPTURE = Capture(calls={kind: typed(kind) for kind in TYPES}, resolve=of_numpy)
