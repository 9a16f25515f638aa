"""The attributes of a model's modules while it is traced: read again only after one of them was set.

Every fork remembers them, a large network has thousands of forks, and hardly a forward sets an attribute.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from types import FunctionType, ModuleType
from typing import Any

from torch import Tensor, nn

from pliant.capture.live.choices import LIVE
from pliant.capture.owners import users_own

# attributes that PyTorch keeps for itself; the last one is a list in every convolution
PYTORCHS = frozenset(vars(nn.Module())) | {"_reversed_padding_repeated_twice"}
SETTERS = ("__setattr__", "__delattr__", "register_buffer", "register_parameter", "add_module")


class Modules:
    """The modules of one model."""

    def __init__(self, model: nn.Module) -> None:
        self.all = list(model.modules())
        self.places = [owned for module in self.all for owned in (vars(module), module._buffers)]
        self._version = 0
        self._length = -1
        self._contents: list[Any] = []
        self._values: list[Any] = []

    @contextmanager
    def watched(self) -> Generator[None]:
        """Within the block, it is noticed when an attribute is set.

        One that appears in `__dict__` itself, as `functools.cached_property` does it, is noticed anywhere.
        """
        originals = {name: vars(nn.Module)[name] for name in SETTERS}

        def noticing(original: Callable[..., Any]) -> Callable[..., Any]:
            def change(*args: Any, **kwargs: Any) -> Any:
                self.changed()
                return original(*args, **kwargs)

            return change

        try:
            for name, original in originals.items():
                setattr(nn.Module, name, noticing(original))
            yield
        finally:
            for name, original in originals.items():
                setattr(nn.Module, name, original)

    def changed(self) -> None:
        """An attribute is about to be set, or was."""
        self._length = -1

    @property
    def version(self) -> int:
        """A number that is another one after an attribute was set."""
        length = sum(map(len, self.places))
        if length != self._length:
            self._version, self._length = self._version + 1, length
            self._contents = [place.copy() for place in self.places]
            self._values = _holders(self.all)
        return self._version

    @property
    def contents(self) -> list[Any]:
        """What each of `places`, the dicts of attributes and of buffers, holds now; shared, only to be read."""
        return self._contents if self.version else []

    @property
    def values(self) -> list[Any]:
        """The values of attributes that are not PyTorch's own and may hold others."""
        return self._values if self.version else []


def _holders(modules: Iterable[nn.Module]) -> list[Any]:
    own = (value for module in modules for name, value in vars(module).items() if name not in PYTORCHS)
    return [value for value in own if _may_hold(value)]


def _may_hold(value: Any) -> bool:
    """Whether anything that can be changed may be in `value`, now or later: not in the kernel size of a convolution."""
    if isinstance(value, tuple):
        return any(map(_may_hold, value))
    return isinstance(value, (list, dict, set)) or is_plain_object(value)


def is_plain_object(value: Any) -> bool:
    """Whether `value` is an object of the model's own, such as a configuration."""
    if not isinstance(getattr(value, "__dict__", None), dict):
        return False
    unlike = (Tensor, nn.Module, type, ModuleType, FunctionType, *LIVE)
    return not isinstance(value, unlike) and users_own(type(value).__module__)
