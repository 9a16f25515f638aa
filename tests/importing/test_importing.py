"""Files that other exporters wrote for one size: what becomes live is what eager PyTorch computes at other sizes."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
import torch.nn.functional as F
from onnx import TensorProto, helper
from torch import Tensor, nn

import pliant
from pliant.importing.importer import Imported, examine
from pliant.importing.options import Options
from tests.importing.files import (
    ESPCN,
    ESRGAN,
    SRCNN,
    Attention,
    Coordinates,
    Halves,
    Padded,
    Tokens,
    UNet,
    Windows,
    write,
)
from tests.support import model as built

SIZES = ((40, 56), (57, 83), (7, 5))


def bicubic(scale: float) -> Callable[[Tensor], Tensor]:
    return lambda x: F.interpolate(x, scale_factor=scale, mode="bicubic")


def bilinear(scale: float) -> Callable[[Tensor], Tensor]:
    return lambda x: F.interpolate(x, scale_factor=scale, mode="bilinear")


def difference(session: pliant.Session, module: nn.Module, size: tuple[int, int], **values: float) -> float:
    """Of the range, between a file and eager PyTorch, for a batch of two."""
    x = torch.rand(2, 3, *size)
    with torch.no_grad():
        expected = module(x).numpy()
    got = session(x.numpy(), **values)
    assert got.shape == expected.shape
    return float(np.abs(got - expected).max() / np.abs(expected).max())


def loaded(found: Imported) -> pliant.Session:
    return pliant.load(found.artifact, "onnxruntime")


@pytest.mark.parametrize(
    ("module", "size", "multiple", "opset", "dynamo"),
    [
        (ESPCN(), (48, 48), 1, 11, False),
        (ESPCN(spelled=True), (48, 48), 1, 17, False),
        (ESPCN(spelled=True, scale=3), (48, 32), 1, 18, True),
        (UNet(), (64, 64), 1, 17, False),
        (UNet(), (61, 53), 1, 13, False),
        (UNet(scales=True), (64, 64), 4, 11, False),
        (ESRGAN(), (48, 48), 1, 20, False),
        (ESRGAN(skip=True), (48, 40), 1, 13, False),
        (Attention("pool"), (64, 64), 1, 17, False),
        (Attention("mean"), (64, 64), 1, 18, False),
        (Tokens(), (16, 16), 1, 17, False),
        (Windows(), (64, 64), 8, 17, False),
    ],
)
def test_sizes_become_live(
    tmp_path: Path, module: nn.Module, size: tuple[int, int], multiple: int, opset: int, dynamo: bool
) -> None:
    found = examine(write(tmp_path, module, size, opset=opset, dynamo=dynamo))
    picture = found.artifact.contract.inputs[0]
    assert [d.name for d in picture.dims] == ["n", None, "h", "w"]
    assert {d.multiple for d in picture.dims[2:]} == {multiple}
    assert found.live[0].startswith("The batch, the height and the width of the picture can be any")
    with loaded(found) as session:
        for wanted in SIZES:
            fitting = tuple(-(-n // multiple) * multiple for n in wanted)
            assert difference(session, module, (fitting[0], fitting[1])) < 1e-5


@pytest.mark.parametrize(
    ("make", "scale", "normalise", "opset", "dynamo"),
    [
        (bicubic, 3, False, 11, False),
        (bicubic, 2, True, 18, True),
        (bilinear, 1.5, True, 13, False),
        (bilinear, 4, False, 20, False),
    ],
)
def test_the_factor_becomes_live(
    tmp_path: Path,
    make: Callable[[float], Callable[[Tensor], Tensor]],
    scale: float,
    normalise: bool,
    opset: int,
    dynamo: bool,
) -> None:
    module = SRCNN(make(scale), normalise)
    found = examine(write(tmp_path, module, (48, 40), opset=opset, dynamo=dynamo))
    contract = found.artifact.contract
    assert contract.factor == "factor"
    assert contract.outputs[0].dims == ("n", "3", "floor(factor*h)", "floor(factor*w)")
    with loaded(found) as session:
        for factor in (1.0, 1.3, 2.7, 4.0):
            module.resize = make(factor)
            for size in ((10, 20), (57, 83)):  # 10 * 1.3 is 12 or 13 in float32
                assert difference(session, module, size, factor=factor) < 1e-4


def test_constant_sizes_are_a_multiple_of_the_picture(tmp_path: Path) -> None:
    module = SRCNN(lambda x: F.interpolate(x, size=(144, 144), mode="bicubic"))
    found = examine(write(tmp_path, module, (48, 48)))
    assert found.artifact.contract.factor == "factor"
    assert "which is taken for 3 times the picture" in found.notes[-1]
    with loaded(found) as session:
        module.resize = lambda x: F.interpolate(x, scale_factor=2.5, mode="bicubic", recompute_scale_factor=True)
        assert difference(session, module, (40, 56), factor=2.5) < 1e-5


@pytest.mark.parametrize(
    ("module", "size", "reason"),
    [
        (Windows(shift=True), (64, 64), r"the constant '.*mask.*' of shape \[64, 64, 64\] was made for one size"),
        (Windows(bias=False), (64, 64), r"can mean \[n, 8, h/8, w/8, 8, 8\] as well as"),
        (Padded(), (61, 61), "it adds 3 to a length of 61, as padding to a multiple of 64"),
        (Halves(), (48, 48), r"can mean \[h/2\] as well as \[24\]"),
        (Coordinates(), (48, 40), r"of shape \[1, 1, 48, 40\] was made for one size"),
        (SRCNN(lambda x: F.interpolate(x, size=(32, 32), mode="bilinear")), (48, 48), "as well as"),
        (SRCNN(lambda x: F.interpolate(x, size=(48, 48), mode="bilinear")), (48, 48), "as well as"),
        (Attention("window"), (64, 64), "its window of 64 was made for a length of 64"),
        (Attention("sum"), (64, 64), "computes with 4096, which may come from the size of the picture"),
    ],
)
def test_what_cannot_be_proven_stays_fixed(
    tmp_path: Path, module: nn.Module, size: tuple[int, int], reason: str
) -> None:
    found = examine(write(tmp_path, module, size))
    (told,) = [sentence for sentence in found.fixed if sentence.startswith("Height and width stay fixed")]
    assert re.search(reason, told), told
    picture = found.artifact.contract.inputs[0]
    assert [d.size for d in picture.dims[1:]] == [3, *size]


@pytest.mark.parametrize(
    ("module", "reason"),
    [
        (ESRGAN(), "work on feature maps"),
        (ESRGAN(skip=True), r"a length of 4\*h meets one of floor\(factor\*h\)"),
        (ESPCN(), "No Resize is in the graph"),
    ],
)
def test_a_scale_that_the_weights_make_stays(tmp_path: Path, module: nn.Module, reason: str) -> None:
    found = examine(write(tmp_path, module, (48, 48)))
    (told,) = [sentence for sentence in found.fixed if sentence.startswith("The scale stays fixed")]
    assert re.search(reason, told), told
    assert found.artifact.contract.factor is None
    assert found.artifact.contract.scale == 4


class Doubled(SRCNN):
    """Computes with its own factor behind the resize."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) * 2.0


