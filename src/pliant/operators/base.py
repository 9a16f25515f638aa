"""The form of an operator file, and the translation table made from all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

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
    numbers) to a function of ONNX values that returns ONNX values, as `torch.onnx.export` takes them.

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
    def table(self) -> dict[Any, Callable[..., Any]]:
        """The translations, as calls of functions if there is a `label`."""
        if self.label is None:
            return dict(self.translations)
        return {target: outlined(translation, self.label) for target, translation in self.translations.items()}


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
