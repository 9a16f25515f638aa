"""A TensorRT and a GPU that only pretend: networks run on ONNX Runtime, and every misuse is an AssertionError.

The networks are read by the real parser of TensorRT for RTX, which says what holds sizes. Memory of the device are
arrays that only copies reach, and work waits in a stream until that is synchronised. A recorded graph goes on using the
addresses it was recorded with, as on a GPU.
"""

from __future__ import annotations

import ctypes
import pickle
import threading
from collections.abc import Callable
from enum import IntEnum
from types import SimpleNamespace
from typing import Any

import numpy as np
import onnxruntime
import tensorrt_rtx

from pliant.errors import InputError


class FakeCuda:
    """See `pliant.lowering.tensorrt.cuda.Cuda`. `limit` is how many bytes there are."""

    def __init__(self, limit: int = 2**32) -> None:
        self.limit, self.memory, self.streams = limit, dict[int, np.ndarray](), dict[int, list[Callable[[], None]]]()
        self.allocations, self.current, self._next = 0, set[int](), 4096

    def use(self) -> None:
        self.current.add(threading.get_ident())

    def _number(self, size: int) -> int:
        assert threading.get_ident() in self.current, "the device is not current in this thread"
        self._next += -(-(size + 1) // 256) * 256
        return self._next - -(-(size + 1) // 256) * 256

    def allocate(self, size: int) -> int:
        assert size > 0
        if sum(block.nbytes for block in self.memory.values()) + size > self.limit:
            raise InputError("The GPU is out of memory. Use a smaller picture or factor.")
        address = self._number(size)
        self.memory[address] = np.full(size, 0xA5, np.uint8)
        self.allocations += 1
        return address

    def free(self, address: int) -> None:
        assert not any(self.streams.values()), "memory is freed while work is queued"
        del self.memory[address]

    def stream(self) -> int:
        number = self._number(0)
        self.streams[number] = []
        return number

    def destroy(self, stream: int) -> None:
        assert not self.streams.pop(stream), "a stream is destroyed while work is queued"

    def copy_in(self, address: int, array: np.ndarray, stream: int) -> None:
        assert array.flags.c_contiguous
        target = self.bytes_at(address, array.nbytes)
        self.streams[stream].append(lambda: target.__setitem__(slice(None), array.reshape(-1).view(np.uint8)))

    def copy_out(self, array: np.ndarray, address: int, stream: int) -> None:
        assert array.flags.c_contiguous
        source, wanted = self.bytes_at(address, array.nbytes), array.reshape(-1).view(np.uint8)
        self.streams[stream].append(lambda: wanted.__setitem__(slice(None), source))

    def synchronize(self, stream: int) -> None:
        while self.streams[stream]:
            self.streams[stream].pop(0)()

    def bytes_at(self, address: int, size: int) -> np.ndarray:
        """The first `size` bytes of what was allocated at `address`."""
        assert address in self.memory, "an address that is no memory of the device"
        assert size <= self.memory[address].nbytes, "memory is too small"
        return self.memory[address][:size]


class Mode(IntEnum):
    INPUT, OUTPUT = 1, 2


class Location(IntEnum):
    DEVICE, HOST = 0, 1


class Strategy(IntEnum):
    STATIC, ON_PROFILE_CHANGE, USER_MANAGED = 0, 1, 2


class Graphs(IntEnum):
    DISABLED, WHOLE_GRAPH_CAPTURE = 0, 1


class Network:
    def __init__(self) -> None:
        self.model, self.inputs = b"", list[Any]()

    @property
    def num_inputs(self) -> int:
        return len(self.inputs)

    def get_input(self, k: int) -> Any:
        return self.inputs[k]


class Parser:
    """The real parser, of which what it learnt of the inputs is kept."""

    num_errors = 0

    def __init__(self, network: Network, log: Any) -> None:
        self.network = network

    def parse(self, model: bytes) -> bool:
        builder = tensorrt_rtx.Builder(_REAL_LOG)
        real = builder.create_network(0)
        parser = tensorrt_rtx.OnnxParser(real, _REAL_LOG)
        assert parser.parse(model)
        self.network.model = model
        for tensor in (real.get_input(k) for k in range(real.num_inputs)):
            about = {"name": tensor.name, "shape": tuple(tensor.shape), "is_shape_tensor": tensor.is_shape_tensor}
            self.network.inputs.append(SimpleNamespace(**about))
        return True


class Profile:
    def __init__(self) -> None:
        self.shapes, self.values = dict[str, Any](), dict[str, Any]()

    def set_shape(self, name: str, *ends: tuple[int, ...]) -> None:
        assert len(ends) == 3
        assert all(a <= b <= c for a, b, c in zip(*ends, strict=True))
        self.shapes[name] = ends

    def set_shape_input(self, name: str, *ends: tuple[int, ...]) -> None:
        self.set_shape(name, *ends)
        self.values[name] = self.shapes.pop(name)


class Config:
    def __init__(self) -> None:
        self.profiles: list[Profile] = []
        self.aimed: list[Any] = []
        self.num_compute_capabilities = 0

    def clear_flag(self, flag: Any) -> None: ...

    def set_compute_capability(self, capability: Any, index: int) -> bool:
        assert index < self.num_compute_capabilities
        self.aimed.append(capability)
        return True

    def add_optimization_profile(self, profile: Profile) -> int:
        self.profiles.append(profile)
        return 0


class FakeTensorRT:
    """The package: `tensorrt_rtx`, or TensorRT itself with `rtx=False`."""

    __version__ = "1.7.1"
    ILogger, BuilderFlag, ComputeCapability = (
        tensorrt_rtx.ILogger,
        tensorrt_rtx.BuilderFlag,
        tensorrt_rtx.ComputeCapability,
    )
    NetworkDefinitionCreationFlag, OnnxParser = tensorrt_rtx.NetworkDefinitionCreationFlag, Parser
    TensorIOMode, TensorLocation, ExecutionContextAllocationStrategy = Mode, Location, Strategy

    def __init__(self, cuda: FakeCuda, rtx: bool = True) -> None:
        self.cuda, self.built, self.contexts, self.fails = cuda, list[Config](), list[Context](), ""
        self.calls: list[tuple[str, str]] = []
        self.compiled: list[bytes] = []
        self.replays = 0
        if rtx:
            self.CudaGraphStrategy = Graphs

    @staticmethod
    def nptype(dtype: Any) -> Any:
        return dtype

    def Builder(self, log: Any) -> Any:  # noqa: N802 - a class there
        def build(network: Network, config: Config) -> bytes:
            (profile,) = config.profiles
            self.built.append(config)
            about = {"model": network.model, "shapes": profile.shapes, "values": profile.values}
            return pickle.dumps(about)

        return SimpleNamespace(
            create_network=lambda flags: Network(),
            create_builder_config=Config,
            create_optimization_profile=Profile,
            build_serialized_network=build,
        )

    def Runtime(self, log: Any) -> Any:  # noqa: N802 - a class there
        def load(engine: bytes) -> FakeEngine | None:
            if not engine.startswith(b"\x80"):
                log.log(
                    tensorrt_rtx.ILogger.Severity.ERROR, "IRuntime: Error Code 1: Serialization (bad magic number.)"
                )
                return None
            return FakeEngine(self, log, **pickle.loads(engine))

        return SimpleNamespace(deserialize_cuda_engine=load)


class FakeEngine:
    def __init__(self, trt: FakeTensorRT, log: Any, model: bytes, shapes: Any, values: Any) -> None:
        self.trt, self.log, self.shapes, self.values = trt, log, shapes, values
        self.session = onnxruntime.InferenceSession(model)
        self.inputs = {i.name: _dtype(i.type) for i in self.session.get_inputs()}
        self.outputs = {o.name: _dtype(o.type) for o in self.session.get_outputs()}
        self.names = [*self.inputs, *self.outputs]
        self.num_io_tensors = len(self.names)

    def get_tensor_name(self, k: int) -> str:
        return self.names[k]

    def get_tensor_mode(self, name: str) -> Mode:
        return Mode.INPUT if name in self.inputs else Mode.OUTPUT

    def get_tensor_location(self, name: str) -> Location:
        return Location.HOST if name in self.values else Location.DEVICE

    def get_tensor_dtype(self, name: str) -> Any:
        return {**self.inputs, **self.outputs}[name]

    def create_runtime_config(self) -> RuntimeConfig:
        assert hasattr(self.trt, "CudaGraphStrategy"), "TensorRT itself has no such thing here"
        return RuntimeConfig(self.trt)

    def create_execution_context(self, how: Any) -> Context:
        config = how if isinstance(how, RuntimeConfig) else None
        assert (config.strategy if config else how) == Strategy.USER_MANAGED
        context = Context(self, bool(config and config.cuda_graph_strategy == Graphs.WHOLE_GRAPH_CAPTURE))
        self.trt.contexts.append(context)
        return context


class RuntimeConfig:
    def __init__(self, trt: FakeTensorRT) -> None:
        self.trt, self.strategy, self.cuda_graph_strategy, self.cache = trt, Strategy.STATIC, Graphs.DISABLED, None

    def set_execution_context_allocation_strategy(self, strategy: Strategy) -> None:
        self.strategy = strategy

    def create_runtime_cache(self) -> Any:
        return SimpleNamespace(serialize=lambda: b"compiled", deserialize=lambda blob: self.trt.compiled.append(blob))

    def set_runtime_cache(self, cache: Any) -> None:
        self.cache = cache

    def get_runtime_cache(self) -> Any:
        return self.cache


class Context:
    """An execution context. What it was told counts until it is told otherwise."""

    def __init__(self, engine: FakeEngine, records: bool) -> None:
        self.engine, self.trt, self.records = engine, engine.trt, records
        self.shapes, self.addresses, self.lent = dict[str, Any](), dict[str, int](), (0, 0)
        self.recorded: dict[Any, Any] = {}

    def _fail(self, text: str) -> bool:
        self.engine.log.log(
            tensorrt_rtx.ILogger.Severity.ERROR, f"IExecutionContext::fake: Error Code 3: API Usage ({text})"
        )
        return False

    def set_input_shape(self, name: str, shape: tuple[int, ...]) -> bool:
        ends = self.engine.shapes.get(name)
        if ends and not all(a <= n <= b for a, n, b in zip(ends[0], shape, ends[2], strict=True)):
            return self._fail(f"{name} is out of the range of the profile.")
        self.shapes[name] = tuple(shape)
        self.trt.calls.append(("shape", name))
        return True

    def set_tensor_address(self, name: str, address: int) -> bool:
        assert address
        self.addresses[name] = address
        self.trt.calls.append(("address", name))
        return True

    def infer_shapes(self) -> list[str]:
        self.trt.calls.append(("infer", ""))
        return [
            name
            for name in self.engine.inputs
            if name not in self.shapes or (name in self.engine.values and name not in self.addresses)
        ]

    def _sizes(self, name: str) -> np.ndarray:
        """The content of an input in the memory of the host, checked against the profile."""
        shape, dtype = self.shapes[name], np.dtype(self.engine.inputs[name])
        size = int(np.prod(shape, dtype=int)) * dtype.itemsize
        array = np.frombuffer(ctypes.string_at(self.addresses[name], size), dtype).reshape(shape)
        low, _, high = self.engine.values[name]
        assert (array.reshape(-1) >= low).all(), f"{name} is below the profile"
        assert (array.reshape(-1) <= high).all(), f"{name} is above the profile"
        return array

    def _run(self, on_device: Callable[[str], np.ndarray]) -> dict[str, np.ndarray]:
        feeds = {n: self._sizes(n) if n in self.engine.values else on_device(n) for n in self.engine.inputs}
        return dict(zip(self.engine.outputs, self.engine.session.run(None, feeds), strict=True))

    def get_tensor_shape(self, name: str) -> tuple[int, ...]:
        assert not self.infer_shapes()
        return self._run(lambda n: np.zeros(self.shapes[n], self.engine.inputs[n]))[name].shape

    def update_device_memory_size_for_shapes(self) -> int:
        assert not self.infer_shapes()
        return 4 * sum(int(np.prod(shape, dtype=int)) for shape in self.shapes.values())

    def set_device_memory(self, address: int, size: int) -> None:
        self.trt.cuda.bytes_at(address, size)
        self.lent = address, size

    def execute_async_v3(self, stream: int) -> bool:
        self.trt.calls.append(("execute", ""))
        if self.trt.fails:
            return self._fail(self.trt.fails)
        cuda = self.trt.cuda
        assert stream in cuda.streams, "the default stream, or one that is gone"
        assert set(self.addresses) == set(self.engine.names), "a tensor has no address"
        assert self.lent[1] >= self.update_device_memory_size_for_shapes(), "too little memory was lent"
        addresses, shapes = {**self.addresses, "": self.lent[0]}, dict(self.shapes)
        host = {n: self._sizes(n) for n in self.engine.values}
        if self.records:  # what is recorded has its sizes and addresses
            addresses, host = self.recorded.setdefault(tuple(sorted(shapes.items())), (addresses, host))
            self.trt.replays += 1

        def work() -> None:
            cuda.bytes_at(addresses[""], 1)
            feeds = dict(host)
            for name in self.engine.inputs:
                if name not in host:
                    dtype = np.dtype(self.engine.inputs[name])
                    size = int(np.prod(shapes[name], dtype=int)) * dtype.itemsize
                    feeds[name] = cuda.bytes_at(addresses[name], size).view(dtype).reshape(shapes[name])
            for name, result in zip(self.engine.outputs, self.engine.session.run(None, feeds), strict=True):
                flat = np.ascontiguousarray(result).reshape(-1).view(np.uint8)
                cuda.bytes_at(addresses[name], flat.size)[:] = flat

        cuda.streams[stream].append(work)
        return True


def _dtype(text: str) -> Any:
    names = {
        "float": "float32",
        "float16": "float16",
        "int64": "int64",
        "int32": "int32",
        "bool": "bool",
        "uint8": "uint8",
    }
    return np.dtype(names[text.removeprefix("tensor(").removesuffix(")")])


class _Silent(tensorrt_rtx.ILogger):
    def __init__(self) -> None:
        tensorrt_rtx.ILogger.__init__(self)

    def log(self, severity: Any, message: str) -> None: ...


_REAL_LOG = _Silent()
