"""PyTorch's table of translations is put together once, and nobody's operators stay in it."""

from __future__ import annotations

import pytest
import torch
from torch.onnx._internal.exporter import _registration

import pliant
from pliant.exporter.torchlib import read_once
from pliant.operators.base import OPSET


def export() -> bytes:
    return pliant.export(torch.nn.PReLU(), (torch.rand(1, 3, 5, 4),)).to_bytes()


def test_the_next_export_reads_no_sources(monkeypatch: pytest.MonkeyPatch) -> None:
    first = export()

    def again() -> None:
        raise AssertionError("the table is put together again")

    monkeypatch.setattr("torch.onnx._internal.exporter._registration.onnxscript_apis.get_torchlib_ops", again)
    assert export() == first


def test_it_is_the_table_of_pytorch_and_a_copy_for_each() -> None:
    usual = _registration.ONNXRegistry.from_torchlib(opset_version=OPSET)
    relu = torch.ops.aten.relu.default
    with read_once():
        one, other = (_registration.ONNXRegistry.from_torchlib(opset_version=OPSET) for _ in range(2))
    one.register_op(relu, torch.relu)

    assert len(one.get_decomps(relu)) == len(other.get_decomps(relu)) + 1
    assert other.opset_version == usual.opset_version == OPSET
    assert other.functions.keys() == usual.functions.keys()
    for name, found in usual.functions.items():
        assert [meta.onnx_function for meta in other.functions[name]] == [meta.onnx_function for meta in found], name


def test_outside_nothing_is_changed() -> None:
    usual = _registration.ONNXRegistry.__dict__["from_torchlib"]
    export()
    assert _registration.ONNXRegistry.__dict__["from_torchlib"] is usual
