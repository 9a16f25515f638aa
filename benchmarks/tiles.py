"""Memory and time of a large picture in tiles, next to a small one in one piece.

    python benchmarks/tiles.py [--side 2500] [--factor 4] [--model srcnn] [--memory 1.5G]

Each row comes from a process of its own: the peak of its resident memory, and the time of `pliant.upscale`, reading and
writing the files included, for each megapixel of the result. The last column is that time next to the small picture's.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

import numpy as np
from PIL import Image
from rich.console import Console
from rich.table import Table

SMALL = 250  # pixels of a side: at a factor of 4 the result has one megapixel
REPEATS = 3


def picture(side: int) -> np.ndarray:
    """Smooth waves with noise, uint8 [side, side, 3]."""
    rows, columns = np.mgrid[:side, :side].astype(np.float32)
    waves = [np.sin(rows / a) * np.cos(columns / b) * 90 + 128 for a, b in ((7, 11), (13, 5), (29, 17))]
    noise = np.random.default_rng(0).integers(-20, 20, (side, side, 3))
    return np.clip(np.stack(waves, axis=-1) + noise, 0, 255).astype(np.uint8)


def child(options: argparse.Namespace) -> None:
    """Upscale one picture several times; print the median of the seconds and the peak of the memory as JSON."""
    import pliant
    from pliant.imaging.network import Network
    from pliant.models import path

    model = Path(options.model) if options.model.endswith(".onnx") else path(options.model)
    with pliant.load(model) as session, tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "source.png"
        Image.fromarray(picture(options.side)).save(source, compress_level=1)
        network = Network.of(session)
        network(np.zeros((1, 3, 64, 64), np.float32), options.factor)  # the first run of a session takes longer
        seconds: list[float] = []
        for _ in range(options.repeats):
            started = perf_counter()
            pliant.upscale(source, Path(folder) / "result.png", options.factor, model=session, memory=options.memory)
            seconds.append(perf_counter() - started)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"seconds": sorted(seconds)[len(seconds) // 2], "peak": peak}))


def measured(side: int, repeats: int, options: argparse.Namespace) -> dict[str, float]:
    """What a process of its own tells."""
    command = [sys.executable, __file__, "--child", "--side", str(side), "--repeats", str(repeats)]
    command += ["--factor", str(options.factor), "--model", options.model]
    command += ["--memory", str(options.memory)] if options.memory else []
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--side", type=int, default=2500, help="of the large picture, in pixels")
    parser.add_argument("--factor", type=float, default=4.0)
    parser.add_argument("--model", default="srcnn", help="a shipped model or an ONNX file")
    parser.add_argument("--memory", type=int, help="bytes that pliant may use; its default if not given")
    parser.add_argument("--repeats", type=int, default=REPEATS, help=argparse.SUPPRESS)
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        child(options)
        return
    table = Table(title=f"{options.model}, factor {options.factor:g}")
    for column in ("result", "peak memory", "seconds", "seconds/MP", "ratio"):
        table.add_column(column, justify="right")
    first = 0.0
    for side, repeats in ((SMALL, REPEATS), (options.side, 1)):
        found = measured(side, repeats, options)
        after = int(side * options.factor)
        rate = found["seconds"] / (after * after / 1e6)
        first = first or rate
        row = (f"{after * after / 1e6:.0f} MP", f"{found['peak'] / 1e9:.2f} GB", f"{found['seconds']:.1f}")
        table.add_row(*row, f"{rate:.3f}", f"{rate / first:.2f}")
    Console().print(table)


if __name__ == "__main__":
    main()
