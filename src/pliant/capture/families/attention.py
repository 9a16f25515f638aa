"""`F.scaled_dot_product_attention` with a scale that is known only at run time.

The scale is an attribute of PyTorch's operator, which has to be a plain number. It multiplies the products of queries
and keys, so it may as well multiply the queries.
"""

from __future__ import annotations

from typing import Any

import torch.nn.functional as F
from torch import Tensor

from pliant.capture.base import Capture
from pliant.capture.live.choices import is_live


def attention(query: Tensor, key: Tensor, value: Tensor, *rest: Any, scale: Any = None, **named: Any) -> Any:
    """`F.scaled_dot_product_attention`."""
    factor = scale.item() if isinstance(scale, Tensor) else scale
    if not is_live(factor):
        return NotImplemented
    return F.scaled_dot_product_attention(query * factor, key, value, *rest, scale=1.0, **named)


CAPTURE = Capture(functions={F.scaled_dot_product_attention: attention})
