"""OpenVINO: on the CPU, and on a GPU or NPU by the name of the device.

The network computes in float32 unless another precision is asked for: left to itself OpenVINO takes bfloat16 on some
CPUs, with errors of 1e-3.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from pliant.arguments import Array
from pliant.contract import Contract
from pliant.engines.base import Backend, Engine, Options
from pliant.errors import InputError, LoweringError, OutOfMemory, UsageError
from pliant.kernels import Kernel

if TYPE_CHECKING:
    from onnx_ir import Model, Node

    from pliant.lowering.dialect import Dialect
    from pliant.lowering.runtime import Network

_KINDS = ("L1", "L2", "LogSum", "LogSumExp", "Max", "Mean", "Min", "Prod", "Sum", "SumSquare")
REDUCTIONS = tuple(f"Reduce{kind}" for kind in _KINDS)  # their axes must be known when a network is compiled
PRECISION = "INFERENCE_PRECISION_HINT"
HINTS = {"f32": "f32", "f16": "f16", "bf16": "bf16"}
COPIED = 1 << 18  # bytes of a result: to copy fewer takes less time than to give the engine memory for the next one
NOISE = re.compile(
    r"Exception from |Check '|FrontEnd API failed|Model wasn't fully|Summary:|To facilitate|-- Conversion is failed"
)
TOLERANCES = {"f32": 2e-5, "f16": 2e-2, "bf16": 1e-1}  # of the range, between two ways to compute the same
SECOND_NAMES = {"q": "int64", "Q": "uint64"}  # of NumPy, by the character of a type, where "l" is as long
CAPABILITIES = {"f16": "FP16", "bf16": "BF16"}  # what a device says it can


def dialect() -> Dialect:
    """All of ONNX, but what is checked here; If and Loop where picture data decides."""
    from pliant.lowering.dialect import Dialect
    from pliant.lowering.rules.nms_threshold import drops_equal

    types = frozenset({"float32", "float16", "int64", "int32", "int8", "uint8", "bool"})
    checks = {
        "Pad": _pad,
        "NonMaxSuppression": drops_equal,
        "Resize": _resize,
        "DFT": _dft,
        "If": _if,
        "Mul": _mul,
        "Conv": _conv,
    }
    constants = dict.fromkeys(REDUCTIONS, (1,))
    return Dialect("openvino", checks, True, types, constants, flow=frozenset({"If", "Loop"}))


def _resize(node: Node) -> str | None:
    wanted = node.attributes.get_int("antialias", 0)
    return "filters with other weights than ONNX's antialias" if wanted else None


def _if(node: Node) -> str | None:
    """One that can be done without is: what comes behind it may read memory in use for something else (2026.4.1)."""
    from pliant.lowering.rules.if_select import obstacle

    return "decides between results of one shape" if obstacle(node) is None else None


def _mul(node: Node) -> str | None:
    from pliant.lowering.rules.product_scaled import obstacle

    return "scales a product of computed matrices by column" if obstacle(node) is None else None


def _conv(node: Node) -> str | None:
    from pliant.lowering.rules.conv_narrow import obstacle

    return "leaves lanes of the processor empty" if obstacle(node) is None else None


def _dft(node: Node) -> str | None:
    return "gives half a transform one axis too many" if node.attributes.get_int("onesided", 0) else None


def _pad(node: Node) -> str | None:
    mode = node.attributes.get_string("mode", "constant")
    return None if mode in ("constant", "edge", "reflect") else f"pads in mode {mode!r}, which OpenVINO does not have"


def open_model(model: bytes, contract: Contract, options: Options) -> Backend:
    """See `Engine.open`."""
    from pliant.lowering.whole.later import Later
    from pliant.lowering.whole.session import InParts, Wholes

    core, device = _core(), options.device or "CPU"
    settings = _settings(core, device, options)

    def lowered() -> Backend:
        from pliant.lowering.kernels import claiming
        from pliant.lowering.session import Lowered

        accepted = claiming(dialect(), options.kernels)
        return Lowered(model, contract, accepted, lambda body: _compiled(core, body, device, settings, options.kernels))

    if options.kernels:
        return lowered()
    plain = Later(lowered)
    wholes = Wholes(
        lambda: model,
        contract,
        lambda part: _opened(core, part, device, settings),
        plain,
        f"openvino {import_module('openvino').__version__} {options.precision}",
        TOLERANCES[options.precision],
    )
    return InParts(plain, wholes, at_once=options.device is not None)


def build(model: bytes, contract: Contract, options: Options) -> Mapping[str, bytes]:
    """See `Engine.build`: OpenVINO's own format, .xml and .bin, for all devices."""
    from pliant.lowering.shipped import shipped

    del options
    core = _core()
    settings = {PRECISION: HINTS["f32"]}  # left to itself OpenVINO takes bfloat16 where the processor has it
    return shipped(model, contract, dialect(), lambda body: _written(core, body), settings)


