"""Whole exports of unmodified networks, run by plain ONNX Runtime on what the exporter has not seen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from torch import Tensor, nn

import pliant
from pliant.errors import AuditError, CaptureError, UsageError
from tests import idioms
from tests.idioms import FACTORS, SIZES, picture

Kind = Callable[[float], Any]


def number(factor: float) -> Any:
    return factor


def tensor(factor: float) -> Any:
    return torch.tensor(factor)


def whole(factor: float) -> Any:
    return torch.tensor(int(factor))


def vector(factor: float) -> Any:
    return torch.tensor([1.0, 1.0, factor, factor])


def run(session: onnxruntime.InferenceSession, args: tuple[Any, ...]) -> Any:
    types = {"tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(int64)": np.int64}
    arrays = [np.asarray(a, types[i.type]) for i, a in zip(session.get_inputs(), args, strict=True)]
    return session.run(None, dict(zip((i.name for i in session.get_inputs()), arrays, strict=True)))


def assert_equal_to_eager(module: nn.Module, file: Path, cases: list[tuple[Any, ...]]) -> None:
    session = onnxruntime.InferenceSession(str(file))
    for args in cases:
        with torch.no_grad():
            expected = module(*args).numpy()
        (got,) = run(session, args)
        assert got.shape == expected.shape, args[1:]
        assert np.abs(got - expected).max() <= 1e-5, (args[0].shape, args[1:])


@pytest.mark.parametrize(
    ("module", "kind"),
    [
        (idioms.Item, tensor),
        (idioms.Item, whole),
        (idioms.Number, number),
        (idioms.Number, int),
        (idioms.Checked, number),
        (idioms.ToList, vector),
        (idioms.Arithmetic, tensor),
        (idioms.Sizes, number),
        (idioms.Symbolic, vector),
        (idioms.Opaque, vector),
    ],
    ids=lambda value: value.__name__,
)
def test_values_stay_live(module: type[nn.Module], kind: Kind, tmp_path: Path) -> None:
    network = module().eval()
    artifact = pliant.export(network, (picture(16, 20), kind(3.0)))
    factors = [2.0, 3.0, 1.5] if module is idioms.Opaque else FACTORS  # its own symbolic is off at 10 * 1.3
    cases = [(picture(h, w), kind(f)) for (h, w), f in zip(SIZES, factors, strict=False)]
    assert_equal_to_eager(network, artifact.save(tmp_path / "model.onnx"), [*cases, (picture(9, 11, n=3), kind(2.0))])


def test_contract_describes_the_network() -> None:
    contract = pliant.export(idioms.Number().eval(), (picture(16, 20), 3.0), values={"factor": (1, 4)}).contract
    assert [i.name for i in contract.inputs] == ["x", "factor"]
    assert [str(d) for d in contract.inputs[0].dims] == ["n", "3", "h", "w"]
    assert contract.inputs[1].dtype == "float64"
    assert contract.inputs[1].values.contains(4)
    assert not contract.inputs[1].values.contains(4.1)
    assert contract.outputs[0].dims == ("n", "3", "floor(factor*h)", "floor(factor*w)")
    assert contract.factor == "factor"
    assert [(r.mode, r.semantics, r.driver) for r in contract.resizes] == [("bicubic", "scale", ("factor",))]
    assert contract.provenance.source == "tests.idioms.Number"
    assert len(contract.provenance.weights_sha256) == 64


def line_of(text: str) -> str:
    lines = Path(idioms.__file__).read_text().splitlines(keepends=True)
    (number,) = (k for k, line in enumerate(lines, 1) if text in line)
    return f"idioms.py:{number}"


@pytest.mark.parametrize(
    ("module", "args", "error", "line"),
    [
        (idioms.HiddenPad, (picture(16, 20),), AuditError, 'HIDDEN["padded"](x)'),
        (idioms.HiddenThreshold, (picture(16, 20),), AuditError, 'return self.body(HIDDEN["brighter"](x))\n'),
        (idioms.HiddenSquare, (picture(16, 16),), AuditError, 'HIDDEN["square"](x)'),
        (idioms.HiddenPicky, (picture(16, 20),), AuditError, 'HIDDEN["brighter"](x)) * 3'),
        (idioms.Stride, (picture(16, 20), torch.tensor(2)), CaptureError, "stride=step.item()"),
        (idioms.Liar, (picture(16, 20),), CaptureError, "torch.from_numpy(-x.numpy())"),
    ],
)
def test_refused_with_the_line(module: type[nn.Module], args: Any, error: type[Exception], line: str) -> None:
    with pytest.raises(error) as caught:
        pliant.export(module().eval(), args)
    assert line_of(line) in str(caught.value)
    assert "Fix: " in str(caught.value)


def test_input_that_reaches_nothing_is_refused() -> None:
    with pytest.raises(AuditError, match="'factor' does not reach any output"):
        pliant.export(idioms.Unused().eval(), (picture(16, 20), 3.0))


@pytest.mark.parametrize(
    ("module", "example", "cases"),
    [
        (
            idioms.Branch,
            (picture(16, 20), torch.tensor(3.0)),
            [(picture(9, 7), torch.tensor(f)) for f in (1.0, 2.0, 2.5)],
        ),
        (idioms.PadIfNeeded, (picture(16, 20),), [(picture(9, 16),), (picture(12, 7, n=2),), (picture(8, 8),)]),
        (idioms.Threshold, (picture(16, 20),), [(picture(h, 9),) for h in (1, 5, 6, 7)]),
        (idioms.LargeThreshold, (picture(16, 20),), [(picture(h, 4),) for h in (700, 701)]),
        (idioms.Square, (picture(16, 20),), [(picture(9, 9),), (picture(9, 8),)]),
        (idioms.Picky, (picture(16, 20),), [(picture(90, 12),), (picture(91, 12),)]),
    ],
)
def test_both_ways_of_a_decision_are_right(
    module: type[nn.Module], example: Any, cases: list[Any], tmp_path: Path
) -> None:
    network = module().eval()
    artifact = pliant.export(network, example)
    assert_equal_to_eager(network, artifact.save(tmp_path / "model.onnx"), cases)
    assert all(d.minimum is None or d.minimum <= 1 for d in artifact.contract.inputs[0].dims) or module is idioms.Picky


def test_two_ways_that_tie_axes_are_refused() -> None:
    """On one way the sizes have to be equal; PyTorch then takes them for equal on both."""
    with pytest.raises(AuditError, match="other_h"):
        pliant.export(idioms.SameSize().eval(), (picture(16, 20), picture(16, 20)))


def test_a_value_that_hidden_code_decides_on_is_refused() -> None:
    with pytest.raises(AuditError, match="factor"):
        pliant.export(idioms.HiddenValue().eval(), (picture(16, 20), 3.0))


class Pair(nn.Module):
    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        return first * second.mean((0, 2, 3), keepdim=True)


def test_several_pictures_have_sizes_of_their_own(tmp_path: Path) -> None:
    artifact = pliant.export(Pair(), (picture(16, 20), picture(9, 9)))
    assert [str(d) for d in artifact.contract.inputs[1].dims] == ["n", "3", "second_h", "second_w"]
    cases = [(picture(5, 7), picture(11, 3)), (picture(8, 9, n=2), picture(1, 1, n=2))]
    assert_equal_to_eager(Pair(), artifact.save(tmp_path / "pair.onnx"), cases)


class Sum(nn.Module):
    def forward(self, first: Tensor, second: Tensor) -> tuple[Tensor, None]:
        return first + second, None


def test_axes_that_must_be_equal_get_one_name() -> None:
    contract = pliant.export(Sum(), (picture(16, 20), picture(16, 20))).contract
    assert [str(d) for d in contract.inputs[1].dims] == ["n", "3", "h", "w"]
    assert [o.dims for o in contract.outputs] == [("n", "3", "h", "w")]


def test_the_callers_own_batch_is_never_excluded() -> None:
    contract = pliant.export(idioms.OneOrMany().eval(), (picture(16, 20),)).contract
    assert contract.inputs[0].dims[0].size == 1
    assert any("batch size is fixed" in note for note in contract.notes)


def test_a_value_that_the_model_fixes_is_refused() -> None:
    with pytest.raises(AuditError, match="'factor'"):
        pliant.export(idioms.Three().eval(), (picture(16, 20), torch.tensor(3.0)))


def test_parts_keep_their_own_mode() -> None:
    network = nn.Sequential(nn.Conv2d(3, 3, 3), nn.BatchNorm2d(3))
    network[1].eval()
    pliant.export(network, (picture(16, 20),))
    assert (network.training, network[0].training, network[1].training) == (True, True, False)


def test_module_is_left_as_it_was() -> None:
    network = idioms.Number()
    forward, globals_before = idioms.Number.forward.__code__, set(vars(idioms))
    pliant.export(network, (picture(16, 20), 3.0))
    assert network.training
    assert idioms.Number.forward.__code__ is forward
    assert set(vars(idioms)) == globals_before


def test_failing_example_is_the_callers_mistake() -> None:
    with pytest.raises(UsageError, match="fails on the example arguments"):
        pliant.export(idioms.Number(), (torch.rand(1, 4, 8, 8), 2.0))
    with pytest.raises(UsageError, match="give a tuple"):
        pliant.export(idioms.Number(), picture(4, 4))  # type: ignore[arg-type]


class Careful(nn.Module):
    """A division that a tiny constant keeps from being one by zero."""

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        middle = x - x.mean((2, 3), keepdim=True)
        return middle / (middle.abs().sum((2, 3), keepdim=True) + 1e-9), x * (1 + 2e-6), x - 1e-10, x * 1.0 + 0.0


def test_tiny_constants_are_no_zeros() -> None:
    """PyTorch's own optimisation of ONNX drops them; what is exactly neutral may go."""
    x = torch.rand(1, 3, 6, 7)
    graph = onnx.load_from_string(pliant.export(Careful(), (x,)).model).graph
    kinds = [node.op_type for node in graph.node]
    assert kinds.count("Add") == 1
    assert kinds.count("Mul") == 1
    assert kinds.count("Sub") == 2
    session = onnxruntime.InferenceSession(pliant.export(Careful(), (x,)).model)
    flat = np.full((1, 3, 5, 4), 0.25, np.float32)
    first = session.run(None, {"x": flat})[0]
    np.testing.assert_array_equal(first, Careful()(torch.from_numpy(flat))[0].numpy())


class Narrow(nn.Module):
    """A network made so narrow that one of its layers has no features at all, with a bias that is all that is left."""

    def __init__(self) -> None:
        super().__init__()
        self.inner, self.norm, self.outer = nn.Linear(3, 0), nn.LayerNorm(0), nn.Linear(0, 3)

    def forward(self, x: Tensor) -> Tensor:
        told = self.outer(torch.relu(self.norm(self.inner(torch.arange(12.0).view(4, 3)))))
        return x + told.sum(0)[:, None, None]


def test_results_without_elements() -> None:
    model, x = Narrow(), torch.rand(2, 3, 5, 7)
    session = pliant.load(pliant.export(model, (torch.rand(1, 3, 9, 8),)))
    with torch.no_grad():
        np.testing.assert_allclose(session(x.numpy()), model(x).numpy(), atol=1e-6)
