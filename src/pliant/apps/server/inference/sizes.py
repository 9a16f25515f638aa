"""How large a result will be, and whether that is allowed, before anything is computed."""

from __future__ import annotations

from collections.abc import Mapping
from math import floor

from pliant.apps.server.inference.tensors import Array
from pliant.apps.server.problems import Problem
from pliant.apps.server.settings import Settings
from pliant.imaging.cost import GUESS
from pliant.imaging.facts import known_cost
from pliant.imaging.limits import GIB, available_memory
from pliant.imaging.network import Network

NO_QUESTION = 1 << 16  # pixels of a result, for which there is memory always
MOST_IN_JSON = 2_000_000  # numbers; as text they take ten times the room, and writing them takes a second


def pixels(network: Network, inputs: Mapping[str, Array]) -> tuple[int, int]:
    """Of all pictures of the input, and of their results."""
    count, _, height, width = inputs[network.picture.name].shape
    rows, columns = _factors(network, inputs)
    return count * height * width, count * floor(height * rows) * floor(width * columns)


def _factors(network: Network, inputs: Mapping[str, Array]) -> tuple[float, float]:
    """Of the height and the width; a vector of scales has them at its end."""
    if network.factor is None:
        return network.scale, network.scale
    given = [float(number) for number in inputs[network.factor.name].reshape(-1)]
    return given[-2:][0], given[-1]


def check(network: Network, inputs: Mapping[str, Array], as_json: bool, settings: Settings) -> tuple[int, int]:
    """What `pixels` gives. Raises Problem (413) if it is more than the server takes, can hold, or writes as JSON."""
    source, result = pixels(network, inputs)
    for found, most, what in (
        (source, settings.pixels_in, "input has"),
        (result, settings.pixels_out, "result would have"),
    ):
        if found > most:
            raise Problem(413, f"The {what} {found:,} pixels, but this server takes up to {most:,}; send less.")
    channels = inputs[network.picture.name].shape[1]
    if as_json and result * channels > MOST_IN_JSON:
        raise Problem(
            413,
            f"The result would have {result * channels:,} numbers, but at most {MOST_IN_JSON:,} are written as JSON; "
            "ask for binary data.",
        )
    if result > NO_QUESTION:
        _check_memory(network, result, max(_factors(network, inputs)))
    return source, result


def _check_memory(network: Network, result: int, factor: float) -> None:
    """Tensors are computed in one piece, for that is what a client of this protocol expects."""
    cost = known_cost(network, factor)
    each, once = (GUESS, 0.0) if cost is None else (cost.bytes_per_pixel, cost.bytes_once)
    if (needed := result * each + once) > (free := available_memory()):
        raise Problem(
            413,
            f"The result would have {result:,} pixels, which may need {needed / GIB:.1f} GiB in one piece, but "
            f"{free / GIB:.1f} GiB are free; send the picture to /v1/upscale, which computes it in tiles.",
        )
