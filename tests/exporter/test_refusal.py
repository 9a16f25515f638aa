"""What a refusal says, for what ONNX cannot make live, and that what it proposes works."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import pliant
from pliant.errors import CaptureError
from pliant.exporter.rules import RULES, construct_for, rule_for
from tests.idioms import picture

WEIGHT = torch.rand(6, 3, 3, 3, generator=torch.Generator().manual_seed(0))
HERE = Path(__file__)


class Model(nn.Module):
    """`step` with the picture and the value."""

    def __init__(self, step: Callable[[Tensor, Any], Tensor]) -> None:
        super().__init__()
        self.step = step

    def forward(self, x: Tensor, k: Any) -> Tensor:
        return self.step(x, k)


def refused(model: nn.Module, *args: Any) -> str:
    with pytest.raises(CaptureError) as caught:
        pliant.export(model, (picture(12, 16), *args))
    return str(caught.value)


def line_of(text: str) -> str:
    lines = HERE.read_text().splitlines()
    (number,) = (k for k, line in enumerate(lines, 1) if line.strip() == text)
    return f"{HERE}:{number}: {text}"


def radius(value: Any) -> Any:
    return 2 * int(value) + 1


class Nested(nn.Module):
    def forward(self, x: Tensor, options: dict[str, Any]) -> Tensor:
        half = options["sigma"] * 3
        size = radius(half)
        return F.max_pool2d(x, size, stride=1)


def test_the_way_of_the_value_is_told_from_the_argument_to_the_line() -> None:
    message = refused(Nested(), {"sigma": 1.0})
    told = message.splitlines()
    half = 'half = options["sigma"] * 3'
    last = line_of("return F.max_pool2d(x, size, stride=1)")
    assert told[1] == f"  at {last}"
    assert told[2] == "  Path: options_sigma (here 1)"
    assert told[3] == f"    -> {line_of(half)}   [3.0*options_sigma]"
    assert told[4] == f"    -> {line_of('return 2 * int(value) + 1')}   [2*floor(3.0*options_sigma)+1]"
    assert told[5] == f"    -> {last}   [max_pool2d: kernel_size = 2*floor(3.0*options_sigma)+1]"
    assert told[6].startswith("  Reason: the window of this operator is an attribute in ONNX")
    assert told[7].startswith('  Fix: declare it fixed with fixed={"options_sigma": 1} (--fixed options_sigma=1')


@pytest.mark.parametrize(
    ("step", "value", "parameter"),
    [
        (lambda x, k: F.conv2d(x, WEIGHT, stride=k), 2, "`stride` of conv2d"),
        (lambda x, k: F.conv2d(x, WEIGHT, None, (1, k)), 2, "`stride` of conv2d"),
        (lambda x, k: F.conv2d(x, WEIGHT, dilation=k.item()), torch.tensor(2), "`dilation` of conv2d"),
        (lambda x, k: F.conv2d(x, WEIGHT, groups=k), 1, "`groups` of conv2d"),
        (lambda x, k: F.conv_transpose2d(x, WEIGHT.transpose(0, 1), stride=k), 2, "`stride` of conv_transpose2d"),
        (lambda x, k: F.avg_pool2d(x, k), 2, "`kernel_size` of avg_pool2d"),
        (lambda x, k: F.pixel_shuffle(torch.cat([x] * 4, 1), k), 2, "`upscale_factor` of pixel_shuffle"),
        (lambda x, k: F.unfold(x, k), 2, "`kernel_size` of unfold"),
        (lambda x, k: torch.cat(x.chunk(k, 3)), 2, "tensors of different shapes, from the iterations of a loop"),
        (lambda x, k: x.sum(dim=k), 2, "`dim` of sum"),
        (lambda x, k: F.softmax(x, k), 1, "`dim` of softmax"),
        (lambda x, k: F.layer_norm(x, x.shape[-1:], eps=k), 1e-3, "`eps` of layer_norm"),
        (lambda x, k: nn.Conv2d(3, 3, k)(x), 3, "a layer is made here"),
    ],
)
def test_what_onnx_fixes_is_refused_with_reason_and_fix(step: Any, value: Any, parameter: str) -> None:
    message = refused(Model(step), value)
    reason = next(line for line in message.splitlines() if "Reason: " in line)
    assert parameter in reason
    assert f"at {HERE}:{step.__code__.co_firstlineno}: " in message
    assert "Path: k (here " in message
    assert f'fixed={{"k": {float(value):g}}} (--fixed k={float(value):g} for pliant export)' in message


def test_a_vector_is_told_by_its_elements() -> None:
    message = refused(Model(lambda x, k: F.max_pool2d(x, k.tolist()[1])), torch.tensor([2, 3]))
    assert "[max_pool2d: kernel_size = k[1]]" in message
    assert 'fixed={"k": [2, 3]}' in message


def caught(x: Tensor, k: Any) -> Tensor:
    try:
        return F.avg_pool2d(x, k)
    except Exception:  # noqa: BLE001 - as models do that try one thing and then another
        return x * [1.0, 2.0, 3.0][k]


def test_a_handler_of_the_models_does_not_swallow_what_concerns_the_capture() -> None:
    assert "`kernel_size` of avg_pool2d" in refused(Model(caught), 2)


class Rewritten(nn.Module):
    """What the rules propose in place of what is refused, in their order."""

    def forward(self, x: Tensor, s: int, f: float) -> tuple[Tensor, ...]:
        n, c, h, w = x.shape
        y = F.conv2d(x, WEIGHT)
        stride = y[:, :, torch.arange((y.shape[2] - 1) // s + 1) * s]
        box = F.conv2d(x, torch.ones(c, 1, s, s) / s**2, groups=c)
        count = (h - s) // s + 1
        windows = x[:, :, (torch.arange(count) * s)[:, None] + torch.arange(s)].amax(3)
        many = x.repeat(1, 4, 1, 1)
        many = torch.cat([many] * 9, 1)
        c = many.shape[1]
        shuffled = many.reshape(n, c // (s * s), s, s, h, w).permute(0, 1, 4, 2, 5, 3)
        shuffled = shuffled.reshape(n, c // (s * s), h * s, w * s)
        transposed = F.conv_transpose2d(x, WEIGHT.transpose(0, 1))
        cropped = transposed[:, :, s : transposed.shape[2] - s]
        classes = (x[:, 0, 0].mul(3).long()[..., None] == torch.arange(s)).float()
        groups = x.repeat(1, 2, 1, 1).reshape(n, 6, h * w)
        normal = (groups - groups.mean(2, keepdim=True)) / (groups.var(2, keepdim=True) + f).sqrt()
        chosen = x * torch.tensor([1.0, 2.0, 3.0, 4.0, 5.0])[s]
        levels = torch.round(x * 2.0**s) / 2.0**s
        sums = (x[None] * torch.arange(s)[:, None, None, None, None]).sum(0)
        rounded = x * (round(f * 10) / 10)
        return stride, box, windows, shuffled, cropped, classes, normal, chosen, levels, sums, rounded


@pytest.fixture(scope="module")
def rewritten() -> onnxruntime.InferenceSession:
    artifact = pliant.export(
        Rewritten(), (picture(12, 16), 2, 1.25), values={"s": (1, 3), "f": (0.125, 2)}, dims={"x": "n 3 h w"}
    )
    return onnxruntime.InferenceSession(artifact.model)


@pytest.mark.parametrize(("s", "f"), [(1, 0.5), (2, 1.25), (3, 0.75)])
def test_what_the_rules_propose_works(rewritten: onnxruntime.InferenceSession, s: int, f: float) -> None:
    x = picture(9, 15)
    got = rewritten.run(None, {"x": x.numpy(), "s": np.array(s), "f": np.array(f)})
    expected = Rewritten()(x, s, f)
    for a, b in zip(got, expected, strict=True):
        assert a.shape == tuple(b.shape)
        assert np.abs(a - b.numpy()).max() < 1e-4


def test_the_rewrites_are_what_is_refused() -> None:
    """The rewritten steps compute what the refused ones do, in PyTorch."""
    x = picture(9, 15)
    for s in (1, 2, 3):
        results = Rewritten()(x, s, 1e-5)
        assert torch.allclose(results[0][..., ::s], F.conv2d(x, WEIGHT, stride=s), atol=1e-5)
        assert torch.allclose(results[1][..., ::s, ::s], F.avg_pool2d(x, s), atol=1e-5)
        assert torch.equal(results[2], F.max_pool2d(x, (s, 1), (s, 1)))
        assert torch.equal(results[3], F.pixel_shuffle(x.repeat(1, 36, 1, 1), s))
        full = F.conv_transpose2d(x, WEIGHT.transpose(0, 1), padding=(s, 0))
        assert torch.allclose(results[4], full, atol=1e-5)


def test_every_rule_can_be_found() -> None:
    for rule in RULES:
        function, parameter = (words.split()[0].replace("*", "x") for words in (rule.functions, rule.parameters))
        found = rule_for(function, [parameter])
        assert found is not None
        assert found[1] == parameter
        assert rule.why
        assert not rule.why.endswith(".")
    assert rule_for("add", ["other"]) is None


@pytest.mark.parametrize(
    ("source", "word"),
    [
        ("if factor > 2:", "which way"),
        ("x = a if factor > 2 else b", "which way"),
        ("while n > 0:", "how often"),
        ("for k in range(n):", "as often as"),
        ("assert factor > 1", "checks"),
        ("something(factor)", "needs the number itself"),
    ],
)
def test_constructs_of_python(source: str, word: str) -> None:
    assert word in construct_for(source).why
