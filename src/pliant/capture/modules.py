"""The attributes of a model's modules while it is traced: read again only after one of them was set.

Every fork remembers them, a large network has thousands of forks, and hardly a forward sets an attribute.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from types import FunctionType, ModuleType
from typing import Any

from torch import Size, Tensor, device, dtype, nn
from torch.nn import Parameter

from pliant.capture.live.choices import LIVE
from pliant.capture.owners import users_own

# attributes that PyTorch keeps for itself; the last one is a list in every convolution
PYTORCHS = frozenset(vars(nn.Module())) | {"_reversed_padding_repeated_twice"}
NOTHING_INSIDE = frozenset({int, float, complex, bool, str, bytes, type(None), Tensor, Parameter, Size, dtype, device})
SETTERS = ("__setattr__", "__delattr__", "register_buffer", "register_parameter", "add_module")


@dataclass(frozen=True)
class Attributes:
    """The attributes of modules at one moment; lists are shared, only to be read.

    `version` is another number after an attribute was set, `contents` what each of `Modules.places` holds, and `values`
    are those that are not PyTorch's own and may hold others.
    """

    version: int
    contents: list[Any]
    values: list[Any]


class Modules:
    """The modules of one model. `places` are their dicts of attributes and of buffers."""

    def __init__(self, model: nn.Module) -> None:
        self.all = list(model.modules())
        self.places = [owned for module in self.all for owned in (vars(module), module._buffers)]
        self._length = -1
        self._now = Attributes(0, [], [])

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

    def now(self) -> Attributes:
        """The attributes as they are."""
        length = sum(map(len, self.places))
        if length != self._length:
            self._length = length
            contents = [place.copy() for place in self.places]
            self._now = Attributes(self._now.version + 1, contents, _holders(self.all))
        return self._now


def _holders(modules: Iterable[nn.Module]) -> list[Any]:
    own = (value for module in modules for name, value in vars(module).items() if name not in PYTORCHS)
    return [value for value in own if type(value) not in NOTHING_INSIDE and _may_hold(value)]


def _may_hold(value: Any) -> bool:
    """Whether anything that can be changed may be in `value`, now or later: not in the kernel size of a convolution."""
    if isinstance(value, tuple):
        return any(map(_may_hold, value))
    return isinstance(value, (list, dict, set)) or is_plain_object(value)


def is_plain_object(value: Any) -> bool:
    """Whether `value` is an object of the model's own, such as a configuration."""
    return _is_of_a_models_own(type(value)) and isinstance(getattr(value, "__dict__", None), dict)


@lru_cache(maxsize=4096)
def _is_of_a_models_own(kind: type) -> bool:
    unlike = (Tensor, nn.Module, type, ModuleType, FunctionType, *LIVE)
    return not issubclass(kind, unlike) and users_own(kind.__module__)
