"""Luma PSNR on Set5, next to a bicubic resize.

    python training/evaluate.py --set5 DIR [--model FILE.onnx]

DIR holds x2, x3 and x4, with pairs img_00k_LR.png and img_00k_HR.png. For other factors the small pictures are made
from the originals of x2, cropped so that both have whole sides, by an antialiased bicubic resize. Results are rounded
to eight bits; a border as wide as the factor, rounded up, is left out.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import torch.nn.functional as F
from rich.console import Console
from rich.table import Table
from torch import Tensor

import pliant
from pictures import read, shrink
from pliant.models import path
from train import LUMA

FACTORS = tuple(Fraction(text) for text in ("1.5", "2", "2.5", "2.7", "3", "4", "6", "8"))


def pairs(folder: Path, factor: Fraction) -> Iterator[tuple[Tensor, Tensor]]:
    """(small, original) pictures, float [1, 3, h, w] in [0, 1]."""
    given = factor in (2, 3, 4)
    for original in sorted((folder / (f"x{factor}" if given else "x2")).glob("*_HR.png")):
        truth = read(original)[None] / 255
        if given:
            yield read(Path(str(original).replace("_HR", "_LR")))[None] / 255, truth
        else:
            h, w = (side // factor.numerator * factor.numerator for side in truth.shape[2:])
            yield shrink(truth[..., :h, :w], factor), truth[..., :h, :w]


def quality(result: Tensor, truth: Tensor, border: int) -> float:
    """PSNR in dB of the luma of eight-bit pictures."""
    error = (((result.clamp(0, 1) * 255).round() / 255 - truth) * LUMA).sum(1)
    return float(-10 * error[..., border:-border, border:-border].square().mean().log10())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set5", type=Path, required=True)
    parser.add_argument("--model", default=path(), help="an ONNX file; the default model if not given")
    options = parser.parse_args()
    table = Table(title="Set5, luma PSNR in dB")
    for column in ("factor", "bicubic", "model", "gain"):
        table.add_column(column, justify="right")
    with pliant.load(options.model) as session:
        for factor in FACTORS:
            scores: list[tuple[float, float]] = []
            for small, truth in pairs(options.set5, factor):
                bicubic = F.interpolate(small, scale_factor=float(factor), mode="bicubic")
                ours = Tensor(session(np.ascontiguousarray(small.numpy()), float(factor)))
                border = math.ceil(factor)
                scores.append((quality(bicubic, truth, border), quality(ours, truth, border)))
            before, after = (float(np.mean(column)) for column in zip(*scores, strict=True))
            table.add_row(f"{float(factor):g}", f"{before:.2f}", f"{after:.2f}", f"{after - before:+.2f}")
    Console().print(table)


if __name__ == "__main__":
    main()
