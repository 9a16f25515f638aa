"""Convolutions of one to three axes, transposed and deformable ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from pliant.lowering.builder import array_of, attribute
from pliant.lowering.ncnn._layout import Refused, dims_of
from pliant.lowering.ncnn._network import Network, Parameter
from pliant.lowering.ncnn.base import Layer

# parameter ids by axis, the last axis of a picture first
KERNEL, DILATION, STRIDE, BEFORE, BEHIND = (1, 11, 21), (2, 12, 22), (3, 13, 23), (4, 14, 24), (15, 16, 17)
MORE = (18, 19, 20)  # output padding of transposed convolutions


@dataclass(frozen=True)
class Window:
    """Kernel, strides, dilations and pads along the spatial axes of a node, first axis first."""

    kernel: list[int]
    strides: list[int]
    dilations: list[int]
    before: list[int]
    behind: list[int]

    def parameters(self) -> dict[int, Parameter]:
        """As ncnn has them."""
        found: dict[int, Parameter] = {}
        lists = (self.kernel, self.dilations, self.strides, self.before, self.behind)
        for ids, values in zip((KERNEL, DILATION, STRIDE, BEFORE, BEHIND), lists, strict=True):
            found |= dict(zip(ids, reversed(values), strict=False))
        return found


def window(node: ir.Node, kernel: list[int]) -> Window:
    """The attributes of a node. Raises Refused for SAME padding with strides, which depends on the size."""
    count = len(kernel)
    strides, dilations = (list(map(int, attribute(node, k, [1] * count))) for k in ("strides", "dilations"))
    automatic = attribute(node, "auto_pad", "NOTSET")
    pads = list(map(int, attribute(node, "pads", [0] * 2 * count)))
    if automatic.startswith("SAME"):
        if any(s != 1 for s in strides):
            raise Refused(f"has auto_pad={automatic} with strides, whose pads depend on the size of the picture")
        total = [(k - 1) * d for k, d in zip(kernel, dilations, strict=True)]
        small, large = [t // 2 for t in total], [t - t // 2 for t in total]
        pads = small + large if automatic == "SAME_UPPER" else large + small
    elif automatic == "VALID":
        pads = [0] * 2 * count
    return Window(kernel, strides, dilations, pads[:count], pads[count:])


def weights(node: ir.Node) -> tuple[NDArray[Any], NDArray[Any] | None]:
    """The kernel and the bias, which have to be constants."""
    kernel = array_of(node.inputs[1])
    given = node.inputs[2] if len(node.inputs) > 2 else None
    bias = array_of(given)
    assert kernel is not None
    return kernel, bias


def _check(node: ir.Node) -> str | None:
    if array_of(node.inputs[1]) is None:
        return "has a kernel that is computed"
    if len(node.inputs) > 2 and node.inputs[2] is not None and array_of(node.inputs[2]) is None:
        return "has a bias that is computed"
    return None


def _spatial(node: ir.Node) -> int:
    kernel = array_of(node.inputs[1])
    assert kernel is not None
    if kernel.ndim not in (3, 4, 5):
        raise Refused(f"works along {kernel.ndim - 2} axes, and ncnn along one to three")
    return kernel.ndim - 2


def _convolve(node: ir.Node, network: Network) -> None:
    kernel, bias = weights(node)
    count, groups = _spatial(node), int(attribute(node, "group", 1))
    moved = window(node, list(kernel.shape[2:])).parameters()
    name = "Convolution" if groups == 1 else "ConvolutionDepthWise"
    parameters = _sizes(moved, kernel, kernel.shape[0], groups, bias)
    dims = dims_of(node.inputs[0])  # type: ignore[arg-type]
    several = dims[0] if isinstance(dims[0], int) else 1
    if several > 1 and count < 3:
        return _many(node, network, (name, count, parameters, kernel, bias))
    described = name, count, parameters, kernel, bias
    return network.each(node.inputs[:1], node.outputs[0], lambda blobs: _run(network, blobs[0], described))


Described = tuple[str, int, dict[int, Parameter], NDArray[Any], NDArray[Any] | None]


def _run(network: Network, blob: str, described: Described) -> str:
    name, count, parameters, kernel, bias = described
    kind = name + ("1D", "", "3D")[count - 1]
    return network.layer(kind, [blob], parameters, [kernel, *([] if bias is None else [bias])], tagged=True)


def _many(node: ir.Node, network: Network, described: Described) -> None:
    """Several pictures: they lie along one more axis, on which the kernel is one long."""
    name, count, parameters, kernel, bias = described
    rank = count + 2
    blob = network.view(node.inputs[0], tuple((k,) for k in range(rank)))
    swap = {3: 2, 4: 6}[rank]  # order_type of Permute that swaps the first two axes
    extra = dict(zip((k[count] for k in (KERNEL, DILATION, STRIDE, BEFORE, BEHIND)), (1, 1, 1, 0, 0), strict=True))
    moved = network.layer("Permute", [blob], {0: swap})
    run = _run(network, moved, (name, count + 1, {**parameters, **extra}, kernel, bias))
    back = network.layer("Permute", [run], {0: swap})
    network.put(node.outputs[0], back, tuple((k,) for k in range(rank)))


def _sizes(
    parameters: dict[int, Parameter], kernel: NDArray[Any], results: int, groups: int, bias: NDArray[Any] | None
) -> dict[int, Parameter]:
    more: dict[int, Parameter] = {0: results, 5: int(bias is not None), 6: kernel.size}
    if groups > 1:
        more[7] = groups
    return {**parameters, **more}


def _transposed(node: ir.Node, network: Network) -> None:
    """A kernel of ONNX is [in, out / groups, ...], of ncnn [groups, out / groups, in / groups, ...]."""
    kernel, bias = weights(node)
    count, groups = _spatial(node), int(attribute(node, "group", 1))
    if attribute(node, "output_shape") is not None or attribute(node, "auto_pad", "NOTSET") not in ("NOTSET", "VALID"):
        raise Refused("has pads that depend on the size of the result")
    parts = kernel.reshape(groups, kernel.shape[0] // groups, *kernel.shape[1:])
    moved = window(node, list(kernel.shape[2:]))
    parameters = _sizes(moved.parameters(), kernel, kernel.shape[1] * groups, groups, bias)
    extra = list(map(int, attribute(node, "output_padding", [0] * count)))
    parameters |= dict(zip(MORE, reversed(extra), strict=False))
    kind = ("Deconvolution" if groups == 1 else "DeconvolutionDepthWise") + ("1D", "", "3D")[count - 1]
    stored = [np.swapaxes(parts, 1, 2), *([] if bias is None else [bias])]

    def made(blobs: list[str]) -> str:
        return network.layer(kind, blobs, parameters, stored, tagged=True)

    network.each(node.inputs[:1], node.outputs[0], made)


def _deformable(node: ir.Node, network: Network) -> None:
    """With one group of offsets; groups of channels are convolved one after the other."""
    kernel, bias = array_of(node.inputs[1]), array_of(node.inputs[3] if len(node.inputs) > 3 else None)
    assert kernel is not None
    groups = int(attribute(node, "group", 1))
    moved = window(node, list(kernel.shape[2:])).parameters()
    parts = np.split(kernel, groups), [None] * groups if bias is None else np.split(bias, groups)

    def made(blobs: list[str]) -> str:
        results: list[str] = []
        for g, (own, part) in enumerate(zip(*parts, strict=True)):
            start = g * own.shape[1]
            x = blobs[0] if groups == 1 else _channels(network, blobs[0], start, start + own.shape[1])
            stored = [own, *([] if part is None else [part])]
            parameters = _sizes(moved, own, own.shape[0], 1, part)
            results.append(network.layer("DeformableConv2D", [x, *blobs[1:]], parameters, stored, tagged=True))
        return results[0] if groups == 1 else network.layer("Concat", results, {0: 0})

    network.each([node.inputs[0], node.inputs[2], *node.inputs[4:5]], node.outputs[0], made)


def _channels(network: Network, blob: str, start: int, end: int) -> str:
    return network.layer("Crop", [blob], {9: [start], 10: [end], 11: [0]})


def _check_deformable(node: ir.Node) -> str | None:
    if array_of(node.inputs[1]) is None:
        return "has a kernel that is computed"
    if int(attribute(node, "offset_group", 1)) != 1:
        return "has several groups of offsets, and ncnn has one"
    return None


LAYERS = {
    "Conv": Layer(_convolve, _check),
    "ConvTranspose": Layer(_transposed, _check),
    "DeformConv": Layer(_deformable, _check_deformable),
}
