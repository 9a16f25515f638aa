"""The engine ncnn: the tutorial's network with live size and factor in one network, batches, files, refusals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
import torch.nn.functional as F
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

import pliant
from pliant.artifact import Artifact
from pliant.engines import base
from pliant.engines.base import Options
from pliant.engines.ncnn import ENGINE
from pliant.errors import InputError, LoweringError, UsageError
from pliant.lowering.samples import Samples
from tests.exporter.test_tutorial import First
from tests.lowering.ncnn.test_layers import weight
from tests.networks import tutorial_weights
from tests.support import model


def picture(*shape: int) -> np.ndarray:
    return np.random.default_rng(sum(shape)).random(shape, np.float32)


def exported(module: nn.Module, *example: Any, **options: Any) -> Artifact:
    torch.manual_seed(0)
    return pliant.export(module.eval(), example, **options)


def assert_same(module: nn.Module, session: pliant.Session, *args: Any) -> None:
    with torch.no_grad():
        expected = module(*(torch.from_numpy(a) if isinstance(a, np.ndarray) else a for a in args)).numpy()
    got = session(*args)
    assert got.shape == expected.shape
    assert got.dtype == expected.dtype
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-5 * max(1, np.abs(expected).max()))


@pytest.fixture(scope="module")
def network(reference: Path) -> tuple[nn.Module, Artifact]:
    module = First()
    module.load_state_dict(tutorial_weights(reference))
    return module, exported(module, torch.rand(1, 3, 32, 40), 3.0)


def test_files_run_without_pliant(network: tuple[nn.Module, Artifact], tmp_path: Path) -> None:
    """One network for all sizes and factors; the prologue says how to resize."""
    import ncnn

    module, artifact = network
    assert ENGINE.build is not None
    files = ENGINE.build(artifact.model, artifact.contract, Options())
    assert sorted(files) == [".bin", ".blobs.json", ".json", ".param", ".prologue.onnx"]
    for suffix, content in files.items():
        (tmp_path / f"net{suffix}").write_bytes(content)
    prologue = onnxruntime.InferenceSession(str(tmp_path / "net.prologue.onnx"))
    blobs = json.loads(files[".blobs.json"])
    net = ncnn.Net()
    net.opt.use_fp16_packed = net.opt.use_fp16_storage = net.opt.use_fp16_arithmetic = False
    assert net.load_param(str(tmp_path / "net.param")) == 0
    assert net.load_model(str(tmp_path / "net.bin")) == 0
    for h, w, factor in ((9, 14, 1.7), (20, 11, 3.0)):
        x = picture(1, 3, h, w)
        given = {"x": x, "upscale_factor": np.asarray(factor, np.float64)}
        values = dict(zip([o.name for o in prologue.get_outputs()], prologue.run(None, given), strict=True)) | given
        extractor = net.create_extractor()
        for blob in blobs["inputs"]:
            content = values[blob["name"]]
            shape = [int(np.prod([content.shape[a] for a in axes])) for axes in blob["axes"]]
            extractor.input(blob["blob"], ncnn.Mat(np.ascontiguousarray(content.reshape(shape))).clone())
        failed, result = extractor.extract(blobs["outputs"][0]["blob"])
        assert failed == 0
        with torch.no_grad():
            expected = module(torch.from_numpy(x), factor).numpy()[0]
        np.testing.assert_allclose(np.array(result), expected, rtol=0, atol=1e-5)


class Windows(nn.Module):
    """Attention in shifted windows, as in SwinIR."""

    def __init__(self) -> None:
        super().__init__()
        self.qkv, self.norm, self.out = nn.Linear(8, 24), nn.LayerNorm(8), nn.Conv2d(8, 12, 3, padding=1)
        self.inward, self.bias = nn.Conv2d(3, 8, 3, padding=1), nn.Parameter(torch.rand(2, 16, 16))

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[2:]
        x = self.inward(F.pad(x, (0, -width % 4, 0, -height % 4), mode="reflect"))
        n, c, h, w = x.shape
        y = torch.roll(self.norm(x.permute(0, 2, 3, 1)), (-2, -2), (1, 2))
        y = y.view(n, h // 4, 4, w // 4, 4, c).permute(0, 1, 3, 2, 4, 5).reshape(-1, 16, c)
        q, k, v = self.qkv(y).reshape(-1, 16, 3, 2, c // 2).permute(2, 0, 3, 1, 4).unbind(0)
        y = ((q @ k.transpose(-2, -1) / 2 + self.bias).softmax(-1) @ v).transpose(1, 2).reshape(-1, 16, c)
        y = y.view(n, h // 4, w // 4, 4, 4, c).permute(0, 5, 1, 3, 2, 4).reshape(n, c, h, w)
        return F.pixel_shuffle(self.out(x + y), 2)[..., : 2 * height, : 2 * width]


def test_window_attention_at_several_sizes_and_batches() -> None:
    module = Windows()
    artifact = exported(module, torch.rand(2, 3, 8, 12))
    session = pliant.load(artifact, engine="ncnn")
    for shape in ((1, 3, 8, 12), (2, 3, 7, 10)):
        assert_same(module, session, picture(*shape))
    assert ENGINE.build is not None
    with pytest.raises(LoweringError, match="depends on values that are decided at run time"):
        ENGINE.build(artifact.model, artifact.contract, Options())


class Live(nn.Module):
    """Live numbers in arithmetic, a choice, a power, and an antialiased size."""

    def forward(self, x: Tensor, gamma: float, strength: float) -> Tensor:
        y = torch.where(x > 0.5, x**gamma, x * strength) - x.mean((1, 2, 3), keepdim=True)
        size = (int(x.shape[2] * strength) + 1, int(x.shape[3] * strength) + 1)
        return F.interpolate(y, size=size, mode="bicubic", antialias=True)


def test_live_numbers_in_one_network() -> None:
    module = Live()
    artifact = exported(module, torch.rand(1, 3, 8, 12), 2.0, 0.5)
    session = pliant.load(artifact, engine="ncnn")
    for shape, gamma, strength in (((1, 3, 8, 12), 2.0, 0.5), ((3, 3, 9, 7), 3.0, 0.7), ((1, 3, 15, 4), 0.45, 1.4)):
        assert_same(module, session, picture(*shape), gamma, strength)
    assert ENGINE.build is not None
    assert ".param" in ENGINE.build(artifact.model, artifact.contract, Options())


class Mixing(nn.Module):
    """Every picture less the mean of all."""

    def forward(self, x: Tensor) -> Tensor:
        return x - x.mean(0, keepdim=True)


def test_batches_are_cut_only_where_no_result_mixes_them() -> None:
    mixing, apart = Mixing(), nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(2), nn.Softmax(2))
    artifacts = [exported(m, torch.rand(2, 3, 6, 5)) for m in (mixing, apart)]
    backends = [ENGINE.open(a.model, a.contract, Options()) for a in artifacts]
    assert [isinstance(b, Samples) for b in backends] == [False, True]
    for module, artifact in zip((mixing, apart), artifacts, strict=True):
        assert_same(module, pliant.load(artifact, engine="ncnn"), picture(4, 3, 6, 5))


def deformable(mask: bool, groups: int = 1, offsets: int = 1) -> tuple[bytes, dict[str, np.ndarray]]:
    """ONNX's DeformConv, for which PyTorch needs torchvision: a file, and its arguments."""
    shapes = {
        "x": (1, 6, 9, 11),
        "offset": (1, 18 * offsets, 9, 11),
        **({"mask": (1, 9 * offsets, 9, 11)} if mask else {}),
    }
    dims = {k: ["n", s[1], "h", "w"] for k, s in shapes.items()}
    infos = [helper.make_tensor_value_info(k, TensorProto.FLOAT, d) for k, d in dims.items()]
    inputs = ["x", "weight", "offset", "bias", *(["mask"] if mask else [])]
    how: dict[str, Any] = {"pads": [1, 1, 1, 1], "group": groups, "offset_group": offsets}
    node = helper.make_node("DeformConv", inputs, ["y"], name="deform", **how)
    weights = {"weight": weight(4, 6 // groups, 3, 3), "bias": weight(4)}
    graph = helper.make_graph(
        [node],
        "g",
        infos,
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 4, "h", "w"])],
        [numpy_helper.from_array(v, k) for k, v in weights.items()],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19)], ir_version=10)
    return made.SerializeToString(), {k: picture(*s) for k, s in shapes.items()}


