"""The Python objects that pickles of weights ask for by name, and what they stand for here.

Nothing is imported or called: a function that makes a tensor gives a description of one, a harmless name gives an
inert thing, and there is nothing else to ask for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from pliant.exporter.weights.stored import Damaged, Storage, Stored, Withheld, is_length, shown

BUILTINS = (
    "set",
    "bytes",
    "frozenset",
    "bytearray",
    "complex",
    "dict",
    "list",
    "tuple",
    "int",
    "float",
    "bool",
    "str",
    "slice",
)
HARMLESS = {
    *(f"{module}.{name}" for module in ("builtins", "__builtin__") for name in BUILTINS),
    *(f"pathlib.{name}" for name in ("Path", "PosixPath", "WindowsPath", "PurePosixPath", "PureWindowsPath")),
    *(f"numpy.{core}.multiarray.{name}" for core in ("core", "_core") for name in ("scalar", "_reconstruct")),
    *("numpy.dtype", "numpy.ndarray", "_codecs.encode", "argparse.Namespace", "datetime.datetime"),
    *("collections.Counter", "collections.defaultdict", "collections.deque", "torch.device", "torch.Tensor"),
    *("torch.nn.parameter.Parameter", "torch.nn.parameter.Buffer", "torch.serialization._get_layout"),
    "pytorch_lightning.utilities.parsing.AttributeDict",
    "lightning.pytorch.utilities.parsing.AttributeDict",
    "pytorch_lightning.callbacks.model_checkpoint.ModelCheckpoint",
}
"""Names that training tools put beside weights: data, or a class that is only named."""

STORAGES = {
    "DoubleStorage": torch.float64,
    "FloatStorage": torch.float32,
    "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16,
    "LongStorage": torch.int64,
    "IntStorage": torch.int32,
    "ShortStorage": torch.int16,
    "CharStorage": torch.int8,
    "ByteStorage": torch.uint8,
    "BoolStorage": torch.bool,
    "ComplexDoubleStorage": torch.complex128,
    "ComplexFloatStorage": torch.complex64,
    "QUInt8Storage": torch.quint8,
    "QInt8Storage": torch.qint8,
    "QInt32Storage": torch.qint32,
    "UntypedStorage": torch.uint8,
}
DTYPES = {str(v): v for v in vars(torch).values() if isinstance(v, torch.dtype)}
QSCHEMES = {str(v) for v in vars(torch).values() if isinstance(v, torch.qscheme)}
OTHER_KINDS = {  # functions that make what is not a plain array -> what that is
    "torch._utils._rebuild_qtensor": "quantised",
    "torch._utils._rebuild_sparse_tensor": "sparse",
    "torch._utils._rebuild_nested_tensor": "nested",
    "torch._utils._rebuild_meta_tensor_no_storage": "without values (on the device 'meta')",
    "torch._utils._rebuild_wrapper_subclass": "of a class of its own",
    "torch._utils._rebuild_device_tensor_from_numpy": "of a device of its own",
    "torch._utils._rebuild_device_tensor_from_cpu_tensor": "of a device of its own",
}
REBUILD = "torch._utils._rebuild_"
MAKERS = {
    *(f"{REBUILD}{name}" for name in ("tensor", "tensor_v2", "tensor_v3", "parameter", "parameter_with_state")),
    *("torch._tensor._rebuild_from_type_v2", "torch.Size", "collections.OrderedDict"),
    *OTHER_KINDS,
}


class Foreign(Exception):  # noqa: N818 - a finding, which becomes a CheckpointError
    """A pickle asks for a Python object that is no data; the text is its name."""


@dataclass(frozen=True)
class Name:
    """A Python object that a pickle asks for, by name."""

    text: str


@dataclass(frozen=True, eq=False)
class Inert:
    """What a pickle would have had made, and was not."""

    text: str


def name_of(module: Any, name: Any) -> Name:
    """A name from one of the lists above. Raises Foreign for any other."""
    if not isinstance(module, str) or not isinstance(name, str):
        raise Damaged("it names something by what is no text")
    text = f"{module}.{name}"
    known = text in HARMLESS or text in MAKERS or text in DTYPES or text in QSCHEMES or _storage_type(text)
    if not known:
        raise Foreign(shown(text))
    return Name(text)


def _storage_type(text: str) -> torch.dtype | None:
    module, _, name = text.rpartition(".")
    return STORAGES.get(name) if module in ("torch", "torch.cuda", "torch.storage") else None


def filed(place: Any) -> Storage:
    """The storage that a persistent id stands for: ("storage", type, key, device, count[, (key, start, count)])."""
    texts = [p.decode("ascii", "replace") if isinstance(p, bytes) else p for p in place] if type(place) is tuple else []
    match texts:
        case ["storage", Name(text), str(key), str(), int(count), *rest]:
            dtype = _storage_type(text)
            if dtype is None or not is_length(count):
                raise Damaged("a storage is of no kind that there is")
            match rest:
                case [] | [None]:
                    return Storage(key, dtype, count)
                case [(_, int(start), int(part))] if min(start, part) >= 0 and start + part <= count:
                    return Storage(key, dtype, part, start)
                case _:
                    pass
        case _:
            pass
    raise Damaged("it refers to something that is no storage of numbers")


def _dtype(value: Any) -> torch.dtype:
    if isinstance(value, Name) and value.text in DTYPES:
        return DTYPES[value.text]
    raise Damaged("a tensor has a type of numbers that there is not")


def _described(storage: Any, places: tuple[Any, ...], dtype: Any = None, metadata: Any = None) -> Stored | Withheld:
    if not isinstance(storage, Storage) or len(places) != 3:
        raise Damaged("a tensor has no storage")
    if metadata:
        return Withheld("a view that conjugates or negates another")
    return Stored(storage, storage.dtype if dtype is None else _dtype(dtype), *places)


def made(function: Name, given: tuple[Any, ...]) -> Any:
    """What a call in a pickle stands for, without a call of anything in it."""
    text = function.text
    if text in OTHER_KINDS:
        return Withheld(OTHER_KINDS[text])
    if text.startswith(REBUILD):
        return _rebuilt(text.removeprefix(REBUILD), given)
    match text, given:
        case "torch._tensor._rebuild_from_type_v2", (Name() as inner, _, tuple() as arguments, *_) if inner != function:
            return made(inner, arguments)
        case "torch.Size", (tuple() as lengths,):
            return lengths
        case "collections.OrderedDict", ():
            return {}
        case "collections.OrderedDict", (list() as pairs,):
            return _ordered(pairs)
        case _:
            return Inert(text)


def _rebuilt(kind: str, given: tuple[Any, ...]) -> Any:
    """What one of torch's functions for tensors and parameters stands for."""
    match kind, given:
        case "tensor", (storage, *places):
            return _described(storage, tuple(places))
        case "tensor_v2", (storage, offset, shape, stride, _, _, *metadata):
            return _described(storage, (offset, shape, stride), None, any(metadata))
        case "tensor_v3", (storage, offset, shape, stride, _, _, dtype, *metadata):
            return _described(storage, (offset, shape, stride), dtype, any(metadata))
        case (("parameter" | "parameter_with_state"), (tensor, *_)):
            return tensor
        case _:
            raise Damaged("a tensor is described by too little")


def _ordered(pairs: list[Any]) -> dict[Any, Any]:
    """A dictionary of [key, value] pairs, as Python 2 wrote it."""
    found: dict[Any, Any] = {}
    for pair in pairs:
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            raise Damaged("a dictionary is of no pairs")
        put(found, pair[0], pair[1])
    return found


def put(target: dict[Any, Any], key: Any, value: Any) -> None:
    """`target[key] = value`. A key that is no text or number is replaced: to hash it can take for ever."""
    if isinstance(key, str) and key in target:
        raise Damaged(f"it gives {shown(key)} twice")
    target[key if type(key) in (str, int, bool, float, bytes) else Inert("key")] = value
