"""Which requests may be computed together: what the contract says about the first axis of a picture."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

from pliant.apps.server.batching import SMALL, Waiting
from pliant.apps.server.inference.tensors import Array
from pliant.apps.server.models import Offered
from pliant.contract import Contract, Input


def outputs_of(offered: Offered, inputs: dict[str, Array]) -> tuple[Array, ...]:
    """All outputs of the session, in the order of the contract. Raises InputError."""
    found: Any = offered.session(**inputs)
    return found if isinstance(found, tuple) else (found,)


def waiting_of(offered: Offered, inputs: dict[str, Array], pixels: tuple[int, int]) -> Waiting | None:
    """The request as one that may be joined with others; None if it is too large, or the model takes no several.

    `pixels` are of the input and the result. Joined are requests for the same model with pictures of the same size and
    type, and with the same bits in all other inputs.
    """
    picture = offered.network.picture
    if pixels[0] > SMALL or not is_batched(offered.session.contract, picture):
        return None
    others = tuple((name, a.shape, a.tobytes()) for name, a in inputs.items() if name != picture.name)
    kind = (offered.name, inputs[picture.name].shape[1:], others)
    return Waiting(kind, inputs, picture.name, pixels[1], partial(outputs_of, offered))


def is_batched(contract: Contract, picture: Input) -> bool:
    """Whether the first axis of the picture counts pictures, any number of them, and nothing but the outputs' first."""
    first = picture.dims[0]
    if not (first.live and first.name) or first.maximum is not None or first.multiple != 1:
        return False
    elsewhere = [dim.name for i in contract.inputs for dim in i.dims if dim is not first]
    sizes = [dim for output in contract.outputs for dim in output.dims[1:]]
    used = {*elsewhere, *re.findall(r"\w+", " ".join(sizes))}
    return first.name not in used and all(output.dims[:1] == (first.name,) for output in contract.outputs)
