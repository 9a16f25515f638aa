"""--precision, --max-error and `pliant engines --why`, on engines of known speed and error."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pliant import upscale, upscale_folder
from pliant.apps.cli.main import main
from pliant.choosing import loading
from tests.choosing.fakes import Clock, Fake, install
from tests.support import gradient, save


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: Clock) -> Fake:
    """The only engine there is: twice as fast in bf16, off by two levels at one value of fifty."""
    monkeypatch.setenv("PLIANT_CACHE", str(tmp_path / "cache"))
    made = Fake("onnxruntime", clock, {"f32": 1.0, "bf16": 0.5}, off={"bf16": 2.0})
    install(monkeypatch, [made])
    monkeypatch.setattr(loading.record_of, "__kwdefaults__", {**loading.record_of.__kwdefaults__, "clock": clock})
    return made


def test_why_is_told(both: Fake, live: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["engines", "--why", str(live)]) == 0
    first = capsys.readouterr().out
    assert "chosen" in first
    assert "1,000 (x4), 1,000 (x2.5)" in first
    assert "onnxruntime in f32 is the only one that runs the model here (1,000 ms for a megapixel)." in first
    assert main(["engines", "--why", str(live)]) == 0
    assert capsys.readouterr().out == first
    assert len(both.opened) == 1
    assert main(["engines", "--why", str(live), "--again"]) == 0
    assert len(both.opened) == 2


def test_why_with_what_was_left_out(both: Fake, live: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["engines", "--why", str(live), "--max-error", "1"]) == 0
    told = capsys.readouterr().out
    assert "onnxruntime in bf16 was left out: It is off by up to 2 grey levels; 1 are allowed (--max-error)." in told
    assert "not accurate enough" in told
    assert len(both.opened) == 2


def test_why_as_json(both: Fake, live: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["engines", "--why", str(live), "--precision", "fast", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["chosen"]["precision"] == "bf16"
    assert told["chosen"]["deviation"]["largest"] == pytest.approx(2, abs=0.01)
    assert [trial["precision"] for trial in told["slower"]] == ["f32"]
    assert told["measured"]["facts"]["engines"].keys() == {"onnxruntime"}
    assert len(both.opened) == 2


@pytest.mark.parametrize("options", [["x.onnx"], ["--again"], ["--precision", "fast"], ["--max-error", "2"]])
def test_options_of_why_need_it(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["engines", *options]) == 2
    assert "--why" in capsys.readouterr().err


def test_a_picture_says_what_its_precision_cost(
    both: Fake, live: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = save(tmp_path, "a.png", gradient(40, 30))
    command = ["upscale", str(source), str(tmp_path / "b.png"), "-s", "2", "-m", str(live)]
    assert main([*command, "--precision", "fast"]) == 0
    (note,) = capsys.readouterr().err.splitlines()
    assert note.startswith("note: Computed in bf16 on onnxruntime, which differs from f32 by at most 2 grey levels")
    assert note.endswith("on the middle of this picture.")
    assert main([*command, "--max-error", "1"]) == 0
    assert "note: Computed in f32, without any loss" in capsys.readouterr().err
    assert main(command) == 0
    assert capsys.readouterr().err == ""
    assert main([*command, "--precision", "bf16", "--max-error", "1"]) == 2
    assert "It is off by up to 2 grey levels" in capsys.readouterr().err
    assert main([*command, "--precision", "f32", "--max-error", "1"]) == 2
    assert "f32 is exact" in capsys.readouterr().err
    assert both.opened


def test_a_folder_in_another_precision_is_made_anew(both: Fake, live: Path, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    save(tmp_path / "in", "a.png", gradient(20, 10))
    target = tmp_path / "out"
    options = {"factor": 2, "model": live}
    assert upscale_folder(tmp_path / "in", target, **options).done == 1
    again = upscale_folder(tmp_path / "in", target, **options)
    assert (again.done, again.skipped, again.notes) == (0, 1, ())
    other = upscale_folder(tmp_path / "in", target, precision="bf16", **options)
    assert (other.done, other.skipped) == (1, 0)
    assert other.notes[0].startswith("Computed in bf16 on onnxruntime, which differs from f32 by at most 2 grey")
    assert other.notes[0].endswith("on a picture made for measuring.")
    assert upscale_folder(tmp_path / "in", target, precision="bf16", **options).skipped == 1
    assert both.opened


def test_a_folder_on_another_engine_that_was_chosen_is_not_made_anew(
    both: Fake, live: Path, tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "in").mkdir()
    save(tmp_path / "in", "a.png", gradient(20, 10))
    target, options = tmp_path / "out", {"factor": 2, "model": live}
    assert upscale_folder(tmp_path / "in", target, **options).engine == "onnxruntime"
    other = Fake("other", clock, {"f32": 0.1})
    install(monkeypatch, [other, both])
    chosen = upscale_folder(tmp_path / "in", target, **options)
    assert (chosen.engine, chosen.done, chosen.skipped) == ("other", 0, 1)
    named = upscale_folder(tmp_path / "in", target, engine="other", **options)
    assert (named.done, named.skipped) == (1, 0)


def test_a_session_has_its_precision(live: Path, tmp_path: Path) -> None:
    import pliant
    from pliant.errors import UsageError

    source = save(tmp_path, "a.png", gradient(4, 4))
    with pliant.load(live) as session, pytest.raises(UsageError, match="A session has its precision already"):
        upscale(source, model=session, precision="bf16")
