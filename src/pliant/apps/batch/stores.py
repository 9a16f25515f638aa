"""Object stores, and whatever else fsspec opens by an URL: fetching and storing one file.

Credentials come from where the package of the store looks for them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Generator
from contextlib import contextmanager
from datetime import datetime
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from pliant.errors import InputError, MissingExtra, PictureError, PliantError, UsageError

URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
# what tells that an object is another: each store has one of these, some the same in listings and answers
VERSIONS = ("ETag", "etag", "e_tag", "generation", "md5Hash", "content_md5", "LastModified", "last_modified", "updated")
TIMES = ("mtime", "modified", "created")
# stores that show an object when it is whole; others are written aside and renamed
WHOLE = {"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "oss", "oci", "ocilake", "r2", "memory"}


def is_url(text: object) -> bool:
    """Whether a source or destination is an URL, and not a path."""
    return isinstance(text, str) and URL.match(text) is not None


def local(text: str) -> str:
    """A path for an URL of this machine's files; unchanged for others."""
    return unquote(urlsplit(text).path) if text.lower().startswith("file://") else text


def opened(url: str) -> tuple[Any, str]:
    """The file system of an URL, and the path in it. Raises UsageError if its package is missing or unknown."""
    try:
        core: Any = import_module("fsspec.core")
    except ModuleNotFoundError as error:
        raise MissingExtra("Reading from an URL", "fsspec", "ray") from error
    scheme = url.partition("://")[0]
    try:
        return core.url_to_fs(url)
    except ImportError as error:
        raise UsageError(
            f"{scheme}:// needs a package that is not installed ({_line(error)}); install it on every machine."
        ) from error
    except ValueError as error:
        raise UsageError(f"{url} cannot be opened: {_line(error)}. Give an URL such as s3://bucket/photos.") from error


def fetch(url: str, path: Path) -> None:
    """Bring an object to a file. Raises PictureError."""
    store, where = opened(url)
    with told(url, "read"):
        store.get_file(where, os.fspath(path))


def put(path: Path, url: str) -> None:
    """Store a file under an URL, whole or not at all. Raises InputError."""
    store, where = opened(url)
    with told(url, "written"):
        if url.partition("://")[0].lower() in WHOLE:
            store.put_file(os.fspath(path), where)
            return
        folder, _, name = where.rpartition("/")
        aside = f"{folder}/.pliant-{os.urandom(6).hex()}-{name}"
        store.makedirs(folder, exist_ok=True)
        store.put_file(os.fspath(path), aside)
        store.mv(aside, where)


def version(facts: dict[str, Any]) -> int:
    """A number that is another for another content, of what a store tells of an object."""
    value = next((facts[key] for key in (*VERSIONS, *TIMES) if facts.get(key) is not None), "")
    if isinstance(value, datetime):
        value = value.timestamp()
    return int(sha256(str(value).strip('"').encode()).hexdigest()[:15], 16)


@contextmanager
def told(url: str, done: str) -> Generator[None, None, None]:
    """Whatever a store raises becomes one sentence; each has errors of its own."""
    kind = InputError if done == "written" else PictureError
    try:
        yield
    except PliantError:
        raise
    except FileNotFoundError as error:
        raise kind(f"There is no {url}; give the URL of something that exists.") from error
    except Exception as error:
        raise kind(f"{url} cannot be {done}: {_line(error)}.") from error


def _line(error: BaseException) -> str:
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__
