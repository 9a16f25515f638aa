"""Pictures and results in object stores, as planning sees them.

A store is asked as little as possible: one listing of a folder, or a question for each URL of a list; the head of each
picture; each picture once; and each result is stored once.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Hashable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

from pliant.apps.batch.find import Found, fits
from pliant.apps.batch.places import Look
from pliant.apps.batch.stores import is_url, opened, told, version
from pliant.errors import PictureError, PliantError, UsageError
from pliant.media.formats import SUFFIXES
from pliant.media.read import read_size

AT_ONCE = 32  # requests
HEAD = 1 << 16  # bytes of a picture in which its size is looked for first


@dataclass(frozen=True)
class ObjectSources:
    """Pictures under URLs. `urls` has them by name; `known` what a listing has told of some."""

    found: Found
    urls: dict[str, str]
    known: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])

    def looks(self, names: Sequence[str]) -> Iterator[tuple[str, Look | Exception]]:
        """See `Sources.looks`."""
        with ThreadPoolExecutor(AT_ONCE) as pool, TemporaryDirectory(prefix="pliant-") as scratch:
            for start in range(0, len(names), 64 * AT_ONCE):
                some = names[start : start + 64 * AT_ONCE]
                yield from zip(some, pool.map(partial(self._look, scratch=Path(scratch)), some), strict=True)

    def path(self, name: str) -> Path:
        """See `Sources.path`."""
        return Path(name)

    def url(self, name: str) -> str | None:
        """See `Sources.url`."""
        return self.urls[name]

    def _look(self, name: str, scratch: Path) -> Look | Exception:
        url = self.urls[name]
        try:
            store, path = opened(url)
            with told(url, "read"):
                facts = self.known.get(name) or store.info(path)
                head = store.cat_file(path, start=0, end=HEAD)
            size = int(facts.get("size") or 0)
            file = scratch / f"{sha256(name.encode()).hexdigest()[:16]}{Path(name).suffix}"
            width, height, kind = _size_of(file, head, store, path, url, size)
        except PliantError as error:
            return error
        return Look((width, height), kind, size, version(facts), url)


@dataclass(frozen=True)
class ObjectResults:
    """Results under an URL. `there` has the bytes of what is there by name, when the run begins."""

    base: str
    there: dict[str, int]
    folder: Path | None = None

    def path(self, result: str) -> Path:
        """See `Results.path`."""
        return Path(result)

    def url(self, result: str) -> str | None:
        """See `Results.url`."""
        return f"{self.base}/{result}"

    def bytes(self, result: str) -> int | None:
        """See `Results.bytes`."""
        return self.there.get(result)

    def taken(self, result: str, sources: Collection[Hashable]) -> bool:
        """See `Results.taken`."""
        if (url := self.url(result)) in sources:
            raise PictureError(f"{url} is one of the sources, which are never overwritten; choose another place.")
        return result in self.there

    def tidy(self, results: Iterable[str]) -> None:
        """A store shows no object that is not whole."""
        del results


def listed(url: str, patterns: Sequence[str], recursive: bool) -> ObjectSources:
    """The pictures below an URL. Raises UsageError if it cannot be listed."""
    base = url.rstrip("/")
    found = Found(Path(base.partition("://")[2]))
    urls: dict[str, str] = {}
    known = _below(base)
    wanted = [["**", pattern] if "/" not in pattern else pattern.split("/") for pattern in patterns]
    for name in sorted(known):
        parts = name.split("/")
        hidden = any(part.startswith(".") and part not in ("..", ".") for part in parts)
        if hidden or PurePosixPath(name).suffix.lower() not in SUFFIXES:
            found.ignored += 1
        elif (recursive or len(parts) == 1) and (not wanted or any(fits(parts, pattern) for pattern in wanted)):
            _add(found, urls, name, f"{base}/{name}")
    return ObjectSources(found, urls, known)


def named(source: Path, urls: Sequence[str]) -> ObjectSources:
    """The pictures of a list of URLs; `source` is what to call it.

    A name is the URL without the scheme, so that it stays the same when the list becomes another. Raises UsageError for
    what is no URL of a picture, or two that would have one result.
    """
    found, names = Found(source), dict[str, str]()
    for url in urls:
        if not is_url(url):
            raise UsageError(f"{source} has the line {url!r}, which is no URL; give one such as s3://bucket/a.png.")
        name = _named(url)
        if PurePosixPath(name).suffix.lower() not in SUFFIXES:
            found.ignored += 1
        elif names.get(name, url) != url:
            raise UsageError(f"{names[name]} and {url} would have one result; upscale them one after the other.")
        else:
            _add(found, names, name, url)
    found.pictures = sorted(set(found.pictures))
    return ObjectSources(found, names)


def lines(path: Path) -> list[str]:
    """The URLs in a text file, one a line; empty lines and those that begin with # do not count."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}; give a folder or a list of URLs.") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is no list of URLs; give a text file with one URL a line, or a folder.") from error
    found = [line.strip() for line in text.splitlines()]
    return [line for line in found if line and not line.startswith("#")]


def stored(url: str) -> ObjectResults:
    """The results below an URL, with what is there. Raises UsageError if it cannot be listed."""
    base = url.rstrip("/")
    return ObjectResults(base, {name: int(facts.get("size") or 0) for name, facts in _below(base).items()})


def _below(base: str) -> dict[str, dict[str, Any]]:
    """What a store tells of all objects below an URL, by their paths in it."""
    store, path = opened(base)
    start = f"{path.rstrip('/')}/"
    try:
        with told(base, "read"):
            store.invalidate_cache()
            found: dict[str, dict[str, Any]] = store.find(path, detail=True)
    except PictureError as error:
        raise UsageError(str(error)) from error
    return {name[len(start) :]: facts for name, facts in found.items() if name.startswith(start)}


def _named(url: str) -> str:
    """The URL without the scheme, a password, and what a web server is asked beside the path."""
    scheme, _, rest = url.partition("://")
    place, slash, path = rest.partition("/")
    user, _, host = place.rpartition("@")
    if scheme.lower() in ("http", "https"):
        path = urlsplit(url).path[1:]
    return f"{host if ':' in user else place}{slash}{path}".lstrip("/")


def _add(found: Found, urls: dict[str, str], name: str, url: str) -> None:
    """A picture, unless its result would lie elsewhere than below the destination."""
    if any(part in ("", ".", "..") for part in name.split("/")) or "\\" in name or "\0" in name:
        found.unreadable.append((url, "Its path has an empty part, a . or a .., which no result can have."))
        return
    found.pictures.append(name)
    urls[name] = url


def _size_of(file: Path, head: bytes, store: Any, path: str, url: str, size: int) -> tuple[int, int, str]:
    """As `read_size`, of the head of an object; of all of it where that does not tell."""
    try:
        file.write_bytes(head)
        try:
            return read_size(file)
        except PictureError as error:
            if len(head) >= size:
                raise PictureError(str(error).replace(str(file), url)) from error
        with told(url, "read"):
            store.get_file(path, os.fspath(file))
        try:
            return read_size(file)
        except PictureError as error:
            raise PictureError(str(error).replace(str(file), url)) from error
    finally:
        file.unlink(missing_ok=True)
