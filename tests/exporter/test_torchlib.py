"""PyTorch's table of translations is put together once, and nobody's operators stay in it."""

from __future__ import annotations

from typing import Any

import onnx
import pytest
import torch
from onnx_ir.schemas import OpSignature
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


def test_the_signature_of_an_operator_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, str]] = []
    made = OpSignature.from_op_schema

    def counted(schema: Any) -> OpSignature:
        asked.append((schema.domain, schema.name))
        return made(schema)

    monkeypatch.setattr(OpSignature, "from_op_schema", staticmethod(counted))
    two = torch.nn.Sequential(torch.nn.Sigmoid(), torch.nn.Sigmoid())
    pliant.export(two, (torch.rand(1, 3, 5, 4),))
    assert asked.count(("", "Sigmoid")) == 1
    schemas = [onnx.defs.get_schema("Sigmoid", 13), onnx.defs.get_schema("Sigmoid", 6)]
    with read_once():
        new, old, same = (OpSignature.from_op_schema(schema) for schema in (*schemas, schemas[0]))
    assert (new.since_version, old.since_version) == (13, 6)
    assert same is new
    assert new == made(schemas[0])


def test_outside_nothing_is_changed() -> None:
    places = (_registration.ONNXRegistry, "from_torchlib"), (OpSignature, "from_op_schema")
    usual = [owner.__dict__[name] for owner, name in places]
    export()
    assert [owner.__dict__[name] for owner, name in places] == usual
