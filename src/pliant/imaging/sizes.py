"""How large the result is and what the network is asked for, decided before any work."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import floor, inf, isfinite, nextafter

from pliant.errors import ContractError, UsageError
from pliant.imaging.limits import check_memory, check_sides
from pliant.imaging.network import Network

Size = tuple[int, int]


@dataclass(frozen=True)
class Plan:
    """All sizes are (width, height) in pixels.

    The network makes `computed` of `source` with `factor`; if `result` differs, `computed` is resized to it.
    `notes` are sentences about what the caller may not expect.
    """

    source: Size
    factor: float
    computed: Size
    result: Size
    notes: tuple[str, ...] = ()


def plan(
    network: Network,
    source: Size,
    factor: float | None = None,
    size: tuple[int | None, int | None] | None = None,
    *,
    held: bool = True,
) -> Plan:
    """Decide sizes for a picture of size `source`.

    Args:
        factor: the result is floor(side * factor) on each side, computed in float64; the network's default
            factor if neither this nor `size` is given.
        size: width and height of the result; one may be None, which keeps the proportions.
        held: whether the result will be in memory as a whole.

    Raises:
        UsageError: factor or size is no positive number, or both are given.
        PictureError: the result is too large for the memory that is free.
        ContractError: the network does not go as far as this.
    """
    if size is None:
        wanted = network.default_factor if factor is None else factor
        return _noted(network, _by_factor(network, source, wanted, held))
    if factor is not None:
        raise UsageError("Got both a factor and a size; give one of them.")
    return _noted(network, _by_size(network, source, size, held))


def scaled(source: Size, factor: float) -> Size:
    """floor(side * factor) on each side, as Python computes it."""
    return floor(source[0] * factor), floor(source[1] * factor)


def _by_factor(network: Network, source: Size, factor: float, held: bool) -> Plan:
    if not (factor > 0 and isfinite(factor * max(source))):
        raise UsageError(f"The factor is {factor:g}; give a number above 0, for example 4 or 2.5.")
    wanted = network.rounded(factor) or factor
    result = scaled(source, wanted)
    if min(result) < 1:
        raise UsageError(f"Factor {factor:g} makes {_text(result)} of {_text(source)} pixels; use a larger one.")
    (check_memory if held else check_sides)(*result)
    _check_range(network, source, wanted, low=True)
    used = network.at_least(wanted)
    notes = () if used == wanted else (f"The model upscaled by {used:g}; its result was reduced to {factor:g} times.",)
    return Plan(source, used, scaled(source, used), result, notes)


def _by_size(network: Network, source: Size, size: tuple[int | None, int | None], held: bool) -> Plan:
    result = _complete(size, source)
    (check_memory if held else check_sides)(*result)
    needed = max(after / before for after, before in zip(result, source, strict=True))
    _check_range(network, source, needed, low=False)
    used = network.at_least(max(needed, network.factors.minimum or 0))
    while network.factor is not None and any(a < b for a, b in zip(scaled(source, used), result, strict=True)):
        used = network.at_least(nextafter(used, inf))  # side * (wanted / side) can be just below wanted
    stretched = all(abs(result[a] - source[a] * result[b] / source[b]) > 1 for a, b in ((0, 1), (1, 0)))
    notes = (f"The proportions change from {_text(source)} to {_text(result)}.",) if stretched else ()
    return Plan(source, used, scaled(source, used), result, notes)


def _noted(network: Network, made: Plan) -> Plan:
    if network.session.contract.inferred:
        return replace(made, notes=(*network.session.contract.notes, *made.notes))
    return made


def _check_range(network: Network, source: Size, factor: float, low: bool) -> None:
    """A network of one scale takes every smaller factor, because its result is reduced."""
    least, most = network.factors.minimum, network.factors.maximum
    if most is not None and factor > most:
        raise ContractError(
            f"The result would be {factor:g} times the picture, but the model goes up to {most:g} times, "
            f"which is {_text(scaled(source, most))}; use a smaller factor or size."
        )
    if low and network.factor is not None and least is not None and factor < least:
        raise ContractError(f"The factor is {factor:g}, but the model takes {network.factors}.")


def _complete(size: tuple[int | None, int | None], source: Size) -> Size:
    width, height = size
    if any(side is not None and side < 1 for side in size) or (width is None and height is None):
        raise UsageError("A size needs a width or a height of at least 1 pixel, for example 1920x1080, 1920x or x1080.")
    if width is None:
        width = max(1, floor(source[0] * (height or 1) / source[1] + 0.5))
    if height is None:
        height = max(1, floor(source[1] * width / source[0] + 0.5))
    return width, height


def _text(size: Size) -> str:
    return f"{size[0]:,} x {size[1]:,}"
