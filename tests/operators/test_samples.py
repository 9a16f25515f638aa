"""Every operator file of the registry on its own samples: one export per file, run by ONNX Runtime."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest

from tests.samples import WITH_SAMPLES, exported


@pytest.mark.parametrize("name", WITH_SAMPLES)
def test_samples(name: str) -> None:
    found = exported(name)
    got = onnxruntime.InferenceSession(found.model).run(None, found.feeds)
    for label, result, expected in zip(found.labels, got, found.expected, strict=True):
        assert result.shape == expected.shape, label
        assert result.dtype == expected.dtype, label
        assert np.allclose(result, expected, rtol=1e-5, atol=1e-6), label
