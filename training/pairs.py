"""Training pairs for AnyScale: small patches and their originals, all of a batch at one random factor.

Other than SRCNN, the network takes the picture before it is resized, so pairs are (small, original). Photographs are
kept at several sizes: the smaller ones are denser in detail and edges than any camera's picture, as test pictures are.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from pictures import SUFFIXES, halve, quantise, read, shrink

# factors p/q and how often each is drawn; small pictures have a multiple of q, originals of p pixels
FACTORS: tuple[tuple[Fraction, float], ...] = (
    (Fraction(1), 0.01),
    (Fraction(5, 4), 0.04),
    (Fraction(3, 2), 0.08),
    (Fraction(7, 4), 0.05),
    (Fraction(2), 0.18),
    (Fraction(9, 4), 0.05),
    (Fraction(5, 2), 0.07),
    (Fraction(11, 4), 0.06),
    (Fraction(3), 0.15),
    (Fraction(7, 2), 0.06),
    (Fraction(4), 0.14),
    (Fraction(5), 0.04),
    (Fraction(6), 0.04),
    (Fraction(8), 0.03),
)
SIZES = (1.0, 0.75, 0.5)  # of a photograph that was halved twice
CANDIDATES = 3  # random crops, of which the busiest is taken


class Pairs:
    """An endless, seeded source of batches.

    Args:
        folders: where the photographs are; every JPEG and PNG in them is used.
        side: of a small patch in pixels, a multiple of four.
        batch: patches in a batch.
        sizes: at which photographs are kept, as shares of a quarter of their sides.
    """

    def __init__(self, folders: list[Path], side: int, batch: int, seed: int, sizes: tuple[float, ...] = SIZES) -> None:
        paths = sorted(p for folder in folders for p in folder.iterdir() if p.suffix.lower() in SUFFIXES)
        quarters = [halve(halve(read(path))) for path in paths]
        self.pictures = [scaled(picture, size) for picture in quarters for size in sizes]
        self.areas = torch.tensor([float(p.shape[1] * p.shape[2]) for p in self.pictures])
        self.side, self.batch = side, batch
        self.random = torch.Generator().manual_seed(seed)

    def next(self) -> tuple[Tensor, Tensor, Fraction]:
        """small [batch, 3, side, side] and original [batch, 3, side * factor, side * factor] in [0, 1], factor."""
        weights = torch.tensor([weight for _, weight in FACTORS])
        factor = FACTORS[int(torch.multinomial(weights, 1, generator=self.random))][0]
        side = int(self.side * factor)
        original = torch.stack([self.flip(self.crop(side)) for _ in range(self.batch)]) / 255
        return shrink(original, factor), original, factor

    def crop(self, side: int) -> Tensor:
        """The busiest of some random crops: flat sky teaches nothing about detail."""
        large = torch.tensor([min(p.shape[1:]) >= side for p in self.pictures])
        drawn = torch.multinomial(self.areas * large, CANDIDATES, replacement=True, generator=self.random)
        crops: list[Tensor] = []
        for index in drawn.tolist():
            picture = self.pictures[index]
            top, left = (int(torch.randint(0, s - side + 1, (), generator=self.random)) for s in picture.shape[1:])
            crops.append(picture[:, top : top + side, left : left + side])
        return max(crops, key=busyness)

    def flip(self, patch: Tensor) -> Tensor:
        """One of the eight symmetries of the square."""
        turns, mirror = torch.randint(0, 4, (2,), generator=self.random).tolist()
        patch = torch.rot90(patch, turns, (1, 2))
        return patch.flip(2) if mirror % 2 else patch


def scaled(picture: Tensor, size: float) -> Tensor:
    """`picture` uint8 [3, h, w] at `size` times its sides, antialiased."""
    if size == 1:
        return picture
    sides = [int(s * size) for s in picture.shape[1:]]
    return quantise(F.interpolate(picture[None] / 255, size=sides, mode="bicubic", antialias=True))[0]


def busyness(patch: Tensor) -> float:
    """Mean difference of neighbouring pixels."""
    values = patch.float()
    return float(values.diff(dim=1).abs().mean() + values.diff(dim=2).abs().mean())
