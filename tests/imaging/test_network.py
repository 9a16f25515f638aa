from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper

from pliant.artifact import Artifact
from pliant.contract import Contract, Dim, Image, Input, Output
from pliant.engines.base import Session, load
from pliant.errors import ContractError
from pliant.imaging.network import Network
from tests.support import fixed_model, live_model, model

PICTURE = np.random.default_rng(0).random((1, 3, 5, 6), np.float32)


def _load(folder: Path, data: bytes) -> Session:
    (folder / "m.onnx").write_bytes(data)
    return load(folder / "m.onnx")


def test_a_live_factor_reaches_the_model() -> None:
    network = Network.of(load(live_model()))
    assert network(PICTURE, 2.5).shape == (1, 3, 12, 15)


@pytest.mark.parametrize(("scale", "sides"), [(2, ("h", "w")), (3, ("h", "w")), (2, (7, 9))])
def test_the_scale_of_a_fixed_network_is_measured(tmp_path: Path, scale: int, sides: tuple) -> None:
    network = Network.of(_load(tmp_path, fixed_model(scale, sides=sides)))
    assert (network.scale, network.factor) == (scale, None)


def test_a_vector_of_scales_is_built_from_the_factor(tmp_path: Path) -> None:
    info = helper.make_tensor_value_info
    nodes = [helper.make_node("Resize", ["x", "", "scales"], ["y"], mode="linear")]
    inputs = [info("x", TensorProto.FLOAT, [1, 3, "h", "w"]), info("scales", TensorProto.FLOAT, [4])]
    made = model(nodes, inputs, [info("y", TensorProto.FLOAT, [1, 3, "H", "W"])])
    network = Network.of(_load(tmp_path, made.SerializeToString()))
    assert network(PICTURE, 3).shape == (1, 3, 15, 18)


def test_lengths_that_the_model_does_not_take_are_padded_and_cropped() -> None:
    seen: list[tuple[int, ...]] = []

    class Doubling:
        def run(self, feeds: dict[str, np.ndarray]) -> list[np.ndarray]:
            seen.append(feeds["x"].shape)
            return [feeds["x"].repeat(2, axis=2).repeat(2, axis=3)]

        def close(self) -> None: ...

    dims = (Dim("n"), Dim(size=3), Dim("h", multiple=4), Dim("w", minimum=16, multiple=4))
    contract = Contract((Input("x", "float32", dims, "image"),), (Output("y", "float32"),), image=Image(), scale=2)
    result = Network.of(Session(Doubling(), contract, "none"))(PICTURE, 2)
    assert seen == [(1, 3, 8, 16)]
    np.testing.assert_array_equal(result, PICTURE.repeat(2, axis=2).repeat(2, axis=3))


def test_a_network_that_cuts_its_edges_has_no_scale(tmp_path: Path) -> None:
    info = helper.make_tensor_value_info
    weight = {"k": np.zeros((3, 3, 5, 5), np.float32)}
    made = model(
        [helper.make_node("Conv", ["x", "k"], ["y"])],
        [info("x", TensorProto.FLOAT, [1, 3, "h", "w"])],
        [info("y", TensorProto.FLOAT, [1, 3, "H", "W"])],
        weight,
    )
    with pytest.raises(ContractError, match="makes 44 x 28 of 48 x 32, which is no upscaling"):
        Network.of(_load(tmp_path, made.SerializeToString()))


def _contract(*inputs: Input, image: Image | None) -> Artifact:
    return Artifact(live_model().model, Contract(inputs, (), image=image))


def test_what_is_not_from_picture_to_picture_is_refused() -> None:
    x = Input("x", "float32", (Dim("n"), Dim(size=3), Dim("h"), Dim("w")), "image")
    with pytest.raises(ContractError, match=r"not from picture to picture \(it takes x float32 \[n, 3, h, w\]\)"):
        Network.of(load(_contract(x, image=None)))
    with pytest.raises(ContractError, match="needs the input 'noise' besides the picture"):
        Network.of(load(_contract(x, Input("noise", "float32", (), "value"), image=Image())))
