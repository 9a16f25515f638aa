"""Kernels of a user's operators: the call stays one node on the engine, and gives what the body gives."""

from __future__ import annotations

import importlib.util
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import openvino as ov
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import pliant
from pliant.errors import InputError, LoweringError, UsageError
from pliant.kernels import Kernel, gathered

ENGINES = ("onnxruntime", "openvino", "ncnn")
RAMP = torch.linspace(-1, 1, 72).reshape(1, 1, 8, 9)
CASES = ((7, 9, 1.3), (1, 1, 2.0), (12, 5, 0.7))
ROOT = Path(__file__).parents[3]


@pliant.operator(shape=lambda x, amount: x.shape, samples=[(RAMP, 1.5)])
def brighten(x: Tensor, amount: float) -> Tensor:
    return x * amount


@brighten.onnx
def _(op: Any, x: Any, amount: Any) -> Any:
    return op.Mul(x, op.CastLike(amount, x))


@pliant.operator(
    shape=lambda parts, offset, *, axis, largest: [parts[0].shape, parts[0].shape],
    samples=[([RAMP, RAMP * 2], None, {"axis": 2, "largest": True}), ([RAMP], RAMP, {"axis": 3, "largest": False})],
)
def spread(parts: list[Tensor], offset: Tensor | None, *, axis: int, largest: bool) -> tuple[Tensor, Tensor]:
    """The sum, plus an offset, and how far its parts are below the largest, or above the smallest, along an axis."""
    total = torch.stack(parts).sum(0) + (0 if offset is None else offset)
    bound = total.amax(axis, keepdim=True) if largest else total.amin(axis, keepdim=True)
    return total, bound - total


@spread.onnx
def _(op: Any, parts: Any, offset: Any, *, axis: int, largest: bool) -> Any:
    total = op.Sum(*parts, *([] if offset is None else [offset]))
    reduce = op.ReduceMax if largest else op.ReduceMin
    return total, op.Sub(reduce(total, op.Constant(value_ints=[axis]), keepdims=1), total)


class Model(nn.Module):
    """Every operator between steps of other kinds, one with two bodies."""

    def forward(self, x: Tensor, factor: float) -> tuple[Tensor, ...]:
        y = brighten(F.interpolate(x, scale_factor=factor, mode="bilinear"), factor / 2)
        a, b = spread([y, y + 1], None, axis=2, largest=True)
        c, d = spread([y], a, axis=3, largest=False)
        return F.relu(y), a - 1, b, c, d


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    artifact = pliant.export(Model(), (torch.rand(1, 3, 16, 20), 2.0))
    return artifact.save(tmp_path_factory.mktemp("kernels") / "model.onnx")


@pytest.fixture
def log() -> list[Any]:
    return []


def numpy_kernels(engine: str, log: list[Any]) -> list[Kernel]:
    """Both operators in NumPy; a call is logged."""

    def bright(x: Any, amount: Any) -> Any:
        log.append(("brighten", x.shape, round(float(amount), 6)))  # OpenVINO computes in float32
        return x * amount  # in double: the result is cast to the type of the graph

    def total(parts: Any, offset: Any, *, axis: int, largest: int) -> Any:
        log.append(("spread", len(parts), offset is None, axis, bool(largest)))
        found = sum(parts) + (0 if offset is None else offset)
        bound = found.max(axis, keepdims=True) if largest else found.min(axis, keepdims=True)
        return found, bound - found

    return [Kernel("brighten", engine, bright), Kernel("spread", engine, total)]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_kernel_in_numpy_gives_what_the_body_gives(engine: str, path: Path, log: list[Any]) -> None:
    with pliant.load(path, engine) as plain, pliant.load(path, engine, kernels=numpy_kernels(engine, log)) as own:
        for h, w, factor in CASES:
            x = torch.rand(2, 3, h, w)
            log.clear()
            results = zip(own(x.numpy(), factor), plain(x.numpy(), factor), Model()(x, factor), strict=True)
            for got, body, expected in results:
                assert got.dtype == np.float32
                np.testing.assert_allclose(got, body, rtol=1e-5, atol=1e-5)
                np.testing.assert_allclose(got, expected.numpy(), rtol=1e-5, atol=1e-5)
            size = (2, 3, int(h * factor), int(w * factor))
            several = [("spread", 1, False, 3, False), ("spread", 2, True, 2, True)]
            if engine == "ncnn":  # several results by the body; pictures of a batch together or one by one
                assert sum(shape[0] for _, shape, _ in log) == 2
                assert {(name, shape[1:], amount) for name, shape, amount in log} == {
                    ("brighten", size[1:], round(factor / 2, 6))
                }
            else:
                assert sorted(log) == [("brighten", size, round(factor / 2, 6)), *several]


@pytest.mark.parametrize("engine", ENGINES)
def test_what_a_kernel_raises_is_told(engine: str, path: Path) -> None:
    def broken(x: Any, amount: Any) -> Any:
        raise ZeroDivisionError(f"no {x.ndim}")

    with pliant.load(path, engine, kernels=[Kernel("brighten", engine, broken)]) as session:
        for _ in range(2):
            with pytest.raises(InputError, match=r"'brighten' for '\w+' failed: ZeroDivisionError: no 4"):
                session(RAMP.expand(1, 3, 8, 9).numpy(), 2.0)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("wrong", [lambda x, amount: (x, x), lambda x, amount: "text"])
