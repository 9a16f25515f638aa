"""Reading a weights file without running anything in it.

A `.pth` file is a pickle, and a pickle is a program. It is never run: its instructions are read, and describe tensors
(see `weights/pickles.py`). What the file claims is compared with the bytes that are there before any are read.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import torch
from torch import Tensor

from pliant.errors import CheckpointError
from pliant.exporter.weights import kinds
from pliant.exporter.weights.legacy import PlainPickle, read_legacy
from pliant.exporter.weights.names import Foreign
from pliant.exporter.weights.safetensors import read_safetensors
from pliant.exporter.weights.stored import Content, Damaged, Stored, Withheld, materialised, shown
from pliant.exporter.weights.zipped import OtherArchive, read_zip

NESTS = (
    *("model_state_dict", "state_dict", "params_ema", "params-ema", "params", "model", "net", "netG", "generator"),
    *("network", "weights"),
)
SUFFIXES = (".pth", ".pt", ".ckpt", ".bin", ".safetensors")
COPIED = (  # types that PyTorch turns into float32 one by one
    *(torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.float8_e4m3fn, torch.float8_e5m2),
    *(torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8, torch.bool, torch.complex64, torch.complex128),
)
MOST_DEPTH = 16  # of dictionaries in dictionaries
MOST_TENSORS = 50_000
MOST_LETTERS = 1000  # of a name
CONVERT = (
    "Convert it where you trust it: torch.save(torch.load('old.pth', weights_only=False)['model'].state_dict(), "
    "'new.pth'), then give the new file."
)


def read_checkpoint(path: str | Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors of a weights file by name, without the nesting that training tools add.

    Returns the tensors, on the CPU, of the types they were saved with and free of NaN, and the texts that a
    safetensors file carries beside them. What a file is, its content says, not its name.

    Raises CheckpointError for a missing, unreadable, foreign or unsafe file. No code of the file runs, and at most
    4 GiB of weights are read.
    """
    file = Path(path)
    size = _size(file)
    try:
        with file.open("rb") as opened:
            content = _content(opened, size, file)
            described = plain(content.value, str(file))
            tensors = materialised(_plain_arrays(described, file), content)
    except Damaged as error:
        raise CheckpointError(
            f"{file} is not a PyTorch weights file, or it is damaged: {error}; download or copy it again."
        ) from error
    except OSError as error:
        raise CheckpointError(f"{file} cannot be read: {error.strerror or error}.") from error
    except MemoryError as error:
        raise CheckpointError(f"{file} needs more memory than there is.") from error
    _check_values(tensors, file)
    return tensors, dict(content.facts)


def _size(file: Path) -> int:
    """The bytes of a regular file. Raises CheckpointError for anything else."""
    give = f"give the path of a weights file ({', '.join(SUFFIXES)})."
    try:
        found = file.stat()
    except (FileNotFoundError, NotADirectoryError) as error:
        link = f"{file} is a link to a file that is not there" if file.is_symlink() else f"There is no file {file}"
        raise CheckpointError(f"{link}; {give}") from error
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{str(file)[:200]} cannot be read: {getattr(error, 'strerror', error)}.") from error
    if stat.S_ISDIR(found.st_mode):
        raise CheckpointError(f"{file} is a folder; {give}")
    if not stat.S_ISREG(found.st_mode):
        raise CheckpointError(f"{file} is a device or a pipe, not a file; {give}")
    if not os.access(file, os.R_OK):
        raise CheckpointError(f"{file} cannot be read: you lack the permission.")
    if not found.st_size:
        raise CheckpointError(f"{file} is empty; download or copy it again.")
    return found.st_size


