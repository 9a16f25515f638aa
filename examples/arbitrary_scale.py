"""Networks that upscale by any factor, learnt continuously: LIIF and LTE, as ordinary PyTorch code.

LIIF: Y. Chen, S. Liu, X. Wang, "Learning Continuous Image Representation with Local Implicit Image Function",
CVPR 2021, arXiv 2012.09161. LTE: J. Lee, K. H. Jin, "Local Texture Estimator for Implicit Representation Function",
CVPR 2022, arXiv 2111.08918. Written from the papers. Nothing below knows of ONNX: coordinates come from the sizes of
the picture of the moment, and a loop decodes them `chunk` at a time, as many times as the result needs.

Run `python examples/arbitrary_scale.py` with `pip install pliant[export]`. The weights here are fitted for some seconds
to one picture, which shows that everything is connected; train them, or load your own, for results to look at.
"""

from __future__ import annotations

import argparse
import math
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn

import pliant

PICTURE = Path(__file__).with_name("canyon-wren.png")


def make_coord(shape: tuple[int, int], flatten: bool = True) -> Tensor:
    """Centres of the pixels of a picture (h, w), in [-1, 1]: [h*w, 2] as (y, x), or [h, w, 2]."""
    lines = []
    for n in shape:
        r = 1 / n
        lines.append(-1 + r + 2 * r * torch.arange(n).float())
    grid = torch.stack(torch.meshgrid(*lines, indexing="ij"), dim=-1)
    return grid.view(-1, 2) if flatten else grid


