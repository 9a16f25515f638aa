"""Both ends of a run over many pictures: where they come from and where results go, checked before any work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pliant.apps.batch.find import find, split
from pliant.apps.batch.log import NAME
from pliant.apps.batch.places import FolderResults, FolderSources, Results, Sources
from pliant.apps.batch.stores import is_url, local
from pliant.apps.steps import PathLike, Wish
from pliant.errors import PictureError, UsageError
from pliant.media.formats import SUFFIXES

Many = PathLike | Sequence[str]


@dataclass(frozen=True)
class Choice:
    """Which pictures of a folder are meant, as for `pliant.upscale_folder`."""

    patterns: Sequence[str]
    recursive: bool


@dataclass(frozen=True)
class Origin:
    """Where pictures come from; `title` is what people call it, and `scope` the same as JSON can hold it."""

    sources: Sources
    title: Path | str
    scope: dict[str, object]


@dataclass(frozen=True)
class Target:
    """Where results go, and the file of the log; `title` is what people call it."""

    results: Results
    title: Path | str
    log: Path


@dataclass(frozen=True)
class Ends:
    """Where pictures come from and where results go."""

    sources: Sources
    results: Results


def origin(source: Many, choice: Choice, destination: PathLike | None, cluster: bool) -> Origin:
    """The pictures that are meant; with a `cluster` also those of an object store or a list.

    Raises UsageError if there is none.
    """
    source = source if isinstance(source, Sequence) and not isinstance(source, str) else _plain(source)
    if not isinstance(source, Path):
        found = _objects(source, choice)
    elif cluster and source.is_file() and source.suffix.lower() not in SUFFIXES:
        found = _listed(source, choice)
    else:
        found = _folder(source, choice, destination)
    listing = found.sources.found
    if listing.pictures or listing.unreadable:
        return found
    pattern = found.scope["pattern"]
    asked = [str(one) for one in pattern] if isinstance(pattern, list) else []
    meant = f"that matches {' or '.join(asked)}" if asked else f"({', '.join(SUFFIXES)})"
    raise UsageError(f"There is no picture in {found.title} {meant}; give another folder or pattern.")


def target(start: Origin, destination: PathLike | None, log: PathLike | None, wish: Wish, resume: bool) -> Target:
    """The place for the results, made if it is missing.

    Raises UsageError or PictureError if there is none, before anything is written.
    """
    wanted = None if destination is None else _plain(destination)
    if isinstance(wanted, str):
        from pliant.apps.batch.objects import stored

        if log is None:
            raise UsageError(f"The log of results in {wanted} is a file of this machine; say with --log which one.")
        _check_resumed(Path(log), resume)
        results = stored(wanted)
        return Target(results, results.base, Path(log))
    if wanted is None and not isinstance(start.title, Path):
        raise UsageError(f"There is no place beside {start.title}; choose one for the results with -o.")
    folder = wanted or _beside(Path(start.title), wish)
    place = Path(log) if log is not None else folder / NAME
    _check_resumed(place, resume)
    _prepare(folder)
    return Target(FolderResults(folder), folder, place)


def _plain(place: PathLike) -> Path | str:
    """A path, or the URL of what is no file of this machine."""
    if not is_url(place):
        return Path(place)
    text = local(str(place))
    return text if is_url(text) else Path(text)


def _folder(source: Path, choice: Choice, destination: PathLike | None) -> Origin:
    root, whole = split(source)
    apart = None if destination is None else _plain(destination)
    apart = apart if isinstance(apart, Path) else None
    if apart is not None and apart.is_dir() and apart.samefile(root):
        raise UsageError(f"{apart} is the folder of the sources; choose another one for the results.")
    found = find(root, whole, choice.patterns, choice.recursive, apart)
    pattern = [*([whole] if whole else []), *choice.patterns]
    return Origin(FolderSources(found), root, _scope(str(root.resolve()), pattern, choice.recursive))


def _objects(source: str | Sequence[str], choice: Choice) -> Origin:
    from pliant.apps.batch.objects import listed, named

    if isinstance(source, str):
        return Origin(
            listed(source, choice.patterns, choice.recursive),
            source,
            _scope(source, list(choice.patterns), choice.recursive),
        )
    _check_list(choice)
    title = f"a list of {len(source):,} URLs"
    return Origin(named(Path("the list"), source), title, _scope("a list", [], True))


def _listed(source: Path, choice: Choice) -> Origin:
    from pliant.apps.batch.objects import lines, named

    _check_list(choice)
    return Origin(named(source, lines(source)), str(source), _scope(str(source.resolve()), [], True))


def _check_list(choice: Choice) -> None:
    if choice.patterns or not choice.recursive:
        raise UsageError("Patterns and --no-recursive are for folders; a list names its pictures itself.")


def _scope(source: str, pattern: list[str], recursive: bool) -> dict[str, object]:
    return {"source": source, "pattern": pattern, "recursive": recursive}


def _beside(root: Path, wish: Wish) -> Path:
    """The folder for results that were not given one."""
    sides = "x".join("" if side is None else str(side) for side in wish.size or ())
    folder = root.resolve() if root.name in ("", "..") else root
    if not folder.name:
        raise UsageError(f"There is no place beside {folder}; choose a folder for the results.")
    return folder.with_name(f"{folder.name}_{sides or f'x{wish.factor:g}'}")


def _check_resumed(log: Path, resume: bool) -> None:
    if resume and not log.is_file():
        raise UsageError(f"There is nothing to resume, for there is no log {log}; leave out --resume.")


def _prepare(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise PictureError(f"{folder} is a file; choose a folder for the results.")
    try:
        folder.mkdir(exist_ok=True)
    except FileNotFoundError as error:
        raise PictureError(f"There is no folder {folder.parent}; create it or choose another destination.") from error
    except OSError as error:
        raise PictureError(f"The folder {folder} cannot be made: {error.strerror}. Choose another one.") from error
