"""Numbers, tensors and state by value: what people write, against eager PyTorch at sizes and values not exported with.

Each module holds many idioms, so that they cost one export, which audits them once more.
"""

from __future__ import annotations

import functools
import math
import numbers
import operator
import warnings
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import pliant
from pliant.errors import CaptureError

SIZES = ((16, 20), (7, 5), (31, 13), (10, 9))
FACTORS = (1.7, 0.3, 2.5, 4.0)


def picture(height: int, width: int) -> Tensor:
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(height * 1000 + width))


def check(module: nn.Module, values: Any, folder: Path, sizes: Any = SIZES, tolerance: float = 1e-5) -> None:
    """Export with the first of `values`; compare every output with eager at every one."""
    cases = [(picture(*sizes[k % len(sizes)]), v) for k, v in enumerate(values)]
    session = onnxruntime.InferenceSession(str(pliant.export(module, cases[0]).save(folder / "model.onnx")))
    for case in cases:
        feeds = {i.name: np.asarray(a) for i, a in zip(session.get_inputs(), case, strict=True)}
        with torch.no_grad():
            expected = module(case[0].clone(), *case[1:])
        for k, (got, wanted) in enumerate(zip(session.run(None, feeds), expected, strict=True)):
            assert got.shape == tuple(wanted.shape), (k, case[0].shape, case[1])
            assert np.allclose(got, wanted, rtol=tolerance, atol=tolerance), (k, case[0].shape, case[1])


class Listed(nn.Module):
    """Numbers as the first output, computed by `numbers`."""

    def forward(self, x: Tensor, f: float) -> tuple[Tensor]:
        h, w = x.shape[-2:]
        return (torch.stack([x.mean() * 0 + number for number in self.numbers(h, w, f)]),)

    def numbers(self, h: int, w: int, f: float) -> list[Any]:
        raise NotImplementedError


