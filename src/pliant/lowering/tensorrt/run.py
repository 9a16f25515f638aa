"""Running an engine on a GPU, by the interface that TensorRT 10, 11 and that for RTX share.

Written against NVIDIA's documentation and tested with a binding that only pretends; it has never been executed where
this was written, where there is no GPU.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import numpy as np

from pliant.arguments import Array
from pliant.errors import InputError
from pliant.lowering.tensorrt import api
from pliant.lowering.tensorrt.cuda import Cuda

GRAIN = 2**20  # bytes in which buffers grow, so that pictures of nearly the same size share them


@dataclass
class Buffers:
    """Memory of the device by name, which grows and is kept from call to call."""

    cuda: Cuda
    held: dict[str, tuple[int, int]] = field(default_factory=dict[str, tuple[int, int]])

    def reserve(self, name: str, size: int) -> bool:
        """Have at least `size` bytes under `name`; whether that moved them. Nothing may be queued."""
        address, there = self.held.get(name, (0, 0))
        if 0 < size <= there or (size == 0 and address):
            return False
        if address:
            del self.held[name]
            self.cuda.free(address)
        size = -(-max(size, 1) // GRAIN) * GRAIN
        self.held[name] = (self.cuda.allocate(size), size)
        return True

    def at(self, name: str) -> int:
        """The address of what was reserved."""
        return self.held[name][0]

    def free(self) -> None:
        """Give all back."""
        for address, _ in self.held.values():
            self.cuda.free(address)
        self.held.clear()


class Runner:
    """An engine on one GPU, with one stream. Safe to call from several threads, which take turns.

    With `capture`, TensorRT for RTX records the work of a shape as a CUDA graph and repeats it; that is only for
    networks whose work depends on shapes alone.
    """

    def __init__(self, engine: bytes, cuda: Cuda, capture: bool = False, compiled: bytes | None = None) -> None:
        self._trt, self._cuda, self._lock = api.tensorrt(), cuda, Lock()
        cuda.use()
        with api.listening() as errors:
            self._runtime: Any = self._trt.Runtime(api.logger())
            self._engine: Any = self._runtime.deserialize_cuda_engine(engine)
            if self._engine is None:
                raise InputError(
                    f"TensorRT cannot load the engine: {api.first_sentence(errors, 'it gives no reason')}. Build it "
                    "with the version of TensorRT that is installed, for the GPU that is here."
                )
        self._config = _config(self._trt, self._engine, capture, compiled)
        self._captures = self._config is not None and capture
        self._context: Any = self._new_context()
        self._buffers = Buffers(cuda)
        self._stream = cuda.stream()
        names = [self._engine.get_tensor_name(k) for k in range(self._engine.num_io_tensors)]
        given = self._trt.TensorIOMode.INPUT
        self._inputs = [n for n in names if self._engine.get_tensor_mode(n) == given]
        self._outputs = [n for n in names if self._engine.get_tensor_mode(n) != given]
        host = self._trt.TensorLocation.HOST
        self._on_host = {n for n in names if self._engine.get_tensor_location(n) == host}

    def __call__(self, feeds: Mapping[str, Array]) -> dict[str, Array]:
        """The outputs by name, as arrays that the caller owns. Raises InputError for whatever TensorRT reports."""
        with self._lock, api.listening() as errors:
            self._cuda.use()
            given = {n: np.ascontiguousarray(feeds[n]).reshape(feeds[n].shape) for n in self._inputs}
            results = self._shaped(given, errors)
            if self._reserve(given, results) and self._captures:
                self._context = self._new_context()  # what was recorded refers to memory that is gone
                results = self._shaped(given, errors)
                self._lend_memory()
            try:
                self._queue(given, results, errors)
            finally:
                self._cuda.synchronize(self._stream)  # what is queued reads `given` and writes `results`
            return results

    def compiled(self) -> bytes | None:
        """What TensorRT for RTX has compiled for this GPU, to be given to the next Runner; None if there is nothing."""
        cache = self._config.get_runtime_cache() if self._config is not None else None
        content = cache.serialize() if cache is not None else None
        return bytes(content) if content is not None else None

    def close(self) -> None:
        """Free everything; the Runner is not called again."""
        with self._lock:
            self._cuda.use()
            self._cuda.synchronize(self._stream)
            self._context = self._config = self._engine = self._runtime = None
            self._buffers.free()
            self._cuda.destroy(self._stream)

    def _new_context(self) -> Any:
        """A context without memory of its own: it would take as much as the largest picture of the ranges needs."""
        if self._config is not None:
            return self._engine.create_execution_context(self._config)
        return self._engine.create_execution_context(self._trt.ExecutionContextAllocationStrategy.USER_MANAGED)

    def _shaped(self, given: Mapping[str, Array], errors: list[str]) -> dict[str, Array]:
        """Tell TensorRT the shapes of the inputs and, in the memory of the host, sizes; empty outputs of the shapes."""
        for name, array in given.items():
            if not self._context.set_input_shape(name, tuple(array.shape)):
                raise _failed(f"does not take {name!r} of shape {list(array.shape)}", errors)
            if name in self._on_host:
                self._context.set_tensor_address(name, array.ctypes.data)
        if unknown := self._context.infer_shapes():
            raise _failed(f"cannot tell the shape of the result without {', '.join(unknown)}", errors)
        results: dict[str, Array] = {}
        for name in self._outputs:
            shape = tuple(self._context.get_tensor_shape(name))
            if any(length < 0 for length in shape):
                raise _failed(f"cannot tell the shape of {name!r} before it is computed", errors)
            results[name] = np.empty(shape, self._trt.nptype(self._engine.get_tensor_dtype(name)))
        return results

    def _reserve(self, given: Mapping[str, Array], results: Mapping[str, Array]) -> bool:
        """Have memory for all that is on the device, and for what TensorRT computes in between; whether any moved."""
        sizes = {n: a.nbytes for n, a in (*given.items(), *results.items()) if n not in self._on_host}
        moved = [self._buffers.reserve(name, size) for name, size in sizes.items()]
        return self._lend_memory() or any(moved)

    def _lend_memory(self) -> bool:
        needed = self._context.update_device_memory_size_for_shapes()
        moved = self._buffers.reserve("", needed)  # no tensor has an empty name
        self._context.set_device_memory(self._buffers.at(""), self._buffers.held[""][1])
        return moved

    def _bind(self, given: Mapping[str, Array], results: Mapping[str, Array]) -> None:
        """Queue the copies of the inputs, and tell TensorRT where everything is."""
        for name, array in given.items():
            if name not in self._on_host:
                self._cuda.copy_in(self._buffers.at(name), array, self._stream)
                self._context.set_tensor_address(name, self._buffers.at(name))
        for name, array in results.items():
            address = array.ctypes.data if name in self._on_host else self._buffers.at(name)
            self._context.set_tensor_address(name, address)

    def _queue(self, given: Mapping[str, Array], results: Mapping[str, Array], errors: list[str]) -> None:
        self._bind(given, results)
        if not self._context.execute_async_v3(self._stream):
            raise _failed("could not run the model", errors)
        for name, array in results.items():
            if name not in self._on_host:
                self._cuda.copy_out(array, self._buffers.at(name), self._stream)


def _config(trt: Any, engine: Any, capture: bool, compiled: bytes | None) -> Any:
    """How TensorRT for RTX runs; None for TensorRT itself, which has nothing to set."""
    if not hasattr(trt, "CudaGraphStrategy"):
        return None
    config = engine.create_runtime_config()
    config.set_execution_context_allocation_strategy(trt.ExecutionContextAllocationStrategy.USER_MANAGED)
    if capture:
        config.cuda_graph_strategy = trt.CudaGraphStrategy.WHOLE_GRAPH_CAPTURE
    cache = config.create_runtime_cache()
    if compiled is not None:
        cache.deserialize(compiled)  # it refuses what another GPU or version has made, and compiles anew
    config.set_runtime_cache(cache)
    return config


def _failed(what: str, errors: list[str]) -> InputError:
    return InputError(f"TensorRT {what}: {api.first_sentence(errors, 'it gives no reason')}.")
