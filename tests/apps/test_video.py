"""A 10-bit video with uneven times, two audio tracks, subtitles, an attachment, chapters and tags, and what is kept."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pliant
from pliant.apps import video as home
from pliant.errors import ContractError, InputError, MissingExtra, PliantError, UsageError, VideoError
from pliant.imaging.locality import Locality
from pliant.imaging.network import Network
from pliant.media.video import hdr
from pliant.media.video.source import probe
from tests.support import gradient, save
from tests.videos import FULL, LIMITED, UNEVEN, Clip, av, decoded, ffmpeg, make, packets, probed, times

SECONDS = [Fraction(pts, 1000) for pts in UNEVEN]


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("videos") / "clip.mkv", Clip())


@pytest.fixture
def simple(tmp_path: Path) -> Path:
    """10 frames at 25 a second, 8 bits, no sound."""
    times = tuple(range(0, 400, 40))
    return make(
        tmp_path / "simple.mkv",
        Clip("libx264", "yuv420p", times=times, colours=(1, LIMITED, 1, 1), extras=False),
    )


@pytest.fixture(scope="module")
def upscaled(clip: Path, live: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    target = tmp_path_factory.mktemp("results") / "clip.mkv"
    return target, pliant.video(clip, target, 2.5, model=live, segment=7)


def test_the_result_says_what_was_done(clip: Path, upscaled: tuple[Path, Any]) -> None:
    path, result = upscaled
    assert (result.source, result.destination, result.source_size, result.size) == (clip, path, (48, 32), (120, 80))
    assert (result.frames, result.resumed, result.codec, result.pixel_format) == (20, 0, "hevc", "yuv420p10le")
    assert (result.model, result.engine, result.factor, result.notes) == ("live", "onnxruntime", 2.5, ())
    assert [entry.name for entry in path.parent.iterdir()] == ["clip.mkv"]


def test_every_frame_is_there_at_its_time(upscaled: tuple[Path, Any]) -> None:
    assert times(upscaled[0]) == SECONDS


def test_sound_and_subtitles_are_the_same_bytes(clip: Path, upscaled: tuple[Path, Any]) -> None:
    for kind, count in (("audio", 2), ("subtitle", 1)):
        assert packets(upscaled[0], kind) == packets(clip, kind)
        assert len(packets(clip, kind)) == count


def test_pictures_are_those_of_the_source(clip: Path, upscaled: tuple[Path, Any]) -> None:
    """Compared in the middle of each block of the source: the network is a cubic resize."""
    small, large = decoded(clip).astype(float), decoded(upscaled[0]).astype(float)
    assert large.shape == (20, 80, 120, 3)
    averaged = np.stack([large[:, 2::5, 2::5], small[:, ::2, ::2][:, :16, :24]])
    assert np.abs(np.diff(averaged, axis=0)).mean() < 0.04 * 65535


def test_streams_tags_and_chapters_as_av_reads_them(clip: Path, upscaled: tuple[Path, Any]) -> None:
    with av.open(str(clip)) as before, av.open(str(upscaled[0])) as after:
        assert [s.type for s in after.streams] == [s.type for s in before.streams]
        assert [s.metadata.get("language") for s in after.streams] == [None, "deu", "jpn", "eng", None]
        assert [s.metadata.get("title") for s in after.streams] == [None, "Ton", "Kommentar", "Words", None]
        assert [s.disposition for s in after.streams] == [s.disposition for s in before.streams]
        assert (after.metadata["title"], after.metadata["ARTIST"]) == ("A clip", "Somebody")
        assert after.chapters() == before.chapters()
        assert after.streams[4].data == b"an attachment"
        assert after.streams.video[0].average_rate == before.streams.video[0].average_rate == 25


def test_everything_as_ffprobe_reads_it(clip: Path, upscaled: tuple[Path, Any]) -> None:
    before, after = probed(clip), probed(upscaled[0])
    colours = ("color_range", "color_space", "color_transfer", "color_primaries", "chroma_location")
    same = ("codec_name", "codec_type", "profile", "pix_fmt", "r_frame_rate", "avg_frame_rate", "start_time", *colours)
    for a, b in zip(before["streams"], after["streams"], strict=True):
        assert {key: a.get(key) for key in same} == {key: b.get(key) for key in same}
        assert a["disposition"] == b["disposition"]
        assert a.get("tags", {}).get("language") == b.get("tags", {}).get("language")
    video = after["streams"][0]
    assert (video["width"], video["height"], video["pix_fmt"]) == (120, 80, "yuv420p10le")
    assert [video[key] for key in colours[:4]] == ["tv", "bt2020nc", "smpte2084", "bt2020"]
    assert before["chapters"] == after["chapters"]
    assert [f["pts_time"] for f in before["frames"]] == [f["pts_time"] for f in after["frames"]]
    lasting = [[f.get("duration_time", f.get("pkt_duration_time")) for f in part["frames"]] for part in (before, after)]
    assert lasting[0] == lasting[1]


@pytest.mark.parametrize(
    ("codec", "suffix", "pixel_format"),
    [
        ("h264", "mkv", "yuv420p10le"),
        ("h264", "mp4", "yuv420p10le"),
        ("hevc", "mp4", "yuv420p10le"),
        ("hevc", "mov", "yuv420p10le"),
        ("av1", "mkv", "yuv420p10le"),
        ("av1", "webm", "yuv420p10le"),
        ("vp9", "webm", "yuv420p"),
        ("ffv1", "mkv", "yuv420p10le"),
        ("prores", "mov", "yuv422p10le"),
        ("h264", "ts", "yuv420p10le"),
    ],
)
def test_every_codec_and_container(
    clip: Path, live: Path, tmp_path: Path, codec: str, suffix: str, pixel_format: str
) -> None:
    """Several segments each; frames at their times, colours as tagged, sound that the container holds."""
    path = tmp_path / f"a.{suffix}"
    try:
        result = pliant.video(clip, path, 2, model=live, codec=codec, segment=7)
    except UsageError as error:
        if "no encoder of" in str(error):
            pytest.skip(str(error))
        raise
    assert (result.codec, result.pixel_format, result.frames) == (codec, pixel_format, 20)
    found = times(path)
    shift = found[0] - SECONDS[0]
    assert max(abs(a - b - shift) for a, b in zip(found, SECONDS, strict=True)) < Fraction(1, 10_000)
    if shift:
        assert any("moved the beginning" in note for note in result.notes)
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
        assert (frame.width, frame.height, frame.format.name) == (96, 64, pixel_format)
        if codec == "hevc":
            assert container.streams.video[0].codec_context.codec_tag == "hvc1"
        tags = (frame.colorspace, frame.color_range, frame.color_primaries, frame.color_trc)
        said = any("does not say" in note for note in result.notes)
        assert said or tags == (9, LIMITED, 9, 16)
        lost = sum("which was left out" in note for note in result.notes)
        assert sum(s.type in ("audio", "subtitle") for s in container.streams) + lost >= 3


def test_lossless_frames_are_those_of_the_network(tmp_path: Path, live: Path) -> None:
    """FFV1 in and out at factor 1: the whole way of a frame changes no value by more than one level of ten bits."""
    for colours in ((9, LIMITED, 9, 16), (1, FULL, 1, 1)):
        source = make(tmp_path / "a.mkv", Clip("ffv1", "yuv444p10le", colours=colours, extras=False))
        result = pliant.video(source, tmp_path / "b.mkv", 1, model=live)
        assert result.pixel_format == "yuv444p10le"
        with av.open(str(source)) as before, av.open(str(result.destination)) as after:
            for a, b in zip(before.decode(video=0), after.decode(video=0), strict=True):
                for before_plane, after_plane in zip(a.planes, b.planes, strict=True):
                    values = np.stack([np.frombuffer(plane, np.uint16) for plane in (before_plane, after_plane)])
                    assert np.abs(np.diff(values.astype(int), axis=0)).max() <= 1


def test_full_range_stays_full(tmp_path: Path, live: Path) -> None:
    colours = (1, FULL, 1, 1)
    source = make(tmp_path / "a.mp4", Clip("libx264", "yuv420p", colours=colours, extras=False))
    path = pliant.video(source, factor=2, model=live).destination
    assert path == tmp_path / "a_x2.mp4"
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
        assert (frame.color_range, frame.colorspace) == (FULL, 1)
    assert np.abs(decoded(path)[:, ::2, ::2].astype(int) - decoded(source)).mean() < 0.02 * 65535


def test_odd_sizes_are_made_even_and_said(simple: Path, live: Path) -> None:
    result = pliant.video(simple, size=(75, 51), model=live)
    assert result.destination.name == "simple_75x51.mkv"
    assert result.size == decoded(result.destination).shape[2:0:-1] == (74, 50)
    assert "of 75 x 51 pixels, 74 x 50 were written" in result.notes[-1]


def test_rectangular_pixels_stay(tmp_path: Path, live: Path) -> None:
    source = make(tmp_path / "a.mp4", Clip("libx264", "yuv420p", aspect=Fraction(4, 3), extras=False))
    with av.open(str(pliant.video(source, factor=2, model=live).destination)) as container:
        assert container.streams.video[0].sample_aspect_ratio == Fraction(4, 3)


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_turned_video_is_stored_upright(simple: Path, live: Path, degrees: int) -> None:
    plain, turned, shown = (simple.with_name(name) for name in ("plain.mp4", "turned.mp4", "shown.mkv"))
    ffmpeg("-i", str(simple), "-c", "copy", str(plain))
    ffmpeg("-i", str(plain), "-c", "copy", "-metadata:s:v", f"rotate={degrees}", str(turned))
    ffmpeg("-i", str(turned), "-c:v", "ffv1", str(shown))  # ffmpeg itself turns what it decodes
    result = pliant.video(turned, factor=1, model=live)
    upright = decoded(shown)
    if upright.shape[2:0:-1] == (48, 32) and degrees != 180:
        pytest.skip("this ffmpeg writes no rotation from a tag")
    assert result.size == upright.shape[2:0:-1]
    assert np.abs(decoded(result.destination).astype(int) - upright).mean() < 0.02 * 65535
    assert "The video is stored turned or mirrored; the result is stored upright." in result.notes


def test_a_kind_that_does_not_hold_a_stream_says_so(clip: Path, live: Path, tmp_path: Path) -> None:
    result = pliant.video(clip, tmp_path / "a.mp4", 1, model=live)
    notes = " ".join(result.notes)
    assert re.search(r"MP4 cannot hold stream 3 \(subtitle, \w+, eng\), which was left out; a .mkv may.", notes)
    assert "MP4 cannot hold the attachment note.txt, which was left out; a .mkv may." in notes


def test_transparency_goes_through_the_network(tmp_path: Path, live: Path) -> None:
    source = make(tmp_path / "a.mkv", Clip("ffv1", "yuva444p10le", extras=False))
    result = pliant.video(source, factor=2, model=live)
    assert (result.pixel_format, result.notes) == ("yuva444p10le", ())
    assert "transparency" in " ".join(
        pliant.video(source, source.with_name("b.mkv"), 2, model=live, codec="h264").notes
    )


def test_progress_goes_from_nothing_to_all(simple: Path, live: Path) -> None:
    steps: list[str] = []
    shares: list[float] = []
    pliant.video(simple, factor=2, model=live, report=steps.append, advance=shares.append)
    assert steps == ["loading the model", "upscaling to 96 x 64", "writing simple_x2.mkv"]
    assert shares == sorted(shares)
    assert (len(set(shares)), shares[-1]) == (10, 1.0)


def test_what_is_measured_is_measured_once(simple: Path, live: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pliant.imaging import upscaling

    calls: list[float] = []
    original = upscaling.measured

    def counted(network: Network, factor: float) -> Locality:
        calls.append(factor)
        return original(network, factor)

    monkeypatch.setattr(upscaling, "measured", counted)
    pliant.video(simple, factor=3, tile=20)
    assert calls == [3]


def test_an_interruption_keeps_whole_segments(simple: Path, live: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lossless here: x264 itself does not always write the same bytes for the same frames."""
    whole = pliant.video(simple, simple.with_name("whole.mkv"), 2, model=live, codec="ffv1", segment=3)
    seen: list[float] = []

    def stop(share: float) -> None:
        seen.append(share)
        if share >= 0.8:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pliant.video(simple, factor=2, model=live, codec="ffv1", segment=3, advance=stop)
    assert not simple.with_name("simple_x2.mkv").exists()
    again = pliant.video(simple, factor=2, model=live, codec="ffv1", segment=3)
    assert again.resumed in (3, 6)
    np.testing.assert_array_equal(decoded(again.destination), decoded(whole.destination))
    assert not simple.with_name(".simple_x2.mkv.pliant").exists()


