"""Work that is counted, not timed: imports, arrays, runs of the engine, bytes, operators.

Seconds differ from machine to machine; these figures are the same everywhere, and a change that makes pliant slower
changes one of them. Each failure says why the figure is what it is; raise one only with a reason as good.
"""

from __future__ import annotations

import subprocess
import sys
import tracemalloc
from collections import Counter
from collections.abc import Mapping, Sequence
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pliant.arguments import bind
from pliant.contract import Contract, Dim, Image, Input, Output
from pliant.engines.base import Session
from pliant.imaging.locality import Locality
from pliant.imaging.network import Network
from pliant.imaging.parts import Alone
from pliant.imaging.picture import Prepared, upscale_array
from pliant.imaging.sizes import plan
from pliant.imaging.strips import Strips
from pliant.imaging.upscaling import Limits, Work
from pliant.media import strips as strips_home
from pliant.media.formats import by_name
from pliant.media.picture import Picture
from pliant.media.pngstream import encode
from pliant.models import path
from tests.support import gradient, save

Array = np.ndarray
SCALE = 4

# of other packages, `pliant upscale` of one small picture imports these; PIL looks for defusedxml
WANTED = {"PIL", "click", "defusedxml", "isal", "numpy", "onnxruntime", "pliant"}
SLOW = {"asyncio", "multiprocessing", "ssl", "unittest"}  # of the standard library; each takes 10 ms or more
PLIANT = 110  # modules of pliant that are imported then


# ---------------------------------------------------------------- imports


