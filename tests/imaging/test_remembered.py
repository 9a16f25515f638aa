"""What is found out about a network is kept, and never trusted when it is broken."""

from __future__ import annotations

import json
from dataclasses import replace
from gc import collect
from pathlib import Path
from weakref import ref

import numpy as np
import pytest

import pliant
from pliant.engines import base
from pliant.engines.base import Session
from pliant.imaging import upscaling
from pliant.imaging.facts import known_locality, locality_facts
from pliant.imaging.network import Network
from pliant.imaging.sizes import plan
from pliant.imaging.upscaling import Limits, Work
from tests.support import gradient

Array = np.ndarray


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of what is kept, empty."""
    monkeypatch.setenv("PLIANT_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "networks"


@pytest.fixture
def probed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of what was measured."""
    found = list[str]()

    def count(name: str) -> None:
        original = getattr(upscaling, name)
        monkeypatch.setattr(upscaling, name, lambda *args: found.append(name) or original(*args))

    count("measured")
    count("measured_cost")
    return found


def tiles(model: Path, factor: float = 2) -> Array:
    """A picture in tiles, by a session of its own."""
    with pliant.load(model) as session:
        return tiles_of(session, factor)


def tiles_of(session: Session, factor: float = 2) -> Array:
    """A picture in tiles, by a session that is open."""
    network = Network.of(session)
    work = Work(network, plan(network, (70, 60), factor), Limits(tile=30), lambda share: None)
    return np.concatenate(list(work.strips(gradient(70, 60), kept=True)))


def test_the_second_session_measures_nothing(folder: Path, probed: list[str], srcnn: Path) -> None:
    first = tiles(srcnn)
    assert probed == ["measured", "measured_cost"]
    assert len(list(folder.iterdir())) == 2
    np.testing.assert_array_equal(tiles(srcnn), first)
    assert probed == ["measured", "measured_cost"]
    tiles(srcnn, 3)  # another factor is another question
    assert probed == ["measured", "measured_cost"] * 2


def test_the_second_picture_measures_nothing(
    folder: Path, probed: list[str], monkeypatch: pytest.MonkeyPatch, srcnn: Path
) -> None:
    """Nor where no file can be kept, and where costs are not exact, which is for this session alone."""
    exactly = upscaling.measured_cost
    monkeypatch.setattr(upscaling, "measured_cost", lambda *args: replace(exactly(*args), exact=False))
    folder.parent.write_text("no folder")
    with pliant.load(srcnn, engine="onnxruntime") as session:
        first = tiles_of(session)
        assert probed == ["measured", "measured_cost"]
        np.testing.assert_array_equal(tiles_of(session), first)
    assert probed == ["measured", "measured_cost"]


def test_costs_that_are_not_exact_are_for_their_session(
    folder: Path, monkeypatch: pytest.MonkeyPatch, srcnn: Path
) -> None:
    exactly = upscaling.measured_cost
    monkeypatch.setattr(upscaling, "measured_cost", lambda *args: replace(exactly(*args), exact=False))
    tiles(srcnn)
    assert len(list(folder.iterdir())) == 1  # how far it looks


def test_a_session_that_nobody_holds_goes(folder: Path, srcnn: Path) -> None:
    session = pliant.load(srcnn, engine="onnxruntime")
    tiles_of(session)
    gone = ref(session)
    session.close()
    del session
    collect()
    assert gone() is None


@pytest.mark.parametrize("factor", [2, 1.7])  # in tiles of their own, and as parts of the whole
def test_what_is_read_is_what_was_measured(folder: Path, srcnn: Path, factor: float) -> None:
    tiles(srcnn, factor)
    network = Network.of(pliant.load(srcnn))
    found = known_locality(network, factor)
    assert found is not None
    measured = upscaling.measured(network, factor)
    assert locality_facts(found) == locality_facts(measured)
    assert type(found.parts) is type(measured.parts)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"3",
        b"\xff\xfe",
        b'{"way": "alone"}',
        b'{"way": "other", "radius": [4, 4], "step": 1, "deviation": 0}',
        b'{"way": "alone", "radius": [4], "step": 1, "deviation": 0}',
        b'{"way": "alone", "radius": [4, 4], "step": 0, "deviation": 0}',
        b'{"way": "alone", "radius": [4, 4], "step": 1, "deviation": NaN}',
        b'{"way": "alone", "radius": "44", "step": 1, "deviation": "small"}',
        b'{"tiles": null, "bytes_per_pixel": 1, "bytes_once": 1, "speeds": []}',
    ],
)
def test_broken_files_are_made_anew(folder: Path, probed: list[str], srcnn: Path, content: bytes) -> None:
    expected = tiles(srcnn)
    intact = {path: path.read_bytes() for path in folder.iterdir()}
    for path in intact:
        path.write_bytes(content)
    np.testing.assert_array_equal(tiles(srcnn), expected)
    assert probed == ["measured", "measured_cost"] * 2
    for path in intact:
        assert path.read_bytes() != content
        json.loads(path.read_bytes())


def test_a_model_that_cannot_be_told_from_others_is_not_remembered(folder: Path, srcnn: Path) -> None:
    with pliant.load(srcnn) as session:
        session.fingerprint = ""
        network = Network.of(session)
        work = Work(network, plan(network, (70, 60), 2), Limits(tile=30), lambda share: None)
        list(work.strips(gradient(70, 60), kept=True))
    assert not folder.exists()


def test_another_version_of_the_engine_is_asked_anew(
    folder: Path, probed: list[str], srcnn: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiles(srcnn)
    monkeypatch.setattr(base.Engine, "version", property(lambda engine: "0.0.1"))
    tiles(srcnn)
    assert probed == ["measured", "measured_cost"] * 2


def test_a_folder_that_cannot_be_written_to_is_no_error(
    tmp_path: Path, probed: list[str], srcnn: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("PLIANT_CACHE", str(tmp_path / "file"))
    np.testing.assert_array_equal(tiles(srcnn), tiles(srcnn))
    assert probed == ["measured", "measured_cost"] * 2
