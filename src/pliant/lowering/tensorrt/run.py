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

    With `capture`, TensorRT for RTX records the work as a CUDA graph when two calls in a row have the same shapes and
    sizes, and repeats it for as long as they stay: a recording holds sizes and addresses. That is only for networks
    whose work depends on shapes and sizes alone. `compiled` is what `compiled()` gave another time.
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
        self._rtx = hasattr(self._trt, "CudaGraphStrategy")
        self._cache: Any = self._runtime_cache(compiled)
        self._context: Any = self._new_context()
        self._capture, self._recording = capture and self._rtx, None
        self._buffers, self._stream = Buffers(cuda), cuda.stream()
        self._last: Any = None
        names = [self._engine.get_tensor_name(k) for k in range(self._engine.num_io_tensors)]
        self._inputs = [n for n in names if self._engine.get_tensor_mode(n) == self._trt.TensorIOMode.INPUT]
        self._outputs = [n for n in names if n not in self._inputs]
        host = self._trt.TensorLocation.HOST
        self._on_host = {n for n in names if self._engine.get_tensor_location(n) == host}

    def __call__(self, feeds: Mapping[str, Array]) -> dict[str, Array]:
        """The outputs by name, as arrays that the caller owns. Raises InputError for whatever TensorRT reports."""
        with self._lock, api.listening() as errors:
            self._cuda.use()
            given = {n: np.ascontiguousarray(feeds[n]).reshape(feeds[n].shape) for n in self._inputs}
            context = self._chosen(given)
            results = self._shaped(context, given, errors)
            if self._reserve(context, given, results) and context is not self._context:
                context = self._context  # the recording refers to memory that is gone
                results = self._shaped(context, given, errors)
                self._reserve(context, given, results)
            try:
                self._queue(context, given, results, errors)
            finally:
                self._cuda.synchronize(self._stream)  # what is queued reads `given` and writes `results`
            return results

    def compiled(self) -> bytes | None:
        """What TensorRT for RTX has compiled for this GPU, to be given to the next Runner; None if there is nothing."""
        content = self._cache.serialize() if self._cache is not None else None
        return bytes(content) if content is not None else None

    def close(self) -> None:
        """Free everything; the Runner is not called again."""
        with self._lock:
            self._cuda.use()
            self._cuda.synchronize(self._stream)
            self._recording = self._context = self._cache = self._engine = self._runtime = None
            self._buffers.free()
            self._cuda.destroy(self._stream)

    def _runtime_cache(self, compiled: bytes | None) -> Any:
        if not self._rtx:
            return None
        cache = self._engine.create_runtime_config().create_runtime_cache()
        if compiled is not None:
            cache.deserialize(compiled)  # what another GPU or version has made is refused, and compiled anew
        return cache

    def _new_context(self, record: bool = False) -> Any:
        """A context without memory of its own: it would take as much as the largest picture of the ranges needs."""
        strategy = self._trt.ExecutionContextAllocationStrategy.USER_MANAGED
        if not self._rtx:
            return self._engine.create_execution_context(strategy)
        config = self._engine.create_runtime_config()
        config.set_execution_context_allocation_strategy(strategy)
        config.set_runtime_cache(self._cache)
        if record:
            config.cuda_graph_strategy = self._trt.CudaGraphStrategy.WHOLE_GRAPH_CAPTURE
        return self._engine.create_execution_context(config)

    def _chosen(self, given: Mapping[str, Array]) -> Any:
        """The context for a call: one that records if the last call had the same shapes and sizes."""
        key = tuple((n, a.shape, a.tobytes() if n in self._on_host else b"") for n, a in given.items())
        if key != self._last:
            self._last, self._recording = key, None
        elif self._capture and self._recording is None:
            self._recording = self._new_context(record=True)
        return self._context if self._recording is None else self._recording

    def _shaped(self, context: Any, given: Mapping[str, Array], errors: list[str]) -> dict[str, Array]:
        """Tell TensorRT the shapes of the inputs and, in the memory of the host, sizes; outputs of the shapes."""
        for name, array in given.items():
            if not context.set_input_shape(name, tuple(array.shape)):
                raise _failed(f"does not take {name!r} of shape {list(array.shape)}", errors)
            if name in self._on_host:
                context.set_tensor_address(name, array.ctypes.data)
        if unknown := context.infer_shapes():
            raise _failed(f"cannot tell the shape of the result without {', '.join(unknown)}", errors)
        results: dict[str, Array] = {}
        for name in self._outputs:
            shape = tuple(context.get_tensor_shape(name))
            if any(length < 0 for length in shape):
                raise _failed(f"cannot tell the shape of {name!r} before it is computed", errors)
            results[name] = np.empty(shape, self._trt.nptype(self._engine.get_tensor_dtype(name)))
        return results

    def _reserve(self, context: Any, given: Mapping[str, Array], results: Mapping[str, Array]) -> bool:
        """Have memory for all that is on the device, and for what TensorRT computes in between; whether any moved."""
        sizes = {n: a.nbytes for n, a in (*given.items(), *results.items()) if n not in self._on_host}
        sizes[""] = context.update_device_memory_size_for_shapes()  # no tensor has an empty name
        moved = sum(self._buffers.reserve(name, size) for name, size in sizes.items()) > 0  # every one of them
        if moved:
            self._recording = None
        context.set_device_memory(*self._buffers.held[""])
        return moved

    def _queue(self, context: Any, given: Mapping[str, Array], results: Mapping[str, Array], errors: list[str]) -> None:
        for name, array in given.items():
            if name not in self._on_host:
                self._cuda.copy_in(self._buffers.at(name), array, self._stream)
                context.set_tensor_address(name, self._buffers.at(name))
        for name, array in results.items():
            address = array.ctypes.data if name in self._on_host else self._buffers.at(name)
            context.set_tensor_address(name, address)
        if not context.execute_async_v3(self._stream):
            raise _failed("could not run the model", errors)
        for name, array in results.items():
            if name not in self._on_host:
                self._cuda.copy_out(array, self._buffers.at(name), self._stream)


def _failed(what: str, errors: list[str]) -> InputError:
    return InputError(f"TensorRT {what}: {api.first_sentence(errors, 'it gives no reason')}.")
