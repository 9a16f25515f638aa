"""TensorRT: engines for NVIDIA GPUs, built ahead of time without one, and run where there is one.

docs/tensorrt.md says what is exact, what is declared, and what was never executed here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.util import find_spec

from pliant.contract import Contract
from pliant.engines.base import Backend, Engine, Options


def open_model(model: bytes, contract: Contract, options: Options) -> Backend:
    """See `Engine.open`. Engines are built for the GPU that is here, when a size or value first needs them."""
    from pliant.lowering.tensorrt.cuda import Device, number_of
    from pliant.lowering.tensorrt.dialect import dialect
    from pliant.lowering.tensorrt.run import Runner
    from pliant.lowering.tensorrt.session import Loaded

    device = Device(number_of(options.device))

    def start(engine: bytes, capture: bool, compiled: bytes | None) -> Runner:
        return Runner(engine, device, capture, compiled)

    return Loaded(model, contract, dialect(), start, options.cache, options.precision)


def build(
    model: bytes,
    contract: Contract,
    options: Options | None = None,
    *,
    capabilities: Sequence[str] = (),
    native_resize: bool = True,
) -> Mapping[str, bytes]:
    """See `Engine.build`; no GPU is needed with TensorRT for RTX.

    Args:
        options: `device` can name the compute capabilities of the GPUs to build for, "SM86,SM89" for example.
        capabilities: the same as a list; the common ones if there are none, without those that the network cannot be
            built for.
        native_resize: whether a resize by a fraction p / q is TensorRT's own, which rounds positions to float32, or
            gathered pixels, with PyTorch's own weights.

    Raises:
        LoweringError: TensorRT cannot run the model with the same result.
        UsageError: it cannot build here.
    """
    from pliant.lowering.tensorrt.dialect import dialect
    from pliant.lowering.tensorrt.files import build_files

    if options is not None and options.device is not None:
        capabilities = [name.strip().upper() for name in options.device.split(",")]
    precision = options.precision if options is not None else "f32"
    return build_files(model, contract, dialect(native_resize), capabilities, precision)


def refusal(model: bytes) -> str | None:
    """Why an ONNX file cannot be given to TensorRT as it is; see `pliant.lowering.tensorrt.dialect.refusal`."""
    from pliant.lowering.tensorrt.dialect import refusal as found

    return found(model)


def obstacle() -> str | None:
    """Why engines that are built here cannot run here, as a sentence; None if they can."""
    from pliant.lowering.tensorrt.cuda import obstacle as found

    reason = found()
    if reason is None:
        return None
    return f"Engine 'tensorrt' builds here but cannot run: {reason}. Run what it builds on a machine with a GPU."


def devices() -> list[str]:
    """The GPUs that the driver finds, as "0: NVIDIA ..."."""
    from pliant.lowering.tensorrt.cuda import names, obstacle

    return [] if obstacle() else [f"{k}: {name}" for k, name in enumerate(names())]


def _package() -> tuple[str, str]:
    """The module and what pip calls it: TensorRT for RTX, unless TensorRT itself is all there is."""
    alone = find_spec("tensorrt_rtx") is None and find_spec("tensorrt") is not None
    return ("tensorrt", "tensorrt") if alone else ("tensorrt_rtx", "tensorrt-rtx-cu12")


ENGINE = Engine(
    "tensorrt",
    *_package(),
    open_model,
    extra="tensorrt",
    build=build,
    devices=devices,
    precisions=("f32", "f16"),
    runs=obstacle,
    needs=("onnx", "onnx_ir"),
)
