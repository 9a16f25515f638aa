"""Comparing picture files and folders."""

from __future__ import annotations

import json
from math import inf
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from numpy.typing import NDArray
from PIL import Image

from pliant.apps.cli.commands.compare import COMMAND as COMPARE
from pliant.apps.cli.commands.metrics import COMMAND as METRICS
from pliant.apps.cli.main import main
from pliant.apps.compare import compare, metrics
from pliant.errors import PictureError, UsageError


def written(path: Path, seed: int = 1, size: tuple[int, int] = (20, 24), change: int = 0, mode: str = "RGB") -> Path:
    height, width = size
    channels = {"RGB": 3, "RGBA": 4}[mode]
    pixels: NDArray[Any] = np.random.default_rng(seed).integers(0, 200, (height, width, channels), np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels + np.uint8(change)).save(path)
    return path


def command(which: Any, *arguments: object) -> Result:
    return CliRunner().invoke(which, [str(a) for a in arguments])


def test_two_files(tmp_path: Path) -> None:
    one, other = written(tmp_path / "a.png"), written(tmp_path / "b.png", change=1)
    found = compare(one, other, colours="rgb", border=4)
    assert abs(found.quality.psnr - 20 * np.log10(255)) < 1e-9
    assert (found.size, found.border, found.notes) == ((24, 20), 4, ())
    assert compare(one, one).quality.psnr == inf


def test_transparency_is_said_to_be_left_out(tmp_path: Path) -> None:
    one = written(tmp_path / "a.png", mode="RGBA")
    assert compare(one, one).notes == ("Transparency was left out.",)


def test_other_sizes_are_refused(tmp_path: Path) -> None:
    one, other = written(tmp_path / "a.png"), written(tmp_path / "b.png", size=(20, 25))
    with pytest.raises(PictureError, match=r"24 x 20 pixels and .* has 25 x 20"):
        compare(one, other)


def test_pictures_of_the_difference(tmp_path: Path) -> None:
    one, other = written(tmp_path / "a.png"), written(tmp_path / "b.png", change=2)
    compare(one, other, colours="rgb", difference_to=tmp_path / "d.png", sheet_to=tmp_path / "s.png")
    assert (np.asarray(Image.open(tmp_path / "d.png")) == 16).all()
    assert Image.open(tmp_path / "s.png").width > 3 * 24


@pytest.mark.parametrize("place", ["a.png", "nowhere/d.png", "d.xyz"])
def test_places_that_cannot_be_written_are_refused_before_the_work(tmp_path: Path, place: str) -> None:
    one, other = written(tmp_path / "a.png"), written(tmp_path / "b.png", change=2)
    before = one.read_bytes()
    with pytest.raises(PictureError):
        compare(one, other, difference_to=tmp_path / "d.png", sheet_to=tmp_path / place)
    assert one.read_bytes() == before
    assert not (tmp_path / "d.png").exists()


def test_folders(tmp_path: Path) -> None:
    made, truth = tmp_path / "made", tmp_path / "truth"
    written(made / "woman_x4.png", 1, change=1)
    written(made / "deep" / "bird.png", 2)
    written(truth / "woman.bmp", 1)
    written(truth / "deep" / "bird.png", 2)
    written(made / "alone.png")
    written(made / "small.png")
    written(truth / "small.png", size=(9, 9))
    (made / "notes.txt").write_text("no picture")
    (made / "broken.png").write_bytes(b"no picture either")
    written(truth / "broken.png")
    told: list[str] = []

    found = metrics(made, truth, colours="rgb", report=lambda done, total, name: told.append(f"{done}/{total} {name}"))

    assert [(row.result.name, row.truth.name) for row in found.rows] == [
        ("bird.png", "bird.png"),
        ("woman_x4.png", "woman.bmp"),
    ]
    assert [name for name, _ in found.failed] == ["alone.png", "broken.png", "small.png"]
    assert found.psnr == inf
    assert told[0].startswith("0/5 alone.png")


def test_several_counterparts_are_refused(tmp_path: Path) -> None:
    written(tmp_path / "made" / "a.png")
    written(tmp_path / "truth" / "a.png")
    written(tmp_path / "truth" / "a.bmp")
    assert "several counterparts: a.bmp, a.png" in metrics(tmp_path / "made", tmp_path / "truth").failed[0][1]


def test_no_folder_and_no_picture(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="is no folder"):
        metrics(tmp_path / "nowhere", tmp_path / "empty")
    with pytest.raises(UsageError, match="There is no picture"):
        metrics(tmp_path / "empty", tmp_path / "empty")


def test_the_command_compare(tmp_path: Path) -> None:
    one, other = written(tmp_path / "a.png"), written(tmp_path / "b.png", change=1)
    shown = command(COMPARE, one, other, "--colours", "rgb", "--contact-sheet", tmp_path / "s.png")
    assert shown.exit_code == 0, shown.output
    assert "PSNR        48.131 dB" in shown.output
    assert "100.00% of values" in shown.output
    assert f"Written: {tmp_path / 's.png'}" in shown.output
    told = json.loads(command(COMPARE, one, one, "--json").output)
    assert told["psnr"] is None
    assert told["ssim"] == pytest.approx(1.0)


def test_the_command_metrics(tmp_path: Path) -> None:
    written(tmp_path / "made" / "a_x2.png", change=1)
    written(tmp_path / "truth" / "a.png")
    arguments = (tmp_path / "made", "--truth", tmp_path / "truth", "--colours", "rgb")
    assert "48.131" in command(METRICS, *arguments).output
    told = json.loads(command(METRICS, *arguments, "--json").output)
    assert told["mean_psnr"] == pytest.approx(20 * np.log10(255))
    assert told["failed"] == []


def test_the_exit_status(tmp_path: Path) -> None:
    one = written(tmp_path / "made" / "a.png")
    written(tmp_path / "truth" / "b.png")
    assert main(["metrics", str(tmp_path / "made"), "--truth", str(tmp_path / "truth")]) == 1
    assert main(["compare", str(one), str(tmp_path / "nowhere.png")]) == 2
    assert main(["compare", str(one), str(one)]) == 0
