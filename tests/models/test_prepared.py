"""What is prepared for the models that ship is what would be made today."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from threading import Barrier
from time import sleep

import numpy as np
import onnx
import onnx.numpy_helper
import pytest

from pliant import cache
from pliant.artifact import Artifact
from pliant.engines.base import load
from pliant.errors import UsageError
from pliant.lowering.whole import parts
from pliant.lowering.whole.field import UnsuitedError
from pliant.lowering.whole.forms import END
from pliant.lowering.whole.later import Later
from pliant.lowering.whole.session import REFUSED, name_of, without_blocks
from pliant.models import DEFAULT, path
from tests.support import live_model

DATA = path(DEFAULT).read_bytes()


def weights(model: bytes) -> list[np.ndarray]:
    return [onnx.numpy_helper.to_array(t) for t in onnx.ModelProto.FromString(model).graph.initializer]


@pytest.mark.parametrize("factor", [2, 3, 4])
def test_up_to_date(factor: int) -> None:
    name = name_of(sha256(DATA).hexdigest(), factor)
    assert cache.ships(name), "run training/prepare.py: the model, or the form of what is prepared, has changed"
    kept, was_kept = cache.files(name, dict)
    artifact = Artifact.from_bytes(DATA, DEFAULT)
    assert was_kept
    assert artifact is not None
    made = parts.files(DATA, artifact.contract, factor, in_blocks=False)
    assert sorted(made) == sorted(kept) == [END]
    for one, other in zip(weights(made[END]), weights(kept[END]), strict=True):
        assert one.shape == other.shape
        assert np.allclose(one, other, rtol=0, atol=1e-6)


@pytest.mark.parametrize("factor", [2, 3, 4])
def test_of_the_tutorials_network_onnxruntime_knows_that_nothing_is_less_work(factor: int) -> None:
    """Finding that out takes half a second; OpenVINO computes it in blocks, which are made when they are wanted."""
    data = path("srcnn").read_bytes()
    artifact = Artifact.from_bytes(data, "srcnn")
    assert artifact is not None
    with pytest.raises(UnsuitedError) as refusal:
        parts.files(data, artifact.contract, factor, in_blocks=False)
    name = name_of(sha256(data).hexdigest(), factor)
    assert not cache.ships(name)
    assert cache.ships(without_blocks(name)), "run training/prepare.py: the model, or the form, has changed"
    assert cache.files(without_blocks(name), dict) == ({REFUSED: str(refusal.value).encode()}, True)


@pytest.mark.filterwarnings("ignore::pliant.stamps.UnverifiedWarning")
@pytest.mark.parametrize("engine", ["onnxruntime", "openvino"])
def test_the_network_as_it_is_is_opened_when_it_is_needed(engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Opening it takes a tenth of the time of a command that upscales a picture by 4, and in OpenVINO a second."""
    opened = list[Later]()
    plain = Later.opened
    monkeypatch.setattr(Later, "opened", lambda self: opened.append(self) or plain(self))
    picture = np.random.default_rng(0).random((1, 3, 20, 30), np.float32)
    with load(path(DEFAULT), engine) as session:
        session(picture, 4.0)
        session(picture, 3.0)
        assert opened == []
        assert session(picture, 2.5).shape == (1, 3, 50, 75)
        assert len(opened) == 1
    opened.clear()
    with load(path(DEFAULT), engine) as session:
        session.ready()
        assert len(opened) == 1
    with pytest.raises(UsageError, match="closed"):
        session.ready()
    with load(live_model(), engine) as session:  # of other models it is not known that they can be opened
        assert len(opened) == 2
        session.ready()


def test_it_is_opened_once() -> None:
    """By whichever thread comes first; the others wait."""
    made = list[int]()
    gate = Barrier(4)

    def open_() -> object:
        made.append(1)
        sleep(0.05)
        return object()

    later = Later(open_)

    def take(_: int) -> object:
        gate.wait()
        return later.opened()

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(take, range(4)))) == 1
    assert made == [1]


@pytest.mark.filterwarnings("ignore::pliant.stamps.UnverifiedWarning")
@pytest.mark.parametrize("engine", ["onnxruntime", "openvino"])
@pytest.mark.parametrize("size", [(120, 117), (31, 48), (1, 1), (2, 1)], ids=lambda size: "{}x{}".format(*size))
def test_used_and_right(engine: str, size: tuple[int, int]) -> None:
    """Of small pictures too: what ships need not be made."""
    picture = np.random.default_rng(0).random((1, 3, *size), np.float32)
    with load(path(DEFAULT), engine) as session, load(path(DEFAULT), "onnxruntime") as other:
        feeds = {"image": picture, "factor": np.asarray(4.0)}
        backend = session._backend
        assert backend.wholes.at(feeds) is not None  # type: ignore[union-attr]
        expected = other._backend._backend.run(feeds)[0]  # type: ignore[union-attr]
        assert np.abs(session(picture, 4.0) - expected).max() <= 5e-6
