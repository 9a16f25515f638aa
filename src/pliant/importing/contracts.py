"""The contract of a file that was imported, and the names of axes in the file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import onnx_ir as ir

from pliant.contract import Contract, Dim, Image, Input, Provenance, Range
from pliant.errors import UsageError
from pliant.importing import rewrite
from pliant.importing.factor import Upscale
from pliant.importing.options import Options
from pliant.importing.plan import Pictures, Proven
from pliant.importing.symbols import Length, Shape, divided, symbol, text, times
from pliant.inferred import infer
from pliant.onnxfile import read
from pliant.version import VERSION

FACTORS = Range(0.25, 64)
USUAL = 2.0  # the example of a factor that the file has no value for
AXES = {0: "n", 2: "h", 3: "w"}


def formula(length: Length, proven: Proven, factor: str | None) -> str:
    """A length as a contract writes it."""
    told = text(length, proven.axes.multiples)
    if factor is not None and told in ("H", "W"):
        return f"floor({factor}*{told.lower()})"
    return told


def unit(proven: Proven, name: str) -> Length:
    """The whole length of a live axis, which may be counted in multiples."""
    return times(proven.axes.multiples.get(name, 1), symbol(name))


def declare(graph: ir.Graph, pictures: Pictures, proven: Proven, outputs: Sequence[Shape], factor: str | None) -> None:
    """Name the live axes in the file, and forget the shapes that held for one size."""
    rewrite.forget_shapes(graph)
    for v in pictures.values:
        lengths = list(v.shape or ())
        v.shape = ir.Shape([AXES[k] if AXES.get(k) in proven.wanted.axes else n for k, n in enumerate(lengths)])
    for v, shape in zip(graph.outputs, outputs, strict=True):
        v.shape = ir.Shape([n if isinstance(n, int) else formula(n, proven, factor) for n in shape])


def described(
    made: bytes, proven: Proven, outputs: Sequence[Shape], driven: Upscale | None, factor: str | None
) -> Contract:
    """The contract of what was made; `factor` is the input that `driven` is driven by."""
    contract = infer(read(made))
    inputs = tuple(_bounded(i, proven, factor, driven) for i in contract.inputs)
    shapes = [tuple(formula(n, proven, factor) for n in shape) for shape in outputs]
    results = tuple(replace(o, dims=dims) for o, dims in zip(contract.outputs, shapes, strict=True))
    contract = replace(contract, inputs=inputs, outputs=results)
    if factor is None or driven is None:
        return replace(contract, scale=_scale(outputs[0], contract, proven))
    semantics = "size" if driven.semantics == "size" else "scale"
    resizes = (replace(r, semantics=semantics) if r.driver == (factor,) else r for r in contract.resizes)
    return replace(contract, factor=factor, resizes=tuple(resizes))


def unchanged(model: bytes) -> Contract:
    """The contract of a file that stays as it is."""
    contract = infer(read(model))
    picture = next((i for i in contract.inputs if i.role == "image"), None)
    if picture is None or contract.factor is not None or len(contract.outputs[0].dims) != 4:
        return contract
    after = [int(n) if n.isdigit() else 0 for n in contract.outputs[0].dims[2:]]
    return replace(contract, scale=_ratio(after, [d.size or 0 for d in picture.dims[2:]]))


def coloured(contract: Contract, options: Options, name: str) -> Contract:
    """With the colours and the range that the caller knows. Raises UsageError if they do not fit."""
    image, wanted = contract.image, options.colours
    if image is None:
        if wanted or options.range:
            raise UsageError(f"{name} takes no picture of 1 or 3 channels: leave colours and range out.")
        return contract
    if wanted and (wanted == "GREY") != (image.colours == "GREY"):
        channels = "1 channel" if image.colours == "GREY" else "3 channels"
        raise UsageError(f"{name} takes pictures of {channels}, not {wanted}.")
    low, high = options.range or (image.minimum, image.maximum)
    return replace(contract, image=Image(wanted or image.colours, image.layout, low, high, image.rounding))


def assumptions(contract: Contract, options: Options) -> list[str]:
    """What is taken for granted about pictures, and how to say otherwise."""
    picture = next((i.name for i in contract.inputs if i.role == "image"), None)
    if picture is None or contract.image is None:
        return []
    notes: list[str] = []
    if options.colours is None and contract.image.colours != "GREY":
        notes.append(f"Input {picture!r} is taken for an RGB picture; --colours BGR says otherwise.")
    if options.range is None:
        notes.append(f"The values of {picture!r} are taken to go from 0 to 1; --range 0..255 says otherwise.")
    return notes


def signed(contract: Contract, source: str, sentences: tuple[str, ...]) -> Contract:
    """With its origin and notes, as the contract that a file carries from now on."""
    origin = Provenance(source, "", (("pliant", VERSION),))
    return replace(contract, provenance=origin, notes=sentences, inferred=False)


def unused(wish: str, taken: Sequence[str]) -> str:
    """`wish`, or that with a number behind it if it is taken."""
    numbered = (f"{wish}_{k}" for k in range(2, len(taken) + 3))
    return wish if wish not in taken else next(name for name in numbered if name not in taken)


def _bounded(entry: Input, proven: Proven, factor: str | None, driven: Upscale | None) -> Input:
    """An input with the bounds of its live axes, or of the factor."""
    if entry.name == factor and driven is not None:
        scale = driven.scale or USUAL
        vector = (1.0, 1.0, scale, scale)
        return replace(entry, role="value", values=FACTORS, example=vector if entry.dims else (scale,))
    multiple, least = proven.axes.multiples.get("h", 1), proven.reading.least
    if len(entry.dims) != 4:
        return entry
    bounded = (Dim(d.name, None, least * multiple, None, multiple) if d.name in ("h", "w") else d for d in entry.dims)
    return replace(entry, dims=tuple(bounded))


def _scale(output: Shape, contract: Contract, proven: Proven) -> float | None:
    """By how much a network enlarges, if that is one number."""
    if len(output) != 4:
        return None
    if not proven.wanted.axes >= {"h", "w"}:
        picture = next((i for i in contract.inputs if i.role == "image"), None)
        sides = [d.size or 0 for d in picture.dims[2:]] if picture is not None else []
        return _ratio([n if isinstance(n, int) else 0 for n in output[2:]], sides)
    ratios = [divided(n, symbol(name)) for n, name in zip(output[2:], "hw", strict=True)]
    scales = {
        r / proven.axes.multiples.get(name, 1) if isinstance(r, int) else None
        for r, name in zip(ratios, "hw", strict=True)
    }
    return scales.pop() if len(scales) == 1 else None


def _ratio(after: Sequence[int], before: Sequence[int]) -> float | None:
    ratios = {a / b if a and b else None for a, b in zip(after, before, strict=False)}
    return ratios.pop() if len(ratios) == 1 else None
