"""The attributes of a model's modules while it is traced: read again only after one of them was set.

Every fork remembers them, a large network has thousands of forks, and hardly a forward sets an attribute.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from typing import Any

from torch import nn

PYTORCHS = frozenset(vars(nn.Module()))  # attributes that PyTorch keeps for itself
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
    return [v for v in own if isinstance(v, (list, dict, set, tuple)) or isinstance(getattr(v, "__dict__", None), dict)]
