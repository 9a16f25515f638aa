"""What a user of `pliant verify` sees, and the exit status."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pliant.apps.cli.main import main
from tests import networks
from tests.faults import plant, weight
from tests.support import fixed_model

FACTORY = f"{networks.__file__}:srcnn"


def test_a_pass(srcnn: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(srcnn), "--against", FACTORY, "--engine", "onnxruntime"]) == 0
    shown = capsys.readouterr()
    for word in ("onnxruntime", "passed", "max error", "PSNR", "off by more", "eager PyTorch", "Stamped into"):
        assert word in shown.out
    assert shown.err == ""


def test_a_failure_names_the_node_in_words_json_and_page(
    srcnn: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy, page = tmp_path / "copy.onnx", tmp_path / "report.html"
    name = plant(srcnn, copy, weight("module.conv2.weight", 2.0))
    arguments = ["verify", str(copy), "--against", FACTORY, "--engine", "onnxruntime", "--html", str(page)]
    assert main(arguments) == 1
    shown = capsys.readouterr().out
    assert f"node {name!r}, Conv" in shown
    assert "module.conv2.weight" in shown
    assert "(srcnn.py:" in shown
    assert name in page.read_text()
    assert "data:image/png;base64," in page.read_text()
    assert main([*arguments[:-2], "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["passed"] is False
    assert told["engines"][0]["status"] == "failed"
    assert told["engines"][0]["first_departure"]["node"] == name
    assert told["engines"][0]["failures"][0]["case"]


def test_json_of_a_pass(srcnn: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(srcnn), "--against", FACTORY, "--engine", "onnxruntime", "--no-stamp", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    (row,) = told["engines"]
    assert told["yardstick"] == "pytorch"
    assert told["stamped"] == []
    for key in ("max_error", "mean_error", "psnr_db", "off_by_one", "off_by_more", "seconds", "version"):
        assert key in row


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["missing.onnx"], "There is no file missing.onnx"),
        (["{text}"], "is not an ONNX model"),
        (["{model}", "--engine", "abacus"], "There is no engine named 'abacus'"),
        (["{model}", "--precision", "f8"], "There is no precision 'f8'"),
        (["{model}", "--against", "nothing.py:make"], "There is no file nothing.py"),
        (["{model}", "--against", "nothing"], "neither a weights file"),
        (["{model}", "--against", "nothing.pth"], "There is no file nothing.pth"),
        (["{model}", "--fixed", "step"], "is not NAME=VALUE"),
        (["{model}", "--html", "nowhere/report.html"], "cannot be written"),
        (["{model}", "--tolerance", "0"], "Invalid value for '--tolerance'"),
    ],
)
def test_bad_usage_and_input_have_status_2(
    arguments: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "text.onnx").write_text("no model")
    (tmp_path / "model.onnx").write_bytes(fixed_model())
    filled = [a.format(text=tmp_path / "text.onnx", model=tmp_path / "model.onnx") for a in arguments]
    assert main(["verify", *filled]) == 2
    shown = capsys.readouterr()
    assert message in shown.err
    assert shown.out == ""


def test_upscaling_on_an_engine_without_a_stamp_says_so_in_one_line(
    live: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("openvino", reason="the extra is installed in CI")
    from tests.support import gradient, save

    source = save(tmp_path, "a.png", gradient(6, 5))
    assert main(["upscale", str(source), "-m", str(live), "-s", "2", "--engine", "openvino"]) == 0
    lines = capsys.readouterr().err.splitlines()
    assert len([line for line in lines if line.startswith("warning: ") and "pliant verify" in line]) == 1
