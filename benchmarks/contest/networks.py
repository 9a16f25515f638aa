"""The files that contenders open: the tutorial's network with the weights that ship with pliant."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.contest.base import FACTOR
from numpy.typing import NDArray

PADS = {"conv1": 4, "conv2": 0, "conv3": 2}
COEFFICIENT = -0.75  # of the cubic, as in PyTorch
Weights = Mapping[str, NDArray[Any]]


def weights() -> Weights:
    """Of the shipped SRCNN, float32: conv1 [64, 3, 9, 9], conv2 [32, 64, 1, 1], conv3 [3, 32, 5, 5], and biases."""
    import onnx
    from onnx import numpy_helper

    from pliant.models import path

    prefix = "module."
    tensors = {tensor.name: tensor for tensor in onnx.load(path("srcnn")).graph.initializer}
    return {
        name.removeprefix(prefix): np.array(numpy_helper.to_array(tensor))
        for name, tensor in tensors.items()
        if name.startswith(prefix)
    }


def multiply_adds(found: Weights) -> int:
    """For each pixel of the result, as the graph is written.

    Convolutions as large as the result, and the resize: 16 taps of each of 3 channels, weighted along both axes.
    """
    return sum(math.prod(w.shape) for name, w in found.items() if name.endswith("weight")) + 3 * 16 * 2


def write(folder: Path) -> dict[str, str]:
    """Write the files into `folder`.

    "model" is what ships with pliant, "graph" the network as the tutorial exports it, "weights" its tensors as .npz.
    """
    from pliant.models import path

    found = weights()
    folder.mkdir(parents=True, exist_ok=True)
    np.savez(folder / "weights.npz", **dict[str, Any](found))
    _graph(found, folder / "graph.onnx")
    files = {"weights": folder / "weights.npz", "graph": folder / "graph.onnx", "model": path("srcnn")}
    return {name: str(file) for name, file in files.items()}


def _graph(found: Weights, file: Path) -> None:
    """Resize, three convolutions, and the sum that makes the shipped network residual; height and width are live."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    cubic: dict[str, Any] = {
        "mode": "cubic",
        "cubic_coeff_a": COEFFICIENT,
        "coordinate_transformation_mode": "half_pixel",
    }
    nodes, last = [helper.make_node("Resize", ["image", "", "scales"], ["resized"], **cubic)], "resized"
    for name, pad in PADS.items():
        given = [last, f"{name}.weight", f"{name}.bias"]
        nodes.append(helper.make_node("Conv", given, [name], pads=[pad] * 4))
        nodes.append(helper.make_node("Relu", [name], [f"{name}.relu"]))
        last = f"{name}.relu"
    nodes[-1] = helper.make_node("Add", ["resized", "conv3"], ["result"])  # no ReLU after the last
    constants = [numpy_helper.from_array(array, name) for name, array in found.items()]
    constants.append(numpy_helper.from_array(np.array([1, 1, FACTOR, FACTOR], np.float32), "scales"))
    graph = helper.make_graph(
        nodes,
        "srcnn",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, "h", "w"])],
        [helper.make_tensor_value_info("result", TensorProto.FLOAT, [1, 3, "H", "W"])],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.checker.check_model(model)
    onnx.save(model, file)
