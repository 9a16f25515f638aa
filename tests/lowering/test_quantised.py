"""int8 forms are standard files that any engine runs."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from pliant.artifact import Artifact
from pliant.engines.base import load
from pliant.errors import InputError, LoweringError
from pliant.lowering.quantised import Quantiser
from tests.support import live_model, model


def chain(ops: str, opset: int = 18) -> bytes:
    """Convolutions ("c") and activations ("r"), a residual from the first value to the result behind."""
    generator = np.random.default_rng(0)
    nodes, constants, value = [], {}, "x"
    for k, op in enumerate(ops):
        name = f"v{k}"
        if op == "c":
            constants[f"w{k}"] = generator.normal(0, 0.2, (8, 8, 3, 3)).astype(np.float32)
            nodes.append(helper.make_node("Conv", [value, f"w{k}"], [name], name=name, pads=[1, 1, 1, 1]))
        else:
            nodes.append(helper.make_node("Relu", [value], [name], name=name))
        value = name
    nodes.append(helper.make_node("Add", ["x", value], ["y"], name="sum"))
    infos = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 8, "h", "w"]) for name in "xy"]
    made = model(nodes, infos[:1], infos[1:], constants)
    made.opset_import[0].version = opset
    return made.SerializeToString()


def examples(count: int = 2) -> Iterator[dict[str, np.ndarray]]:
    generator = np.random.default_rng(1)
    return iter([{"x": generator.random((1, 8, 12, 9), np.float32)} for _ in range(count)])


def test_layers_that_see_the_arguments_and_make_the_result() -> None:
    found = Quantiser(chain("crcrc"))
    assert (found.layers, found.first, found.last) == (["v0", "v2", "v4"], ["v0"], ["v4"])


def test_only_the_layers_asked_for_change() -> None:
    made = onnx.load_from_string(Quantiser(chain("crcrc"))(["v2"], examples()))
    assert sorted(t.name for t in made.graph.initializer if t.data_type == TensorProto.INT8 and len(t.dims) == 4) == [
        "w2_quantized"
    ]
    assert {"w0", "w4"} <= {t.name for t in made.graph.initializer}


def test_the_form_is_near_the_model_and_standard() -> None:
    whole = chain("crcrc")
    form = Quantiser(whole)(["v0", "v2", "v4"], examples())
    made = onnx.load_from_string(form)
    onnx.checker.check_model(made, full_check=True)
    assert {entry.domain for entry in made.opset_import} == {""}
    assert list(made.metadata_props) == []
    given = {"x": np.random.default_rng(2).random((2, 8, 7, 15), np.float32)}
    contract = load_contract(whole)
    exact, short = (load(Artifact(data, contract), "onnxruntime")(**given) for data in (whole, form))
    assert short.shape == exact.shape
    assert 0 < np.abs(short - exact).mean() < 0.05 * np.abs(exact).mean()  # some go beyond what was calibrated


def load_contract(data: bytes) -> object:
    from pliant.inferred import infer
    from pliant.onnxfile import read

    return infer(read(data))


def test_the_same_examples_give_the_same_form() -> None:
    quantiser = Quantiser(chain("cr"))
    assert quantiser(["v0"], examples()) == quantiser(["v0"], examples())


def test_older_files_are_brought_to_a_version_that_has_scales_for_channels() -> None:
    form = onnx.load_from_string(Quantiser(chain("cr", opset=11))(["v0"], examples()))
    assert form.opset_import[0].version >= 13


def test_nothing_to_compute_in_int8() -> None:
    with pytest.raises(LoweringError, match="no convolution and no matrix product with weights of its own"):
        Quantiser(live_model().model)  # its one convolution has 81 weights


def test_no_model() -> None:
    with pytest.raises(InputError, match="cannot be read"):
        Quantiser(b"\xff\xff\xff")
