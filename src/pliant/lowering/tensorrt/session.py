"""A model on TensorRT: the networks it comes to, built when they are needed, with what is computed before each."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from threading import RLock
from typing import Any, Protocol

import onnx_ir as ir
from onnx_ir.traversal import RecursiveGraphIterator

from pliant.arguments import Array
from pliant.artifact import write_atomically
from pliant.contract import Contract
from pliant.lowering.dialect import Dialect
from pliant.lowering.lower import decided, read
from pliant.lowering.runtime import serialized
from pliant.lowering.tensorrt import api
from pliant.lowering.tensorrt.build import CURRENT, Built, build_engine
from pliant.lowering.tensorrt.plan import Choice, Plan, Planned, Range, key_of, plan
from pliant.lowering.tensorrt.points import Point, points

# what a network does depends on the content of a picture
_BY_CONTENT = frozenset({"If", "Loop", "Scan", "NonZero", "NonMaxSuppression"})


class Network(Protocol):
    """An engine that is loaded."""

    def __call__(self, feeds: Mapping[str, Array]) -> dict[str, Array]:
        """The outputs by name."""
        ...

    def compiled(self) -> bytes | None:
        """What was compiled for this GPU."""
        ...

    def close(self) -> None:
        """Free it."""
        ...


Start = Callable[[bytes, bool, bytes | None], Network]
"""Takes an engine, whether its work may be recorded, and what was compiled for this GPU; gives the network."""


class Loaded:
    """A model on TensorRT, see `Backend`. Safe to call from several threads."""

    def __init__(
        self,
        model: bytes,
        contract: Contract,
        dialect: Dialect,
        start: Start,
        cache: Path | None = None,
        precision: str = "f32",
    ) -> None:
        self._precision = precision
        self._contract, self._dialect, self._start, self._cache = contract, dialect, start, cache
        self._outputs = [output.name for output in contract.outputs]
        self._lock = RLock()
        self._plan: Plan = plan(read(model, dialect), contract, dialect, list(points(contract)), precision)
        self._ranges: dict[int, dict[str, Range]] = {}
        self._networks: dict[int, tuple[Network, Built]] = {}

    def run(self, feeds: Mapping[str, Array]) -> Sequence[Array]:
        """See `Backend.run`."""
        planned = self._planned(feeds)
        given = planned.feeds(feeds)
        if planned.network.body is not None:
            with self._lock:
                network, _ = self._network(planned, given)
                given = {**given, **network(given)}
        return [given[name] for name in self._outputs]

    def close(self) -> None:
        """See `Backend.close`."""
        for network, built in self._networks.values():
            if self._cache is not None and (compiled := network.compiled()) is not None:
                write_atomically(self._cache / f"{_fingerprint(built.engine)}.compiled", compiled)
            network.close()
        self._networks.clear()

    def _planned(self, feeds: Mapping[str, Array]) -> Planned:
        """The network for these sizes and values, planned for if it was met for the first time."""
        with self._lock:
            found = self._plan
            while isinstance(found, Choice):
                answers = found.question(feeds)
                key = key_of(answers)
                if key not in found.cases:
                    model = decided(found.undecided, answers)
                    here = [Point(dict(feeds), likely=True)]
                    found.cases[key] = plan(model, self._contract, self._dialect, here, self._precision)
                found = found.cases[key]
            return found

    def _network(self, planned: Planned, given: Mapping[str, Array]) -> tuple[Network, Built]:
        """The engine, built anew if sizes are outside of what it was built for."""
        ranges = self._ranges.setdefault(id(planned), dict(planned.ranges))
        there = self._networks.get(id(planned))
        sizes = there[1].sizes if there else frozenset(ranges)
        if not all(r.holds(given[name], name in sizes) for name, r in ranges.items()):
            ranges |= {name: r.with_(_only(r, given[name])) for name, r in ranges.items()}
            if there is not None:
                there[0].close()
            there = None
        if there is None:
            built = self._built(planned, ranges)
            capture = planned.network.body is not None and not by_content(planned.network.body)
            there = self._start(built.engine, capture, self._compiled(built)), built
            self._networks[id(planned)] = there
        return there

    def _built(self, planned: Planned, ranges: Mapping[str, Range]) -> Built:
        assert planned.network.body is not None
        if self._cache is None:
            return build_engine(planned.network.body, ranges, CURRENT)
        known = f"{api.package()} {api.tensorrt().__version__}"
        told = json.dumps({name: asdict(r) for name, r in ranges.items()}, sort_keys=True)
        key = _fingerprint(b"|".join((serialized(planned.network.body), told.encode(), known.encode())))
        file = self._cache / f"{key}.engine"
        if file.exists():
            sizes, _, engine = file.read_bytes().partition(b"\n")
            return Built(engine, frozenset(json.loads(sizes)), CURRENT, {})
        built = build_engine(planned.network.body, ranges, CURRENT)
        write_atomically(file, json.dumps(sorted(built.sizes)).encode() + b"\n" + built.engine)
        return built

    def _compiled(self, built: Built) -> bytes | None:
        file = self._cache / f"{_fingerprint(built.engine)}.compiled" if self._cache is not None else None
        return file.read_bytes() if file is not None and file.exists() else None


def by_content(body: ir.Model) -> bool:
    """Whether the work of a network, and not only its result, depends on the content of its inputs."""
    return any(node.op_type in _BY_CONTENT for node in RecursiveGraphIterator(body.graph))


def _only(given: Range, array: Array) -> Range:
    """The range of one array; its content counts where that of `given` does."""
    if given.values is None:
        return replace(given, shapes=(array.shape,) * 3)
    values: Any = tuple(int(n) for n in array.reshape(-1))
    return replace(given, shapes=(array.shape,) * 3, values=(values,) * 3)


def _fingerprint(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:32]