def devices() -> list[str]:
    """Names of the devices that OpenVINO finds here."""
    core = _core()
    return [f"{name} ({core.get_property(name, 'FULL_DEVICE_NAME')})" for name in core.available_devices]


def _core() -> Any:
    try:
        ov: Any = import_module("openvino")
        return ov.Core()
    except (ImportError, RuntimeError) as error:
        raise UsageError(f"OpenVINO cannot be loaded here ({error}): pip install --upgrade openvino.") from error


def _settings(core: Any, device: str, options: Options) -> dict[str, Any]:
    _check_device(core, device, options.precision)
    settings: dict[str, Any] = {PRECISION: HINTS[options.precision], "PERFORMANCE_HINT": "LATENCY"}
    if options.threads is not None:
        settings["INFERENCE_NUM_THREADS"] = options.threads * options.streams  # of all together
    if options.streams > 1:
        settings["NUM_STREAMS"] = options.streams
    if options.cache is not None:
        settings["CACHE_DIR"] = str(options.cache)
    return settings


def _check_device(core: Any, device: str, precision: str) -> None:
    found = list(core.available_devices)
    if device.split(".")[0] not in {name.split(".")[0] for name in found}:
        raise UsageError(f"OpenVINO finds no device {device!r} here; it finds {', '.join(found) or 'none'}.")
    can = core.get_property(device, "OPTIMIZATION_CAPABILITIES")
    needed = CAPABILITIES.get(precision)
    if needed is not None and needed not in can:
        raise UsageError(
            f"Device {device!r} does not compute in {precision}: it would use f32 without saying so. It can "
            f"{', '.join(can)}; use precision 'f32', or another device."
        )


def _compiled(
    core: Any, body: Model, device: str, settings: dict[str, Any], kernels: tuple[Kernel, ...] = ()
) -> Network:
    from pliant.lowering.bindings.openvino import extended
    from pliant.lowering.kernels import raised

    bound = extended(core, body, kernels)
    inputs, outputs = ([str(v.name) for v in values] for values in (body.graph.inputs, body.graph.outputs))
    return _network(core, _read(core, body), device, settings, (inputs, outputs), lambda: raised(bound))


def _opened(core: Any, part: bytes, device: str, settings: dict[str, Any]) -> Network:
    """A part of a model, from its inputs by name to its outputs by name."""
    with _errors("OpenVINO cannot read the model", LoweringError):
        read = core.read_model(part)
    names = [v.any_name for v in read.inputs], [v.any_name for v in read.outputs]
    return _network(core, read, device, settings, names, lambda: None)


