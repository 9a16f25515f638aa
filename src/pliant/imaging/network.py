"""A session as a function from picture to picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from math import ceil, floor
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from pliant.contract import Contract, Dim, Image, Input, Range
from pliant.engines.base import Session
from pliant.errors import ContractError
from pliant.imaging.memory import Held, held_by

Array = NDArray[Any]
DEFAULT_FACTOR = 4.0
T = TypeVar("T")
PROBE = (1, 3, 32, 48)  # on which a network of unknown scale is tried; not square, so that cropped edges show


@dataclass(frozen=True)
class Network:
    """A session whose model takes one picture, and perhaps a factor, and returns a picture.

    `factor` is the input for a live factor; without one, `scale` is the factor the network always has. `held` is what
    runs of the session have left its engine with.
    """

    session: Session
    picture: Input
    image: Image
    factor: Input | None
    scale: float
    held: Held = field(default_factory=Held, compare=False, repr=False)
    _found: dict[tuple[str, float], Any] = field(
        default_factory=dict[tuple[str, float], Any], compare=False, repr=False
    )

    @classmethod
    def of(cls, session: Session) -> Network:
        """Raises ContractError if the model is not from picture to picture, or needs other inputs too."""
        contract = session.contract
        picture, factor = _inputs(contract)
        image = contract.image or Image()
        scale = contract.scale
        if factor is None and scale is None:
            scale = _measure(session, picture)
        return cls(session, picture, image, factor, scale or DEFAULT_FACTOR, held_by(session))

    @property
    def default_factor(self) -> float:
        """4, or the nearest that the model takes; the network's own if it has only one."""
        if self.factor is None:
            return self.scale
        low, high = self.factor.values.minimum, self.factor.values.maximum
        wanted = DEFAULT_FACTOR if low is None else max(DEFAULT_FACTOR, low)
        return wanted if high is None else min(wanted, high)

    @property
    def factors(self) -> Range:
        """The factors that the network can compute."""
        return self.factor.values if self.factor is not None else Range(self.scale, self.scale)

    def rounded(self, factor: float) -> float:
        """`factor` in the precision of a live float input; as it is otherwise."""
        if self.factor is None or np.dtype(self.factor.dtype).kind != "f":
            return factor
        return float(np.asarray(factor).astype(self.factor.dtype))

    def at_least(self, factor: float) -> float:
        """The smallest number not below `factor` that the network can compute with.

        For a network of one scale that is its scale, even if it is smaller.
        """
        if self.factor is None:
            return self.scale
        kind = np.dtype(self.factor.dtype)
        if kind.kind != "f":
            return float(ceil(factor))
        near = kind.type(factor)
        # compared as Python floats: NumPy would first round `factor` to the type of `near`
        return float(near) if float(near) >= factor else float(np.nextafter(near, kind.type(np.inf)))

    def once(self, what: str, factor: float, find: Callable[[], T]) -> T:
        """What `find` tells about the network at a factor, asked the first time only; `what` is its name."""
        if (what, factor) not in self._found:
            self._found[what, factor] = find()
        return cast("T", self._found[what, factor])

    def several(self, calls: int) -> Network:
        """The same network for so many pictures at the same time: see `Session.several`."""
        session = self.session.several(calls)
        return self if session is self.session else replace(self, session=session, held=held_by(session))

    def __call__(self, values: Array, factor: float) -> Array:
        """Network values [1, c, h, w] upscaled by `factor` to [1, c, H, W], float32.

        Sides that the model does not take are extended by repeating the edge, and the result is cropped.
        They need not be finite: `to_levels` and `finite` refuse what is not.
        """
        height, width = values.shape[2:]
        extra = [after - before for after, before in zip(self.taken(height, width), (height, width), strict=True)]
        if any(extra):
            values = np.pad(values, ((0, 0), (0, 0), (0, extra[0]), (0, extra[1])), mode="edge")
        given = self.arguments(values, factor)
        outputs = self.held.during(values.shape[2] * values.shape[3], lambda: self.session(**given))
        result = _picture_of(outputs, values.shape[1])
        if any(extra):
            result = result[:, :, : floor(height * factor), : floor(width * factor)]
        return np.ascontiguousarray(result, np.float32)

    def arguments(self, values: Array, factor: float) -> dict[str, Array]:
        """What the session is called with for network values [1, c, h, w]."""
        given = {self.picture.name: np.ascontiguousarray(values, self.picture.dtype)}
        if self.factor is not None:
            given[self.factor.name] = _factor_argument(self.factor, factor)
        return given

    def taken(self, height: int, width: int) -> tuple[int, int]:
        """The smallest sides at least these that the model takes."""
        return height + _padding(self.picture.dims[2], height), width + _padding(self.picture.dims[3], width)


def _inputs(contract: Contract) -> tuple[Input, Input | None]:
    pictures = [i for i in contract.inputs if i.role == "image"]
    if contract.image is None or len(pictures) != 1:
        takes = ", ".join(f"{i.name} {i.dtype} [{', '.join(map(str, i.dims))}]" for i in contract.inputs)
        raise ContractError(f"The model is not from picture to picture (it takes {takes or 'nothing'}); use another.")
    others = [i.name for i in contract.inputs if i.role != "image" and i.name != contract.factor]
    if others:
        raise ContractError(
            f"The model needs the input {others[0]!r} besides the picture; call it from Python with pliant.load."
        )
    return pictures[0], contract.input(contract.factor) if contract.factor else None


def _factor_argument(wanted: Input, factor: float) -> Array:
    """A number, or the vector of scales that older exports take: the last two are for height and width."""
    length = wanted.dims[0].size or 1 if wanted.dims else 1
    numbers = [*[1.0] * (length - 2), factor, factor][-length:]
    return np.array(numbers if wanted.dims else factor).astype(wanted.dtype)


def _padding(dim: Dim, side: int) -> int:
    """How much to add to `side` so that it is a length the live `dim` takes."""
    if not dim.live:
        return 0
    least = max(side, dim.minimum)
    return least + -least % dim.multiple - side


def _picture_of(outputs: Array | tuple[Array, ...], channels: int) -> Array:
    result = outputs[0] if isinstance(outputs, tuple) else outputs
    if result.ndim != 4 or result.shape[:2] != (1, channels):
        raise ContractError(
            f"The model returned an array of shape {list(result.shape)} for a picture of {channels} channels; "
            f"[1, {channels}, height, width] was expected. Use another model."
        )
    return result


def _measure(session: Session, picture: Input) -> float:
    """The scale of a network that has only one, from a run on a small black picture."""
    sides = [dim.size or side + _padding(dim, side) for dim, side in zip(picture.dims, PROBE, strict=True)]
    result = _picture_of(session(np.zeros(sides, picture.dtype)), sides[1])
    vertical, horizontal = (after / before for after, before in zip(result.shape[2:], sides[2:], strict=True))
    if vertical != horizontal:
        raise ContractError(
            f"The model makes {result.shape[3]} x {result.shape[2]} of {sides[3]} x {sides[2]}, which is no upscaling."
        )
    return vertical
