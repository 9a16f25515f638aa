"""Whether a network has returned numbers: neither infinite values nor NaN."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pliant.errors import InputError

Array = NDArray[Any]


def is_finite(values: Array) -> bool:
    """Whether none of the floats, one at least, is infinite or NaN; unlike `np.isfinite` without taking memory."""
    with np.errstate(over="ignore", invalid="ignore"):
        if np.isfinite(values.sum()):  # half the work; a sum of finite values may be infinite, though not of pictures
            return True
    return bool(np.isfinite(values.min()) and np.isfinite(values.max()))


def finite(values: Array) -> Array:
    """`values`. Raises InputError if they are not finite."""
    if not is_finite(values):
        raise InputError("The model returned infinite values or NaN for this picture; use another model.")
    return values
