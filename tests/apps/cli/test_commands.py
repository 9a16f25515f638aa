"""The commands as a person or a script meets them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pliant.apps.cli.main import main
from tests.support import fixed_model, gradient, save

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, live: Path) -> Path:
    """A working folder with good and bad pictures and models, which the commands are run in."""
    save(tmp_path, "face.png", gradient(20, 10))
    save(tmp_path, "one.png", gradient(1, 1))
    save(tmp_path, "tall.png", gradient(1, 5000))
    (tmp_path / "live.onnx").write_bytes(live.read_bytes())
    (tmp_path / "fixed.onnx").write_bytes(fixed_model())
    (tmp_path / "text.png").write_text("hello")
    (tmp_path / "empty.png").touch()
    noise = np.random.default_rng(0).integers(0, 255, (40, 40, 3), np.uint8)
    path = save(tmp_path, "half.png", noise)
    path.write_bytes(path.read_bytes()[:2000])
    (tmp_path / "folder").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_upscale_says_what_it_did(folder: Path, capsys: Capture) -> None:
    assert main(["upscale", "face.png", "-s", "2", "-m", "live.onnx"]) == 0
    shown = capsys.readouterr()
    assert shown.out.startswith("face_x2.png: 40 x 20 pixels from 20 x 10, in ")
    assert shown.out.endswith(" s (live, onnxruntime)\n")
    assert shown.err == ""
    assert Image.open(folder / "face_x2.png").size == (40, 20)


@pytest.mark.parametrize(
    ("arguments", "name", "size"),
    [
        (["face.png", "b.jpg", "-s", "2.5"], "b.jpg", (50, 25)),
        (["-i", "face.png", "-o", "b.webp", "--factor", "1"], "b.webp", (20, 10)),
        (["face.png", "--size", "30x20"], "face_30x20.png", (30, 20)),
        (["face.png", "--size", "x15"], "face_30x15.png", (30, 15)),
        (["face.png", "--size", "30X", "-f", "webp"], "face_30x15.webp", (30, 15)),
        (["face.png", "folder"], "folder/face_x4.png", (80, 40)),
        (["one.png"], "one_x4.png", (4, 4)),
        (["tall.png", "-s", "1.5"], "tall_x1.5.png", (1, 7500)),
    ],
)
def test_ways_to_upscale(folder: Path, capsys: Capture, arguments: list[str], name: str, size: tuple[int, int]) -> None:
    assert main(["upscale", *arguments, "-m", "live.onnx", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["destination"], tuple(shown["size"])) == (name, size)
    assert Image.open(folder / name).size == size


def test_notes_go_to_stderr(folder: Path, capsys: Capture) -> None:
    assert main(["upscale", "face.png", "-m", "fixed.onnx"]) == 0
    shown = capsys.readouterr()
    assert shown.err.splitlines()[0] == "note: The file carries no contract; this one was inferred from the graph."
    assert len(shown.out.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothing.png"], "There is no file nothing.png"),
        (["folder"], "There is no picture in folder"),
        (["text.png"], "text.png is not a PNG, JPEG, WebP"),
        (["half.png"], "half.png is damaged"),
        (["empty.png"], "empty.png is empty"),
        (["face.png", "-s", "0"], "The factor is 0"),
        (["face.png", "-s", "-1"], "The factor is -1"),
        (["face.png", "-s", "nan"], "The factor is nan"),
        (["face.png", "-s", "1e9"], "20,000,000,000 x 10,000,000,000"),
        (["face.png", "-s", "9"], "goes up to 4 times"),
        (["face.png", "-m", "text.png"], "text.png is not an ONNX model"),
        (["face.png", "-m", "folder/"], "no model named 'folder/'"),
        (["face.png", "-m", "nothing.onnx"], "no file nothing.onnx"),
        (["face.png", "face.png"], "the source itself"),
    ],
)
def test_bad_input_is_one_sentence_and_writes_nothing(
    folder: Path, capsys: Capture, arguments: list[str], message: str
) -> None:
    before = sorted(path.name for path in folder.rglob("*"))
    model = [] if "-m" in arguments else ["-m", "live.onnx"]
    assert main(["upscale", *arguments, *model]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert len(shown.err.splitlines()) == 1
    assert shown.err.startswith("pliant: ")
    assert message in shown.err
    assert sorted(path.name for path in folder.rglob("*")) == before


@pytest.mark.parametrize(
    "arguments", [[], ["face.png", "--size", "big"], ["face.png", "-s", "two"], ["face.png", "-i", "face.png"]]
)
def test_bad_usage_of_upscale(folder: Path, capsys: Capture, arguments: list[str]) -> None:
    assert main(["upscale", *arguments]) == 2
    assert "Error: " in capsys.readouterr().err


def test_inspect(folder: Path, capsys: Capture) -> None:
    assert main(["inspect", "live.onnx"]) == 0
    shown = capsys.readouterr().out
    assert "  factor  float64               upscale factor, 1 to 4\n" in shown
    assert "  factor -> Cast -> Unsqueeze -> Concat -> Resize (scales)\n" in shown
    assert "  resize: cubic, by scale, driven by factor\n" in shown


def test_inspect_shows_a_frozen_factor(folder: Path, capsys: Capture) -> None:
    assert main(["inspect", "fixed.onnx"]) == 0
    assert "nearest, by scale, fixed at [1, 1, 2, 2]" in capsys.readouterr().out


def test_inspect_as_json(folder: Path, capsys: Capture) -> None:
    assert main(["inspect", "live.onnx", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["graph"]["opsets"] == {"": 18}


@pytest.mark.parametrize("path", ["nothing.onnx", "folder", "text.png", "empty.png"])
def test_inspect_of_what_is_no_model(folder: Path, capsys: Capture, path: str) -> None:
    assert main(["inspect", path]) == 2
    shown = capsys.readouterr()
    assert (shown.out, len(shown.err.splitlines())) == ("", 1)


def test_engines(capsys: Capture) -> None:
    assert main(["engines"]) == 0
    assert "\nonnxruntime  version " in capsys.readouterr().out
    assert main(["engines", "--json"]) == 0
    found = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert found["onnxruntime"]["available"] is True
