"""Train SRCNN 9-1-5 for every factor from 1 to 4 at once.

    python training/train.py --photographs DIR [DIR ...] --validation DIR --output srcnn.safetensors

Interrupt it when you like: the same command goes on from the last checkpoint, and the result is the same as
without the interruption. Seeds are fixed; see training/README.md for the run that made the shipped model.
"""

from __future__ import annotations

import argparse
import copy
import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from safetensors.torch import save_file
from torch import Tensor, nn

from pictures import Patches, halve, read, shrink
from pliant.architectures.srcnn import SRCNN

EDGE = 6  # the padding of the three convolutions reaches this far into a patch: 4 + 0 + 2
LUMA = torch.tensor([65.481, 128.553, 24.966]).view(1, 3, 1, 1) / 255  # ITU-R BT.601, studio range
VALIDATE_EVERY = 1000
AVERAGE = 0.999  # of the running mean of the weights, which is what is kept


@dataclass
class State:
    """Everything a resumed run needs."""

    model: SRCNN
    average: SRCNN
    optimiser: torch.optim.Optimizer
    patches: Patches
    step: int = 0

    def save(self, path: Path) -> None:
        part = path.with_suffix(".part")
        torch.save(
            {
                "model": self.model.state_dict(),
                "average": self.average.state_dict(),
                "optimiser": self.optimiser.state_dict(),
                "random": self.patches.random.get_state(),
                "step": self.step,
            },
            part,
        )
        part.replace(path)

    def load(self, path: Path) -> None:
        saved: dict[str, Any] = torch.load(path, weights_only=True)
        self.model.load_state_dict(saved["model"])
        self.average.load_state_dict(saved["average"])
        self.optimiser.load_state_dict(saved["optimiser"])
        self.patches.random.set_state(saved["random"])
        self.step = saved["step"]


def start(model: SRCNN) -> None:
    """He initialisation, and a last layer of zeros: the residual network begins as the bicubic resize.

    With PyTorch's default the first steps push the result down from wherever it is, and all but three of the 32
    features of the second layer die (measured: 1.7 dB less at a factor of 2).
    """
    for layer in (model.conv1, model.conv2):
        torch.nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        torch.nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
    if model.residual:
        torch.nn.init.zeros_(model.conv3.weight)
    torch.nn.init.zeros_(model.conv3.bias)  # type: ignore[arg-type]


def loss(restored: Tensor, original: Tensor) -> Tensor:
    """Minus PSNR of the batch, colour and luma alike.

    The logarithm gives every factor the same weight: the squared error at 4 is ten times that at 2.
    """
    error = (restored - original)[..., EDGE:-EDGE, EDGE:-EDGE]
    squared = error.square().mean() + (error * LUMA).sum(1).square().mean()
    return 10 * torch.log10(squared + 1e-8)


def rate(step: int, steps: int, peak: float) -> float:
    """Learning rate: a short warm-up, then half a cosine down to a thousandth."""
    if step < (warm := 200):
        return peak * (step + 1) / warm
    progress = (step - warm) / max(1, steps - warm)
    return peak * (0.001 + 0.999 * 0.5 * (1 + math.cos(math.pi * progress)))


def advance(state: State, peak: float, steps: int, brain_float: bool) -> float:
    """One optimiser step; returns the loss."""
    for group in state.optimiser.param_groups:
        group["lr"] = rate(state.step, steps, peak)
    resized, original = state.patches.next()
    with torch.autocast("cpu", torch.bfloat16, enabled=brain_float):
        restored = state.model.restore(resized)
    value = loss(restored.float(), original)
    state.step += 1
    descend(value, state.model, state.average, state.optimiser, state.step)
    return float(value.detach())


def descend(value: Tensor, model: nn.Module, average: nn.Module, optimiser: torch.optim.Optimizer, step: int) -> None:
    """One step down the gradient of the loss `value`, the `step`th, and one of the running mean of the weights."""
    optimiser.zero_grad(set_to_none=True)
    value.backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimiser.step()
    keep = min(AVERAGE, step / (step + 10))
    with torch.no_grad():
        for mean, new in zip(average.parameters(), model.parameters(), strict=True):
            mean.lerp_(new, 1 - keep)


