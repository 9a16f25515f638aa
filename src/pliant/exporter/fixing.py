"""Values that are to be constants of the file: `fixed={"step": 2}`.

ONNX fixes some things when the file is made, the stride of a convolution among them. A caller who knows such a value
declares it fixed; it takes the place of the example argument and is no input any more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils import _pytree as pytree

from pliant.errors import UsageError
from pliant.exporter.signature import MOST_VALUES, candidates

Fixed = Mapping[str, Any] | Sequence[str]


def fix(
    module: nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any], names: Sequence[str] | None, fixed: Fixed
) -> tuple[tuple[Any, ...], dict[str, Any], tuple[str, ...]]:
    """(args, kwargs) with every fixed value in its place, and a sentence for each one.

    `fixed` maps the name of a value to what it is fixed at, or lists names to be fixed at what the example has. What
    is given for a tensor becomes a tensor of its shape and dtype.

    Raises UsageError for a name that is no value, and for something that cannot take the example's place.
    """
    if isinstance(fixed, str):
        raise UsageError(f"fixed is the text {fixed!r}; give fixed={{{fixed!r}: 2}} or fixed=[{fixed!r}].")
    chosen = dict(fixed) if isinstance(fixed, Mapping) else dict.fromkeys(fixed)
    keep = not isinstance(fixed, Mapping)
    flat, spec = pytree.tree_flatten((args, dict(kwargs)))
    known = {name: k for k, name in candidates(module, args, kwargs, names).items() if _is_value(flat[k])}
    notes: list[str] = []
    for name, value in chosen.items():
        if name not in known:
            raise UsageError(
                f"fixed names {name!r}, which is no live value; the live values are {list(known) or 'none'}."
            )
        k = known[name]
        flat[k] = flat[k] if keep else _replacement(name, flat[k], value)
        notes.append(f"{name} is fixed at {_show(flat[k])}.")
    new_args, new_kwargs = pytree.tree_unflatten(flat, spec)
    return tuple(new_args), new_kwargs, tuple(notes)


def _is_value(example: Any) -> bool:
    """Whether an argument is a number or a handful of them, and not a picture."""
    return not isinstance(example, Tensor) or (example.dim() <= 1 and example.numel() <= MOST_VALUES)


def _replacement(name: str, example: Any, value: Any) -> Any:
    if not isinstance(example, Tensor):
        number = value.item() if isinstance(value, Tensor) and value.numel() == 1 else value
        if isinstance(number, bool) or not isinstance(number, (int, float)):
            raise UsageError(f"fixed gives {value!r} for {name!r}, whose example is {example!r}; give a number.")
        return number
    try:
        tensor = torch.as_tensor(value)
        made = tensor.to(example.dtype)
    except (TypeError, ValueError, RuntimeError) as error:
        raise UsageError(f"fixed gives {value!r} for {name!r}, which is no {_kind(example)}.") from error
    if made.shape != example.shape:
        raise UsageError(f"fixed gives {value!r} for {name!r}; the example is a {_kind(example)}.")
    if not made.is_floating_point() and not torch.equal(made.double(), tensor.double()):
        raise UsageError(f"fixed gives {value!r} for {name!r}, and its example has whole numbers ({example.dtype}).")
    return made


def _kind(example: Tensor) -> str:
    kind = str(example.dtype).removeprefix("torch.")
    return f"tensor of {example.numel()} numbers ({kind})" if example.dim() else f"tensor of rank 0 ({kind})"


def _show(value: Any) -> str:
    if isinstance(value, Tensor):
        numbers = value.flatten().tolist()
        return f"{numbers[0]:g}" if not value.dim() else "(" + ", ".join(f"{n:g}" for n in numbers) + ")"
    return f"{value:g}"
