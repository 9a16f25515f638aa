"""Small networks from picture to picture that enlarge by a live factor."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Enlarging(nn.Module):
    """Resize, then convolutions: `features` and `kernels` of each, `mode` of the resize, `residual` as in SRCNN."""

    def __init__(
        self,
        features: tuple[int, ...] = (24, 16, 3),
        kernels: tuple[int, ...] = (9, 1, 5),
        mode: str = "bicubic",
        *,
        residual: bool = False,
        groups: int = 1,
    ) -> None:
        super().__init__()
        into = (3, *features[:-1])
        self.layers = nn.ModuleList(
            nn.Conv2d(a, b, k, padding=k // 2, groups=groups if k == 1 else 1)
            for a, b, k in zip(into, features, kernels, strict=True)
        )
        self.slopes = nn.ModuleList(nn.PReLU(n) for n in features[:-1])
        self.mode, self.residual = mode, residual

    def forward(self, image: Tensor, factor: float) -> Tensor:
        """[n, 3, h, w] to [n, 3, H, W]."""
        corners = {} if self.mode == "nearest" else {"align_corners": False}
        resized = F.interpolate(image, scale_factor=factor, mode=self.mode, **corners)
        x = resized
        for layer, slope in zip(self.layers, self.slopes, strict=False):
            x = slope(layer(x))
        x = self.layers[-1](x)
        return (resized + 0.5 * x).clamp(-1, 2) if self.residual else x


class Mixed(nn.Module):
    """Two paths from the enlarged picture that meet, one after features of the small picture."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 12, 3, padding=1)
        self.wide, self.narrow = nn.Conv2d(12, 12, 9, padding=4), nn.Conv2d(12, 8, 3, padding=1)
        self.last = nn.Conv2d(20, 3, 3, padding=1)

    def forward(self, image: Tensor, factor: float) -> Tensor:
        """[n, 3, h, w] to [n, 3, H, W]."""
        large = F.interpolate(self.first(image).relu(), scale_factor=factor, mode="bicubic")
        return self.last(torch.cat([self.wide(large).sigmoid(), self.narrow(large) * 2], 1))


class Looking(nn.Module):
    """Looks at the whole picture behind the resize."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = nn.Conv2d(3, 8, 9, padding=4), nn.Conv2d(8, 3, 5, padding=2)

    def forward(self, image: Tensor, factor: float) -> Tensor:
        """[n, 3, h, w] to [n, 3, H, W]."""
        x = self.first(F.interpolate(image, scale_factor=factor, mode="bicubic")).relu()
        return self.last(x * x.mean((2, 3), keepdim=True))


class Ending(nn.Module):
    """Features of the small picture, and an end that is linear: resized, weighed by phase, added to the picture."""

    def __init__(self) -> None:
        super().__init__()
        self.body, self.last = nn.Conv2d(3, 10, 3, padding=1), nn.Conv2d(10, 18, 1)

    def forward(self, image: Tensor, factor: float) -> Tensor:
        """[n, 3, h, w] to [n, 3, H, W]."""
        terms = F.interpolate(self.last(self.body(image).relu()), scale_factor=factor, mode="bilinear")
        place = torch.fmod(torch.arange(terms.shape[-1], dtype=terms.dtype) + 0.5, factor) / factor
        waves = torch.stack([torch.ones_like(place), place, place * place, place**3, place - 1, 1 - place])
        correction = (terms.unflatten(1, (3, 6)) * waves[:, None, :]).sum(2)
        return F.interpolate(image, scale_factor=factor, mode="bicubic") - 0.2 * correction + 0.1


class Squared(Ending):
    """Squares what it resized."""

    def forward(self, image: Tensor, factor: float) -> Tensor:
        """[n, 3, h, w] to [n, 3, H, W]."""
        return super().forward(image, factor) ** 2


class Stepping(Ending):
    """Does otherwise with pictures beyond a size that no trial reaches; `how` says in which way."""

    def __init__(self, how: str) -> None:
        super().__init__()
        self.how = how

    def forward(self, image: Tensor, factor: float) -> Tensor:
        """[n, 3, h, w] to [n, 3, H, W], or a part of that."""
        result = super().forward(image, factor)
        if self.how == "halved":
            return result * (0.5 if image.shape[2] > 300 else 1.0)
        if self.how == "faded":
            place = torch.arange(result.shape[-1], dtype=result.dtype)
            return result * torch.floor(place / 1000 + 1)
        return result[..., :1000]
