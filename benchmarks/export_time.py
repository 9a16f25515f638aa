"""Export time of pliant against torch.onnx.export on networks that both can export.

    python benchmarks/export_time.py                  # all networks, medians of 3, a table in markdown
    python benchmarks/export_time.py --network unet --profile 40
    python benchmarks/export_time.py --stages         # also what pliant spends its time on

Each network runs in a process of its own: imports and one small export by either exporter come first, then both take
turns. pliant's time includes its audit, which runs the file against PyTorch; torch.onnx.export has none, and its time
includes serialising, as pliant's does. The exit status is 1 if a ratio is above the target.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import os
import pstats
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

TARGET = 1.5  # times torch.onnx.export
SIDES = 48, 64  # of the example picture
REPETITIONS = 3


def conv(i: int, o: int, kernel: int = 3) -> nn.Conv2d:
    return nn.Conv2d(i, o, kernel, padding=kernel // 2)


class Plain(nn.Module):
    """Twelve convolutions."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = [conv(3, 32), nn.ReLU()]
        for _ in range(10):
            layers += [conv(32, 32), nn.ReLU()]
        self.layers = nn.Sequential(*layers, conv(32, 3))

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


class Srcnn(nn.Module):
    """The tutorial's network, its factor a constant."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2, self.conv3 = conv(3, 64, 9), conv(64, 32, 1), conv(32, 3, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = F.interpolate(x, scale_factor=3, mode="bicubic", align_corners=False)
        return self.conv3(F.relu(self.conv2(F.relu(self.conv1(x)))))


class Block(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(conv(channels, channels), nn.ReLU(), conv(channels, channels))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x) * 0.1


class Edsr(nn.Module):
    """EDSR's baseline: 16 residual blocks of 64 channels and a pixel shuffle by two."""

    def __init__(self) -> None:
        super().__init__()
        self.head, self.tail = conv(3, 64), nn.Sequential(conv(64, 256), nn.PixelShuffle(2), conv(64, 3))
        self.body = nn.Sequential(*(Block(64) for _ in range(16)), conv(64, 64))

    def forward(self, x: Tensor) -> Tensor:
        x = self.head(x)
        return self.tail(x + self.body(x))


class Unet(nn.Module):
    """Three levels; each upsamples to the size of what it is joined with."""

    def __init__(self) -> None:
        super().__init__()
        widths = (16, 32, 64, 128)
        self.enter = conv(3, widths[0])
        self.down = nn.ModuleList(self.double(a, b) for a, b in pairwise(widths))
        self.up = nn.ModuleList(self.double(a + b, a) for a, b in pairwise(widths))
        self.leave = conv(widths[0], 3)

    @staticmethod
    def double(i: int, o: int) -> nn.Sequential:
        return nn.Sequential(conv(i, o), nn.BatchNorm2d(o), nn.ReLU(), conv(o, o), nn.BatchNorm2d(o), nn.ReLU())

    def forward(self, x: Tensor) -> Tensor:
        x = self.enter(x)
        skips: list[Tensor] = []
        for down in self.down:
            skips.append(x)
            x = down(F.max_pool2d(x, 2))
        for up, skip in zip(reversed(self.up), reversed(skips), strict=True):
            x = F.interpolate(x, size=skip.shape[-2:], mode="bilinear", align_corners=False)
            x = up(torch.cat([skip, x], 1))
        return self.leave(x)