def test_other_settings_begin_anew(simple: Path, live: Path) -> None:
    def stop(share: float) -> None:
        if share >= 0.8:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pliant.video(simple, factor=2, model=live, segment=3, advance=stop)
    again = pliant.video(simple, simple.with_name("simple_x2.mkv"), 2, model=live, segment=3, quality=30)
    assert (again.resumed, again.frames) == (0, 10)
    assert "What an earlier call with other settings had begun was not used." in again.notes


KILLED = """
import sys
import threading
import pliant
from pliant.apps import frames
original = frames.Work.strips
count = [0]
def slow(self, *args, **kwargs):
    import time
    count[0] += 1
    if count[0] == 12:
        print("midway", flush=True)
        time.sleep(600)
    return original(self, *args, **kwargs)
frames.Work.strips = slow
pliant.video(sys.argv[1], sys.argv[2], 2, model=sys.argv[3], segment=4)
"""


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL is of POSIX systems")
def test_a_killed_process_goes_on_where_it_was(clip: Path, live: Path, tmp_path: Path) -> None:
    whole = pliant.video(clip, tmp_path / "whole.mkv", 2, model=live, segment=4)
    path = tmp_path / "killed.mkv"
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(clip), str(path), str(live)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "midway\n"
    deadline = time.monotonic() + 30
    while not (tmp_path / ".killed.mkv.pliant/1.json").exists() and time.monotonic() < deadline:
        time.sleep(0.05)  # the encoder may lie two frames behind
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert not path.exists()
    assert (tmp_path / ".killed.mkv.pliant/0.json").exists()

    result = pliant.video(clip, path, 2, model=live, segment=4)
    assert result.resumed >= 8
    assert (result.frames, times(path)) == (20, SECONDS)
    np.testing.assert_array_equal(decoded(path), decoded(whole.destination))
    assert packets(path, "audio") == packets(clip, "audio")
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["killed.mkv", "whole.mkv"]


