from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import onnx
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import pliant
from pliant.artifact import Artifact
from pliant.explanation import Course, Explanation
from tests.idioms import picture

HERE = Path(__file__)


def half(value: Any) -> Any:
    return value / 2


class Net(nn.Module):
    def forward(self, x: Tensor, factor: Tensor, strength: float, mask: Tensor) -> Tensor:
        f = factor.item()
        y = F.interpolate(x, size=(int(x.shape[2] * half(f)), x.shape[3]), mode="bicubic")
        return y * strength + mask.mean()


@pytest.fixture(scope="module")
def artifact() -> Artifact:
    args = (picture(16, 20), torch.tensor(3.0), 1.5, torch.rand(3, 3))
    return pliant.export(Net(), args, values={"strength": (0, 8)})


@pytest.fixture(scope="module")
def explanation(artifact: Artifact) -> Explanation:
    assert artifact.explanation is not None
    return artifact.explanation


def course(explanation: Explanation, name: str) -> Course:
    (found,) = (c for c in explanation.courses if c.name == name)
    return found


def test_all_live_values_and_axes_are_explained(explanation: Explanation) -> None:
    assert [c.name for c in explanation.courses] == ["factor", "strength", "n", "h", "w"]


def test_a_value_is_followed_line_by_line_to_the_nodes_of_the_file(
    artifact: Artifact, explanation: Explanation
) -> None:
    factor = course(explanation, "factor")
    assert factor.argument == "tensor of rank 0, 3 in the example, range: any"
    assert factor.graph_input == "factor, float32 []"
    assert [(s.source, s.formulas) for s in factor.stations] == [
        ("f = factor.item()", ("factor",)),
        ("return value / 2", ("factor/2.0",)),
        (
            'y = F.interpolate(x, size=(int(x.shape[2] * half(f)), x.shape[3]), mode="bicubic")',
            ("floor((factor/2.0)*h)",),
        ),
    ]
    assert all(s.file == str(HERE) for s in factor.stations)
    assert all(HERE.read_text().splitlines()[s.line - 1].strip() == s.source for s in factor.stations)
    (landing,) = factor.stations[-1].landings
    assert landing.what == "resize bicubic, by size"
    in_file = {node.name: node.op_type for node in onnx.load_from_string(artifact.model).graph.node}
    assert {in_file[name] for name in landing.nodes} == set(landing.operators)
    assert factor.outputs == ("output axis 2 = floor((factor/2.0)*h)",)


def test_a_value_that_changes_no_size(explanation: Explanation) -> None:
    strength = course(explanation, "strength")
    assert strength.argument == "number, 1.5 in the example, range: 0 to 8"
    assert [landing.what for s in strength.stations for landing in s.landings] == ["Mul"]
    assert strength.outputs == ()


def test_axes(explanation: Explanation) -> None:
    height, batch = course(explanation, "h"), course(explanation, "n")
    assert height.graph_input == "x axis 2, float32"
    assert [s.formulas for s in height.stations] == [("floor((factor/2.0)*h)",)]
    assert batch.outputs == ("output axis 0 = n",)


def test_the_drawing(explanation: Explanation) -> None:
    drawing = str(explanation)
    assert "├─ graph input factor, float32 []" in drawing
    assert "│  └▶ resize bicubic, by size: " in drawing
    assert "└▶ output axis 2 = floor((factor/2.0)*h)" in drawing
    assert "└▶ the numbers in the result, not its size" in drawing
    assert json.loads(json.dumps(explanation.as_dict()))["courses"][0]["name"] == "factor"


def test_the_explanation_is_not_in_the_file(artifact: Artifact) -> None:
    again = Artifact.from_bytes(artifact.to_bytes())
    assert again == artifact
    assert again is not None
    assert again.explanation is None
