from __future__ import annotations

import json
import os
import shutil
import threading
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import pliant
from pliant.apps import folder as home
from pliant.apps.batch import pipeline
from pliant.apps.batch.lock import alone
from pliant.apps.batch.log import NAME
from pliant.engines.base import load
from pliant.errors import ContractError, InputError, OutOfMemory, PictureError, PliantError, UsageError
from pliant.imaging import upscaling
from pliant.imaging.network import Network
from tests.support import fixed_model, gradient, live_model, save, together


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """a.png, sub/b.jpg, sub/deep/c.webp and a text."""
    (tmp_path / "photos/sub/deep").mkdir(parents=True)
    save(tmp_path, "photos/a.png", gradient(20, 10))
    save(tmp_path, "photos/sub/b.jpg", gradient(8, 9))
    save(tmp_path, "photos/sub/deep/c.webp", gradient(5, 5))
    (tmp_path / "photos/text.txt").touch()
    return tmp_path / "photos"


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def lines(folder: Path, event: str) -> list[dict[str, Any]]:
    every = [json.loads(line) for line in (folder / NAME).read_text().splitlines()]
    return [line for line in every if line["event"] == event]


def test_the_tree_is_mirrored_beside_the_source(photos: Path, live: Path) -> None:
    done = pliant.upscale_folder(photos, factor=2, model=live)
    target = photos.parent / "photos_x2"
    assert files(target) == [NAME, "a.png", "sub/b.jpg", "sub/deep/c.webp"]
    assert Image.open(target / "sub/b.jpg").size == (16, 18)
    assert (done.destination, done.log, done.model, done.engine) == (target, target / NAME, "live", "onnxruntime")
    assert (done.done, done.skipped, done.failed, done.ignored, done.notes) == (3, 0, (), 1, ())
    assert done.seconds > 0 < done.pictures_per_second


def test_results_are_those_of_single_pictures(photos: Path, live: Path) -> None:
    done = pliant.upscale_folder(photos, photos.parent / "out", 2.5, model=live)
    for name in ("a.png", "sub/b.jpg", "sub/deep/c.webp"):
        single = pliant.upscale(photos / name, photos.parent / f"single{Path(name).suffix}", 2.5, model=live)
        assert (done.destination / name).read_bytes() == single.destination.read_bytes()


