"""The model that a user means, as a session."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass, replace

from pliant.apps.models import find
from pliant.choosing import forms
from pliant.choosing.choice import EXACT, Work
from pliant.choosing.loading import Wish, chosen
from pliant.engines.base import Options, Session, Source
from pliant.errors import InputError, UsageError

USUAL = 4.0  # the factor where none is given; for a guess at the amount of work


@dataclass(frozen=True)
class Way:
    """How to run a model: the engine, the precision, the error that is allowed, and threads; see `pliant.load`."""

    engine: str = "auto"
    precision: str | None = None
    max_error: float | None = None
    threads: int | None = None


@contextmanager
def loaded(
    model: str | os.PathLike[str] | Session | None,
    way: Way,
    work: Work | None = None,
    report: Callable[[str], None] | None = None,
    *,
    figures: bool = False,
) -> Generator[tuple[Session, str], None, None]:
    """The session and what to call its model; a session that the caller gave stays open.

    `work` is what is known about it beforehand: little work is not worth measuring engines for. With `figures`, the
    notes of a session in another precision than f32 say what it costs.
    """
    if isinstance(model, Session):
        if way.precision is not None or way.max_error is not None:
            raise UsageError("A session has its precision already: give precision and max_error to pliant.load.")
        yield model, model.contract.provenance.source or "the session's model"
        return
    path = find(model)
    wish = Wish(way.engine, way.precision, way.max_error, work or Work(), figures)
    with chosen(path, wish, Options(way.threads), report=report) as session:
        yield session, path.stem


def portable(model: str | os.PathLike[str] | None, session: Session) -> tuple[Source, str]:
    """What `loaded` has made `session` of, to be opened elsewhere: the model, and the precision to open it in.

    Weights that lie beside the file do not come along.
    """
    source = Source.of(find(model))
    precision = session.precision
    if precision == "int8":
        form = forms.find(source.fingerprint)
        if form is None:
            raise InputError("The int8 form of the model has gone; make it again with: pliant quantize.")
        source, precision = form, EXACT
    beside = source.file if b"location" in source.data else None  # the key under which a tensor names its file
    return replace(source, file=beside.absolute() if beside else None, artifact=None), precision


def work_of(
    sizes: Iterable[tuple[int, int]],
    factor: float | None,
    size: tuple[int | None, int | None] | None,
    times: float = 1,
) -> Work:
    """The work that sources of these sizes (width, height) make, `times` as many of them being all.

    As far as it can be said before the model is known.
    """
    total, known = 0.0, factor
    for width, height in sizes:
        known = factor if size is None else _ratio(size, (width, height))
        total += width * height * (known or USUAL) ** 2
    return Work(total * times / 1e6, known)


def _ratio(size: tuple[int | None, int | None], source: tuple[int, int]) -> float:
    ratios = [after / before for after, before in zip(size, source, strict=True) if after is not None]
    return max(ratios, default=USUAL)