class Truths(nn.Module):
    """Truths as pads, powers of two, and what NumPy and layers of PyTorch take as numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.down, self.up = nn.Conv2d(3, 4, 3, 2, 1), nn.ConvTranspose2d(4, 3, 3, stride=2, padding=1)

    def forward(self, x: Tensor, f: float) -> Any:
        h, w = x.shape[-2:]
        even = F.pad(x, (0, bool(w % 2), 0, h % 2 == 1))
        power = 2 ** math.ceil(math.log2(max(h, w)))
        bits = 1 << (max(h, w) - 1).bit_length()
        whole = (np.ceil(f * w / 8) * 8).astype(int)
        tokens = x.flatten(2)
        return (
            F.pixel_unshuffle(even, 2) * (1 + (h > w)),
            F.pad(x, (0, power - w, 0, bits - h)),
            F.interpolate(x, (h, int(whole)), mode="bilinear"),
            F.scaled_dot_product_attention(tokens, tokens, tokens, scale=f),
            self.up(self.down(x), output_size=x.size()),
            sum(filter(lambda n: n > 8, (h, w, h + w))) + x.mean(),
        )


class Mathematics(Listed):
    def numbers(self, h: int, w: int, f: float) -> list[Any]:
        elementary = [math.exp(f), math.exp2(f), math.expm1(f), math.log1p(f), math.cbrt(f), math.tanh(f)]
        logarithms = [math.log(f), math.log(f, 3), math.log2(h), math.ceil(math.log2(max(h, w))), math.log10(f)]
        angles = [math.sin(f), math.cos(f), math.tan(f), math.atan(f), math.asin(f / 5), math.acos(-f / 5)]
        hyperbolic = [math.sinh(f), math.cosh(f), math.asinh(f), math.acosh(f + 1), math.atanh(f / 5)]
        around = [math.atan2(f, -1), math.atan2(-f, -1), math.atan2(-f, 2), math.atan2(f, f - f)]
        lengths = [math.hypot(f, h, w), math.dist((f, h), (w, 2)), math.isqrt(h * w), math.sqrt(h * w)]
        signs = [math.fabs(-f), math.fmod(-f, 0.7), math.copysign(f, -1), math.copysign(2, -f), math.remainder(f, 3)]
        sums = [math.prod([f, 2, h]), math.fsum([f, 1, h]), math.degrees(f), math.radians(f), math.pow(f, 2)]
        whole = [math.gcd(h, w), math.lcm(h, 4), *math.modf(-f), math.ldexp(f, 3)]
        known = [math.isclose(f, 1.7), math.isfinite(f), math.isnan(f)]
        groups = (elementary, logarithms, angles, hyperbolic, around, lengths, signs, sums, whole, known)
        return [number for group in groups for number in group]


class Builtins(Listed):
    def numbers(self, h: int, w: int, f: float) -> list[Any]:
        rounded = [round(f, 1), round(f - 3, 2), round(h * f, 3), round(f, 0), round(h, -1), round(f * 100, -1)]
        sums = [sum([h, w, f]), sum((f,), 1.5), abs(-f), pow(f, 2), pow(2, f), *divmod(f, 0.7), *divmod(-h, 7)]
        chosen = [min(f, float("inf")), max([h, w], default=3), sorted([h, w, 9])[1], min(max(f, 1), 3)]
        truth = [(f > 1) * 2.5, (f > 1) + 1, int(f > 1), int(h % 2 == 0), (f > 1) * (f < 3) * 1.0, bool(f)]
        bits = [h << 2, h >> 1, h & 6, h | 1, h ^ 3, ~h, -h >> 1, h & (w - 1), 1 << (w % 8)]
        mapped = [*map(int, (h * f, w * f)), functools.reduce(operator.mul, (h, w, f)), torch.sym_ite(f > 1, f, 2.0)]
        kinds = [
            isinstance(f, numbers.Number) * f,
            (type(f) is float) * f,
            np.isscalar(f) * f,
            torch.is_tensor(f) * f,
            f.is_integer(),
            f.real,
            h.numerator,
            x_numel((1, 3, h, w)),
        ]
        signs = [-f // 0.7, f % -0.7, f // -0.7, 7.5 % (f + 1), 1 // 0.1 * f, (-h) ** 3, h**-1, (f + 1) ** (f / 3)]
        groups = (rounded, sums, chosen, truth, bits, mapped, kinds, signs)
        return [number for group in groups for number in group]


def x_numel(shape: tuple[int, ...]) -> int:
    return torch.Size(shape).numel()


class Numpy(Listed):
    def numbers(self, h: int, w: int, f: float) -> list[Any]:
        sides = np.array([h, w])
        sizes = np.ceil(sides * f).astype(int)
        rounded = [np.floor(f), np.ceil(f), np.rint(f / 2), np.round(f, 1), np.trunc(-f), int(np.floor(h * f))]
        real = [np.sqrt(f), np.log2(f), np.exp(f), np.power(f, 2), np.arctan2(f, -2), np.sign(-f), np.hypot(f, h)]
        folded = [
            np.prod([h, w]),
            np.sum([h, f]),
            np.max([h, f]),
            np.min((h, w)),
            np.mean([h, w]),
            np.median([h, w, f]),
        ]
        bounded = [np.clip(f, 0.5, 2), np.minimum(h, f), np.maximum(f, 2), np.mod(h, 4), np.where(f > 1, f, 2.0)]
        typed = [np.float32(f) * 3, np.int64(h * f), np.float64(h) / 3, np.float32(f * 1e4)]
        arrays = [*sizes, sizes.max(), (sides / 2 + 1).sum(), np.asarray([f, 1.0]).mean(), (np.arange(3) * f)[2]]
        groups = (rounded, real, folded, bounded, typed, arrays)
        return [number for group in groups for number in group]


@pytest.mark.parametrize("module", [Mathematics, Builtins, Numpy], ids=lambda m: m.__name__)
def test_numbers(module: type[nn.Module], tmp_path: Path) -> None:
    check(module(), (*FACTORS, 1.005, 2.675, 1.0), tmp_path, (*SIZES, (1, 1)))


class Rounded(nn.Module):
    def forward(self, x: Tensor, f: float) -> tuple[Tensor, ...]:
        return tuple(torch.tensor([round(f, d), 0.0], dtype=torch.float64) + 0 * x.mean().double() for d in range(4))


def test_decimal_rounding_is_exact(tmp_path: Path) -> None:
    artifact = pliant.export(Rounded(), (picture(4, 4), 1.7))
    session = onnxruntime.InferenceSession(str(artifact.save(tmp_path / "model.onnx")))
    drawn = np.random.default_rng(0).uniform(-100, 100, 500)
    halves = (np.arange(-4000, 4000, 7) + 0.5) / 1000
    for value in (*drawn, *halves, 2.675, 1.005, 0.125, 1e300):
        got = session.run(None, {"x": picture(4, 4).numpy(), "f": np.asarray(value)})
        assert [float(g[0]) for g in got] == [round(float(value), d) for d in range(4)], value


class Tensors(nn.Module):
    def forward(self, x: Tensor, f: float) -> tuple[Tensor, ...]:
        h, w = x.shape[-2:]
        made = [torch.tensor(f), torch.tensor([[f, 0.0], [1.0, h]]), torch.as_tensor([h, w, f]), x.new_tensor([f, h])]
        made += [
            torch.tensor(f, dtype=torch.float64),
            torch.tensor([h * f], dtype=torch.int64),
            torch.FloatTensor([f, h]),
        ]
        made += [torch.floor(torch.tensor(h * f)), torch.tensor([h, w]) * f, torch.from_numpy(np.array([h, w]) * f)]
        made += [torch.full((2, h), f), torch.zeros(int(h * f) + 1, 3), torch.eye(h), torch.ones(h, w).triu(int(f))]
        made += [torch.linspace(0, f, h), torch.linspace(-1, 1, int(h * f) + 1), torch.logspace(0, 1, int(f) + 1)]
        made += [torch.arange(f), torch.arange(0, f, 0.1), torch.arange(0, 1, 1 / h), torch.arange(h, 0, -int(f + 1))]
        wide, whole = x.double(), (x * 100).int()
        mixed = [wide * f, whole * f, whole + h, (x > 0.5) * f, torch.arange(5) ** f, f ** torch.arange(5), whole // h]
        mixed += [torch.where(x > 0.5, f, 0.0), torch.where(x > 0.5, x, f), x.masked_fill(x > 0.5, f), x % f, x.pow(f)]
        mixed += [x.clamp(0.1, f / 4), x.clamp_min(f / 9), torch.lerp(x, x * 2, f), torch.addcmul(x, x, x, value=f)]
        mixed += [x.add(x, alpha=f), f - x, x // f, F.leaky_relu(x - 0.5, f), F.hardtanh(x, 0, f), F.softplus(x, f)]
        y = x.clone()
        y += f
        y.clamp_(0, f).mul_(h)
        mean = torch.tensor([f, 0.5, 0.4]).view(1, 3, 1, 1)
        return (*made, *mixed, y, (x - mean) / f)


def test_tensors_of_numbers(tmp_path: Path) -> None:
    check(Tensors(), (*FACTORS, 1.0), tmp_path)


class Places(nn.Module):
    def forward(self, x: Tensor, k: int) -> tuple[Tensor, ...]:
        h, w = x.shape[-2:]
        padded = [F.pad(x, (k, k, k, 1), mode=mode) for mode in ("reflect", "replicate", "circular")]
        padded += [F.pad(x, (-k, k, 1, -k), mode=mode) for mode in ("constant", "reflect", "replicate", "circular")]
        padded += [F.pad(x[0], (k, 1), mode="reflect"), F.pad(x, (k, 0), value=k), nn.ReplicationPad2d(k)(x)]
        cut = [x[..., :k], x[..., -k:], x[:, :, k : h - k], x[:, :, ::k], x[:, :, k], x[:, :, -k], x.narrow(2, k, 3)]
        cut += [
            x.select(3, k),
            x[:, :, torch.arange(k)],
            *x.split([k, h - k], 2),
            *x.chunk(2, 3),
            *x.split((w + 1) // 2, 3),
        ]
        again = [x.repeat_interleave(k, 2), x.repeat(1, 1, k, 1), x.tile((1, k)), x.unfold(2, k, 1)]
        flat = x.flatten(1)
        ordered = [flat.topk(k)[0], flat.kthvalue(k, 1)[0], flat.median(1)[0], flat.sort(1)[0][:, :k]]
        classes = [F.one_hot(torch.arange(k), k + 1), (x * (torch.arange(w) < k)), x.tril(k), x.triu(-k)]
        pooled = [F.adaptive_avg_pool2d(x, (k, 3)), F.adaptive_max_pool2d(x, k)]
        mask = torch.zeros(1, h, w, 1)
        for count, rows in enumerate((slice(0, -k), slice(-k, -(k // 2)), slice(-(k // 2), None))):
            mask[:, rows, :, :] = count
        y = x.clone()
        y[:, :, :k, :k] = 0
        y[..., k:, :] *= 2
        y[..., -1] = k
        y[:, 1:, ::k] = x[:, 1:, ::k] * 3
        return (*padded, *cut, *again, *ordered, *classes, *pooled, mask, y)


def test_places_by_value(tmp_path: Path) -> None:
    check(Places(), (2, 3, 4), tmp_path)


class Grids(nn.Module):
    def forward(self, x: Tensor, f: float) -> tuple[Tensor, ...]:
        size = [x.shape[0], 3, int(x.shape[2] * f), int(x.shape[3] * f)]
        theta = torch.tensor([[[0.9, 0.1, 0.05], [-0.1, 0.8, 0.3]]]).expand(x.shape[0], 2, 3)
        grids = [F.affine_grid(theta, size, align_corners=corners) for corners in (False, True)]
        options = [("bilinear", "zeros"), ("bicubic", "reflection")]
        sampled = [F.grid_sample(x, grids[0] * 1.7, m, p, align_corners=False) for m, p in options]
        volume = x.unsqueeze(-1) * torch.arange(1, 5)
        turn = torch.tensor([[[0.9, 0.1, 0.05, 0.1], [-0.1, 0.8, 0.0, 0.2], [0.1, 0.2, 0.7, -0.3]]])
        grid = F.affine_grid(turn.expand(x.shape[0], 3, 4), [*size, 3], align_corners=False)
        sampled.append(F.grid_sample(volume, grid * 1.3, padding_mode="border", align_corners=False))
        return (*grids, *sampled)


def test_grids(tmp_path: Path) -> None:
    check(Grids(), (1.7, 0.3, 2.5), tmp_path, tolerance=1e-4)


@dataclass
class Settings:
    scale: float = 2.0


class Part(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x * self.factor + self.sides[0]


class Stateful(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.part, self.settings, self.space = Part(), Settings(), SimpleNamespace()
        self.known: dict[str, Any] = {}
        self.seen: list[Any] = []
        self.calls = 0
        self.register_buffer("mean", torch.zeros(()))

    @property
    def double(self) -> float:
        return self.settings.scale * 2

    def forward(self, x: Tensor, f: float) -> tuple[Tensor, ...]:
        self.settings.scale = self.part.factor = self.space.factor = self.known["f"] = f
        self.part.sides = x.shape[-2:]
        self.seen.append(f)
        self.calls += 1
        self.last = x
        self.mean = x.mean()
        if not isinstance(f, float):
            raise TypeError(f"factor is {f:.2f}")
        warnings.warn(f"factor {f:.2f} of {x.shape[-1]:d} {f!r}", stacklevel=2)
        text = "{:.2f} {}".format(f, str(f))  # noqa: UP032 - as people write it
        y = self.part(x) * self.double + self.space.factor + self.known["f"] + self.seen[-1]
        return y + self.mean * (len(text) > 0), self.last * self.part.sides[0]


@pytest.mark.filterwarnings("ignore:factor")
def test_state_is_live_and_put_back(tmp_path: Path) -> None:
    network = Stateful()
    before = {name: dict(vars(part)) for name, part in network.named_modules()}
    contents = (dict(network.known), list(network.seen), network.settings.scale, dict(vars(network.space)))
    pliant.export(network, (picture(16, 20), 1.7))
    assert {name: dict(vars(part)) for name, part in network.named_modules()} == before
    assert (dict(network.known), list(network.seen), network.settings.scale, dict(vars(network.space))) == contents
    assert not hasattr(torch.SymFloat, "real")
    check(Stateful(), FACTORS, tmp_path)


class Parts(nn.Module):
    def forward(self, x: Tensor, k: int) -> list[Tensor]:
        return list(x.split(k, 2))


class Digits(nn.Module):
    def forward(self, x: Tensor, k: int) -> Tensor:
        return x * round(k / 3, k)


@pytest.mark.parametrize("module", [Parts, Digits], ids=lambda m: m.__name__)
def test_what_onnx_cannot_do_is_refused(module: type[nn.Module]) -> None:
    with pytest.raises(CaptureError, match=r"test_by_value\.py"):
        pliant.export(module(), (picture(16, 20), 4))


def test_truths_and_powers_of_two(tmp_path: Path) -> None:
    check(Truths(), FACTORS, tmp_path)
