"""The files of a network that is the same for all sizes, for programs that use ncnn without pliant."""

from __future__ import annotations

import json

import onnx_ir as ir

from pliant.contract import Contract
from pliant.errors import LoweringError
from pliant.lowering.ncnn._layout import Sizes
from pliant.lowering.ncnn._run import dialect
from pliant.lowering.ncnn._writer import Port, write
from pliant.lowering.ncnn.base import layers
from pliant.lowering.samples import one_sample
from pliant.lowering.shipped import shipped


def files(model: bytes, contract: Contract) -> dict[str, bytes]:
    """By suffix: .param and .bin, .blobs.json that says which blob holds what, and those of `shipped`.

    The network takes one picture. Raises LoweringError if ncnn cannot run the model, or needs another network for other
    sizes or values.
    """
    known = layers()

    def written(body: ir.Model) -> dict[str, bytes]:
        try:
            made = write(body, known)
        except Sizes as needs:
            raise LoweringError(
                f"This model has no single ncnn network: {needs}. Export it with sizes fixed to build one, or run it "
                "with pliant.load(..., engine='ncnn'), which makes a network for each size."
            ) from needs
        blobs = {"inputs": [_told(p) for p in made.inputs], "outputs": [_told(p) for p in made.outputs]}
        text = json.dumps(blobs, indent=1).encode()
        return {".param": made.text.encode(), ".bin": made.data, ".blobs.json": text}

    return shipped(one_sample(model, contract)[0], contract, dialect(known), written)


def _told(port: Port) -> dict[str, object]:
    """For each axis of a blob, outermost first, the axes of the tensor that it merges; those in none have length 1."""
    return {"blob": port.blob, "name": port.name, "rank": port.rank, "axes": port.groups}
