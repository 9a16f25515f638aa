"""The architectures of spandrel, and of spandrel-extra-arches where that is installed, found by their own detection.

The weights come from pliant's reader, which runs nothing; spandrel only builds the module and states its facts.
Source: https://github.com/chaiNNer-org/spandrel.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from importlib import import_module
from typing import Any

import torch
from torch import Tensor

from pliant.architectures._fitted import Fitted, FittedMasked
from pliant.architectures._repeatable import REPEATABLE
from pliant.architectures.base import Architecture, ImageModel, State
from pliant.contract import Image, Network

SPANDREL: Any = import_module("spandrel")  # needs torchvision, which is not at hand for every version of torch
PURPOSES = {
    "SR": "super-resolution",
    "FaceSR": "face restoration",
    "Restoration": "restoration",
    "Inpainting": "inpainting",
}
# Networks with something stored for every place of the picture; spandrel states a multiple or a minimum.
ONE_SIZE = {"GFPGAN": 512, "CodeFormer": 512, "MAT": 512}
# Longer than the minimum or the multiple, so that no length inside is one; and no multiple of a window, so that a
# padded length is never taken for that of the picture.
EXAMPLE = (22, 35)
SMALL = 16  # what the example is longer than as it is
LARGE = 256  # a minimum that would make the example slow


def registry() -> Any:
    """What is installed, in spandrel's order; a copy, so that other users of spandrel see no difference."""
    found = SPANDREL.MAIN_REGISTRY.copy()
    try:
        extra = import_module("spandrel_extra_arches")
    except ModuleNotFoundError:
        return found
    found.add(*extra.EXTRA_REGISTRY, ignore_duplicates=True)
    return found


def detect(state: State) -> str:
    """See `Architecture.detect`."""
    known = registry()
    if any(support.detect(dict(state)) for support in known.architectures("detection")):
        return ""
    return f"the names of the tensors match none of its {len(known)} architectures"


def load(state: State, facts: Mapping[str, str]) -> ImageModel:
    """See `Architecture.load`. No text in the file counts: spandrel reads everything off the tensors."""
    del facts
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        descriptor: Any = SPANDREL.ModelLoader(registry=registry()).load_from_state_dict(dict(state))
    network = network_of(descriptor)
    masked = isinstance(descriptor, SPANDREL.MaskedImageModelDescriptor)
    kind = FittedMasked if masked else Fitted
    repeatable = REPEATABLE.get(network.architecture)
    call = repeatable.call(descriptor.model) if repeatable else descriptor._call_fn
    side = ONE_SIZE.get(network.architecture, 0)
    module = kind(descriptor.model.eval(), network, descriptor.scale, call, side)
    example = _example(descriptor, masked)
    channels = descriptor.input_channels
    return ImageModel(
        module=module.eval(),
        example=example,
        image=Image(colours="RGB" if channels == 3 else "GREY"),
        dims=_dims(channels, side, masked),
        notes=(repeatable.note,) if repeatable else (),
        scale=descriptor.scale,
        facts=network,
    )


def _dims(channels: int, side: int, masked: bool) -> dict[str, str]:
    """Words per axis. A network of one size computes as much for any picture, and takes one at a time."""
    batch, sides = ("1", f"h<={side} w<={side}") if side else ("n?", "h w")
    return {"image": f"{batch} {channels} {sides}", **({"mask": f"{batch} 1 {sides}"} if masked else {})}


def network_of(descriptor: Any) -> Network:
    """What spandrel states about a loaded model."""
    needs = descriptor.size_requirements
    name = str(descriptor.architecture.name)
    return Network(
        architecture=name,
        purpose=PURPOSES[descriptor.purpose],
        scale=descriptor.scale,
        minimum=max(1, needs.minimum),
        multiple=needs.multiple_of,
        square=needs.square or name in ONE_SIZE,
        tiling=descriptor.tiling.name.lower(),
        tags=tuple(descriptor.tags),
    )


def _example(descriptor: Any, masked: bool) -> tuple[Tensor, ...]:
    random = torch.Generator().manual_seed(0)
    needs = descriptor.size_requirements
    least = max(needs.minimum, needs.multiple_of)
    height, width = (length + least if SMALL < least < LARGE else length for length in EXAMPLE)
    picture = torch.rand(1, descriptor.input_channels, height, width, generator=random)
    if not masked:
        return (picture,)
    return picture, (torch.rand(1, 1, height, width, generator=random) > 0.5).float()


ARCHITECTURE = Architecture("spandrel", detect, load, last=True)
