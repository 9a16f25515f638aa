"""Memory and streams of an NVIDIA GPU, through the driver, which is there wherever a GPU can be used.

Written against NVIDIA's documentation of the CUDA driver API; it has never been executed where this was written, where
there is no GPU. A stream of the driver is one of the runtime, and TensorRT shares the primary context of the device.
"""

from __future__ import annotations

import ctypes
import re
import sys
from functools import cache
from typing import Any, Protocol

from pliant.arguments import Array
from pliant.errors import InputError, UsageError

LIBRARY = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"
NON_BLOCKING = 1  # CU_STREAM_NON_BLOCKING: the stream does not wait for the default one


class Cuda(Protocol):
    """What running an engine needs of a GPU. Sizes are in bytes, addresses and streams are integers."""

    def use(self) -> None:
        """Make the device current in this thread, as it has to be for all that follows."""
        ...

    def allocate(self, size: int) -> int:
        """Memory of the device, at least 256-byte aligned. Raises InputError if there is not enough."""
        ...

    def free(self, address: int) -> None:
        """Give memory back; nothing uses it any more."""
        ...

    def stream(self) -> int:
        """A new stream, which is not the default one."""
        ...

    def destroy(self, stream: int) -> None:
        """End a stream."""
        ...

    def copy_in(self, address: int, array: Array, stream: int) -> None:
        """Queue a copy to the device; `array` is contiguous and is kept and not changed until the stream is done."""
        ...

    def copy_out(self, array: Array, address: int, stream: int) -> None:
        """Queue a copy from the device into `array`, which is contiguous."""
        ...

    def synchronize(self, stream: int) -> None:
        """Wait until all that was queued is done."""
        ...


def obstacle() -> str | None:
    """None if there is a GPU that can be used, else a phrase that says what is missing."""
    try:
        count = len(names())
    except OSError:
        return f"there is no NVIDIA driver ({LIBRARY} is not found)"
    except InputError as error:
        return str(error).rstrip(".")
    return None if count else "there is no NVIDIA GPU"


def names() -> list[str]:
    """The GPUs that the driver finds. Raises OSError if there is no driver, InputError if it cannot be used."""
    count = ctypes.c_int()
    _check("cuDeviceGetCount", ctypes.byref(count))
    found: list[str] = []
    for k in range(count.value):
        device, text = ctypes.c_int(), ctypes.create_string_buffer(256)
        _check("cuDeviceGet", ctypes.byref(device), k)
        _check("cuDeviceGetName", text, len(text), device)
        found.append(text.value.decode(errors="replace"))
    return found


def number_of(device: str | None) -> int:
    """The number of the GPU that "0", "cuda:1" or "GPU.1" mean; 0 for none. Raises UsageError for another text."""
    if device is None or device.upper() in ("GPU", "CUDA"):
        return 0
    match = re.fullmatch(r"(?:cuda:|gpu[.:])?(\d+)", device, re.IGNORECASE)
    if match is None:
        raise UsageError(f"Engine 'tensorrt' has no device {device!r}; give a number, or cuda:0.")
    return int(match[1])


@cache
def _driver() -> Any:
    library: Any = ctypes.CDLL(LIBRARY)
    if code := library.cuInit(0):
        raise InputError(f"The NVIDIA driver does not start (cuInit gives {code}).")
    return library


def _check(function: str, *arguments: Any) -> None:
    code = getattr(_driver(), function)(*arguments)
    if code == 2:  # CUDA_ERROR_OUT_OF_MEMORY
        raise InputError("The GPU is out of memory. Use a smaller picture or factor.")
    if code:
        name = ctypes.c_char_p()
        _driver().cuGetErrorName(code, ctypes.byref(name))
        raise InputError(f"The GPU reports {(name.value or b'an error').decode()} ({code}) in {function}.")


class Device:
    """One GPU, see `Cuda`."""

    def __init__(self, number: int = 0) -> None:
        found = names()
        if number >= len(found):
            raise UsageError(f"There is no GPU {number}; found: {', '.join(found) or 'none'}.")
        self._device, self._context = ctypes.c_int(), ctypes.c_void_p()
        _check("cuDeviceGet", ctypes.byref(self._device), number)
        _check("cuDevicePrimaryCtxRetain", ctypes.byref(self._context), self._device)

    def use(self) -> None:
        """See `Cuda`."""
        _check("cuCtxSetCurrent", self._context)

    def allocate(self, size: int) -> int:
        """See `Cuda`."""
        address = ctypes.c_uint64()
        _check("cuMemAlloc_v2", ctypes.byref(address), ctypes.c_size_t(size))
        return address.value

    def free(self, address: int) -> None:
        """See `Cuda`."""
        _check("cuMemFree_v2", ctypes.c_uint64(address))

    def stream(self) -> int:
        """See `Cuda`."""
        stream = ctypes.c_void_p()
        _check("cuStreamCreate", ctypes.byref(stream), NON_BLOCKING)
        return stream.value or 0

    def destroy(self, stream: int) -> None:
        """See `Cuda`."""
        _check("cuStreamDestroy_v2", ctypes.c_void_p(stream))

    def copy_in(self, address: int, array: Array, stream: int) -> None:
        """See `Cuda`."""
        host, size = ctypes.c_void_p(array.ctypes.data), ctypes.c_size_t(array.nbytes)
        _check("cuMemcpyHtoDAsync_v2", ctypes.c_uint64(address), host, size, ctypes.c_void_p(stream))

    def copy_out(self, array: Array, address: int, stream: int) -> None:
        """See `Cuda`."""
        host, size = ctypes.c_void_p(array.ctypes.data), ctypes.c_size_t(array.nbytes)
        _check("cuMemcpyDtoHAsync_v2", host, ctypes.c_uint64(address), size, ctypes.c_void_p(stream))

    def synchronize(self, stream: int) -> None:
        """See `Cuda`."""
        _check("cuStreamSynchronize", ctypes.c_void_p(stream))
