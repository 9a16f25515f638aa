from __future__ import annotations

from pathlib import Path

import pytest

from pliant.errors import UsageError, VideoError
from pliant.media.video.encoder import Coded
from pliant.media.video.frames import Moment
from pliant.media.video.segments import Folder, Writer

MOMENTS = [Moment(0, 40), Moment(40, 0)]
PACKETS = [Coded(0, True, b"abc"), Coded(40, False, b"de")]


def written(folder: Folder, number: int) -> None:
    writer = Writer(folder, number)
    writer.add(PACKETS)
    writer.finish(b"head", MOMENTS)


def test_a_segment_comes_back_as_it_was(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "a.mkv")
    assert folder.open({"job": 1}) == ([], False)
    written(folder, 0)
    folder.close()
    (segment,), other = Folder(tmp_path / "a.mkv").open({"job": 1})
    assert not other
    assert (segment.extradata, list(segment.moments), list(segment.read())) == (b"head", MOMENTS, PACKETS)


def test_only_whole_segments_in_a_row_count(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "a.mkv")
    folder.open({})
    for number in (0, 1, 3):
        written(folder, number)
    Writer(folder, 4).add(PACKETS)
    folder.close()
    assert len(Folder(tmp_path / "a.mkv").open({})[0]) == 2


def test_a_cut_segment_does_not_count(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "a.mkv")
    folder.open({})
    written(folder, 0)
    written(folder, 1)
    folder.close()
    (folder.path / "1.packets").write_bytes(b"abc")
    assert len(folder.open({})[0]) == 1


def test_segments_of_another_job_are_thrown_away(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "a.mkv")
    folder.open({"factor": 2})
    written(folder, 0)
    folder.close()
    assert folder.open({"factor": 3}) == ([], True)
    folder.close()
    assert not folder.path.exists()


def test_two_processes_do_not_write_one_result(tmp_path: Path) -> None:
    first = Folder(tmp_path / "a.mkv")
    first.open({})
    second = Folder(tmp_path / "a.mkv")
    with pytest.raises(UsageError, match="Another process is writing this result"):
        second.open({})
    second.close()
    assert first.path.exists()
    first.close()
    assert list(tmp_path.iterdir()) == []


def test_an_encoder_that_loses_frames_is_found_out(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "a.mkv")
    folder.open({})
    writer = Writer(folder, 0)
    writer.add(PACKETS[:1])
    with pytest.raises(VideoError, match="other frames than it was given"):
        writer.finish(b"", MOMENTS)
