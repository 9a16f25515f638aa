"""Operators of users: in eager PyTorch, in files, and refused where they are wrong."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from torch import Tensor, nn

import pliant
from pliant.artifact import Artifact
from pliant.errors import CaptureError, OperatorError, UsageError
from tests.operators import users
from tests.operators.users import RAMP, corner, extreme, soften, stretch


class Network(nn.Module):
    def forward(self, x: Tensor, f: float, k: int) -> tuple[Tensor, ...]:
        y = soften(x, f)
        z = stretch(y, f * 2)
        largest, at = extreme(z, axis=2)
        cut = corner([x, y], [k, x.shape[3] // 2])
        return z, largest, at, cut, corner([x, y], sides=[2, k], mask=x), soften(x, 2), soften(x, amount=0.25)


@pytest.fixture(scope="module")
def artifact() -> Artifact:
    return pliant.export(Network(), (torch.rand(1, 3, 8, 9), 1.3, 4), values={"k": (1, 6), "f": (0.5, 3)})


def run(model: bytes, *arrays: Any) -> list[Any]:
    session = onnxruntime.InferenceSession(model)
    return session.run(None, dict(zip((i.name for i in session.get_inputs()), map(np.asarray, arrays), strict=True)))


def test_in_a_model_at_sizes_it_has_not_seen(artifact: Artifact) -> None:
    for h, w, f, k in ((8, 9, 1.3, 4), (15, 7, 0.7, 6), (10, 31, 0.65, 1), (6, 2, 2.9, 3)):
        x = torch.rand(2, 3, h, w)
        for got, expected in zip(run(artifact.model, x.numpy(), f, k), Network()(x, f, k), strict=True):
            assert got.shape == tuple(expected.shape)
            assert got.dtype == expected.numpy().dtype
            assert np.allclose(got, expected.numpy(), atol=1e-6)


def test_the_contract_has_symbolic_lengths(artifact: Artifact) -> None:
    assert [output.dims for output in artifact.contract.outputs[:3]] == [
        ("n", "3", "floor(2.0*f*h)", "w"),
        ("n", "3", "w"),
        ("n", "3", "w"),
    ]
    assert [output.dtype for output in artifact.contract.outputs[:3]] == ["float32", "float32", "int64"]


def test_each_use_is_one_node_and_equal_bodies_are_one_function(artifact: Artifact) -> None:
    model = onnx.load_from_string(artifact.model)
    calls = [node.op_type for node in model.graph.node if node.domain == "pliant.user"]
    assert calls == ["soften", "stretch", "extreme", "corner", "corner_2", "soften", "soften"]
    assert [f.name for f in model.functions] == ["soften", "stretch", "extreme", "corner", "corner_2"]
    (node,) = (node for node in model.graph.node if node.op_type == "extreme")
    assert {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute} == {"axis": 2, "largest": 1}


@pytest.mark.parametrize("operator", [soften, stretch, extreme, corner], ids=lambda o: o.__name__)
def test_checks_pass(operator: Any) -> None:
    operator.check()


def test_eager_runs_the_reference_under_autograd() -> None:
    x = RAMP.clone().requires_grad_()
    soften(x, 0.5).sum().backward()
    assert x.grad is not None
    assert torch.allclose(x.grad, torch.ones_like(x))
    assert soften.__doc__ is None
    assert "NumPy" in (stretch.__doc__ or "")


def test_torch_compile_looks_into_the_reference() -> None:
    compiled = torch.compile(lambda x: soften(x, 0.5) + 1, backend="eager", fullgraph=True)
    assert torch.equal(compiled(RAMP), soften(RAMP, 0.5) + 1)


def made(shape: Any = None, body: Any = None, reference: Any = None, **options: Any) -> Any:
    """An operator that doubles; what is given is put in the place of what is right."""

    def double(x: Tensor) -> Tensor:
        return x * 2

    options = {"samples": [(RAMP,)], **options}
    operator = pliant.operator(shape=shape or (lambda x: x.shape), **options)(reference or double)
    if body is not False:
        operator.onnx(body or (lambda op, x: op.Add(x, x)))
    return operator


class Use(nn.Module):
    def __init__(self, *operators: Any) -> None:
        super().__init__()
        self.operators = operators

    def forward(self, x: Tensor) -> Tensor:
        for operator in self.operators:
            x = operator(x)
        return x


def integers(x: Tensor) -> Tensor:
    return (x * 2).to(torch.int64)


def in_place(x: Tensor) -> Tensor:
    return x.mul_(2)


def listed(x: Tensor) -> Any:
    return [2.0]


def half(x: Tensor) -> Tensor:
    return x[:, :, ::2]


def given(**options: Any) -> dict[str, Any]:
    return options


WRONG = {
    "no body": (given(body=False), "The operator double has no ONNX body.*@double.onnx"),
    "shape": (given(shape=lambda x: x.shape[:3]), r"shape function of double gives \[1, 1, 8\] on sample 1"),
    "shape at odd sizes": (
        given(
            shape=lambda x: (*x.shape[:2], x.shape[2] // 2, x.shape[3]),
            reference=half,
            body=lambda op, x: op.Slice(x, *(op.Constant(value_ints=[v]) for v in (0, 2**31, 2, 2))),
        ),
        r"gives \[1, 1, 4, 9\] on sample 1 with shapes \[1, 1, 9, 9\], and the reference returns \[1, 1, 5, 9\]",
    ),
    "no lengths": (given(shape=lambda x: (x.shape[0] / 2,)), "it has to give a tuple of whole numbers"),
    "failing shape": (given(shape=lambda x: x.shape[9]), "shape function of double fails on sample 1"),
    "type": (given(reference=integers), "is said to return float32, and on sample 1 the reference returns int64"),
    "types": (given(dtype=(torch.float32, torch.float32)), "states 2 dtypes and 1 shapes"),
    "numbers": (
        given(body=lambda op, x: op.Mul(x, x)),
        "body of double is wrong on sample 1: it differs from",
    ),
    "size": (given(body=lambda op, x: op.Unsqueeze(x, op.Constant(value_ints=[0]))), "gives shape .* and PyTorch"),
    "a size of its own": (
        given(body=lambda op, x: op.Add(x, op.Slice(x, *(op.Constant(value_ints=[v]) for v in (0, 8, 2))))),
        "body of double does not run in ONNX Runtime on sample 1 with shapes",
    ),
    "body type": (given(body=lambda op, x: op.Cast(op.Add(x, x), to=11)), "does not run in ONNX Runtime on sample 1"),
    "failing body": (given(body=lambda op, x: op.NoSuchOperator(x)), "ONNX body of double fails on sample 1"),
    "outputs": (given(body=lambda op, x: (x, x)), "body of double fails on sample 1"),
    "in place": (given(reference=in_place), "changes an argument in place"),
    "no tensor": (given(reference=listed), "returns list; it has to return a tensor"),
    "sample": (given(samples=[(RAMP, 3)]), "Sample 1 of the operator double does not fit it"),
    "failing reference": (given(samples=[("text",)], reference=integers), "itself fails on sample 1"),
}


@pytest.mark.parametrize("kind", WRONG)
def test_wrong_operators_are_told(kind: str) -> None:
    options, message = WRONG[kind]
    with pytest.raises(OperatorError, match=message.replace("double", r"\w+")):
        made(**options).check()


@pytest.mark.parametrize("kind", ["no body", "shape at odd sizes", "numbers"])
def test_wrong_operators_reach_no_file(kind: str) -> None:
    options, message = WRONG[kind]
    with pytest.raises(OperatorError, match=message.replace("double", r"\w+")):
        pliant.export(Use(made(**options)), (RAMP,))


def test_two_operators_of_one_name() -> None:
    triple = made(reference=lambda x: x * 3, name="double", body=lambda op, x: op.Add(op.Add(x, x), x))
    module = Use(made(), triple, made())
    artifact = pliant.export(module, (RAMP,))
    model = onnx.load_from_string(artifact.model)
    assert [node.op_type for node in model.graph.node] == ["double", "double_2", "double"]
    (got,) = run(artifact.model, RAMP.numpy()[:, :, :3])
    assert np.allclose(got, 12 * RAMP.numpy()[:, :, :3])
    assert pliant.export(module, (RAMP,)).to_bytes() == artifact.to_bytes()


def test_a_body_that_ignores_an_input_leaves_it_dangling() -> None:
    @pliant.operator(shape=lambda x, y: x.shape, samples=[(RAMP, RAMP)])
    def first(x: Tensor, y: Tensor) -> Tensor:
        return x * 1

    first.onnx(lambda op, x, y: op.Identity(x))

    class Both(nn.Module):
        def forward(self, x: Tensor, y: Tensor) -> Tensor:
            return first(x, y)

    with pytest.raises(pliant.PliantError, match="'y' does not reach any output"):
        pliant.export(Both(), (RAMP, RAMP))


def test_a_live_attribute_is_refused_with_the_line() -> None:
    class Live(nn.Module):
        def forward(self, x: Tensor, axis: int) -> Tensor:
            return extreme(x, axis=axis)[0]

    with pytest.raises(CaptureError, match=r"(?s)extreme\(x, axis=axis\).*'axis' of the operator extreme is live"):
        pliant.export(Live(), (RAMP, 2), values={"axis": (2, 3)})


def test_what_has_no_form_is_refused_when_it_is_declared() -> None:
    with pytest.raises(UsageError, match="has no samples"):
        made(samples=[])
    with pytest.raises(UsageError, match="name every parameter"):
        made(reference=lambda *x: x[0], name="first")
    with pytest.raises(UsageError, match="needs a name that is an identifier"):
        made(reference=lambda x: x)


def test_a_whole_number_is_a_float_where_the_annotation_says_so() -> None:
    seen: list[Any] = []

    @pliant.operator(shape=lambda x, amount: x.shape, samples=[(RAMP, 2)])
    def times(x: Tensor, amount: float) -> Tensor:
        return x * amount

    @times.onnx
    def _(op: Any, x: Any, amount: Any) -> Any:
        seen.append(amount.dtype)
        return op.Mul(x, op.CastLike(amount, x))

    times.check()
    assert set(seen) == {onnx.TensorProto.DOUBLE}


def test_a_corrected_body_is_checked_again() -> None:
    operator = made(body=lambda op, x: op.Mul(x, x))
    with pytest.raises(OperatorError):
        operator.check()
    operator.onnx(lambda op, x: op.Add(x, x))
    operator.check()
    operator.onnx(lambda op, x: op.Neg(x))
    with pytest.raises(OperatorError):
        operator.check()


def test_onnxscript_functions_are_written_out_in_a_body() -> None:
    model = onnx.load_from_string(pliant.export(Use(users.scripted), (RAMP,)).model)
    (function,) = model.functions
    assert [node.domain for node in function.node] == [""] * len(function.node)
    (got,) = run(model.SerializeToString(), RAMP.numpy())
    assert np.allclose(got, 2 * RAMP.numpy() + 1)
