"""ncnn: on the CPU, in float32, with the picture's size and the values live where the network allows it.

Its networks are written from the ONNX graph (pliant.lowering.ncnn); one serves all sizes and values if no node needs
numbers for its shape, else there is one for each set of them.
"""

from __future__ import annotations

from collections.abc import Mapping

from pliant.contract import Contract
from pliant.engines.base import Backend, Engine, Options


def open_model(model: bytes, contract: Contract, options: Options) -> Backend:
    """See `Engine.open`."""
    from pliant.lowering.ncnn._run import opened

    return opened(model, contract, options.threads, options.kernels)


def build(model: bytes, contract: Contract, options: Options) -> Mapping[str, bytes]:
    """See `Engine.build`: .param and .bin, with what feeds them."""
    from pliant.lowering.ncnn._build import files

    del options
    return files(model, contract)


ENGINE = Engine("ncnn", "ncnn", "ncnn", open_model, extra="ncnn", build=build, needs=("onnx", "onnx_ir"))
