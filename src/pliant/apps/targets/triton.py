"""NVIDIA's Triton Inference Server: a model repository that its ONNX Runtime backend loads.

Source: Triton's user guide, "Model Repository".
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pliant.apps.targets._folder import laid_out
from pliant.apps.targets._triton import CPU, TYPES, Interface, Tensor, config
from pliant.apps.targets._weights import beside
from pliant.apps.targets.base import Made, Target
from pliant.contract import Contract
from pliant.engines.base import Source
from pliant.errors import InputError, UsageError
from pliant.ort import FATAL, errors, library

CONFIG, FILE, FIRST = "config.pbtxt", "model.onnx", "1"
MOST = 8  # pictures in one batch, where the contract has no bound
KINDS = {"": "KIND_AUTO", "CPU": CPU, "GPU": "KIND_GPU"}


def write(model: Path, folder: Path, device: str | None) -> Made:
    """Write `folder`/NAME/config.pbtxt and `folder`/NAME/1/model.onnx, where NAME is that of the model's file.

    The ONNX file is copied as it is, contract included. Weights that lie beside it are copied too; model.onnx is then
    a folder that holds them and the file, as Triton wants it. Other models in `folder` stay as they are.

    Args:
        device: "CPU", "GPU", or None for a GPU where Triton finds one.
    """
    kind = KINDS.get((device or "").upper())
    if kind is None:
        raise UsageError(
            f"Triton runs on CPU or GPU, not on {device!r}; without a device, on a GPU where there is one."
        )
    source, weights = Source.of(model), beside(model)
    interface = _interface(source, model, weights)
    place = folder / model.stem
    _check(folder, place)
    contents: dict[str, Path | str] = {CONFIG: config(place.name, source.contract, interface, kind)}
    contents[f"{FIRST}/{FILE}/{FILE}" if weights else f"{FIRST}/{FILE}"] = model
    contents.update({f"{FIRST}/{FILE}/{name}": model.parent / name for name in weights})
    return Made(laid_out(place, contents), tuple(_notes(source.contract, interface.batch)))


def _interface(source: Source, model: Path, weights: tuple[str, ...]) -> Interface:
    """Inputs and outputs as Triton's backend will see them. Raises InputError if it cannot take the file."""
    if FILE in weights:
        raise InputError(f"The weights of {model} lie in {FILE}, as Triton wants the model itself called; rename them.")
    ort: Any = library()
    settings = ort.SessionOptions()
    settings.log_severity_level = FATAL
    settings.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL  # nothing is run
    try:
        session = ort.InferenceSession(os.fspath(model), settings, providers=["CPUExecutionProvider"])
    except errors() as error:
        raise InputError(f"Triton runs models on ONNX Runtime, which cannot load {model}: {error}") from error
    inputs, outputs = (tuple(_tensor(v) for v in values) for values in (session.get_inputs(), session.get_outputs()))
    return Interface(inputs, outputs, _batch(source, model, weights, outputs))


def _tensor(value: Any) -> Tensor:
    if value.type not in TYPES:
        raise InputError(f"{value.name!r} of the model is of type {value.type}, which Triton has no name for.")
    return Tensor(value.name, value.type, tuple(d if isinstance(d, int) and d >= 0 else -1 for d in value.shape))


def _batch(source: Source, model: Path, weights: tuple[str, ...], outputs: tuple[Tensor, ...]) -> int:
    """The largest batch that Triton may put together of several requests; 0 where it may not.

    Every input and every output has to have a part for each picture, and it has to be proved that no result mixes
    them: a live value, which all pictures share, rules it out.
    """
    contract = source.contract
    if any(not i.dims or not i.dims[0].live or i.role == "value" for i in contract.inputs):
        return 0
    if any(not o.dims or o.dims[0] != -1 for o in outputs):
        return 0
    from pliant.lowering.bindings.onnxruntime import whole
    from pliant.lowering.samples import one_sample

    _, plan = one_sample(whole(os.fspath(model)) if weights else source.data, contract)
    if plan is None or any(i.name not in plan.inputs for i in contract.inputs) or not all(plan.joined):
        return 0
    bounds = [i.dims[0].maximum for i in contract.inputs]
    return min((bound for bound in bounds if bound is not None), default=MOST)


def _notes(contract: Contract, batch: int) -> Iterator[str]:
    if not any(i.role == "value" or any(d.live for d in i.dims) for i in contract.inputs):
        yield "Nothing of this model is live: a request has to have exactly the shapes of the file."
    if batch:
        yield f"Triton may join requests of one shape, up to {batch} pictures; the results are the same."


def _check(folder: Path, place: Path) -> None:
    """Raise UsageError unless the model can be put into `folder`: a model repository, or empty, or not there yet."""
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file; name a folder for the model repository.")
    if place.exists() and (not place.is_dir() or any(place.iterdir())):
        raise UsageError(f"{place} exists and is not empty; remove it, or name another folder.")
    for other in sorted(folder.iterdir()) if folder.exists() else []:
        if other != place and not (other / CONFIG).is_file():
            raise UsageError(
                f"{folder} is not empty and is no model repository: it holds {other.name}, which has no {CONFIG}. "
                "Name another folder."
            )


TARGET = Target("triton", "a model repository for NVIDIA's Triton Inference Server", write)