def test_names_of_default_folders(photos: Path, live: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(photos)
    for source, size, name in (
        (".", None, "photos_x4"),
        ("sub", (30, None), "sub_30x"),
        ("*.png", (3, 4), "photos_3x4"),
    ):
        assert pliant.upscale_folder(source, size=size, model=live).destination.name == name


def test_the_log_says_what_was_done(photos: Path, live: Path) -> None:
    target = pliant.upscale_folder(photos, factor=2, model=live).destination
    (run,) = lines(target, "run")
    assert (run["options"]["factor"], run["options"]["source"]) == (2, str(photos))
    done = {line["source"]: line for line in lines(target, "done")}
    assert set(done) == {"a.png", "sub/b.jpg", "sub/deep/c.webp"}
    assert done["a.png"]["source_size"] == [20, 10]
    assert done["a.png"]["size"] == [40, 20]
    assert done["a.png"]["bytes"] == (target / "a.png").stat().st_size
    assert [line["done"] for line in lines(target, "end")] == [3]


def again(photos: Path, live: Path, **options: Any) -> tuple[int, int]:
    """(done, skipped)."""
    given: dict[str, Any] = {"factor": 2, "model": live, **options}
    done = pliant.upscale_folder(photos, **given)
    assert done.failed == ()
    return done.done, done.skipped


def test_what_is_up_to_date_is_skipped(photos: Path, live: Path) -> None:
    assert again(photos, live) == (3, 0)
    before = (photos.parent / "photos_x2/a.png").stat().st_mtime_ns
    assert again(photos, live) == (0, 3)
    assert again(photos, live, resume=True) == (0, 3)
    assert (photos.parent / "photos_x2/a.png").stat().st_mtime_ns == before


def test_what_has_changed_is_made_anew(photos: Path, live: Path) -> None:
    again(photos, live)
    save(photos, "a.png", gradient(30, 10))
    os.utime(photos / "sub/b.jpg", ns=(0, 1))  # replaced by an older file
    (photos.parent / "photos_x2/sub/deep/c.webp").unlink()
    save(photos, "d.png", gradient(3, 3))
    assert again(photos, live) == (4, 0)
    assert Image.open(photos.parent / "photos_x2/a.png").size == (60, 20)


def test_other_options_make_results_anew(photos: Path, live: Path, tmp_path: Path) -> None:
    target = tmp_path / "out"
    assert again(photos, live, destination=target) == (3, 0)
    assert again(photos, live, destination=target, factor=3) == (3, 0)
    assert again(photos, live, destination=target, factor=3, tile=50, memory=10**9, workers=1) == (0, 3)
    assert again(photos, live, destination=target, factor=None, size=(18, 18)) == (3, 0)
    other = live_model(1, 8).save(tmp_path / "live.onnx")
    assert again(photos, other, destination=target, factor=None, size=(18, 18)) == (3, 0)
    assert again(photos, other, destination=target, factor=None, size=(18, 18)) == (0, 3)


def test_the_default_factor_is_a_factor(photos: Path, live: Path) -> None:
    assert again(photos, live, factor=None) == (3, 0)
    assert again(photos, live, factor=4) == (0, 3)


def test_overwriting_makes_all_anew_but_once(photos: Path, live: Path) -> None:
    assert again(photos, live) == (3, 0)
    assert again(photos, live, overwrite=True) == (3, 0)
    assert again(photos, live, overwrite=True, resume=True) == (0, 3)
    assert again(photos, live, overwrite=True) == (3, 0)


def test_a_session_is_used_and_known_by_its_model(photos: Path, live: Path) -> None:
    with load(live) as session:
        assert again(photos, live, model=session) == (3, 0)
        assert session(np.zeros((1, 3, 2, 2), np.float32), 2).shape == (1, 3, 4, 4)
    assert again(photos, live) == (0, 3)
    with load(live) as session:
        session.fingerprint = ""  # of an engine of someone else's
        assert again(photos, live, model=session) == (3, 0)


@pytest.mark.parametrize(
    ("options", "difference"),
    [
        ({"factor": 3}, r"factor was 2\.0 and is 3\.0"),
        ({"factor": None, "size": (9, 9)}, r"factor was 2\.0 and is None, size was None and is \[9, 9\]"),
        ({"patterns": ("*.png",)}, r"pattern was \[\] and is \['\*.png'\]"),
        ({"overwrite": True}, "overwrite was False and is True"),
    ],
)
def test_only_the_same_run_is_resumed(photos: Path, live: Path, options: dict[str, Any], difference: str) -> None:
    target = photos.parent / "out"
    again(photos, live, destination=target)
    before = (target / NAME).read_bytes()
    with pytest.raises(UsageError, match=f"The run to resume had other options: {difference}"):
        again(photos, live, destination=target, resume=True, **options)
    assert (target / NAME).read_bytes() == before


def test_nothing_to_resume(photos: Path, live: Path) -> None:
    with pytest.raises(UsageError, match=r"nothing to resume, for there is no log .*photos_x2/\.pliant\.jsonl"):
        again(photos, live, resume=True)
    assert os.listdir(photos.parent) == ["photos"]
    (photos.parent / "photos_x2").mkdir()
    (photos.parent / "photos_x2" / NAME).write_text("{}\n")
    with pytest.raises(UsageError, match="names no run"):
        again(photos, live, resume=True)


def test_another_place_for_the_log(photos: Path, live: Path, tmp_path: Path) -> None:
    assert again(photos, live, log=tmp_path / "log") == (3, 0)
    assert NAME not in files(tmp_path / "photos_x2")
    assert again(photos, live, log=tmp_path / "log", resume=True) == (0, 3)


def test_files_that_pliant_did_not_make_are_kept(photos: Path, live: Path) -> None:
    (photos.parent / "out").mkdir()
    mine = photos.parent / "out/a.png"
    mine.write_text("mine")
    done = pliant.upscale_folder(photos, mine.parent, 2, model=live)
    assert (done.done, [failure.source for failure in done.failed]) == (2, ["a.png"])
    assert "does not say that it was made by pliant" in done.failed[0].reason
    assert mine.read_text() == "mine"
    assert again(photos, live, destination=mine.parent, overwrite=True) == (3, 0)
    mine.write_text("edited")
    assert len(pliant.upscale_folder(photos, mine.parent, 2, model=live).failed) == 1
    assert mine.read_text() == "edited"


def test_sources_are_never_overwritten(tmp_path: Path, live: Path) -> None:
    (tmp_path / "a/a").mkdir(parents=True)
    inner = save(tmp_path / "a/a", "x.png", gradient(3, 3))
    outer = save(tmp_path / "a", "x.png", gradient(4, 4))
    before = outer.read_bytes(), inner.read_bytes()
    done = pliant.upscale_folder(tmp_path / "a", tmp_path, 2, model=live, overwrite=True)
    assert [failure.reason for failure in done.failed] == [
        f"{outer} is one of the sources, which are never overwritten; choose another folder."
    ]
    assert (outer.read_bytes(), inner.read_bytes()) == before
    assert Image.open(tmp_path / "x.png").size == (8, 8)


def test_the_folder_of_the_sources_is_refused(photos: Path, live: Path) -> None:
    with pytest.raises(UsageError, match="is the folder of the sources"):
        pliant.upscale_folder(photos, photos / "sub/..", 2, model=live)


def test_results_in_the_folder_of_the_sources(photos: Path, live: Path) -> None:
    assert again(photos, live, destination=photos / "out") == (3, 0)
    assert again(photos, live, destination=photos / "out") == (0, 3)
    other = pliant.upscale_folder(photos, photos / "other", 2, model=live)
    assert (other.done, len(other.notes)) == (3, 1)
    assert "out holds results of pliant and was left out" in other.notes[0]


def test_same_stems_get_different_names(photos: Path, live: Path) -> None:
    save(photos, "a.jpg", gradient(6, 6))
    done = pliant.upscale_folder(photos, factor=2, format="png", model=live)
    assert files(done.destination) == [NAME, "a.jpg.png", "a.png", "sub/b.png", "sub/deep/c.png"]
    assert Image.open(done.destination / "a.png").size == (40, 20)
    assert done.notes == (
        "Where results would have had the same name, suffixes of the sources were added: a.jpg becomes a.jpg.png.",
    )


def test_a_result_of_another_source_is_made_anew(photos: Path, live: Path) -> None:
    (photos / "a.png").rename(photos.parent / "kept.png")
    save(photos, "a.jpg", gradient(6, 6))
    assert again(photos, live, format="png") == (3, 0)
    (photos.parent / "kept.png").rename(photos / "a.png")
    assert again(photos, live, format="png") == (2, 2)
    assert Image.open(photos.parent / "photos_x2/a.png").size == (40, 20)
    assert Image.open(photos.parent / "photos_x2/a.jpg.png").size == (12, 12)


def test_bad_pictures_do_not_stop_the_others(photos: Path, live: Path) -> None:
    whole = (photos / "a.png").read_bytes()
    (photos / "0.png").write_bytes(whole[:60])
    (photos / "sub/empty.jpg").touch()
    (photos / "no.png").symlink_to("nothing")
    save(photos, "wide.png", gradient(5000, 1))
    done = pliant.upscale_folder(photos, factor=4, format="webp", model=live)
    reasons = {failure.source: failure.reason for failure in done.failed}
    assert list(reasons) == ["0.png", "no.png", "sub/empty.jpg", "wide.png"]
    assert reasons["no.png"] == f"There is no file {photos}/no.png; give the path of a picture."
    assert "WebP stores at most 16,383" in reasons["wide.png"]
    assert files(done.destination) == [NAME, "a.webp", "sub/b.webp", "sub/deep/c.webp"]
    assert {line["source"]: line["reason"] for line in lines(done.destination, "failed")} == reasons
    (photos / "0.png").write_bytes(whole)
    assert pliant.upscale_folder(photos, factor=4, format="webp", model=live).done == 1


def failing(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """Let the network fail on the picture of 8 x 9."""
    whole = upscaling.upscale_whole

    def fail(network: Any, picture: Any, plan: Any) -> Any:
        if plan.source == (8, 9):
            raise error
        return whole(network, picture, plan)

    monkeypatch.setattr(upscaling, "upscale_whole", fail)
    monkeypatch.setattr(upscaling.Work, "_divisible", lambda self: False)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OutOfMemory("Full."), "Full."),
        (MemoryError(), "There is not enough memory for this picture; close other programs, or give --memory."),
        (KeyError("x"), "KeyError: 'x'. This is a defect of pliant; please report it with the line of the log."),
    ],
)
def test_a_network_that_fails_on_one_picture(
    photos: Path, live: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException, reason: str
) -> None:
    failing(monkeypatch, error)
    done = pliant.upscale_folder(photos, factor=2, model=live)
    assert [(failure.source, failure.reason) for failure in done.failed] == [("sub/b.jpg", reason)]
    assert files(done.destination) == [NAME, "a.png", "sub/deep/c.webp"]
    (line,) = lines(done.destination, "failed")
    assert ("Traceback" in line.get("traceback", "")) is isinstance(error, KeyError)


