"""A session of pliant as a contender."""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.contest.base import FACTOR, Array, Contender, Run, UnavailableError


def contender(title: str, order: int, engine: str = "auto", precision: str = "f32", memory: int = 700) -> Contender:
    """The shipped SRCNN, whose factor is live, on an engine."""

    def start(files: Mapping[str, str]) -> Run:
        import pliant

        try:
            session = pliant.load(files["model"], engine=engine, precision=precision)
        except pliant.PliantError as error:
            raise UnavailableError(str(error)) from error

        def run(image: Array) -> Array:
            return session(image, factor=float(FACTOR))

        return run

    return Contender(title, start, order, mine=True, memory=memory)
