"""The module that a file is held against: its arguments from the inputs of the file, and a fresh export of it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pliant.apps.export import WEIGHTS, parsed, python_model, weights_model
from pliant.contract import Contract, Input
from pliant.engines.base import Session
from pliant.engines.pytorch import module_session
from pliant.errors import MissingExtra, UsageError
from pliant.verifier.cases import fill
from pliant.verifier.drawn import base, example_of

if TYPE_CHECKING:
    from torch import Tensor, nn

    from pliant.artifact import Artifact
    from pliant.exporter.signature import Signature


@dataclass(frozen=True)
class Against:
    """A module with example arguments that fit a contract; `signature` turns inputs of the file into arguments.

    `names` has a name for every argument that can be an input, `fixed` what is not one at its value.
    """

    module: nn.Module
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    contract: Contract
    names: Sequence[str]
    fixed: Mapping[str, Any]
    signature: Signature

    def session(self) -> Session:
        """The module in eager PyTorch, in evaluation mode while it runs, as a session."""
        return module_session(self._call, self.contract)

    def _call(self, tensors: Sequence[Tensor]) -> Any:
        from pliant.capture.restoring import unchanged
        from pliant.exporter.alone import suitable_threads

        given = [t.item() if leaf.number else t for t, leaf in zip(tensors, self.signature.leaves, strict=True)]
        args, kwargs = self.signature.assemble(given)
        with unchanged(self.module), suitable_threads(tensors):
            self.module.eval()
            return self.module(*args, **kwargs)

    def trusted(self, sound: Callable[[Artifact], bool], say: Callable[[str], None]) -> Artifact:
        """A fresh export that `sound` accepts. Raises ExportError if there is none."""
        from pliant.exporter.export import export_checked_by

        return export_checked_by(
            self.module,
            self.args,
            self.kwargs,
            sound,
            dims=_dims(self.contract),
            values=_ranges(self.contract),
            fixed=self.fixed,
            names=self.names,
            progress=say,
        )

    def weights(self) -> dict[str, NDArray[Any]]:
        """The module's weights by name, those that NumPy has a type for."""
        import torch

        tensors = {name: tensor.detach().cpu() for name, tensor in self.module.state_dict().items()}
        return {name: tensor.numpy() for name, tensor in tensors.items() if tensor.dtype is not torch.bfloat16}

    def made_the_file(self) -> bool:
        """Whether the file says that it was made from these very weights."""
        from pliant.exporter.export import weights_digest

        return weights_digest(self.module) == self.contract.provenance.weights_sha256


def against(wanted: Any, contract: Contract, fixed: Mapping[str, Any]) -> Against:
    """What `wanted` stands for: a module, (module, example arguments), file.py:factory, or a weights file.

    Raises UsageError or InputError where it cannot be found, or its arguments are not the inputs of the contract.
    """
    try:
        module, example = _found(wanted)
        chosen = parsed({k: v for k, v in fixed.items() if isinstance(v, str)})
        return _fitted(module, example, contract, {**fixed, **chosen})
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in ("torch", "onnx", "onnxscript", "onnx_ir", "safetensors"):
            raise MissingExtra("Verifying against a module", error.name or "torch", "export") from error
        raise


def _found(wanted: Any) -> tuple[nn.Module, Any]:
    from torch import nn

    if isinstance(wanted, nn.Module):
        return wanted, None
    if isinstance(wanted, tuple) and len(wanted) == 2 and isinstance(wanted[0], nn.Module):  # pyright: ignore[reportUnknownArgumentType]
        return wanted  # pyright: ignore[reportUnknownVariableType]
    text = str(wanted)
    if text.lower().endswith(WEIGHTS):
        model = weights_model(text)
        return model.module, model.example
    if ":" in text:
        return python_model(text)
    raise UsageError(
        f"{text!r} is neither a weights file ({', '.join(WEIGHTS)}) nor a Python object file.py:factory or "
        "package.module:factory."
    )


def _fitted(module: nn.Module, example: Any, contract: Contract, fixed: Mapping[str, Any]) -> Against:
    """Arguments for the contract; numbers as Python numbers, or as tensors if the module takes only those."""
    if example is not None:
        return _described(module, tuple(example), {}, contract, fixed)
    made = [
        _described(module, *_arguments(module, contract, fixed, numbers), contract, fixed) for numbers in (True, False)
    ]
    for candidate in made:
        case = fill(contract, base(contract), {e.name: e.example for e in map(example_of, _values(contract))}, seed=0)
        try:
            candidate.session()(**case.arrays)
        except Exception as refusal:  # noqa: BLE001 - whatever a module raises for arguments of the wrong kind
            del refusal
            continue
        return candidate
    return made[0]


