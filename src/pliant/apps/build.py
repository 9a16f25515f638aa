"""Building a model for one engine: the files that go to a machine without pliant."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pliant import cache
from pliant.artifact import Artifact, read_model, write_atomically
from pliant.contract import Contract
from pliant.engines.base import Engine, Options, find
from pliant.errors import UsageError
from pliant.inferred import infer
from pliant.onnxfile import read
from pliant.version import VERSION


@dataclass(frozen=True)
class Built:
    """What was written. `kept` says that it came from the cache."""

    files: tuple[Path, ...]
    engine: str
    version: str
    kept: bool


def build(
    model: str | os.PathLike[str],
    engine: str,
    output: str | os.PathLike[str] | None = None,
    *,
    device: str | None = None,
    precision: str = "f32",
    use_cache: bool = True,
) -> Built:
    """Write the files of an ONNX model for `engine`.

    Args:
        output: path of the first file; the others lie beside it, with other suffixes. Beside the model if None.
        device: as the engine calls it.
        precision: what the network computes in.
        use_cache: whether to take what was built before from the same content, engine, version and options.

    Raises:
        UsageError: the engine does not exist, is not installed, or builds no files.
        InputError: the model cannot be read or is nothing for this engine.
    """
    chosen = find(engine)
    if reason := chosen.available():
        raise UsageError(reason)
    if chosen.build is None:
        raise UsageError(f"Engine {engine!r} needs no build: it runs the ONNX file itself.")
    data = chosen.whole(read_model(model), model)
    contract = _contract(data, str(model))
    options = Options(device=device, precision=precision, file=Path(model))
    files, kept = _made(chosen, data, contract, options, use_cache)
    base = Path(output if output is not None else Path(model).with_suffix(f".{engine}"))
    written = _write(base, files)
    return Built(written, chosen.name, chosen.version or "", kept)


def _contract(data: bytes, name: str) -> Contract:
    artifact = Artifact.from_bytes(data, name)
    return artifact.contract if artifact else infer(read(data, name))


def _made(
    engine: Engine, data: bytes, contract: Contract, options: Options, use_cache: bool
) -> tuple[Mapping[str, bytes], bool]:
    assert engine.build is not None
    if not use_cache:
        return engine.build(data, contract, options), False
    content = Artifact(data, contract).fingerprint
    name = cache.key(content, engine.name, engine.version, VERSION, options.device, options.precision)
    build = engine.build
    return cache.files(name, lambda: build(data, contract, options))


def _write(base: Path, files: Mapping[str, bytes]) -> tuple[Path, ...]:
    """Write each file beside `base`: its suffix is replaced if it is one of theirs, else theirs are put behind."""
    stem = base.with_suffix("") if base.suffix in files else base
    written: list[Path] = []
    for suffix, content in files.items():
        path = stem.with_name(stem.name + suffix)
        write_atomically(path, content)
        written.append(path)
    return tuple(written)
