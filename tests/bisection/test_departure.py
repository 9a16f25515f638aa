"""The first node of a faulty copy that departs from the file it is a copy of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnx.inliner
import pytest

from pliant.artifact import Artifact
from pliant.bisection.declared import contradictions
from pliant.bisection.departure import departure
from pliant.verifier.report import Finding
from tests.faults import Fault, attribute, operator, plant, swapped_inputs, weight

IMAGE = np.random.default_rng(0).random((2, 3, 9, 7), np.float32)
FEEDS: dict[str, list[dict[str, Any]]] = {
    "srcnn": [{"image": IMAGE, "factor": np.array(1.7)}],
    "deciding": [{"x": IMAGE, "strength": np.array(s), "n": np.array(3)} for s in (2.0, 1.0)],
}


@pytest.fixture
def files(srcnn: Path, deciding: Path) -> dict[str, Path]:
    return {"srcnn": srcnn, "deciding": deciding}


def found(copy: Path, original: Path, model: str) -> Finding | None:
    """The finding for the first of the feeds that shows one."""
    artifact = Artifact.load(original)
    assert artifact is not None
    searched = (
        departure(copy.read_bytes(), artifact.model, feeds, artifact.contract, "the input") for feeds in FEEDS[model]
    )
    return next((finding for finding in searched if finding), None)


FAULTS: list[tuple[str, Fault, str, str]] = [
    ("srcnn", weight("module.conv2.weight", 2.0), "Conv", "'module.conv2.weight'"),
    ("srcnn", weight("module.conv1.bias", 0.5), "Conv", "'module.conv1.bias'"),
    ("srcnn", attribute("Conv", "pads", [1, 1, 3, 3], 2), "Conv", "'pads' is [1, 1, 3, 3]; [2, 2, 2, 2] was expected"),
    ("srcnn", attribute("Conv", "pads", [0, 0, 0, 0]), "Conv", "'pads'"),
    ("srcnn", attribute("Conv", "strides", [2, 2], 2), "Conv", "'strides'"),
    ("srcnn", attribute("Conv", "group", 2, 1), "Conv", "'group' is 2; 1 was expected"),
    ("srcnn", attribute("Transpose", "perm", [1, 2, 3, 0], 1), "Transpose", "'perm'"),
    ("srcnn", operator("Floor", "Ceil"), "Ceil", "It is Ceil; Floor was expected"),
    ("srcnn", operator("Relu", "Nothing"), "Nothing", "could not be computed"),
    ("srcnn", swapped_inputs("Sub"), "Sub", "Its input 1 is"),
    ("deciding", attribute("Softmax", "axis", 1), "Softmax", "'axis' is 1; -1 was expected"),
    ("deciding", attribute("Transpose", "perm", [0, 3, 1, 2]), "Transpose", "'perm'"),
    ("deciding", operator("Sigmoid", "Tanh"), "Tanh", "inside then branch of If"),
    ("deciding", operator("Tanh", "Sigmoid"), "Sigmoid", "inside else branch of If"),
    ("deciding", operator("Sin", "Cos"), "Cos", "inside iteration 1 of Loop"),
    ("deciding", weight("module.last.weight", 1.0), "Conv", "'module.last.weight'"),
]


@pytest.mark.parametrize(("model", "fault", "kind", "told"), FAULTS)
def test_a_planted_fault_is_found(
    model: str, fault: Fault, kind: str, told: str, tmp_path: Path, files: dict[str, Path]
) -> None:
    name = plant(files[model], tmp_path / "copy.onnx", fault)
    finding = found(tmp_path / "copy.onnx", files[model], model)
    assert finding is not None
    assert (finding.node, finding.operator) == (name, kind)
    assert told in str(finding)
    assert finding.source.startswith(("srcnn.py:", "networks.py:"))
    assert finding.case == "the input"


@pytest.mark.parametrize("model", ["srcnn", "deciding"])
def test_a_copy_without_a_fault_has_none(model: str, files: dict[str, Path]) -> None:
    assert found(files[model], files[model], model) is None
    assert contradictions(files[model].read_bytes()) == []


def test_a_fault_in_a_function_names_the_call(tmp_path: Path, files: dict[str, Path]) -> None:
    plant(files["srcnn"], tmp_path / "copy.onnx", operator("Floor", "Ceil"))
    finding = found(tmp_path / "copy.onnx", files["srcnn"], "srcnn")
    call = next(n for n in onnx.load(str(files["srcnn"])).graph.node if n.domain == "pliant")
    assert finding is not None
    assert finding.inside == (f"function pliant::resize_bicubic_scale called by node {call.name!r}",)


@pytest.mark.parametrize("fault", [attribute("Transpose", "perm", [1, 2, 3, 0], 1), swapped_inputs("Sub")])
def test_functions_written_out_by_another_tool(fault: Fault, tmp_path: Path, files: dict[str, Path]) -> None:
    copy = tmp_path / "copy.onnx"
    name = plant(files["srcnn"], copy, fault)
    onnx.save(onnx.inliner.inline_local_functions(onnx.load(str(copy))), str(copy))
    finding = found(copy, files["srcnn"], "srcnn")
    assert finding is not None
    assert finding.node.startswith(name)


def test_a_call_that_states_what_its_function_does_not_compute(tmp_path: Path, files: dict[str, Path]) -> None:
    copy = tmp_path / "copy.onnx"
    name = plant(files["srcnn"], copy, attribute("resize_bicubic_scale", "mode", "bilinear"))
    (finding,) = contradictions(copy.read_bytes())
    assert finding.node == name
    assert "'mode' is bilinear; the function that it calls computes bicubic" in str(finding)