def test_wrong_results_of_a_kernel_are_told(engine: str, wrong: Callable[..., Any], path: Path) -> None:
    with (
        pliant.load(path, engine, kernels=[Kernel("brighten", engine, wrong)]) as session,
        pytest.raises(InputError, match="'brighten'"),
    ):
        session(RAMP.expand(1, 3, 8, 9).numpy(), 2.0)


def test_parameters_are_called_as_those_of_the_operator(path: Path) -> None:
    with pytest.raises(UsageError, match=r"takes \(x, a\); .* by the same names: \(x, amount\)"):
        brighten.kernel("openvino")(lambda x, a: x * a)
    with pytest.raises(LoweringError, match="has no parameter 'amount'"):
        pliant.load(path, kernels=[Kernel("brighten", "onnxruntime", lambda x, a: x * a)])(
            np.zeros((1, 3, 2, 2), "f"), 1.0
        )


def test_a_kernel_for_another_engine_is_not_used(path: Path, log: list[Any]) -> None:
    with pliant.load(path, "onnxruntime", kernels=numpy_kernels("openvino", log)) as session:
        session(RAMP.expand(1, 3, 8, 9).numpy(), 2.0)
    assert not log


def test_a_class_of_openvino(path: Path, log: list[Any]) -> None:
    class Bright(ov.Op):
        def __init__(self, inputs: Any = None) -> None:
            super().__init__(self, inputs)

        def validate_and_infer_types(self) -> None:
            self.set_output_type(0, self.get_input_element_type(0), self.get_input_partial_shape(0))

        def clone_with_new_inputs(self, inputs: Any) -> Any:
            return Bright(inputs)

        def evaluate(self, outputs: Any, inputs: Any) -> bool:
            log.append(inputs[0].shape)
            outputs[0].shape = inputs[0].shape
            outputs[0].data[...] = inputs[0].data * np.float32(inputs[1].data)
            return True

        def has_evaluate(self) -> bool:
            return True

    kernel = Kernel("brighten", "openvino", Bright)
    with pliant.load(path, "openvino", kernels=[kernel]) as session:
        for h, w, factor in CASES:
            x = torch.rand(1, 3, h, w)
            for got, expected in zip(session(x.numpy(), factor), Model()(x, factor), strict=True):
                np.testing.assert_allclose(got, expected.numpy(), rtol=1e-5, atol=1e-5)
    assert len(log) == len(CASES)
    with pytest.raises(UsageError, match="takes a function of NumPy arrays, or a library"):
        pliant.load(path, kernels=[Kernel("brighten", "onnxruntime", Bright)])


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("library") / "libbrighten.so"
    source = Path(__file__).parent / "brighten.c"
    subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-w", "-std=gnu11", source, "-o", made], check=True)
    return made


def test_a_compiled_library_in_onnx_runtime(path: Path, library: Path) -> None:
    """The library computes in float32 what the body does; that it is used shows in a model that needs it."""
    kernel = Kernel("brighten", "onnxruntime", library=library, node="test::Brighten")
    with pliant.load(path, kernels=[kernel]) as session:
        for h, w, factor in CASES:
            x = torch.rand(1, 3, h, w)
            for got, expected in zip(session(x.numpy(), factor), Model()(x, factor), strict=True):
                np.testing.assert_allclose(got, expected.numpy(), rtol=1e-5, atol=1e-5)
    with pytest.raises(InputError, match="Elsewhere"):
        pliant.load(path, kernels=[Kernel("brighten", "onnxruntime", library=library, node="test::Elsewhere")])


def test_a_kernel_is_a_function_or_a_library(library: Path) -> None:
    with pytest.raises(UsageError, match="one of them"):
        Kernel("brighten", "onnxruntime")
    with pytest.raises(UsageError, match="There is no library"):
        Kernel("brighten", "onnxruntime", library=Path("absent.so"))
    assert gathered([Kernel("brighten", "tensorrt", library=library)], "tensorrt")[0].key == "pliant.user::brighten"


def test_kernels_are_gathered_from_operators_and_modules() -> None:
    first, second = Kernel("a", "openvino", abs), Kernel("a", "openvino", max)
    module = ModuleType("mine")
    vars(module).update(first=first, other=3, also=Kernel("b", "onnxruntime", abs))
    assert gathered([module], "openvino") == (first,)
    assert gathered([module, second], "openvino") == (second,)
    with pytest.raises(UsageError, match="carries no kernels"):
        gathered([abs], "openvino")


@pytest.fixture(scope="module")
def example() -> Any:
    spec = importlib.util.spec_from_file_location("own_operator", ROOT / "examples" / "own_operator.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_example(example: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert {kernel.engine for kernel in example.median3.kernels} == {"onnxruntime", "openvino", "ncnn"}
    example.main()
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2 * len(ENGINES)
    assert all(float(line.split()[2]) < 1e-5 for line in lines)
