"""Train AnyScale for every factor from 1 to 8 at once.

    python training/train_anyscale.py --photographs DIR [DIR ...] --validation DIR --output anyscale.safetensors

Interrupt it when you like: the same command goes on from the last checkpoint. Seeds are fixed; see training/README.md
for the run that made the shipped model.
"""

from __future__ import annotations

import argparse
import copy
from fractions import Fraction
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from pairs import SIZES, Pairs
from pictures import halve, read, shrink
from pliant.architectures.anyscale import BEGIN, AnyScale
from train import LUMA, descend, luma_psnr, rate, table

EDGE = 4  # pixels of a small patch whose surroundings are missing; their results do not count
SAVE_EVERY = 2000


def loss(restored: Tensor, original: Tensor, edge: int, luma: float) -> Tensor:
    """Minus PSNR of the batch, of colours and of luma, which counts `luma` times.

    The logarithm gives every factor the same weight: the squared error at 8 is many times that at 2.
    """
    error = (restored - original)[..., edge:-edge, edge:-edge]
    squared = error.square().mean() + luma * (error * LUMA).sum(1).square().mean()
    return 10 * torch.log10(squared + 1e-8)


class Run:
    """A training run that can be left and taken up again."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options, self.step = options, 0
        self.model = AnyScale(features=options.features, blocks=options.blocks)
        with torch.no_grad():
            for parameter in self.model.last.parameters():
                parameter.mul_(BEGIN)
        if options.start is not None:
            self.model.load_state_dict(load_file(options.start))
        self.average = copy.deepcopy(self.model)
        self.optimiser = torch.optim.Adam(self.model.parameters(), lr=options.rate, betas=(0.9, 0.99))
        self.pairs = Pairs(options.photographs, options.side, options.batch, options.seed, tuple(options.sizes))
        self.checkpoint: Path = options.output.with_suffix(".checkpoint")

    def parts(self) -> dict[str, Any]:
        """What has a state of its own."""
        return {"model": self.model, "average": self.average, "optimiser": self.optimiser}

    def save(self) -> None:
        """Write the checkpoint, whole or not at all."""
        part = self.checkpoint.with_suffix(".part")
        states = {name: module.state_dict() for name, module in self.parts().items()}
        torch.save({**states, "random": self.pairs.random.get_state(), "step": self.step}, part)
        part.replace(self.checkpoint)

    def resume(self) -> None:
        """Go on from the checkpoint."""
        saved: dict[str, Any] = torch.load(self.checkpoint, weights_only=True)
        for name, module in self.parts().items():
            module.load_state_dict(saved[name])
        self.pairs.random.set_state(saved["random"])
        self.step = saved["step"]

    def advance(self) -> float:
        """One optimiser step; returns the loss."""
        for group in self.optimiser.param_groups:
            group["lr"] = rate(self.step, self.options.steps, self.options.rate)
        small, original, factor = self.pairs.next()
        with torch.autocast("cpu", torch.bfloat16, enabled=self.options.precision == "bf16"):
            coefficients = self.model.coefficients(small, float(factor))
        resized = F.interpolate(small, scale_factor=float(factor), mode="bicubic", align_corners=False)
        restored = resized + self.model.spread(coefficients.float(), float(factor))
        value = loss(restored, original, int(EDGE * factor), self.options.luma)
        self.step += 1
        descend(value, self.model, self.average, self.optimiser, self.step)
        return float(value.detach())


@torch.no_grad()
def validate(model: nn.Module, pictures: list[Tensor]) -> dict[int, tuple[float, float]]:
    """Mean luma PSNR in dB of (bicubic, model) at factors 2, 3, 4 and 6 on the middle of each picture."""
    result: dict[int, tuple[float, float]] = {}
    for factor in (2, 3, 4, 6):
        scores: list[tuple[float, float]] = []
        for picture in pictures:
            top, left = ((s - 252) // 2 for s in picture.shape[1:])
            original = picture[None, :, top : top + 252, left : left + 252] / 255
            small = shrink(original, Fraction(factor))
            resized = F.interpolate(small, scale_factor=float(factor), mode="bicubic")
            both = (luma_psnr(x, original, factor + 6) for x in (resized, model(small, float(factor))))
            scores.append(tuple(both))  # type: ignore[arg-type]
        bicubic, ours = zip(*scores, strict=True)
        result[factor] = (sum(bicubic) / len(scores), sum(ours) / len(scores))
    return result


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photographs", nargs="+", type=Path, required=True, help="folders of JPEG or PNG files")
    parser.add_argument("--validation", type=Path, required=True, help="a folder of pictures not trained on")
    parser.add_argument("--output", type=Path, required=True, help="the .safetensors file to write")
    parser.add_argument("--steps", type=int, default=60_000)
    parser.add_argument("--rate", type=float, default=1e-3, help="peak learning rate of Adam")
    parser.add_argument("--side", type=int, default=40, help="of a small patch")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--luma", type=float, default=1.0, help="weight of luma beside the colours")
    parser.add_argument("--sizes", type=float, nargs="+", default=SIZES, help="of the photographs, of quarter sides")
    parser.add_argument("--start", type=Path, help="weights to begin with")
    parser.add_argument("--features", type=int, default=32)
    parser.add_argument("--blocks", type=int, default=3)
    parser.add_argument("--precision", choices=["f32", "bf16"], default="f32")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def main() -> None:
    options, console = parse(), Console()
    torch.manual_seed(options.seed)
    run = Run(options)
    if run.checkpoint.exists():
        run.resume()
        console.print(f"going on from step {run.step} ({run.checkpoint})")
    validation = [halve(read(p)) for p in sorted(options.validation.iterdir())[:12]]
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("training", total=options.steps, completed=run.step)
        while run.step < options.steps:
            value = run.advance()
            progress.update(task, advance=1, description=f"loss {value:6.2f} dB")
            if run.step % SAVE_EVERY == 0 or run.step == options.steps:
                console.print(table(validate(run.average, validation), run.step))
                run.save()
    facts = {"architecture": "anyscale", "trained_for": "1 to 8"}
    save_file(run.average.state_dict(), options.output, metadata=facts)
    console.print(f"wrote {options.output}")


if __name__ == "__main__":
    main()