def test_a_number_that_is_the_factor_keeps_it_fixed(tmp_path: Path) -> None:
    found = examine(write(tmp_path, Doubled(bicubic(2)), (48, 48)))
    assert any("computes with 2, which may come from the factor 2" in sentence for sentence in found.fixed)
    assert found.artifact.contract.inputs[0].dims[2].name == "h"


def vector_file(folder: Path, mode: str) -> Path:
    """A Resize whose four scales are an input, as some exporters write."""
    nodes = [
        helper.make_node("Resize", ["x", "", "scales"], ["large"], mode=mode),
        helper.make_node("Conv", ["large", "weight"], ["y"], pads=[1, 1, 1, 1]),
    ]
    weight = np.random.default_rng(0).random((3, 3, 3, 3)).astype(np.float32)
    inputs = [
        helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 24, 24]),
        helper.make_tensor_value_info("scales", TensorProto.FLOAT, [4]),
    ]
    outputs = [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 3, "a", "b"])]
    onnx.save(built(nodes, inputs, outputs, {"weight": weight}), folder / "vector.onnx")
    return folder / "vector.onnx"


def test_a_vector_of_scales_becomes_a_factor(tmp_path: Path) -> None:
    path = vector_file(tmp_path, "cubic")
    x = np.random.default_rng(1).random((1, 3, 24, 24)).astype(np.float32)
    found = examine(path)
    assert [(i.name, i.dims) for i in found.artifact.contract.inputs[1:]] == [("factor", ())]
    kept = examine(path, Options(keep_inputs=True))
    assert [(i.name, len(i.dims)) for i in kept.artifact.contract.inputs[1:]] == [("scales", 1)]
    assert kept.artifact.contract.factor == "scales"
    with loaded(found) as one, loaded(kept) as four:
        assert np.array_equal(one(x, factor=2.5), four(x, scales=np.array([1, 1, 2.5, 2.5], np.float32)))


