"""The machine, as far as it decides which engine is fastest."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from pathlib import Path

from pliant.cores import allowed

CPUINFO = Path("/proc/cpuinfo")
HEAD = 16384  # bytes of it: the first core's; a file of hundreds of cores takes the kernel a while to write
# instructions that engines have kernels for
FLAGS = (
    *("avx", "avx2", "fma", "f16c", "avx512f", "avx512bw", "avx512_vnni", "avx_vnni", "avx512_bf16", "avx512_fp16"),
    *("amx_tile", "amx_int8", "amx_bf16", "asimd", "asimdhp", "asimddp", "bf16", "i8mm", "sve"),
)


@dataclass(frozen=True)
class Machine:
    """A processor: its name, its cores, how many of them this process may use, and the instructions that matter."""

    processor: str
    cores: int
    allowed: int
    flags: tuple[str, ...]


def machine() -> Machine:
    """The one this process runs on."""
    facts = _facts()
    found = set(facts.get("flags", facts.get("Features", "")).split())
    name = facts.get("model name") or platform.processor() or platform.machine()
    return Machine(name, os.cpu_count() or 1, allowed(), tuple(flag for flag in FLAGS if flag in found))


def _facts() -> dict[str, str]:
    """What Linux tells of the first core; nothing elsewhere."""
    try:
        with CPUINFO.open(encoding="utf-8", errors="replace") as file:
            lines = file.read(HEAD).splitlines()
    except OSError:
        return {}
    pairs = (line.partition(":") for line in reversed(lines))  # so that the first core's counts
    return {name.strip(): value.strip() for name, _, value in pairs}
