"""The form of an operator file, and the translation table made from all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from pliant.operators._calls import recording as recording
from pliant.operators._functions import USERS as USERS
from pliant.operators._functions import Label as Label
from pliant.operators._functions import collecting as collecting
from pliant.operators._functions import outlined
from pliant.operators._onnx import OPSET as OPSET
from pliant.registry import load as load_member
from pliant.registry import names as member_names


@dataclass(frozen=True)
class live:  # noqa: N801 - reads as a word in a sample
    """A number in a sample that is known only at run time; others are fixed."""

    value: int | float


Sample = tuple[Any, ...]


@dataclass(frozen=True)
class Operator:
    """How something that appears in a traced program is written in ONNX.

    `translations` maps the target of a node (an `OpOverload`, or a Python callable such as `operator.mul` on live
    numbers) to a function of ONNX values that returns ONNX values, as `torch.onnx.export` takes them. The operator of a
    library that may be absent is given by its name, "torchvision::nms": it takes part once that library is imported.

    `label`, called with the same arguments as a translation, gives the name and the inputs under which the body
    becomes an ONNX function; without it, the body is written in place.

    `samples` are argument tuples on which the ONNX body must equal the PyTorch reference: for every target, or by
    target. Tests run them all; tensors, and numbers marked `live`, are inputs there.
    """

    translations: Mapping[Any, Callable[..., Any]]
    samples: Sequence[Sample] | Mapping[Any, Sequence[Sample]] = field(default=())
    label: Callable[..., Label] | None = None

    def samples_of(self, target: Any) -> Sequence[Sample]:
        """The samples for one target."""
        return self.samples.get(target, ()) if isinstance(self.samples, Mapping) else self.samples

    @property
    def targets(self) -> dict[Any, Any]:
        """The target of a node by its key in `translations`, for those that exist now."""
        found = {key: _overload(key) if isinstance(key, str) else key for key in self.translations}
        return {key: target for key, target in found.items() if target is not None}

    @property
    def table(self) -> dict[Any, Callable[..., Any]]:
        """The translations, as calls of functions if there is a `label`."""
        found = {target: self.translations[key] for key, target in self.targets.items()}
        label = self.label
        return found if label is None else {target: outlined(body, label) for target, body in found.items()}


def _overload(name: str) -> Any:
    """The default overload of an operator "namespace::name", or None if nobody has registered it."""
    namespace, _, operator = name.partition("::")
    packet = getattr(getattr(torch.ops, namespace), operator, None)
    return getattr(packet, "default", None)


def operators() -> dict[str, Operator]:
    """All operators by the name of their file."""
    names = member_names("pliant.operators")
    return {name: load_member("pliant.operators", name, "OPERATOR", extra="export") for name in names}


def translation_table() -> dict[Any, Callable[..., Any]]:
    """The translations of all operators."""
    table: dict[Any, Callable[..., Any]] = {}
    for operator in operators().values():
        table.update(operator.table)
    return table
