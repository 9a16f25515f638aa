"""`pliant export` as a person or a script meets it. Whole exports are few: each takes seconds."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from pliant.apps.cli.main import main
from pliant.apps.export import parse_argument
from pliant.architectures.srcnn import SRCNN
from tests.exporter.test_checkpoint import Attack

Capture = pytest.CaptureFixture[str]

NET = """
import torch
from torch import nn


class Double(nn.Module):
    def forward(self, x, gain):
        return x * gain


class Branch(nn.Module):
    def forward(self, x, factor):
        if factor > 2:
            return x * 2, x
        return x * factor


class Stride(nn.Module):
    def forward(self, x, step):
        return nn.functional.max_pool2d(x, 1, step)


class Vague(nn.Module):
    def forward(self, x, strength):
        return x * strength


def factory():
    return Double(), (torch.rand(1, 3, 8, 9), 2.0)


def number():
    return 42


def pair():
    return 1, 2


value = 3
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with good and bad sources."""
    weights = {f"generator.{name}": tensor for name, tensor in SRCNN(3, (2, 2), (3, 1, 3)).state_dict().items()}
    torch.save({"epoch": 3, "state_dict": weights}, tmp_path / "tiny.pth")
    torch.save({"foreign": torch.ones(1)}, tmp_path / "foreign.pth")
    torch.save(Attack(tmp_path / "attacked"), tmp_path / "full.pth")
    (tmp_path / "text.pth").write_text("hello")
    (tmp_path / "empty.pth").touch()
    (tmp_path / "some_net_of_a_test.py").write_text(NET)
    (tmp_path / "wrong.py").write_text("def factory(:\n")
    (tmp_path / "needy.py").write_text("import package_that_is_absent")
    (tmp_path / "folder").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


NET_FILE = "some_net_of_a_test.py"


def listing(folder: Path) -> list[str]:
    return sorted(str(p) for p in folder.rglob("*") if "__pycache__" not in p.parts)


def assert_refused(folder: Path, capsys: Capture, arguments: list[str], status: int = 2) -> str:
    """The message, which is one line unless a check failed; nothing was written."""
    before = listing(folder)
    assert main(["export", *arguments]) == status
    shown = capsys.readouterr()
    assert shown.out == ""
    assert listing(folder) == before
    assert status == 1 or len(shown.err.splitlines()) == 1
    assert shown.err.startswith("pliant: ")
    return shown.err


def test_weights_become_a_file_for_plain_onnxruntime(folder: Path, capsys: Capture) -> None:
    assert main(["export", "tiny.pth"]) == 0
    shown = capsys.readouterr()
    assert shown.out.startswith(
        "tiny.onnx: image[n, 3, h, w], factor -> output[n, 3, floor(factor*h), floor(factor*w)]"
    )
    assert shown.out.endswith("checked against PyTorch in ONNX Runtime.\n")
    assert shown.err == ""

    weights = torch.load("tiny.pth")["state_dict"]
    network = SRCNN(3, (2, 2), (3, 1, 3))
    network.load_state_dict({name.removeprefix("generator."): tensor for name, tensor in weights.items()})
    session = onnxruntime.InferenceSession("tiny.onnx")
    for height, width, factor in ((5, 7, 1.7), (11, 3, 2.0), (1, 1, 4.0)):
        picture = torch.rand(1, 3, height, width)
        (got,) = session.run(None, {"image": picture.numpy(), "factor": np.array(factor)})
        with torch.no_grad():
            expected = network(picture, factor).numpy()
        assert got.shape == expected.shape
        assert np.abs(got - expected).max() < 1e-5


def test_a_factory_in_a_file(folder: Path, capsys: Capture) -> None:
    arguments = [f"{NET_FILE}:factory", "-o", "folder/net.onnx", "--values", "gain=0..8", "--json"]
    assert main(["export", *arguments]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["path"] == "folder/net.onnx"
    assert shown["contract"]["inputs"][1]["values"] == {"minimum": 0, "maximum": 8}
    picture = np.random.default_rng(0).random((1, 3, 4, 5), np.float32)
    session = onnxruntime.InferenceSession("folder/net.onnx")
    (got,) = session.run(None, {"x": picture, "gain": np.array(0.5)})
    assert np.allclose(got, picture * 0.5)


def test_ways_that_end_in_different_things_are_a_failed_check(folder: Path, capsys: Capture) -> None:
    line = NET.splitlines().index("        if factor > 2:") + 1
    message = assert_refused(folder, capsys, [f"{NET_FILE}:Branch"], status=1)
    assert f"{NET_FILE}:{line}: if factor > 2:" in message
    assert "Reason: " in message
    assert "Fix: " in message


def test_a_refusal_says_how_to_go_on_and_that_works(folder: Path, capsys: Capture) -> None:
    message = assert_refused(folder, capsys, [f"{NET_FILE}:Stride", "--arg", "step=2"], status=1)
    assert f"-> {folder / NET_FILE}:" in message
    assert "--fixed step=2" in message
    assert main(["export", f"{NET_FILE}:Stride", "--fixed", "step=2"]) == 0
    shown = capsys.readouterr()
    assert "note: step is fixed at 2." in shown.err
    (entry,) = onnxruntime.InferenceSession("stride.onnx").get_inputs()
    assert entry.name == "x"


def test_explain(folder: Path, capsys: Capture) -> None:
    assert main(["export", f"{NET_FILE}:factory", "--explain"]) == 0
    sentence, _, *tree = capsys.readouterr().out.splitlines()
    line = NET.splitlines().index("        return x * gain") + 1
    assert sentence.startswith("factory.onnx: ")
    assert tree[0] == "gain: number, 2 in the example, range: any"
    assert tree[2].split() == ["├─", f"{NET_FILE}:{line}", "return", "x", "*", "gain"]
    assert "Mul: " in tree[3]

    assert main(["export", f"{NET_FILE}:factory", "--explain", "--json"]) == 0
    gain, *axes = json.loads(capsys.readouterr().out)["explanation"]
    assert [gain["name"], *(a["name"] for a in axes)] == ["gain", "n", "h", "w"]
    assert gain["stations"][0]["line"] == line


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("nothing.pth", "There is no file nothing.pth; give the path of a weights file"),
        ("nothing.safetensors", "There is no file nothing.safetensors"),
        ("text.pth", "text.pth is not a PyTorch weights file but a text"),
        ("empty.pth", "empty.pth is empty"),
        ("full.pth", "full.pth is a full pickle"),
        ("foreign.pth", "fit no architecture that pliant knows"),
        ("folder", "'folder' is neither a weights file"),
        ("absent_package.net:factory", "There is no Python module 'absent_package'"),
        ("absent.py:factory", "There is no file absent.py"),
        (
            f"{NET_FILE}:nothing",
            "has no class or function 'nothing'; it has: Double, Branch, Stride, Vague, factory, number",
        ),
        (f"{NET_FILE}:value", "has no class or function 'value'"),
        ("some_net_of_a_test:nothing", "some_net_of_a_test has no class or function 'nothing'"),
        (f"{NET_FILE}:number", "gave int; it must give a torch.nn.Module"),
        (f"{NET_FILE}:pair", "gave int; it must give a torch.nn.Module"),
        (f"{NET_FILE}:Vague", "An example for argument 'strength' is missing; give one: --arg strength=2.5"),
        ("needy.py:factory", "There is no Python module 'package_that_is_absent'"),
        (":factory", "':factory' lacks a module"),
        ("wrong.py:factory", "wrong.py is not valid Python"),
    ],
)
def test_bad_sources(folder: Path, capsys: Capture, source: str, message: str) -> None:
    assert message in assert_refused(folder, capsys, [source])


def test_a_full_pickle_is_not_run(folder: Path, capsys: Capture) -> None:
    assert_refused(folder, capsys, ["full.pth"])
    assert not (folder / "attacked").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["tiny.pth", "--arg", "factor=2"], "--arg is for package.module:factory"),
        (["tiny.pth", "--dims", "x=n 3 h w"], "dims names ['x'], which are no inputs"),
        (["tiny.pth", "--values", "gain=1..2"], "values names ['gain'], which are no inputs"),
        (["tiny.pth", "--dims", "image=n 3 h"], "3 words"),
        ([f"{NET_FILE}:Vague", "--arg", "nothing=2"], "forward has no argument 'nothing'; it has: x, strength"),
        ([f"{NET_FILE}:Vague", "--arg", "strength=much"], "'much' is no example"),
        ([f"{NET_FILE}:Vague", "--arg", "strength=tensor:"], "'tensor:' is no example"),
        (
            ["tiny.pth", "--fixed", "gain=2"],
            "fixed names 'gain', which is no live value; the live values are ['factor']",
        ),
        (["tiny.pth", "--fixed", "factor=2", "--values", "factor=1..2"], "'factor' is fixed, and values is about live"),
        ([f"{NET_FILE}:factory", "--fixed", "x=2"], "'x', which is no live value; the live values are ['gain']"),
        (["tiny.pth", "-o", "nothing/a.onnx"], "nothing/a.onnx cannot be written: its folder does not exist"),
        (["tiny.pth", "-o", "folder"], "folder cannot be written: it is a folder"),
    ],
)
def test_options_that_do_not_fit(folder: Path, capsys: Capture, arguments: list[str], message: str) -> None:
    assert message in assert_refused(folder, capsys, arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Missing argument 'SOURCE'"),
        (["--arg", "factor"], "'factor' is not NAME=VALUE"),
        (["--arg", "=2"], "'=2' is not NAME=VALUE"),
        (["--fixed", "factor"], "'factor' is not NAME=VALUE"),
        (["--dims", "x="], "'x=' is not NAME=VALUE"),
        (["--values", "factor=1"], "'1' is no range; give for example factor=1..8"),
        (["--values", "factor=a..b"], "'a..b' is no range"),
        (["--values", "factor=1..2..3"], "'1..2..3' is no range"),
    ],
)
def test_bad_usage(folder: Path, capsys: Capture, arguments: list[str], message: str) -> None:
    before = listing(folder)
    assert main(["export", *(["tiny.pth"] if arguments else []), *arguments]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert message in " ".join(shown.err.split())
    assert listing(folder) == before


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3", 3),
        ("2.5", 2.5),
        ("1e1", 10.0),
        ("tensor:2.5", torch.tensor(2.5)),
        ("tensor:3", torch.tensor(3)),
        ("tensor:1,1,3", torch.tensor([1, 1, 3])),
        ("tensor:1,2.5", torch.tensor([1.0, 2.5])),
    ],
)
def test_examples_as_text(text: str, expected: object) -> None:
    found = parse_argument(text)
    assert type(found) is type(expected)
    if isinstance(expected, torch.Tensor):
        assert found.dtype == expected.dtype
    assert torch.equal(torch.as_tensor(found), torch.as_tensor(expected))


def test_an_example_picture_as_text() -> None:
    picture = parse_argument("2x3x4x5")
    assert (picture.shape, picture.dtype) == ((2, 3, 4, 5), torch.float32)
