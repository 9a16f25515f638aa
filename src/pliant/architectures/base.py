"""The form of an architecture file, and the search for the one that fits some weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor, nn

from pliant.contract import Image
from pliant.errors import CheckpointError
from pliant.registry import load as load_member
from pliant.registry import names as member_names

State = Mapping[str, Tensor]


@dataclass(frozen=True)
class ImageModel:
    """A network with its weights, and what is needed to export it.

    `example` are arguments that the network accepts; `dims` and `values` are as `pliant.export` takes them.
    """

    module: nn.Module
    example: tuple[Any, ...]
    image: Image
    dims: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, tuple[float | None, float | None]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Architecture:
    """One family of networks.

    `detect` answers an empty text if the weights are of this architecture, else a phrase that says what is
    missing. `load` is called only with weights it recognised; `facts` are the texts a safetensors file carries.
    """

    name: str
    detect: Callable[[State], str]
    load: Callable[[State, Mapping[str, str]], ImageModel]


def recognise(state: State, facts: Mapping[str, str], source: str) -> tuple[Architecture, ImageModel]:
    """The architecture that `state` belongs to, with the weights loaded.

    Raises CheckpointError if none fits; the message says what each of them misses.
    """
    reasons: list[str] = []
    for name in member_names("pliant.architectures"):
        architecture: Architecture = load_member("pliant.architectures", name, "ARCHITECTURE", extra="export")
        reason = architecture.detect(state)
        if not reason:
            return architecture, architecture.load(state, facts)
        reasons.append(f"{name}: {reason}")
    keys = ", ".join(list(state)[:3])
    raise CheckpointError(
        f"The weights in {source} ({len(state)} tensors: {keys}, ...) fit no architecture that pliant knows. "
        f"Missing for {'; '.join(reasons)}. Export the network from Python instead: "
        "pliant export package.module:factory."
    )
