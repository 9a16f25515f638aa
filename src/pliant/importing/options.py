"""What the caller of an import knows and wants."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Colours = Literal["RGB", "BGR", "GREY"]


@dataclass(frozen=True)
class Options:
    """What the caller knows: the order of colours, the values of pictures, and what is to stay as it is.

    `keep_fixed` leaves sizes and scales as the file has them; `keep_inputs` leaves a vector of scales an input.
    """

    colours: Colours | None = None
    range: tuple[float, float] | None = None
    keep_fixed: bool = False
    keep_inputs: bool = False
