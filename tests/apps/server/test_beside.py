"""Small pictures that come together share the cores; large ones take turns."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import pytest

pytest.importorskip("fastapi")

from pliant.apps.server.beside import Beside
from pliant.apps.server.work import Stopped
from pliant.engines.base import load
from pliant.imaging.network import Network
from pliant.imaging.sizes import Plan, plan
from tests.support import together

SMALL, LARGE = (100, 80), (1000, 800)


@pytest.fixture
def network(live: Path) -> Network:
    return Network.of(load(live, "onnxruntime", threads=2))


def planned(network: Network, size: tuple[int, int]) -> Plan:
    return plan(network, size, 2.0)


def ignore(share: float) -> None:
    del share


def test_a_small_picture_has_all_cores_when_it_is_alone(network: Network) -> None:
    with Beside(2, lambda: False).network(network, planned(network, SMALL), ignore) as turn:
        assert turn.network is network


def test_small_pictures_together_share_the_cores(network: Network) -> None:
    beside = Beside(2, lambda: True)
    with beside.network(network, planned(network, SMALL), ignore) as one:
        with beside.network(network, planned(network, SMALL), ignore) as other:  # does not wait for the first
            assert one.network.session is other.network.session is network.session.several(2)
        assert one.network.session is not network.session


def test_large_pictures_take_turns(network: Network) -> None:
    beside, large, inside = Beside(2, lambda: True), planned(network, LARGE), Event()

    def second() -> bool:
        with beside.network(network, large, ignore) as turn:
            inside.set()
            return turn.network is network

    with ThreadPoolExecutor(1) as pool:
        with beside.network(network, large, ignore) as turn:
            assert turn.network is network
            waiting = pool.submit(second)
            assert not inside.wait(0.3)
            with beside.network(network, planned(network, SMALL), ignore):
                pass  # small ones go on beside it
        assert waiting.result(10)


def test_the_next_has_its_turn_while_the_last_is_written(network: Network) -> None:
    beside, large = Beside(2, lambda: True), planned(network, LARGE)
    with beside.network(network, large, ignore) as first:
        first.end()
        with beside.network(network, large, ignore):
            first.end()  # once more changes nothing
            assert beside.large.locked()
    assert not beside.large.locked()


def test_a_large_picture_that_waits_can_be_stopped(network: Network) -> None:
    beside, large = Beside(2, lambda: True), planned(network, LARGE)

    def stopped(share: float) -> None:
        assert share == 0
        raise Stopped

    with beside.network(network, large, ignore), pytest.raises(Stopped), beside.network(network, large, stopped):
        pass
    with beside.network(network, large, ignore):
        pass  # nobody holds the turn


def test_requests_at_the_same_time_get_what_one_alone_gets(
    serve: Callable[..., Any], face: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And two are in the network at the same time."""
    client = serve(workers=2)
    alone = client.post("/v1/upscale?factor=2.7", content=face).content
    with together(monkeypatch) as most, ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: client.post("/v1/upscale?factor=2.7", content=face).content, range(4)))
    assert found == [alone] * 4
    assert most() == 2
