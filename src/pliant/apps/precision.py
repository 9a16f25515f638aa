"""What a lower precision costs, measured on the picture that is upscaled."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pliant.apps.models import find
from pliant.choosing.deviation import Deviation, deviation
from pliant.contract import Image
from pliant.engines.base import Session, load
from pliant.errors import PliantError
from pliant.imaging.network import Network
from pliant.imaging.picture import Prepared, upscale_whole
from pliant.imaging.pixels import top
from pliant.imaging.sizes import Plan, scaled

Array = NDArray[Any]
SIDE = 96  # pixels of the part that is compared: its result is a sixth of a megapixel at factor 4
LEVELS = Image(maximum=255.0)


def cost(
    session: Session, model: str | os.PathLike[str] | Session | None, pixels: Array, plan: Plan
) -> tuple[str, ...]:
    """A note about how far the result is from that in float32, on the middle of the picture; none in float32.

    `pixels` and `plan` are those of the picture. Where a part cannot be run, the note of the choice stands.
    """
    if session.precision == "f32" or isinstance(model, Session):
        return session.notes
    try:
        with load(find(model), "onnxruntime") as exact:
            found = _compared(session, exact, pixels, plan)
    except PliantError:
        return session.notes
    return (
        f"Computed in {session.precision} on {session.engine}, which differs from f32 by {found.text()}, on the middle "
        "of this picture.",
    )


def _compared(session: Session, exact: Session, pixels: Array, plan: Plan) -> Deviation:
    part = Prepared(pixels).middle(SIDE)
    size = (part.size[1], part.size[0])
    made = scaled(size, plan.factor)
    whole = replace(plan, source=size, computed=made, result=made)
    got, expected = (_levels(upscale_whole(Network.of(each), part, whole)) for each in (session, exact))
    return deviation([got], [expected], LEVELS)


def _levels(pixels: Array) -> Array:
    return pixels.astype(np.float64) * (LEVELS.maximum / top(pixels.dtype))