@pytest.mark.parametrize(("mask", "groups"), [(False, 1), (True, 1), (True, 2)])
def test_deformable_convolution(mask: bool, groups: int, tmp_path: Path) -> None:
    content, feeds = deformable(mask, groups)
    (tmp_path / "m.onnx").write_bytes(content)
    expected = onnxruntime.InferenceSession(content).run(None, feeds)[0]
    got = pliant.load(tmp_path / "m.onnx", engine="ncnn")(**feeds)
    np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-4)


def test_what_ncnn_lacks_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "m.onnx").write_bytes(deformable(False, offsets=2)[0])
    with pytest.raises(LoweringError, match="DeformConv 'deform' has several groups of offsets, and ncnn has one"):
        pliant.load(tmp_path / "m.onnx", engine="ncnn")
    infos = [helper.make_tensor_value_info(k, TensorProto.FLOAT, [1, 3, "h", "w"]) for k in "xy"]
    made = model([helper.make_node("Det", ["x"], ["y"], name="determinant")], infos[:1], infos[1:], check=False)
    onnx.save(made, tmp_path / "m.onnx")
    with pytest.raises(LoweringError, match="Det 'determinant' is an operator that this engine does not have"):
        pliant.load(tmp_path / "m.onnx", engine="ncnn")


def test_a_result_without_pixels_is_an_error_of_the_input(network: tuple[nn.Module, Artifact]) -> None:
    with pytest.raises(InputError, match="no pictures without pixels"):
        pliant.load(network[1], engine="ncnn")(picture(1, 3, 1, 1), 0.4)


def test_absent(monkeypatch: pytest.MonkeyPatch, live: Path) -> None:
    found = base.find_spec
    monkeypatch.setattr(base, "find_spec", lambda name: None if name == "ncnn" else found(name))
    with pytest.raises(UsageError, match=r"^Engine 'ncnn' needs the package 'ncnn': pip install 'pliant\[ncnn\]'\.$"):
        pliant.load(live, engine="ncnn")


def test_onnx_resize_of_a_strangers_file(live: Path) -> None:
    x = picture(2, 3, 9, 12)
    yardstick, session = pliant.load(live), pliant.load(live, engine="ncnn")
    for factor in (1.0, 1.3, 2.5, 4.0):
        np.testing.assert_allclose(session(x, factor), yardstick(x, factor), rtol=0, atol=1e-5)
