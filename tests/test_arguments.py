from __future__ import annotations

import numpy as np
import pytest

from pliant.arguments import bind
from pliant.contract import Contract, Dim, Input, Range
from pliant.errors import ContractError

X = Input("x", "float32", (Dim("n"), Dim(size=3), Dim("h", minimum=4, maximum=64, multiple=4), Dim("w")), "image")
MASK = Input("mask", "float32", (Dim("n"), Dim(size=1), Dim("h"), Dim("w")))
FACTOR = Input("factor", "float64", (), "value", Range(1, 8))
COUNT = Input("count", "int32", (), "value")
SCALES = Input("scales", "float32", (Dim(size=4),), "value", Range(0.5))
IMAGE = np.zeros((1, 3, 8, 6), np.float32)


def _contract(*inputs: Input) -> Contract:
    return Contract(inputs, ())


def test_by_position_and_by_name() -> None:
    for args, kwargs in (((IMAGE, 2.5), {}), ((IMAGE,), {"factor": 2.5}), ((), {"factor": 2.5, "x": IMAGE})):
        bound = bind(_contract(X, FACTOR), args, kwargs)
        assert list(bound) == ["x", "factor"]
        assert bound["x"] is IMAGE
        assert (bound["factor"].dtype, bound["factor"].shape, bound["factor"][()]) == (np.float64, (), 2.5)


def test_numbers_take_the_type_of_the_input() -> None:
    assert bind(_contract(COUNT), (3.0,), {})["count"].dtype == np.int32
    assert bind(_contract(COUNT), (np.int64(3),), {})["count"] == 3
    assert bind(_contract(SCALES), ([1, 1, 2, 2.5],), {})["scales"].dtype == np.float32
    assert bind(_contract(Input("f", "float32", (Dim(size=1),), "value")), (2,), {})["f"].shape == (1,)


@pytest.mark.parametrize(
    ("inputs", "args", "kwargs", "message"),
    [
        ((X, FACTOR), (IMAGE,), {}, "'factor' is missing; the model takes x, factor"),
        ((X,), (IMAGE, 2), {}, "Got 2 arguments, but the model takes x"),
        ((X,), (), {"y": IMAGE}, "no input named 'y'"),
        ((X,), (IMAGE,), {"x": IMAGE}, "given twice"),
        ((X,), (IMAGE.astype("float64"),), {}, r"float64, but the model takes float32.*astype"),
        ((X,), ([1.0],), {}, "of type list; give a NumPy array of float32, rank 4"),
        ((X,), (IMAGE[0],), {}, r"shape \[3, 8, 6\], but the model takes \[n, 3, h"),
        ((X,), (np.zeros((1, 4, 8, 6), np.float32),), {}, "axis 1 must be 3"),
        ((X,), (np.zeros((1, 3, 0, 6), np.float32),), {}, "axis 2 must be at least 4"),
        ((X,), (np.zeros((1, 3, 68, 6), np.float32),), {}, "axis 2 must be at most 64"),
        ((X,), (np.zeros((1, 3, 6, 6), np.float32),), {}, "axis 2 must be a multiple of 4"),
        ((X, MASK), (IMAGE, np.zeros((1, 1, 8, 5), np.float32)), {}, "axis 3 is 'w', which is 6 in 'x'"),
        ((COUNT,), (2.5,), {}, r"got 2.5, but the model takes whole numbers \(int32\)"),
        ((COUNT,), (2**40,), {}, "whole numbers"),
        ((COUNT,), (float("nan"),), {}, "whole numbers"),
        ((FACTOR,), ("two",), {}, "got 'two'; give a number"),
        ((FACTOR,), (None,), {}, "got None; give a number"),
        ((FACTOR,), (True,), {}, "got True; give a number"),
        ((FACTOR,), ([[1], [1, 2]],), {}, "give numbers"),
        ((FACTOR,), (9,), {}, "is 9, but the model takes 1 to 8"),
        ((FACTOR,), (np.array(0.5),), {}, "is 0.5, but the model takes 1 to 8"),
        ((FACTOR,), (float("nan"),), {}, "is nan"),
        ((SCALES,), (2.0,), {}, r"shape \[\], but the model takes \[4\]"),
        ((SCALES,), ([1, 1, 0.25, 2],), {}, "is 0.25, but the model takes 0.5 or more"),
        ((SCALES,), ([1, 1, float("inf"), 2],), {}, "is inf"),
        ((SCALES,), ([1, 1, 1e300, 2],), {}, "is inf"),
        ((FACTOR,), (np.ones(2),), {}, "takes a number"),
    ],
)
def test_misfits_are_explained(inputs: tuple[Input, ...], args: tuple, kwargs: dict, message: str) -> None:
    with pytest.raises(ContractError, match=message):
        bind(_contract(*inputs), args, kwargs)