def test_a_result_that_cannot_be_written(photos: Path, live: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (photos.parent / "photos_x2").mkdir()
    (photos.parent / "photos_x2/sub").write_text("in the way")
    done = pliant.upscale_folder(photos, factor=2, model=live)
    assert [failure.source for failure in done.failed] == ["sub/b.jpg", "sub/deep/c.webp"]
    assert done.failed[0].reason == f"{photos.parent}/photos_x2/sub/b.jpg cannot be written: File exists."

    def full(source: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pliant.artifact.os.replace", full)
    done = pliant.upscale_folder(photos, photos.parent / "full", 2, model=live)
    assert done.failed[0].reason == f"{photos.parent}/full/a.png cannot be written: No space left on device."
    assert files(done.destination) == [NAME]


def test_an_interruption_leaves_nothing_half_done(photos: Path, live: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    failing(monkeypatch, KeyboardInterrupt())
    threads = threading.active_count()
    with pytest.raises(KeyboardInterrupt):
        pliant.upscale_folder(photos, factor=2, model=live)
    assert threading.active_count() == threads
    target = photos.parent / "photos_x2"
    assert files(target) == [NAME, "a.png"]
    assert [line["source"] for line in lines(target, "done")] == ["a.png"]
    assert lines(target, "failed") == []
    monkeypatch.undo()
    assert again(photos, live, resume=True) == (2, 1)


def test_a_log_that_is_full_ends_the_run(photos: Path, live: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write

    def full(file: int, line: bytes) -> int:
        if b'"done"' in line:
            raise OSError(28, "No space left on device")
        return write(file, line)

    monkeypatch.setattr("pliant.apps.batch.log.os.write", full)
    with pytest.raises(InputError, match=r"The log .* cannot be written: No space left on device"):
        pliant.upscale_folder(photos, factor=2, model=live)
    monkeypatch.undo()
    target = photos.parent / "photos_x2"
    made = [name for name in files(target) if name != NAME]
    assert made
    assert again(photos, live, resume=True) == (3 - len(made), len(made))


def test_stages_overlap(photos: Path, live: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a picture is in the network, the one before is being written and the one behind has been read."""
    for k in range(6):
        save(photos, f"{k}.png", gradient(20, 10))
    inside, seen = {"read": 0, "written": 0}, []
    decoded, write = pipeline.decoded, pipeline.written

    def reading(*arguments: Any) -> Any:
        found = decoded(*arguments)
        inside["read"] += 1
        return found

    def writing(*arguments: Any) -> Any:
        time.sleep(0.2)
        found = write(*arguments)
        inside["written"] += 1
        return found

    monkeypatch.setattr(pipeline, "decoded", reading)
    monkeypatch.setattr(pipeline, "written", writing)
    whole = upscaling.upscale_whole

    def computing(*arguments: Any) -> Any:
        time.sleep(0.05)
        seen.append((inside["read"], inside["written"]))
        return whole(*arguments)

    monkeypatch.setattr(upscaling, "upscale_whole", computing)
    assert again(photos, live, workers=2) == (9, 0)
    assert any(read > k + 1 and written < k for k, (read, written) in enumerate(seen))


def test_pictures_on_their_way_are_few(photos: Path, live: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for k in range(8):
        save(photos, f"{k}.png", gradient(20, 10))
    monkeypatch.setattr(pipeline, "BYTES", 1)
    reading, most, lock = [0], [0], threading.Lock()
    decoded, write = pipeline.decoded, pipeline.written

    def started(*arguments: Any) -> Any:
        with lock:
            reading[0] += 1
            most[0] = max(most[0], reading[0])
        return decoded(*arguments)

    def finished(*arguments: Any) -> Any:
        found = write(*arguments)
        with lock:
            reading[0] -= 1
        return found

    monkeypatch.setattr(pipeline, "decoded", started)
    monkeypatch.setattr(pipeline, "written", finished)
    assert again(photos, live) == (11, 0)
    assert most == [1]


def test_a_network_is_probed_once_for_all_pictures(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (photos.parent / "fixed.onnx").write_bytes(fixed_model())
    probed: list[tuple[str, float]] = []

    def count(name: str) -> None:
        probe = getattr(upscaling, name)
        monkeypatch.setattr(upscaling, name, lambda *given: (probed.append((name, given[-1])), probe(*given))[1])

    count("measured")
    count("measured_cost")
    assert again(photos, photos.parent / "fixed.onnx", tile=4) == (3, 0)
    assert probed == [("measured", 2), ("measured_cost", 2)]


def test_memory_that_the_engine_keeps_is_not_lost(photos: Path, live: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each picture has the same room, however much the one before has left in use."""
    used, rooms = [10**8], list[float]()

    def growing() -> int:
        used[0] += 10**8
        return used[0]

    def made(self: upscaling.Work, pixels: Any, kept: bool) -> Any:
        rooms.append(self.limits.room(0))
        width, height = self.plan.result
        yield np.zeros((height, width, 3), np.uint8)

    monkeypatch.setattr(pipeline, "resident", growing)
    monkeypatch.setattr(upscaling, "resident", growing)
    monkeypatch.setattr(upscaling.Work, "strips", made)
    assert again(photos, live, memory=10**9) == (3, 0)
    assert rooms == [10**9 - 2 * 10**8 - 10**9 // 4] * 3


def streaming(monkeypatch: pytest.MonkeyPatch, photos: Path) -> Path:
    """A model, for which every PNG is computed and written strip by strip."""
    monkeypatch.setattr("pliant.media.strips.HELD", 1)
    model = photos.parent / "fixed.onnx"
    model.write_bytes(fixed_model())
    return model


def test_a_picture_in_strips(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert again(photos, streaming(monkeypatch, photos), tile=4) == (3, 0)
    found = np.asarray(Image.open(photos.parent / "photos_x2/a.png"))
    np.testing.assert_array_equal(found, gradient(20, 10).repeat(2, axis=0).repeat(2, axis=1))


def test_a_picture_in_strips_that_fails_in_the_middle(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(self: Any, pixels: Any, kept: bool) -> Any:
        yield np.zeros((2, 40, 3), np.uint8)
        raise OutOfMemory("Full.")

    monkeypatch.setattr(upscaling.Work, "strips", failing)
    done = pliant.upscale_folder(photos, factor=2, model=streaming(monkeypatch, photos), patterns=["a.png"])
    assert [(failure.source, failure.reason) for failure in done.failed] == [("a.png", "Full.")]
    assert files(done.destination) == [NAME]


def test_a_picture_in_strips_that_cannot_be_written(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The network does not go on with it."""
    taken: list[int] = []

    def endless(self: Any, pixels: Any, kept: bool) -> Any:
        for k in range(10**6):
            taken.append(k)
            yield np.zeros((2, 40, 3), np.uint8)

    def full(self: Any, rows: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(upscaling.Work, "strips", endless)
    monkeypatch.setattr("pliant.media.pngstream.PngStream.write", full)
    done = pliant.upscale_folder(photos, factor=2, model=streaming(monkeypatch, photos), patterns=["a.png"])
    assert [failure.reason for failure in done.failed] == [
        f"{photos.parent}/photos_x2/a.png cannot be written: No space left on device."
    ]
    assert files(done.destination) == [NAME]
    assert len(taken) < 100


def test_progress_is_reported(photos: Path, live: Path) -> None:
    steps, shares = list[str](), list[float]()
    pliant.upscale_folder(photos, factor=2, model=live, report=steps.append, advance=shares.append)
    assert steps[:3] == ["looking for pictures", "loading the model", "looking at the pictures"]
    assert steps[-1].startswith("3/3, ")
    assert steps[-1].endswith("/s")
    assert shares == sorted(shares)
    assert shares[-1] == 1


@pytest.mark.parametrize(("speed", "text"), [(0, "0"), (0.0213, "0.021"), (1.26, "1.3"), (123.4, "123.4")])
def test_speeds(speed: float, text: str) -> None:
    assert pipeline.per_second(speed) == text


def test_filters_of_warnings_are_put_back(photos: Path, live: Path) -> None:
    for k in range(20):
        save(photos, f"{k}.png", gradient(20, 10))
    before = list(warnings.filters)
    again(photos, live, workers=4)
    assert warnings.filters == before


def test_one_run_at_a_time(photos: Path, live: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    with alone(tmp_path / "out"), pytest.raises(UsageError, match="Another run writes to"):
        again(photos, live, destination=tmp_path / "out")


@pytest.mark.parametrize(
    ("source", "options", "error", "message"),
    [
        ("photos/a.png", {}, UsageError, "is no folder"),
        ("nothing", {}, UsageError, "nothing is no folder"),
        ("photos/sub/deep", {"patterns": ("*.gif",)}, UsageError, r"no picture in photos/sub/deep that matches \*.gif"),
        ("photos/*.gif", {}, UsageError, r"no picture in photos that matches \*.gif"),
        ("empty", {}, UsageError, r"no picture in empty \(.png, .apng, .jpg"),
        ("photos", {"factor": 0}, UsageError, "The factor is 0"),
        ("photos", {"factor": 9}, ContractError, "up to 4 times"),
        ("photos", {"size": (3, 3), "factor": 2}, UsageError, "both a factor and a size"),
        ("photos", {"format": "jp2"}, UsageError, "not written"),
        ("photos", {"model": "nothing.onnx"}, InputError, "no file nothing.onnx"),
        ("photos", {"destination": "photos/a.png"}, PictureError, "photos/a.png is a file"),
        ("photos", {"destination": "no/out"}, PictureError, "There is no folder no; create it"),
        ("photos", {"workers": -1}, UsageError, "Got -1 workers"),
        ("photos", {"workers": 0}, UsageError, "Got 0 workers"),
    ],
)
def test_refusals_come_before_any_work(
    photos: Path,
    live: Path,
    monkeypatch: pytest.MonkeyPatch,
    source: str,
    options: dict[str, Any],
    error: type[PliantError],
    message: str,
) -> None:
    monkeypatch.chdir(photos.parent)
    (photos.parent / "empty").mkdir()
    monkeypatch.setattr(home, "_Run", lambda *args: pytest.fail("worked before refusing"))
    with pytest.raises(error, match=message):
        pliant.upscale_folder(source, **{"model": live, **options})
    assert sorted(os.listdir()) == ["empty", "photos"]


def test_leftovers_of_a_killed_run_are_removed(photos: Path, live: Path) -> None:
    target = photos.parent / "photos_x2"
    (target / "sub").mkdir(parents=True)
    left = pipeline.temporary(target / "sub/b.jpg")
    for path in (left, left.with_name(f".{left.name}.0123456789ab"), target / ".pliant-mine.part"):
        path.write_text("half")
    assert again(photos, live) == (3, 0)
    assert files(target) == [".pliant-mine.part", NAME, "a.png", "sub/b.jpg", "sub/deep/c.webp"]


def test_copied_trees_stay_done(photos: Path, live: Path, tmp_path: Path) -> None:
    again(photos, live)
    shutil.copytree(tmp_path / "photos_x2", tmp_path / "copy", copy_function=shutil.copyfile)
    assert again(photos, live, destination=tmp_path / "copy") == (0, 3)


def test_small_pictures_are_computed_side_by_side(tmp_path: Path, live: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two at a time, with the same results as one after the other; a faulty one does not stop the others."""
    monkeypatch.setattr(home, "usual_calls", lambda: 2)
    (tmp_path / "in").mkdir()
    for k in range(9):
        save(tmp_path, f"in/{k}.png", gradient(20 + k, 30))
    (tmp_path / "in/5.png").write_bytes((tmp_path / "in/5.png").read_bytes()[:90])
    with load(live, "onnxruntime", threads=2) as session, together(monkeypatch) as most:
        done = pliant.upscale_folder(tmp_path / "in", tmp_path / "many", 2.7, model=session)
    assert most() == 2
    assert (done.done, [failure.source for failure in done.failed]) == (8, ["5.png"])
    monkeypatch.setattr(home, "usual_calls", lambda: 1)
    pliant.upscale_folder(tmp_path / "in", tmp_path / "one", 2.7, model=live)
    for path in (tmp_path / "one").glob("*.png"):
        assert path.read_bytes() == (tmp_path / "many" / path.name).read_bytes()
    assert len(list((tmp_path / "many").glob("*.png"))) == 8


@pytest.mark.parametrize(
    ("count", "size", "limits"),
    [(7, (20, 30), {}), (9, (600, 500), {}), (9, (20, 30), {"tile": 16}), (9, (20, 30), {"memory": 4 << 30})],
    ids=["few", "large", "tiles", "memory"],
)
def test_other_pictures_are_computed_one_by_one(
    tmp_path: Path,
    live: Path,
    monkeypatch: pytest.MonkeyPatch,
    count: int,
    size: tuple[int, int],
    limits: dict[str, Any],
) -> None:
    monkeypatch.setattr(home, "usual_calls", lambda: 2)
    asked: list[int] = []
    usual = Network.several

    def seen(self: Network, calls: int) -> Network:
        asked.append(calls)
        return usual(self, calls)

    monkeypatch.setattr(Network, "several", seen)
    (tmp_path / "in").mkdir()
    for k in range(count):
        save(tmp_path, f"in/{k}.png", gradient(*size))
    done = pliant.upscale_folder(tmp_path / "in", tmp_path / "out", 2, model=live, **limits)
    assert (done.done, asked) == (count, [1])