def _values(contract: Contract) -> list[Input]:
    return [entry for entry in contract.inputs if entry.role == "value"]


def _arguments(
    module: nn.Module, contract: Contract, fixed: Mapping[str, Any], numbers: bool
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Example arguments of `forward` for the inputs of a contract: by name, or in order if it has other names."""
    parameters = inspect.signature(module.forward).parameters
    plain = [n for n, p in parameters.items() if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    names = [entry.name for entry in contract.inputs]
    made = [_example(entry, contract, numbers) for entry in contract.inputs]
    free = [name for name in plain if name not in fixed]
    if set(names) <= set(plain):
        chosen = dict(zip(names, made, strict=True))
    elif len(names) <= len(free) or len(plain) < len(parameters):
        chosen = dict(zip(free, made, strict=False))
        if len(names) > len(free):
            return tuple(made), dict(fixed)
    else:
        raise _misfit(names, plain)
    needed = [n for n in plain if parameters[n].default is inspect.Parameter.empty]
    if missing := [n for n in needed if n not in chosen and n not in fixed]:
        raise UsageError(
            f"forward needs {missing[0]!r}, which is no input of the file (it has {', '.join(names)}): give its value "
            f"with --fixed {missing[0]}=2 or fixed={{{missing[0]!r}: 2}}."
        )
    return (), {**chosen, **{n: v for n, v in fixed.items() if n in plain}}


def _misfit(names: Sequence[str], plain: Sequence[str]) -> UsageError:
    return UsageError(
        f"The contract does not fit the module: the file takes {', '.join(names) or 'nothing'}, and forward takes "
        f"{', '.join(plain) or 'nothing'}. Give the module that the file was exported from; if its arguments are "
        "nested, give (module, example arguments)."
    )


def _example(entry: Input, contract: Contract, numbers: bool) -> Any:
    import torch

    chosen = {entry.name: example_of(entry).example} if entry.role == "value" else {}
    array = fill(contract, base(contract), chosen, seed=0).arrays[entry.name]
    if numbers and not entry.dims and entry.role == "value" and entry.dtype in ("int64", "float64"):
        return array.item()
    return torch.from_numpy(np.array(array))


def _described(
    module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], contract: Contract, fixed: Mapping[str, Any]
) -> Against:
    from torch.utils import _pytree as pytree

    from pliant.exporter.fixing import fix
    from pliant.exporter.signature import candidates, read_signature

    labels = candidates(module, args, kwargs, None)
    flat = pytree.tree_leaves((args, dict(kwargs)))
    wanted = [entry.name for entry in contract.inputs]
    found = list(labels.values())
    if set(wanted) <= set(found):
        names, rest = found, [name for name in found if name not in wanted]
    else:
        rest = [name for name in found if name in fixed]
        if len(found) - len(rest) != len(wanted):
            raise _misfit(wanted, found)
        order = iter(wanted)
        names = [name if name in rest else next(order) for name in found]
    values = {name: flat[k] for k, name in labels.items() if name in rest}
    held = {**values, **{n: v for n, v in fixed.items() if n in rest}}
    filled_args, filled, _ = fix(module, args, kwargs, names, held)
    dims, ranges = _dims(contract), _ranges(contract)
    try:
        signature = read_signature(module, filled_args, filled, dims, ranges, names, tuple(held))
    except UsageError as error:
        raise UsageError(f"The contract does not fit the module: {error}") from error
    _check(signature.inputs, contract)
    return Against(module, filled_args, filled, contract, names, held, signature)


def _check(inputs: Sequence[Input], contract: Contract) -> None:
    for ours, theirs in zip(inputs, contract.inputs, strict=True):
        if (ours.name, ours.dtype, len(ours.dims)) != (theirs.name, theirs.dtype, len(theirs.dims)):
            raise UsageError(
                f"The contract does not fit the module: the file takes {theirs.name} {theirs.dtype} of rank "
                f"{len(theirs.dims)} where the example has {ours.name} {ours.dtype} of rank {len(ours.dims)}. Give "
                "(module, example arguments) as they were given to pliant.export."
            )


def _dims(contract: Contract) -> dict[str, str]:
    return {e.name: " ".join(str(d.size) if not d.live else str(d.name) for d in e.dims) for e in contract.inputs}


def _ranges(contract: Contract) -> dict[str, tuple[float | None, float | None]]:
    return {entry.name: (entry.values.minimum, entry.values.maximum) for entry in _values(contract)}
