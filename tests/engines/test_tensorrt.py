"""TensorRT: built by the real package without a GPU, run on one that only pretends."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import tensorrt_rtx
import torch
import torch.nn.functional as F
from onnx import TensorProto, helper
from torch import Tensor, nn

import pliant
from pliant.artifact import Artifact
from pliant.engines import tensorrt as engine
from pliant.engines.base import Options
from pliant.errors import InputError, LoweringError, MissingExtra, UsageError
from pliant.lowering.lower import read
from pliant.lowering.runtime import serialized
from pliant.lowering.tensorrt import api, build, cuda, plan, session
from pliant.lowering.tensorrt.dialect import OPERATORS, dialect
from pliant.lowering.tensorrt.points import points
from pliant.lowering.tensorrt.run import Runner
from tests.engines.fake_tensorrt import FakeCuda, FakeTensorRT
from tests.exporter.test_tutorial import Second
from tests.networks import tutorial_weights
from tests.support import model

FACTORS = (1.0, 1.3, 1.7, 2.0, 2.5, 3.0, 4.0, 2**0.5, 0.7)
SIZES = ((1, 1), (1, 2), (7, 5), (10, 10), (15, 17), (64, 33))
LARGE = (131, 257)


class Interpolate(nn.Module):
    def __init__(self, **how: Any) -> None:
        super().__init__()
        self.how = how

    def forward(self, x: Tensor, factor: float) -> Tensor:
        return F.interpolate(x, scale_factor=factor, **self.how)


class ToASize(nn.Module):
    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        how = ({"mode": "bilinear", "align_corners": True}, {"mode": "bicubic"})
        return tuple(F.interpolate(x, size=(9, 14), **h) for h in how)


class Twice(nn.Module):
    """Resizes of what is resized, one by another value, one to a size, one by a fixed factor."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)

    def forward(self, x: Tensor, factor: float) -> tuple[Tensor, Tensor]:
        y = self.conv(F.interpolate(x, scale_factor=factor, mode="bicubic"))
        y = F.interpolate(y, scale_factor=factor / 2, mode="bilinear")
        return F.interpolate(y, size=x.shape[2:], mode="bilinear", align_corners=True), F.interpolate(
            x, scale_factor=2, mode="bicubic"
        )


@pytest.fixture(scope="module")
def tutorial(reference: Path) -> tuple[nn.Module, Artifact]:
    """The tutorial's network with its real weights, and its file."""
    network = Second()
    network.load_state_dict(tutorial_weights(reference))
    network.eval()
    return network, pliant.export(network, (torch.rand(1, 3, 32, 40), torch.tensor(3.0)))


@pytest.fixture(scope="module")
def bicubic() -> Artifact:
    return pliant.export(Interpolate(mode="bicubic"), (torch.rand(1, 3, 16, 20), 3.0), values={"factor": (1, 4)})


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> FakeTensorRT:
    """A TensorRT and a GPU that only pretend."""
    return pretend(monkeypatch, FakeTensorRT(FakeCuda()))


def pretend(monkeypatch: pytest.MonkeyPatch, trt: FakeTensorRT) -> FakeTensorRT:
    api.logger.cache_clear()
    monkeypatch.setattr(api, "tensorrt", lambda: trt)
    return trt


@pytest.fixture(autouse=True)
def own_log() -> Iterator[None]:
    yield
    api.logger.cache_clear()


def opened(artifact: Artifact, trt: FakeTensorRT, folder: Path | None = None, precision: str = "f32") -> session.Loaded:
    def start(content: bytes, capture: bool, compiled: bytes | None) -> Runner:
        return Runner(content, trt.cuda, capture, compiled)

    return session.Loaded(artifact.model, artifact.contract, dialect(), start, folder, precision)


def run(loaded: session.Loaded, artifact: Artifact, image: np.ndarray, factor: float) -> list[np.ndarray]:
    first, second = artifact.contract.inputs
    return list(loaded.run({first.name: image, second.name: np.asarray(factor, second.dtype)}))


