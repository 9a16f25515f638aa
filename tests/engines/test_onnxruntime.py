from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from pliant.engines import onnxruntime as engine
from pliant.engines.base import load
from pliant.errors import InputError, PliantError, UsageError
from pliant.models import DEFAULT, path
from tests.support import live_model, model


def test_all_exceptions_of_onnx_runtime_are_mapped() -> None:
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    own = [kind for kind in vars(state).values() if isinstance(kind, type) and issubclass(kind, Exception)]
    assert len(own) > 10
    for kind in (*own, ValueError, RuntimeError, TypeError, MemoryError, ImportError):
        with pytest.raises(PliantError), engine._errors("It failed"):
            raise kind("reason")


def test_a_defect_of_ours_is_not_blamed_on_the_engine() -> None:
    with pytest.raises(KeyError), engine._errors("It failed"):
        raise KeyError("ours")


def test_a_custom_operator_is_named(tmp_path: Path) -> None:
    infos = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [2]) for name in "xy"]
    graph = helper.make_graph([helper.make_node("Warp", ["x"], ["y"], domain="mine")], "g", infos[:1], infos[1:])
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid("mine", 1)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=10), tmp_path / "m.onnx")
    with pytest.raises(InputError, match=r"^The model uses the operator mine:Warp, which ONNX Runtime does not have"):
        load(tmp_path / "m.onnx")


def test_a_failure_while_running_names_the_node(tmp_path: Path) -> None:
    infos = [
        helper.make_tensor_value_info("x", TensorProto.FLOAT, [4]),
        helper.make_tensor_value_info("shape", TensorProto.INT64, [2]),
        helper.make_tensor_value_info("y", TensorProto.FLOAT, ["a", "b"]),
    ]
    made = model([helper.make_node("Reshape", ["x", "shape"], ["y"], name="fold")], infos[:2], infos[2:])
    onnx.save(made, tmp_path / "m.onnx")
    with pytest.raises(InputError, match=r"could not run the model \(Reshape node 'fold'\)") as caught:
        load(tmp_path / "m.onnx")(np.zeros(4, np.float32), np.array([3, 3]))
    assert "\n" not in str(caught.value)
    assert ".cc:" not in str(caught.value)


@pytest.mark.parametrize("name", ["onnxruntime", "openvino", "ncnn"])
def test_weights_beside_the_file_are_found(tmp_path: Path, name: str) -> None:
    onnx.save(
        onnx.load_from_string(live_model().model),
        tmp_path / "m.onnx",
        save_as_external_data=True,
        location="m.data",
        size_threshold=300,
    )
    assert (tmp_path / "m.data").exists()
    x = np.random.default_rng(0).random((1, 3, 4, 5), np.float32)
    np.testing.assert_allclose(load(tmp_path / "m.onnx", name)(x, 2), load(live_model())(x, 2), atol=1e-6)
    (tmp_path / "m.data").unlink()
    with pytest.raises(InputError, match=r"m\.data"):
        load(tmp_path / "m.onnx", name)


def test_the_number_of_threads_can_be_chosen(live: Path) -> None:
    x = np.random.default_rng(1).random((1, 3, 9, 9), np.float32)
    np.testing.assert_allclose(load(live, threads=1)(x, 2), load(live, threads=2)(x, 2), atol=1e-6)


def test_files_made_by_the_tutorial(reference: Path) -> None:
    x = np.zeros((1, 3, 256, 256), np.float32)
    for name in ("jianyangshi__srcnn3", "vegedoge__srcnn_op"):
        session = load(reference / f"tutorial/golden/{name}.onnx")
        assert session(x, factor=[1, 1, 2.5, 2.5]).shape == (1, 3, 640, 640)
    with pytest.raises(InputError, match="operator Test:DynamicTRTResize"):
        load(reference / "tutorial/golden/cobbai__srcnn3.onnx")


def test_a_provider_that_is_not_there_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    import onnxruntime

    load(live_model(), device="cpu").close()
    with pytest.raises(UsageError, match=r"no execution provider 'CUDA' here; it has .*CPU\. .*onnxruntime-gpu"):
        load(live_model(), device="CUDA")
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CUDAExecutionProvider", engine.CPU])
    for given in (live_model(), path(DEFAULT)):  # the latter is opened later on the CPU
        with pytest.raises(UsageError, match=r"could not start CUDAExecutionProvider here and would run on the CPU"):
            load(given, device="CUDA")


def test_another_precision_without_onnx_tells_what_to_install(tmp_path: Path) -> None:
    # in a process of its own: modules that are loaded again would stay half replaced for the tests after this one
    onnx.save(onnx.load_from_string(live_model().model), tmp_path / "live.onnx")
    code = (
        "import sys; sys.modules['onnx_ir'] = None\n"
        "from pliant.engines.base import load\n"
        "load(sys.argv[1], precision='f16')"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "live.onnx")], capture_output=True, text=True)
    assert re.search(r"MissingExtra: .*needs the package 'onnx_ir'.*pip install 'pliant\[lowering\]'", done.stderr), (
        done
    )
