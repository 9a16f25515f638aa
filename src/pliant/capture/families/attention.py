"""`F.scaled_dot_product_attention` with a scale that is known only at run time, or without an axis of heads.

The scale is an attribute of PyTorch's operator, which has to be a plain number. It multiplies the products of queries
and keys, so it may as well multiply the queries. The exporter translates tensors of four axes alone.
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
    missing = 4 - query.dim()
    if missing not in (1, 2) or key.dim() != query.dim() or value.dim() != query.dim():
        missing = 0
    if not is_live(factor) and not missing:
        return NotImplemented
    if is_live(factor):
        query, factor = query * factor, 1.0
    for _ in range(missing):
        query, key, value = query.unsqueeze(0), key.unsqueeze(0), value.unsqueeze(0)
    result = F.scaled_dot_product_attention(query, key, value, *rest, scale=factor, **named)
    for _ in range(missing):
        result = result.squeeze(0)
    return result


CAPTURE = Capture(functions={F.scaled_dot_product_attention: attention})
