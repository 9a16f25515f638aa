"""`F.interpolate`, `nn.Upsample` and the operators below them, with numbers known now or known at run time.

PyTorch's own `upsample` operators take no symbolic scale, and what their export makes of a constant fractional
scale is wrong for several modes. Every call therefore becomes one operator that keeps what the call means:
"scale" semantics (sampling positions use 1/factor) or "size" semantics (they use input/output).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pliant.capture.base import Capture
from pliant.operators.resize import MODES, aten_name, resize


def sequence(value: Any, rank: int) -> list[Any]:
    """One number per spatial axis, from a number, a tensor or a sequence of either."""
    return [v.item() if isinstance(v, (Tensor, np.generic)) else v for v in elements(value, rank)]


def elements(value: Any, rank: int) -> list[Any]:
    """One number or 0-d tensor per spatial axis."""
    if isinstance(value, Tensor) and value.dim():
        value = value.unbind()
    return list(value) if isinstance(value, (list, tuple)) else [value] * rank


def scaled(length: Any, scale: Any) -> Any:
    """floor(length * scale) as Python computes it: in double precision, or in that of a tensor or NumPy number."""
    if isinstance(scale, float) and scale.is_integer():
        scale = int(scale)  # the same product, and a simpler formula for the shapes that depend on it
    if isinstance(scale, (int, torch.SymInt)):
        return length * scale
    if isinstance(scale, np.floating):
        scale = torch.tensor(scale)
    if isinstance(scale, Tensor):  # then Python computes in the precision that the tensor has
        return (length * scale).to(torch.int64).item()
    return torch.sym_int(length * scale)


def interpolate(
    input: Tensor,  # noqa: A002 - PyTorch's name, and callers use it as a keyword
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Any:
    """`F.interpolate` as one operator. Calls it does not cover, or that PyTorch refuses, go to PyTorch."""
    refused = (size is None) == (scale_factor is None) or bool(recompute_scale_factor and size is not None)
    refused |= align_corners is not None and mode in ("nearest", "nearest-exact", "area")
    refused |= bool(align_corners) and mode == "lanczos"
    rank = input.dim() - 2
    if refused or not covered(input, rank, mode, antialias):
        return NotImplemented
    given = elements(scale_factor if size is None else size, rank)
    if len(given) != rank:
        return NotImplemented
    if size is not None:
        return resize(input, None, sequence(size, rank), mode, bool(align_corners), antialias)
    recomputed = bool(recompute_scale_factor) or mode == "area"
    factors = given if recomputed else sequence(scale_factor, rank)  # without recomputing, C++ makes them doubles
    lengths = [scaled(length, s) for length, s in zip(input.shape[2:], factors, strict=True)]
    return resize(input, None if recomputed else vector(factors), lengths, mode, bool(align_corners), antialias)


def covered(x: Tensor, rank: int, mode: str, antialias: bool) -> bool:
    """Whether the operator covers a mode on such data: what PyTorch's kernels for the CPU do."""
    smooth = mode in ("bilinear", "bicubic")
    if mode not in MODES.get(rank, ()) or (antialias and not smooth and mode != "lanczos"):
        return False
    if mode == "lanczos" and not antialias:
        return False
    if x.dtype == torch.uint8:
        return smooth or mode.startswith("nearest") or mode == "lanczos"
    return x.is_floating_point()


def vector(numbers: list[Any]) -> Tensor:
    """Numbers as a float64 tensor, live if they are."""
    return torch.stack([torch.scalar_tensor(n, dtype=torch.float64) for n in numbers])


def direct(mode: str, rank: int, antialias: bool) -> Callable[..., Any]:
    """What answers PyTorch's own operator for a mode, in both of its forms.

    They are (input, output_size, [align_corners], scale_factors) and, with a scale per axis or None,
    (input, output_size, [align_corners], scales_d, scales_h, scales_w).
    """
    steps = ["scales"] if rank == 1 else ["scales_d", "scales_h", "scales_w"][-rank:]
    corners = [] if mode.startswith("nearest") else ["align_corners"]

    def handler(*args: Any, **named: Any) -> Any:
        given = dict(zip(["input", "output_size", *corners, *steps], args, strict=False)) | named
        x = given.pop("self", given.get("input"))
        factors = given.get("scale_factors", given.get(steps[0]))
        if not isinstance(factors, (list, tuple)):
            factors = [given.get(name) for name in steps]
        size = given.get("output_size")
        if not isinstance(x, Tensor) or x.dim() != rank + 2 or not covered(x, rank, mode, antialias):
            return NotImplemented
        fixed = [f is None for f in factors]
        if any(fixed) and not (all(fixed) and size is not None):
            return NotImplemented
        numbers = [] if all(fixed) else sequence(factors, rank)
        if size is None:
            size = [scaled(length, s) for length, s in zip(x.shape[2:], numbers, strict=True)]
        scales = vector(numbers) if numbers else None
        return resize(x, scales, sequence(size, rank), mode, bool(given.get("align_corners")), antialias)

    return handler


def operators() -> dict[Callable[..., Any], Callable[..., Any]]:
    """PyTorch's own operators in all spellings, and what answers them."""
    found: dict[Callable[..., Any], Callable[..., Any]] = {}
    for rank, modes in MODES.items():
        for mode in modes:
            smooth = mode in ("bilinear", "bicubic", "lanczos")
            for antialias in (False, True) if smooth else (False,):
                name = aten_name(mode, rank, antialias)
                packet = getattr(torch.ops.aten, name, None)
                if mode == "area" or packet is None:
                    continue
                spellings = [getattr(vars(torch._C)["_nn"], name, None), packet]
                spellings += [getattr(packet, overload) for overload in packet.overloads() if "out" not in overload]
                found |= {s: direct(mode, rank, antialias) for s in spellings if s is not None}
    return found


def layer(kind: type[nn.Upsample]) -> Callable[..., nn.Upsample]:
    """What makes an `nn.Upsample` or a subclass of PyTorch's: their constructors call `float` on the factor."""

    def replacement(size: Any = None, scale_factor: Any = None, *args: Any, **named: Any) -> nn.Upsample:
        made = kind(size, None, *args, **named)
        made.scale_factor = scale_factor
        return made

    return replacement


def live_only(handlers: dict[Callable[..., Any], Callable[..., Any]]) -> dict[Callable[..., Any], Callable[..., Any]]:
    """The same table for calls in the model's source, where PyTorch answers what no handler covers.

    PyTorch's operators check the types of their arguments before a function mode sees them, so a live scale can only
    be answered there.
    """

    def replacement(original: Callable[..., Any], handler: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **named: Any) -> Any:
            result = handler(*args, **named)
            return original(*args, **named) if result is NotImplemented else result

        return call

    return {original: replacement(original, handler) for original, handler in handlers.items()}


LAYERS = (nn.Upsample, nn.UpsamplingNearest2d, nn.UpsamplingBilinear2d)

CAPTURE = Capture(
    functions={F.interpolate: interpolate, **operators()},
    calls={kind: layer(kind) for kind in LAYERS} | live_only(operators()),
)
