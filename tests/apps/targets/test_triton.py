"""Model repositories, read with Triton's own schema. The server itself is not run: there is none to be had here."""

from __future__ import annotations

import importlib.util
import json
import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper

from pliant.apps.cli.main import main
from pliant.apps.targets._pbtxt import Message, written
from pliant.apps.targets.base import build, target_names
from pliant.artifact import Artifact
from pliant.contract import Contract, Dim, Input, Output
from pliant.errors import InputError, UsageError
from tests.support import live_model, model

Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def schema() -> Any:
    """Triton's ModelConfig as `tritonclient` ships it; its package for gRPC wants more than protobuf to be imported."""
    client = pytest.importorskip("tritonclient")
    path = Path(client.__file__).parent / "grpc" / "model_config_pb2.py"
    spec = importlib.util.spec_from_file_location("model_config_pb2", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of protobuf, about code from its release before
        spec.loader.exec_module(module)
    return module


def parsed(schema: Any, path: Path) -> Any:
    text_format = pytest.importorskip("google.protobuf.text_format")
    return text_format.Parse(path.read_text(encoding="utf-8"), schema.ModelConfig())


def as_dict(schema: Any, path: Path) -> dict[str, Any]:
    """All fields that are set, and only those."""
    json_format = pytest.importorskip("google.protobuf.json_format")
    return json_format.MessageToDict(parsed(schema, path), preserving_proto_field_name=True)


def shuffling(bound: int | None = None) -> Artifact:
    """A network that doubles the sides of pictures, with a live batch and no live value."""
    weight = np.random.default_rng(0).random((12, 3, 3, 3), np.float32)
    nodes = [
        helper.make_node("Conv", ["input", "weight"], ["wide"], pads=[1, 1, 1, 1]),
        helper.make_node("DepthToSpace", ["wide"], ["output"], blocksize=2),
    ]
    values = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 3, *sides])
        for name, sides in (("input", "hw"), ("output", "HW"))
    ]
    dims = (Dim("n", maximum=bound), Dim(size=3), Dim("h"), Dim("w"))
    contract = Contract(
        (Input("input", "float32", dims, "image"),), (Output("output", "float32", ("n", "3", "2*h", "2*w")),)
    )
    return Artifact(model(nodes, values[:1], values[1:], {"weight": weight}).SerializeToString(), contract)


def mixing() -> Artifact:
    """A network that takes the mean of all pictures off each: its batch is live, and its pictures are not apart."""
    nodes = [
        helper.make_node("ReduceMean", ["input", "axes"], ["mean"], keepdims=1),
        helper.make_node("Sub", ["input", "mean"], ["output"]),
    ]
    values = [helper.make_tensor_value_info(n, TensorProto.FLOAT, ["n", 3, "h", "w"]) for n in ("input", "output")]
    proto = model(nodes, values[:1], values[1:], {"axes": np.array([0], np.int64)})
    dims = (Dim("n"), Dim(size=3), Dim("h"), Dim("w"))
    contract = Contract((Input("input", "float32", dims),), (Output("output", "float32", ("n", "3", "h", "w")),))
    return Artifact(proto.SerializeToString(), contract)


def with_weights_beside(folder: Path) -> Path:
    """The network of `live_model` with its weights in `weights/all.bin`."""
    (folder / "weights").mkdir(parents=True)
    proto = onnx.load_from_string(live_model().model)
    path = folder / "large.onnx"
    onnx.save_model(
        proto,
        path,
        save_as_external_data=True,
        all_tensors_to_one_file=True,
        location="weights/all.bin",
        size_threshold=64,
    )
    return path


def test_the_target_is_found_by_its_file() -> None:
    assert target_names() == ["triton"]


def test_every_field_of_a_live_model(schema: Any, live: Path, tmp_path: Path) -> None:
    made = build(live, "triton", tmp_path / "repository")
    place = tmp_path / "repository" / "live"
    assert made.files == (place / "config.pbtxt", place / "1" / "model.onnx")
    assert sorted(p for p in place.rglob("*") if p.is_file()) == sorted(made.files)
    assert made.notes == ()
    assert (place / "1" / "model.onnx").read_bytes() == live.read_bytes()
    assert as_dict(schema, place / "config.pbtxt") == {
        "name": "live",
        "platform": "onnxruntime_onnx",
        "version_policy": {"latest": {"num_versions": 1}},
        "input": [
            {"name": "image", "data_type": "TYPE_FP32", "dims": ["-1", "3", "-1", "-1"]},
            {"name": "factor", "data_type": "TYPE_FP64", "dims": ["1"]},
        ],
        "output": [{"name": "result", "data_type": "TYPE_FP32", "dims": ["-1", "3", "-1", "-1"]}],
        "instance_group": [{"count": 1}],  # KIND_AUTO is the default, and is left out here
        "optimization": {
            "execution_accelerators": {"gpu_execution_accelerator": [{"name": "cuda", "parameters": {"use_tf32": "0"}}]}
        },
    }
    assert "max_batch_size: 0\n" in (place / "config.pbtxt").read_text()  # said, or Triton would choose


