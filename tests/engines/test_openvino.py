"""OpenVINO: what only it has; that it computes the same is tested for all engines in test_matrix.py."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

import pliant
from pliant.apps.build import build
from pliant.engines.base import find, load
from pliant.engines.openvino import COPIED
from pliant.errors import InputError, LoweringError, UsageError
from tests.support import live_model


def test_the_precision_is_what_was_asked_for() -> None:
    can = " ".join(find("openvino").devices())
    assert "CPU" in can
    import openvino as ov

    capabilities = ov.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    for precision, needed in (("bf16", "BF16"), ("f16", "FP16")):
        if needed in capabilities:
            load(live_model(), "openvino", precision=precision).close()
        else:
            with pytest.raises(UsageError, match=rf"does not compute in {precision}: it would use f32"):
                load(live_model(), "openvino", precision=precision)
    with pytest.raises(UsageError, match=r"computes in f32, f16, bf16, not in 'int8'"):
        load(live_model(), "openvino", precision="int8")


def test_a_device_that_is_not_there_is_named() -> None:
    with pytest.raises(UsageError, match=r"finds no device 'NPU7' here; it finds CPU"):
        load(live_model(), "openvino", device="NPU7")


def test_calls_from_several_threads_do_not_meet() -> None:
    pictures = [np.full((1, 3, 5 + k, 7), k / 10, np.float32) for k in range(8)]
    with load(live_model(), "openvino", threads=1) as session, ThreadPoolExecutor(4) as pool:
        alone = [session(x, 1 + k / 4) for k, x in enumerate(pictures)]
        together = pool.map(lambda k: session(pictures[k], 1 + k / 4), range(8))
        for one, other in zip(alone, together, strict=True):
            np.testing.assert_array_equal(one, other)


def test_results_stay_what_they_are() -> None:
    session = load(live_model(), "openvino")
    rng = np.random.default_rng(0)
    kept = list[tuple[np.ndarray, np.ndarray]]()
    for side in (20, 33, 200, 20, 160, 160, 7, 64, 200):  # results of 10 kB to 1 MB: small ones are copied
        result = session(rng.random((1, 3, side, side), np.float32), 1.5)
        kept.append((result, result.copy()))
    session.close()
    del session
    assert all(np.array_equal(result, copy) for result, copy in kept), "a later call wrote into an earlier result"
    assert len({result.ctypes.data for result, _ in kept}) == len(kept)
    assert {result.nbytes > COPIED for result, _ in kept} == {True, False}


def test_a_result_is_never_the_array_that_was_given(tmp_path: Path) -> None:
    x, y = (onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1, 3, "h", "w"]) for name in "xy")
    graph = onnx.helper.make_graph([onnx.helper.make_node("Identity", ["x"], ["y"])], "g", [x], [y])
    opsets = [onnx.helper.make_opsetid("", 18)]
    onnx.save(onnx.helper.make_model(graph, opset_imports=opsets, ir_version=10), tmp_path / "m.onnx")
    session, given = load(tmp_path / "m.onnx", "openvino"), np.ones((1, 3, 8, 9), np.float32)
    result = session(given)
    given[:] = 2
    assert (result == 1).all()
    session(given)
    assert (result == 1).all()


def test_a_picture_that_is_a_view_is_read_as_it_is() -> None:
    x = np.random.default_rng(0).random((1, 6, 5, 3), np.float32).transpose(0, 3, 1, 2)
    expected = load(live_model())(x, 2)
    np.testing.assert_allclose(load(live_model(), "openvino")(x, 2), expected, atol=1e-6)


def test_a_build_runs_without_pliant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a C++ program would do, in plain Python: the prologue on ONNX Runtime, then the network."""
    import openvino as ov

    monkeypatch.setenv("PLIANT_CACHE", str(tmp_path / "cache"))
    source = live_model().save(tmp_path / "m.onnx")
    built = build(source, "openvino", tmp_path / "out" / "m.xml") if (tmp_path / "out").mkdir() is None else None
    assert built is not None
    assert {path.suffix for path in built.files} == {".xml", ".bin", ".onnx", ".json"}
    assert not built.kept
    assert build(source, "openvino", tmp_path / "out" / "m.xml").kept
    x = np.random.default_rng(0).random((1, 3, 9, 7), np.float32)
    told = json.loads((tmp_path / "out" / "m.json").read_text())
    prologue = onnxruntime.InferenceSession(str(tmp_path / "out" / "m.prologue.onnx"))
    arguments = {"image": x, "factor": np.array(1.7)}
    given = {entry.name: arguments[entry.name] for entry in prologue.get_inputs()}
    results = [r.view(r.dtype.name) for r in prologue.run(None, given)]  # int64 under the name that OpenVINO knows
    passed = dict(zip([o.name for o in prologue.get_outputs()], results, strict=True))
    network = ov.Core().compile_model(str(tmp_path / "out" / "m.xml"), "CPU", told["settings"])
    inputs = [{**passed, "image": x}[entry["name"]] for entry in told["network"]["inputs"]]
    np.testing.assert_allclose(network(inputs)[0], load(source)(x, 1.7), atol=1e-6)


def test_a_model_that_nothing_can_be_made_of(tmp_path: Path) -> None:
    from onnx import TensorProto, helper

    infos = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [2]) for name in "xy"]
    graph = helper.make_graph(
        [helper.make_node("Warp", ["x"], ["y"], "bend", domain="mine")], "g", infos[:1], infos[1:]
    )
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid("mine", 1)]
    (tmp_path / "m.onnx").write_bytes(helper.make_model(graph, opset_imports=opsets, ir_version=10).SerializeToString())
    with pytest.raises(LoweringError, match=r"mine::Warp 'bend'"):
        load(tmp_path / "m.onnx", "openvino")


def test_what_is_compiled_can_be_kept(tmp_path: Path) -> None:
    for _ in range(2):
        with load(live_model(), "openvino", cache=tmp_path) as session:
            assert session(np.zeros((1, 3, 4, 5), np.float32), 2).shape == (1, 3, 8, 10)
        assert len(list(tmp_path.glob("*.blob"))) == 1


def test_out_of_place_sizes_are_a_sentence() -> None:
    with load(live_model(), "openvino") as session, pytest.raises(InputError) as caught:
        session(np.zeros((1, 3, 4, 4), np.float32), 1e9)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("blocked", ["openvino", "onnx_ir"])
def test_without_the_package_the_user_is_told_what_to_install(blocked: str) -> None:
    hide = (
        "import sys, importlib.util as u\n"
        "real = u.find_spec\n"
        f"u.find_spec = lambda name, *a: None if name == {blocked!r} else real(name, *a)\n"
        "from pliant.apps.cli.main import main\n"
        "sys.exit(main(['upscale', 'examples/canyon-wren.png', '--engine', 'openvino']))\n"
    )
    ran = subprocess.run([sys.executable, "-c", hide], capture_output=True, text=True, check=False)
    assert ran.returncode == 2
    assert f"needs the package {blocked!r}: pip install 'pliant[openvino]'" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_auto_is_what_is_there() -> None:
    assert pliant.load(live_model()).engine == "onnxruntime"
