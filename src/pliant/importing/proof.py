"""Running the file that came and the one that was made of it, on ONNX Runtime, and comparing.

What the original says at its own size has to be what the new file says. At other sizes it is asked about a part of the
picture, where the network looks at a neighbourhood only; at other factors, with its constant exchanged.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor
from typing import Any

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from pliant.contract import Contract, Input
from pliant.engines.base import Options, find
from pliant.importing.reading import parsed
from pliant.importing.rules.resize import operands
from pliant.importing.symbols import Length, value
from pliant.inferred import infer
from pliant.lowering.builder import Builder, attribute
from pliant.lowering.runtime import serialized
from pliant.onnxfile import read

Array = NDArray[Any]
EQUAL = 1e-5  # largest difference at the size of the file, as a fraction of the range of the results
INSIDE = 1e-4  # the same within larger pictures, whose sums are made in another order
ALIGNED = 64  # a part of a larger picture begins at a multiple of this
OTHERS = ((40, 56), (24, 24), (57, 83), (16, 48))  # sizes that are tried
FACTORS = (2.0, 1.5, 2.7, 4.0)
SIDES = 48  # of the picture on which factors are tried


class Failed(Exception):  # noqa: N818 - the change is taken back; nothing is wrong with the file
    """The new file does not give what the original gives; the text says where."""


class Runner:
    """A model in ONNX Runtime. Raises PliantError if it cannot be loaded."""

    def __init__(self, model: bytes) -> None:
        self.contract: Contract = infer(read(model))
        self._backend = find("onnxruntime").open(model, self.contract, Options())

    def __call__(self, feeds: Mapping[str, Array]) -> list[Array]:
        """The results. Raises PliantError."""
        names = {i.name for i in self.contract.inputs}
        return list(self._backend.run({n: a for n, a in feeds.items() if n in names}))

    def close(self) -> None:
        """Free the model."""
        self._backend.close()


@dataclass
class Proof:
    """Two files of one model: what came, and what was made of it.

    `pictures` are the names of the pictures, `lengths` the shape of each result as formulas, `sizes` the lengths that
    the file has (or that it is probed with), `live` the axes that became live, `multiples` and `least` the bounds of
    height and width. `factor` is the input that drives the new file, `scale` what the original
    has, or is called with where its scales are the input `vector`, which the new file may keep. `bound` is the largest
    value of a picture.
    """

    original: Runner
    made: Runner
    pictures: Sequence[str]
    lengths: Sequence[Sequence[Length]]
    sizes: Mapping[str, int]
    live: frozenset[str]
    multiples: Mapping[str, int]
    least: int
    factor: str | None
    scale: float | None
    bound: float
    vector: str | None = None
    keeps_vector: bool = False

    def at_its_size(self) -> str:
        """Compare at the size, and with the factor, of the original. Raises Failed."""
        feeds = self._feeds(self.sizes)
        expected = self.original({**feeds, **self._scales(self.scale)})
        got = self.made({**feeds, **self._factor(self.scale)})
        worst = _worst(got, expected, EQUAL, "At its own size")
        shape = "x".join(str(n) for n in feeds[self.pictures[0]].shape)
        same = "bit for bit what the original gives" if worst == 0 else f"within {worst:.1e} of the original"
        return f"At {shape} the new file gives {same}."

    def batches(self) -> str:
        """Compare two pictures at once with each of them alone, as the original takes them. Raises Failed."""
        feeds = self._feeds({**self.sizes, "n": 2})
        got = self.made({**feeds, **self._factor(self.scale)})
        for k in range(2):
            alone = {n: a[k : k + 1] if n in self.pictures else a for n, a in feeds.items()}
            expected = self.original({**alone, **self._scales(self.scale)})
            _worst([g[k : k + 1] for g in got], expected, EQUAL, "With two pictures at once")
        return "Two pictures at once give what each of them gives alone."

    def other_sizes(self) -> str:
        """Compare the shapes of results at other sizes with the formulas. Raises Failed."""
        tried: list[str] = []
        for high, wide in OTHERS:
            sizes = {**self.sizes, "n": 1 if "n" in self.live else self.sizes["n"]}
            sizes |= {"h": self._fitting("h", high), "w": self._fitting("w", wide)}
            feeds = self._feeds(sizes)
            got = self.made({**feeds, **self._factor(self.scale)})
            for result, lengths in zip(got, self.lengths, strict=True):
                expected = [value(n, self._counted(sizes)) for n in lengths]
                if list(result.shape) != expected:
                    raise Failed(f"At {high}x{wide} the result is {list(result.shape)} and should be {expected}.")
            tried.append(f"{sizes['h']}x{sizes['w']}")
        return f"Results have the right size at {', '.join(dict.fromkeys(tried))}."

    def inside(self, radius: float | None) -> str:
        """Compare a part of a larger picture with what the original makes of the part alone. Raises Failed.

        `radius` is how far a result pixel looks; None if over the whole picture.
        """
        if radius is None:
            return (
                "A result pixel depends on the whole picture, so other sizes were compared by the size of the result."
            )
        steps = dict.fromkeys("hw", (self.scale or 1) * ALIGNED)
        if any(step != int(step) for step in steps.values()):
            return "The scale is no whole number at the places where parts could be compared."
        large = {**self.sizes, "h": self.sizes["h"] + ALIGNED, "w": self.sizes["w"] + ALIGNED}
        feeds = self._feeds(large)
        part = {n: _part(a, self.sizes) if n in self.pictures else a for n, a in feeds.items()}
        expected = self.original({**part, **self._scales(self.scale)})
        got = self.made({**feeds, **self._factor(self.scale)})
        compared = 0
        for small, whole, lengths in zip(expected, got, self.lengths, strict=True):
            compared += self._compare_inside(small, whole, lengths, radius)
        if not compared:
            return (
                "A result pixel looks as far as the picture of the file reaches, so other sizes were compared by the "
                "size of the result."
            )
        return f"Inside a picture of {large['h']}x{large['w']} it gives what the original gives for a part."

    def _compare_inside(self, small: Array, whole: Array, lengths: Sequence[Length], radius: float) -> int:
        """How many pixels could be compared."""
        if small.ndim != 4:
            return 0
        further = {name: n + ALIGNED for name, n in self.sizes.items() if name in ("h", "w")}
        sizes = self.sizes, {**self.sizes, **further}
        before, after = ([value(n, self._counted(s)) for n in lengths[2:]] for s in sizes)
        at = after[0] - before[0]  # how far a part moves in the result
        margin = ceil((radius + 1) * at / ALIGNED)
        if at != after[1] - before[1] or min(small.shape[2:]) <= 2 * margin:
            return 0
        high, wide = small.shape[2:]
        inner = whole[:, :, at : at + high, at : at + wide]
        cut = (..., slice(margin, high - margin), slice(margin, wide - margin))
        _worst([inner[cut]], [small[cut]], INSIDE, "Inside a larger picture")
        return int(small[cut].size)

    def factors(self, edited: Callable[[float], Runner]) -> str:
        """Compare other factors with the original whose scale is another constant. Raises Failed.

        `edited` makes a Runner of a factor.
        """
        told: list[str] = []
        sizes = {**self.sizes} | {name: self._fitting(name, SIDES) for name in self.live & {"h", "w"}}
        feeds, told = self._feeds(sizes), list[str]()
        for factor in FACTORS:
            got = self.made({**feeds, **self._factor(factor)})
            sides = [floor(sizes[name] * factor) for name in "hw"]
            if list(got[0].shape[2:]) != sides and not self.keeps_vector:
                raise Failed(f"At factor {factor:g} the result is {got[0].shape[3]}x{got[0].shape[2]}.")
            other = edited(factor)
            expected = other({**feeds, **self._scales(factor)})
            other.close()
            if expected[0].shape == got[0].shape:  # ONNX's float32 sizes are another one now and then
                _worst(got, expected, EQUAL, f"At factor {factor:g}")
                told.append(f"{factor:g}")
        return f"At the factors {', '.join(told)} it gives what the original gives with that scale."

    def _fitting(self, name: str, length: int) -> int:
        if name not in self.live:
            return self.sizes[name]
        multiple = self.multiples.get(name, 1)
        return max(-(-length // multiple), self.least) * multiple

    def _counted(self, sizes: Mapping[str, int]) -> dict[str, int]:
        counted = {name: n // self.multiples.get(name, 1) for name, n in sizes.items()}
        factor = self.scale or 1.0
        return counted | {"H": floor(sizes["h"] * factor), "W": floor(sizes["w"] * factor)}

    def _feeds(self, sizes: Mapping[str, int]) -> dict[str, Array]:
        random = np.random.default_rng(7)
        return {i.name: self._drawn(i, sizes, random) for i in self.original.contract.inputs}

    def _drawn(self, entry: Input, sizes: Mapping[str, int], random: np.random.Generator) -> Array:
        lengths = [d.size or 1 for d in entry.dims]
        if entry.name in self.pictures:
            lengths = [sizes["n"], lengths[1], sizes["h"], sizes["w"]]
            return (random.random(lengths) * self.bound).astype(entry.dtype)
        return np.ones(lengths, entry.dtype) if entry.role == "value" else random.random(lengths).astype(entry.dtype)

    def _factor(self, factor: float | None) -> dict[str, Array]:
        if self.keeps_vector:
            return self._scales(factor)
        return {self.factor: np.array(factor or 1.0)} if self.factor else {}

    def _scales(self, factor: float | None) -> dict[str, Array]:
        if self.vector is None:
            return {}
        return {self.vector: np.array([1, 1, factor or 1.0, factor or 1.0], np.float32)}


def _part(picture: Array, sizes: Mapping[str, int]) -> Array:
    return picture[:, :, ALIGNED : ALIGNED + sizes["h"], ALIGNED : ALIGNED + sizes["w"]].copy()


def _worst(got: Sequence[Array], expected: Sequence[Array], limit: float, where: str) -> float:
    """The largest difference as a fraction of the range. Raises Failed if it is more than `limit`."""
    worst = 0.0
    for a, b in zip(got, expected, strict=True):
        if a.shape != b.shape:
            raise Failed(f"{where} the result is {list(a.shape)}, and that of the original {list(b.shape)}.")
        span = max(float(np.abs(b.astype(np.float64)).max(initial=0.0)), 1e-6)
        worst = max(worst, float(np.abs(a.astype(np.float64) - b).max(initial=0.0)) / span)
    if not worst <= limit:
        raise Failed(f"{where} it differs from the original by {worst:.1e} of the range.")
    return worst


def exchanged(model: bytes, places: Sequence[int], factor: float) -> Runner:
    """The original with another constant scale in the resizes at `places` of its nodes, for pictures of any size."""
    made = parsed(model)
    nodes = list(made.graph)
    for node in (nodes[place] for place in places):
        scales, sizes = operands(node)
        old = sizes if sizes is not None else scales
        axes = [int(k) for k in attribute(node, "axes", range(4))]
        factors = [factor if k > 1 else 1.0 for k in axes]
        build = Builder(made.graph, node, "exchanged")
        if sizes is None:
            new = build.constant(np.array(factors, np.float32))
        else:
            sides = build("Gather", build("Shape", node.inputs[0]), build.constant(axes), axis=0)
            scaled = build("Mul", build("Cast", sides, to=11), build.constant(np.array(factors)))
            new = build("Cast", build("Floor", scaled), to=7)
        node.replace_input_with(list(node.inputs).index(old), new)
    _relax(made.graph)
    return Runner(serialized(made))


def _relax(graph: ir.Graph) -> None:
    """Let pictures of any size in, whatever the file declares."""
    for node in graph:
        for v in node.outputs:
            v.shape = None
    for v in graph.inputs:
        if v.shape is not None and len(v.shape) == 4:
            v.shape = ir.Shape([n if k == 1 else f"{v.name}_{k}" for k, n in enumerate(v.shape)])