class ResidualBlock(nn.Module):
    """Of EDSR: two convolutions and no normalisation."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(width, width, 3, 1, 1), nn.ReLU(True), nn.Conv2d(width, width, 3, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)


class Encoder(nn.Module):
    """EDSR-baseline without its upscaling: a picture [n, 3, h, w] to features [n, width, h, w]."""

    def __init__(self, width: int = 64, blocks: int = 16) -> None:
        super().__init__()
        self.head = nn.Conv2d(3, width, 3, 1, 1)
        self.body = nn.Sequential(*(ResidualBlock(width) for _ in range(blocks)), nn.Conv2d(width, width, 3, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        x = self.head(x)
        return x + self.body(x)


class MLP(nn.Module):
    """Linear layers with ReLU between them, applied to the last axis."""

    def __init__(self, wide_in: int, wide_out: int, hidden: list[int]) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        last = wide_in
        for width in hidden:
            layers += [nn.Linear(last, width), nn.ReLU()]
            last = width
        self.layers = nn.Sequential(*layers, nn.Linear(last, wide_out))

    def forward(self, x: Tensor) -> Tensor:
        shape = x.shape[:-1]
        return self.layers(x.reshape(-1, x.shape[-1])).view(*shape, -1)


class Continuous(nn.Module):
    """What LIIF and LTE share: features, coordinates of the result, and the loop that decodes them."""

    def __init__(self, encoder: Encoder, chunk: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.chunk = chunk

    def gen_feat(self, x: Tensor) -> None:
        """Keep the features of a picture."""
        self.feat = self.encoder(x)
        self.feat_coord = (
            make_coord(self.feat.shape[-2:], flatten=False)
            .permute(2, 0, 1)
            .unsqueeze(0)
            .expand(self.feat.shape[0], 2, *self.feat.shape[-2:])
        )

    def query_rgb(self, coord: Tensor, cell: Tensor) -> Tensor:
        """Colours [n, q, 3] at the places [n, q, 2] of pixels as large as `cell` [n, q, 2]."""
        raise NotImplementedError

    def batched_predict(self, coord: Tensor, cell: Tensor) -> Tensor:
        """`query_rgb`, `chunk` places at a time."""
        n = coord.shape[1]
        ql = 0
        preds = []
        while ql < n:
            qr = min(ql + self.chunk, n)
            preds.append(self.query_rgb(coord[:, ql:qr, :], cell[:, ql:qr, :]))
            ql = qr
        return torch.cat(preds, dim=1)

    def forward(self, image: Tensor, factor: float) -> Tensor:
        """A picture [n, 3, h, w] in [0, 1], `factor` times as large: sizes are rounded down."""
        n, _, h, w = image.shape
        height, width = math.floor(h * factor), math.floor(w * factor)
        self.gen_feat((image - 0.5) / 0.5)
        coord = make_coord((height, width)).unsqueeze(0).expand(n, -1, 2)
        cell = torch.ones_like(coord)
        cell[:, :, 0] *= 2 / height
        cell[:, :, 1] *= 2 / width
        pred = self.batched_predict(coord, cell) * 0.5 + 0.5
        return pred.view(n, height, width, 3).permute(0, 3, 1, 2)


def shifted(coord: Tensor, vx: int, vy: int, rx: float, ry: float) -> Tensor:
    """Places `coord` moved by half a pixel of the features, and kept inside."""
    eps = 1e-6  # so that a place between two pixels belongs to the later one
    moved = coord.clone()
    moved[:, :, 0] += vx * rx + eps
    moved[:, :, 1] += vy * ry + eps
    return moved.clamp_(-1 + eps, 1 - eps)


def nearest(values: Tensor, coord: Tensor) -> Tensor:
    """The features [n, c, h, w] of the pixels that places [n, q, 2] are in: [n, q, c]."""
    found = F.grid_sample(values, coord.flip(-1).unsqueeze(1), mode="nearest", align_corners=False)
    return found[:, :, 0, :].permute(0, 2, 1)


def ensemble(preds: list[Tensor], areas: list[Tensor]) -> Tensor:
    """The four predictions, each weighted with the area opposite to it."""
    total = torch.stack(areas).sum(dim=0)
    areas[0], areas[3] = areas[3], areas[0]
    areas[1], areas[2] = areas[2], areas[1]
    result = 0
    for pred, area in zip(preds, areas, strict=True):
        result = result + pred * (area / total).unsqueeze(-1)
    return result


class LIIF(Continuous):
    """Local implicit image function, with feature unfolding, local ensemble and cell decoding."""

    def __init__(
        self, width: int = 64, blocks: int = 16, hidden: tuple[int, ...] = (256, 256, 256, 256), chunk: int = 30000
    ) -> None:
        super().__init__(Encoder(width, blocks), chunk)
        self.imnet = MLP(width * 9 + 4, 3, list(hidden))

    def query_rgb(self, coord: Tensor, cell: Tensor) -> Tensor:
        feat = self.feat
        feat = F.unfold(feat, 3, padding=1).view(feat.shape[0], feat.shape[1] * 9, feat.shape[2], feat.shape[3])
        rx, ry = 2 / feat.shape[-2] / 2, 2 / feat.shape[-1] / 2
        preds, areas = [], []
        for vx in [-1, 1]:
            for vy in [-1, 1]:
                coord_ = shifted(coord, vx, vy, rx, ry)
                q_feat = nearest(feat, coord_)
                rel_coord = coord - nearest(self.feat_coord, coord_)
                rel_coord[:, :, 0] *= feat.shape[-2]
                rel_coord[:, :, 1] *= feat.shape[-1]
                rel_cell = cell.clone()
                rel_cell[:, :, 0] *= feat.shape[-2]
                rel_cell[:, :, 1] *= feat.shape[-1]
                preds.append(self.imnet(torch.cat([q_feat, rel_coord, rel_cell], dim=-1)))
                areas.append(torch.abs(rel_coord[:, :, 0] * rel_coord[:, :, 1]) + 1e-9)
        return ensemble(preds, areas)


class LTE(Continuous):
    """Local texture estimator: amplitudes, frequencies and phases of waves, and a picture enlarged beside them."""

    def __init__(
        self,
        width: int = 64,
        blocks: int = 16,
        waves: int = 128,
        hidden: tuple[int, ...] = (256, 256, 256),
        chunk: int = 30000,
    ) -> None:
        super().__init__(Encoder(width, blocks), chunk)
        self.coef = nn.Conv2d(width, 2 * waves, 3, padding=1)
        self.freq = nn.Conv2d(width, 2 * waves, 3, padding=1)
        self.phase = nn.Linear(2, waves, bias=False)
        self.imnet = MLP(2 * waves, 3, list(hidden))

    def gen_feat(self, x: Tensor) -> None:
        super().gen_feat(x)
        self.inp = x
        self.coeff = self.coef(self.feat)
        self.freqq = self.freq(self.feat)

    def query_rgb(self, coord: Tensor, cell: Tensor) -> Tensor:
        coef, freq = self.coeff, self.freqq
        bs, q = coord.shape[:2]
        rx, ry = 2 / coef.shape[-2] / 2, 2 / coef.shape[-1] / 2
        preds, areas = [], []
        for vx in [-1, 1]:
            for vy in [-1, 1]:
                coord_ = shifted(coord, vx, vy, rx, ry)
                q_coef, q_freq = nearest(coef, coord_), nearest(freq, coord_)
                rel_coord = coord - nearest(self.feat_coord, coord_)
                rel_coord[:, :, 0] *= coef.shape[-2]
                rel_coord[:, :, 1] *= coef.shape[-1]
                rel_cell = cell.clone()
                rel_cell[:, :, 0] *= coef.shape[-2]
                rel_cell[:, :, 1] *= coef.shape[-1]
                q_freq = torch.stack(torch.split(q_freq, 2, dim=-1), dim=-1)
                q_freq = torch.mul(q_freq, rel_coord.unsqueeze(-1))
                q_freq = torch.sum(q_freq, dim=-2)
                q_freq += self.phase(rel_cell.view(bs * q, -1)).view(bs, q, -1)
                waves = torch.cat((torch.cos(np.pi * q_freq), torch.sin(np.pi * q_freq)), dim=-1)
                preds.append(self.imnet(torch.mul(q_coef, waves)))
                areas.append(torch.abs(rel_coord[:, :, 0] * rel_coord[:, :, 1]) + 1e-9)
        skip = F.grid_sample(
            self.inp, coord.flip(-1).unsqueeze(1), mode="bilinear", padding_mode="border", align_corners=False
        )
        return ensemble(preds, areas) + skip[:, :, 0, :].permute(0, 2, 1)


def fitted(network: Continuous, picture: Tensor, steps: int = 60) -> Continuous:
    """The network after some steps of learning to double a quarter of a picture [1, 3, h, w]."""
    small = F.interpolate(picture, scale_factor=0.5, mode="bicubic", antialias=True).clamp(0, 1)
    optimiser = torch.optim.Adam(network.parameters(), 1e-3)
    for step in range(steps):
        top, left = (step * 7) % (small.shape[2] - 24), (step * 11) % (small.shape[3] - 24)
        wanted = picture[:, :, 2 * top : 2 * top + 48, 2 * left : 2 * left + 48]
        loss = F.l1_loss(network(small[:, :, top : top + 24, left : left + 24], 2.0), wanted)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return network.eval()


def main() -> None:
    """Fit, export, run at two factors, and compare with PyTorch."""
    parser = argparse.ArgumentParser(description="Export LIIF and LTE with a live factor, and compare with PyTorch.")
    parser.add_argument("--picture", type=Path, default=PICTURE)
    parser.add_argument("--folder", type=Path, help="where to keep the files and pictures")
    options = parser.parse_args()
    torch.manual_seed(0)
    image = Image.open(options.picture).convert("RGB")
    image.thumbnail((96, 96))
    picture = torch.from_numpy(np.array(image)).permute(2, 0, 1)[None] / 255
    with TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        for network in (LIIF(16, 2, (32, 32), chunk=5000), LTE(16, 2, 16, (32, 32), chunk=5000)):
            compare(fitted(network, picture), picture, folder / f"{type(network).__name__.lower()}.onnx")


def compare(network: Continuous, picture: Tensor, file: Path) -> None:
    """Export a network to `file` and print how far its results at two factors are from PyTorch's."""
    start = time.perf_counter()
    pliant.export(network, (torch.rand(1, 3, 12, 10), 2.5), values={"factor": (1, 8)}).save(file)
    print(f"{file.name}: exported in {time.perf_counter() - start:.0f} s, {file.stat().st_size / 1024:.0f} KiB")
    session = pliant.load(file)
    for factor in (2.0, 3.3):
        found = session(picture.numpy(), factor=factor)
        with torch.no_grad():
            expected = network(picture, factor).numpy()
        target = file.with_name(f"{file.stem}_x{factor}.png")
        Image.fromarray((found[0].clip(0, 1) * 255).round().astype(np.uint8).transpose(1, 2, 0)).save(target)
        size = f"{found.shape[3]}x{found.shape[2]}"
        print(
            f"  x{factor}: {size}, differs from PyTorch by at most {np.abs(found - expected).max():.1e} ({target.name})"
        )


if __name__ == "__main__":
    main()
