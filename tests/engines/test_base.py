from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pliant
from pliant.engines import base
from pliant.engines.base import Engine, Options, Session, engines, load
from pliant.errors import ContractError, InputError, UsageError
from tests.support import fixed_model, live_model

IMAGE = np.random.default_rng(0).random((1, 3, 7, 5), np.float32)


def test_every_engine_is_complete() -> None:
    """A new engine is tested by being there."""
    found = engines()
    assert {"onnxruntime", "openvino", "pytorch", "tensorrt"} <= {engine.name for engine in found}
    for engine in found:
        assert isinstance(engine, Engine)
        reason = engine.available()
        assert (reason is None) == (engine.version is not None)


HERE = [engine.name for engine in engines() if engine.available() is None and engine.runs() is None]


@pytest.mark.parametrize("engine", ["auto", *HERE])
def test_a_session_runs_with_a_live_factor(live: Path, engine: str) -> None:
    with load(live, engine) as session:
        assert session.contract.factor == "factor"
        for factor in (1, 1.3, 2.5, 4):
            by_position, by_name = session(IMAGE, factor), session(factor=factor, image=IMAGE)
            assert by_position.shape == (1, 3, int(7 * factor), int(5 * factor))
            assert by_position.dtype == np.float32
            np.testing.assert_array_equal(by_position, by_name)


def test_the_package_offers_it(live: Path) -> None:
    assert isinstance(pliant.load(live), pliant.Session)


def test_an_artifact_runs_without_a_file() -> None:
    assert load(live_model())(IMAGE, 2).shape == (1, 3, 14, 10)


def test_several_outputs_are_a_tuple(tmp_path: Path) -> None:
    from onnx import TensorProto, helper

    from tests.support import model

    infos = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [2]) for name in "xab"]
    nodes = [helper.make_node("Neg", ["x"], ["a"]), helper.make_node("Abs", ["x"], ["b"])]
    (tmp_path / "two.onnx").write_bytes(model(nodes, infos[:1], infos[1:]).SerializeToString())
    a, b = load(tmp_path / "two.onnx")(np.array([1, -2], np.float32))
    assert (a.tolist(), b.tolist()) == ([-1, 2], [1, 2])


def test_misfits_never_reach_the_engine() -> None:
    session = load(live_model(1, 4))
    with pytest.raises(ContractError, match=r"factor.*is 5, but the model takes 1 to 4"):
        session(IMAGE, 5)


def test_a_closed_session_says_so() -> None:
    session = load(live_model())
    session.close()
    session.close()
    with pytest.raises(UsageError, match="closed"):
        session(IMAGE, 2)


def test_a_file_without_a_contract_gets_one(tmp_path: Path) -> None:
    (tmp_path / "fixed.onnx").write_bytes(fixed_model(2))
    session = load(tmp_path / "fixed.onnx")
    assert session.contract.inferred
    assert session(IMAGE).shape == (1, 3, 14, 10)


def test_unknown_engine(live: Path) -> None:
    with pytest.raises(UsageError, match=r"no engine named 'warp'; there are: .*onnxruntime"):
        load(live, "warp")


def test_an_engine_whose_package_is_missing_says_how_to_get_it() -> None:
    def never(model: bytes, contract: object, options: Options) -> Session:
        raise AssertionError

    engine = Engine("warp", "no_such_package", "warp-drive", never)
    assert engine.available() == "Engine 'warp' needs the package 'no_such_package': pip install warp-drive."
    assert engine.version is None


@pytest.mark.parametrize(
    ("content", "message"), [(None, "no file"), (b"", "not an ONNX model"), (b"hello", "not an ONNX model")]
)
def test_files_that_are_no_model(tmp_path: Path, content: bytes | None, message: str) -> None:
    if content is not None:
        (tmp_path / "m.onnx").write_bytes(content)
    with pytest.raises(InputError, match=message):
        load(tmp_path / "m.onnx")


def test_another_package_adds_an_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """By an entry point; it is listed behind pliant's own and found by name."""
    from importlib import metadata

    point = metadata.EntryPoint("abacus", "tests.engines.abacus:ENGINE", base.FAMILY)
    monkeypatch.setattr(base, "_others", lambda: [point])
    assert [engine.name for engine in engines()][-1] == "abacus"
    with load(live_model(), "abacus") as session:
        assert session.engine == "abacus"
        assert session(IMAGE, 2).shape == (1, 3, 14, 10)
    with pytest.raises(UsageError, match=r"There is no engine named 'abacist'; there are: .*abacus\."):
        load(live_model(), "abacist")


def test_the_installed_packages_are_not_looked_through_for_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """There may be hundreds of them: 10 ms were measured for each time."""
    monkeypatch.setattr(base, "_others", lambda: pytest.fail("looked through"))
    assert base.find("onnxruntime").name == "onnxruntime"
    assert base.usable("onnxruntime").name == "onnxruntime"


SHARED = [engine.name for engine in engines() if engine.shares and engine.name in HERE]


@pytest.mark.parametrize("engine", SHARED)
def test_several_calls_at_the_same_time_give_what_one_gives(live: Path, engine: str) -> None:
    images = np.random.default_rng(1).random((8, 1, 3, 33, 21), np.float32)
    with load(live, engine, threads=2) as session:
        several = session.several(2)
        assert several is not session
        assert several is session.several(2)
        expected = [session(image, 2.7) for image in images]
        with ThreadPoolExecutor(2) as pool:
            found = list(pool.map(lambda image: several(image, 2.7), images))
        np.testing.assert_array_equal(found, expected)
    with pytest.raises(UsageError, match="closed"):
        several(images[0], 2)
    with pytest.raises(UsageError, match="closed"):
        session.several(2)


def test_a_session_shares_only_what_it_has(live: Path) -> None:
    session = load(live, "onnxruntime", threads=2)
    assert session.several(1) is session
    assert session.several(3) is session, "fewer threads than calls"
    assert session.several(2).several(2) is session.several(2)


def test_large_weights_are_not_in_memory_twice(live: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pliant.engines import base

    monkeypatch.setattr(base, "TWICE", live.stat().st_size // 2)
    session = load(live, "onnxruntime", threads=2)
    assert session.several(2) is session


def test_each_call_has_its_share_of_the_threads(live: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pliant.engines import base

    given: list[Options] = []
    usual = base.find("onnxruntime").open

    def seen(model: bytes, contract: Any, options: Options) -> Any:
        given.append(options)
        return usual(model, contract, options)

    engine = replace(base.find("onnxruntime"), open=seen)
    session = base.opened(base.Source.of(live), engine, Options(threads=7))
    session.several(3)
    assert [(options.threads, options.streams) for options in given] == [(7, 1), (2, 3)]
