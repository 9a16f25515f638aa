"""`pliant upscale` with a folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from pliant.apps.batch import find
from pliant.apps.batch.log import NAME
from pliant.apps.cli import folders
from pliant.apps.cli.main import main
from tests.support import gradient, save

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, live: Path) -> Path:
    """A working folder with the model live.onnx and the folder photos: a.png, b.jpg, sub/c.png and a text."""
    (tmp_path / "photos/sub").mkdir(parents=True)
    for name in ("a.png", "b.jpg", "sub/c.png"):
        save(tmp_path / "photos", name, gradient(20, 10))
    (tmp_path / "photos/text.txt").touch()
    (tmp_path / "live.onnx").write_bytes(live.read_bytes())
    monkeypatch.chdir(tmp_path)
    return tmp_path / "photos"


def upscale(*arguments: str) -> int:
    return main(["upscale", *arguments, "-s", "2", "-m", "live.onnx"])


def test_what_is_said(photos: Path, capsys: Capture) -> None:
    assert upscale("photos") == 0
    shown = capsys.readouterr()
    assert shown.out.startswith("photos_x2: 3 upscaled, 1 other file ignored, in ")
    assert shown.out.endswith(" per second) (live, onnxruntime)\n")
    assert shown.err == ""
    save(photos, "d.png", gradient(3, 3))
    (photos / "bad.png").write_text("no picture")
    assert upscale("photos") == 1
    shown = capsys.readouterr()
    assert shown.out.startswith("photos_x2: 1 upscaled, 3 up to date, 1 failed, 1 other file ignored, in ")
    assert shown.err == (
        "pliant: bad.png: photos/bad.png is not a PNG, JPEG, WebP, AVIF, BMP, GIF, HEIF or TIFF picture, or it is "
        "damaged.\n"
    )


def test_json(photos: Path, capsys: Capture) -> None:
    (photos / "bad.png").write_text("no picture")
    assert upscale("photos", "out", "--json") == 1
    shown = json.loads(capsys.readouterr().out)
    assert (shown["done"], shown["skipped"], shown["ignored"]) == (3, 0, 1)
    assert [failure["source"] for failure in shown["failed"]] == ["bad.png"]
    assert (shown["destination"], shown["log"]) == ("out", f"out/{NAME}")


@pytest.mark.parametrize(
    ("arguments", "results"),
    [
        (["photos", "--no-recursive"], ["a.png", "b.jpg"]),
        (["photos", "--pattern", "*.JPG"], ["b.jpg"]),
        (["photos", "--pattern", "*.jpg", "--pattern", "sub/*"], ["b.jpg", "sub/c.png"]),
        (["-i", "photos", "--workers", "1", "-f", "webp"], ["a.webp", "b.webp", "sub/c.webp"]),
        (["photos/*"], ["a.png", "b.jpg"]),
        (["photos/**/*.png"], ["a.png", "sub/c.png"]),
        (["photos", "--log", "log"], ["a.png", "b.jpg", "sub/c.png"]),
    ],
)
def test_ways_to_choose(photos: Path, arguments: list[str], results: list[str]) -> None:
    assert upscale(*arguments, "-o", "out") == 0
    found = sorted(p.relative_to("out").as_posix() for p in Path("out").rglob("*") if p.is_file())
    assert found == ([] if "--log" in arguments else [NAME]) + results
    assert all(Image.open(Path("out") / result).size == (40, 20) for result in results)


def test_resume_and_overwrite(photos: Path, capsys: Capture) -> None:
    assert upscale("photos", "--resume") == 2
    assert capsys.readouterr().err.startswith("pliant: There is nothing to resume")
    assert upscale("photos") == 0
    assert upscale("photos", "--resume") == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("photos_x2: 0 upscaled, 3 up to date, 1 other")
    assert upscale("photos", "--overwrite") == 0
    assert capsys.readouterr().out.startswith("photos_x2: 3 upscaled, 1 other")


@pytest.mark.parametrize(
    ("option", "message"),
    [
        (["--resume"], "--resume is for folders, but SOURCE is none"),
        (["--no-recursive"], "--recursive/--no-recursive is for folders"),
        (["--pattern", "*"], "--pattern is for folders"),
        (["--workers", "2"], "--workers is for folders"),
        (["--log", "x"], "--log is for folders"),
    ],
)
def test_options_for_folders_alone(photos: Path, capsys: Capture, option: list[str], message: str) -> None:
    assert upscale("photos/a.png", *option) == 2
    assert message in capsys.readouterr().err
    assert not (photos / "a_x2.png").exists()


def test_a_picture_with_brackets_in_its_name_is_one(photos: Path) -> None:
    save(photos, "a[1].png", gradient(3, 3))
    assert upscale("photos/a[1].png") == 0
    assert (photos / "a[1]_x2.png").exists()


@pytest.mark.parametrize("source", ["photos", "photos/", "photos/a.png", "photos/*.png", "no", "no*", "a[1].png", "."])
def test_both_halves_mean_the_same_by_a_folder(photos: Path, source: str) -> None:
    assert folders.is_many(source) is find.is_many(source)
