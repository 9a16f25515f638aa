"""The JSON of a request, read strictly: what two readers could understand in two ways is refused.

Source: RFC 8259; it has no NaN and no infinite numbers, and leaves open what a name that comes twice means.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from math import isinf
from typing import Any, NoReturn, TypeVar

from pliant.apps.server.problems import Problem
from pliant.apps.server.settings import MIB

T = TypeVar("T")
LARGEST = 16 * MIB  # bytes of JSON, which takes twenty times its own size while it is read
KINDS: dict[type[object], str] = {
    str: "a string",
    bool: "true or false",
    int: "a whole number",
    list: "an array",
    dict: "an object",
}


def parsed(data: bytes | memoryview) -> dict[str, Any]:
    """The object that the JSON is. Raises Problem: 413 for too much of it, 400 if it is not an object in JSON."""
    if len(data) > LARGEST:
        raise Problem(413, f"The JSON is larger than {LARGEST // MIB} MiB; send the tensors as binary data.")
    try:
        found = json.loads(str(data, "utf-8"), object_pairs_hook=_unique, parse_constant=_refused, parse_float=_finite)
    except RecursionError:
        raise Problem(400, "The JSON is nested too deeply.") from None
    except ValueError as error:  # of the JSON, of its encoding, or a number of thousands of digits
        raise Problem(400, f"The request is not JSON ({str(error)[:120]!r}).") from None
    if not isinstance(found, dict):
        raise Problem(400, "The request is not a JSON object.")
    return found


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Problem(400, "A JSON object has the same name twice.")
    return found


def _finite(text: str) -> float:
    if isinf(number := float(text)):
        raise Problem(400, f"{text[:40]} does not fit float64; send the tensor as binary data.")
    return number


def _refused(constant: str) -> NoReturn:
    raise Problem(400, f"{constant} is not JSON; send the tensor as binary data.")


def field(owner: Mapping[str, Any], name: str, kind: type[T], of: str) -> T:
    """What `owner` has under `name`; `of` says whose field it is. Raises Problem (400) unless it is of that kind."""
    value = optional(owner, name, kind, of)
    if value is None:
        raise Problem(400, f"{of} has no {name!r}; give {KINDS[kind]}.")
    return value


def optional(owner: Mapping[str, Any], name: str, kind: type[T], of: str) -> T | None:
    """As `field`, but None where there is nothing."""
    if name not in owner:
        return None
    value = owner[name]
    if type(value) is not kind:  # true is an int to Python
        raise Problem(400, f"{name!r} of {of[:1].lower()}{of[1:]} is not {KINDS[kind]}.")
    return value


def objects(owner: Mapping[str, Any], name: str, of: str) -> list[dict[str, Any]] | None:
    """An array of objects, None where there is none. Raises as `field`."""
    found = optional(owner, name, list, of)
    if found is not None and any(type(one) is not dict for one in found):
        raise Problem(400, f"{name!r} of {of[:1].lower()}{of[1:]} holds something else than objects.")
    return found
