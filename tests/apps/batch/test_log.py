from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest

from pliant.apps.batch.lock import alone
from pliant.apps.batch.log import Log, Record
from pliant.errors import InputError, UsageError

OPEN: list[Log] = []


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    for log in OPEN:
        log.close()
    OPEN.clear()


def record(path: Path, **others: object) -> Record:
    """Of a result in a file that is there."""
    status = path.stat()
    facts = {"source": "a.png", "result": path.name, "plan": "p", "source_bytes": 1, "source_time": 2}
    return Record(**{**facts, "bytes": status.st_size, "time": status.st_mtime_ns, **others})  # type: ignore[arg-type]


@pytest.fixture
def result(tmp_path: Path) -> Path:
    (tmp_path / "r.png").write_bytes(b"content")
    return tmp_path / "r.png"


def opened(folder: Path) -> Log:
    """The log of a folder; one that was opened before is let go of."""
    for log in OPEN:
        log.close()
    OPEN[:] = [Log(folder / "log", folder)]
    return OPEN[0]


def events(log: Log) -> list[str]:
    return [json.loads(line)["event"] for line in log.path.read_text().splitlines()]


def test_what_is_done_is_known_to_the_next_one(tmp_path: Path, result: Path) -> None:
    first = opened(tmp_path)
    first.begin({"factor": 2}, resume=False)
    first.announce(record(result))
    assert (set(first.ready), set(first.done)) == ({"r.png"}, set())
    first.finish(record(result), seconds=1)
    for log in (first, opened(tmp_path)):
        assert (log.ready, log.done, log.fresh) == ({}, {"r.png": record(result)}, {"r.png"})
        assert log.runs == [{"factor": 2}]


def test_a_run_that_resumes_keeps_what_is_fresh(tmp_path: Path, result: Path) -> None:
    log = opened(tmp_path)
    log.finish(record(result))
    log.begin({}, resume=True)
    assert log.fresh == {"r.png"}
    log.begin({}, resume=False)
    assert (log.fresh, set(log.done)) == (set(), {"r.png"})


@pytest.mark.parametrize(
    ("change", "recovered"), [("nothing", True), ("size", False), ("time", False), ("gone", False)]
)
def test_a_renamed_result_is_recognised(tmp_path: Path, result: Path, change: str, recovered: bool) -> None:
    killed = opened(tmp_path)
    killed.announce(record(result))
    if change == "size":
        result.write_bytes(b"older")
        os.utime(result, ns=(0, killed.ready["r.png"].time))
    elif change == "time":
        os.utime(result, ns=(0, 1))
    elif change == "gone":
        result.unlink()
    log = opened(tmp_path)
    log.recover(tmp_path)
    log.recover(tmp_path)
    assert events(log) == ["ready", "done"][: 1 + recovered]


@pytest.mark.parametrize("torn", [b'{"event":"do', b'{"event":"done"', b"\xff\xfe", b"[1]", b'{"event":"done"}'])
def test_a_line_that_was_cut_off_does_not_count(tmp_path: Path, result: Path, torn: bytes) -> None:
    opened(tmp_path).finish(record(result))
    with (tmp_path / "log").open("ab") as file:
        file.write(torn)
    log = opened(tmp_path)
    assert set(log.done) == {"r.png"}
    log.finish(record(result, result="s.png"))
    assert set(opened(tmp_path).done) == {"r.png", "s.png"}


def test_lines_of_several_threads_stay_whole(tmp_path: Path) -> None:
    log = opened(tmp_path)
    threads = [Thread(target=lambda: [log.write("x", text="y" * 3000) for _ in range(50)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert events(log) == ["x"] * 200


def test_names_that_are_no_text_come_back(tmp_path: Path, result: Path) -> None:
    name = os.fsdecode(b"\xff.png")
    opened(tmp_path).finish(record(result, result=name))
    assert set(opened(tmp_path).done) == {name}


def test_a_log_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match=r"The log .*no/log cannot be written: No such file or directory\. Choose"):
        opened(tmp_path / "no")
    log = opened(tmp_path)

    def short(file: int, line: bytes) -> int:
        return len(line) - 1

    monkeypatch.setattr("os.write", short)
    with pytest.raises(InputError, match="the disk is full"):
        log.write("x")


def test_one_log_for_several_folders(tmp_path: Path, result: Path) -> None:
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        log = Log(tmp_path / "log", tmp_path / name)
        assert (log.runs, log.done) == ([], {})
        log.begin({"name": name}, resume=False)
        log.finish(record(result, source=name))
        log.close()
    log = Log(tmp_path / "log", tmp_path / "one")
    assert (log.runs, log.done["r.png"].source) == ([{"name": "one"}], "one")
    log.close()


def test_a_log_that_is_closed_is_written_no_more(tmp_path: Path) -> None:
    log = Log(tmp_path / "log", tmp_path)
    log.close()
    with pytest.raises(InputError, match="cannot be written: Bad file descriptor"):
        log.write("x")


def test_a_log_is_held_by_one_run(tmp_path: Path) -> None:
    opened(tmp_path)
    with pytest.raises(UsageError, match=r"Another run writes to .*/log now"):
        Log(tmp_path / "log", tmp_path)


def test_a_folder_is_held_by_one_run(tmp_path: Path) -> None:
    with alone(tmp_path), pytest.raises(UsageError, match="Another run writes to"), alone(tmp_path):
        pass
    with alone(tmp_path):
        pass
