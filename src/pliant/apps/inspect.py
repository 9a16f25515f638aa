"""What is in an ONNX file: its contract, its graph, and where its live values go. No engine is needed."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pliant.artifact import Artifact, read_model
from pliant.contract import Contract, Resize
from pliant.dataflow import Route, inline, is_resize, resize_name, resizes, routes
from pliant.errors import ContractError
from pliant.graph import Graph
from pliant.inferred import infer
from pliant.onnxfile import read


@dataclass(frozen=True)
class Inspection:
    """The content of one file.

    `contract` is None if there is none and none can be inferred; `problem` says why. `routes` has, for each
    live value, its ways to the picture; none means that it changes nothing. `fixed` has the constant scales or
    sizes of the resizes that nothing drives, by node.
    """

    file: Path
    size: int
    contract: Contract | None
    problem: str
    stamps: tuple[dict[str, Any], ...]
    graph: Graph
    resizes: tuple[Resize, ...]
    routes: dict[str, list[Route]]
    fixed: dict[str, tuple[float, ...]]

    @property
    def operators(self) -> dict[str, int]:
        """How often each operator occurs, the most frequent first; inside functions and branches too."""
        names = (f"{node.domain}::{node.op}" if node.domain else node.op for node in self.graph.all_nodes())
        return dict(sorted(Counter(names).items(), key=lambda item: (-item[1], item[0])))

    def as_dict(self) -> dict[str, Any]:
        """The same as plain data for JSON."""
        return {
            "file": str(self.file),
            "bytes": self.size,
            "contract": asdict(self.contract) if self.contract else None,
            "problem": self.problem or None,
            "stamps": list(self.stamps),
            "graph": {
                "producer": self.graph.producer,
                "ir_version": self.graph.ir_version,
                "opsets": self.graph.opsets,
                "parameters": self.graph.parameters,
                "operators": self.operators,
                "functions": [f"{domain}::{name}" for domain, name in self.graph.functions],
            },
            "resizes": [{**asdict(resize), "fixed": self.fixed.get(resize.node)} for resize in self.resizes],
            "routes": {
                name: [{"nodes": [node.op for node in route.nodes], "operand": route.operand} for route in found]
                for name, found in self.routes.items()
            },
        }


def inspect(path: str | os.PathLike[str]) -> Inspection:
    """Read an ONNX file. Raises InputError if it is missing, no ONNX model, or has a damaged contract."""
    data = read_model(path)
    artifact = Artifact.from_bytes(data, str(path))
    graph = read(data, str(path))
    contract, problem = (artifact.contract, "") if artifact else _inferred(graph)
    inputs = contract.inputs if contract else ()
    values = [i.name for i in inputs if i.role == "value"]
    pictures = [i.name for i in inputs if i.role != "value"]
    body = inline(graph)
    return Inspection(
        file=Path(path),
        size=len(data),
        contract=contract,
        problem=problem,
        stamps=artifact.stamps if artifact else (),
        graph=graph,
        resizes=resizes(graph, values) or (contract.resizes if contract else ()),
        routes={name: routes(body, name, pictures) for name in values},
        fixed=_fixed(graph),
    )


def _inferred(graph: Graph) -> tuple[Contract | None, str]:
    try:
        return infer(graph), ""
    except ContractError as error:
        return None, str(error)


def _fixed(graph: Graph) -> dict[str, tuple[float, ...]]:
    body = inline(graph, whole=is_resize)
    found: dict[str, tuple[float, ...]] = {}
    for node in body.nodes:
        if is_resize(node):
            constants = (body.constant(name) for name in node.inputs[1:] if name)
            # the region of interest, usually empty, comes first
            values = [constant.values for constant in constants if constant is not None and constant.values]
            if values:
                found[resize_name(node)] = values[-1]
    return found
