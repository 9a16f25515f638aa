"""Importing: from an ONNX file made elsewhere to one with a contract, and what is known about it."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from typing import Any, Literal

import onnx_ir as ir

from pliant.artifact import Artifact
from pliant.contract import Contract, Dim, Image, Input, Output, Provenance, Range, Resize
from pliant.errors import InputError, MissingExtra, PliantError, UsageError
from pliant.importing import rewrite
from pliant.importing.base import Reading, called
from pliant.importing.factor import NO_RESIZE, Upscale, drive, upscale
from pliant.importing.locality import radius, suspicious
from pliant.importing.plan import Pictures, Proven, Wanted, as_declared, prove, wishes
from pliant.importing.proof import Failed, Proof, Runner, exchanged
from pliant.importing.reading import Original, parsed, read
from pliant.importing.symbols import Length, divided, symbol, text, times
from pliant.inferred import infer
from pliant.lowering.runtime import serialized
from pliant.onnxfile import read as read_graph
from pliant.version import VERSION

Colours = Literal["RGB", "BGR", "GREY"]
STAYS = "The scale stays fixed"
NAMES = {"n": "the batch", "h": "the height", "w": "the width"}
FACTORS = Range(0.25, 64)


@dataclass(frozen=True)
class Options:
    """What the caller knows: the order of colours, the values of pictures, and what is to stay as it is.

    `keep_fixed` leaves sizes and scales as the file has them; `keep_inputs` leaves a vector of scales an input.
    """

    colours: Colours | None = None
    range: tuple[float, float] | None = None
    keep_fixed: bool = False
    keep_inputs: bool = False


@dataclass(frozen=True)
class Imported:
    """What became of a file: sentences about what is live, what stays fixed and why, and what was compared."""

    artifact: Artifact
    live: tuple[str, ...]
    fixed: tuple[str, ...]
    checks: tuple[str, ...]
    notes: tuple[str, ...]


def import_onnx(
    path: str | os.PathLike[str],
    *,
    colours: Colours | None = None,
    range: tuple[float, float] | None = None,  # noqa: A002 - what users and the command line call it
    keep_fixed: bool = False,
    keep_inputs: bool = False,
) -> Artifact:
    """An ONNX file made elsewhere, with a contract, and with sizes and scale live where that is proven safe.

    The notes of its contract say what is live, what stays fixed, and why.

    Args:
        colours: of its pictures, "RGB", "BGR" or "GREY"; by the number of channels if None.
        range: the smallest and the largest value of a pixel; 0 and 1 if None.
        keep_fixed: whether sizes and scales stay as they are.
        keep_inputs: whether a vector of scales stays an input; otherwise a number takes its place.

    Raises:
        InputError: the file is missing, no ONNX model, damaged, or cannot run.
        UsageError: it has a contract already, or the colours do not fit it.
        MissingExtra: the package onnx is not installed.
    """
    return examine(path, Options(colours, range, keep_fixed, keep_inputs)).artifact


def examine(
    path: str | os.PathLike[str], options: Options | None = None, report: Callable[[str], None] | None = None
) -> Imported:
    """Like `import_onnx`, with all that was found out. `report` is called at the beginning of each step."""
    for package in ("onnx", "onnx_ir"):
        if find_spec(package) is None:
            raise MissingExtra("Importing ONNX files", package, "lowering")
    say = report or _ignore
    say("reading the file")
    return _Import(read(path), options or Options(), say).run()


def _ignore(step: str) -> None:
    del step


@dataclass
class _Import:
    """One file on its way."""

    original: Original
    options: Options
    say: Callable[[str], None]
    live: list[str] = field(default_factory=list[str])
    fixed: list[str] = field(default_factory=list[str])
    checks: list[str] = field(default_factory=list[str])
    notes: list[str] = field(default_factory=list[str])

    def run(self) -> Imported:
        self.runner = self._loaded()
        model = parsed(self.original.model)
        pictures = Pictures(model.graph)
        if not pictures.values:
            return self._unchanged("no input is a picture: none is of rank 4 with float elements")
        if pictures.colours_last:
            return self._unchanged("it has colours in the last axis, and pliant takes n, c, h, w")
        if pictures.differ:
            return self._unchanged("it takes several pictures of different sizes")
        if self.options.keep_fixed:
            return self._unchanged("--keep-fixed asks for that")
        self.say("understanding its constants")
        return self._most_live(model, pictures)

    def _loaded(self) -> Runner:
        try:
            return Runner(self.original.model)
        except PliantError as error:
            raise InputError(f"{self.original.path} does not run: {error}") from error

    def _most_live(self, model: ir.Model, pictures: Pictures) -> Imported:
        """The file with as much live as can be proven."""
        declared = as_declared(model.graph, pictures)
        sides = (pictures.sizes["h"], pictures.sizes["w"])
        found = upscale(model.graph, pictures.values, None if pictures.live & {"h", "w"} else sides, declared)
        if isinstance(found, str):
            self.fixed.append(f"{STAYS}. {found}")
        elif found.driver is not None and (self.options.keep_inputs or found.mode == "nearest"):
            self.notes.append(f"{found.driver.name} is the vector of scales [1, 1, height, width].")
            found = "kept"
        driven = found if isinstance(found, Upscale) else None
        for wanted in wishes(pictures, driven is not None):
            proven = prove(model.graph, pictures, driven, wanted)
            problem = proven if isinstance(proven, str) else self._global(model, pictures, proven)
            if problem or isinstance(proven, str):
                self._refused(wanted, pictures, problem)
                continue
            try:
                return self._made(proven, driven if wanted.factor else None)
            except (Failed, PliantError) as error:
                self._refused(wanted, pictures, str(error).rstrip("."))
        return self._unchanged("")

    def _global(self, model: ir.Model, pictures: Pictures, proven: Proven) -> str:
        new = proven.wanted.axes - pictures.live
        return suspicious(model.graph, proven.reading, pictures.values) if new & {"h", "w"} else ""

    def _refused(self, wanted: Wanted, pictures: Pictures, problem: str) -> None:
        """Remember why the most that was asked for is not possible."""
        if wanted.factor and not any(STAYS in s for s in self.fixed):
            self.fixed.append(f"{STAYS}: {problem}.")
        elif not wanted.factor:
            key = "Height and width stay" if "h" in wanted.axes - pictures.live else "The batch stays"
            if wanted.axes - pictures.live and not any(key in s for s in self.fixed):
                self.fixed.append(f"{key} fixed: {problem}.")

    def _made(self, proven: Proven, driven: Upscale | None) -> Imported:
        """Write what was proven, and try it. Raises Failed or PliantError."""
        model = parsed(self.original.model)
        pictures = Pictures(model.graph)
        again = prove(model.graph, pictures, _same(driven, proven, model), proven.wanted)
        assert isinstance(again, Proven)  # the same graph, read again
        reading, first = again.reading, pictures.first
        outputs = [reading.shape(v) for v in model.graph.outputs]
        reach = radius(model.graph, reading, pictures.values)
        counts = _count(reading)
        name, resized, places = None, None, []
        here = _same(driven, proven, model)
        if here is not None:
            nodes = list(model.graph)
            places = [nodes.index(n) for n in here.nodes]
            name = _unused("factor", [str(v.name) for v in model.graph.inputs if v is not here.driver])
            resized = drive(model.graph, here, name)
        rewrite.apply(model.graph, reading, rewrite.Formulas(model.graph, first, resized, again.axes.multiples))
        self._declare(model, pictures, again, outputs, name)
        made = serialized(model)
        scale = (here.scale or 2.0) if here is not None else None
        proof = Proof(
            original=self.runner,
            made=Runner(made),
            pictures=[str(v.name) for v in pictures.values],
            lengths=outputs,
            sizes=Pictures(parsed(self.original.model).graph).sizes,
            live=proven.wanted.axes,
            multiples=again.axes.multiples,
            least=reading.least,
            factor=name,
            scale=scale,
            bound=self.options.range[1] if self.options.range else 1.0,
            vector=str(here.driver.name) if here is not None and here.driver is not None else None,
        )
        original = Pictures(parsed(self.original.model).graph)
        checks = self._compare(proof, original, here, places, reach)
        self._tell(again, original, here, counts)
        self._renamed(original, again, outputs, name)
        if outputs[0][2:] == [_unit(again, "h"), _unit(again, "w")]:  # it keeps the size, so there is no scale
            self.fixed = [s for s in self.fixed if s != f"{STAYS}. {NO_RESIZE}"]
        return self._finished(made, again, outputs, here, name, checks)

    def _compare(
        self, proof: Proof, original: Pictures, driven: Upscale | None, places: list[int], reach: float | None
    ) -> list[str]:
        self.say("comparing with the original")
        checks = [proof.at_its_size()]
        new = proof.live - original.live
        if "n" in new and original.sizes["n"] == 1:
            checks.append(proof.batches())
        if proof.live & {"h", "w"}:
            checks.append(proof.other_sizes())
        if new & {"h", "w"}:
            checks.append(proof.inside(reach))
        if driven is not None:
            sides = (original.sizes["h"], original.sizes["w"])
            model = self.original.model
            checks.append(proof.factors(lambda f: exchanged(model, places, driven, sides, f)))
        proof.made.close()
        return checks

    def _declare(
        self, model: ir.Model, pictures: Pictures, proven: Proven, outputs: list[Any], factor: str | None
    ) -> None:
        """Name the live axes in the file."""
        rewrite.forget_shapes(model.graph)
        names = {0: "n", 2: "h", 3: "w"}
        for v in pictures.values:
            shape = list(v.shape or ())
            v.shape = ir.Shape([names[k] if names.get(k) in proven.wanted.axes else n for k, n in enumerate(shape)])
        for v, lengths in zip(model.graph.outputs, outputs, strict=True):
            v.shape = ir.Shape([n if isinstance(n, int) else _formula(n, proven, factor) for n in lengths])

    def _tell(self, proven: Proven, original: Pictures, driven: Upscale | None, counts: dict[str, int]) -> None:
        new = [NAMES[n] for n in "nhw" if n in proven.wanted.axes - original.live]
        if new:
            self.live.append(f"{_listed(new).capitalize()} of the picture can be any: the file had {_sizes(original)}.")
        multiple = proven.axes.multiples.get("h", 1)
        least = proven.reading.least
        if multiple > 1:
            self.live.append(f"Height and width are multiples of {multiple}, because the network halves or cuts them.")
        if least > 1:
            self.live.append(f"Height and width are at least {least * multiple}.")
        for what, count in counts.items():
            self.live.append(f"{count} constant{'s' if count > 1 else ''} of {what} follow{'' if count > 1 else 's'} the size.")
        if driven is not None:
            was = f"fixed at {driven.scale:g}" if driven.scale is not None else "a vector of four numbers"
            which = " and ".join(map(called, driven.nodes))
            self.live.append(f"The upscale factor is the input 'factor': {which} resizes the picture itself, and was {was}.")
        self.notes += list(dict.fromkeys(proven.reading.notes)) if driven is None else []

    def _renamed(self, original: Pictures, proven: Proven, outputs: list[Any], factor: str | None) -> None:
        """Say where the file's own names for axes are wrong."""
        shape = [str(n) for n in original.first.shape or ()]
        named = {2: shape[2], 3: shape[3]}
        swapped = "width" in named[2].lower() or "height" in named[3].lower()
        if swapped:
            self.notes.append(f"The file calls the height {named[2]!r} and the width {named[3]!r}; pictures are n, c, h, w.")
        for v, lengths in zip(read_graph(self.original.model).body.outputs, outputs, strict=True):
            declared = {str(n) for n in (v.dims or ())[2:] if isinstance(n, str)}
            if declared & set(named.values()) and lengths[2:] != [symbol("h"), symbol("w")]:
                right = " and ".join(_formula(n, proven, factor) for n in lengths[2:])
                self.notes.append(f"The file gives its result {v.name!r} the size of its input; it is {right}.")

    def _finished(
        self, made: bytes, proven: Proven, outputs: list[Any], driven: Upscale | None, name: str | None, checks: list[str]
    ) -> Imported:
        contract = infer(read_graph(made))
        inputs = tuple(_bounded(i, proven, name, driven) for i in contract.inputs)
        shapes = [tuple(_formula(n, proven, name) for n in lengths) for lengths in outputs]
        results = tuple(replace(o, dims=dims) for o, dims in zip(contract.outputs, shapes, strict=True))
        scale = None if name else _fixed_scale(outputs, proven)
        contract = replace(contract, inputs=inputs, outputs=results, scale=scale)
        if name is not None and driven is not None:
            contract = replace(contract, factor=name, resizes=_resizes(contract, driven, name))
        return self._imported(made, contract, checks)

    def _unchanged(self, reason: str) -> Imported:
        """The file as it is, with a contract."""
        contract = infer(read_graph(self.original.model))
        if reason:
            self.fixed.append(f"Everything stays as it is: {reason}.")
        shape = next(([d.size for d in i.dims] for i in contract.inputs if i.role == "image"), [])
        results = [[_number(d) for d in o.dims] for o in contract.outputs]
        if len(shape) == 4 and contract.factor is None and results and len(results[0]) == 4:
            ratios = {a / b for a, b in zip(results[0][2:], shape[2:], strict=True) if a and b}
            contract = replace(contract, scale=ratios.pop() if len(ratios) == 1 else None)
        return self._imported(self.original.model, contract, [])

    def _imported(self, made: bytes, contract: Contract, checks: list[str]) -> Imported:
        contract = self._coloured(contract)
        self.notes = [*_assumptions(contract, self.options), *self.notes]
        source = Provenance(str(self.original.path.name), "", (("pliant", VERSION),))
        sentences = (*self.live, *self.fixed, *self.notes)
        known = self.options.colours is not None and self.options.range is not None
        contract = replace(contract, provenance=source, notes=sentences, inferred=not known)
        self.runner.close()
        return Imported(Artifact(made, contract), tuple(self.live), tuple(self.fixed), tuple(checks), tuple(self.notes))

    def _coloured(self, contract: Contract) -> Contract:
        image, wanted = contract.image, self.options.colours
        if image is None:
            if wanted or self.options.range:
                raise UsageError(f"{self.original.path} takes no picture of 1 or 3 channels: leave colours and range out.")
            return contract
        if wanted and (wanted == "GREY") != (image.colours == "GREY"):
            channels = 1 if image.colours == "GREY" else 3
            raise UsageError(f"{self.original.path} takes pictures of {channels} channel{'s' * (channels > 1)}, not {wanted}.")
        low, high = self.options.range or (image.minimum, image.maximum)
        return replace(contract, image=Image(wanted or image.colours, image.layout, low, high, image.rounding))


