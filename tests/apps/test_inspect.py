from __future__ import annotations

import json
from pathlib import Path

import pytest
from onnx import TensorProto, helper

from pliant.apps.inspect import inspect
from pliant.errors import InputError
from tests.support import fixed_model, live_model, model


def test_a_model_with_a_contract(live: Path) -> None:
    found = inspect(live)
    assert found.contract == live_model(1, 4).contract
    assert (found.problem, found.size) == ("", live.stat().st_size)
    assert found.operators["Resize"] == 1
    assert next(iter(found.operators)) == "Cast"
    assert [str(route) for route in found.routes["factor"]] == [
        "factor -> Mul -> Floor -> Cast -> Slice (ends)",
        "factor -> Cast -> Unsqueeze -> Concat -> Resize (scales)",
    ]


def test_a_frozen_factor_is_seen(tmp_path: Path) -> None:
    (tmp_path / "m.onnx").write_bytes(fixed_model(3))
    found = inspect(tmp_path / "m.onnx")
    assert found.contract is not None
    assert found.contract.inferred
    assert [(resize.driver, found.fixed[resize.node]) for resize in found.resizes] == [((), (1, 1, 3, 3))]


def test_a_contract_that_cannot_be_inferred_is_explained(tmp_path: Path) -> None:
    info = helper.make_tensor_value_info
    made = model(
        [helper.make_node("Relu", ["x"], ["y"])],
        [info("x", TensorProto.FLOAT, None)],
        [info("y", TensorProto.FLOAT, None)],
        check=False,
    )
    (tmp_path / "m.onnx").write_bytes(made.SerializeToString())
    found = inspect(tmp_path / "m.onnx")
    assert found.contract is None
    assert "'x' declares no rank" in found.problem
    assert found.operators == {"Relu": 1}


def test_it_is_plain_data(live: Path) -> None:
    data = json.loads(json.dumps(inspect(live).as_dict()))
    assert data["routes"]["factor"][1] == {"nodes": ["Cast", "Unsqueeze", "Concat", "Resize"], "operand": "scales"}
    assert data["resizes"][0]["driver"] == ["factor"]
    assert data["contract"]["factor"] == "factor"


def test_what_is_no_model(tmp_path: Path) -> None:
    (tmp_path / "m.onnx").write_bytes(b"hello")
    with pytest.raises(InputError, match="not an ONNX model"):
        inspect(tmp_path / "m.onnx")
