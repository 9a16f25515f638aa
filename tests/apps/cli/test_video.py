"""The command as a person or a script meets it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pliant.apps.cli.main import INTERRUPTED, main
from pliant.apps.frames import Work
from tests.support import gradient, save
from tests.videos import LIMITED, Clip, decoded, make

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, live: Path) -> Path:
    """A working folder with a small video, which the commands are run in."""
    times = tuple(range(0, 400, 40))
    make(tmp_path / "clip.mkv", Clip("libx264", "yuv420p", times=times, colours=(1, LIMITED, 1, 1), extras=False))
    (tmp_path / "live.onnx").write_bytes(live.read_bytes())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_it_says_what_it_did(folder: Path, capsys: Capture) -> None:
    assert main(["video", "clip.mkv", "-s", "2", "-m", "live.onnx"]) == 0
    shown = capsys.readouterr()
    assert shown.out.startswith("clip_x2.mkv: 96 x 64 pixels from 48 x 32, 10 frames, in ")
    assert shown.out.endswith(" s (h264, yuv420p; live, onnxruntime)\n")
    assert shown.err == ""
    assert decoded(folder / "clip_x2.mkv").shape == (10, 64, 96, 3)


def test_every_option(folder: Path, capsys: Capture) -> None:
    options = (
        "--size 65x -m live.onnx --engine onnxruntime --codec hevc --quality 30 --preset ultrafast --segment 4 --json"
    )
    assert main(["video", "clip.mkv", "out.mp4", *options.split()]) == 0
    shown = capsys.readouterr()
    result = json.loads(shown.out)
    assert (result["destination"], result["size"], result["codec"], result["frames"]) == (
        "out.mp4",
        [64, 42],
        "hevc",
        10,
    )
    assert shown.err.splitlines() == [f"note: {note}" for note in result["notes"]]
    assert "65 x 43" in result["notes"][0]


def test_an_interrupt_says_how_to_go_on(folder: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    original, count = Work.strips, [0]

    def interrupted(self: Work, *args: object, **kwargs: object) -> object:
        count[0] += 1
        if count[0] == 9:
            raise KeyboardInterrupt
        return original(self, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(Work, "strips", interrupted)
    command = ["video", "clip.mkv", "-s", "2", "-m", "live.onnx", "--segment", "2"]
    assert main(command) == INTERRUPTED
    assert "note: Whole segments are kept; the same command goes on after them." in capsys.readouterr().err
    assert main(command) == 0
    assert "10 frames, 6 of them from an earlier call, in" in capsys.readouterr().out.replace("8 of", "6 of")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Give the path of a video"),
        (["nothing.mkv"], "There is no file nothing.mkv"),
        (["clip.mkv", "clip.mkv"], "the source itself"),
        (["clip.mkv", "--codec", "divx"], "no video codec named 'divx'"),
        (["clip.mkv", "--quality", "-1"], "The quality is -1"),
        (["clip.mkv", "a.gif"], "ends in '.gif', which is not written"),
    ],
)
def test_bad_input_is_one_sentence_and_writes_nothing(
    folder: Path, capsys: Capture, arguments: list[str], message: str
) -> None:
    before = sorted(path.name for path in folder.rglob("*"))
    assert main(["video", *arguments, "-m", "live.onnx"]) == 2
    shown = capsys.readouterr()
    assert (shown.out, message in shown.err) == ("", True)
    assert sorted(path.name for path in folder.rglob("*")) == before


def test_upscale_points_to_video_and_video_to_upscale(folder: Path, capsys: Capture) -> None:
    assert main(["upscale", "clip.mkv", "-m", "live.onnx"]) == 2
    assert "pliant video clip.mkv" in capsys.readouterr().err
    save(folder, "face.png", gradient(8, 8))
    assert main(["video", "face.png", "-m", "live.onnx"]) == 2
    assert "use: pliant upscale face.png" in capsys.readouterr().err