def _same(driven: Upscale | None, proven: Proven, model: ir.Model) -> Upscale | None:
    """`driven`, found again in another copy of the graph."""
    if driven is None or not proven.wanted.factor:
        return None
    pictures = Pictures(model.graph)
    sides = None if pictures.live & {"h", "w"} else (pictures.sizes["h"], pictures.sizes["w"])
    found = upscale(model.graph, pictures.values, sides, as_declared(model.graph, pictures))
    assert isinstance(found, Upscale)
    return found


def _count(reading: Reading) -> dict[str, int]:
    found: dict[str, int] = {}
    for node, _ in reading.formulas:
        found[node.op_type] = found.get(node.op_type, 0) + 1
    return found


def _formula(length: Length, proven: Proven, factor: str | None) -> str:
    told = text(length, proven.axes.multiples)
    if factor is not None and told in ("H", "W"):
        return f"floor({factor}*{told.lower()})"
    return told


def _bounded(entry: Input, proven: Proven, name: str | None, driven: Upscale | None) -> Input:
    """An input with the bounds of its live axes, or of the factor."""
    if entry.name == name and driven is not None:
        return replace(entry, role="value", values=FACTORS, example=(driven.scale or 2.0,))
    multiple, least = proven.axes.multiples.get("h", 1), proven.reading.least
    dims = tuple(
        Dim(d.name, None, max(1, least * multiple if least > 1 else multiple), None, multiple)
        if d.name in ("h", "w") and len(entry.dims) == 4
        else d
        for d in entry.dims
    )
    return replace(entry, dims=dims)


