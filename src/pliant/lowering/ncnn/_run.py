"""Running written networks in ncnn, each picture of a batch by itself."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import Any

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from pliant.arguments import Array
from pliant.contract import Contract
from pliant.errors import InputError, LoweringError
from pliant.kernels import Kernel
from pliant.lowering.dialect import Dialect
from pliant.lowering.kernels import claiming, raised
from pliant.lowering.lower import infer
from pliant.lowering.ncnn._kernels import Layers, shapes_of_results, usable
from pliant.lowering.ncnn._layout import Sizes
from pliant.lowering.ncnn._writer import Written, write
from pliant.lowering.ncnn.base import Layer, layers
from pliant.lowering.samples import Samples, one_sample
from pliant.lowering.session import KEPT, Lowered


def dialect(known: Mapping[str, Layer]) -> Dialect:
    """What ncnn accepts."""
    return Dialect(
        "ncnn",
        operators={op: layer.check for op, layer in known.items()},
        dtypes=frozenset({"float32", "bool"}),  # true is 1, false is 0
        constants={op: layer.constants for op, layer in known.items() if layer.constants},
        opset=20,
    )


def opened(
    model: bytes, contract: Contract, threads: int | None, kernels: tuple[Kernel, ...] = ()
) -> Lowered | Samples:
    """A model in ncnn. Raises LoweringError where ncnn cannot run it exactly."""
    known = layers()
    alone, plan = one_sample(model, contract)
    kernels = usable(alone, kernels)
    accepted = claiming(dialect(known), kernels)
    lowered = Lowered(alone, contract, accepted, lambda body: Compiled(body, known, threads, kernels))
    return lowered if plan is None else Samples(lowered, plan)


class Compiled:
    """A body as a network: one for all sizes if it can be written so, else one for each set of shapes that occurs."""

    def __init__(
        self, body: ir.Model, known: dict[str, Layer], threads: int | None, kernels: tuple[Kernel, ...] = ()
    ) -> None:
        self._body, self._known, self._threads, self._kernels = body, known, threads, kernels
        self._lock = Lock()
        self._kept: OrderedDict[tuple[tuple[int, ...], ...], Loaded] = OrderedDict()
        self._loaded: Loaded | None = None
        try:
            own = Layers.of(body, kernels)
            self._loaded = Loaded(write(own.body, known | own.writers), threads, own)
        except Sizes as needs:
            self.needs = str(needs)

    def __call__(self, feeds: Mapping[str, Array]) -> dict[str, Array]:
        """The outputs of the body."""
        if self._loaded is not None:
            return self._loaded(feeds)
        shapes = tuple(feeds[str(v.name)].shape for v in self._body.graph.inputs)
        with self._lock:
            if shapes not in self._kept:
                self._kept[shapes] = self._fixed(shapes, feeds)
                if len(self._kept) > KEPT:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(shapes)
            loaded = self._kept[shapes]
        return loaded(feeds)

    def _fixed(self, shapes: tuple[tuple[int, ...], ...], feeds: Mapping[str, Array]) -> Loaded:
        results = shapes_of_results(self._body, self._kernels, feeds)
        own = Layers.of(sized(self._body, shapes, results), self._kernels)
        return Loaded(write_sized(own.body, self._known | own.writers), self._threads, own)


def write_fixed(body: ir.Model, shapes: tuple[tuple[int, ...], ...], known: dict[str, Layer]) -> Written:
    """The network of a body for inputs of these shapes."""
    return write_sized(sized(body, shapes), known)


def sized(
    body: ir.Model, shapes: tuple[tuple[int, ...], ...], results: Mapping[str, tuple[int, ...]] | None = None
) -> ir.Model:
    """A copy of a body whose inputs have these shapes; `results` are further shapes, by name."""
    fixed = body.clone()
    for node in fixed.graph:
        for value in node.outputs:
            known = (results or {}).get(str(value.name))
            value.shape = None if known is None else ir.Shape(known)
    for value, shape in zip(fixed.graph.inputs, shapes, strict=True):
        value.shape = ir.Shape(shape)
    infer(fixed)
    return fixed


def write_sized(fixed: ir.Model, known: dict[str, Layer]) -> Written:
    """The network of a body whose shapes are known."""
    try:
        return write(fixed, known)
    except Sizes as needs:
        raise LoweringError(
            f"Engine 'ncnn' cannot run this model: {needs}, which depends on the content of the picture. Use the "
            "engine 'onnxruntime'."
        ) from needs


class Loaded:
    """A network in ncnn. Safe to call from several threads."""

    def __init__(self, written: Written, threads: int | None, own: Layers | None = None) -> None:
        self._written = written
        self._own = own  # lives as long as the net
        self._ncnn: Any = import_module("ncnn")
        self._net: Any = self._ncnn.Net()
        _exact(self._net.opt)
        if threads is not None:
            self._net.opt.num_threads = threads
        if own is not None:
            own.register(self._net)
        with TemporaryDirectory() as folder:  # what is loaded from memory is not copied by ncnn
            param, data = Path(folder, "net.param"), Path(folder, "net.bin")
            param.write_text(written.text)
            data.write_bytes(written.data)
            failed = self._net.load_param(str(param)) or self._net.load_model(str(data))
        if failed:
            raise InputError("ncnn could not load the network that was written for it; use the engine 'onnxruntime'.")

    def __call__(self, feeds: Mapping[str, Array]) -> dict[str, Array]:
        """The outputs by name."""
        extractor = self._net.create_extractor()
        for port in self._written.inputs:
            array = port.blob_of(feeds[port.name])
            if array.size == 0:
                raise InputError(f"ncnn has no pictures without pixels, and {port.name!r} has the shape {array.shape}.")
            extractor.input(port.blob, self._ncnn.Mat(array).clone())
        results: dict[str, NDArray[Any]] = {}
        for port, merged in zip(self._written.outputs, self._written.merged, strict=True):
            failed, blob = extractor.extract(port.blob)
            if self._own is not None:
                raised(self._own.bound)
            if failed:
                raise InputError(
                    f"ncnn could not compute {port.name!r} (code {failed}): out of memory, or sizes that do not fit "
                    "each other. Use a smaller picture, or the engine 'onnxruntime'."
                )
            results[port.name] = port.array_of(np.array(blob), merged)
        return results


def _exact(options: Any) -> None:
    """Compute in float32: ncnn keeps half precision where a processor has it, unless told not to."""
    for name in dir(options):
        if name.startswith(("use_fp16", "use_bf16", "use_int8")):
            setattr(options, name, False)