def test_a_vector_for_nearest_pixels_stays(tmp_path: Path) -> None:
    found = examine(vector_file(tmp_path, "nearest"))
    assert found.artifact.contract.factor == "scales"
    assert [d.name for d in found.artifact.contract.inputs[0].dims] == ["n", None, "h", "w"]


def test_upsample_of_opset_9(tmp_path: Path) -> None:
    node = helper.make_node("Upsample", ["x", "scales"], ["y"], mode="linear")
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 1, 24, 24])]
    outputs = [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 1, 48, 48])]
    scales = onnx.numpy_helper.from_array(np.array([1, 1, 2, 2], np.float32), "scales")
    graph = helper.make_graph([node], "g", inputs, outputs, [scales])
    path = tmp_path / "old.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 9)], ir_version=4), path)
    found = examine(path)
    assert found.artifact.contract.factor == "factor"
    with loaded(found) as session:
        assert session(np.zeros((2, 1, 10, 20), np.float32), factor=1.3).shape == (2, 1, 13, 26)


def test_the_colours_and_the_range_are_what_the_caller_says(tmp_path: Path) -> None:
    path = write(tmp_path, ESPCN(), (48, 48))
    image = pliant.import_onnx(path, colours="BGR", range=(0, 255)).contract.image
    assert image is not None
    assert (image.colours, image.minimum, image.maximum) == ("BGR", 0, 255)
    with pytest.raises(pliant.PliantError, match="takes pictures of 3 channels, not GREY"):
        pliant.import_onnx(path, colours="GREY")


def test_a_file_that_is_to_stay_gets_a_contract_only(tmp_path: Path) -> None:
    path = write(tmp_path, ESPCN(), (48, 32))
    artifact = pliant.import_onnx(path, keep_fixed=True)
    assert artifact.model == path.read_bytes()
    assert [d.size for d in artifact.contract.inputs[0].dims] == [1, 3, 48, 32]
    assert artifact.contract.scale == 4


def test_wrong_names_of_axes_are_told(tmp_path: Path) -> None:
    path = write(tmp_path, ESPCN(), (48, 32))
    proto = onnx.load(path)
    for value in (proto.graph.input[0], proto.graph.output[0]):
        for axis, name in ((0, "batch"), (2, "width"), (3, "height")):
            value.type.tensor_type.shape.dim[axis].dim_param = name
    onnx.save(proto, path)
    found = examine(path)
    assert "The file calls the height 'width' and the width 'height'; pictures are n, c, h, w." in found.notes
    assert found.notes[-1].endswith("the size of its input; it is 4*h and 4*w.")
    assert found.artifact.contract.outputs[0].dims == ("n", "3", "4*h", "4*w")


def test_files_of_the_tutorial(reference: Path) -> None:
    golden = reference / "tutorial" / "golden"
    found = examine(golden / "jianyangshi__srcnn3.onnx")
    assert found.artifact.contract.factor == "factor"
    assert not found.fixed
    assert found.checks[0] == "At 1x3x256x256 the new file gives bit for bit what the original gives."
    assert "At the factors 2, 1.5, 2.7, 4 it gives" in found.checks[-1]
    found = examine(reference / "weights" / "onnx" / "pytorch_super_resolution.onnx")
    assert found.artifact.contract.scale == 3
    assert found.artifact.contract.outputs[0].dims == ("n", "1", "3*h", "3*w")
