"""What is prepared for the default model is what would be made today."""

from __future__ import annotations

from hashlib import sha256

import numpy as np
import onnx
import onnx.numpy_helper
import onnxruntime
import pytest

from pliant import cache
from pliant.artifact import Artifact
from pliant.engines.base import load
from pliant.lowering.whole import parts
from pliant.lowering.whole.forms import END
from pliant.lowering.whole.session import name_of
from pliant.models import DEFAULT, path

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


@pytest.mark.filterwarnings("ignore::pliant.stamps.UnverifiedWarning")
def test_the_network_as_it_is_is_opened_when_it_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Opening it takes a tenth of the time of a command that upscales a picture by 4."""
    opened = list[object]()
    plain = onnxruntime.InferenceSession
    monkeypatch.setattr(onnxruntime, "InferenceSession", lambda *a, **k: opened.append(a[0]) or plain(*a, **k))
    picture = np.random.default_rng(0).random((1, 3, 20, 30), np.float32)
    with load(path(DEFAULT), "onnxruntime") as session:
        assert opened == []
        session(picture, 4.0)
        session(picture, 4.0)
        assert [type(model) for model in opened] == [bytes]
        session(picture, 2.5)
        session(picture, 1.5)
        assert opened[1:] == [str(path(DEFAULT))]


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
