"""From example arguments to inputs: names, which numbers are live, which axes are live."""

from __future__ import annotations

import inspect
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils import _pytree as pytree

from pliant.capture.trace import Leaf
from pliant.contract import Dim, Input, Range
from pliant.errors import UsageError

MOST_VALUES = 16  # a longer vector is data, not a handful of live values


@dataclass(frozen=True)
class Signature:
    """The inputs of the file and how they become the module's arguments again.

    `inputs` and `leaves` are parallel. `slots` holds, for each flattened argument, the index of a leaf, or the
    fixed value itself; `spec` is the tree of (args, kwargs). `lengths` are those of the live axes in the caller's
    example, by name; the leaves' examples may be longer.
    """

    inputs: tuple[Input, ...]
    leaves: tuple[Leaf, ...]
    slots: tuple[tuple[bool, Any], ...]
    spec: Any
    lengths: Mapping[str, int]

    def assemble(self, values: Sequence[Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """(args, kwargs) of the module from one value per input."""
        flat = [values[content] if is_leaf else content for is_leaf, content in self.slots]
        args, kwargs = pytree.tree_unflatten(flat, self.spec)
        return tuple(args), kwargs


def read_signature(
    module: nn.Module,
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
    dims: Mapping[str, str],
    values: Mapping[str, tuple[float | None, float | None]],
    names: Sequence[str] | None,
    fixed: Collection[str] = (),
    fixed_batch: bool = False,
) -> Signature:
    """Describe the inputs that `args` and `kwargs` stand for.

    Tensors, ints and floats become inputs, but for those named in `fixed`; bool, str, None and other objects are
    fixed. `names` names what is in `fixed` too. `fixed_batch` fixes the axes that are live only if the model allows it.

    Raises UsageError where `dims`, `values` or `names` do not fit the arguments.
    """
    flat, spec = pytree.tree_flatten((args, dict(kwargs)))
    named = candidates(module, args, kwargs, names)
    live = {k: name for k, name in named.items() if name not in fixed}
    _check_options(list(live.values()), fixed, dims, values)
    lengths: dict[str, int] = {}
    inputs: list[Input] = []
    leaves: list[Leaf] = []
    slots: list[tuple[bool, Any]] = [(False, value) for value in flat]
    pictures = 0
    for k, name in live.items():
        value = flat[k]
        tensor = value.detach() if isinstance(value, Tensor) else _number(value)
        pictures += tensor.dim() == 4
        words = dims.get(name, _default_dims(tensor, name, pictures))
        axes = _dims(_settled(words, tensor, fixed_batch), tensor, name, lengths)
        leaf = Leaf(
            _workable(tensor, axes), not isinstance(value, Tensor), tuple(i for i, d in enumerate(axes) if d.live)
        )
        slots[k] = (True, len(inputs))
        _check_range(name, value, values.get(name))
        inputs.append(_input(name, tensor, axes, values.get(name), first_picture=pictures == 1 and tensor.dim() == 4))
        leaves.append(leaf)
    return Signature(tuple(inputs), tuple(leaves), tuple(slots), spec, lengths)


def _check_range(name: str, example: Any, bounds: tuple[float | None, float | None] | None) -> None:
    if bounds is not None and not isinstance(example, Tensor) and not Range(*bounds).contains(example):
        raise UsageError(f"The example {name!r} is {example}, outside its own range {Range(*bounds)}.")


def _is_input(value: Any) -> bool:
    return isinstance(value, Tensor) or (isinstance(value, (int, float)) and not isinstance(value, bool))


def _number(value: int | float) -> Tensor:
    return torch.tensor(value, dtype=torch.float64 if isinstance(value, float) else torch.int64)


def _labels(module: nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> list[str]:
    """A name for each flattened argument, from the parameter names of `forward`."""
    parameters = list(inspect.signature(module.forward).parameters.values())
    positional = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    tops = [positional[k] if k < len(positional) else f"input_{k}" for k in range(len(args))] + list(kwargs)
    labels: list[str] = []
    for top, value in zip(tops, [*args, *kwargs.values()], strict=True):
        paths = pytree.tree_flatten_with_path(value)[0]
        labels += ["_".join([top, *re.findall(r"\w+", pytree.keystr(path))]) for path, _ in paths]
    return labels


def candidates(
    module: nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any], names: Sequence[str] | None
) -> dict[int, str]:
    """The name of every argument that can be an input, by its index among the flattened arguments.

    Raises UsageError where `names` does not fit.
    """
    flat = pytree.tree_leaves((args, dict(kwargs)))
    labels = _labels(module, args, kwargs)
    live = [k for k, value in enumerate(flat) if _is_input(value)]
    given = list(names) if names is not None else [labels[k] for k in live]
    if len(given) != len(live):
        raise UsageError(
            f"names has {len(given)} entries; the arguments give {len(live)} inputs: {[labels[k] for k in live]}."
        )
    if len(set(given)) != len(given):
        raise UsageError(f"Input names must differ; got {given}. Pass names=[...].")
    return dict(zip(live, given, strict=True))


def _check_options(
    inputs: list[str], fixed: Collection[str], dims: Mapping[str, str], values: Mapping[str, Any]
) -> None:
    for name, (low, high) in values.items():
        if low != low or high != high or (low is not None and high is not None and low > high):
            raise UsageError(f"values of {name!r} is ({low}, {high}); give (low, high) with low at most high.")
    for option, table in (("dims", dims), ("values", values)):
        if clash := sorted(set(table) & set(fixed)):
            raise UsageError(f"{clash[0]!r} is fixed, and {option} is about live inputs; give one or the other.")
        if unknown := sorted(set(table) - set(inputs)):
            raise UsageError(f"{option} names {unknown}, which are no inputs; the inputs are {inputs}.")


def _default_dims(tensor: Tensor, name: str, pictures: int) -> str:
    shape = [str(s) for s in tensor.shape]
    if tensor.dim() != 4:
        return " ".join(shape)
    if pictures == 1:
        return f"n? {shape[1]} h w"
    # a side of one pixel beside a picture is there to be spread over it
    height, width = (side if side == "1" else f"{name}_{letter}" for side, letter in zip(shape[2:], "hw", strict=True))
    return f"n? {shape[1]} {height} {width}"


def _settled(words: str, tensor: Tensor, fixed_batch: bool) -> str:
    """Words without question marks: "n?" is "n", or the example's length if the model needs that."""
    parts = words.split()
    if not fixed_batch or len(parts) != tensor.dim():
        return words.replace("? ", " ").removesuffix("?")
    return " ".join(str(n) if part.endswith("?") else part for part, n in zip(parts, tensor.shape, strict=True))


def _dims(words: str, tensor: Tensor, name: str, lengths: dict[str, int]) -> tuple[Dim, ...]:
    """Parse einops-like words: a name is live, a number is fixed, "h<=512" is live up to 512.

    `lengths` collects those of the live names.
    """
    parts = words.split()
    if len(parts) != tensor.dim():
        shape = tuple(tensor.shape)
        raise UsageError(
            f"dims of {name!r} is {words!r}, {len(parts)} words; the example has shape {shape}: one word per axis."
        )
    result: list[Dim] = []
    for part, length in zip(parts, tensor.shape, strict=True):
        word, _, most = part.partition("<=")
        if word.isdecimal() and not most:
            if int(word) != length:
                raise UsageError(f"dims of {name!r} fixes an axis to {word}, but the example has {length} there.")
            result.append(Dim(size=length))
        elif word.isidentifier() and (most.isdecimal() or part == word):
            if lengths.setdefault(word, length) != length:
                raise UsageError(
                    f"dims of {name!r} calls a length of {length} {word!r}, which is {lengths[word]} elsewhere in the "
                    "example; the same name means the same length."
                )
            if most and int(most) < length:
                raise UsageError(f"dims of {name!r} says {part!r}, but the example has {length} there.")
            result.append(Dim(name=word, maximum=int(most) if most else None))
        else:
            raise UsageError(
                f"dims of {name!r} has the word {part!r}; use a name for a live axis, with its greatest length behind "
                '"<=" if it has one, or a number for a fixed one.'
            )
    return tuple(result)


def _workable(tensor: Tensor, axes: tuple[Dim, ...]) -> Tensor:
    """The example with every live axis at least two long: PyTorch treats a length of 1 as fixed when it traces."""
    for axis, dim in enumerate(axes):
        if dim.live and tensor.shape[axis] < 2:
            tensor = torch.cat([tensor, tensor], axis)
    return tensor


def _input(name: str, tensor: Tensor, axes: tuple[Dim, ...], bounds: Any, *, first_picture: bool) -> Input:
    dtype = str(tensor.dtype).removeprefix("torch.")
    role = "image" if first_picture else "tensor"
    example: tuple[float, ...] = ()
    if tensor.dim() <= 1 and tensor.numel() <= MOST_VALUES and tensor.dtype != torch.bool:
        role, example = "value", tuple(tensor.flatten().tolist())
    return Input(name, dtype, axes, role, Range(*bounds) if bounds else Range(), example)
