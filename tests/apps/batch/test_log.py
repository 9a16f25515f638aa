from __future__ import annotations

import json
import os
from pathlib import Path
from threading import Thread

import pytest

from pliant.apps.batch.lock import alone
from pliant.apps.batch.log import Log, Record
from pliant.errors import InputError, UsageError


def record(path: Path, **others: object) -> Record:
    """Of a result in a file that is there."""
    status = path.stat()
    facts = {"source": "a.png", "result": path.name, "plan": "p", "source_bytes": 1, "source_time": 2}
    return Record(**{**facts, "bytes": status.st_size, "time": status.st_mtime_ns, **others})  # type: ignore[arg-type]


@pytest.fixture
def result(tmp_path: Path) -> Path:
    (tmp_path / "r.png").write_bytes(b"content")
    return tmp_path / "r.png"


def events(log: Log) -> list[str]:
    return [json.loads(line)["event"] for line in log.path.read_text().splitlines()]


def test_what_is_done_is_known_to_the_next_one(tmp_path: Path, result: Path) -> None:
    first = Log(tmp_path / "log")
    first.write("run", options={"factor": 2}, resume=False)
    first.announce(record(result))
    assert (set(first.ready), set(first.done)) == ({"r.png"}, set())
    first.finish(record(result), seconds=1)
    second = Log(tmp_path / "log")
    for log in (first, second):
        assert (log.ready, log.done, log.fresh) == ({}, {"r.png": record(result)}, {"r.png"})
        assert log.runs == [{"factor": 2}]


def test_a_run_that_resumes_keeps_what_is_fresh(tmp_path: Path, result: Path) -> None:
    log = Log(tmp_path / "log")
    log.finish(record(result))
    log.write("run", options={}, resume=True)
    assert log.fresh == {"r.png"}
    log.write("run", options={}, resume=False)
    assert (log.fresh, set(log.done)) == (set(), {"r.png"})


@pytest.mark.parametrize(
    ("change", "recovered"), [("nothing", True), ("size", False), ("time", False), ("gone", False)]
)
def test_a_renamed_result_is_recognised(tmp_path: Path, result: Path, change: str, recovered: bool) -> None:
    killed = Log(tmp_path / "log")
    killed.announce(record(result))
    if change == "size":
        result.write_bytes(b"older")
        os.utime(result, ns=(0, killed.ready["r.png"].time))
    elif change == "time":
        os.utime(result, ns=(0, 1))
    elif change == "gone":
        result.unlink()
    log = Log(tmp_path / "log")
    log.recover(tmp_path)
    log.recover(tmp_path)
    assert events(log) == ["ready", "done"][: 1 + recovered]


@pytest.mark.parametrize("torn", [b'{"event":"do', b'{"event":"done"', b"\xff\xfe", b"[1]", b'{"event":"done"}'])
def test_a_line_that_was_cut_off_does_not_count(tmp_path: Path, result: Path, torn: bytes) -> None:
    Log(tmp_path / "log").finish(record(result))
    with (tmp_path / "log").open("ab") as file:
        file.write(torn)
    log = Log(tmp_path / "log")
    assert set(log.done) == {"r.png"}
    log.finish(record(result, result="s.png"))
    assert set(Log(tmp_path / "log").done) == {"r.png", "s.png"}


def test_lines_of_several_threads_stay_whole(tmp_path: Path) -> None:
    log = Log(tmp_path / "log")
    threads = [Thread(target=lambda: [log.write("x", text="y" * 3000) for _ in range(50)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert events(log) == ["x"] * 200


def test_names_that_are_no_text_come_back(tmp_path: Path, result: Path) -> None:
    name = os.fsdecode(b"\xff.png")
    Log(tmp_path / "log").finish(record(result, result=name))
    assert set(Log(tmp_path / "log").done) == {name}


def test_a_log_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match=r"The log .*no/log cannot be written: No such file or directory\. Choose"):
        Log(tmp_path / "no" / "log")
    log = Log(tmp_path / "log")

    def short(file: int, line: bytes) -> int:
        return len(line) - 1

    monkeypatch.setattr("os.write", short)
    with pytest.raises(InputError, match="the disk is full"):
        log.write("x")


def test_a_folder_is_held_by_one_run(tmp_path: Path) -> None:
    with alone(tmp_path), pytest.raises(UsageError, match="Another run writes into"), alone(tmp_path):
        pass
    with alone(tmp_path):
        pass
