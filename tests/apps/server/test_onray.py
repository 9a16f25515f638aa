"""What a replica says about a job, and what becomes of it, without a cluster in between."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from threading import Event
from typing import Any

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("ray.exceptions")

import pliant
from pliant.apps.server.jobs import here
from pliant.apps.server.jobs.job import asked_as_json
from pliant.apps.server.making import Lost
from pliant.apps.server.onray import remote, replica
from pliant.apps.server.onray.remote import Remote
from pliant.apps.server.onray.replica import Piece, Refused, Replica, Share, Whole, Word
from pliant.apps.server.problems import Problem
from pliant.apps.server.service import Service
from pliant.apps.server.settings import Settings
from pliant.apps.server.wishes import Asked
from pliant.apps.server.work import Stopped, Ticket
from tests.support import gradient, save

PATIENCE = 60  # seconds
ASKED = replace(Asked.of({"factor": "2.7"}), model="live")


@pytest.fixture
def service(live: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Service]:
    """That of a replica in this process."""
    made = Service.of(Settings(models=(f"live={live}",), engine="onnxruntime", jobs=None))
    monkeypatch.setattr(Replica, "service", made, raising=False)
    yield made
    made.close()


@pytest.fixture
def face(tmp_path: Path) -> Path:
    return save(tmp_path, "face.png", gradient(24, 18))


def words(picture: bytes) -> list[Word]:
    """All that a replica says."""

    async def heard() -> list[Word]:
        return [word async for word in Replica().make(picture, asked_as_json(ASKED))]

    return asyncio.run(asyncio.wait_for(heard(), PATIENCE))


def received(told: list[Word], face: Path, tmp_path: Path, ticket: Ticket | None = None) -> Any:
    """What `Remote.make` makes of what a replica said."""
    made = Remote("nobody", 1)
    said = iter(told)
    made.__dict__["_replicas"] = type("Handle", (), {"remote": lambda self, *given: said})()
    return made.make(face, ASKED, tmp_path / "result", ticket or Ticket())


def test_a_picture(service: Service, face: Path, live: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replica, "PIECE", 100)
    told = words(face.read_bytes())
    pieces = [word for word in told if isinstance(word, Piece)]
    assert len(pieces) > 1
    assert isinstance(told[-1], Whole)
    assert list(service.spool.iterdir()) == []
    shares = list[float]()
    made = received(told, face, tmp_path, Ticket(shares.append))
    pliant.upscale(face, tmp_path / "expected.png", 2.7, model=live)
    assert made.path.read_bytes() == (tmp_path / "expected.png").read_bytes()
    assert (made.size, made.source_size, made.factor, made.model, made.engine) == (
        (64, 48),
        (24, 18),
        2.7,
        "live",
        "onnxruntime",
    )
    assert shares[-1] == 1
    assert service.metrics.pixels_out._value.get() == 64 * 48  # pyright: ignore[reportPrivateUsage]


def test_how_far_it_is_comes_in_between(service: Service, face: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usual, seen = here.make, Event()

    def held(*given: Any, **named: Any) -> Any:
        given[5](0.25)
        assert seen.wait(PATIENCE)
        return usual(*given, **named)

    async def heard() -> None:
        async for word in Replica().make(face.read_bytes(), asked_as_json(ASKED)):
            if word == Share(0.25):
                seen.set()

    monkeypatch.setattr(here, "make", held)
    asyncio.run(asyncio.wait_for(heard(), PATIENCE))
    assert seen.is_set()


def test_no_picture(service: Service, face: Path, tmp_path: Path) -> None:
    told = words(b"no picture")
    assert isinstance(told[-1], Refused)
    assert told[-1].status == 415
    assert str(service.spool) not in told[-1].detail
    assert list(service.spool.iterdir()) == []
    with pytest.raises(Problem, match="is not a PNG") as caught:
        received(told, face, tmp_path)
    assert caught.value.status == 415


def test_a_replica_that_goes_says_no_last_word(service: Service, face: Path, tmp_path: Path) -> None:
    service.work.close()
    told = words(face.read_bytes())
    assert not [word for word in told if not isinstance(word, Share)]
    assert list(service.spool.iterdir()) == []
    with pytest.raises(Lost):
        received(told, face, tmp_path)


def test_nobody_listens_any_more(service: Service, face: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stopped = Event()

    def held(*given: Any, **named: Any) -> Any:
        step: Callable[[float], None] = given[5]
        try:
            while True:
                step(0.5)
        except Stopped:
            stopped.set()
            raise

    async def heard() -> None:
        making = Replica().make(face.read_bytes(), asked_as_json(ASKED))
        async for word in making:
            if word == Share(0.5):
                break
        await making.aclose()

    monkeypatch.setattr(here, "make", held)
    asyncio.run(asyncio.wait_for(heard(), PATIENCE))
    assert stopped.is_set(), "the work has ended before the files go"
    assert list(service.spool.iterdir()) == []


def test_who_keeps_the_job_stops_it(face: Path, tmp_path: Path) -> None:
    ticket = Ticket()
    ticket.stop()
    with pytest.raises(Stopped):
        received([Share(0.5), Piece(b"never")], face, tmp_path, ticket)
    with pytest.raises(Stopped):
        received([], tmp_path / "deleted", tmp_path, ticket)


def test_a_replica_is_lost(face: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "PAUSE", 0.0)

    errors: Any = import_module("ray.exceptions")

    class Broken(list[Word]):
        def __iter__(self) -> Any:
            yield Piece(b"half of it")
            raise errors.ActorDiedError

    made = Remote("nobody", 1)
    made.__dict__["_replicas"] = type("Handle", (), {"remote": lambda self, *given: Broken()})()
    with pytest.raises(Lost):
        made.make(face, ASKED, tmp_path / "result", Ticket())
