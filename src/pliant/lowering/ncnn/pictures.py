"""Operators on pictures: blocks of pixels, and sampling at positions that are computed."""

from __future__ import annotations

import onnx_ir as ir

from pliant.lowering.builder import array_of, attribute
from pliant.lowering.ncnn._layout import dims_of
from pliant.lowering.ncnn._network import Network
from pliant.lowering.ncnn.base import Layer
from pliant.lowering.ncnn.convolution import window
from pliant.lowering.ncnn.layout import numbers

KINDS = {"linear": 1, "bilinear": 1, "nearest": 2, "cubic": 3, "bicubic": 3}  # sample_type of GridSample
BORDERS = {"zeros": 1, "border": 2, "reflection": 3}  # its padding_mode


def _depth_to_space(node: ir.Node, network: Network) -> None:
    mode = {"CRD": 0, "DCR": 1}[attribute(node, "mode", "DCR")]
    parameters = {0: int(attribute(node, "blocksize")), 1: mode}
    network.each(node.inputs, node.outputs[0], lambda blobs: network.layer("PixelShuffle", blobs, parameters))


def _space_to_depth(node: ir.Node, network: Network) -> None:
    """ONNX puts the place in a block in front of the channel."""
    parameters = {0: int(attribute(node, "blocksize")), 1: 1}
    network.each(node.inputs, node.outputs[0], lambda blobs: network.layer("Reorg", blobs, parameters))


def _fold(node: ir.Node, network: Network) -> None:
    """Windows [n, channels * window, places] put back into pictures, where they add up."""
    height, width = numbers(node, 1, "") or []
    moved = window(node, numbers(node, 2, "") or [])
    parameters = {**moved.parameters(), 20: width, 21: height}
    network.each(node.inputs[:1], node.outputs[0], lambda blobs: network.layer("Fold", blobs, parameters))


def _check_fold(node: ir.Node) -> str | None:
    block = array_of(node.inputs[2])
    return None if block is None or block.size == 2 else "folds along another number of axes than two"


def _sample(node: ir.Node, network: Network) -> None:
    """Positions are [n, h, w, 2] or [n, d, h, w, 3], as in ONNX."""
    parameters = {
        0: KINDS[attribute(node, "mode", "linear")],
        1: BORDERS[attribute(node, "padding_mode", "zeros")],
        2: int(attribute(node, "align_corners", 0)),
    }
    network.each(node.inputs, node.outputs[0], lambda blobs: network.layer("GridSample", blobs, parameters))


def _check_sample(node: ir.Node) -> str | None:
    x = node.inputs[0]
    if x is not None and x.shape is not None and len(dims_of(x)) not in (4, 5):
        return "samples something other than pictures or volumes"
    return None


LAYERS = {
    "Col2Im": Layer(_fold, _check_fold, constants=(1, 2)),
    "DepthToSpace": Layer(_depth_to_space),
    "GridSample": Layer(_sample, _check_sample),
    "SpaceToDepth": Layer(_space_to_depth),
}
