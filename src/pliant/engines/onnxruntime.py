"""ONNX Runtime: on the CPU, and with the execution providers of its other packages.

A device is the name of a provider, with or without "ExecutionProvider". Where a provider cannot be loaded, ONNX Runtime
goes back to the CPU with no more than a warning; here that is an error.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from pliant.arguments import Array
from pliant.contract import Contract
from pliant.engines.base import Backend, Engine, Options, Windowed
from pliant.errors import InputError, MissingExtra, OutOfMemory, PliantError, UsageError
from pliant.ort import FATAL, errors, library

CPU = "CPUExecutionProvider"

# what ONNX Runtime says about an operator it lacks -> the operator
_UNKNOWN = (
    r"Fatal error: (?P<op>\S+?)\(-?\d+\) is not a registered function/op",
    r"Could not find an implementation for (?P<op>\S+?)\(-?\d+\) node",
    r"No Op registered for (?P<op>\S+) with domain_version",
)


class Loaded:
    """A model in ONNX Runtime."""

    def __init__(self, session: Any, after: Callable[[], None], windowed: Callable[[], Windowed] | None) -> None:
        self._session: Any = session
        if windowed is not None:
            self.windowed = windowed
        self._after = after  # raises what kernels of a user's raised

    def run(self, feeds: Mapping[str, Array]) -> Sequence[Array]:
        """See `Backend.run`."""
        try:
            with _errors("ONNX Runtime could not run the model"):
                return self._session.run(None, dict(feeds))
        finally:
            self._after()

    def close(self) -> None:
        """See `Backend.close`."""
        self._session = None


def open_model(model: bytes, contract: Contract, options: Options) -> Backend:
    """See `Engine.open`."""
    from pliant.lowering.whole.later import Later
    from pliant.lowering.whole.session import InParts, Wholes

    with _errors("ONNX Runtime could not load the model"):
        ort: Any = library()
        provider = _provider(ort, options.device)
        settings = _settings(ort, options)
        source = model if options.file is None else str(options.file)
        if options.kernels or options.precision != "f32":
            changed, after = _changed(model, contract, options, settings)
            return Loaded(_session(ort, changed, settings, provider), after, None)
    windowed = partial(_windowed, source, contract, options)
    plain = Later(lambda: Loaded(_session(ort, source, settings, provider), _nothing, windowed))
    content, compile_ = partial(_content, source), partial(_compiled, ort, options)
    # less work at whole factors; not in blocks, whose phases cost here what they spare
    wholes = Wholes(content, contract, compile_, plain, f"onnxruntime {ort.__version__}", in_blocks=False)
    return InParts(plain, wholes, at_once=options.device is not None)


def _session(ort: Any, source: bytes | str, settings: Any, provider: str) -> Any:
    """Raises UsageError where the provider is passed over."""
    with _errors("ONNX Runtime could not load the model"):
        session = ort.InferenceSession(source, settings, providers=list(dict.fromkeys((provider, CPU))))
    if provider not in session.get_providers():
        raise UsageError(
            f"ONNX Runtime could not start {provider} here and would run on the CPU instead; see that its drivers and "
            "libraries are installed, or leave the device out."
        )
    return session


def _content(source: bytes | str) -> bytes:
    """A serialised model, with the weights that lie beside its file."""
    data = source if isinstance(source, bytes) else Path(source).read_bytes()
    if b"location" not in data:  # the key under which a tensor names its file
        return data
    from pliant.lowering.bindings.onnxruntime import whole

    return whole(source)


def _settings(ort: Any, options: Options) -> Any:
    settings = ort.SessionOptions()
    settings.log_severity_level = FATAL
    # sizes change from call to call, and laying out memory for each costs the second run of a size as much as the first
    # (measured: 0.47 against 0.34 s, then 0.30 s either way)
    settings.enable_mem_pattern = False
    # threads that have nothing to do wait busily for tens of ms, which the rest of pliant has a use for
    settings.add_session_config_entry("session.force_spinning_stop", "1")
    if options.threads is not None:
        settings.intra_op_num_threads = options.threads
    return settings


def _windowed(source: bytes | str, contract: Contract, options: Options) -> Windowed:
    """See `Session.windowed`."""
    from pliant.lowering.bindings.onnxruntime import DIALECT, whole
    from pliant.lowering.runtime import serialized
    from pliant.lowering.windows import Windowed as Parts

    ort: Any = library()
    return Parts(whole(source), contract, DIALECT, lambda body: _compiled(ort, options, serialized(body)))


def _compiled(ort: Any, options: Options, model: bytes) -> Callable[[Mapping[str, Array]], Mapping[str, Array]]:
    """A part of a model, from its inputs by name to its outputs by name."""
    session = _session(ort, model, _settings(ort, options), _provider(ort, options.device))
    takes, gives = ([str(v.name) for v in values] for values in (session.get_inputs(), session.get_outputs()))

    def run(feeds: Mapping[str, Array]) -> Mapping[str, Array]:
        with _errors("ONNX Runtime could not run the model"):
            return dict(zip(gives, session.run(None, {name: feeds[name] for name in takes}), strict=True))

    return run


def _nothing() -> None:
    """After a run without kernels."""


def _changed(model: bytes, contract: Contract, options: Options, settings: Any) -> tuple[bytes, Callable[[], None]]:
    """The model with kernels of a user's, or in another precision; and what is called after each run."""
    from pliant.lowering.bindings.onnxruntime import prepared
    from pliant.lowering.kernels import raised

    half = contract if options.precision == "f16" else None
    changed, bound = prepared(model, options.kernels, settings, half)
    return changed, lambda: raised(bound)