def modules(code: str, *arguments: str) -> set[str]:
    """What an interpreter of its own has imported after some code, beyond what it begins with."""
    shown = [
        subprocess.run(
            [sys.executable, "-c", f"import sys\n{lines}\nprint('modules:', *sys.modules)", *arguments],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for lines in ("", code)
    ]
    before, after = (set(text.rsplit("modules:", 1)[1].split()) for text in shown)
    return after - before


def packages(names: set[str]) -> set[str]:
    """Those that are not of the standard library."""
    return {name.partition(".")[0] for name in names} - set(sys.stdlib_module_names)


def test_importing_pliant_imports_nothing_else() -> None:
    found = modules("import pliant")
    assert packages(found) == {"pliant"}, "public names are loaded when they are used, so that the import is free"
    assert len([name for name in found if name.startswith("pliant")]) <= 2


def test_upscaling_a_picture_imports_what_it_needs(tmp_path: Path) -> None:
    source = save(tmp_path, "a.png", gradient(12, 9))
    code = "from pliant.apps.cli.main import main\nassert main(['upscale', sys.argv[1], '-s', '2']) == 0"
    found = modules(code, str(source))
    assert packages(found) <= WANTED, "every package costs start-up time: load others where they are used"
    assert "onnxruntime" in packages(found)
    assert not {name.partition(".")[0] for name in found} & SLOW, "these take longer to import than a thumbnail"
    own = [name for name in found if name.startswith("pliant")]
    assert len(own) <= PLIANT, "a module takes about half a millisecond, most of it for its dataclasses"


# ---------------------------------------------------------------- arrays and runs


class Ready:
    """An engine that has its result already: whatever is allocated is pliant's own."""

    def __init__(self, result: Array | None = None) -> None:
        self.result, self.runs, self.given = result, 0, list[Array]()

    def run(self, feeds: Mapping[str, Array]) -> Sequence[Array]:
        self.runs += 1
        self.given.append(feeds["x"])
        if self.result is not None:
            return [self.result]
        return [feeds["x"].repeat(SCALE, axis=2).repeat(SCALE, axis=3)]

    def close(self) -> None: ...


def network(backend: Ready) -> Network:
    dims = (Dim("n"), Dim(size=3), Dim("h"), Dim("w"))
    contract = Contract((Input("x", "float32", dims, "image"),), (Output("y", "float32"),), image=Image(), scale=SCALE)
    return Network.of(Session(backend, contract, "none"))


@pytest.mark.parametrize(("dtype", "levels"), [("uint8", 1), ("uint16", 2)])
def test_bytes_for_each_pixel_of_a_result(dtype: str, levels: int) -> None:
    side = 1024
    backend = Ready(np.full((1, 3, side, side), 0.5, np.float32))
    model, pixels = network(backend), np.zeros((side // SCALE, side // SCALE, 3), dtype)
    made = plan(model, (side // SCALE, side // SCALE), SCALE)
    tracemalloc.start()
    result = upscale_array(model, pixels, made)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert result.nbytes == 3 * levels * side * side
    own = peak / side**2
    assert own < 3 * levels + 3, (
        f"{own:.1f} bytes: the result has {3 * levels}, what the network sees less than one, what is converted at "
        "a time is a block of a megabyte. A copy of the network's values would take 12 more."
    )


def test_arrays_reach_the_engine_as_they_are() -> None:
    backend = Ready()
    model, given = network(backend), np.zeros((1, 3, 64, 64), np.float32)
    assert bind(model.session.contract, (given,), {})["x"] is given
    model(given, SCALE)
    assert backend.given[-1] is given, "a contiguous array of the right type is never copied on its way to the engine"


def test_what_the_engine_returns_is_not_copied() -> None:
    result = np.zeros((1, 3, 64, 64), np.float32)
    assert network(Ready(result))(np.zeros((1, 3, 16, 16), np.float32), SCALE) is result


def test_a_result_in_one_piece_is_not_copied_on_its_way_to_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen, pixels = list[Array](), gradient(40, 30)
    monkeypatch.setattr(strips_home, "write_picture", lambda picture, *rest: seen.append(picture.pixels) or ())
    strips_home.write_strips(
        Picture(pixels, "PNG"), [pixels], (40, 30), tmp_path / "a.png", by_name("png"), lambda step: None
    )
    assert seen[0] is pixels


@pytest.mark.parametrize(("side", "across"), [(90, 1), (180, 2), (600, 7)])
def test_runs_of_the_engine_in_tiles(side: int, across: int) -> None:
    backend = Ready()
    model = network(backend)
    made, picture = plan(model, (side, side), SCALE), Prepared(gradient(side, side))
    locality = Locality(Alone(model), (5, 5), 1, 0.0)
    list(Strips(model, locality, made, picture, 90, lambda share: None))
    assert backend.runs == across**2, "one run for each tile of at most 90 pixels"
    assert len({values.shape for values in backend.given}) == 1, "engines are quickest with crops of one size"
    seen = max(values.shape[2] for values in backend.given)
    assert seen <= min(side, 90 + 5 * min(2, across - 1)), "a tile sees the radius around it and no more"


def test_a_small_picture_is_one_run() -> None:
    backend = Ready()
    model = network(backend)
    work = Work(model, plan(model, (300, 200), SCALE), Limits(), lambda share: None)
    list(work.strips(gradient(300, 200), kept=True))
    assert backend.runs == 1, "how a network may be cut is not found out for a picture that fits"


# ---------------------------------------------------------------- bytes


def test_bytes_of_a_png() -> None:
    rows, columns = np.mgrid[:512, :512].astype(np.float64)
    smooth = 128 + 90 * np.sin(rows / 60)[..., None] * np.cos(columns / 45)[..., None] * np.array([1, 0.7, 0.4])
    noisy = smooth + np.random.default_rng(0).normal(0, 1.5, smooth.shape)
    share = {
        name: len(encode(picture.clip(0, 255).astype(np.uint8))) / picture.size
        for name, picture in (("smooth", smooth), ("noisy", noisy), ("flat", np.full_like(smooth, 200)))
    }
    # measured 0.172, 0.457 and 0.0061; Pillow's default, twelve times as slow, has 0.135, 0.422 and 0.0024
    limits = {"smooth": 0.19, "noisy": 0.50, "flat": 0.008}
    assert all(share[name] < limit for name, limit in limits.items()), (
        f"of the raw bytes: {share}. Filters make differences to neighbours, and without them these would not pack."
    )


# ---------------------------------------------------------------- operators


def graph_of(name: str) -> Any:
    return pytest.importorskip("onnx").load(path(name)).graph


def multiply_adds(graph: Any) -> tuple[int, int]:
    """Of all convolutions: for each pixel of the source, and of the result.

    A convolution works at the size of the result if what it reads was resized, which is a matrix product or a function.
    """
    weights = {tensor.name: prod(tensor.dims) for tensor in graph.initializer}
    resized, found = set[str](), [0, 0]
    for node in graph.node:
        larger = node.op_type == "MatMul" or node.op_type.startswith("resize_") or resized & set(node.input)
        if larger:
            resized |= set(node.output)
        if node.op_type == "Conv":
            found[bool(larger)] += weights[node.input[1]]
    return found[0], found[1]


@pytest.mark.parametrize(
    ("name", "source", "result", "why"),
    [
        ("srcnn", 0, 20_000, "64 x 3 x 9 x 9 + 32 x 64 + 3 x 32 x 5 x 5, all after the resize: this is SRCNN 9-1-5"),
        ("anyscale", 58_560, 0, "all convolutions see the source; the result is made by resizes and products alone"),
    ],
)
def test_multiply_adds_of_the_shipped_models(name: str, source: int, result: int, why: str) -> None:
    assert multiply_adds(graph_of(name)) == (source, result), why


@pytest.mark.parametrize(
    ("name", "most"),
    [("srcnn", {"Conv": 3, "Relu": 2, "MatMul": 0}), ("anyscale", {"Conv": 8, "Relu": 4, "MatMul": 0, "Gemm": 2})],
)
def test_operators_of_the_shipped_models(name: str, most: dict[str, int]) -> None:
    graph = graph_of(name)
    count = Counter(node.op_type for node in graph.node)
    assert {kind: count[kind] for kind in most} == most, "those that take time; the rest computes sizes and weights"
    assert sum(count.values()) <= {"srcnn": 22, "anyscale": 108}[name], "each node takes some microseconds of a run"
