"""Kernels: what computes an operator of a user's natively on one engine, in place of its ONNX body.

A kernel is given to a session by name of the operator, `pliant.load(model, engine, kernels=[...])`; nothing is
registered globally. An engine without a kernel for an operator runs its body. This module needs neither torch nor an
engine, so that a file of kernels serves where models only run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from pliant.errors import UsageError

DOMAIN = "pliant.user"
BASE = "pliant.operator"  # metadata of a function: the operator's name, where its own has a number behind


@dataclass(frozen=True)
class Kernel:
    """A native form of one operator on one engine: `run` in Python, or `library`, one of the two.

    `operator` is the name given by `pliant.operator`, or "domain::name" of another function in a file.

    `run` is a function of NumPy arrays that returns an array, or a tuple of them; its parameters are called as those of
    the operator are, and it may leave out attributes that it does not need. Numbers arrive as 0-d arrays (OpenVINO and
    ncnn compute them in float32, OpenVINO whole ones in int32), attributes as Python values, None as None. Or `run` is
    a class of the engine's own: a subclass of `openvino.Op`, made with `(inputs, **attributes)`, or of `ncnn.Layer`,
    made without arguments.

    `library` is a compiled library that the engine loads; `node` is the "domain::name" under which it knows the
    operator, that of the file if None.
    """

    operator: str
    engine: str
    run: Callable[..., Any] | None = None
    library: Path | None = None
    node: str | None = None

    def __post_init__(self) -> None:
        if (self.run is None) == (self.library is None):
            raise UsageError(
                f"The kernel of {self.operator!r} for {self.engine!r} needs a function or a library, and one of them."
            )
        if self.library is not None and not Path(self.library).is_file():
            raise UsageError(
                f"There is no library {self.library} for the operator {self.operator!r}; compile it, and give its path."
            )

    @property
    def key(self) -> str:
        """The operator as "domain::name"."""
        return self.operator if "::" in self.operator else f"{DOMAIN}::{self.operator}"

    @property
    def native(self) -> bool:
        """Whether `run` is a class of the engine's own."""
        return isinstance(self.run, type)


def gathered(sources: Iterable[object], engine: str) -> tuple[Kernel, ...]:
    """The kernels for one engine among `sources`: kernels, operators that carry some, and modules with either.

    Of several kernels of one operator the last counts. Raises UsageError for a source that is none of these.
    """
    found: dict[str, Kernel] = {}
    for source in sources:
        found.update((kernel.key, kernel) for kernel in _kernels(source) if kernel.engine == engine)
    return tuple(found.values())


def _kernels(source: object) -> list[Kernel]:
    if isinstance(source, Kernel):
        return [source]
    if isinstance(source, ModuleType):
        members = [m for m in vars(source).values() if isinstance(m, Kernel) or _carried(m) is not None]
        return [kernel for member in members for kernel in _kernels(member)]
    carried = _carried(source)
    if carried is None:
        raise UsageError(
            f"{source!r} carries no kernels; give operators made by `pliant.operator`, `pliant.Kernel` objects, or "
            "modules that contain them."
        )
    return carried


def _carried(member: object) -> list[Kernel] | None:
    """The kernels of an operator; None for anything else."""
    kernels = getattr(member, "kernels", None) if callable(member) else None
    if not isinstance(kernels, list) or not all(isinstance(kernel, Kernel) for kernel in kernels):
        return None
    return kernels