def _network(
    core: Any,
    read: Any,
    device: str,
    settings: dict[str, Any],
    names: tuple[list[str], list[str]],
    after: Callable[[], None],
) -> Network:
    """A network that is read, compiled; `names` are those of its inputs and outputs, `after` is called after a run."""
    inputs, outputs = names
    with _errors("OpenVINO could not compile the model", InputError):
        compiled = core.compile_model(read, device, settings)

    empty = _empty(compiled)
    idle: deque[Any] = deque()  # requests that nobody uses now: making one costs more than a small run

    def run(feeds: Mapping[str, Array]) -> dict[str, Array]:
        with _errors("OpenVINO could not run the model", InputError):
            # a request of its own for each call: calls from several threads do not meet
            try:
                request = idle.pop()
            except IndexError:
                request = compiled.create_infer_request()
                _give_memory(request, empty)
            try:
                given = [_plain(feeds[name]) for name in inputs]
                results = request.infer(given, share_inputs=True, share_outputs=True)
                found = [results[k] for k in range(len(outputs))]
                foreign = {k for k in empty if _within(found[k], given)}
                used = {k: empty[k] for k in empty if k in foreign or found[k].nbytes > COPIED}
                _give_memory(request, used)
                own = used.keys() - foreign
                return {name: found[k] if k in own else found[k].copy() for k, name in enumerate(outputs)}
            finally:
                idle.append(request)
                after()

    return run


def _empty(compiled: Any) -> dict[int, tuple[Any, list[int]]]:
    """Type and a shape without elements of each output whose size is found out when it is computed."""
    found = {}
    for k, output in enumerate(compiled.outputs):
        shape = output.partial_shape
        if shape.rank.is_static and shape.is_dynamic:
            found[k] = output.element_type, [0 if size.is_dynamic else size.get_length() for size in shape]
    return found


def _give_memory(request: Any, empty: Mapping[int, tuple[Any, list[int]]]) -> None:
    """Tensors that become as large as the next results: those of the last belong to the caller, or always did."""
    for k, (kind, shape) in empty.items():
        request.set_output_tensor(k, import_module("openvino").Tensor(kind, shape))


def _within(result: Array, given: list[Array]) -> bool:
    # sizes and offsets are among what is given: too small, and asking for the memory of each takes a microsecond
    return any(array.nbytes >= result.nbytes and np.may_share_memory(result, array) for array in given)


def _plain(array: Array) -> Array:
    """`array` as OpenVINO takes it without a copy: in C order, and int64 under its usual name (NumPy has two)."""
    ordered = array if array.flags.c_contiguous else array.copy()
    usual = SECOND_NAMES.get(ordered.dtype.char)  # there are 19 arrays for a small network: no call that can be spared
    return ordered if usual is None else ordered.view(usual)


def _read(core: Any, body: Model) -> Any:
    from pliant.lowering.runtime import serialized

    with _errors("OpenVINO cannot read the model", LoweringError):
        return core.read_model(serialized(body))


def _written(core: Any, body: Model) -> dict[str, bytes]:
    from pathlib import Path
    from tempfile import TemporaryDirectory

    ov: Any = import_module("openvino")
    with TemporaryDirectory() as folder:
        path = Path(folder) / "model.xml"
        with _errors("OpenVINO could not write the model", InputError):
            ov.save_model(_read(core, body), str(path), compress_to_fp16=False)
        return {suffix: path.with_suffix(suffix).read_bytes() for suffix in (".xml", ".bin")}


@contextmanager
def _errors(what: str, kind: type[InputError]) -> Generator[None]:
    """The one place where errors of OpenVINO become ours."""
    try:
        yield
    except MemoryError as error:
        raise OutOfMemory(f"{what}: out of memory. Use a smaller picture or factor.") from error
    except (RuntimeError, TypeError, ValueError) as error:
        raise kind(f"{what}: {_reason(str(error))}. The engine 'onnxruntime' may run it.") from error


def _reason(text: str) -> str:
    """The lines of OpenVINO's message that say what is wrong, as one."""
    lines = [line.strip() for line in text.splitlines()]
    noise = (
        r"Exception from |Check '|FrontEnd API failed|Model wasn't fully|Summary:|To facilitate|-- Conversion is failed"
    )
    told = [re.sub(r"^Check '.*?' failed at \S+:\s*", "", line) for line in lines if line and not re.match(noise, line)]
    return " ".join(told).strip(" .") or " ".join(text.split())[:300]


ENGINE = Engine(
    "openvino",
    "openvino",
    "openvino",
    open_model,
    extra="openvino",
    build=build,
    devices=devices,
    precisions=("f32", "f16", "bf16"),
    needs=("onnx", "onnx_ir"),
    shares=True,
)
