"""The examples of docs/serve_inference.md work as they stand."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.apps.server.running import running

pytest.importorskip("fastapi")
pytest.importorskip("uvicorn")
TEXT = (Path(__file__).parents[3] / "docs" / "serve_inference.md").read_text(encoding="utf-8")
PATIENCE = 120


def examples(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Generator[dict[str, str]]:
    from pliant.apps.server.app import create_app
    from pliant.apps.server.settings import Settings

    with running(create_app(Settings(engine="onnxruntime", jobs=tmp_path_factory.mktemp("jobs")))) as address:
        yield {**os.environ, "URL": f"http://{address}"}


def run(command: list[str], environment: dict[str, str]) -> str:
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_curl(environment: dict[str, str]) -> None:
    about, computed = [json.loads(run(["sh", "-c", example], environment)) for example in examples("bash")]
    assert [tensor["name"] for tensor in about["inputs"]] == ["image", "factor"]
    assert computed["id"] == "42"
    assert computed["outputs"][0]["shape"] == [1, 3, 2, 5]
    assert len(computed["outputs"][0]["data"]) == 30


def test_python(environment: dict[str, str]) -> None:
    pytest.importorskip("tritonclient.http", exc_type=ImportError)
    (example,) = examples("python")
    run([sys.executable, "-c", example], environment)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_floats_are_as_short_as_the_document_says(dtype: str) -> None:
    from pliant.apps.server.inference.tensors import to_json

    made: Any = np.random.default_rng(0).integers(0, 256, 8 * 40_000, np.uint8).view(dtype)
    made = made[np.isfinite(made)][:20_000]
    text = "".join(to_json(made))
    read = np.array(json.loads(f"[{text}]"), np.float64).astype(dtype)
    assert read.tobytes() == made.tobytes()
    shortest = sum(len(str(number)) for number in made) + made.size - 1
    assert len(text) <= shortest * 1.001
