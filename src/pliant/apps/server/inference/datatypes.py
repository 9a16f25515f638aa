"""What the protocol calls NumPy's types.

Source: Open Inference Protocol, "Tensor Data Types".
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pliant.apps.server.problems import Problem

DATATYPES = {
    "bool": "BOOL",
    **{f"{sign}int{bits}": f"{sign.upper()}INT{bits}" for sign in ("u", "") for bits in (8, 16, 32, 64)},
    **{f"float{bits}": f"FP{bits}" for bits in (16, 32, 64)},
}


def datatype_of(dtype: object) -> str:
    """FP32 of float32. Raises Problem (422) for a type that the protocol has no name for, or not one of NumPy's."""
    name = str(dtype)
    if name not in DATATYPES:
        raise Problem(422, f"The model has tensors of {name}, which are not served; use /v1/upscale.")
    return DATATYPES[name]


def little(dtype: object) -> np.dtype[Any]:
    """How elements lie in binary data: little-endian, whatever this machine is."""
    return np.dtype(str(dtype)).newbyteorder("<")
