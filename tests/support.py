"""What several tests need: small models made on the spot, and pictures."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from pliant.artifact import Artifact
from pliant.contract import Contract, Dim, Input, Output, Range
from pliant.contract import Image as ImageConvention
from pliant.engines.base import Session

N, C, H, W = Dim("n"), Dim(size=3), Dim("h"), Dim("w")


def live_model(low: float | None = 0.25, high: float | None = 8.0, image: ImageConvention | None = None) -> Artifact:
    """A stand-in for the shipped model: a cubic resize by a live float64 factor, then a 3x3 convolution.

    The convolution passes its input through.
    """
    return Artifact(
        _live_graph().SerializeToString(),
        Contract(
            inputs=(
                Input("image", "float32", (N, C, H, W), "image"),
                Input("factor", "float64", (), "value", Range(low, high)),
            ),
            outputs=(Output("result", "float32", ("n", "3", "floor(h*factor)", "floor(w*factor)")),),
            image=image or ImageConvention(),
            factor="factor",
        ),
    )


def _live_graph() -> onnx.ModelProto:
    weight = np.zeros((3, 3, 3, 3), np.float32)
    weight[range(3), range(3), 1, 1] = 1
    constants = {
        "weight": weight,
        "ones": np.ones(2, np.float32),
        "tail": np.array([2], np.int64),
        "end": np.array([4], np.int64),
        "axes": np.array([2, 3], np.int64),
        "zeros": np.zeros(2, np.int64),
        "one": np.array([1], np.int64),
    }
    # the resize is one pixel too large where it can be, and then cut to floor(side * factor) in float64
    nodes = [
        helper.make_node("Shape", ["image"], ["shape"]),
        helper.make_node("Slice", ["shape", "tail", "end"], ["sides"]),
        helper.make_node("Cast", ["sides"], ["sides64"], to=TensorProto.DOUBLE),
        helper.make_node("Mul", ["sides64", "factor"], ["exact"]),
        helper.make_node("Floor", ["exact"], ["whole"]),
        helper.make_node("Cast", ["whole"], ["target"], to=TensorProto.INT64),
        helper.make_node("Cast", ["factor"], ["factor32"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["factor32", "zero"], ["factor1"]),
        helper.make_node("Concat", ["ones", "factor1", "factor1"], ["scales"], axis=0),
        helper.make_node("Resize", ["image", "", "scales"], ["large"], name="resize", mode="cubic"),
        helper.make_node("Slice", ["large", "zeros", "target", "axes"], ["resized"]),
        helper.make_node("Conv", ["resized", "weight"], ["result"], pads=[1, 1, 1, 1]),
    ]
    constants["zero"] = np.array([0], np.int64)
    inputs = [
        helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", 3, "h", "w"]),
        helper.make_tensor_value_info("factor", TensorProto.DOUBLE, []),
    ]
    return model(
        nodes, inputs, [helper.make_tensor_value_info("result", TensorProto.FLOAT, ["n", 3, "H", "W"])], constants
    )


def fixed_model(scale: int = 2, channels: int = 3, sides: tuple[int | str, int | str] = ("h", "w")) -> bytes:
    """An ONNX file without a contract that repeats every pixel `scale` times."""
    nodes = [helper.make_node("Resize", ["input", "", "scales"], ["output"], mode="nearest")]
    inputs = [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["n", channels, *sides])]
    outputs = [helper.make_tensor_value_info("output", TensorProto.FLOAT, ["n", channels, "H", "W"])]
    return model(nodes, inputs, outputs, {"scales": np.array([1, 1, scale, scale], np.float32)}).SerializeToString()


def model(
    nodes: list[onnx.NodeProto],
    inputs: list[onnx.ValueInfoProto],
    outputs: list[onnx.ValueInfoProto],
    constants: dict[str, np.ndarray] | None = None,
    check: bool = True,
) -> onnx.ModelProto:
    """A model of opset 18, checked unless it is meant to be incomplete."""
    stored = [numpy_helper.from_array(value, name) for name, value in (constants or {}).items()]
    graph = helper.make_graph(nodes, "graph", inputs, outputs, stored)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    if check:
        onnx.checker.check_model(made, full_check=True)
    return made


def gradient(width: int, height: int, channels: int = 3) -> np.ndarray:
    """A smooth uint8 picture [h, w, c] whose channels differ."""
    rows, columns = np.mgrid[:height, :width]
    planes = [
        rows * 200 // height + 20,
        columns * 200 // width + 30,
        (rows + columns) * 100 // (width + height),
        rows * 0,
    ]
    return np.stack(planes[:channels], axis=-1).astype(np.uint8)


def save(folder: Path, name: str, pixels: np.ndarray, mode: str | None = None, **options: object) -> Path:
    """Write `pixels` [h, w, c] as a picture file."""
    squeezed = pixels[..., 0] if pixels.shape[-1] == 1 else pixels
    image = Image.fromarray(squeezed)
    (image.convert(mode) if mode else image).save(folder / name, **options)
    return folder / name


@contextmanager
def together(monkeypatch: pytest.MonkeyPatch) -> Generator[Callable[[], int]]:
    """What is given tells how many calls of sessions were under way at the same time, at most; each takes a while."""
    usual, lock, inside, most = Session.__call__, Lock(), 0, 0

    def counted(self: Session, *given: Any, **named: Any) -> Any:
        nonlocal inside, most
        with lock:
            inside += 1
            most = max(most, inside)
        time.sleep(0.1)
        try:
            return usual(self, *given, **named)
        finally:
            with lock:
                inside -= 1

    with monkeypatch.context() as during:
        during.setattr(Session, "__call__", counted)
        yield lambda: most