def _unit(proven: Proven, name: str) -> Length:
    """The whole length of a live axis, which may be counted in multiples."""
    return times(proven.axes.multiples.get(name, 1), symbol(name))


def _fixed_scale(outputs: list[Any], proven: Proven) -> float | None:
    """By how much a network enlarges, if that is one number."""
    if len(outputs[0]) != 4:
        return None
    if proven.wanted.axes >= {"h", "w"}:
        unit = {n: proven.axes.multiples.get(n, 1) for n in "hw"}
        ratios = [divided(n, symbol(name)) for n, name in zip(outputs[0][2:], "hw", strict=True)]
        scales = {r / unit[name] if isinstance(r, int) else None for r, name in zip(ratios, "hw", strict=True)}
    else:
        scales = set[float | None]()
    return scales.pop() if len(scales) == 1 else None


def _resizes(contract: Contract, driven: Upscale, name: str) -> tuple[Resize, ...]:
    return tuple(replace(r, semantics=driven.semantics) if r.driver == (name,) else r for r in contract.resizes)  # type: ignore[arg-type]


def _assumptions(contract: Contract, options: Options) -> list[str]:
    picture = next((i.name for i in contract.inputs if i.role == "image"), None)
    if picture is None or contract.image is None:
        return []
    notes: list[str] = []
    if options.colours is None and contract.image.colours != "GREY":
        notes.append(f"Input {picture!r} is taken for an RGB picture; --colours BGR says otherwise.")
    if options.range is None:
        notes.append("Its values are taken to go from 0 to 1; --range 0..255 says otherwise.")
    return notes


def _unused(wish: str, taken: list[str]) -> str:
    return wish if wish not in taken else next(f"{wish}_{k}" for k in range(2, 99) if f"{wish}_{k}" not in taken)


def _listed(words: list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _sizes(pictures: Pictures) -> str:
    return ", ".join(f"{name} {pictures.declared(name)}" for name in "nhw" if pictures.declared(name) is not None)


def _number(dim: str) -> int:
    return int(dim) if dim.isdigit() else 0


__all__ = ["Imported", "Options", "Output", "examine", "import_onnx"]
