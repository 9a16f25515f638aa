"""Every operator file of the registry on its own samples: one export per file, run by ONNX Runtime."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from torch import Tensor, nn
from torch.utils import _pytree as pytree

from pliant.capture.trace import trace
from pliant.exporter.export import _outputs
from pliant.exporter.formulas import read_symbols
from pliant.exporter.signature import read_signature
from pliant.exporter.to_onnx import serialise, to_onnx
from pliant.operators.base import Operator, live, operators, recording
from tests.operators import torchvision_reference


torchvision_reference.provide()


def uses(operator: Operator) -> Iterator[tuple[Any, tuple[Any, ...]]]:
    for key, target in operator.targets.items():
        for sample in operator.samples_of(key):
            yield target, sample


class Samples(nn.Module):
    """Every target on every sample; tensors and live numbers come from outside."""

    def __init__(self, operator: Operator) -> None:
        super().__init__()
        self.uses = [(target, *pytree.tree_flatten(list(sample))) for target, sample in uses(operator)]
        self.given = [v for _, flat, _ in self.uses for v in flat if isinstance(v, (Tensor, live))]

    def forward(self, *given: Any) -> list[Tensor]:
        rest = iter(given)
        results: list[Tensor] = []
        for target, flat, spec in self.uses:
            values = [next(rest) if isinstance(v, (Tensor, live)) else v for v in flat]
            found = target(*pytree.tree_unflatten(values, spec))
            results += map(tensor, found if isinstance(found, (list, tuple)) else [found])
        return results


def tensor(result: Any) -> Tensor:
    if isinstance(result, Tensor):
        return result
    if isinstance(result, (bool, torch.SymBool)):
        result = torch.sym_ite(result, 1, 0)
    dtype = torch.float64 if isinstance(result, (float, torch.SymFloat)) else torch.int64
    return torch.scalar_tensor(result, dtype=dtype)


WITH_SAMPLES = {name: operator for name, operator in operators().items() if any(True for _ in uses(operator))}


@pytest.mark.parametrize("name", WITH_SAMPLES)
def test_samples(name: str) -> None:
    module = Samples(WITH_SAMPLES[name])
    args = tuple(v.value if isinstance(v, live) else v for v in module.given)
    names = [f"given_{k}" for k in range(len(args))]
    pictures = {n: v for n, v in zip(names, args, strict=True) if isinstance(v, Tensor) and v.dim() == 4}
    dims = {name: " ".join(map(str, picture.shape)) for name, picture in pictures.items()}
    signature = read_signature(module, args, {}, dims, {}, names)
    with ExitStack() as stack:
        stack.enter_context(recording())
        program = trace(module, signature.leaves, signature.assemble).program
        outputs = _outputs(program, read_symbols(program, signature.inputs))
        model = serialise(to_onnx(program, signature.inputs, outputs, "0"))
    feeds = {entry.name: np.asarray(v, entry.dtype) for entry, v in zip(signature.inputs, args, strict=True)}
    got = onnxruntime.InferenceSession(model).run(None, feeds)
    labels = list(uses(WITH_SAMPLES[name]))
    for label, result, expected in zip(labels, got, module(*args), strict=True):
        assert result.shape == tuple(expected.shape), label
        assert result.dtype == expected.numpy().dtype, label
        assert np.allclose(result, expected.numpy(), rtol=1e-5, atol=1e-6), label


def test_every_file_with_a_body_of_its_own_has_samples() -> None:
    opaque = {"symbolic_function", "user"}  # what they hold is another's, and is tested with it
    opaque |= {"structure", "sequence"}  # marks for If and Loop, tested with those
    opaque |= {"elementary"}  # functions of numbers: tests/capture/test_by_value.py compares each with Python's
    assert set(WITH_SAMPLES) == set(operators()) - opaque
