"""The configuration of a model in Triton's repository.

Sources: Triton's user guide ("Model Configuration"), the message ModelConfig of its model_config.proto, and how its
ONNX Runtime backend checks a configuration against a file: the dims of outputs have to be those that ONNX Runtime
tells, and a tensor without axes is written as [ 1 ], in a model that takes no batches.
"""

from __future__ import annotations

from dataclasses import dataclass

from pliant.apps.targets._pbtxt import Comment, Message, Numbers, Value, Word, written
from pliant.contract import Contract
from pliant.version import VERSION

CPU = "KIND_CPU"

# what ONNX Runtime calls a type -> what Triton calls it
TYPES = {
    "tensor(bool)": "TYPE_BOOL",
    "tensor(uint8)": "TYPE_UINT8",
    "tensor(uint16)": "TYPE_UINT16",
    "tensor(uint32)": "TYPE_UINT32",
    "tensor(uint64)": "TYPE_UINT64",
    "tensor(int8)": "TYPE_INT8",
    "tensor(int16)": "TYPE_INT16",
    "tensor(int32)": "TYPE_INT32",
    "tensor(int64)": "TYPE_INT64",
    "tensor(float16)": "TYPE_FP16",
    "tensor(float)": "TYPE_FP32",
    "tensor(double)": "TYPE_FP64",
    "tensor(string)": "TYPE_STRING",
}


@dataclass(frozen=True)
class Tensor:
    """An input or output as ONNX Runtime tells it; `dims` has -1 for what is known at run time only."""

    name: str
    kind: str
    dims: tuple[int, ...]


@dataclass(frozen=True)
class Interface:
    """What a model takes and gives; `batch` is the most pictures that Triton may join, 0 if it may join none."""

    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    batch: int


def config(name: str, contract: Contract, interface: Interface, kind: str) -> str:
    """The content of config.pbtxt for the model called `name`, on instances of a `kind` of Triton's."""
    batch = interface.batch
    fields: list[tuple[str, Value] | Comment] = [
        Comment(f"Written by pliant {VERSION}."),
        ("name", name),
        ("platform", "onnxruntime_onnx"),
        ("max_batch_size", batch),
        *(("input", _tensor(t, batch, _taken(contract, t.name))) for t in interface.inputs),
        *(("output", _tensor(t, batch, _given(contract, t.name))) for t in interface.outputs),
        ("version_policy", Message([("latest", Message([("num_versions", 1)]))])),
        ("instance_group", Message([("count", 1), ("kind", Word(kind))])),
    ]
    if batch:
        fields.append(("dynamic_batching", Message()))
    if kind != CPU:
        fields.append(("optimization", _exact()))
    return written(Message(fields))


def _exact() -> Message:
    option = Message([("key", "use_tf32"), ("value", "0")])
    cuda = Message([("name", "cuda"), Comment("convolutions in float32; TF32 is 1e-3 off"), ("parameters", option)])
    return Message([("execution_accelerators", Message([("gpu_execution_accelerator", cuda)]))])


def _tensor(tensor: Tensor, batch: int, meaning: str) -> Message:
    dims = tensor.dims[1:] if batch else tensor.dims
    told = [Comment(meaning)] if meaning else []
    return Message(
        [*told, ("name", tensor.name), ("data_type", Word(TYPES[tensor.kind])), ("dims", Numbers(dims or (1,)))]
    )


def _taken(contract: Contract, name: str) -> str:
    """What an input means, for people."""
    entry = next((i for i in contract.inputs if i.name == name), None)
    if entry is None:
        return ""
    if entry.role == "value":
        return f"{'upscale factor' if name == contract.factor else 'live value'}, {entry.values}"
    dims = f"[{', '.join(map(str, entry.dims))}]"
    if entry.role == "image" and (image := contract.image) is not None:
        return f"picture, {image.colours} from {image.minimum:g} to {image.maximum:g}, {dims}"
    return dims


def _given(contract: Contract, name: str) -> str:
    return next((f"[{', '.join(o.dims)}]" for o in contract.outputs if o.name == name), "")
