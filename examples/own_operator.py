"""An operator of your own, with kernels for three engines.

A median filter removes single wrong pixels. ONNX has no median; the body below sorts nine shifted pictures,
and runs on every engine. The kernels compute the same natively: a function of NumPy arrays in ONNX Runtime, a
subclass of `openvino.Op` in OpenVINO, a subclass of `ncnn.Layer` in ncnn.

Run `python examples/own_operator.py` with `pip install pliant[export] openvino ncnn onnxruntime-extensions`.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import pliant

PICTURE = torch.rand(1, 3, 12, 10, generator=torch.Generator().manual_seed(0))


@pliant.operator(shape=lambda x, strength: x.shape, samples=[(PICTURE, 0.5), (PICTURE[:, :, :1, :1], 1.0)])
def median3(x: Tensor, strength: float) -> Tensor:
    """`x` [n, c, h, w] mixed with the median of each 3x3 neighbourhood; at the edge, pixels are repeated."""
    n, c, h, w = x.shape
    around = F.unfold(F.pad(x, (1, 1, 1, 1), mode="replicate").reshape(n * c, 1, h + 2, w + 2), 3)
    return x + (around.median(1).values.reshape(n, c, h, w) - x) * strength


# Pairs of pixels to put in order, so that the fifth is the median of nine: J. L. Smith, "Implementing median
# filters in XC4000E FPGAs", XCell 23, 1996.
ORDER = [(1, 2), (4, 5), (7, 8), (0, 1), (3, 4), (6, 7), (1, 2), (4, 5), (7, 8), (0, 3), (5, 8), (4, 7), (3, 6), (1, 4)]
ORDER += [(2, 5), (4, 7), (4, 2), (6, 4), (4, 2)]


@median3.onnx
def _(op: Any, x: Any, strength: Any) -> Any:
    padded = op.Pad(x, op.Constant(value_ints=[0, 0, 1, 1, 0, 0, 1, 1]), mode="edge")
    axes, size = op.Constant(value_ints=[2, 3]), op.Shape(x, start=2)
    p: list[Any] = []
    for place in range(9):
        start = op.Constant(value_ints=list(divmod(place, 3)))
        p.append(op.Slice(padded, start, op.Add(start, size), axes))
    for a, b in ORDER:
        p[a], p[b] = op.Min(p[a], p[b]), op.Max(p[a], p[b])
    return op.Add(x, op.Mul(op.Sub(p[4], x), op.CastLike(strength, x)))


@median3.kernel("onnxruntime")
def filtered(x: Any, strength: Any) -> Any:
    """The same in NumPy: picture [..., h, w], number."""
    padded = np.pad(x, [(0, 0)] * (x.ndim - 2) + [(1, 1), (1, 1)], mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(-2, -1))
    return x + (np.median(windows, axis=(-2, -1)) - x) * np.float32(strength)


if find_spec("openvino"):
    import openvino as ov

    @median3.kernel("openvino")
    class MedianOp(ov.Op):
        """The same as a class of OpenVINO's."""

        def __init__(self, inputs: Any = None) -> None:
            super().__init__(self, inputs)

        def validate_and_infer_types(self) -> None:
            self.set_output_type(0, self.get_input_element_type(0), self.get_input_partial_shape(0))

        def clone_with_new_inputs(self, inputs: Any) -> MedianOp:
            return MedianOp(inputs)

        def evaluate(self, outputs: Any, inputs: Any) -> bool:
            outputs[0].shape = inputs[0].shape
            outputs[0].data[...] = filtered(inputs[0].data, inputs[1].data)
            return True

        def has_evaluate(self) -> bool:
            return True


if find_spec("ncnn"):
    import ncnn

    @median3.kernel("ncnn")
    class MedianLayer(ncnn.Layer):
        """The same as a layer of ncnn's; its blobs are [c, h, w] and [1]."""

        def __init__(self) -> None:
            super().__init__()
            self.one_blob_only = False
            self.support_inplace = False

        def forward(self, bottoms: Any, tops: Any, options: Any) -> int:
            result = filtered(np.array(bottoms[0]), np.array(bottoms[1]).item())
            tops[0].clone_from(ncnn.Mat(np.ascontiguousarray(result, np.float32)), options.blob_allocator)
            return 0


class Denoiser(nn.Module):
    """A median filter of a live strength between a live resize and a convolution."""

    def __init__(self) -> None:
        super().__init__()
        self.sharpen = nn.Conv2d(3, 3, 3, padding=1)

    def forward(self, x: Tensor, factor: float, strength: float) -> Tensor:
        larger = F.interpolate(x, scale_factor=factor, mode="bilinear")
        return self.sharpen(median3(larger, strength)) + larger


def main() -> None:
    """Export once, run on every engine with and without kernels, and print how far each is from PyTorch."""
    model = Denoiser().eval()
    x = torch.rand(1, 3, 31, 20)
    with TemporaryDirectory() as folder, torch.no_grad():
        path = pliant.export(model, (PICTURE, 2.0, 0.5)).save(Path(folder) / "denoiser.onnx")
        expected = model(x, 1.7, 0.8).numpy()
        for engine in ("onnxruntime", "openvino", "ncnn"):
            for kernels in ([], [median3]):
                result = pliant.load(path, engine, kernels=kernels)(x.numpy(), 1.7, 0.8)
                how = "kernel" if kernels else "body"
                print(f"{engine:12} {how:7} {abs(result - expected).max():.1e} from PyTorch")


if __name__ == "__main__":
    main()
