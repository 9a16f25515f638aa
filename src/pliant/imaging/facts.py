"""Locality and cost of a network: as kept, or else measured and kept."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import inf, isinf
from typing import Any

from pliant.imaging.cost import Cost
from pliant.imaging.locality import Locality
from pliant.imaging.network import Network
from pliant.imaging.parts import Alone, AsPart, windowed
from pliant.imaging.remembered import Facts, keep, known

LOCALITY, COST = "locality", "cost"


def known_locality(network: Network, factor: float) -> Locality | None:
    """The locality at a factor if it can be told without running the network."""
    return known(network.session, LOCALITY, factor, partial(_locality, network))


def locality_of(network: Network, factor: float, measure: Callable[[], Locality]) -> Locality:
    """The locality at a factor; measured if it is not known, and then kept."""
    found = known_locality(network, factor)
    if found is None:
        found = measure()
        keep(network.session, LOCALITY, factor, locality_facts(found))
    return found


def cost_of(network: Network, locality: Locality, factor: float, measure: Callable[[], Cost]) -> Cost:
    """What tiles cost at a factor; measured if it is not known of tiles like these, and then kept."""
    tiles = locality_facts(locality)
    found = known(network.session, COST, factor, lambda facts: _cost(facts, tiles))
    if found is None:
        found = measure()
        own = {"bytes_per_pixel": found.bytes_per_pixel, "bytes_once": found.bytes_once, "speeds": found.speeds}
        # another process may find out what is not exact
        keep(network.session, COST, factor, {**own, "tiles": tiles}, lasting=found.exact)
    return found


def known_cost(network: Network, factor: float) -> Cost | None:
    """What tiles of any kind were measured to cost at a factor; nothing is run."""
    return known(network.session, COST, factor, lambda facts: _cost(facts, facts["tiles"]))


def locality_facts(locality: Locality) -> Facts:
    """As JSON can hold it, which knows no infinite numbers."""
    return {
        "way": "alone" if isinstance(locality.parts, Alone) else "part",
        "radius": list(locality.radius),
        "step": locality.step,
        "deviation": None if isinf(locality.deviation) else locality.deviation,
    }


def _locality(network: Network, facts: Facts) -> Locality:
    """Raises KeyError, TypeError or ValueError for facts that are broken or cannot be used here."""
    rows, columns = facts["radius"]
    deviation = inf if facts["deviation"] is None else float(facts["deviation"])
    numbers = [int(rows), int(columns), int(facts["step"])]
    if min(numbers) < 1 or not deviation >= 0:
        raise ValueError("out of range")
    if facts["way"] == "alone":
        return Locality(Alone(network), (numbers[0], numbers[1]), numbers[2], deviation)
    parts = windowed(network) if facts["way"] == "part" else None
    if parts is None:
        raise ValueError("no such way here")
    return Locality(AsPart(network, parts), (numbers[0], numbers[1]), numbers[2], deviation)


def _cost(facts: Facts, tiles: Facts) -> Cost:
    """Raises as `_locality`; ValueError too if the cost is that of other tiles."""
    if facts["tiles"] != tiles:
        raise ValueError("of other tiles")
    speeds = tuple((int(pixels), float(seconds)) for pixels, seconds in facts["speeds"])
    found = Cost(float(facts["bytes_per_pixel"]), float(facts["bytes_once"]), speeds)
    numbers: list[Any] = [found.bytes_per_pixel, *(number for speed in speeds for number in speed)]
    if not (min(numbers) > 0 and found.bytes_once >= 0):
        raise ValueError("out of range")
    return found
