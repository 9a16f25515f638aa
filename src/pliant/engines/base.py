"""What an engine is, and the session that hides which one it is."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from importlib import import_module, metadata
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Any, Protocol

from pliant.arguments import Array, bind
from pliant.artifact import Artifact, read_model
from pliant.contract import Contract
from pliant.cores import allowed
from pliant.errors import InputError, UsageError
from pliant.inferred import infer
from pliant.kernels import Kernel, gathered
from pliant.onnxfile import read
from pliant.registry import load as load_member
from pliant.registry import names
from pliant.stamps import warn_unverified
from pliant.window import Placed, Window

FAMILY = "pliant.engines"
PREFERENCE = ("onnxruntime", "openvino", "ncnn")  # of engine="auto" where nothing was measured, or engines are equal
TWICE = 256 << 20  # bytes of a model that may be opened once more to be run side by side
MEANT = "PLIANT_ENGINE"  # an environment variable: the engine that "auto" means


@dataclass(frozen=True)
class Options:
    """How to run.

    `threads` is None for the engine's own choice, `device` for its default ("CPU" where it has several). `precision` is
    what the engine computes in: "f32", "f16" or "bf16". `file` is the file that the model was read from, if it was:
    weights may lie beside it. `cache` is a folder for what an engine compiles, None for nowhere. `kernels` are those of
    the engine's that compute operators of a user's in place of their bodies. `streams` calls compute at the same time,
    each on `threads`.
    """

    threads: int | None = None
    device: str | None = None
    precision: str = "f32"
    file: Path | None = None
    cache: Path | None = None
    kernels: tuple[Kernel, ...] = ()
    streams: int = 1


class Backend(Protocol):
    """A model that one engine has loaded."""

    def run(self, feeds: Mapping[str, Array]) -> Sequence[Array]:
        """The outputs in the order of the graph, as arrays that the caller owns.

        `feeds` fit the contract. Raises PliantError for whatever the engine reports.
        """
        ...

    def close(self) -> None:
        """Free the model; `run` is not called again."""
        ...


class Windowed(Protocol):
    """A model that runs on crops as on parts of a whole picture; see `pliant.lowering.windows`."""

    def place(self, feeds: Mapping[str, Array], window: Window) -> Placed:
        """Where the result of a crop goes; `feeds` are the crop and the live values."""
        ...

    def run(self, feeds: Mapping[str, Array], window: Window) -> Array:
        """The result of the crop, as an array that the caller owns."""
        ...


def no_devices() -> list[str]:
    """Of an engine that does not tell which devices it finds."""
    return []


def nothing_missing() -> str | None:
    """Of an engine that runs wherever its package is installed."""
    return None


@dataclass(frozen=True)
class Engine:
    """A way to run ONNX files.

    `package` is the module it needs and `install` what pip calls it; `extra` is the group of optional dependencies of
    pliant that brings all it needs. `open` takes a serialised ONNX model, its contract and options; it raises
    InputError for a model that the engine cannot run, LoweringError among them. `build` takes the same and gives the
    files to ship, by suffix; None for an engine that needs no files but the ONNX file itself. `devices` names the
    devices found here, `precisions` those that it can compute in. `runs` is None if networks run here, else a sentence:
    an engine can be here to build only. `needs` are further modules without which it does nothing. `shares` says that
    calls at the same time share the processor's cores as `Options.streams` says.
    """

    name: str
    package: str
    install: str
    open: Callable[[bytes, Contract, Options], Backend]
    extra: str = ""
    build: Callable[[bytes, Contract, Options], Mapping[str, bytes]] | None = None
    devices: Callable[[], list[str]] = no_devices
    precisions: tuple[str, ...] = ("f32",)
    runs: Callable[[], str | None] = nothing_missing
    needs: tuple[str, ...] = ()
    shares: bool = False

    @property
    def version(self) -> str | None:
        """Of the package that is installed, or None."""
        try:
            return metadata.version(self.install)
        except metadata.PackageNotFoundError:
            return None

    def available(self) -> str | None:
        """None if the engine is installed here, else a sentence that says what is missing and how to add it."""
        missing = [name for name in (self.package, *self.needs) if find_spec(name) is None]
        if not missing:
            return None
        what = f"pip install 'pliant[{self.extra}]'" if self.extra else f"pip install {self.install}"
        packages = " and ".join(repr(name) for name in missing)
        return f"Engine {self.name!r} needs the package{'s' if len(missing) > 1 else ''} {packages}: {what}."

    def whole(self, data: bytes, path: str | os.PathLike[str]) -> bytes:
        """The content of the ONNX file at `path` with the weights that lie beside it, for an engine that lowers it.

        Raises InputError if such a file is missing.
        """
        if "onnx" not in self.needs or b"location" not in data:  # the key under which a tensor names its file
            return data
        onnx: Any = import_module("onnx")
        try:
            return onnx.load(os.fspath(path)).SerializeToString()
        except (OSError, ValueError, onnx.checker.ValidationError) as error:
            raise InputError(f"The weights beside {path} cannot be read: {error}.") from error


class Session:
    """A loaded model: call it with arrays and numbers. A context manager; safe to call from several threads.

    `fingerprint` is a text that is another for every model and precision; empty if it is not known. `precision` is what
    the engine computes in. `notes` are sentences about what was chosen and what it costs.
    """

    def __init__(
        self,
        backend: Backend,
        contract: Contract,
        engine: str,
        fingerprint: str = "",
        precision: str = "f32",
        open_: Callable[[int], Backend | None] | None = None,
    ) -> None:
        """`open_` opens the model again for so many calls at the same time, None where that is no use."""
        self.contract = contract
        self.engine = engine
        self.fingerprint = fingerprint
        self.precision = precision
        self.notes: tuple[str, ...] = ()
        self._backend: Backend | None = backend
        self._open, self._others, self._lock = open_, dict[int, "Session"](), Lock()

    def __call__(self, *args: object, **kwargs: object) -> Any:
        """Run the model once.

        Arguments are NumPy arrays, or numbers for live values: by position in the order of the contract's
        inputs, or by name.

        Returns:
            The output as an array that the caller owns, or a tuple of them if there are several.

        Raises:
            ContractError: an argument does not fit the contract.
            InputError: the engine could not compute the result.
            UsageError: the session is closed.
        """
        outputs = self._loaded().run(bind(self.contract, args, kwargs))
        return outputs[0] if len(outputs) == 1 else tuple(outputs)

    def windowed(self) -> Windowed | None:
        """The same model for crops of a picture; None if this engine cannot run it so.

        Raises LoweringError if the model computes something of the whole picture that cannot be cut in parts.
        """
        make: Callable[[], Windowed] | None = getattr(self._backend, "windowed", None)
        return make() if make is not None else None

    def several(self, calls: int) -> Session:
        """The same model for so many calls at the same time: each has its share of the cores, and does not wait for
        threads of its own, so that more pictures are done in a second while each takes longer.

        Opened when it is first asked for, in memory of its own, and closed with this session. It is this session where
        there is nothing to share: for one call, for more calls than cores, on a device other than the processor, and
        for a model of more than 256 MiB, whose weights should not be in memory twice. Raises as `load`, and UsageError
        if this session is closed.
        """
        with self._lock:
            self._loaded()  # what was opened now, nobody would close
            if calls not in self._others:
                backend = self._open(calls) if self._open is not None and calls > 1 else None
                made = None if backend is None else (backend, self.contract, self.engine, self.fingerprint)
                self._others[calls] = self if made is None else Session(*made, self.precision)
            return self._others[calls]

    def ready(self) -> None:
        """Open what is opened when it is first needed, so that no later call waits for it.

        Of the default model that is the network as it is, beside its short forms for factors of 2, 3 and 4. Raises as
        `load`, and UsageError if this session is closed.
        """
        open_: Callable[[], None] | None = getattr(self._loaded(), "ready", None)
        if open_ is not None:
            open_()

    def _loaded(self) -> Backend:
        if self._backend is None:
            raise UsageError("The session is closed; load the model again.")
        return self._backend

    def close(self) -> None:
        """Free the model. Closing twice is fine."""
        for other in self._others.values():
            if other is not self:
                other.close()
        if self._backend is not None:
            self._backend.close()
            self._backend = None

    def __enter__(self) -> Session:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def engines() -> list[Engine]:
    """All engines there are, whether or not they can be used here: pliant's own, then those of other packages.

    Another package adds an engine by an entry point of the group "pliant.engines" that names its `Engine`.
    """
    return [find(name) for name in engine_names()]


def engine_names() -> list[str]:
    """Their names, in the same order."""
    return list(dict.fromkeys((*names(FAMILY), *(point.name for point in _others()))))


def _others() -> Sequence[metadata.EntryPoint]:
    return sorted(metadata.entry_points(group=FAMILY), key=lambda point: point.name)


@dataclass(frozen=True)
class Source:
    """A model to be run: the content of its file, its contract, and a text that is another for every model.

    `file` is where it was read from, `artifact` what it carries or was given as; either may be None. `name` is for
    messages.
    """

    data: bytes
    contract: Contract
    fingerprint: str
    file: Path | None
    artifact: Artifact | None
    name: str = "the model"

    @classmethod
    def of(cls, model: str | os.PathLike[str] | Artifact | Source) -> Source:
        """Read a model; a file without a contract gets an inferred one. Raises InputError if it is no ONNX model."""
        if isinstance(model, Source):
            return model
        if isinstance(model, Artifact):
            return cls(model.model, model.contract, model.fingerprint, None, model)
        data = read_model(model)
        artifact = Artifact.from_bytes(data, str(model))
        contract = artifact.contract if artifact else infer(read(data, str(model)))
        known = artifact.fingerprint if artifact else sha256(data).hexdigest()
        return cls(data, contract, f"{known}{_beside(Path(model), data)}", Path(model), artifact, str(model))


def load(
    model: str | os.PathLike[str] | Artifact | Source,
    engine: str = "auto",
    *,
    threads: int | None = None,
    device: str | None = None,
    precision: str = "f32",
    kernels: Iterable[object] = (),
    cache: str | os.PathLike[str] | None = None,
) -> Session:
    """Load an ONNX file, or an artifact, on one engine. Nothing is measured: `pliant.load` chooses by measurement.

    Args:
        engine: its name, or "auto" for the preferred one of those installed.
        threads: how many to compute with; the engine's own choice if None.
        device: as the engine calls it, "GPU" for example; the engine's default if None.
        precision: what it computes in: "f32", "f16" or "bf16".
        kernels: operators that carry kernels, `pliant.Kernel` objects, or modules with either. Those for this engine
            compute their operators; an operator without one is computed by its ONNX body.
        cache: a folder for what the engine compiles (OpenVINO), so that the next start is faster; nowhere if None.

    Raises:
        InputError: the file is missing, is no ONNX model, or the engine cannot run it.
        UsageError: the engine does not exist or is not installed.

    Warns:
        UnverifiedWarning: the file holds no record that it was verified on this engine; see `pliant.stamps`.
    """
    chosen = usable(engine)
    _check_precision(chosen, precision)
    place = Path(cache) if cache is not None else None
    options = Options(threads, device, precision, cache=place, kernels=gathered(kernels, chosen.name))
    source = Source.of(model)
    given = source.artifact if source.file is None else None  # whose stamps are not in its bytes
    warn_unverified(given or source.data, chosen.name, chosen.version, precision, source.name)
    return opened(source, chosen, options)


def opened(source: Source, engine: Engine, options: Options) -> Session:
    """A model on an engine that can be used here, whether or not it was verified there. Raises as `load`."""
    _check_precision(engine, options.precision)
    data = source.data
    if source.file is not None:
        data, options = engine.whole(data, source.file), replace(options, file=source.file)

    def open_(calls: int) -> Backend | None:
        threads = (options.threads or allowed()) // calls
        on_cores = engine.shares and options.device in (None, "CPU")
        if not on_cores or threads < 1 or len(data) > TWICE:
            return None
        return engine.open(data, source.contract, replace(options, threads=threads, streams=calls))

    backend = engine.open(data, source.contract, options)
    known = f"{source.fingerprint} {options.precision}"
    return Session(backend, source.contract, engine.name, known, options.precision, open_)


def _check_precision(engine: Engine, precision: str) -> None:
    if precision not in engine.precisions:
        known = ", ".join(engine.precisions)
        raise UsageError(f"Engine {engine.name!r} computes in {known}, not in {precision!r}.")


def _beside(model: Path, data: bytes) -> str:
    """Name, size and time of each file beside a model that may hold weights of it."""
    if b"location" not in data:
        return ""
    named = [path for path in sorted(model.parent.iterdir()) if path != model and os.fsencode(path.name) in data]
    return "".join(f" {path.name} {path.stat().st_size} {path.stat().st_mtime_ns}" for path in named if path.is_file())


def meant(name: str) -> str:
    """What an engine's name means: "auto" is what the environment variable PLIANT_ENGINE says, if it says anything."""
    return os.environ.get(MEANT) or name if name == "auto" else name


def usable(name: str) -> Engine:
    """The engine called `name`, or the first of the preferred ones for "auto". Raises UsageError if it cannot run."""
    wanted = meant(name)
    candidates = [find(n) for n in (PREFERENCE if wanted == "auto" else (wanted,))]
    reasons = [candidate.available() or candidate.runs() for candidate in candidates]
    for candidate, reason in zip(candidates, reasons, strict=True):
        if reason is None:
            return candidate
    raise UsageError(" ".join(reason for reason in reasons if reason))


def find(name: str) -> Engine:
    """The engine called `name`. Raises UsageError if there is none; the message lists those there are."""
    if name in names(FAMILY):  # the packages that are installed are looked through for no engine of pliant's own
        return load_member(FAMILY, name, "ENGINE", extra=name)
    for point in _others():
        if point.name == name:
            return point.load()
    raise UsageError(f"There is no engine named {name!r}; there are: {', '.join(engine_names())}.")
