"""spandrel in a plain loop: PyTorch as it is, which the others are compared with."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from benchmarks.contest.base import Array, Contender, Run


def start(files: Mapping[str, str]) -> Run:
    """See `Contender.open`."""
    import numpy as np
    import torch

    spandrel: Any = import_module("spandrel")
    model = spandrel.ModelLoader().load_from_file(files["checkpoint"]).eval()

    def run(levels: Array) -> Array:
        image = torch.from_numpy(levels).permute(2, 0, 1)[None].float() / 255
        with torch.inference_mode():
            result = model(image)[0]
        return np.ascontiguousarray((result.clamp(0, 1) * 255).round().byte().permute(1, 2, 0).numpy())

    return run


CONTENDER = Contender("spandrel in a plain loop", start, order=0, reference=True, apart=True)
