"""Parsing a network with TensorRT and building its engine, for which no GPU is needed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import onnx_ir as ir

from pliant.errors import LoweringError, UsageError
from pliant.lowering.runtime import serialized
from pliant.lowering.tensorrt import api
from pliant.lowering.tensorrt.plan import Range

CAPABILITIES = ("SM75", "SM80", "SM86", "SM89", "SM120")
CURRENT = ("CURRENT",)


@dataclass(frozen=True)
class Built:
    """An engine, and the inputs whose content is sizes: they stay in the memory of the host.

    `capabilities` are those that it runs on, `without` says by name why it does not run on others that were wished for.
    """

    engine: bytes
    sizes: frozenset[str]
    capabilities: tuple[str, ...]
    without: Mapping[str, str]


def build_engine(body: ir.Model, ranges: Mapping[str, Range], capabilities: Sequence[str] = ()) -> Built:
    """The engine of a network for GPUs of the given compute capabilities, as TensorRT names them.

    Without `capabilities`, it is for those of CAPABILITIES that TensorRT can build it for. Raises LoweringError with
    TensorRT's first sentence and the node where it refuses the network, UsageError where it cannot build here.
    """
    wished = tuple(capabilities) or CAPABILITIES
    without: dict[str, str] = {}
    while (built := _tried(serialized(body), ranges, wished, without if not capabilities else None)) is None:
        wished = tuple(name for name in wished if name not in without)
    return built


def _tried(
    model: bytes, ranges: Mapping[str, Range], wished: tuple[str, ...], without: dict[str, str] | None
) -> Built | None:
    """The engine; None if TensorRT named one of the capabilities for which it is impossible, which is then told."""
    try:
        engine, sizes = _engine(model, ranges, wished)
    except RefusedError as error:
        lacking = re.search(r"\b(SM\d+)\b", error.reason)
        if without is None or lacking is None or lacking[1] not in wished or len(wished) == 1:
            raise
        without[lacking[1]] = error.reason
        return None
    return Built(engine, frozenset(sizes), wished, dict(without or {}))


class RefusedError(LoweringError):
    """TensorRT has refused to build a network; `reason` is its own first sentence."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"TensorRT cannot build this model: {reason}. Use the engine 'onnxruntime', or declare other dims and "
            "values when the model is exported."
        )
        self.reason = reason


def _engine(model: bytes, ranges: Mapping[str, Range], capabilities: Sequence[str]) -> tuple[bytes, list[str]]:
    trt = api.tensorrt()
    with api.listening() as errors:
        builder = _builder(trt, errors)
        network = builder.create_network(_flags(trt))
        parser = parse(trt, network, model, errors)
        config = builder.create_builder_config()
        config.clear_flag(trt.BuilderFlag.TF32)  # it rounds what convolutions multiply to ten bits
        _aim(trt, config, capabilities)
        sizes = _profile(builder, config, network, ranges)
        engine = builder.build_serialized_network(network, config)
        del parser
        if engine is None:
            raise RefusedError(api.first_sentence(errors, "it gives no reason"))
        return bytes(engine), sizes


def parse(trt: Any, network: Any, model: bytes, errors: list[str]) -> Any:
    """Read an ONNX model into a network; the parser, which the network needs. Raises LoweringError."""
    parser = trt.OnnxParser(network, api.logger())
    if parser.parse(model):
        return parser
    where = ""
    if parser.num_errors:
        error = parser.get_error(0)
        where = f" at {error.node_operator()} {error.node_name()!r}" if error.node_operator() else ""
        errors = [line for line in error.desc().splitlines() if not line.startswith("Invalid Node - ")] or errors
    raise LoweringError(
        f"TensorRT cannot read this model{where}: {api.first_sentence(errors, 'it gives no reason')}. Use the engine "
        "'onnxruntime'."
    )


def _builder(trt: Any, errors: list[str]) -> Any:
    try:
        return trt.Builder(api.logger())
    except TypeError as error:  # TensorRT itself, without a driver
        reason = api.first_sentence(errors, str(error))
        raise UsageError(
            f"TensorRT cannot build here: {reason}. Build on a machine with a GPU, or install TensorRT for RTX, which "
            "needs none: pip install tensorrt-rtx-cu12."
        ) from error


def _flags(trt: Any) -> int:
    """Types as the ONNX file has them: TensorRT 10 has to be told, later ones and that for RTX know no other way."""
    flag = getattr(trt.NetworkDefinitionCreationFlag, "STRONGLY_TYPED", None)
    return 0 if flag is None else 1 << int(flag)


def _aim(trt: Any, config: Any, capabilities: Sequence[str]) -> None:
    if not hasattr(config, "set_compute_capability"):
        if tuple(capabilities) != CURRENT:
            raise UsageError(
                f"TensorRT {trt.__version__} builds for the GPU it runs on alone. Install TensorRT for RTX to build "
                f"for {', '.join(capabilities)}: pip install tensorrt-rtx-cu12."
            )
        return
    known = trt.ComputeCapability.__members__
    if unknown := [name for name in capabilities if name not in known]:
        raise UsageError(f"TensorRT has no compute capability {unknown[0]!r}; it has {', '.join(known)}.")
    config.num_compute_capabilities = len(capabilities)
    for k, name in enumerate(capabilities):
        config.set_compute_capability(known[name], k)


def _profile(builder: Any, config: Any, network: Any, ranges: Mapping[str, Range]) -> list[str]:
    """Tell TensorRT the ranges of all inputs; the names of those that hold sizes."""
    profile, sizes = builder.create_optimization_profile(), list[str]()
    for tensor in (network.get_input(k) for k in range(network.num_inputs)):
        given = ranges[tensor.name]
        if tensor.is_shape_tensor:
            if given.values is None:
                raise LoweringError(
                    f"TensorRT takes {tensor.name!r} for sizes, but it is a tensor of {given.dtype} whose shape is "
                    f"{list(given.shapes[1])}. Use the engine 'onnxruntime'."
                )
            profile.set_shape_input(tensor.name, *given.values)
            sizes.append(tensor.name)
        elif -1 in tuple(tensor.shape):
            profile.set_shape(tensor.name, *given.shapes)
    config.add_optimization_profile(profile)
    return sizes
