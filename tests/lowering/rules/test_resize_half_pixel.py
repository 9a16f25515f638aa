"""The rule for an engine without "pytorch_half_pixel", run by ONNX Runtime beside the original."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import onnx
import onnx_ir as ir
import onnxruntime
import pytest

from pliant.inferred import infer
from pliant.lowering.dialect import Dialect
from pliant.lowering.lower import Network, lower, read
from pliant.lowering.runtime import serialized
from pliant.onnxfile import read as read_graph

MODE = "pytorch_half_pixel"


def without_mode(node: ir.Node) -> str | None:
    return "has these coordinates" if MODE in str(node.attributes.get("coordinate_transformation_mode")) else None


DIALECT = Dialect("without", {"Resize": without_mode}, anything=True)


def run(content: bytes, feeds: dict[str, Any]) -> Any:
    return onnxruntime.InferenceSession(content).run(None, feeds)


def only(content: bytes, feeds: dict[str, Any]) -> dict[str, Any]:
    return {entry.name: feeds[entry.name] for entry in onnx.load_from_string(content).graph.input}


@pytest.mark.parametrize("mode", ['"linear"', '"cubic", cubic_coeff_a=-0.75', '"nearest", nearest_mode="floor"'])
@pytest.mark.parametrize("by", ["sizes", "scales", "axes"])
def test_it_is_exact_also_at_one_pixel(mode: str, by: str) -> None:
    count, kind = (2 if by == "axes" else 4), "float" if by == "scales" else "int64"
    given = f"x, , {by}" if by == "scales" else "x, , , given"
    axes = ", axes=[2, 3]" if by == "axes" else ""
    name = "scales" if by == "scales" else "given"
    text = f"""<ir_version: 9, opset_import: ["" : 18]>
    g (float[n, 3, h, w] x, {kind}[{count}] {name}) => (float[n, 3, a, b] y) {{
        y = Resize <coordinate_transformation_mode="{MODE}", mode={mode}{axes}> ({given}) }}"""
    content = ir.to_proto(ir.from_onnx_text(text)).SerializeToString()
    lowered = lower(read(content, DIALECT), infer(read_graph(content, "model")), DIALECT)
    assert isinstance(lowered, Network)
    assert lowered.body is not None
    assert lowered.prologue is not None
    body, prologue = serialized(lowered.body), serialized(lowered.prologue)
    assert MODE.encode() not in body
    for (h, w), (a, b) in itertools.product(((6, 5), (1, 4), (3, 1)), ((1, 1), (1, 7), (9, 1), (4, 8))):
        x = np.random.default_rng(h).random((2, 3, h, w), np.float32)
        sizes: Any = np.array([2, 3, a, b][4 - count :], np.int64)
        if by == "scales":
            sizes = np.array([1, 1, (a + 0.3) / h, (b + 0.3) / w], np.float32)
        (expected,) = run(content, {"x": x, name: sizes})
        feeds = {"x": x, name: sizes}
        passed = dict(zip(lowered.passed, run(prologue, only(prologue, feeds)), strict=True))
        (got,) = run(body, only(body, feeds | passed))
        assert got.shape == expected.shape
        np.testing.assert_allclose(got, expected, rtol=1e-6, atol=1e-6)
