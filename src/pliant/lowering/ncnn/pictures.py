"""Operators on pictures: blocks of pixels, and sampling at positions that are computed."""

from __future__ import annotations

import onnx_ir as ir

from pliant.lowering.builder import attribute
from pliant.lowering.ncnn._layout import dims_of
from pliant.lowering.ncnn._network import Network
from pliant.lowering.ncnn.base import Layer

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
    "DepthToSpace": Layer(_depth_to_space),
    "GridSample": Layer(_sample, _check_sample),
    "SpaceToDepth": Layer(_space_to_depth),
}