class Attention(nn.Module):
    """Self-attention in windows of 8, as Swin-type networks partition the picture."""

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self.heads, self.norm = heads, nn.LayerNorm(channels)
        self.qkv, self.proj = nn.Linear(channels, 3 * channels), nn.Linear(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        b, c, h, w = x.shape
        windows = x.view(b, c, h // 8, 8, w // 8, 8).permute(0, 2, 4, 3, 5, 1).reshape(-1, 64, c)
        q, k, v = self.qkv(self.norm(windows)).reshape(-1, 64, 3, self.heads, c // self.heads).permute(2, 0, 3, 1, 4)
        weights = ((q @ k.transpose(-2, -1)) * (c // self.heads) ** -0.5).softmax(-1)
        mixed = self.proj((weights @ v).transpose(1, 2).reshape(-1, 64, c))
        back = mixed.view(b, h // 8, w // 8, 8, 8, c).permute(0, 5, 1, 3, 2, 4).reshape(b, c, h, w)
        return x + back


class Windows(nn.Module):
    """Four blocks of attention in windows, behind a padding to whole windows."""

    def __init__(self) -> None:
        super().__init__()
        self.enter, self.leave = conv(3, 32), conv(32, 3)
        self.blocks = nn.Sequential(*(Attention(32, 4) for _ in range(4)))

    def forward(self, x: Tensor) -> Tensor:
        h, w = x.shape[-2:]
        padded = F.pad(self.enter(x), (0, -w % 8, 0, -h % 8))
        return self.leave(self.blocks(padded)[:, :, :h, :w])


class Dense(nn.Module):
    """The residual dense block of ESRGAN."""

    def __init__(self, channels: int, growth: int) -> None:
        super().__init__()
        sides = [(channels + k * growth, growth if k < 4 else channels) for k in range(5)]
        self.convs = nn.ModuleList(conv(i, o) for i, o in sides)

    def forward(self, x: Tensor) -> Tensor:
        found = [x]
        for layer in self.convs[:-1]:
            found.append(F.leaky_relu(layer(torch.cat(found, 1)), 0.2))
        return x + self.convs[-1](torch.cat(found, 1)) * 0.2


class Rrdb(nn.Module):
    """ESRGAN's generator with four blocks, a factor of four."""

    def __init__(self) -> None:
        super().__init__()
        self.enter, self.trunk, self.leave = conv(3, 32), conv(32, 32), conv(32, 3)
        self.blocks = nn.Sequential(*(nn.Sequential(*(Dense(32, 16) for _ in range(3))) for _ in range(4)))
        self.up = nn.ModuleList((conv(32, 32), conv(32, 32)))

    def forward(self, x: Tensor) -> Tensor:
        x = self.enter(x)
        x = x + self.trunk(self.blocks(x))
        for layer in self.up:
            x = F.leaky_relu(layer(F.interpolate(x, scale_factor=2, mode="nearest")), 0.2)
        return self.leave(x)


NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "plain": Plain,
    "srcnn": Srcnn,
    "edsr": Edsr,
    "unet": Unet,
    "windows": Windows,
    "rrdb": Rrdb,
}


def example() -> Tensor:
    return torch.rand(1, 3, *SIDES, generator=torch.Generator().manual_seed(0))


def by_torch(module: nn.Module, path: Path) -> None:
    """Height and width live; pliant has the batch live as well."""
    live = dict.fromkeys((2, 3), torch.export.Dim.DYNAMIC)
    torch.onnx.export(
        module, (example(),), str(path), dynamo=True, dynamic_shapes=(live,), verbose=False, external_data=False
    )


def by_pliant(module: nn.Module, path: Path, progress: Callable[[str], None] | None = None) -> None:
    import pliant

    pliant.export(module, (example(),), progress=progress).save(path)


def note(told: list[tuple[str, float]], clock: Callable[[], float], stage: str) -> None:
    """Remember when a stage began."""
    told.append((stage, clock()))


def measure(network: str, repetitions: int, clock: Callable[[], float]) -> dict[str, Any]:
    """Seconds by exporter, and how long each stage of pliant took in the fastest run."""
    module = NETWORKS[network]().eval()
    folder = Path(tempfile.mkdtemp())
    found: dict[str, list[float]] = {"torch": [], "pliant": []}
    stages: list[list[tuple[str, float]]] = []
    for run in range(repetitions + 1):  # the first one is not counted: imports, caches
        begun = clock()
        by_torch(module, folder / "torch.onnx")
        found["torch"].append(clock() - begun)
        told: list[tuple[str, float]] = []
        begun = clock()
        by_pliant(module, folder / "pliant.onnx", partial(note, told, clock))
        ended = clock()
        found["pliant"].append(ended - begun)
        spans = [("before", begun), *told, ("end", ended)]
        stages.append([(name, b - a) for (name, a), (_, b) in pairwise(spans)])
        if run == 0:
            found["torch"].clear()
            found["pliant"].clear()
            stages.clear()
    fastest = min(range(repetitions), key=lambda k: found["pliant"][k])
    return {**{name: statistics.median(times) for name, times in found.items()}, "stages": stages[fastest]}


def profiled(network: str, lines: int) -> None:
    """Print where an export by pliant spends its time."""
    module = NETWORKS[network]().eval()
    path = Path(tempfile.mkdtemp()) / "model.onnx"
    by_pliant(module, path)
    profile = cProfile.Profile()
    profile.runcall(by_pliant, module, path)
    pstats.Stats(profile).sort_stats("cumulative").print_stats(lines)


def alone(network: str, repetitions: int, *, cpu: bool) -> dict[str, Any]:
    """`measure` in a process of its own."""
    command = [sys.executable, __file__, "--one", network, "--repetitions", str(repetitions)]
    command += ["--cpu"] if cpu else []
    done = subprocess.run(command, capture_output=True, text=True, env=dict(os.environ))
    if done.returncode:
        raise SystemExit(f"{network} failed:\n{done.stderr[-3000:]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--network", choices=list(NETWORKS), action="append")
    parser.add_argument("--repetitions", type=int, default=REPETITIONS)
    parser.add_argument("--stages", action="store_true", help="also print seconds per stage of pliant")
    parser.add_argument("--profile", type=int, metavar="LINES", help="profile pliant on one network instead")
    parser.add_argument(
        "--cpu", action="store_true", help="processor time of all threads, for a machine with other work"
    )
    parser.add_argument("--one", choices=list(NETWORKS), help=argparse.SUPPRESS)
    options = parser.parse_args()
    warnings.filterwarnings("ignore")
    if options.one:
        print(
            json.dumps(
                measure(options.one, options.repetitions, time.process_time if options.cpu else time.perf_counter)
            )
        )
        return
    if options.profile:
        profiled((options.network or ["edsr"])[0], options.profile)
        return
    unit = "seconds of processor time" if options.cpu else "seconds"
    print(f"torch {torch.__version__}, {options.repetitions} runs each, medians in {unit}\n")
    print("| network | torch.onnx.export | pliant, audit included | ratio |\n|---|---|---|---|")
    worst = 0.0
    for network in options.network or NETWORKS:
        found = alone(network, options.repetitions, cpu=options.cpu)
        ratio = found["pliant"] / found["torch"]
        worst = max(worst, ratio)
        print(f"| {network} | {found['torch']:.2f} | {found['pliant']:.2f} | {ratio:.2f} |", flush=True)
        if options.stages:
            print("   ", ", ".join(f"{name} {seconds:.2f}" for name, seconds in found["stages"]), flush=True)
    print(f"largest ratio {worst:.2f}, target {TARGET}")
    raise SystemExit(0 if worst <= TARGET else 1)


if __name__ == "__main__":
    main()