def noise(h: int, w: int, n: int = 1) -> np.ndarray:
    return np.random.default_rng(h * 1000 + w).random((n, 3, h, w), np.float32)


def eager(network: nn.Module, image: np.ndarray, *factor: Any) -> list[np.ndarray]:
    with torch.no_grad():
        found = network(torch.from_numpy(image), *factor)
    return [v.numpy() for v in (found if isinstance(found, tuple) else (found,))]


def networks(found: plan.Plan) -> Iterator[plan.Planned]:
    if isinstance(found, plan.Planned):
        yield found
    else:
        for case in found.cases.values():
            yield from networks(case)


def planned(artifact: Artifact) -> list[plan.Planned]:
    rules = dialect()
    return list(
        networks(plan.plan(read(artifact.model, rules), artifact.contract, rules, list(points(artifact.contract))))
    )


# building, with the real package


@pytest.mark.parametrize("capability", ["SM75", "SM86", "SM89", "SM120"])
def test_the_tutorials_network_builds(tutorial: tuple[nn.Module, Artifact], capability: str) -> None:
    made = engine.build(tutorial[1].model, tutorial[1].contract, capabilities=(capability,))
    about = json.loads(made[".json"])
    cases = about["plan"]["cases"]
    assert [case["then"]["compute_capabilities"] for case in cases] == [[capability], [capability]]
    assert all(len(made[case["then"]["engine"]]) > 100_000 for case in cases)
    assert [case["answers"].popitem()[1]["elements"] for case in cases] == [[True], [False]]
    inputs = {i["name"]: i for i in cases[0]["then"]["inputs"]}
    assert [i["memory"] for i in inputs.values()].count("host") == 3
    assert all(i["dtype"] == "int64" for i in inputs.values() if i["memory"] == "host")


def test_the_resize_layer_is_the_source_s(tutorial: tuple[nn.Module, Artifact]) -> None:
    (call,) = [n for n in onnx.load_from_string(tutorial[1].model).graph.node if n.domain == "pliant"]
    source = {a.name: helper.get_attribute_value(a) for a in call.attribute}
    assert source == {"mode": b"bicubic", "semantics": b"scale", "align_corners": 0, "antialias": 0}
    body = planned(tutorial[1])[0].network.body
    assert body is not None
    with api.listening() as errors:
        builder = tensorrt_rtx.Builder(api.logger())
        network = builder.create_network(0)
        parser = build.parse(tensorrt_rtx, network, serialized(body), errors)
        layers = [network.get_layer(k) for k in range(network.num_layers)]
        (layer,) = [found for found in layers if found.type == tensorrt_rtx.LayerType.RESIZE]
        layer.__class__ = tensorrt_rtx.IResizeLayer
        assert layer.resize_mode == tensorrt_rtx.InterpolationMode.CUBIC
        assert layer.coordinate_transformation == tensorrt_rtx.ResizeCoordinateTransformation.HALF_PIXEL
        assert layer.cubic_coeff == -0.75
        assert not layer.exclude_outside
        assert layer.num_inputs == 2  # sizes come at run time
        del parser


def raw() -> bytes:
    """A cubic resize by a float input, as it is written by hand: what TensorRT cannot take."""
    info = helper.make_tensor_value_info
    nodes = [
        helper.make_node("Concat", ["ones", "factor", "factor"], ["scales"], axis=0),
        helper.make_node("Resize", ["x", "", "scales"], ["y"], name="up", mode="cubic"),
    ]
    inputs = [info("x", TensorProto.FLOAT, ["n", 3, "h", "w"]), info("factor", TensorProto.FLOAT, [1])]
    outputs = [info("y", TensorProto.FLOAT, ["n", 3, "H", "W"])]
    return model(nodes, inputs, outputs, {"ones": np.ones(2, np.float32)}).SerializeToString()