def _content(opened: BinaryIO, size: int, file: Path) -> Content:
    """What a file holds, by what it is. Raises CheckpointError or Damaged."""
    head = opened.read(kinds.HEAD)
    opened.seek(0)
    try:
        if kinds.is_safetensors(head) or (file.suffix.lower() == ".safetensors" and head[8:9] == b"{"):
            return read_safetensors(opened, size)
        if head.startswith((kinds.ZIP, kinds.EMPTY_ZIP)):
            return read_zip(opened, size)
        if other := kinds.other_kind(head):
            raise CheckpointError(f"{file} is not a PyTorch weights file but {other}.")
        return read_legacy(opened, size)
    except Foreign as error:
        raise CheckpointError(
            f"{file} is a full pickle: loading it would run code from the file (it asks for {error}), "
            f"so it was refused. {CONVERT}"
        ) from error
    except OtherArchive as error:
        raise CheckpointError(f"{file} is {error}.") from error
    except PlainPickle as error:
        raise CheckpointError(
            f"{file} is a pickle that torch.save did not write and holds no weights; save a state_dict with torch.save."
        ) from error


def plain(content: Any, source: str) -> dict[str, Any]:
    """The tensors in a loaded checkpoint, whatever they are wrapped in.

    Raises CheckpointError if there are none, or if they are of names or a number that no network has.
    """
    nested = content
    for _ in range(MOST_DEPTH):
        inner = [nested[k] for k in NESTS if isinstance(nested.get(k), Mapping)] if isinstance(nested, Mapping) else []
        if not inner:
            break
        nested = inner[0]
    items = nested.items() if isinstance(nested, Mapping) else ()
    tensors = {k: v for k, v in items if isinstance(k, str) and isinstance(v, Tensor | Stored | Withheld)}
    if not tensors:
        raise CheckpointError(
            f"{source} holds no weights: expected names with tensors, possibly under one of {', '.join(NESTS[:4])}; "
            f"got {_describe(content)}."
        )
    longest = max(tensors, key=len)
    if len(tensors) > MOST_TENSORS or len(longest) > MOST_LETTERS:
        raise CheckpointError(
            f"{source} is no checkpoint of a network: it holds {len(tensors)} tensors, with names of up to "
            f"{len(longest)} letters ({shown(longest)[:20]}...); at most {MOST_TENSORS} and {MOST_LETTERS} are read."
        )
    return tensors


def _plain_arrays(tensors: Mapping[str, Any], file: Path) -> dict[str, Stored]:
    """The same tensors, all of them arrays of numbers. Raises CheckpointError naming one that is not."""
    found: dict[str, Stored] = {}
    for name, tensor in tensors.items():
        kind = tensor.kind if isinstance(tensor, Withheld) else _odd_type(name, tensor)
        if kind or isinstance(tensor, Withheld):
            raise CheckpointError(
                f"{file}: the tensor {shown(name)} is {kind}; give the weights as plain float32 or float16 tensors."
            )
        found[name] = tensor
    return found


def _odd_type(name: str, tensor: Stored) -> str:
    """The type of numbers that are no weights as they are, or an empty text.

    Whole numbers are buffers of many networks, but in an array called a weight they are quantised.
    """
    whole = not (tensor.dtype.is_floating_point or tensor.dtype.is_complex)
    quantised = whole and name.endswith("weight") and isinstance(tensor.shape, tuple) and len(tensor.shape) > 1
    return f"of the type {tensor.dtype}" if quantised or tensor.dtype not in COPIED else ""


def _check_values(tensors: Mapping[str, Tensor], file: Path) -> None:
    """Raises CheckpointError naming a tensor that is not of finite numbers; a mask of 0 and -inf is."""
    for name, tensor in tensors.items():
        if not (tensor.is_floating_point() or tensor.is_complex()):
            continue
        values = tensor.float() if tensor.dtype.itemsize == 1 else tensor
        if torch.isfinite(values).all():
            continue
        if tensor.is_complex() or not ((values == 0) | (values == -torch.inf)).all():
            kind = "NaN" if torch.isnan(values).any() else "infinite numbers"
            raise CheckpointError(
                f"{file}: the tensor {shown(name)} holds {kind}, so the network gives none of use; it comes from a "
                "training that failed. Give an earlier checkpoint."
            )


def _describe(content: Any) -> str:
    if isinstance(content, Mapping):
        keys = [shown(k) for k in list(content)[:5] if isinstance(k, str | int)]
        return f"a dictionary with {', '.join(keys) or 'nothing'}"
    return f"an object of type {'Tensor' if isinstance(content, Stored) else type(content).__name__}"
