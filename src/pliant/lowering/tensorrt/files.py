"""The files of a build: engines, what is computed before each of them, and a description for who runs them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import onnx_ir as ir

from pliant.arguments import Array
from pliant.contract import Contract
from pliant.lowering.dialect import Dialect
from pliant.lowering.lower import read
from pliant.lowering.runtime import serialized
from pliant.lowering.tensorrt import api
from pliant.lowering.tensorrt.build import Built, build_engine
from pliant.lowering.tensorrt.plan import Plan, Planned, plan
from pliant.lowering.tensorrt.points import points
from pliant.lowering.tensorrt.session import by_content

FORMAT = 1


def build_files(
    model: bytes, contract: Contract, dialect: Dialect, capabilities: Sequence[str] = (), precision: str = "f32"
) -> dict[str, bytes]:
    """The files by suffix: ".json", ".engine", ".prologue.onnx" and, where the model decides, further ones.

    docs/tensorrt.md describes the JSON. All but the engines are the same bytes each time, and an engine is up to the
    order of a table that TensorRT writes. Raises LoweringError where the model cannot be built.
    """
    files = _Files(contract, tuple(capabilities))
    root = files.described(plan(read(model, dialect), contract, dialect, list(points(contract)), precision))
    about = {
        "format": FORMAT,
        "tensorrt": f"{api.package()} {api.tensorrt().__version__}",
        "precision": precision,
        "contract": json.loads(contract.to_json()),
        "plan": root,
    }
    text = json.dumps(about, indent=1, sort_keys=True, ensure_ascii=False)
    return {".json": text.encode() + b"\n", **files.made}


@dataclass
class _Files:
    contract: Contract
    capabilities: tuple[str, ...]
    made: dict[str, bytes] = field(default_factory=dict[str, bytes])

    def described(self, found: Plan) -> dict[str, Any]:
        """A network, or a question with its cases, as JSON; their files are kept."""
        if isinstance(found, Planned):
            return self._network(found)
        question = self._keep("question.onnx", serialized(found.undecided.question))
        cases = [
            {"answers": {name: _told(a) for name, a in found.answers[key].items()}, "then": self.described(case)}
            for key, case in found.cases.items()
        ]
        return {"question": question, "cases": cases}

    def _network(self, planned: Planned) -> dict[str, Any]:
        prologue, body = planned.network.prologue, planned.network.body
        about: dict[str, Any] = {}
        if prologue is not None:
            about["prologue"] = self._keep("prologue.onnx", serialized(prologue))
        if body is None:
            return about
        built = build_engine(body, planned.ranges, self.capabilities)
        about["engine"] = self._keep("engine", built.engine)
        about["compute_capabilities"] = list(built.capabilities)
        about["without"] = dict(built.without)
        about["inputs"] = [self._input(planned, built, str(v.name)) for v in body.graph.inputs]
        about["outputs"] = [{"name": v.name, "dtype": _dtype(v)} for v in body.graph.outputs]
        about["cuda_graph"] = not by_content(body)
        return about

    def _input(self, planned: Planned, built: Built, name: str) -> dict[str, Any]:
        given = planned.ranges[name]
        about: dict[str, Any] = {
            "name": name,
            "dtype": given.dtype,
            "from": "prologue" if name in planned.network.passed else "argument",
            "memory": "host" if name in built.sizes else "device",
            "shapes": dict(zip(("minimum", "likely", "maximum"), map(list, given.shapes), strict=True)),
        }
        if name in built.sizes and given.values is not None:
            about["values"] = dict(zip(("minimum", "likely", "maximum"), map(list, given.values), strict=True))
        return about

    def _keep(self, kind: str, content: bytes) -> str:
        count = sum(1 for suffix in self.made if suffix.endswith(f".{kind}")) + 1
        suffix = f".{kind}" if count == 1 else f".{count}.{kind}"
        self.made[suffix] = content
        return suffix


def _dtype(value: ir.Value) -> str:
    return value.dtype.numpy().name if value.dtype is not None else "unknown"


def _told(answer: Array) -> Mapping[str, Any]:
    return {"dtype": answer.dtype.name, "shape": list(answer.shape), "elements": answer.reshape(-1).tolist()}
