"""The form of an operator file, and the translation table made from all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pliant.registry import load as load_member
from pliant.registry import names as member_names


@dataclass(frozen=True)
class Operator:
    """How something that appears in a traced program is written in ONNX.

    `translations` maps the target of a node (an `OpOverload`, or a Python callable such as `operator.mul` on live
    numbers) to a function of ONNX values that returns ONNX values, as `torch.onnx.export` takes them.
    `samples` are argument tuples on which the ONNX body must equal the PyTorch reference; tests run them.
    """

    translations: Mapping[Any, Callable[..., Any]]
    samples: tuple[tuple[Any, ...], ...] = field(default=())


def translation_table() -> dict[Any, Callable[..., Any]]:
    """The translations of all operators."""
    table: dict[Any, Callable[..., Any]] = {}
    for name in member_names("pliant.operators"):
        operator: Operator = load_member("pliant.operators", name, "OPERATOR", extra="export")
        table.update(operator.translations)
    return table
