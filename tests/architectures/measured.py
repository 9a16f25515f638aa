"""A weights file of a network, exported as a user would, beside what spandrel computes with it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from spandrel import ModelLoader

import pliant
from pliant.apps.export import Request, run, weights_model
from pliant.architectures._repeatable import REPEATABLE
from pliant.architectures.spandrel import registry
from pliant.artifact import Artifact
from pliant.errors import AuditError, PliantError
from pliant.exporter.export import export_checked_by
from tests.architectures.zoo import ZOO

SIZES = ((1, 1), (7, 5), (64, 64), (57, 83), (128, 40), (5, 33), (24, 17), (31, 48))
FACTORS = (1.0, 1.5, 2.0, 3.0)  # the native one is added
TOLERANCE = 1e-3  # of the largest value of the result


@dataclass
class Measured:
    """What was found for one architecture. `worst` is the largest relative error; `wrong` says where it was too large.

    `lively` is the share of the results' values strictly between 0 and 1: where all are cut off, nothing is shown.
    """

    artifact: Artifact
    seconds: float
    worst: float = 0.0
    lively: float = 1.0
    wrong: list[str] = field(default_factory=list)


def exported(name: str, folder: Path, factor: str | None = None) -> tuple[Artifact, dict[str, Any], float]:
    """The artifact of the zoo's network `name`, its weights, and the seconds that the export took."""
    weights = {key: value.clone() for key, value in ZOO[name].make().state_dict().items()}
    torch.save(weights, folder / f"{name}.pth")
    begun = time.perf_counter()
    artifact = run(Request(str(folder / f"{name}.pth"), factor=factor))
    return artifact, weights, time.perf_counter() - begun


def runs(weights: dict[str, Any], sizes: Sequence[tuple[int, int]]) -> Iterator[tuple[dict[str, Any], Any, int]]:
    """For each size: pictures by name, what a fresh copy of the network makes of them, and its scale.

    Networks that draw random numbers are called as the file was made from them: no two of their own calls are alike.
    """
    random = torch.Generator().manual_seed(3)
    for height, width in sizes:
        descriptor: Any = (
            ModelLoader(registry=registry()).load_from_state_dict({k: v.clone() for k, v in weights.items()}).eval()
        )
        repeatable = REPEATABLE.get(descriptor.architecture.name)
        if repeatable:
            descriptor._call_fn = repeatable.call(descriptor.model)
        pictures = {"image": torch.rand(1, descriptor.input_channels, height, width, generator=random)}
        if descriptor.purpose == "Inpainting":
            pictures["mask"] = (torch.rand(1, 1, height, width, generator=random) > 0.5).float()
        with torch.no_grad():
            result = descriptor(*(picture.clone() for picture in pictures.values()))
        yield {name: picture.numpy() for name, picture in pictures.items()}, result.clone(), descriptor.scale


def measure(name: str, folder: Path, sizes: Sequence[tuple[int, int]] = SIZES, engine: str = "onnxruntime") -> Measured:
    """Export the zoo's network `name` and compare it with spandrel at every size and factor."""
    artifact, weights, seconds = exported(name, folder)
    return compared(Measured(artifact, seconds), weights, sizes, engine)


def translated(name: str, folder: Path, sizes: Sequence[tuple[int, int]], factors: Sequence[float]) -> Measured:
    """Like `measure` with ONNX Runtime, but that comparison takes the place of the audit, which takes longer."""
    weights = {key: value.clone() for key, value in ZOO[name].make().state_dict().items()}
    torch.save(weights, folder / f"{name}.pth")
    model = weights_model(str(folder / f"{name}.pth"))
    found: list[Measured] = []

    def sound(artifact: Artifact) -> bool:
        contract = replace(artifact.contract, network=model.facts)
        measured = Measured(replace(artifact, contract=contract), time.perf_counter() - begun)
        found.append(compared(measured, weights, sizes, "onnxruntime", factors))
        return not found[-1].wrong

    begun = time.perf_counter()
    dims = {key: words.replace("n?", "1") for key, words in model.dims.items()}
    options: dict[str, Any] = {"dims": dims, "values": model.values, "fixed": {}, "names": None, "progress": str}
    with suppress(AuditError):  # what is wrong is in `found`
        export_checked_by(model.module, model.example, {}, sound, **options)
    return found[-1]


def compared(
    found: Measured,
    weights: dict[str, Any],
    sizes: Sequence[tuple[int, int]],
    engine: str,
    factors: Sequence[float] = FACTORS,
) -> Measured:
    """`found` with the comparisons on an engine added; `factors` and the native one, where the factor is live."""
    session = pliant.load(found.artifact, engine=engine)
    inside, values = 0, 0
    for pictures, native, scale in runs(weights, sizes):
        inside, values = inside + int(((native > 0) & (native < 1)).sum()), values + native.numel()
        for factor in [None] if found.artifact.contract.factor is None else dict.fromkeys([*factors, float(scale)]):
            expected = native if factor is None else resized(native, factor / scale)
            if expected is None:
                continue
            place = f"{tuple(native.shape[-2:])} of {engine}" + (f" times {factor:g}" if factor else "")
            try:
                result: Any = session(**pictures, **({} if factor is None else {"factor": factor}))
            except PliantError as error:
                found.wrong.append(f"{place}: {' '.join(str(error).split())[:200]}")
                continue
            if result.shape != tuple(expected.shape):
                found.wrong.append(f"{place}: {result.shape} instead of {tuple(expected.shape)}")
                continue
            error = float(np.abs(result - expected.numpy()).max() / max(1e-6, float(expected.abs().max())))
            found.worst = max(found.worst, error)
            if not error <= TOLERANCE:
                found.wrong.append(f"{place}: off by {error:.1e}")
    found.lively = inside / values
    return found


def resized(picture: torch.Tensor, ratio: float) -> torch.Tensor | None:
    """PyTorch's antialiased bicubic resize; None where not one pixel is left."""
    if min(picture.shape[-2:]) * ratio < 1:
        return None
    return F.interpolate(picture, scale_factor=ratio, mode="bicubic", antialias=True)
