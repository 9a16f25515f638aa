from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import pliant
from pliant.apps import upscale as home
from pliant.engines.base import load
from pliant.errors import ContractError, InputError, PictureError, PliantError, UsageError
from pliant.imaging import limits
from tests.support import fixed_model, gradient, save


@pytest.fixture
def face(tmp_path: Path) -> Path:
    return save(tmp_path, "face.png", gradient(20, 10))


def test_by_a_factor(face: Path, live: Path) -> None:
    result = pliant.upscale(face, factor=2.5, model=live)
    assert result.destination == face.with_name("face_x2.5.png")
    assert Image.open(result.destination).size == (50, 25)
    assert (result.source, result.source_size, result.size, result.factor) == (face, (20, 10), (50, 25), 2.5)
    assert (result.model, result.engine, result.notes) == ("live", "onnxruntime", ())
    assert result.seconds > 0


def test_the_default_factor_is_in_the_name(face: Path, live: Path) -> None:
    assert pliant.upscale(str(face), model=str(live)).destination.name == "face_x4.png"


def test_to_a_size(face: Path, live: Path) -> None:
    result = pliant.upscale(face, face.with_name("b.jpg"), size=(33, None), model=live)
    assert Image.open(result.destination).size == result.size == (33, 17)
    assert pliant.upscale(face, size=(40, 20), model=live).destination.name == "face_40x20.png"


def test_an_existing_result_is_replaced(face: Path, live: Path) -> None:
    target = save(face.parent, "b.png", gradient(3, 3))
    pliant.upscale(face, target, 2, model=live)
    assert Image.open(target).size == (40, 20)


def test_a_session_is_used_and_stays_open(face: Path, live: Path) -> None:
    with load(live) as session:
        for factor in (1.5, 2):
            pliant.upscale(face, face.with_name("b.png"), factor, model=session)
        assert session(np.zeros((1, 3, 2, 2), np.float32), 2).shape == (1, 3, 4, 4)


def test_a_model_without_a_contract_says_what_was_guessed(face: Path, tmp_path: Path) -> None:
    (tmp_path / "fixed.onnx").write_bytes(fixed_model(3))
    result = pliant.upscale(face, model=tmp_path / "fixed.onnx")
    assert result.size == (60, 30)
    assert result.notes[0] == "The file carries no contract; this one was inferred from the graph."
    np.testing.assert_array_equal(
        np.asarray(Image.open(result.destination)), gradient(20, 10).repeat(3, axis=0).repeat(3, axis=1)
    )


def test_orientation_profile_and_resolution_survive(tmp_path: Path, live: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    source = save(tmp_path, "a.jpg", gradient(20, 10), exif=exif, dpi=(300, 300))
    result = Image.open(pliant.upscale(source, factor=2, model=live).destination)
    assert (result.size, result.info["dpi"]) == ((20, 40), (300, 300))
    assert 0x0112 not in result.getexif()


def test_16_bit_grey_keeps_its_depth(tmp_path: Path, live: Path) -> None:
    deep = (np.arange(200, dtype=np.uint16).reshape(10, 20, 1) * 300).astype(np.uint16)
    result = Image.open(pliant.upscale(save(tmp_path, "a.png", deep), factor=1, model=live).destination)
    assert result.mode == "I;16"
    assert np.abs(np.asarray(result).astype(int) - deep[..., 0]).max() <= 1


def test_steps_are_reported(face: Path, live: Path) -> None:
    steps: list[str] = []
    pliant.upscale(face, factor=2, model=live, report=steps.append)
    assert steps == ["loading the model", "upscaling to 40 x 20", "writing face_x2.png"]


@pytest.mark.parametrize(
    ("kwargs", "error", "message"),
    [
        ({"factor": 0}, UsageError, "The factor is 0"),
        ({"factor": 1e9}, PictureError, "20,000,000,000 x 10,000,000,000"),
        ({"factor": 5}, ContractError, "up to 4 times"),
        ({"factor": 2, "size": (40, 20)}, UsageError, "both a factor and a size"),
        ({"format": "psd"}, UsageError, "not written"),
        ({"destination": "face.png"}, PictureError, "the source itself"),
        ({"destination": "nowhere/a.png"}, PictureError, "There is no folder"),
        ({"destination": "a.psd"}, PictureError, "not written"),
        ({"model": "nothing"}, UsageError, "no model named 'nothing'"),
        ({"model": "nothing.onnx"}, InputError, "no file nothing.onnx"),
        ({"engine": "warp"}, UsageError, "no engine named 'warp'"),
    ],
)
def test_refusals_come_before_any_work(
    face: Path, live: Path, monkeypatch: pytest.MonkeyPatch, kwargs: dict, error: type[PliantError], message: str
) -> None:
    monkeypatch.chdir(face.parent)
    monkeypatch.setattr(home, "Work", lambda *args: pytest.fail("worked before refusing"))
    with pytest.raises(error, match=message):
        pliant.upscale("face.png", **{"model": live, **kwargs})
    assert [path.name for path in face.parent.iterdir()] == ["face.png"]


def test_a_format_that_cannot_hold_the_result(tmp_path: Path, live: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "available_memory", lambda: 1 << 40)
    source = save(tmp_path, "a.png", gradient(1, 5000))
    with pytest.raises(PictureError, match="4 x 20,000, but WebP stores at most 16,383"):
        pliant.upscale(source, tmp_path / "a.webp", model=live)


def test_a_set5_picture(reference: Path, live: Path, tmp_path: Path) -> None:
    source = reference / "benchmarks/Set5/x3/img_001_LR.png"
    result = pliant.upscale(source, tmp_path / "a.png", 3, model=live)
    original = np.asarray(Image.open(reference / "benchmarks/Set5/x3/img_001_HR.png").convert("RGB"), np.float64)
    error = np.asarray(Image.open(result.destination), np.float64) - original
    assert 20 * np.log10(255 / np.sqrt((error[3:-3, 3:-3] ** 2).mean())) > 30


def test_the_tutorial_way(reference: Path, tmp_path: Path) -> None:
    """BGR from 0 to 255 and a truncating cast, as in the tutorial, give the picture that strangers published."""
    from dataclasses import replace

    from pliant.contract import Image as Convention

    session = load(reference / "tutorial/golden/jianyangshi__srcnn3.onnx")
    session.contract = replace(session.contract, image=Convention("BGR", maximum=255, rounding="truncate"))
    result = pliant.upscale(reference / "tutorial/face.png", tmp_path / "a.png", 3, model=session)
    ours = np.asarray(Image.open(result.destination)).astype(int)
    theirs = np.asarray(Image.open(reference / "tutorial/golden/jianyangshi__face_torch_3.png").convert("RGB"))
    assert np.abs(ours - theirs).max() <= 1
