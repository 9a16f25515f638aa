"""`pliant quantize`: from pictures to a file that is used."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper

import pliant
from pliant.apps.cli.main import main
from pliant.artifact import Artifact
from pliant.choosing import trials
from pliant.choosing.samples import scene
from pliant.contract import Contract, Dim, Image, Input, Output
from pliant.engines.base import load
from pliant.errors import LossError, UsageError
from tests.support import model, save

ANYTHING = -100.0  # dB that nothing ever gains


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLIANT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(trials, "SIDES", (32, 16))  # times are not looked at: short runs do
    monkeypatch.setattr(trials, "BUDGET", 0.0)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five pictures of odd sizes, one of them grey."""
    folder = tmp_path_factory.mktemp("pictures")
    for k, (height, width) in enumerate([(97, 83), (64, 101), (71, 71), (99, 60), (50, 77)]):
        values = scene((1, 1 if k == 1 else 3, height, width), np.random.default_rng(k))[0].transpose(1, 2, 0)
        save(folder, f"{k}.png", (values * 255).astype(np.uint8))
    return folder


@pytest.fixture(scope="module")
def made(srcnn: Path, pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The int8 form of a network with a live factor, made once for the tests that only look at it."""
    folder = tmp_path_factory.mktemp("form")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PLIANT_CACHE", str(folder / "cache"))
        return pliant.quantize(srcnn, pictures, folder / "form.onnx", max_loss=100).path


def losing() -> Artifact:
    """A network that int8 ruins: two channels a thousand times as large as the others, which cancel out."""
    weight = np.zeros((16, 3, 3, 3), np.float32)
    weight[[0, 1, 2], [0, 1, 2], 1, 1] = 1
    weight[[3, 4], 0, 1, 1] = 1000
    back = np.zeros((3, 16, 3, 3), np.float32)
    back[[0, 1, 2], [0, 1, 2], 1, 1] = 1
    back[:, 3, 1, 1], back[:, 4, 1, 1] = 1, -1
    nodes = [
        helper.make_node("Conv", ["x", "first"], ["v"], name="a", pads=[1, 1, 1, 1]),
        helper.make_node("Conv", ["v", "back"], ["y"], name="b", pads=[1, 1, 1, 1]),
    ]
    infos = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 3, "h", "w"]) for name in "xy"]
    graph = model(nodes, infos[:1], infos[1:], {"first": weight, "back": back})
    dims = (Dim("n"), Dim(size=3), Dim("h"), Dim("w"))
    contract = Contract(
        (Input("x", "float32", dims, "image"),),
        (Output("y", "float32", ("n", "3", "h", "w")),),
        image=Image(),
        scale=1,
    )
    return Artifact(graph.SerializeToString(), contract)


@pytest.mark.parametrize("engine", ["onnxruntime", "openvino"])
@pytest.mark.parametrize(("shape", "factor"), [((1, 3, 17, 23), 3.3), ((2, 3, 9, 31), 0.75), ((1, 3, 40, 7), 8.0)])
def test_it_runs_at_factors_and_sizes_it_was_not_calibrated_on(
    srcnn: Path, made: Path, engine: str, shape: tuple[int, ...], factor: float
) -> None:
    pytest.importorskip(engine)
    picture = scene(shape, np.random.default_rng(7)).astype(np.float32)
    with load(made, engine) as form, load(srcnn, "onnxruntime") as exact:
        got, right = form(picture, factor), exact(picture, factor)
    assert got.shape == right.shape == (*shape[:2], int(shape[2] * factor), int(shape[3] * factor))
    span = right.max() - right.min()
    assert 0 < np.abs(got - right).mean() < 0.02 * span


def test_the_contract_is_kept(srcnn: Path, made: Path) -> None:
    before, after = Artifact.load(srcnn), Artifact.load(made)
    assert before is not None
    assert after is not None
    *notes, last = after.contract.notes
    assert replace(after.contract, notes=tuple(notes)) == before.contract
    assert last.startswith("Computes in int8: ")
    assert before.fingerprint in last
    assert "calibrated on 4 pictures" in last
    assert after.fingerprint != before.fingerprint
    assert after.stamps == ()
    assert made.stat().st_size < srcnn.stat().st_size


def test_what_is_told(srcnn: Path, pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "form.onnx"
    command = ["quantize", str(srcnn), str(pictures), "-o", str(target), "--max-loss", "100"]
    assert main([*command, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    (row,) = told["losses"]  # every fourth picture is held out
    assert row["picture"] == "3.png"
    assert row["loss"] == pytest.approx(row["f32"] - row["int8"])
    assert told["loss"] == pytest.approx(row["loss"])
    assert row["agreement"] > 30
    assert (told["pictures"], told["layers"], told["layers_of"]) == (4, 2, 2)  # one of the three is too small
    assert {speed["engine"] for speed in told["speeds"]} >= {"onnxruntime"}
    assert main(command) == 0
    text = capsys.readouterr().out
    assert "3.png" in text
    assert f"{row['loss']:.2f} dB lost" in text
    assert "onnxruntime" in text


def test_the_form_is_found_by_its_precision(
    srcnn: Path, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UsageError, match="no int8 form"):
        pliant.load(srcnn, "onnxruntime", precision="int8")
    form = pliant.quantize(srcnn, pictures, tmp_path / "form.onnx", max_loss=100)
    assert form.remembered
    picture = scene((1, 3, 20, 20), np.random.default_rng(7)).astype(np.float32)
    with pliant.load(srcnn, "onnxruntime", precision="int8") as session, load(form.path) as direct:
        assert session.precision == "int8"
        assert session.fingerprint == direct.fingerprint
        np.testing.assert_array_equal(session(picture, 2.0), direct(picture, 2.0))
        assert session.notes[0].startswith("Computed in int8 on onnxruntime, which differs from f32 by at most")
    with pytest.raises(UsageError, match=r"in int8: It is off by .* grey levels; 0\.001 are allowed"):
        pliant.load(srcnn, "onnxruntime", precision="int8", max_error=0.001)


def test_too_large_a_loss_is_refused(pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, target = losing().save(tmp_path / "losing.onnx"), tmp_path / "form.onnx"
    assert main(["quantize", str(path), str(pictures), "-o", str(target)]) == 1
    assert "in the mean of the pictures tried (1)" in capsys.readouterr().err
    assert not target.exists()
    assert not (tmp_path / "cache").exists()
    assert main(["quantize", str(path), str(pictures), "-o", str(target), "--max-loss", "1000"]) == 0
    assert target.exists()


def test_layers_are_left_out_until_it_is_good_enough(srcnn: Path, pictures: Path, tmp_path: Path) -> None:
    with pytest.raises(LossError, match="even without the first and last"):
        pliant.quantize(srcnn, pictures, tmp_path / "form.onnx", max_loss=ANYTHING)


def test_few_pictures_are_tried_on_themselves(
    srcnn: Path, pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [str(pictures / name) for name in ("0.png", "1.png")]
    assert main(["quantize", str(srcnn), *given, "-o", str(tmp_path / "form.onnx"), "--max-loss", "100"]) == 0
    assert "with four pictures or more, some would be held out" in capsys.readouterr().err


@pytest.mark.parametrize("output", ["", "no/such/folder.onnx", "model.onnx"])
def test_places_that_make_no_sense(srcnn: Path, pictures: Path, tmp_path: Path, output: str) -> None:
    own = tmp_path / "model.onnx"
    own.write_bytes(srcnn.read_bytes())
    with pytest.raises(UsageError):
        pliant.quantize(own, pictures, tmp_path / output)
    assert own.read_bytes() == srcnn.read_bytes()


def test_no_pictures(srcnn: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UsageError, match="no picture to calibrate on"):
        pliant.quantize(srcnn, [], tmp_path / "form.onnx")
    assert main(["quantize", str(srcnn)]) == 2
    assert "Give pictures to calibrate on" in capsys.readouterr().err
