"""The form of an architecture file, and the search for the one that fits some weights."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from pliant.architectures._fitted import AnyFactor
from pliant.contract import Image, Network
from pliant.errors import CheckpointError, MissingExtra
from pliant.registry import load as load_member
from pliant.registry import names as member_names

State = Mapping[str, Tensor]
PREFIXES = ("module.", "generator.", "model.", "net.", "netG.", "_orig_mod.")
MOST = 64.0  # the largest factor a contract admits; memory is the limit long before


@dataclass(frozen=True)
class ImageModel:
    """A network with its weights, and what is needed to export it.

    `example` are arguments that the network accepts; `dims` and `values` are as `pliant.export` takes them. `scale` is
    the one factor of a network that has no factor among its arguments, None for the others; `live` is the same network
    with one, where that is better than a resize of its result.
    """

    module: nn.Module
    example: tuple[Any, ...]
    image: Image
    dims: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, tuple[float | None, float | None]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    scale: int | None = None
    live: nn.Module | None = None
    facts: Network | None = None


@dataclass(frozen=True)
class Architecture:
    """One family of networks.

    `detect` answers an empty text if the weights are of this architecture, else a phrase that says what is
    missing. `load` is called only with weights it recognised; `facts` are the texts a safetensors file carries, and
    "file", the name of the weights file.
    `last` marks a file that stands for many architectures and is asked after the others.
    """

    name: str
    detect: Callable[[State], str]
    load: Callable[[State, Mapping[str, str]], ImageModel]
    last: bool = False


def architectures() -> tuple[list[Architecture], list[str]]:
    """Those that can be used here, in the order in which they are asked, and what the others lack."""
    found: list[Architecture] = []
    missing: list[str] = []
    for name in member_names("pliant.architectures"):
        member = _member(name)
        if isinstance(member, MissingExtra):
            missing.append(str(member))
        else:
            found.append(member)
    return sorted(found, key=lambda architecture: architecture.last), missing


def _member(name: str) -> Architecture | MissingExtra:
    try:
        return load_member("pliant.architectures", name, "ARCHITECTURE", extra="zoo")
    except MissingExtra as error:
        return error


def recognise(state: State, facts: Mapping[str, str], source: str) -> tuple[Architecture, ImageModel]:
    """The architecture that `state` belongs to, with the weights loaded.

    The names are tried as they are, then without the prefixes that training tools put before all of them.

    Raises CheckpointError if none fits; the message says what each of them misses.
    """
    known, missing = architectures()
    reasons: list[str] = []
    for architecture in known:
        for candidate in unprefixed(state):
            reason = architecture.detect(candidate)
            if not reason:
                return architecture, architecture.load(candidate, {**facts, "file": Path(source).name})
        reasons.append(f"{architecture.name}: {architecture.detect(list(unprefixed(state))[-1])}")
    keys = ", ".join(list(state)[:3])
    install = "".join(f"{text} " for text in missing)
    raise CheckpointError(
        f"The weights in {source} ({len(state)} tensors: {keys}, ...) fit no architecture that pliant knows here. "
        f"{install}Missing for {'; '.join(reasons)}. Export the network from Python instead: "
        "pliant export package.module:factory."
    )


def unprefixed(state: State) -> Iterator[State]:
    """The tensors by name: as they are, then without one common prefix after another."""
    yield state
    for prefix in PREFIXES:
        if state and all(name.startswith(prefix) for name in state):
            yield from unprefixed({name.removeprefix(prefix): tensor for name, tensor in state.items()})
            return


def with_any_factor(model: ImageModel) -> ImageModel:
    """The same network with the upscale factor as its last argument: its result is resized by factor / scale.

    A network that takes a factor already stays as it is.
    """
    if model.scale is None:
        return model
    note = f"The network upscales by {model.scale}; other factors are an antialiased bicubic resize of its result."
    return replace(
        model,
        module=model.live or AnyFactor(model.module, model.scale),
        example=(*model.example, model.scale * 0.75),
        values={**model.values, "factor": (1 / MOST, MOST)},
        notes=(*model.notes, note),
    )
