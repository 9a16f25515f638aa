"""Training pictures: pairs of a resized and an original patch at random factors.

Photographs are halved twice first: that removes JPEG artefacts and the softness of a camera's demosaicing, and leaves
full-resolution chroma.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

# Factors p/q as fractions, so that a patch of a multiple of p pixels shrinks to whole pixels; the second
# number is how often each is drawn. Whole factors are what most people ask for.
FACTORS: tuple[tuple[Fraction, float], ...] = (
    (Fraction(1), 0.02),
    (Fraction(5, 4), 0.05),
    (Fraction(3, 2), 0.08),
    (Fraction(7, 4), 0.06),
    (Fraction(2), 0.22),
    (Fraction(5, 2), 0.09),
    (Fraction(3), 0.19),
    (Fraction(7, 2), 0.09),
    (Fraction(4), 0.20),
)
MARGIN = 12  # pixels around a patch that see the edge of the patch in either resize, not the photograph
SUFFIXES = {".png", ".jpg", ".jpeg"}


def read(path: Path) -> Tensor:
    """The picture at `path` as uint8 [3, h, w], RGB."""
    with Image.open(path) as image:
        return torch.from_numpy(np.asarray(image.convert("RGB")).copy()).permute(2, 0, 1).contiguous()


def halve(picture: Tensor) -> Tensor:
    """Half the size, antialiased; uint8 [3, h, w] to uint8 [3, h // 2, w // 2]."""
    size = (picture.shape[1] // 2, picture.shape[2] // 2)
    return quantise(F.interpolate(picture[None] / 255, size=size, mode="bicubic", antialias=True))[0]


def quantise(image: Tensor) -> Tensor:
    """Float in [0, 1] to uint8, clipped and rounded half up."""
    return (image.clamp(0, 1) * 255 + 0.5).to(torch.uint8)


def shrink(image: Tensor, factor: Fraction) -> Tensor:
    """What a camera with fewer pixels would have given: antialiased bicubic, a = -0.5, then eight bits.

    This is the degradation behind the published tables (MATLAB's imresize). `image` is float [n, 3, h, w] with
    h and w multiples of the numerator of `factor`.
    """
    size = [int(s / factor) for s in image.shape[-2:]]
    return quantise(F.interpolate(image, size=size, mode="bicubic", antialias=True)) / 255


class Patches:
    """An endless, seeded source of training batches.

    Args:
        folders: where the photographs are; every JPEG and PNG in them is used.
        patch: side of a training patch in pixels.
        batch: patches in a batch; each has a factor of its own.
    """

    def __init__(self, folders: list[Path], patch: int, batch: int, seed: int) -> None:
        paths = sorted(p for folder in folders for p in folder.iterdir() if p.suffix.lower() in SUFFIXES)
        self.pictures = [halve(halve(read(path))) for path in paths]
        self.areas = torch.tensor([float(p.shape[1] * p.shape[2]) for p in self.pictures])
        self.patch, self.batch = patch, batch
        self.random = torch.Generator().manual_seed(seed)

    def crop(self, side: int) -> Tensor:
        """The busier of two random crops: flat sky teaches nothing about detail."""
        crops: list[Tensor] = []
        for index in torch.multinomial(self.areas, 2, replacement=True, generator=self.random).tolist():
            picture = self.pictures[index]
            top, left = (int(torch.randint(0, s - side + 1, (), generator=self.random)) for s in picture.shape[1:])
            crops.append(picture[:, top : top + side, left : left + side])
        return max(crops, key=lambda c: float(c.float().std()))

    def flip(self, patch: Tensor) -> Tensor:
        """One of the eight symmetries of the square."""
        turns, mirror = torch.randint(0, 4, (2,), generator=self.random).tolist()
        patch = torch.rot90(patch, turns, (1, 2))
        return patch.flip(2) if mirror % 2 else patch

    def pair(self) -> tuple[Tensor, Tensor]:
        """One patch as (resized, original) at a random factor, float [3, patch, patch] in [0, 1]."""
        weights = torch.tensor([weight for _, weight in FACTORS])
        factor = FACTORS[int(torch.multinomial(weights, 1, generator=self.random))][0]
        multiple = factor.numerator
        side = -(-(self.patch + 2 * MARGIN) // multiple) * multiple
        original = self.flip(self.crop(side))[None] / 255
        small = shrink(original, factor)
        resized = F.interpolate(small, scale_factor=float(factor), mode="bicubic", align_corners=False)
        start = (side - self.patch) // 2
        inner = slice(start, start + self.patch)
        return resized[0, :, inner, inner], original[0, :, inner, inner]

    def next(self) -> tuple[Tensor, Tensor]:
        """A batch of pairs as (resized, original), float [batch, 3, patch, patch]; each has its own factor."""
        pairs = [self.pair() for _ in range(self.batch)]
        return torch.stack([p[0] for p in pairs]), torch.stack([p[1] for p in pairs])