def devices() -> list[str]:
    """Execution providers that this installation of ONNX Runtime has."""
    return library().get_available_providers()


def _provider(ort: Any, device: str | None) -> str:
    """The full name of a provider. Raises UsageError if this installation has none of that name."""
    found = {name.lower(): name for name in ort.get_available_providers()}
    wanted = (device or CPU).lower()
    for name in (wanted, f"{wanted}executionprovider"):
        if name in found:
            return found[name]
    short = ", ".join(name.removesuffix("ExecutionProvider") for name in found.values())
    raise UsageError(
        f"ONNX Runtime has no execution provider {device!r} here; it has {short}. Others come with other packages: "
        "onnxruntime-gpu (CUDA, TensorRT), onnxruntime-directml (Dml), onnxruntime-openvino."
    )


@contextmanager
def _errors(what: str) -> Generator[None, None, None]:
    """The one place where errors of ONNX Runtime become ours."""
    try:
        yield
    except ImportError as error:
        if error.name in ("onnx", "onnx_ir"):  # what lowering needs: another precision, kernels of a user's
            raise MissingExtra("This use of ONNX Runtime", error.name, "lowering") from error
        raise UsageError(f"ONNX Runtime cannot be loaded here ({error}): pip install --upgrade onnxruntime.") from error
    except MemoryError as error:
        raise OutOfMemory(f"{what}: out of memory. Use a smaller picture or factor.") from error
    except errors() as error:
        raise _translated(what, str(error)) from error


def _translated(what: str, text: str) -> PliantError:
    for pattern in _UNKNOWN:
        if match := re.search(pattern, text):
            return InputError(
                f"The model uses the operator {match['op']}, which ONNX Runtime does not have; "
                "export it with standard ONNX operators."
            )
    if "ailed to allocate memory" in text or "bad_alloc" in text:
        return OutOfMemory(f"{what}: out of memory. Use a smaller picture or factor.")
    node = re.search(r"running (?P<op>\S+) node. Name:'(?P<name>.*?)'", text)
    where = f" ({node['op']} node {node['name']!r})" if node else ""
    reason = re.split(r"\[ONNXRuntimeError\] : \d+ : \w+ : |Status Message: ", text)[-1]
    reason = re.sub(r"^\S+\.(cc|h):\d+ \S+ ", "", reason)  # where in its own source
    return InputError(f"{what}{where}: {' '.join(reason.split()).rstrip('.')}.")


ENGINE = Engine(
    "onnxruntime",
    "onnxruntime",
    "onnxruntime",
    open_model,
    devices=devices,
    precisions=("f32", "f16"),
    shares=True,
)
