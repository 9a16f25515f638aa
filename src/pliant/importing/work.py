"""One file on its way: what is tried, in which order, and what is said about it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

import onnx_ir as ir

from pliant.artifact import Artifact
from pliant.contract import Contract
from pliant.errors import InputError, PliantError
from pliant.importing import contracts, rewrite, told
from pliant.importing.factor import NO_RESIZE, Upscale, drive, upscale
from pliant.importing.locality import radius, suspicious
from pliant.importing.options import Options
from pliant.importing.plan import Pictures, Proven, Wanted, as_declared, prove, wishes
from pliant.importing.proof import Failed, Proof, Runner, exchanged
from pliant.importing.reading import Original, parsed
from pliant.lowering.runtime import serialized
from pliant.onnxfile import read as read_graph

STAYS = "The scale stays fixed"
_USUAL = 2.0  # a factor to compare at where the file has none


@dataclass
class Work:
    """What is known about one file so far; the lists hold sentences."""

    original: Original
    options: Options
    say: Callable[[str], None]
    live: list[str] = field(default_factory=list[str])
    fixed: list[str] = field(default_factory=list[str])
    checks: list[str] = field(default_factory=list[str])
    notes: list[str] = field(default_factory=list[str])

    def run(self) -> Artifact:
        """The file with as much live as can be proven, and a contract."""
        runner = self._loaded()
        try:
            made, contract = self._read(runner)
        finally:
            runner.close()
        contract = contracts.coloured(contract, self.options, str(self.original.path))
        self.notes = [*contracts.assumptions(contract, self.options), *self.notes]
        sentences = (*self.live, *self.fixed, *self.notes)
        return Artifact(made, contracts.signed(contract, self.original.path.name, sentences))

    def _loaded(self) -> Runner:
        try:
            return Runner(self.original.model)
        except PliantError as error:
            raise InputError(f"{self.original.path} does not run: {error}") from error

    def _read(self, runner: Runner) -> tuple[bytes, Contract]:
        model = parsed(self.original.model)
        pictures = Pictures(model.graph)
        reason = ""
        if not pictures.values:
            reason = "no input is a picture: none is of rank 4 with float elements"
        elif pictures.colours_last:
            reason = "it has colours in the last axis, and pliant takes n, c, h, w"
        elif pictures.differ:
            reason = "it takes several pictures of different sizes"
        elif self.options.keep_fixed:
            reason = "--keep-fixed asks for that"
        else:
            self.say("understanding its constants")
            made = self._most_live(model, pictures, runner)
            if made is not None:
                return made
        if reason:
            self.fixed.append(f"Everything stays as it is: {reason}.")
        return self.original.model, contracts.unchanged(self.original.model)

    def _most_live(self, model: ir.Model, pictures: Pictures, runner: Runner) -> tuple[bytes, Contract] | None:
        found = located(model.graph, pictures)
        driven = None if isinstance(found, str) else found
        if isinstance(found, str):
            self.fixed.append(f"{STAYS}. {found}")
        for wanted in wishes(pictures, driven is not None):
            proven = prove(model.graph, pictures, driven, wanted)
            problem = proven if isinstance(proven, str) else _global(model, pictures, proven)
            if isinstance(proven, str) or problem:
                self._refused(wanted, pictures, problem)
                continue
            try:
                return self._made(wanted, runner)
            except (Failed, PliantError) as error:
                self._refused(wanted, pictures, str(error).rstrip("."))
        return None

    def _refused(self, wanted: Wanted, pictures: Pictures, problem: str) -> None:
        """Remember why the most that was asked for is not possible."""
        new = wanted.axes - pictures.live
        if wanted.factor:
            what, problem = STAYS, re.sub(r"\b[HW]\b", lambda found: f"floor(factor*{found[0].lower()})", problem)
        elif not new:
            return
        else:
            what = "Height and width stay fixed" if "h" in new else "The batch stays fixed"
        if not any(what in sentence for sentence in self.fixed):
            self.fixed.append(f"{what}: {problem}.")

    def _made(self, wanted: Wanted, runner: Runner) -> tuple[bytes, Contract]:
        """Write what was proven into a fresh copy, and try it. Raises Failed or PliantError."""
        model = parsed(self.original.model)
        pictures, before = Pictures(model.graph), Pictures(parsed(self.original.model).graph)
        found = located(model.graph, pictures)
        driven = found if isinstance(found, Upscale) and wanted.factor else None
        proven = prove(model.graph, pictures, driven, wanted)
        assert isinstance(proven, Proven)  # the same graph, read again
        reading = proven.reading
        outputs = [reading.shape(v) for v in model.graph.outputs]
        reach = radius(model.graph, reading, pictures.values)
        places = [list(model.graph).index(n) for n in driven.nodes] if driven is not None else []
        name = self._rewritten(model, pictures, proven, driven)
        contracts.declare(model.graph, pictures, proven, outputs, name)
        made = serialized(model)
        proof = Proof(
            original=runner,
            made=Runner(made),
            pictures=[str(v.name) for v in pictures.values],
            lengths=outputs,
            sizes=before.sizes,
            live=wanted.axes,
            multiples=proven.axes.multiples,
            least=reading.least,
            factor=name if driven is not None and not self._kept(driven) else None,
            scale=(driven.scale or _USUAL) if driven is not None else None,
            bound=self.options.range[1] if self.options.range else 1.0,
            vector=_vector(driven),
            keeps_vector=driven is not None and self._kept(driven),
        )
        checks = self._compared(proof, before, driven, places, reach)
        self.checks = checks
        self.live += told.live(proven, before, driven, None if driven is None or self._kept(driven) else name)
        self.notes += told.notes(proven, before, driven)
        self.notes += told.misnamed(read_graph(self.original.model), before, proven, outputs, name)
        contract = contracts.described(made, proven, outputs, driven, name)
        if contract.scale in (None, 1):  # then there is none to speak of
            self.fixed = [s for s in self.fixed if s != f"{STAYS}. {NO_RESIZE}"]
        return made, contract

    def _kept(self, driven: Upscale) -> bool:
        """Whether a vector of scales stays an input.

        Where pixels are blended, ONNX Runtime takes 1 for batch and channels alone, so that one number says it all.
        """
        return driven.driver is not None and (self.options.keep_inputs or driven.mode == "nearest")

    def _rewritten(self, model: ir.Model, pictures: Pictures, proven: Proven, driven: Upscale | None) -> str | None:
        """Write a reading into the graph; the name of the input that is the factor."""
        graph, name, resized = model.graph, None, None
        if driven is not None and self._kept(driven):
            name, resized = str(driven.driver.name) if driven.driver is not None else None, driven.nodes[-1].outputs[0]
        elif driven is not None:
            name = contracts.unused("factor", [str(v.name) for v in graph.inputs if v is not driven.driver])
            resized = drive(graph, driven, name)
        formulas = rewrite.Formulas(graph, pictures.first, resized, proven.axes.multiples)
        rewrite.apply(graph, proven.reading, formulas)
        return name

    def _compared(
        self, proof: Proof, before: Pictures, driven: Upscale | None, places: list[int], reach: float | None
    ) -> list[str]:
        self.say("comparing with the original")
        checks = [proof.at_its_size()]
        new = proof.live - before.live
        if "n" in new and before.sizes["n"] == 1:
            checks.append(proof.batches())
        if proof.live & {"h", "w"}:
            checks.append(proof.other_sizes())
        if new & {"h", "w"}:
            checks.append(proof.inside(reach))
        if driven is not None:

            def other(factor: float) -> Runner:
                return exchanged(self.original.model, places, factor)

            checks.append(proof.factors(other))
        proof.made.close()
        return checks


def located(graph: ir.Graph, pictures: Pictures) -> Upscale | str:
    """The resizes of the picture, or a sentence that says why a factor cannot drive any."""
    sides = None if pictures.live & {"h", "w"} else (pictures.sizes["h"], pictures.sizes["w"])
    return upscale(graph, pictures.values, sides, as_declared(graph, pictures))


def _global(model: ir.Model, pictures: Pictures, proven: Proven) -> str:
    """A sentence if a network that looks at the whole picture computes with a number that may be its size."""
    new = proven.wanted.axes - pictures.live
    if not new & {"h", "w"} or radius(model.graph, proven.reading, pictures.values) is not None:
        return ""
    return suspicious(model.graph, proven.reading, pictures.values)


def _vector(driven: Upscale | None) -> str | None:
    """The name of the input that is a vector of scales."""
    return str(driven.driver.name) if driven is not None and driven.driver is not None else None