def faster_in_brain_float(model: SRCNN, side: int, batch: int) -> bool:
    """Whether bf16 autocast is faster here: several times with AMX or AVX-512 BF16, many times slower without."""
    seconds: dict[bool, float] = {}
    for enabled in (False, True):
        for _ in range(2):  # the first run pays for the set-up
            start = time.perf_counter()
            with torch.autocast("cpu", torch.bfloat16, enabled=enabled):
                model.restore(torch.rand(batch, 3, side, side)).float().mean().backward()  # type: ignore[no-untyped-call]
            seconds[enabled] = time.perf_counter() - start
    model.zero_grad()
    return seconds[True] < seconds[False]


def luma_psnr(a: Tensor, b: Tensor, border: int) -> float:
    """PSNR in dB of the luma of two float RGB pictures in [0, 1], without a frame of `border` pixels."""
    inner = slice(border, -border)
    error = ((a.clamp(0, 1) - b) * LUMA).sum(1)[..., inner, inner]
    return float(-10 * torch.log10(error.square().mean()))


@torch.no_grad()
def validate(model: SRCNN, pictures: list[Tensor]) -> dict[int, tuple[float, float]]:
    """Mean luma PSNR in dB of (bicubic, model) at factors 2, 3 and 4 on the middle of each picture."""
    from fractions import Fraction

    result: dict[int, tuple[float, float]] = {}
    for factor in (2, 3, 4):
        scores: list[tuple[float, float]] = []
        for picture in pictures:
            top, left = ((s - 252) // 2 for s in picture.shape[1:])
            original = picture[None, :, top : top + 252, left : left + 252] / 255
            small = shrink(original, Fraction(factor))
            resized = F.interpolate(small, scale_factor=float(factor), mode="bicubic")
            scores.append(tuple(luma_psnr(x, original, factor + EDGE) for x in (resized, model.restore(resized))))  # type: ignore[arg-type]
        bicubic, ours = zip(*scores, strict=True)
        result[factor] = (sum(bicubic) / len(scores), sum(ours) / len(scores))
    return result


def table(scores: dict[int, tuple[float, float]], step: int) -> Table:
    """The validation scores as a table to print."""
    drawn = Table(title=f"step {step}: luma PSNR in dB")
    for column in ("factor", "bicubic", "model", "gain"):
        drawn.add_column(column, justify="right")
    for factor, (bicubic, ours) in scores.items():
        drawn.add_row(str(factor), f"{bicubic:.2f}", f"{ours:.2f}", f"{ours - bicubic:+.2f}")
    return drawn


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photographs", nargs="+", type=Path, required=True, help="folders of JPEG or PNG files")
    parser.add_argument("--validation", type=Path, required=True, help="a folder of pictures not trained on")
    parser.add_argument("--output", type=Path, required=True, help="the .safetensors file to write")
    parser.add_argument("--steps", type=int, default=9_000)
    parser.add_argument("--rate", type=float, default=1e-3, help="peak learning rate of Adam")
    parser.add_argument("--patch", type=int, default=96)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--plain", action="store_true", help="as published, not residual")
    parser.add_argument("--precision", choices=["auto", "f32", "bf16"], default="auto")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def main() -> None:
    options, console = parse(), Console()
    torch.manual_seed(options.seed)
    model = SRCNN(residual=not options.plain)
    start(model)
    state = State(
        model,
        copy.deepcopy(model),
        torch.optim.Adam(model.parameters(), lr=options.rate, betas=(0.9, 0.99)),
        Patches(options.photographs, options.patch, options.batch, options.seed),
    )
    checkpoint = options.output.with_suffix(".checkpoint")
    if checkpoint.exists():
        state.load(checkpoint)
        console.print(f"going on from step {state.step} ({checkpoint})")
    brain_float = options.precision == "bf16" or (
        options.precision == "auto" and faster_in_brain_float(model, options.patch, options.batch)
    )
    validation = [halve(read(p)) for p in sorted(options.validation.iterdir())[:12]]
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("training", total=options.steps, completed=state.step)
        while state.step < options.steps:
            value = advance(state, options.rate, options.steps, brain_float)
            progress.update(task, advance=1, description=f"loss {value:6.2f} dB")
            if state.step % VALIDATE_EVERY == 0 or state.step == options.steps:
                console.print(table(validate(state.average, validation), state.step))
                state.save(checkpoint)
    facts = {"architecture": "srcnn", "residual": str(state.model.residual).lower(), "trained_for": "1 to 4"}
    save_file(state.average.state_dict(), options.output, metadata=facts)
    console.print(f"wrote {options.output}")


if __name__ == "__main__":
    main()
