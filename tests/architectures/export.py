"""Exporting what an architecture loaded, and comparing the file with PyTorch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

import pliant
from pliant.architectures.base import ImageModel, with_any_factor
from pliant.engines.base import load


def compare(model: ImageModel, calls: Sequence[tuple[int, int, float]], engine: str = "onnxruntime") -> None:
    """Export `model` with a live factor and run it on pictures of (height, width) by a factor, against PyTorch."""
    live = with_any_factor(model)
    artifact = pliant.export(live.module, live.example, values={"factor": (1, 6)}, image=live.image)
    channels = live.example[0].shape[1]
    with load(artifact, engine) as session:
        for height, width, factor in calls:
            picture = torch.rand(2, channels, height, width, generator=torch.Generator().manual_seed(height))
            with torch.no_grad():
                expected = live.module(picture, factor).numpy()
            result = session(picture.numpy(), factor)
            assert result.shape == expected.shape == (2, channels, int(height * factor), int(width * factor))
            np.testing.assert_allclose(result, expected, atol=1e-5)


def lively(network: torch.nn.Module, seed: int = 0) -> torch.nn.Module:
    """The network with random weights everywhere, also where it begins with zeros, in evaluation mode."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter += 0.05 * torch.randn(parameter.shape, generator=generator)
    return network.eval()
