"""An engine that gives other numbers than ONNX Runtime: the node is found by asking it for inner values."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import onnx
import pytest
from onnx import ModelProto, helper

import pliant
from pliant.contract import Contract
from pliant.engines import base
from pliant.engines.base import Backend, Engine, Options
from pliant.engines.onnxruntime import open_model
from pliant.errors import InputError, UnverifiedWarning
from tests import networks
from tests.faults import every

Change = Callable[[ModelProto], None]
NAME = "wobbly"


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Callable[[Change], None]:
    """Registers an engine that runs a changed model on ONNX Runtime."""

    def install(change: Change) -> None:
        def opened(model: bytes, contract: Contract, options: Options) -> Backend:
            proto = onnx.ModelProto.FromString(model)
            change(proto)
            return open_model(proto.SerializeToString(), contract, Options(options.threads))

        usual_names, usual_load = base.names, base.load_member
        wobbly = Engine(NAME, "onnxruntime", "onnxruntime", opened)
        monkeypatch.setattr(base, "names", lambda family: [*usual_names(family), NAME])
        monkeypatch.setattr(
            base, "load_member", lambda f, name, *a, **k: wobbly if name == NAME else usual_load(f, name, *a, **k)
        )

    return install


def becomes(old: str, new: str) -> Change:
    def change(model: ModelProto) -> None:
        for body in (model.graph.node, *(f.node for f in model.functions)):
            for node in every(body):
                if node.op_type == old:
                    node.op_type = new

    return change


def refuses(model: ModelProto) -> None:
    raise InputError("It takes no models today.")


def test_the_first_node_that_departs_on_an_engine(deciding: Path, installed: Callable[[Change], None]) -> None:
    installed(becomes("Softmax", "Hardmax"))
    report = pliant.verify(deciding, engines=["onnxruntime", NAME], stamp=False)
    assert [row.status for row in report.rows] == ["yardstick", "failed"]
    (finding,) = report.findings
    node = next(n for n in onnx.load(str(deciding)).graph.node if n.op_type == "Softmax")
    assert (finding.node, finding.operator) == (node.name, "Softmax")
    assert finding.source.startswith("networks.py:")
    assert f"on {NAME} differs from ONNX Runtime" in finding.difference


def test_a_function_is_opened(srcnn: Path, installed: Callable[[Change], None]) -> None:
    installed(becomes("Floor", "Ceil"))
    report = pliant.verify(srcnn, against=networks.srcnn(), engines=NAME, stamp=False)
    (finding,) = report.findings
    assert finding.operator == "Floor"
    assert finding.inside[0].startswith("function pliant::resize_bicubic_scale called by node ")


def test_a_kernel_for_a_whole_function_is_named_by_its_call(srcnn: Path, installed: Callable[[Change], None]) -> None:
    def change(model: ModelProto) -> None:
        for function in model.functions:  # where the function was written out, nothing is wrong
            function.node.append(helper.make_node("Neg", [function.output[0]], ["wrong"]))
            function.output[0] = "wrong"

    installed(change)
    (finding,) = pliant.verify(srcnn, engines=["onnxruntime", NAME], stamp=False).findings
    assert finding.operator == "pliant::resize_bicubic_scale"
    assert not finding.inside


def test_an_engine_that_takes_no_model_is_refused_with_its_reason(
    srcnn: Path, installed: Callable[[Change], None]
) -> None:
    installed(refuses)
    report = pliant.verify(srcnn, engines=NAME, stamp=False)
    assert not report.passed
    assert report.rows[0].status == "refused"
    assert "no models today" in report.rows[0].reason
    assert pliant.verify(srcnn, against=networks.srcnn(), stamp=False).passed  # "all": others did


def test_loading_on_an_engine_without_a_stamp_warns_once_verified_it_does_not(
    srcnn: Path, tmp_path: Path, installed: Callable[[Change], None], recwarn: pytest.WarningsRecorder
) -> None:
    installed(lambda model: None)
    path = tmp_path / "copy.onnx"
    path.write_bytes(srcnn.read_bytes())
    with pytest.warns(UnverifiedWarning, match=f"has not been verified on {NAME} .* pliant verify .*--engine {NAME}"):
        base.load(path, NAME).close()
    recwarn.clear()
    report = pliant.verify(path, engines=NAME)
    assert report.stamped
    base.load(path, NAME).close()
    artifact = pliant.Artifact.load(path)
    assert artifact is not None
    base.load(artifact, NAME).close()
    assert not [w for w in recwarn if issubclass(w.category, UnverifiedWarning)]
    path.write_bytes(path.read_bytes().replace(b"conv2d_1/Conv", b"conv2d_9/Conv"))
    with pytest.warns(UnverifiedWarning, match="was changed since it was verified"):
        base.load(path, NAME).close()