def test_a_float_that_decides_a_size_is_refused_before_tensorrt_sees_it(
    monkeypatch: pytest.MonkeyPatch, tutorial: tuple[nn.Module, Artifact]
) -> None:
    def never() -> Any:
        raise AssertionError

    monkeypatch.setattr(api, "tensorrt", never)
    assert engine.refusal(raw()) == (
        "Input 'factor' (float32) decides a size, at Resize 'up': TensorRT takes sizes only from int32 and int64 "
        "inputs. Let pliant compute the sizes beforehand: pliant.engines.tensorrt.build does, and so does "
        "pliant.load(..., engine='tensorrt')."
    )
    assert "'upscale_factor' (float32) decides a size" in str(engine.refusal(tutorial[1].model))


def test_what_tensorrt_takes_as_it_is() -> None:
    info = helper.make_tensor_value_info
    outputs = [info("y", TensorProto.FLOAT, ["n", 3, "H", "W"])]
    inputs = [info("x", TensorProto.FLOAT, ["n", 3, "h", "w"]), info("size", TensorProto.INT64, [2])]
    for options, reason in (({}, None), ({"antialias": 1}, "has antialias=1")):
        node = helper.make_node("Resize", ["x", "", "", "size"], ["y"], mode="cubic", axes=[2, 3], **options)
        found = engine.refusal(model([node], inputs, outputs).SerializeToString())
        assert found is None if reason is None else reason in str(found)


def test_doubles_and_foreign_operators_are_named() -> None:
    info = helper.make_tensor_value_info
    double = [info(name, TensorProto.DOUBLE, ["n"]) for name in "xy"]
    found = engine.refusal(model([helper.make_node("Neg", ["x"], ["y"])], double[:1], double[1:]).SerializeToString())
    assert found is not None
    assert found.startswith("'x' is float64, and TensorRT computes in")
    single = [info(name, TensorProto.FLOAT, [3, 3] if name == "x" else []) for name in "xy"]
    found = engine.refusal(model([helper.make_node("Det", ["x"], ["y"])], single[:1], single[1:]).SerializeToString())
    assert "Det 'y' is an operator that this engine does not have" in str(found)


def test_the_operators_are_those_of_the_parser() -> None:
    builder = tensorrt_rtx.Builder(api.logger())
    parser = tensorrt_rtx.OnnxParser(builder.create_network(0), api.logger())
    known = {schema.name for schema in onnx.defs.get_all_schemas_with_history() if not schema.domain}
    assert {name for name in known if parser.supports_operator(name)} == set(OPERATORS)


def test_ranges_of_the_contract_are_those_of_the_profile(bicubic: Artifact) -> None:
    native, gathered = planned(bicubic)
    size = next(r for n, r in native.ranges.items() if r.values and r.values[2] == (4096, 4096))
    assert size.values == ((1, 1), (384, 384), (4096, 4096))
    assert native.ranges["x"].shapes == ((1, 3, 1, 1), (1, 3, 128, 128), (4, 3, 1024, 1024))
    assert max(r.shapes[2][0] for n, r in gathered.ranges.items() if n != "x") == 4095


def test_every_size_is_within_the_profile(bicubic: Artifact) -> None:
    """Padding does not grow with the picture: the profile has room for all of it."""
    native = planned(bicubic)[0]
    for h in (*range(1, 120, 3), 1023, 1024, 901):
        for factor in (1.0, 1.01, 1.99, 3.97, 3.99, 4.0, 3.03, 2.57):
            given = native.feeds({"x": np.zeros((1, 3, h, 1025 - h), np.float32), "factor": np.array(factor)})
            assert all(r.holds(given[n], True) for n, r in native.ranges.items()), (h, factor)


def test_a_build_can_be_repeated(bicubic: Artifact) -> None:
    first, second = (engine.build(bicubic.model, bicubic.contract, capabilities=("SM86",)) for _ in range(2))
    assert list(first) == list(second)
    for suffix in first:
        if suffix.endswith("engine"):
            assert len(first[suffix]) == len(second[suffix])
        else:
            assert first[suffix] == second[suffix], suffix


