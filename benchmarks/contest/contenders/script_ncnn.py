"""ncnn by hand: the network as its .param and .bin, in float32."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.contest.base import FACTOR, Array, Contender, Run

CUBIC = 3  # of Interp, whose coefficient is -0.75 and whose pixels are centred, as in PyTorch
MEMORY = 5000  # bytes for each pixel: ncnn unrolls the windows of the first convolution
Weights = Mapping[str, Array]


def parameters(weights: Weights) -> str:
    """The network as text; ReLU is part of a convolution (9=1)."""

    def convolution(name: str, before: str, pad: int, relu: int) -> str:
        shape = weights[f"{name}.weight"].shape
        numbers = f"0={shape[0]} 1={shape[2]} 4={pad} 5=1 6={math.prod(shape)} 9={relu}"
        return f"Convolution {name} 1 1 {before} {name} {numbers}"

    layers = [
        "Input image 0 1 image",
        f"Interp resize 1 1 image resized 0={CUBIC} 1={FACTOR}.0 2={FACTOR}.0",
        "Split split 1 2 resized left right",
        convolution("conv1", "right", 4, 1),
        convolution("conv2", "conv1", 0, 1),
        convolution("conv3", "conv2", 2, 0),
        "BinaryOp add 2 1 left conv3 result 0=0",
    ]
    return "\n".join(["7767517", f"{len(layers)} {len(layers) + 1}", *layers, ""])


def content(weights: Weights) -> bytes:
    """The tensors in the order of the layers; four zero bytes say that weights are float32."""
    names = ("conv1", "conv2", "conv3")
    return b"".join(bytes(4) + weights[f"{n}.weight"].tobytes() + weights[f"{n}.bias"].tobytes() for n in names)


def start(files: Mapping[str, str]) -> Run:
    """See `Contender.open`."""
    weights: Weights = dict(np.load(files["weights"]))
    ncnn: Any = import_module("ncnn")  # its stubs lack what its C++ part declares
    net = ncnn.Net()
    for option in ("fp16_storage", "fp16_packed", "fp16_arithmetic", "bf16_storage"):
        setattr(net.opt, f"use_{option}", False)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "net.param").write_text(parameters(weights))
        (Path(folder) / "net.bin").write_bytes(content(weights))
        net.load_param(str(Path(folder) / "net.param"))
        net.load_model(str(Path(folder) / "net.bin"))

    def run(image: Array) -> Array:
        extractor = net.create_extractor()
        extractor.input("image", ncnn.Mat(image[0]))
        return np.array(extractor.extract("result")[1])[None]

    return run


CONTENDER = Contender("ncnn, by hand", start, order=4, memory=MEMORY)
