"""Which axes of a file can be live, and what its constants mean then: tried from the most to the least."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from math import gcd

import onnx_ir as ir

from pliant.importing.base import Axes, Key, Reading, called
from pliant.importing.factor import Upscale
from pliant.importing.readings import Search, TooMany
from pliant.importing.symbols import Length, Shape, is_derived, substituted, symbol, times

PROBE = {"n": 1, "h": 64, "w": 48}  # lengths of axes that are live in the file, for comparing constants with
LARGEST_COLOURS = 4  # an axis that is longer holds no colours
ENOUGH = 16  # readings that are compared
LARGEST = 64  # multiple that heights and widths are counted in


@dataclass(frozen=True)
class Wanted:
    """What is to be live: axes of the picture ("n", "h", "w"), and the factor."""

    axes: frozenset[str]
    factor: bool


@dataclass(frozen=True)
class Proven:
    """A reading that is the only one, or leaves every constant as it is."""

    wanted: Wanted
    axes: Axes
    reading: Reading


class Pictures:
    """The pictures a graph takes, and the lengths that the file declares for them.

    All inputs of rank 4 are taken to have the same batch, height and width if the file says nothing else.
    """

    def __init__(self, graph: ir.Graph) -> None:
        self.graph = graph
        self.values = [v for v in graph.inputs if v.shape is not None and len(v.shape) == 4 and _is_float(v)]

    @property
    def first(self) -> ir.Value:
        """The one whose axes name the lengths."""
        return self.values[0]

    def declared(self, name: str) -> int | None:
        """The length of an axis of the first picture; None if it is live in the file."""
        shape = self.first.shape
        assert shape is not None
        length = shape[{"n": 0, "h": 2, "w": 3}[name]]
        return length if isinstance(length, int) and length > 0 else None

    @property
    def live(self) -> frozenset[str]:
        """The axes that are live in the file."""
        return frozenset(name for name in PROBE if self.declared(name) is None)

    @property
    def sizes(self) -> dict[str, int]:
        """The lengths of the file, or those it is probed with."""
        return {name: self.declared(name) or probe for name, probe in PROBE.items()}

    @property
    def colours_last(self) -> bool:
        """Whether the picture is n, h, w, c."""
        shape = self.first.shape
        rows = shape[1] if shape is not None else 0
        return shape is not None and shape[3] in (1, 3) and isinstance(rows, int) and rows > LARGEST_COLOURS

    @property
    def differ(self) -> bool:
        """Whether two pictures have different batches, heights or widths."""
        shapes = [[str(n) for k, n in enumerate(v.shape or ()) if k != 1] for v in self.values]
        return any(shape != shapes[0] for shape in shapes)


def _is_float(value: ir.Value) -> bool:
    return value.dtype is not None and value.dtype.is_floating_point()


def wishes(pictures: Pictures, factor: bool) -> Iterator[Wanted]:
    """What may be live, from the most to the least."""
    everything = frozenset("nhw")
    choices = [everything, everything - {"n"}, frozenset("n"), frozenset[str]()]
    axes = list(dict.fromkeys(choice | pictures.live for choice in choices))
    for chosen in axes:
        for driven in (True, False) if factor else (False,):
            yield Wanted(chosen, driven)


def as_declared(graph: ir.Graph, pictures: Pictures) -> Reading | None:
    """The graph read with the axes live that are live in the file, or None if that is not possible."""
    return next(_search(graph, pictures, None, Wanted(pictures.live, False), 1).readings(), None)


def prove(graph: ir.Graph, pictures: Pictures, upscale: Upscale | None, wanted: Wanted) -> Proven | str:
    """The one reading with which `wanted` works at every size, or a sentence that says why there is none."""
    attempt = _Attempt(graph, pictures, upscale, wanted)
    try:
        found = attempt.unchanged() or attempt.changed()
    except TooMany:
        return "its constants can be understood in too many ways"
    if isinstance(found, str):
        return found
    return _standing(graph, pictures, wanted, found.reading) or found


@dataclass
class _Attempt:
    """The search for one choice of what is to be live.

    `problems` are pairs of how far a search came and why it failed there. `rounded` is a reading that leaves every
    constant as it is, but whose result is rounded down somewhere.
    """

    graph: ir.Graph
    pictures: Pictures
    upscale: Upscale | None
    wanted: Wanted
    problems: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])
    rounded: Proven | None = None

    def unchanged(self) -> Proven | None:
        """A reading that leaves every constant as it is."""
        search = replace(self._search(1), literal=True)
        found = next(search.readings(), None)
        if found is None:
            return None
        proven = Proven(self.wanted, search.axes, found)
        if not _is_rounded(self.graph, found) or search.axes.declared:
            return proven
        if not found.formulas and not _is_rounded(self.graph, found, ("min", "max")):
            self.rounded = proven
        return None

    def changed(self) -> Proven | str:
        """The one reading for the smallest multiples that there is one for, or a sentence. Raises TooMany."""
        unsettled: list[tuple[int, Reading]] = []  # of smaller multiples, which may turn out to be the same
        for multiple in _multiples(self.pictures, self.wanted):
            search = self._search(multiple)
            readings = [r for r in islice(search.readings(), ENOUGH) if not _is_rounded(self.graph, r)]
            if len(readings) > 1:
                self.problems.append((search.reached, _difference(readings[:2])))
                unsettled += [(multiple, r) for r in readings]
            elif readings:
                if any(not _agree(r, readings[0], multiple // m) for m, r in unsettled if multiple % m == 0):
                    break
                other = _another(self.graph, self.pictures, self.upscale, self.wanted, readings[0])
                return other or Proven(self.wanted, search.axes, readings[0])
            elif search.problem:
                self.problems.append((search.reached, search.problem))
        if self.rounded is not None:
            return self.rounded
        furthest = max(self.problems, key=lambda problem: problem[0], default=None)
        return furthest[1] if furthest else "the size of its result does not grow with the picture"

    def _search(self, multiple: int) -> Search:
        return _search(self.graph, self.pictures, self.upscale, self.wanted, multiple)


def _standing(graph: ir.Graph, pictures: Pictures, wanted: Wanted, found: Reading) -> str:
    """A sentence if a result would have one size whatever the picture's, where the file does not say that itself."""
    if not (wanted.axes - pictures.live) & {"h", "w"}:
        return ""
    for v in graph.outputs:
        shape = found.shape(v)
        if len(shape) == 4 and any(isinstance(n, int) and n > 1 for n in shape[2:]):
            return f"the result {v.name!r} would be {' x '.join(map(str, shape[2:]))} whatever the size of the picture"
    return ""


