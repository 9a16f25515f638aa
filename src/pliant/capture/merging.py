"""One value that stands for the results of two ways, of which run time takes one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

import torch
from torch import SymBool, Tensor

from pliant.capture.live.choices import as_int, choose, is_number, same
from pliant.operators.structure import merge


class _Word:
    """A value that stands for itself."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text


UNBOUND: Any = _Word("a variable that this way does not set")
REFUSED: Any = _Word("a way that the model itself refuses")


class Apart(Exception):  # noqa: N818 - not an error of anybody's: the decision is then taken further out
    """Two values that no single value can stand for; the text says why."""


def merged(condition: SymBool, then: Any, otherwise: Any, site: int) -> Any:
    """`then if condition else otherwise`, for everything a model may have in a variable.

    Tensors need one dtype and rank, containers one structure; their numbers and lengths may differ. What is missing
    on one way is taken from the other: a model that is right does not use it there.

    Raises Apart where that is not so.
    """
    if then is otherwise or otherwise is UNBOUND or otherwise is REFUSED:
        return then
    if then is UNBOUND or then is REFUSED:
        return otherwise
    if is_number(then) and is_number(otherwise):
        return then if same(then, otherwise) else choose(condition, then, otherwise)
    if isinstance(then, Tensor) and isinstance(otherwise, Tensor):
        return _tensor(condition, then, otherwise, site)
    if isinstance(then, Tensor) and is_number(otherwise):
        return _tensor(condition, then, _filled(then, otherwise), site)
    if isinstance(otherwise, Tensor) and is_number(then):
        return _tensor(condition, _filled(otherwise, then), otherwise, site)
    return _structure(then, otherwise, lambda a, b: merged(condition, a, b, site))


def _filled(like: Tensor, number: Any) -> Tensor:
    """A 0-d tensor of a number beside another tensor."""
    if like.dim():
        raise Apart(f"one is a tensor of {like.dim()} axes, the other a number")
    return torch.scalar_tensor(cast(float, number), dtype=like.dtype)


def _tensor(condition: SymBool, then: Tensor, otherwise: Tensor, site: int) -> Tensor:
    if then.dtype != otherwise.dtype:
        raise Apart(f"one is {then.dtype}, the other {otherwise.dtype}")
    if then.dim() != otherwise.dim():
        raise Apart(f"one has {then.dim()} axes, the other {otherwise.dim()}")
    lengths = [a if same(a, b) else choose(condition, a, b) for a, b in zip(then.shape, otherwise.shape, strict=True)]
    return merge(as_int(condition), then, otherwise, lengths, site)


def _structure(then: Any, otherwise: Any, join: Callable[[Any, Any], Any]) -> Any:
    """Containers part by part; other objects if they are equal."""
    if type(then) is not type(otherwise):
        raise Apart(f"one is {_kind(then)}, the other {_kind(otherwise)}")
    if isinstance(then, (list, tuple)):
        items: list[Any] = [join(a, b) for a, b in _paired(list(then), list(otherwise))]
        if hasattr(then, "_fields"):
            return type(then)(*items)
        return items if isinstance(then, list) else tuple(items)
    if isinstance(then, Mapping):
        if list(then) != list(otherwise):
            raise Apart(f"one has the keys {list(then)}, the other {list(otherwise)}")
        return type(then)({key: join(then[key], otherwise[key]) for key in then})  # type: ignore[call-arg]
    if isinstance(then, slice):
        return slice(*(join(getattr(then, k), getattr(otherwise, k)) for k in ("start", "stop", "step")))
    if not _equal(then, otherwise):
        raise Apart(f"one is {then!r:.40}, the other {otherwise!r:.40}")
    return then


def _paired(a: list[Any], b: list[Any]) -> list[tuple[Any, Any]]:
    if len(a) != len(b):
        raise Apart(f"one has {len(a)} elements, the other {len(b)}")
    return list(zip(a, b, strict=True))


def _equal(a: Any, b: Any) -> bool:
    return bool(a == b)


def _kind(value: Any) -> str:
    return "None" if value is None else type(value).__name__
