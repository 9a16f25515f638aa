"""Eager PyTorch: the yardstick. It runs the user's own module, never a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from pliant.arguments import Array
from pliant.contract import Contract
from pliant.engines.base import Engine, Options, Session
from pliant.errors import InputError, UsageError

if TYPE_CHECKING:
    from torch import Tensor

    Call = Callable[[Sequence[Tensor]], Any]


class Eager:
    """A module behind the interface of an engine.

    `call` gets one tensor for each input of the contract, copies that it may change, and returns what the module
    returns.
    """

    def __init__(self, call: Call, contract: Contract) -> None:
        self._call: Call | None = call
        self._names = [i.name for i in contract.inputs]

    def run(self, feeds: Mapping[str, Array]) -> Sequence[Array]:
        """See `Backend.run`; the outputs are the leaves of what the module returns, without None."""
        assert self._call is not None
        torch: Any = import_module("torch")
        pytree: Any = import_module("torch.utils._pytree")
        tensors = [torch.from_numpy(np.array(feeds[name])) for name in self._names]
        try:
            with torch.no_grad():
                leaves = pytree.tree_leaves(self._call(tensors))
        except Exception as error:
            # whatever a module raises for its arguments, only the module can say what it accepts
            reason = " ".join(str(error).split())[:300]
            raise InputError(f"The module raised {type(error).__name__}: {reason.rstrip('.')}.") from error
        return [leaf.numpy() if torch.is_tensor(leaf) else np.asarray(leaf) for leaf in leaves if leaf is not None]

    def close(self) -> None:
        """See `Backend.close`."""
        self._call = None


def module_session(call: Call, contract: Contract) -> Session:
    """A session over a module, which `call` calls; see `Eager`."""
    return Session(Eager(call, contract), contract, ENGINE.name)


def open_model(model: bytes, contract: Contract, options: Options) -> Eager:
    """A file cannot be run by PyTorch. Always raises UsageError."""
    del model, contract, options
    raise UsageError(
        "Engine 'pytorch' runs modules, not ONNX files: it is what pliant.verify(file, against=module) compares with. "
        "Choose another engine to run the file; pliant engines lists them."
    )


def never_files() -> str:
    """Why this engine is never chosen to run a file."""
    return "It is the yardstick: it runs the module that a file was made from (pliant verify --against), never a file."


ENGINE = Engine("pytorch", "torch", "torch", open_model, extra="export", runs=never_files)
"""Registered, so that it is listed with its version; `open` never succeeds."""