def _agree(a: Reading, b: Reading, step: int) -> bool:
    """Whether two readings are the same, where lengths are counted in `step` times larger multiples in the second."""
    return _formulas(a, {name: times(step, symbol(name)) for name in ("h", "w")}) == _formulas(b, {})


def _is_rounded(graph: ir.Graph, reading: Reading, rules: tuple[str, ...] = ("floor", "min", "max")) -> bool:
    """Whether a result of the graph has a length that is not simply a multiple of that of the picture, or plus some."""
    return any(is_derived(n, rules) for v in graph.outputs for n in reading.shape(v))


def _search(graph: ir.Graph, pictures: Pictures, upscale: Upscale | None, wanted: Wanted, multiple: int) -> Search:
    sizes = {name: length for name, length in pictures.sizes.items() if name in wanted.axes}
    multiples = {name: multiple for name in ("h", "w") if name in wanted.axes}
    counted = {name: n // multiples.get(name, 1) for name, n in sizes.items()}
    if wanted.factor and upscale is not None:
        scale = upscale.scale or 2.0
        counted |= {"H": int(pictures.sizes["h"] * scale), "W": int(pictures.sizes["w"] * scale)}
    starts = {v: _start(v, pictures, wanted, multiples) for v in graph.inputs}
    resized = upscale.nodes if wanted.factor and upscale is not None else ()
    return Search(graph, Axes(counted, multiples, {"h", "w"} <= pictures.live), starts, resized)


def _start(value: ir.Value, pictures: Pictures, wanted: Wanted, multiples: dict[str, int]) -> Shape:
    shape: Shape = []
    names = {0: "n", 2: "h", 3: "w"} if value in pictures.values else {}
    for k, length in enumerate(value.shape or ()):
        name = names.get(k)
        if name is not None and name in wanted.axes:
            shape.append(times(multiples.get(name, 1), symbol(name)))
        else:
            shape.append(length if isinstance(length, int) else symbol(str(length)))
    return shape


def _multiples(pictures: Pictures, wanted: Wanted) -> list[int]:
    """1, and what height and width of the file are multiples of, from small to large."""
    fixed = [pictures.declared(name) for name in ("h", "w")]
    if not {"h", "w"} <= wanted.axes or None in fixed:
        return [1]
    both = gcd(*(n for n in fixed if n is not None))
    return [m for m in range(1, min(both, LARGEST) + 1) if both % m == 0]


def _difference(found: Sequence[Reading]) -> str:
    """How two readings that both fit differ."""
    a, b = found
    for node, at in dict.fromkeys([*a.formulas, *b.formulas]):
        first, second = (r.formulas.get((node, at)) or r.numbers(node.inputs[at]) or [] for r in found)
        if first != second:
            one, two = (f"[{', '.join(map(a.axes.text, f))}]" for f in (first, second))
            return f"{called(node)} has a constant that can mean {one} as well as {two}"
    return "its constants can be understood in two ways"


def _another(graph: ir.Graph, pictures: Pictures, upscale: Upscale | None, wanted: Wanted, found: Reading) -> str:
    """A sentence if another reading fits where height and width are multiples of what they are in the file."""
    if not {"h", "w"} <= wanted.axes:
        return ""
    multiple = found.axes.multiples["h"]
    coarse = gcd(pictures.sizes["h"], pictures.sizes["w"])
    if coarse == multiple:
        return ""
    step: dict[str, Length] = {name: times(coarse // multiple, symbol(name)) for name in ("h", "w")}
    search = _search(graph, pictures, upscale, wanted, coarse)
    meant = _formulas(found, step)
    try:
        for other in islice(search.readings(), 8):
            if _formulas(other, {}) != meant:
                return _difference([other, _coarse(found, step, other.axes)])
    except TooMany:
        return "its constants can be understood in too many ways"
    return ""


def _formulas(reading: Reading, change: dict[str, Length]) -> dict[Key, list[Length]]:
    """The formulas of a reading in other units."""
    return {key: [substituted(n, change) for n in f] for key, f in reading.formulas.items()}


def _coarse(found: Reading, step: dict[str, Length], axes: Axes) -> Reading:
    made = found.copy()
    made.axes = axes
    made.formulas = {key: [substituted(n, step) for n in f] for key, f in found.formulas.items()}
    return made