def test_the_shipped_models(schema: Any, tmp_path: Path, capsys: Capture) -> None:
    for name in ("anyscale", "srcnn"):  # a repository holds several
        assert main(["build", name, "--target", "triton", "-o", str(tmp_path), "--json"]) == 0
        told = json.loads(capsys.readouterr().out)
        config = parsed(schema, tmp_path / name / "config.pbtxt")
        assert (config.name, config.max_batch_size) == (name, 0)
        assert told["files"] == [str(tmp_path / name / "config.pbtxt"), str(tmp_path / name / "1" / "model.onnx")]


@pytest.mark.parametrize(
    ("device", "kind", "accelerated"),
    [("cpu", "KIND_CPU", False), ("GPU", "KIND_GPU", True), (None, "KIND_AUTO", True)],
)
def test_devices(schema: Any, live: Path, tmp_path: Path, device: str | None, kind: str, accelerated: bool) -> None:
    made = build(live, "triton", tmp_path, device=device)
    (group,) = parsed(schema, made.files[0]).instance_group
    assert (group.count, type(group).Kind.Name(group.kind)) == (1, kind)
    assert f"kind: {kind}\n" in made.files[0].read_text()
    assert ("optimization" in as_dict(schema, made.files[0])) == accelerated


@pytest.mark.parametrize(("bound", "most"), [(None, 8), (3, 3)])
def test_batches_where_no_value_is_shared(schema: Any, tmp_path: Path, bound: int | None, most: int) -> None:
    made = build(shuffling(bound).save(tmp_path / "fixed.onnx"), "triton", tmp_path / "repository")
    config = parsed(schema, made.files[0])
    assert config.max_batch_size == most
    assert config.HasField("dynamic_batching")
    assert [list(t.dims) for t in (*config.input, *config.output)] == [[3, -1, -1]] * 2
    assert made.notes == (f"Triton may join requests of one shape, up to {most} pictures; the results are the same.",)


def test_no_batches_where_pictures_are_mixed(schema: Any, tmp_path: Path) -> None:
    made = build(mixing().save(tmp_path / "mixing.onnx"), "triton", tmp_path / "repository")
    config = parsed(schema, made.files[0])
    assert config.max_batch_size == 0
    assert not config.HasField("dynamic_batching")
    assert list(config.input[0].dims) == [-1, 3, -1, -1]


def test_a_model_without_a_contract_and_with_nothing_live(schema: Any, tmp_path: Path) -> None:
    values = [helper.make_tensor_value_info(n, TensorProto.INT64, [2]) for n in "ab"]
    scalar = helper.make_tensor_value_info("s", TensorProto.INT64, [])
    nodes = [helper.make_node("Neg", ["a"], ["b"]), helper.make_node("Size", ["a"], ["s"])]
    path = tmp_path / "still.onnx"
    path.write_bytes(model(nodes, values[:1], [values[1], scalar]).SerializeToString())
    made = build(path, "triton", tmp_path / "repository")
    found = as_dict(schema, made.files[0])
    assert found["output"] == [
        {"name": "b", "data_type": "TYPE_INT64", "dims": ["2"]},
        {"name": "s", "data_type": "TYPE_INT64", "dims": ["1"]},
    ]
    assert made.notes == ("Nothing of this model is live: a request has to have exactly the shapes of the file.",)


def test_weights_beside_the_file_lie_in_a_folder_called_model_onnx(tmp_path: Path) -> None:
    source = with_weights_beside(tmp_path / "source")
    made = build(source, "triton", tmp_path / "repository")
    place = tmp_path / "repository" / "large" / "1" / "model.onnx"
    assert made.files[1:] == (place / "model.onnx", place / "weights" / "all.bin")
    picture = np.random.default_rng(0).random((1, 3, 5, 7), np.float32)
    feeds = {"image": picture, "factor": np.array(2.5)}
    got, expected = (onnxruntime.InferenceSession(str(p)).run(None, feeds)[0] for p in (place / "model.onnx", source))
    np.testing.assert_array_equal(got, expected)
    assert got.shape == (1, 3, 12, 17)


