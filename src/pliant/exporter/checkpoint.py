"""Reading a weights file without running anything in it.

A `.pth` file may be a pickle, and a pickle is a program. Only tensors and plain containers are read
(`torch.load(weights_only=True)`); `.safetensors` files hold nothing else to begin with.
"""

from __future__ import annotations

import pickle
import pickletools
import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from pliant.errors import CheckpointError

NESTS = ("model_state_dict", "state_dict", "params_ema", "params-ema", "params", "model", "net", "generator", "weights")
IMPORTS = ("GLOBAL", "STACK_GLOBAL", "INST")  # opcodes of a pickle that reach for Python objects
SUFFIXES = (".pth", ".pt", ".ckpt", ".safetensors")


def read_checkpoint(path: str | Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors of a weights file by name, without the nesting and prefixes that training tools add.

    Returns the tensors and the texts that a safetensors file carries beside them.

    Raises CheckpointError for a missing, unreadable, foreign or unsafe file.
    """
    file = Path(path)
    if file.is_dir():
        raise CheckpointError(f"{file} is a folder; give the path of a weights file ({', '.join(SUFFIXES)}).")
    if not file.is_file():
        raise CheckpointError(f"There is no file {file}; give the path of a weights file ({', '.join(SUFFIXES)}).")
    if not file.stat().st_size:
        raise CheckpointError(f"{file} is empty; download or copy it again.")
    if file.suffix.lower() == ".safetensors":
        return _read_safetensors(file)
    return plain(_read_torch(file), str(file)), {}


def _read_safetensors(file: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(str(file), framework="pt") as opened:
            tensors = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118 - no mapping
            return plain(tensors, str(file)), dict(opened.metadata() or {})
    except (SafetensorError, OSError, ValueError) as error:
        raise CheckpointError(f"{file} is not a readable safetensors file ({error}).") from error


def _read_torch(file: Path) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about pickle protocols; the error says what matters
            return torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:
        # torch lets many kinds of error escape from a damaged file, IndexError among them; none is a reason to go on
        asked = re.search(r"GLOBAL ([\w.]+)", str(error))
        if asked or _is_pickle(file):
            wish = f" (it asks for {asked.group(1)})" if asked else ""
            raise CheckpointError(
                f"{file} is a full pickle: loading it would run code from the file{wish}, so it was refused. "
                "Convert it where you trust it: torch.save(torch.load('old.pth', weights_only=False)['model']"
                ".state_dict(), 'new.pth'), then give the new file."
            ) from error
        reason = str(error).splitlines()[0][:150] if str(error) else type(error).__name__
        raise CheckpointError(f"{file} is not a PyTorch weights file, or it is damaged ({reason}).") from error


def _is_pickle(file: Path) -> bool:
    """Whether a file is a pickle that imports something, found by reading its opcodes; nothing in it is run."""
    try:
        with file.open("rb") as opened:
            starts = opened.read(1) == pickle.PROTO
            opened.seek(0)
            return starts and any(op.name in IMPORTS for op, _, _ in pickletools.genops(opened))
    except (ValueError, OSError, IndexError, UnicodeDecodeError):
        return False


def plain(content: Any, source: str) -> dict[str, Tensor]:
    """The tensors in a loaded checkpoint, whatever they are wrapped in.

    Raises CheckpointError if there are none.
    """
    nested = content
    while isinstance(nested, Mapping):
        inner = [nested[key] for key in NESTS if isinstance(nested.get(key), Mapping)]
        if not inner:
            break
        nested = inner[0]
    tensors = {str(k): v for k, v in nested.items() if isinstance(v, Tensor)} if isinstance(nested, Mapping) else {}
    if not tensors:
        raise CheckpointError(
            f"{source} holds no weights: expected names with tensors, possibly under one of {', '.join(NESTS[:4])}; "
            f"got {_describe(content)}."
        )
    return tensors


def _describe(content: Any) -> str:
    if isinstance(content, Mapping):
        return f"a dictionary with {', '.join(str(k) for k in list(content)[:5]) or 'nothing'}"
    return f"an object of type {type(content).__name__}"
