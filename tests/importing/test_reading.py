"""Files that are none, or cannot run: one sentence each, and exit status 2."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest

import pliant
from pliant.apps.cli.main import main
from tests.support import fixed_model, live_model, model

Change = Callable[[onnx.ModelProto], None]


def newer_ir(proto: onnx.ModelProto) -> None:
    proto.ir_version = 99


def newer_opset(proto: onnx.ModelProto) -> None:
    proto.opset_import[0].version = 99


def no_nodes(proto: onnx.ModelProto) -> None:
    del proto.graph.node[:]


def no_inputs(proto: onnx.ModelProto) -> None:
    del proto.graph.input[:]


def foreign(proto: onnx.ModelProto) -> None:
    proto.graph.node[0].domain, proto.graph.node[0].op_type = "Test", "DynamicTRTResize"
    proto.opset_import.add(domain="Test", version=1)


def unknown(proto: onnx.ModelProto) -> None:
    proto.graph.node[0].op_type = "Grow"


def dangling(proto: onnx.ModelProto) -> None:
    proto.graph.node[0].input[0] = "nothing"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (newer_ir, "IR version 99, and the package onnx here reads up to"),
        (newer_opset, "opset 99, and the package onnx here knows up to"),
        (no_nodes, "holds no operators"),
        (no_inputs, "has no inputs"),
        (foreign, "uses the operator Test::DynamicTRTResize, which neither ONNX"),
        (unknown, "uses the operator ai.onnx::Grow"),
        (dangling, "is no valid ONNX model: .*'nothing'"),
    ],
)
def test_a_model_that_cannot_run(tmp_path: Path, capsys: pytest.CaptureFixture[str], change: Change, told: str) -> None:
    proto = onnx.ModelProto.FromString(fixed_model(sides=(8, 8)))
    change(proto)
    refused(tmp_path, capsys, proto.SerializeToString(), told)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is not an ONNX model, or it is damaged"),
        (b"hello", "is not an ONNX model, or it is damaged"),
        (fixed_model()[:-40], "is not an ONNX model, or it is damaged"),
        (live_model().to_bytes(), "has a contract already"),
    ],
)
def test_no_model(tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes, told: str) -> None:
    refused(tmp_path, capsys, content, told)


def refused(folder: Path, capsys: pytest.CaptureFixture[str], content: bytes, told: str) -> None:
    (folder / "bad.onnx").write_bytes(content)
    assert main(["import", str(folder / "bad.onnx"), "-o", str(folder / "made.onnx")]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert re.search(told, shown.err), shown.err
    assert shown.err.count("\n") == 1
    assert not (folder / "made.onnx").exists()


def test_weights_that_are_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    proto = onnx.ModelProto.FromString(fixed_model(sides=(8, 8)))
    path = tmp_path / "bad.onnx"
    onnx.save(proto, path, save_as_external_data=True, location="weights.bin", size_threshold=1)
    (tmp_path / "weights.bin").unlink()
    refused(tmp_path, capsys, path.read_bytes(), r"lie in weights\.bin, which cannot be read")


def test_what_the_command_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "fixed.onnx"
    path.write_bytes(fixed_model(sides=(24, 24)))
    assert main(["import", str(path)]) == 0
    shown = capsys.readouterr()
    assert "The upscale factor is the input 'factor'" in shown.out
    assert f"{tmp_path / 'fixed.pliant.onnx'}: " in shown.out
    assert "note: Input 'input' is taken for an RGB picture; --colours BGR says otherwise." in shown.err
    assert main(["import", str(path), "--json", "--range", "0..255"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["contract"]["image"]["maximum"] == 255
    assert told["fixed"] == []


@pytest.mark.parametrize("bounds", ["3", "a..b", "5..1", "0..inf"])
def test_a_range_that_is_none(tmp_path: Path, capsys: pytest.CaptureFixture[str], bounds: str) -> None:
    path = tmp_path / "fixed.onnx"
    path.write_bytes(fixed_model())
    assert main(["import", str(path), "--range", bounds]) == 2
    assert "is not A..B" in capsys.readouterr().err


def test_the_file_that_is_read_is_never_replaced(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "fixed.onnx"
    path.write_bytes(fixed_model())
    assert main(["import", str(path), "-o", str(path)]) == 2
    assert "is the file that is read" in capsys.readouterr().err


def test_what_takes_no_picture_stays_as_it_is(tmp_path: Path) -> None:
    node = onnx.helper.make_node("Relu", ["x"], ["y"])
    values = [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [4, 5]) for name in "xy"]
    onnx.save(model([node], values[:1], values[1:]), tmp_path / "rank2.onnx")
    artifact = pliant.import_onnx(tmp_path / "rank2.onnx")
    assert artifact.contract.notes[0].startswith("Everything stays as it is: no input is a picture")
    assert artifact.contract.image is None
    assert np.dtype(artifact.contract.inputs[0].dtype) == np.float32