def test_weights_that_are_missing_or_outside(tmp_path: Path) -> None:
    source = with_weights_beside(tmp_path / "source")
    content = source.read_bytes()
    (tmp_path / "source" / "weights" / "all.bin").unlink()
    with pytest.raises(InputError, match=r"weights/all\.bin, which is missing"):
        build(source, "triton", tmp_path / "repository")
    source.write_bytes(content.replace(b"weights/all.bin", b"../outside1.bin"))
    with pytest.raises(InputError, match="outside of its folder"):
        build(source, "triton", tmp_path / "repository")
    assert not (tmp_path / "repository").exists()


def test_names_are_quoted(schema: Any, tmp_path: Path) -> None:
    name = 'a "b" \\ ü\n'
    text_format = pytest.importorskip("google.protobuf.text_format")
    assert text_format.Parse(written(Message([("name", name)])), schema.ModelConfig()).name == name


def test_folders_that_cannot_be_used(live: Path, tmp_path: Path) -> None:
    build(live, "triton", tmp_path / "repository")
    with pytest.raises(UsageError, match="live exists and is not empty"):
        build(live, "triton", tmp_path / "repository")
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.png").touch()
    with pytest.raises(UsageError, match=r"is no model repository: it holds a\.png"):
        build(live, "triton", tmp_path / "photos")
    with pytest.raises(UsageError, match="is a file"):
        build(live, "triton", tmp_path / "photos" / "a.png")
    assert [p.name for p in (tmp_path / "photos").iterdir()] == ["a.png"]


def test_an_empty_folder_is_filled(live: Path, tmp_path: Path) -> None:
    (tmp_path / "repository" / "live").mkdir(parents=True)
    assert all(path.is_file() for path in build(live, "triton", tmp_path / "repository").files)


def test_a_failed_write_leaves_nothing_behind(live: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(source: object, target: object) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr("shutil.copyfile", full)
    with pytest.raises(InputError, match="No space left"):
        build(live, "triton", tmp_path / "new" / "repository")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["absent.onnx", "--target", "triton", "-o", "out"], "There is no file absent.onnx"),
        (["text.onnx", "--target", "triton", "-o", "out"], "is not an ONNX model"),
        (["nothing", "--target", "triton", "-o", "out"], "There is no model named 'nothing'"),
        (["srcnn", "--target", "triton"], "say which with -o FOLDER"),
        (["srcnn", "--target", "triton", "-o", "out", "--precision", "f16"], "ships the file as it is"),
        (["srcnn", "--target", "triton", "-o", "out", "--device", "TPU"], "on CPU or GPU, not on 'TPU'"),
        (["srcnn", "--target", "tritn", "-o", "out"], "engines ncnn, onnxruntime, openvino, pytorch, tensorrt, and"),
        (["srcnn", "--target", "onnxruntime"], "needs no build"),
        (["srcnn", "-o", "out"], "either --engine NAME or --target NAME"),
        (["srcnn", "-o", "out", "--engine", "ncnn", "--target", "triton"], "either --engine NAME or --target NAME"),
    ],
)
def test_bad_usage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture, arguments: list[str], told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("text.onnx").write_text("hello")
    assert main(["build", *arguments]) == 2
    shown = capsys.readouterr()
    assert told in shown.err
    assert shown.out == ""
    assert not Path("out").exists()


def test_custom_operators_are_refused(tmp_path: Path) -> None:
    values = [helper.make_tensor_value_info(n, TensorProto.FLOAT, [2]) for n in "ab"]
    proto = model([helper.make_node("Own", ["a"], ["b"], domain="mine")], values[:1], values[1:], check=False)
    proto.opset_import.append(helper.make_opsetid("mine", 1))
    (tmp_path / "own.onnx").write_bytes(proto.SerializeToString())
    with pytest.raises(InputError, match="Triton runs models on ONNX Runtime, which cannot load"):
        build(tmp_path / "own.onnx", "triton", tmp_path / "repository")


def test_an_engine_is_a_target_too(live: Path, tmp_path: Path, capsys: Capture) -> None:
    pytest.importorskip("openvino")
    assert main(["build", str(live), "--target", "openvino", "-o", str(tmp_path / "a.xml"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["engine"] == "openvino"


def test_help_tells_of_it(capsys: Capture) -> None:
    assert main(["build", "--help"]) == 0
    shown = capsys.readouterr().out
    assert "--target triton" in shown
    assert "NVIDIA" in shown