def test_what_is_computed_beforehand_is_a_file_for_others(bicubic: Artifact) -> None:
    """Question, prologue and JSON are enough to know what an engine gets."""
    made = engine.build(bicubic.model, bicubic.contract, capabilities=("SM86",))
    about = json.loads(made[".json"])["plan"]
    feeds = {"x": np.zeros((1, 3, 10, 7), np.float32), "factor": np.array(1.3)}
    for factor, expected in ((1.3, True), (2**0.5, False)):
        feeds["factor"] = np.array(factor)
        (answer,) = onnxruntime.InferenceSession(made[about["question"]]).run(None, feeds)
        assert bool(answer) is expected
    then = about["cases"][0]["then"]
    computed = onnxruntime.InferenceSession(made[then["prologue"]])
    feeds["factor"] = np.array(1.3)
    results = dict(zip([o.name for o in computed.get_outputs()], computed.run(None, feeds), strict=True))
    assert [results[i["name"]].tolist() for i in then["inputs"] if i["from"] == "prologue"] == [
        [0, 0, 0, 3],
        [13, 13],
        [13, 9],
    ]


def test_a_gpu_that_an_engine_is_impossible_for_is_left_out_and_named() -> None:
    class Product(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x @ x.transpose(2, 3)

    artifact = pliant.export(Product(), (torch.rand(1, 3, 8, 10),))
    then = json.loads(engine.build(artifact.model, artifact.contract)[".json"])["plan"]
    assert then["compute_capabilities"] == ["SM80", "SM86", "SM89", "SM120"]
    assert "FP32 GEMM is not supported" in then["without"]["SM75"]
    with pytest.raises(LoweringError, match="FP32 GEMM is not supported"):
        engine.build(artifact.model, artifact.contract, capabilities=("SM75",))


def test_half_precision_builds(bicubic: Artifact) -> None:
    single = engine.build(bicubic.model, bicubic.contract, Options(device="sm89"))
    half = engine.build(bicubic.model, bicubic.contract, Options(device="sm89", precision="f16"))
    about = json.loads(half[".json"])
    assert about["precision"] == "f16"
    assert about["plan"]["cases"][0]["then"]["compute_capabilities"] == ["SM89"]
    assert [o["dtype"] for o in about["plan"]["cases"][1]["then"]["outputs"]] == ["float32"]
    assert half[".2.engine"] != single[".2.engine"]


def test_an_unknown_gpu(bicubic: Artifact) -> None:
    with pytest.raises(UsageError, match="no compute capability 'SM61'; it has NONE, CURRENT, SM75"):
        engine.build(bicubic.model, bicubic.contract, capabilities=("SM61",))


def test_parsers_and_builders_errors_are_one_sentence() -> None:
    info = helper.make_tensor_value_info
    node = helper.make_node("Resize", ["x", "", "", "size"], ["y"], name="up", mode="cubic", antialias=1, axes=[2, 3])
    inputs = [info("x", TensorProto.FLOAT, [1, 3, 8, 8]), info("size", TensorProto.INT64, [2])]
    content = model([node], inputs, [info("y", TensorProto.FLOAT, [1, 3, "h", "w"])]).SerializeToString()
    with api.listening() as errors:
        builder = tensorrt_rtx.Builder(api.logger())
        network = builder.create_network(0)
        with pytest.raises(LoweringError) as caught:
            build.parse(tensorrt_rtx, network, content, errors)
    assert "\n" not in str(caught.value)
    assert "at Resize 'up'" in str(caught.value)
    assert "antialias" in str(caught.value)


# running, on a GPU that only pretends


def test_the_tutorials_network_is_eager_pytorch_s(tutorial: tuple[nn.Module, Artifact], gpu: FakeTensorRT) -> None:
    network, artifact = tutorial
    loaded = opened(artifact, gpu)
    for size, most in (*((size, 1e-5) for size in SIZES), (LARGE, 6e-5)):  # positions in float32 grow less exact
        for factor in FACTORS if size != LARGE else (1.7, 2.0, 2**0.5):
            if min(size) * factor < 1:
                continue
            given = torch.tensor(factor)
            (expected,), (got,) = eager(network, noise(*size), given), run(loaded, artifact, noise(*size), factor)
            assert got.shape == expected.shape, (size, factor)
            assert np.abs(got - expected).max() <= most, (size, factor, np.abs(got - expected).max())
    assert len(gpu.built) == 2
    loaded.close()
    assert not gpu.cuda.memory
    assert not gpu.cuda.streams


HOW = (
    {"mode": "bilinear"},
    {"mode": "bilinear", "align_corners": True},
    {"mode": "bicubic", "align_corners": True},
    {"mode": "bicubic", "recompute_scale_factor": True},
    {"mode": "nearest"},
    {"mode": "nearest-exact"},
    {"mode": "bicubic", "antialias": True},
    {"mode": "bilinear", "antialias": True},
)


class All(nn.Module):
    """One result for each way to resize."""

    def forward(self, x: Tensor, factor: float) -> tuple[Tensor, ...]:
        return tuple(F.interpolate(x, scale_factor=factor, **how) for how in HOW)


def test_other_resizes(gpu: FakeTensorRT) -> None:
    artifact = pliant.export(All(), (torch.rand(1, 3, 16, 20), 3.0))
    loaded = opened(artifact, gpu)
    for size in ((1, 2), (2, 3), (10, 10), (15, 17), (64, 33)):
        for factor in (f for f in FACTORS if min(size) * f >= 1):
            found = run(loaded, artifact, noise(*size), factor)
            for how, got, expected in zip(HOW, found, eager(All(), noise(*size), factor), strict=True):
                assert got.shape == expected.shape, (how, size, factor)
                assert np.abs(got - expected).max() <= 1e-5, (how, size, factor)


def test_half_precision(tutorial: tuple[nn.Module, Artifact], gpu: FakeTensorRT) -> None:
    """Within half a grey level; pictures go in and come out in float32."""
    network, artifact = tutorial
    loaded = opened(artifact, gpu, precision="f16")
    for factor in (1.3, 2.0, 2**0.5):
        (expected,) = eager(network, noise(31, 20), torch.tensor(factor))
        (got,) = run(loaded, artifact, noise(31, 20), factor)
        assert got.dtype == np.float32
        assert 1e-6 < np.abs(got - expected).max() <= 2e-3, factor


def test_resizes_to_a_fixed_size_of_live_batches(gpu: FakeTensorRT) -> None:
    artifact = pliant.export(ToASize(), (torch.rand(1, 3, 16, 20),))
    loaded = opened(artifact, gpu)
    for n in (1, 3):
        image = noise(11, 8, n)
        for got, expected in zip(loaded.run({"x": image}), eager(ToASize(), image), strict=True):
            assert np.abs(got - expected).max() <= 1e-5
    assert list(engine.build(artifact.model, artifact.contract, capabilities=("SM86",)))[-1] == ".engine"


def test_resizes_of_what_is_resized(gpu: FakeTensorRT) -> None:
    network = Twice().eval()
    artifact = pliant.export(network, (torch.rand(1, 3, 16, 20), 3.0))
    loaded = opened(artifact, gpu)
    for factor in (1.3, 2.0, 3.0, 2.2360679):
        for got, expected in zip(
            run(loaded, artifact, noise(15, 17, 2), factor), eager(network, noise(15, 17, 2), factor), strict=True
        ):
            assert got.shape == expected.shape
            assert np.abs(got - expected).max() <= 1e-5


def test_the_order_of_calls(bicubic: Artifact, gpu: FakeTensorRT) -> None:
    run(opened(bicubic, gpu), bicubic, noise(7, 5), 2.0)
    kinds = [kind for kind, _ in gpu.calls]
    execute = kinds.index("execute")
    names = [i.name for i in onnxruntime.InferenceSession(serialized(planned(bicubic)[0].network.body)).get_inputs()]
    assert {n for kind, n in gpu.calls[: kinds.index("infer")] if kind == "shape"} == set(names)
    told_before_shapes = {n for kind, n in gpu.calls[: kinds.index("infer")] if kind == "address"}
    assert told_before_shapes == set(names) - {"x"}  # sizes, in the memory of the host
    assert {n for kind, n in gpu.calls[:execute] if kind == "address"} == {*names, "output"}


def test_memory_is_kept_and_grows(bicubic: Artifact, gpu: FakeTensorRT) -> None:
    loaded = opened(bicubic, gpu)
    run(loaded, bicubic, noise(40, 50), 2.0)
    allocations = gpu.cuda.allocations
    for h, w in ((40, 50), (39, 20), (1, 1), (40, 49)):
        run(loaded, bicubic, noise(h, w), 1.7)
    assert gpu.cuda.allocations == allocations
    run(loaded, bicubic, noise(400, 500), 2.0)
    assert len(gpu.cuda.memory) == 3  # input, output and what is between them: nothing old is left


def test_recordings_are_for_one_shape_one_size_and_one_place(bicubic: Artifact, gpu: FakeTensorRT) -> None:
    network = Interpolate(mode="bicubic")
    loaded = opened(bicubic, gpu)
    calls: list[tuple[int, float]] = [(20, 2.0), (20, 2.0), (20, 2.0), (20, 3.0), (20, 3.0), (400, 2.0), (20, 3.0)]
    calls += [(400, 2.0), (400, 2.0), (20, 2.0)]
    for side, factor in calls:
        image = noise(side, 20)
        (got,) = run(loaded, bicubic, image, factor)
        assert np.abs(got - eager(network, image, factor)[0]).max() <= 4e-5, (side, factor)
    assert gpu.replays == 4


def test_networks_whose_work_depends_on_content_are_not_recorded(gpu: FakeTensorRT) -> None:
    info = helper.make_tensor_value_info
    content = model(
        [helper.make_node("NonZero", ["x"], ["y"])],
        [info("x", TensorProto.FLOAT, ["n"])],
        [info("y", TensorProto.INT64, [1, "k"])],
    )
    import onnx_ir as ir

    assert session.by_content(ir.serde.deserialize_model(content))


def test_tensorrt_itself_has_no_configuration_of_the_runtime(
    bicubic: Artifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    trt = pretend(monkeypatch, FakeTensorRT(FakeCuda(), rtx=False))
    loaded = opened(bicubic, trt)
    for _ in range(3):
        (got,) = run(loaded, bicubic, noise(7, 5), 2.5)
        assert np.abs(got - eager(Interpolate(mode="bicubic"), noise(7, 5), 2.5)[0]).max() <= 1e-5
    assert trt.replays == 0
    loaded.close()


def test_sizes_beyond_the_profile_are_built_for(bicubic: Artifact, gpu: FakeTensorRT) -> None:
    loaded = opened(bicubic, gpu)
    run(loaded, bicubic, noise(7, 5), 2.0)
    (got,) = run(loaded, bicubic, noise(1030, 3), 2.0)
    assert got.shape == (1, 3, 2060, 6)
    assert len(gpu.built) == 2
    run(loaded, bicubic, noise(7, 5), 2.0)
    run(loaded, bicubic, noise(1030, 3), 1.0)
    assert len(gpu.built) == 2


def test_engines_and_kernels_are_kept_in_a_folder(bicubic: Artifact, gpu: FakeTensorRT, tmp_path: Path) -> None:
    first = opened(bicubic, gpu, tmp_path)
    expected = run(first, bicubic, noise(7, 5), 2.0)
    first.close()
    assert len(gpu.built) == 1
    second = opened(bicubic, gpu, tmp_path)
    np.testing.assert_array_equal(run(second, bicubic, noise(7, 5), 2.0), expected)
    assert len(gpu.built) == 1
    assert gpu.compiled == [b"compiled"]


def test_out_of_memory_is_said_and_does_no_harm(bicubic: Artifact, monkeypatch: pytest.MonkeyPatch) -> None:
    trt = pretend(monkeypatch, FakeTensorRT(FakeCuda(limit=5 * 2**20)))
    loaded = opened(bicubic, trt)
    (before,) = run(loaded, bicubic, noise(7, 5), 2.0)
    with pytest.raises(InputError, match="out of memory"):
        run(loaded, bicubic, noise(500, 500), 4.0)
    np.testing.assert_array_equal(run(loaded, bicubic, noise(7, 5), 2.0)[0], before)
    loaded.close()
    assert not trt.cuda.memory


def test_errors_of_tensorrt_are_one_sentence(bicubic: Artifact, gpu: FakeTensorRT) -> None:
    loaded = opened(bicubic, gpu)
    gpu.fails = "the GPU is on fire.)\ncudaError 35 and more"
    with pytest.raises(InputError) as caught:
        run(loaded, bicubic, noise(7, 5), 2.0)
    assert str(caught.value).startswith("TensorRT could not run the model: ")
    assert "the GPU is on fire" in str(caught.value)
    assert "cudaError" not in str(caught.value)
    gpu.fails = ""
    assert run(loaded, bicubic, noise(7, 5), 2.0)[0].shape == (1, 3, 14, 10)
    with pytest.raises(InputError, match=r"cannot load the engine: .*bad magic number.* Build it with the version"):
        Runner(b"no engine", gpu.cuda)


def test_threads_take_turns(bicubic: Artifact, gpu: FakeTensorRT) -> None:
    loaded, wrong = opened(bicubic, gpu), list[Any]()
    network = Interpolate(mode="bicubic")

    def work(h: int) -> None:
        for factor in (2.0, 1.3, 2**0.5):
            (got,) = run(loaded, bicubic, noise(h, 9), factor)
            if np.abs(got - eager(network, noise(h, 9), factor)[0]).max() > 1e-5:
                wrong.append((h, factor))

    threads = [threading.Thread(target=work, args=(h,)) for h in (5, 12, 20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


# where something is missing


def test_without_the_package(monkeypatch: pytest.MonkeyPatch, bicubic: Artifact) -> None:
    monkeypatch.setattr("pliant.engines.base.find_spec", lambda name: None if name == "tensorrt_rtx" else name)
    monkeypatch.setattr(api, "find_spec", lambda name: None)
    told = "Engine 'tensorrt' needs the package 'tensorrt_rtx': pip install 'pliant[tensorrt]'."
    assert engine.ENGINE.available() == told
    with pytest.raises(UsageError, match=re.escape(told)):
        pliant.load(bicubic, engine="tensorrt")
    with pytest.raises(MissingExtra, match=r"pip install 'pliant\[tensorrt\]'"):
        engine.build(bicubic.model, bicubic.contract)


def test_without_a_gpu(monkeypatch: pytest.MonkeyPatch, bicubic: Artifact) -> None:
    monkeypatch.setattr(cuda, "LIBRARY", "libno_such.so.1")
    cuda._driver.cache_clear()
    assert engine.ENGINE.available() is None
    told = (
        "Engine 'tensorrt' builds here but cannot run: there is no NVIDIA driver (libno_such.so.1 is not found). "
        "Run what it builds on a machine with a GPU."
    )
    assert engine.ENGINE.runs() == told
    assert engine.ENGINE.devices() == []
    with pytest.raises(UsageError, match=re.escape(told)):
        pliant.load(bicubic, engine="tensorrt")


@pytest.mark.parametrize(("text", "number"), [(None, 0), ("GPU", 0), ("1", 1), ("cuda:2", 2), ("GPU.3", 3)])
def test_names_of_devices(text: str | None, number: int) -> None:
    assert cuda.number_of(text) == number


def test_an_unknown_device() -> None:
    with pytest.raises(UsageError, match="no device 'NPU'"):
        cuda.number_of("NPU")
