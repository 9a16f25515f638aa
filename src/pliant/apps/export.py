"""Exporting from the command line: a weights file, or a Python object named by its module."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from importlib import import_module, util
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pliant.errors import InputError, UsageError

if TYPE_CHECKING:
    from pliant.architectures.base import ImageModel
    from pliant.artifact import Artifact

WEIGHTS = (".pth", ".pt", ".ckpt", ".safetensors", ".bin")
PICTURE = (1, 3, 64, 48)  # the example for a first argument that is not given
FACTOR_NAMES = ("factor", "scale", "scale_factor", "upscale_factor")


@dataclass(frozen=True)
class Request:
    """What to export and how; see `pliant export --help`."""

    source: str
    arguments: Mapping[str, str] = field(default_factory=dict)
    dims: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, tuple[float | None, float | None]] = field(default_factory=dict)
    fixed: Mapping[str, str] = field(default_factory=dict)
    factor: str | None = None  # "live" or "native"; live for networks that upscale if None


def run(request: Request, say: Callable[[str], None] | None = None) -> Artifact:
    """Export what `request` names.

    Raises UsageError or InputError for what cannot be found or read, ExportError for what cannot be exported.
    """
    if request.source.lower().endswith(WEIGHTS):
        return _from_weights(request, say)
    if ":" in request.source:
        return _from_python(request, say)
    raise UsageError(
        f"{request.source!r} is neither a weights file ({', '.join(WEIGHTS)}) nor a Python object "
        "package.module:factory."
    )


def weights_model(source: str, factor: str | None = None) -> ImageModel:
    """The network with the weights of a file, recognised by its architecture.

    `factor` is "live" for a network that takes the upscale factor, "native" for one that has its own only; None is
    "live" where the network upscales.

    Raises CheckpointError if the file is not readable or fits no architecture, UsageError for another `factor`.
    """
    from pliant.architectures.base import recognise, with_any_factor
    from pliant.exporter.checkpoint import read_checkpoint

    if factor not in (None, "live", "native"):
        raise UsageError(f"--factor is {factor!r}; it is live or native.")
    state, facts = read_checkpoint(source)
    model = recognise(state, facts, source)[1]
    if factor == "native" and model.scale is None:
        raise UsageError(f"The network in {source} has no scale of its own, it takes any factor; leave --factor out.")
    live = model.scale not in (None, 1) if factor is None else factor == "live"
    return with_any_factor(model) if live else model


def _from_weights(request: Request, say: Callable[[str], None] | None) -> Artifact:
    if request.arguments:
        raise UsageError("--arg is for package.module:factory; a weights file brings its own example.")
    from pliant.exporter.export import export

    model = weights_model(request.source, request.factor)
    artifact = export(
        model.module,
        model.example,
        dims={**model.dims, **request.dims},
        values={**{n: v for n, v in model.values.items() if n not in request.fixed}, **request.values},
        fixed=parsed(request.fixed),
        image=model.image,
        notes=model.notes,
        progress=say,
    )
    return replace(artifact, contract=replace(artifact.contract, network=model.facts))


def _from_python(request: Request, say: Callable[[str], None] | None) -> Artifact:
    if request.factor is not None:
        raise UsageError("--factor is for weights files; a Python model has the arguments that its forward has.")
    from pliant.exporter.export import export

    module, example = python_model(request.source)
    args, kwargs = (tuple(example), {}) if example is not None and not request.arguments else ((), {})
    if not args:
        args, kwargs = _arguments(module, request.arguments, request.fixed)
    fixed = parsed(request.fixed)
    return export(module, args, kwargs, dims=request.dims, values=request.values, fixed=fixed, progress=say)


def python_model(source: str) -> tuple[Any, Any]:
    """The module that `package.module:factory` or `file.py:factory` makes, and its example arguments or None."""
    from torch import nn

    made = _find(source)()
    module, example = made if isinstance(made, tuple) and len(made) == 2 else (made, None)
    if not isinstance(module, nn.Module):
        raise UsageError(
            f"{source} gave {type(module).__name__}; it must give a torch.nn.Module, or (module, example arguments)."
        )
    return module, example


def parsed(texts: Mapping[str, str]) -> dict[str, Any]:
    """Example arguments from texts; see `parse_argument`."""
    return {name: parse_argument(text) for name, text in texts.items()}


def _find(source: str) -> Callable[[], Any]:
    """The callable that `package.module:name` or `path/to/file.py:name` stands for."""
    place, _, name = source.rpartition(":")
    if not place or not name:
        raise UsageError(f"{source!r} lacks {'a module' if name else 'a name'}; give package.module:factory.")
    try:
        if place.endswith(".py"):
            module = _load_file(Path(place))
        else:
            sys.path.insert(0, str(Path.cwd()))
            try:
                module = import_module(place)
            finally:
                sys.path.remove(str(Path.cwd()))
    except ModuleNotFoundError as error:
        raise UsageError(
            f"There is no Python module {error.name!r}; run this where {place} can be imported."
        ) from error
    except SyntaxError as error:
        raise InputError(f"{place} is not valid Python: {error.msg}, line {error.lineno}.") from error
    found = getattr(module, name, None)
    if not callable(found):
        names = [
            n
            for n, v in vars(module).items()
            if callable(v) and not n.startswith("_") and v.__module__ == module.__name__
        ]
        raise UsageError(f"{place} has no class or function {name!r}; it has: {', '.join(names) or 'none'}.")
    return found


def _load_file(path: Path) -> Any:
    if not path.is_file():
        raise InputError(f"There is no file {path}.")
    spec = util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise InputError(f"{path} cannot be imported as Python.")
    module = util.module_from_spec(spec)
    folder = str(path.parent.absolute())
    sys.path.insert(0, folder)  # so that it can import the files beside it, as `python file.py` can
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(folder)
    return module


def _arguments(
    module: Any, given: Mapping[str, str], fixed: Mapping[str, str]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Example arguments for `forward`: those given as text, and guesses for the others that have no default.

    What is fixed needs no example: its value is one.
    """
    parameters = inspect.signature(module.forward).parameters
    if unknown := sorted(set(given) - set(parameters)):
        raise UsageError(f"forward has no argument {unknown[0]!r}; it has: {', '.join(parameters)}.")
    import torch

    chosen: dict[str, Any] = {}
    for k, (name, parameter) in enumerate(parameters.items()):
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        if name in given:
            chosen[name] = parse_argument(given[name])
        elif name in fixed:
            chosen[name] = parse_argument(fixed[name])
        elif parameter.default is parameter.empty:
            if k == 0:
                chosen[name] = torch.rand(PICTURE)
            elif name in FACTOR_NAMES:
                chosen[name] = 3.0
            else:
                raise UsageError(
                    f"An example for argument {name!r} is missing; give one: --arg {name}=2.5, "
                    f"--arg {name}=1x3x64x48 or --arg {name}=tensor:2.5."
                )
    return (), chosen


def parse_argument(text: str) -> Any:
    """An example argument: "1x3x64x48" is random float32 in [0, 1), "3" and "2.5" are Python numbers,
    "tensor:2.5" is a tensor of rank 0 and "tensor:1,1,3,3" one of rank 1, int64 if all numbers are whole.

    Raises UsageError for anything else.
    """
    import torch

    if re.fullmatch(r"\d+(x\d+)+", text):
        return torch.rand([int(n) for n in text.split("x")])
    try:
        if text.startswith("tensor:"):
            numbers = [float(n) if re.search(r"[.e]", n) else int(n) for n in text.removeprefix("tensor:").split(",")]
            return torch.tensor(numbers[0] if len(numbers) == 1 else numbers)
        return float(text) if re.search(r"[.en]", text) else int(text)
    except ValueError as error:
        raise UsageError(f"{text!r} is no example; give 1x3x64x48, 2.5, 3, tensor:2.5 or tensor:1,1,3,3.") from error