def test_a_cut_file_is_upscaled_as_far_as_it_goes(tmp_path: Path, live: Path) -> None:
    times_ = tuple(range(0, 4000, 40))
    source = make(
        tmp_path / "a.mkv", Clip("libx264", "yuv420p", times=times_, extras=False, options={"g": "10", "bf": "0"})
    )
    source.write_bytes(source.read_bytes()[: source.stat().st_size // 2])
    result = pliant.video(source, factor=1, model=live)
    assert 20 < result.frames < 80
    assert any("it may have been cut off" in note or "damaged" in note for note in result.notes)


def worked(*args: object) -> None:
    pytest.fail("worked before refusing")


@pytest.mark.parametrize(
    ("kwargs", "error", "message"),
    [
        ({"source": "nothing.mkv"}, VideoError, "There is no file nothing.mkv"),
        ({"source": "folder"}, VideoError, "folder is a folder"),
        ({"source": "empty.mkv"}, VideoError, "is empty"),
        ({"source": "text.mkv"}, VideoError, "not a video that can be read"),
        ({"source": "face.png"}, VideoError, "is a picture, not a video; use: pliant upscale face.png"),
        ({"source": "sound.wav"}, VideoError, "has no video stream"),
        ({"source": "head.mp4"}, VideoError, "damaged or cut off"),
        ({"destination": "a.avi"}, VideoError, r"ends in '\.avi', which is not written; use one of \.mkv"),
        ({"destination": "a"}, VideoError, "has no suffix"),
        ({"destination": "nowhere/a.mkv"}, VideoError, "There is no folder nowhere"),
        ({"destination": "simple.mkv"}, VideoError, "the source itself"),
        ({"codec": "divx"}, UsageError, "no video codec named 'divx'; there are: h264"),
        ({"codec": "ffv1", "destination": "a.webm"}, UsageError, "WebM does not hold FFV1"),
        ({"quality": 99}, UsageError, r"The quality is 99, but H\.264 takes 0 \(best\) to 51"),
        ({"codec": "ffv1", "quality": 3}, UsageError, "FFV1 takes no quality; it is lossless"),
        ({"codec": "prores", "quality": 3}, UsageError, "choose a profile with --preset"),
        ({"preset": "warp"}, UsageError, r"no preset 'warp' for H\.264, which takes: ultrafast"),
        ({"segment": 0}, UsageError, "A segment of 0 frames"),
        ({"factor": 0}, UsageError, "The factor is 0"),
        ({"factor": 9}, ContractError, "up to 4 times"),
        ({"factor": 2, "size": (9, 9)}, UsageError, "both a factor and a size"),
        ({"model": "nothing.onnx"}, InputError, "no file nothing.onnx"),
    ],
)
def test_refusals_come_before_any_work(
    simple: Path,
    live: Path,
    monkeypatch: pytest.MonkeyPatch,
    kwargs: dict[str, Any],
    error: type[PliantError],
    message: str,
) -> None:
    folder = simple.parent
    (folder / "folder").mkdir()
    (folder / "empty.mkv").touch()
    (folder / "text.mkv").write_text("hello" * 100)
    save(folder, "face.png", gradient(20, 10))
    with av.open(str(folder / "sound.wav"), "w") as output:
        stream = output.add_stream("pcm_s16le", rate=8000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), format="s16", layout="mono")
        frame.sample_rate = 8000
        stream.codec_context.layout = "mono"
        output.mux(stream.encode(frame))
    make(folder / "head.mp4", Clip("libx264", "yuv420p", extras=False))
    (folder / "head.mp4").write_bytes((folder / "head.mp4").read_bytes()[:300])
    monkeypatch.chdir(folder)
    monkeypatch.setattr(home, "upscaled", worked)
    before = sorted(path.name for path in folder.rglob("*"))
    given: dict[str, Any] = {"source": "simple.mkv", "model": live, **kwargs}
    with pytest.raises(error, match=message):
        pliant.video(given.pop("source"), **given)
    assert sorted(path.name for path in folder.rglob("*")) == before


def test_without_av_the_extra_is_named(simple: Path, live: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(MissingExtra, match=r"pip install 'pliant\[video\]'"):
        pliant.video(simple, model=live)


def test_hdr_figures_stay(tmp_path: Path, live: Path) -> None:
    """The mastering display and the brightest pixel, through x265 and back; a codec that cannot say them is noted."""
    display = "G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50)"
    options = {"x265-params": f"log-level=none:no-asm=1:master-display={display}:max-cll=1000,400"}
    source = make(tmp_path / "a.mkv", Clip(options=options, extras=False))
    result = pliant.video(source, factor=2, model=live)
    before, after = (probe(path).extras for path in (source, result.destination))
    assert hdr.mastering(before[hdr.MASTERING]) == hdr.mastering(after[hdr.MASTERING])
    assert hdr.light(before[hdr.LIGHT]) == hdr.light(after[hdr.LIGHT]) == hdr.Light(1000, 400)
    assert result.notes == ()
    other = pliant.video(source, tmp_path / "b.mkv", 2, model=live, codec="ffv1")
    assert "HDR mastering figures" in other.notes[0]


def test_nothing_of_the_process_stays_changed(clip: Path, live: Path, tmp_path: Path) -> None:
    before, threads = dict(os.environ), threading.active_count()
    try:
        pliant.video(clip, tmp_path / "a.mkv", 2, model=live, codec="av1", segment=9)
    except UsageError as error:
        pytest.skip(str(error))
    assert dict(os.environ) == before
    assert threading.active_count() == threads


def test_a_cover_picture_is_copied(simple: Path, live: Path) -> None:
    cover, source = save(simple.parent, "cover.png", gradient(8, 8)), simple.with_name("covered.mp4")
    arguments = ["-i", str(simple), "-i", str(cover), "-map", "0", "-map", "1", "-c", "copy"]
    ffmpeg(*arguments, "-disposition:v:1", "attached_pic", str(source))
    result = pliant.video(source, factor=2, model=live)
    with av.open(str(result.destination)) as container:
        assert [stream.disposition & av.stream.Disposition.attached_pic > 0 for stream in container.streams] == [0, 1]
        assert container.streams[0].codec_context.width == 96
        (packet,) = [p for p in container.demux(container.streams[1]) if p.size]
        assert bytes(packet) == cover.read_bytes()


def test_uneven_times_stay_in_mp4(tmp_path: Path, live: Path) -> None:
    """B-frames, a time base of 1/90000 and frames 1 to 900 ms apart."""
    lengths = [90 * (1 + k * k * 7 % 900) for k in range(20)]
    starts = tuple(sum(lengths[:k]) for k in range(20))
    clip = Clip("libx264", "yuv420p10le", times=starts, time_base=Fraction(1, 90_000), extras=False)
    source = make(tmp_path / "a.mp4", clip)
    result = pliant.video(source, factor=2, model=live, segment=6)
    assert times(result.destination) == times(source) == [Fraction(pts, 90_000) for pts in starts]
    assert result.notes == ()
