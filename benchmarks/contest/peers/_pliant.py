"""The exported checkpoint in pliant, from levels to levels."""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.contest.base import FACTOR, Array, Contender, Run, UnavailableError


def contender(title: str, order: int, engine: str = "auto", precision: str = "f32") -> Contender:
    """On an engine."""

    def start(files: Mapping[str, str]) -> Run:
        import pliant
        from pliant.imaging.network import Network
        from pliant.imaging.picture import upscale_array
        from pliant.imaging.sizes import plan

        try:
            network = Network.of(pliant.load(files["model"], engine=engine, precision=precision))
        except pliant.PliantError as error:
            raise UnavailableError(str(error)) from error

        def run(levels: Array) -> Array:
            return upscale_array(network, levels, plan(network, (levels.shape[1], levels.shape[0]), float(FACTOR)))

        return run

    return Contender(title, start, order, mine=True)
