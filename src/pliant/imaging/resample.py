"""Making a computed picture smaller, where a network goes beyond the size that is wanted."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
REACH = 3  # result pixels that the filter looks at on either side


def reduced(values: Array, size: tuple[int, int], box: tuple[float, float, float, float] | None = None) -> Array:
    """float32 [1, c, h, w] resized to [1, c, *size] with an antialiasing Lanczos filter.

    `box` is the part that becomes the result: left, top, right and bottom. The filter sees what lies around it.
    """
    from PIL import Image

    filtered = [
        Image.fromarray(np.ascontiguousarray(channel)).resize((size[1], size[0]), Image.Resampling.LANCZOS, box)
        for channel in values[0]
    ]
    return np.stack([np.asarray(channel) for channel in filtered])[None]
